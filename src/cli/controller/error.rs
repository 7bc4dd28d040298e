//! The errors that end the controller, as sentences.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::task::JoinError;

use super::GRACE;
use crate::cluster::client::ConnectError;
use crate::cluster::lease::Lost;
use crate::controller::ServeError;
use crate::logging::StartError;

/// The error that ended the controller.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The log could not be started.
    #[error(transparent)]
    Log(#[from] StartError),
    /// The runtime or the signal handlers could not be set up.
    #[error("the process could not be set up: {0}")]
    Process(#[source] io::Error),
    /// The cluster cannot be reached because of how the client is configured.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The admin server cannot bind its address.
    #[error("the admin server cannot listen on {address}: {source}. Choose another with --admin-listen")]
    Admin {
        /// The address.
        address: SocketAddr,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The file contains no token.
    #[error("--debug-token-file {}: {said}. Put a token into it, or leave the option out", path.display())]
    DebugToken {
        /// The file.
        path: PathBuf,
        /// The reason why it cannot be used.
        said: String,
    },
    /// Another replica leads, or the leader is not known.
    #[error(transparent)]
    Lost(#[from] Lost),
    /// The leader's work failed.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The leader's work ended without a request to stop.
    #[error("the controller stopped by itself")]
    Stopped,
    /// The leader's work did not end in time.
    #[error("work was still in flight {} s after the end was asked for; the lease runs out by itself", GRACE.as_secs())]
    Unfinished,
    /// A task of the process panicked.
    #[error("a task of the controller failed: {0}")]
    Broken(#[from] JoinError),
}
