//! A building for one test: a namespace, a NetBox, a controller with a clock that the test sets, and an audit that
//! reads every status that is written.
//!
//! ```ignore
//! let stage = Testbed::new("visitor").await;
//! stage.apply(visitor("ada", json!({}))).await;
//! let ada = stage.reads("Visitor", "ada", "Succeeded").await;
//! assert_eq!(stage.netbox.people().await[0].id, ada.external_id());
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use kube::api::{ApiResource, DeleteParams, DynamicObject, Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};
use vestibule::api::{
    AccessGroup, AccessIntegration, AccessPlan, Occupant, PlanSubscription, Property, SelfRegistration,
    Tenant, Visitor,
};
use vestibule::clock::SetClock;

pub(crate) use self::audit::View;
use self::audit::{Audit, Book};
pub(crate) use self::controller::Running;
pub(crate) use self::netbox::{NetBox, Person, clock_checks};
pub(crate) use self::objects::{integration, property, secret, tenant, visitor};
use crate::harness::{Namespace, namespace};

mod audit;
mod controller;
mod netbox;
mod objects;
mod truth;

/// How long a test waits for a condition that usually holds within a moment. Only a failing test waits that long.
pub(crate) const DEADLINE: Duration = Duration::from_secs(90);

/// Tuesday morning, nine o'clock in New York.
pub(crate) const MORNING: &str = "2026-12-01T14:00:00Z";

/// See the module's documentation.
pub(crate) struct Testbed {
    pub(crate) namespace: Namespace,
    pub(crate) netbox: NetBox,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) controller: Option<Running>,
    audit: Audit,
    /// Whether [`Testbed::agrees`] was called: every test ends with it.
    judged: AtomicBool,
}

impl Testbed {
    /// A building in New York on a Tuesday morning: everything is declared, and the controller has finished with it.
    pub(crate) async fn new(name: &str) -> Self {
        let testbed = Self::declared(name, MORNING, "America/New_York").await;
        testbed.opened().await
    }

    /// The same in another zone at another time.
    pub(crate) async fn at(name: &str, now: &str, zone: &str) -> Self {
        Self::declared(name, now, zone).await.opened().await
    }

    /// Everything is declared, and there is no controller yet.
    pub(crate) async fn declared(name: &str, now: &str, zone: &str) -> Self {
        let testbed = Self::bare(name, now, zone).await;
        testbed.apply(property(json!({"timeZone": zone}))).await;
        testbed.apply(secret("sim")).await;
        testbed.apply(integration(&testbed.netbox.url(), json!({}))).await;
        testbed.apply(tenant("acme", json!({}))).await;
        testbed
    }

    /// Nothing is declared, and there is no controller.
    pub(crate) async fn bare(name: &str, now: &str, zone: &str) -> Self {
        let now: Timestamp = now.parse().unwrap();
        let namespace = namespace(name).await;
        let audit = Audit::start(&namespace);
        Self {
            netbox: NetBox::start(zone, now).await,
            clock: Arc::new(SetClock::starting_at(now)),
            controller: None,
            audit,
            judged: AtomicBool::new(false),
            namespace,
        }
    }

    /// Starts the controller and waits for its first full comparison.
    pub(crate) async fn opened(mut self) -> Self {
        self.start().await;
        self.reads("AccessIntegration", "netbox", "Succeeded").await;
        self
    }

    /// Starts a controller in this process.
    pub(crate) async fn start(&mut self) {
        self.controller = Some(Running::start(&self.namespace, self.clock.clone()).await);
    }

    /// Stops the controller in an orderly way.
    pub(crate) async fn stop(&mut self) {
        self.controller.take().expect("a controller runs").stop().await;
    }

    /// Sets all clocks, that of the NetBox first.
    pub(crate) fn set_clock(&self, now: &str) {
        let now = now.parse().unwrap();
        self.netbox.set_clock(now);
        self.clock.set(now);
    }

    /// Applies an object as a user does, with server-side apply.
    pub(crate) async fn apply(&self, object: Value) {
        self.try_apply(object).await.unwrap();
    }

    /// The same, for an object that the API server may refuse.
    pub(crate) async fn try_apply(&self, mut object: Value) -> kube::Result<()> {
        let kind = object["kind"].as_str().unwrap().to_owned();
        object["apiVersion"] = json!(if kind == "Secret" { "v1" } else { "access.vestibule.dev/v1alpha1" });
        object["metadata"]["namespace"] = json!(self.namespace.name());
        let name = object["metadata"]["name"].as_str().unwrap().to_owned();
        let params = PatchParams::apply("a-user").force();
        let applied = self.api(&kind).patch(&name, &params, &Patch::Apply(&object)).await?;
        self.caught_up(&kind, &name, &applied).await;
        Ok(())
    }

    /// Changes an object with a merge patch.
    pub(crate) async fn patch(&self, kind: &str, name: &str, change: Value) {
        let change = Patch::Merge(change);
        let patched = self.api(kind).patch(name, &PatchParams::default(), &change).await.unwrap();
        self.caught_up(kind, name, &patched).await;
    }

    /// The test writes statuses itself from now on, so they are not checked against the contract.
    pub(crate) fn expect_meddling(&self) {
        self.audit.book.send_modify(|book| book.meddling = true);
    }

    /// Waits until the audit has received this write, so that later reads are no older.
    pub(crate) async fn caught_up(&self, kind: &str, name: &str, written: &DynamicObject) {
        if kind != "Secret" {
            let version = number(&written.resource_version().unwrap_or_default());
            let what = format!("{kind} {name} is seen as it was written");
            self.wait(&what, |book| book.has_seen(kind, name, version)).await;
        }
    }

