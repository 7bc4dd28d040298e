//! The errors of the demo, as sentences.

use std::io;
use std::path::{Path, PathBuf};

use vestibule::cli::controller::RunError;
use vestibule::cli::crds;
use vestibule::cluster::client::ConnectError;
use vestibule::logging::StartError;
use vestibule_control_plane as control_plane;
use vestibule_control_plane::kubectl;

/// Why the demo failed.
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
    /// The control plane refuses the connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The controller's lease could not be created.
    #[error("the Lease of the controller could not be made: {0}")]
    Lease(#[source] kube::Error),
    /// The controller ended.
    #[error("the controller ended: {0}")]
    Controller(#[from] RunError),
    /// The controller ended without an error and without a request to stop.
    #[error("the controller ended by itself")]
    ControllerGone,
    /// The runtime or the signals could not be set up.
    #[error("the process could not be set up: {0}")]
    Process(#[source] io::Error),
    /// A task of this process panicked.
    #[error("a task of the demo failed: {0}")]
    Broken(#[source] tokio::task::JoinError),
    /// A file or directory could not be used.
    #[error("could not {action} {}: {source}", path.display())]
    File {
        /// The attempted action, a verb.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The kinds or examples could not be printed.
    #[error(transparent)]
    Crds(#[from] crds::Error),
    /// A command of a step failed.
    #[error("`{command}` failed: {said}")]
    Command {
        /// The command as it was shown.
        command: String,
        /// The last line of its output.
        said: String,
    },
    /// The side door of the simulator does not answer.
    #[error("the simulated NetBox does not answer: {0}")]
    Simulator(#[source] reqwest::Error),
    /// The result of a step was not the announced one.
    #[error("the result of this step is not the announced one: {0}")]
    NotShown(String),
    /// The named cluster already has a namespace of that name.
    #[error(
        "the cluster has a namespace {0} already, and the demo would change what is in it: delete it first, or unset KUBECONFIG_FOR_TESTS"
    )]
    NamespaceTaken(&'static str),
    /// The end was requested before the last step.
    #[error("ended before the last step, as requested")]
    Interrupted,
}

impl Error {
    /// For `map_err` after an action on a file.
    pub(super) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { action, path: path.to_owned(), source }
    }
}
