//! One real Kubernetes for all tests of this binary, and a separate namespace for each.
//!
//! ```ignore
//! #[tokio::test]
//! async fn a_visitor_is_stored() {
//!     let namespace = harness::namespace("visitor").await;
//!     let visitors: Api<Visitor> = namespace.api();
//!     harness::wait_until("the visitor is Ready", || async { ... }).await;
//! }
//! ```

use std::fmt::Debug;
use std::future::Future;
use std::path::Path;
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::Namespace as NamespaceObject;
use kube::api::{DeleteParams, ObjectMeta, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::runtime::wait::{Condition, await_condition};
use kube::{Api, Client, Config, Resource};
use serde::de::DeserializeOwned;
use tokio::runtime::Runtime;
use vestibule_control_plane::{ControlPlane, Options, ensure_binary};

use self::slot::ObjectId;
pub(crate) use self::slot::in_use;

mod crds;
mod slot;

/// How long a test waits for a condition. It is long because of loaded machines, and only a failing test waits that
/// long.
const DEADLINE: Duration = Duration::from_mins(3);

/// The control plane that all tests share.
pub(crate) struct Cluster {
    control_plane: ControlPlane,
    config: Config,
    /// Its processes and its own client run here, because the runtime of a test ends with the test.
    runtime: Runtime,
    /// For work after a test: the deletion of its namespace.
    client: Client,
    _slot: ObjectId,
}

/// The namespace of one test, deleted when dropped.
pub(crate) struct Namespace {
    name: String,
    client: Client,
}

/// The shared cluster, started by the first test that needs it. It ends with this process, however that ends.
pub(crate) fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Result<Cluster, String>> = OnceLock::new();
    let started = CLUSTER.get_or_init(|| {
        let thread = std::thread::spawn(|| Cluster::start().map_err(|error| error.to_string()));
        thread.join().unwrap_or_else(|_| Err("starting it panicked".to_owned()))
    });
    started.as_ref().unwrap_or_else(|error| panic!("There is no cluster to test on. {error}"))
}

/// A client on the runtime of the calling test.
pub(crate) fn client() -> Client {
    Client::try_from(cluster().config.clone()).expect("the configuration worked when the cluster started")
}

/// Makes a namespace whose name begins with `name`.
pub(crate) async fn namespace(name: &str) -> Namespace {
    let client = client();
    let metadata = ObjectMeta { generate_name: Some(format!("{name}-")), ..ObjectMeta::default() };
    let object = NamespaceObject { metadata, ..NamespaceObject::default() };
    let created = Api::all(client.clone()).create(&PostParams::default(), &object).await;
    let name = created.expect("a namespace can be made").metadata.name.expect("the API server names it");
    Namespace { name, client }
}

/// Polls until `condition` holds, for conditions that no watch shows.
pub(crate) async fn wait_until<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let polled = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(DEADLINE, polled)
        .await
        .unwrap_or_else(|_| panic!("waited {DEADLINE:?} until {what}"));
}

/// Watches until `condition` holds for the object of that name, and returns the object.
pub(crate) async fn wait_for<K>(
    api: Api<K>,
    name: &str,
    what: &str,
    condition: impl Condition<K>,
) -> Option<K>
where
    K: Resource + Clone + Debug + DeserializeOwned + Send + 'static,
{
    let watched = tokio::time::timeout(DEADLINE, await_condition(api, name, condition)).await;
    let watched = watched.unwrap_or_else(|_| panic!("waited {DEADLINE:?} until {what}"));
    watched.unwrap_or_else(|error| panic!("could not watch until {what}: {error}"))
}

// === impl Cluster ===

impl Cluster {
    /// Where the API server comes from.
    pub(crate) fn control_plane(&self) -> &ControlPlane {
        &self.control_plane
    }

    fn start() -> Result<Self, Box<dyn std::error::Error>> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let options = Options::from_env()?;
        let slot = ObjectId::take(Path::new(env!("CARGO_TARGET_TMPDIR")))?;
        let (control_plane, config, client) = runtime.block_on(async {
            ensure_binary(&options).await?;
            let control_plane = ControlPlane::start(slot.dir(), &options).await?;
            let config = config(control_plane.kubeconfig()).await?;
            let client = Client::try_from(config.clone())?;
            crds::apply(&client, &Path::new(env!("CARGO_MANIFEST_DIR")).join("crds")).await?;
            Ok::<_, Box<dyn std::error::Error>>((control_plane, config, client))
        })?;
        Ok(Self { control_plane, config, runtime, client, _slot: slot })
    }

    /// Runs `cleanup` to its end from within a drop.
    fn finish(&self, cleanup: impl Future<Output = ()> + Send + 'static) {
        let (done, wait) = mpsc::channel();
        self.runtime.spawn(async move {
            cleanup.await;
            let _ = done.send(());
        });
        let _ = wait.recv_timeout(DEADLINE);
    }
}

async fn config(kubeconfig: &Path) -> Result<Config, kube::config::KubeconfigError> {
    Config::from_custom_kubeconfig(Kubeconfig::read_from(kubeconfig)?, &KubeConfigOptions::default()).await
}

// === impl Namespace ===

impl Namespace {
    /// The name that the API server chose.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A client on the runtime of the test.
    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }

    /// The objects of one kind in this namespace.
    pub(crate) fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client(), &self.name)
    }
}

impl Drop for Namespace {
    /// Requests the deletion and does not wait for its end.
    fn drop(&mut self) {
        let (name, api) = (self.name.clone(), Api::<NamespaceObject>::all(cluster().client.clone()));
        cluster().finish(async move {
            if let Err(error) = api.delete(&name, &DeleteParams::default()).await {
                eprintln!("The namespace {name} stays: {error}");
            }
        });
    }
}
