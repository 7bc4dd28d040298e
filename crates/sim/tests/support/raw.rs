//! Bare connections, for requests that no HTTP client would send.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer that takes longer fails the test.
const LONGEST: Duration = Duration::from_secs(30);

/// Sends bytes and reads until the simulator closes the connection.
pub async fn send(url: &str, bytes: &[u8]) -> String {
    talk(url, bytes, false).await
}

/// Sends bytes, closes the sending side and reads until the simulator closes the connection.
pub async fn send_and_close(url: &str, bytes: &[u8]) -> String {
    talk(url, bytes, true).await
}

async fn talk(url: &str, bytes: &[u8], close: bool) -> String {
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).await.unwrap();
    let mut answer = Vec::new();
    let talk = async {
        // The simulator may answer and close the connection before it has read everything.
        drop(stream.write_all(bytes).await);
        if close {
            drop(stream.shutdown().await);
        }
        drop(stream.read_to_end(&mut answer).await);
    };
    tokio::time::timeout(LONGEST, talk).await.expect("no answer in time");
    String::from_utf8_lossy(&answer).into_owned()
}
