//! What can go wrong with the demo, in sentences.

use std::io;
use std::path::{Path, PathBuf};

use vestibule::cli::controller::RunError;
use vestibule::cli::crds;
use vestibule::cluster::client::ConnectError;
use vestibule::logging::StartError;
use vestibule_control_plane as control_plane;
use vestibule_control_plane::kubectl;

/// Why the demo did not show what it says.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no Kubernetes, or no simulator.
    #[error(transparent)]
    ControlPlane(#[from] control_plane::Error),
    /// The simulator was not built.
    #[error("{0} It is built with `cargo build --workspace --bins`, which `make demo` does by itself.")]
    NoSimulator(#[source] control_plane::Error),
    /// There is no kubectl.
    #[error(transparent)]
    Kubectl(#[from] kubectl::Error),
    /// The log could not be started.
    #[error(transparent)]
    Log(#[from] StartError),
    /// The control plane does not let us in.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The controller's lease could not be made.
    #[error("the Lease of the controller could not be made: {0}")]
    Lease(#[source] kube::Error),
    /// The controller ended.
    #[error("the controller ended: {0}")]
    Controller(#[from] RunError),
    /// The controller ended without an error and without being asked to.
    #[error("the controller ended by itself")]
    ControllerGone,
    /// The runtime or the signals could not be set up.
    #[error("the process could not be set up: {0}")]
    Process(#[source] io::Error),
    /// A part of this process broke.
    #[error("a part of the demo broke: {0}")]
    Broken(#[source] tokio::task::JoinError),
    /// A file or directory could not be used.
    #[error("could not {action} {}: {source}", path.display())]
    File {
        /// What was tried, a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The kinds or examples could not be printed.
    #[error(transparent)]
    Crds(#[from] crds::Error),
    /// A command that is shown failed.
    #[error("`{command}` failed: {said}")]
    Command {
        /// As it was shown.
        command: String,
        /// What it wrote last.
        said: String,
    },
    /// The simulator's own side door does not answer.
    #[error("the simulated NetBox does not answer: {0}")]
    Simulator(#[source] reqwest::Error),
    /// A step did not show what it says.
    #[error("this step did not show what it says: {0}")]
    NotShown(String),
    /// The cluster that was named has something of that name.
    #[error(
        "the cluster has a namespace {0} already, and the demo would change what is in it: delete it first, or unset KUBECONFIG_FOR_TESTS"
    )]
    NamespaceTaken(&'static str),
    /// The end was asked for before all was shown.
    #[error("ended before the last step, as asked")]
    Interrupted,
}

impl Error {
    /// For `map_err` around what was tried on a file.
    pub(super) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { action, path: path.to_owned(), source }
    }
}
