//! A real Kubernetes on loopback, for the demo, the tests and the bench: etcd, kube-apiserver and three
//! controllers in one process, built from `hack/control-plane` when it is needed for the first time. And a
//! [`kubectl`] for it.
//!
//! Its processes live as long as the pipe to their stdin: however this process dies, they end with it.

use std::path::{Path, PathBuf};

use kube::config::{Config, KubeConfigOptions, Kubeconfig};

pub use self::error::Error;
pub use self::options::{Options, Origin};
pub use self::process::Process;

pub mod kubectl;

mod assets;
mod build;
mod error;
mod options;
mod process;
mod progress;

/// A Kubernetes that answers. Dropping it kills its processes; [`ControlPlane::stop`] lets them finish.
#[derive(Debug)]
pub struct ControlPlane {
    kubeconfig: PathBuf,
    url: String,
    /// In the order to stop them: the API server before the etcd it writes to. Empty if it is not ours.
    processes: Vec<Process>,
}

/// Makes sure that the program a control plane runs on is there, building it if it has to: minutes the first
/// time, shown on stderr. `None` where nothing of ours is run: see [`Origin`].
pub async fn ensure_binary(options: &Options) -> Result<Option<PathBuf>, Error> {
    match &options.origin {
        Origin::Build => build::ensure(&options.cache).await.map(Some),
        Origin::Binary(path) => Ok(Some(path.clone())),
        Origin::Assets(_) | Origin::Existing(_) => Ok(None),
    }
}

// === impl ControlPlane ===

impl ControlPlane {
    /// Starts a control plane whose state lies under `dir`, continued if there is one, and waits until it answers.
    pub async fn start(dir: &Path, options: &Options) -> Result<Self, Error> {
        let binary = match &options.origin {
            Origin::Existing(kubeconfig) => return Self::existing(kubeconfig).await,
            Origin::Assets(assets) => return assets::start(assets, dir, options).await,
            Origin::Binary(path) => path.clone(),
            Origin::Build => build::ensure(&options.cache).await?,
        };
        Self::run(&binary, dir, options).await
    }

    /// The kubeconfig of an administrator.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Where the API answers.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends it and waits until it is gone. What it stored is kept.
    pub async fn stop(self) -> Result<(), Error> {
        for process in self.processes {
            process.stop().await?;
        }
        Ok(())
    }

    async fn run(binary: &Path, dir: &Path, options: &Options) -> Result<Self, Error> {
        create_dir(dir)?;
        let kubeconfig = dir.join("kubeconfig");
        let mut command = tokio::process::Command::new(binary);
        command.arg("--exit-with-stdin").arg("--dir").arg(dir).arg("--kubeconfig").arg(&kubeconfig);
        command.args(["--port", &options.port.to_string()]);
        if !options.durable {
            command.arg("--unsafe-no-fsync");
        }
        command.arg("--").args(&options.api_server_flags);
        let mut process = Process::spawn(command, dir.join("control-plane.log"))?;
        let url = process.line_after("ready ", options.ready_within).await?;
        Ok(Self { kubeconfig, url, processes: vec![process] })
    }

    async fn existing(kubeconfig: &Path) -> Result<Self, Error> {
        let unusable = |source| Error::Kubeconfig { path: kubeconfig.to_owned(), source };
        let read = Kubeconfig::read_from(kubeconfig).map_err(unusable)?;
        let config =
            Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).await.map_err(unusable)?;
        Ok(Self {
            kubeconfig: kubeconfig.to_owned(),
            url: config.cluster_url.to_string(),
            processes: Vec::new(),
        })
    }
}

fn create_dir(dir: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(dir).map_err(Error::file("create", dir))
}
