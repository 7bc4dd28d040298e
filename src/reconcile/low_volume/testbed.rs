//! A testbed for the low-volume loop. Its API server knows only Secrets, and its stores are filled by hand. Engines are
//! real; their systems are simulated or do not exist.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use http::{Method, Request, Response};
use jiff::{SignedDuration, Timestamp};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::sync::watch;
use vestibule_sim::frame::{self, Options, clock::Start};

use super::{LowVolumeLoop, LowVolumeParts};
use crate::admin::{Diagnostics, Heartbeats, Readiness};
use crate::clock::{SharedClock, SystemClock};
use crate::cluster::FINALIZER;
use crate::cluster::lease::Fence;
use crate::cluster::watch::{Event, Scope};
use crate::engine::Engine;
use crate::metrics::Metrics;
use crate::reconcile::fixtures::{key, read, whole, with};
use crate::reconcile::integration::ConnectionParts;
use crate::reconcile::references::References;
use crate::reconcile::visitor::{Parts, Visitors};

/// No server listens at this address.
pub const NOWHERE: &str = "http://127.0.0.1:9";

/// See the module.
pub struct Testbed {
    pub pass: LowVolumeLoop,
    pub published: watch::Receiver<Arc<References>>,
    /// Whether the API server answers every request with "too many requests".
    pub deaf: Arc<AtomicBool>,
    /// How often a finalizer of an integration was set or removed.
    pub patches: Arc<AtomicUsize>,
    /// Whether the Secret `login` exists.
    pub has_secret: Arc<AtomicBool>,
    version: u64,
}

/// Knows the Secret `login` of the simulators, and removes finalizers of integrations. While `deaf` is true it refuses
/// every request.
fn answer(request: &Request<Body>, deaf: bool, has_secret: bool, patches: &AtomicUsize) -> Response<Body> {
    let failure = |code: u16, reason: &str| {
        (
            code,
            json!({ "kind": "Status", "status": "Failure", "reason": reason, "code": code, "message": reason }),
        )
    };
    let login = json!({
        "metadata": { "name": "login", "namespace": "hq", "uid": "1", "resourceVersion": "1" },
        "data": { "username": "c2lt", "password": "c2lt" },
    });
    let (code, answer) = match has_secret && request.uri().path().ends_with("/secrets/login") {
        _ if deaf => failure(429, "TooManyRequests"),
        _ if request.method() == Method::PATCH && request.uri().path().contains("/accessintegrations/") => {
            patches.fetch_add(1, Ordering::Relaxed);
            // An object that is removed with its last finalizer is answered in its former version.
            let gone = json!({ "deletionTimestamp": "2026-12-01T08:30:00Z", "resourceVersion": "1" });
            (200, with(whole("netbox", &json!({})), &json!({ "metadata": gone })))
        }
        true => (200, login),
        false => failure(404, "NotFound"),
    };
    Response::builder().status(code).body(Body::from(answer.to_string().into_bytes())).unwrap()
}

impl Testbed {
    /// A Property and a loop before its first pass. All Visitors are listed: there are none.
    pub fn new() -> Self {
        let testbed = Self::unlisted();
        testbed.pass.visitors.end_first_list();
        testbed
    }

