//! Why the controller ends other than as asked, in sentences.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::task::JoinError;

use super::GRACE;
use crate::cluster::client::ConnectError;
use crate::cluster::lease::Lost;
use crate::controller::ServeError;
use crate::logging::StartError;

/// Why the controller ended other than as asked.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The log could not be started.
    #[error(transparent)]
    Log(#[from] StartError),
    /// The runtime or the signals could not be set up.
    #[error("the process could not be set up: {0}")]
    Process(#[source] io::Error),
    /// There is no cluster to talk to.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The admin server has no address.
    #[error("the admin server cannot listen on {address}: {source}. Choose another with --admin-listen")]
    Admin {
        /// The address.
        address: SocketAddr,
        /// What is wrong with it.
        source: io::Error,
    },
    /// There is no token in the file.
    #[error("--debug-token-file {}: {said}. Put a token into it, or leave the option out", path.display())]
    DebugToken {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        said: String,
    },
    /// Another replica leads, or nobody knows.
    #[error(transparent)]
    Lost(#[from] Lost),
    /// The leader's work failed.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The leader's work ended without being asked to.
    #[error("the controller stopped by itself")]
    Stopped,
    /// The leader's work did not end in time.
    #[error("work was still in flight {} s after the end was asked for; the lease runs out by itself", GRACE.as_secs())]
    Unfinished,
    /// A part of the process broke.
    #[error("a part of the controller broke: {0}")]
    Broken(#[from] JoinError),
}