    /// Annotates an object with a command.
    pub(crate) async fn annotate(&self, kind: &str, name: &str, command: &str, value: &str) {
        let change = json!({"metadata": {"annotations": {command: value}}});
        self.patch(kind, name, change).await;
    }

    /// Requests the deletion of an object.
    pub(crate) async fn delete(&self, kind: &str, name: &str) {
        self.api(kind).delete(name, &DeleteParams::default()).await.unwrap();
    }

    /// The objects of a kind in this namespace.
    pub(crate) fn api(&self, kind: &str) -> Api<DynamicObject> {
        Api::namespaced_with(self.namespace.client(), self.namespace.name(), &resource(kind))
    }

    /// Waits until an object fulfils the condition, and returns it.
    pub(crate) async fn until(
        &self,
        kind: &str,
        name: &str,
        what: &str,
        wanted: impl Fn(&View) -> bool,
    ) -> View {
        let found = |book: &Book| book.view(kind, name).is_some_and(&wanted);
        self.wait(&format!("{kind} {name} {what}"), found).await;
        self.view(kind, name)
    }

    /// Waits until `Ready` gives this reason for the present generation.
    pub(crate) async fn reads(&self, kind: &str, name: &str, reason: &str) -> View {
        let what = format!("gives the reason {reason}");
        self.until(kind, name, &what, |view| view.is_of_now() && view.reason() == reason).await
    }

    /// Waits until `Reconciling` gives this reason, for the time in which Ready keeps its former value.
    pub(crate) async fn works_on(&self, kind: &str, name: &str, reason: &str) -> View {
        let what = format!("is reconciled with the reason {reason}");
        let reconciling = |view: &View| view.condition("Reconciling").is_some_and(|it| it.reason == reason);
        self.until(kind, name, &what, reconciling).await
    }

    /// Waits until an object is gone.
    pub(crate) async fn gone(&self, kind: &str, name: &str) {
        self.wait(&format!("{kind} {name} is gone"), |book| book.view(kind, name).is_none()).await;
    }

    /// The object as the audit saw it last.
    pub(crate) fn view(&self, kind: &str, name: &str) -> View {
        self.audit.book.borrow().view(kind, name).cloned().unwrap_or_else(|| panic!("no {kind} {name}"))
    }

    /// Every state of an object that the audit saw, the oldest first.
    pub(crate) fn history(&self, kind: &str, name: &str) -> Vec<View> {
        self.audit.book.borrow().history(kind, name)
    }

    /// The same in words.
    pub(crate) fn history_text(&self, kind: &str, name: &str) -> String {
        self.history(kind, name).iter().map(ToString::to_string).collect()
    }

    /// The number of changes of the project's kinds seen in this namespace.
    pub(crate) fn changes(&self) -> usize {
        self.audit.book.borrow().changes()
    }

    /// Requests a full sync and waits until it is done.
    pub(crate) async fn sync(&self, token: &str) {
        self.annotate("AccessIntegration", "netbox", "access.vestibule.dev/sync-requested-at", token).await;
        let handled = |view: &View| view.status["lastHandledSyncAt"] == token;
        self.until("AccessIntegration", "netbox", "has handled the sync", handled).await;
    }

    async fn wait(&self, what: &str, wanted: impl Fn(&Book) -> bool) {
        let mut book = self.audit.book.subscribe();
        let seen = tokio::time::timeout(DEADLINE, async {
            loop {
                if wanted(&book.borrow_and_update()) {
                    break;
                }
                tokio::select! {
                    changed = book.changed() => changed.expect("the audit lives as long as the stage"),
                    why = self.broken() => panic!("the controller ended while waiting until {what}: {why}"),
                }
            }
        });
        let seen = seen.await;
        assert!(
            seen.is_ok(),
            "waited {DEADLINE:?} until {what}; now\n{}\n{}",
            *self.audit.book.borrow(),
            self.netbox
        );
        self.audit.book.borrow().assert_clean();
    }

    async fn broken(&self) -> String {
        match &self.controller {
            Some(running) => running.ended().await,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Testbed {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.audit.book.borrow().assert_clean();
            assert!(self.judged.load(Ordering::Relaxed), "the test does not end with `stage.agrees().await`");
        }
    }
}

/// A resourceVersion as a number that grows, which Kubernetes guarantees since 1.35.
fn number(resource_version: &str) -> u64 {
    resource_version.parse().unwrap()
}

/// The API resource of a kind.
fn resource(kind: &str) -> ApiResource {
    match kind {
        "Property" => ApiResource::erase::<Property>(&()),
        "AccessIntegration" => ApiResource::erase::<AccessIntegration>(&()),
        "Tenant" => ApiResource::erase::<Tenant>(&()),
        "Visitor" => ApiResource::erase::<Visitor>(&()),
        "AccessGroup" => ApiResource::erase::<AccessGroup>(&()),
        "AccessPlan" => ApiResource::erase::<AccessPlan>(&()),
        "Occupant" => ApiResource::erase::<Occupant>(&()),
        "PlanSubscription" => ApiResource::erase::<PlanSubscription>(&()),
        "SelfRegistration" => ApiResource::erase::<SelfRegistration>(&()),
        "Secret" => ApiResource::erase::<k8s_openapi::api::core::v1::Secret>(&()),
        other => panic!("no kind {other}"),
    }
}