    /// The same before all Visitors are listed.
    pub fn unlisted() -> Self {
        let clock: SharedClock = Arc::new(SystemClock);
        let (deaf, scopes) = (Arc::new(AtomicBool::new(false)), vec![Scope::Everywhere]);
        let patches = Arc::<AtomicUsize>::default();
        let has_secret = Arc::new(AtomicBool::new(true));
        let (asked, secret, counted) = (Arc::clone(&deaf), Arc::clone(&has_secret), Arc::clone(&patches));
        let server = tower::service_fn(move |request| {
            let answer =
                answer(&request, asked.load(Ordering::Relaxed), secret.load(Ordering::Relaxed), &counted);
            std::future::ready(Ok::<_, Infallible>(answer))
        });
        let client = Client::new(server, "hq");
        let (fence, metrics) = (Fence::always_open(Arc::clone(&clock)), Metrics::new());
        let (references, published) = watch::channel(Arc::default());
        let heartbeat = || Heartbeats::new(Arc::clone(&clock)).start("test", SignedDuration::from_mins(1));
        let visitors = Visitors::new(Parts {
            client: client.clone(),
            scopes: scopes.clone(),
            clock: Arc::clone(&clock),
            fence: fence.clone(),
            metrics: Arc::clone(&metrics),
            references: published.clone(),
            heartbeat: heartbeat(),
            listed: Readiness::default().require("visitors"),
        });
        let pass = LowVolumeLoop::new(LowVolumeParts {
            client,
            scopes,
            visitors: Arc::clone(&visitors),
            references,
            cluster: "cluster".to_owned(),
            allow_loopback: true,
            heartbeat: heartbeat(),
            diagnostics: Diagnostics::default(),
            parts: ConnectionParts { source: visitors, fence, clock, metrics },
        });
        let mut testbed = Self { pass, published, deaf, patches, has_secret, version: 10 };
        testbed.property(&json!({}));
        testbed
    }

    /// Declares the Property `tower`, with this changed.
    pub fn property(&mut self, patch: &Value) {
        let tower = whole("tower", &json!({ "displayName": "Tower", "timeZone": "Europe/Berlin" }));
        let tower = self.newer(&with(tower, patch));
        self.pass.properties.on(Event::Apply(read(&tower)));
    }

    /// Declares an integration of it, with this changed.
    pub fn integration(&mut self, name: &str, patch: &Value) {
        let object = with(self.netbox(name), patch);
        self.pass.integrations.on(Event::Apply(read(&object)));
    }

    /// Declares the tenant `acme` of it, with these groups in integrations.
    pub fn tenant(&mut self, groups: &[(&str, &[&str])]) {
        let grant = |(name, groups): &(&str, &[&str])| json!({ "integrationRef": { "name": name }, "groups": groups });
        let access: Vec<Value> = groups.iter().map(grant).collect();
        let spec =
            json!({ "propertyRef": { "name": "tower" }, "displayName": "Acme", "visitorAccess": access });
        let acme = self.newer(&whole("acme", &spec));
        self.pass.tenants.on(Event::Apply(read(&acme)));
    }

    /// Removes the integration at once, without a deletion that waits.
    pub fn lose(&mut self, name: &str) {
        let object = self.netbox(name);
        self.pass.integrations.on(Event::Delete(read(&object)));
    }

    /// The engine of an integration.
    pub fn engine(&self, name: &str) -> Arc<Engine> {
        Arc::clone(&self.pass.connections[&key(name)].engine)
    }

    fn netbox(&mut self, name: &str) -> Value {
        let spec = json!({
            "propertyRef": { "name": "tower" }, "credentialsSecretRef": { "name": "login" },
            "occupants": "None", "visitors": "Push", "mode": "Enforce", "lenelS2": { "url": NOWHERE },
        });
        self.newer(&whole(name, &spec))
    }

    fn newer(&mut self, object: &Value) -> Value {
        self.version += 1;
        let (version, generation) = (self.version.to_string(), self.version);
        let meta = json!({ "resourceVersion": version, "generation": generation, "finalizers": [FINALIZER] });
        with(object.clone(), &json!({ "metadata": meta }))
    }
}

/// A simulated NetBox.
pub async fn netbox() -> frame::Running {
    netbox_of(vestibule_sim::netbox::SMALL_BUILDING.to_owned()).await
}

/// A simulated NetBox that refuses our login.
pub async fn locked_netbox() -> frame::Running {
    netbox_of(vestibule_sim::netbox::SMALL_BUILDING.replace("password: sim", "password: other")).await
}

async fn netbox_of(seed: String) -> frame::Running {
    let options = Options {
        listen: ([127, 0, 0, 1], 0).into(),
        seed: Some(seed),
        clock: Start::Running(Timestamp::now()),
        ..Options::default()
    };
    vestibule_sim::netbox::start(options).await.unwrap()
}
