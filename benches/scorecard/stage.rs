//! The real Kubernetes of all rows.

use std::path::{Path, PathBuf};

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::PostParams;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::runtime::conditions::is_crd_established;
use kube::runtime::wait::await_condition;
use kube::{Api, Client, ResourceExt};
use vestibule_control_plane::{ControlPlane, Options as ControlPlaneOptions};

use crate::Fallible;
use crate::options::Options;

/// A fresh API server with our kinds.
pub(crate) struct Stage {
    control_plane: ControlPlane,
    /// An administrator.
    pub(crate) client: Client,
    /// The folder of logs and report.
    pub(crate) out: PathBuf,
    /// The size of the measurement.
    pub(crate) options: Options,
    _dir: tempfile::TempDir,
}

impl Stage {
    /// Starts it.
    pub(crate) async fn start(options: Options) -> Fallible<Self> {
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench");
        std::fs::create_dir_all(&out)?;
        let dir = tempfile::tempdir()?;
        let control_plane = ControlPlane::start(dir.path(), &ControlPlaneOptions::from_env()?).await?;
        let kubeconfig = Kubeconfig::read_from(control_plane.kubeconfig())?;
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
        let client = Client::try_from(config)?;
        define_kinds(&client).await?;
        Ok(Self { control_plane, client, out, options, _dir: dir })
    }

    /// The kubeconfig for other processes.
    pub(crate) fn kubeconfig(&self) -> &Path {
        self.control_plane.kubeconfig()
    }

    /// Ends it.
    pub(crate) async fn stop(self) -> Fallible {
        Ok(self.control_plane.stop().await?)
    }
}

async fn define_kinds(client: &Client) -> Fallible {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let files = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("crds"))?;
    let files = files.map(|file| file.map(|file| file.path())).collect::<Result<Vec<_>, _>>()?;
    let yaml = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    let made = futures::stream::iter(yaml).then(|path| {
        let api = api.clone();
        async move {
            let crd: CustomResourceDefinition = serde_yaml::from_str(&std::fs::read_to_string(path)?)?;
            api.create(&PostParams::default(), &crd).await?;
            await_condition(api, &crd.name_any(), is_crd_established()).await?;
            Fallible::Ok(())
        }
    });
    made.try_collect().await
}
