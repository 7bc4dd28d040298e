//! A testbed for Visitors, with an API server in memory and engines over systems in memory. Tests deliver watch events
//! with [`Testbed::tell`].

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use http::{Method, Request, Response};
use jiff::{SignedDuration, Timestamp};
use kube::client::Body;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use vestibule_core::model::Facts;

use super::scan::Cause;
use super::validate::Object;
use super::{Parts, Visitors};
use crate::admin::{Heartbeats, Readiness};
use crate::clock::{SetClock, SharedClock};
use crate::cluster::lease::Fence;
use crate::cluster::watch::{Event, Scope};
use crate::engine::Engine;
use crate::metrics::Metrics;
use crate::reconcile::fixtures::{engine_for, facts, integration, key, read, with};
use crate::reconcile::references::{References, tenant_id};
use crate::shutdown::{Shutdown, Trigger};
use crate::system::memory::Memory;

/// An API server with one Visitor, which records its calls.
#[derive(Clone, Default)]
pub struct Server {
    object: Arc<Mutex<Option<Value>>>,
    calls: Arc<Mutex<Vec<String>>>,
    /// Whether the next call panics.
    panics: Arc<Mutex<bool>>,
    /// `None`: it cannot be read.
    namespace: Arc<Mutex<Option<Value>>>,
}

impl Server {
    async fn answer(self, request: Request<Body>) -> Result<Response<Body>, Infallible> {
        let (parts, body) = request.into_parts();
        let body = body.collect_bytes().await.unwrap_or_default();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let (code, answer) = self.take(&parts.method, parts.uri.path(), body);
        Ok(Response::builder().status(code).body(Body::from(answer.to_string().into_bytes())).unwrap())
    }

    fn take(&self, method: &Method, path: &str, body: Value) -> (u16, Value) {
        if path.contains("/events") {
            return (201, body);
        }
        assert!(!std::mem::take(&mut *self.panics.lock()), "the test makes this call panic");
        if path == "/api/v1/namespaces/hq" {
            self.calls.lock().push(format!("{method} namespace"));
            return self.namespace.lock().as_ref().map_or((500, Value::Null), |found| (200, found.clone()));
        }
        let what = if path.ends_with("/status") { "status" } else { "object" };
        self.calls.lock().push(format!("{method} {what}"));
        let mut object = self.object.lock();
        let Some(known) = object.as_mut() else {
            let failure = json!({ "kind": "Status", "status": "Failure", "code": 404, "reason": "NotFound" });
            return (404, with(failure, &json!({ "message": "not found" })));
        };
        if method == Method::GET {
            return (200, known.clone());
        }
        if what == "status" {
            known["status"] = body["status"].clone();
        } else {
            let operations: json_patch::Patch = serde_json::from_value(body).unwrap();
            if json_patch::patch(known, &operations).is_err() {
                return (
                    422,
                    json!({ "kind": "Status", "status": "Failure", "code": 422, "message": "test" }),
                );
            }
        }
        let version: u64 = known["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap();
        known["metadata"]["resourceVersion"] = (version + 1).to_string().into();
        let answer = known.clone();
        let free = answer["metadata"]["finalizers"].as_array().is_none_or(Vec::is_empty);
        if answer["metadata"]["deletionTimestamp"].is_string() && free {
            *object = None;
        }
        (200, answer)
    }
}

/// See the module.
pub struct Testbed {
    pub visitors: Arc<Visitors>,
    server: Server,
    clock: Arc<SetClock>,
    references: watch::Sender<Arc<References>>,
    systems: Mutex<HashMap<&'static str, Arc<Memory>>>,
    running: Vec<(Trigger, JoinHandle<()>)>,
    writer: JoinHandle<()>,
}

impl Visitors {
    /// Completes the first list of Visitors: any other object does not exist.
    pub fn end_first_list(&self) {
        let mut table = self.table.lock();
        drop(table.on(Event::<Object>::Init(Scope::Everywhere)));
        drop(table.on(Event::<Object>::InitDone(Scope::Everywhere)));
    }

    /// Delivers an object as the watch does.
    pub fn show(&self, object: &Value) {
        let todo = self.table.lock().on(Event::Apply(read(object)));
        for todo in todo {
            self.carry_out(todo);
        }
    }
}

impl Drop for Testbed {
    fn drop(&mut self) {
        self.writer.abort();
    }
}

impl Testbed {
    /// Visitors with one status writer and without references.
    pub fn at(now: Timestamp) -> Self {
        let (server, clock) = (Server::default(), Arc::new(SetClock::starting_at(now)));
        let service = {
            let server = server.clone();
            tower::service_fn(move |request| server.clone().answer(request))
        };
        let (references, receiver) = watch::channel(Arc::default());
        let shared: SharedClock = clock.clone();
        let visitors = Visitors::new(Parts {
            client: kube::Client::new(service, "hq"),
            scopes: vec![Scope::Everywhere],
            clock: Arc::clone(&shared),
            fence: Fence::always_open(Arc::clone(&shared)),
            metrics: Metrics::new(),
            references: receiver,
            heartbeat: Heartbeats::new(shared).start("visitors", SignedDuration::from_mins(1)),
            listed: Readiness::default().require("visitors"),
        });
        let writer = tokio::spawn(Arc::clone(&visitors).write_statuses(1));
        let systems = Mutex::default();
        Self { visitors, server, clock, references, systems, running: Vec::new(), writer }
    }

    /// Creates the tenant acme with these integrations, in this order. Their engines are idle.
    pub fn integrate(&self, systems: impl IntoIterator<Item = (&'static str, Memory)>) {
        let mut next = References { complete: true, ..References::default() };
        let mut all = Vec::new();
        for ((name, system), index) in systems.into_iter().zip(0..) {
            let source: Arc<dyn crate::engine::DesiredStateSource> = self.visitors.clone();
            let system = Arc::new(system);
            self.systems.lock().insert(name, Arc::clone(&system));
            let engine = engine_for(name, system, source, self.clock.clone());
            next.integrations.insert(key(name), Some(key("tower")));
            next.indexes.insert(key(name), index);
            all.push(integration(&engine, index));
            next.engines.insert(key(name), engine);
        }
        next.tenants.insert(tenant_id(&key("acme")), facts(all));
        self.refer(|references| *references = next);
    }

    /// The system of an integration.
    pub fn system(&self, name: &str) -> Arc<Memory> {
        Arc::clone(&self.systems.lock()[name])
    }

    /// Changes the references of Visitors.
    pub fn refer(&self, change: impl FnOnce(&mut References)) {
        self.refer_unseen(change);
        self.visitors.scan(Cause::References);
    }

    /// The same without a scan.
    pub fn refer_unseen(&self, change: impl FnOnce(&mut References)) {
        let mut references = (**self.references.borrow()).clone();
        change(&mut references);
        self.references.send_replace(Arc::new(references));
    }

    /// An engine.
    pub fn engine(&self, name: &str) -> Arc<Engine> {
        Arc::clone(&self.references.borrow().engines[&key(name)])
    }

    /// Completes the list of objects: any other object does not exist.
    pub fn list_all(&self) {
        self.visitors.end_first_list();
    }

    /// The facts of the living records in a system.
    pub fn living(&self, name: &str) -> Vec<Facts> {
        let people = self.system(name).all_records();
        people.into_iter().filter(|person| !person.dead).map(|person| person.facts).collect()
    }

    /// Runs an engine, and compares the rows with its first sync.
    pub async fn run(&mut self, name: &str) {
        let engine = self.engine(name);
        let (stop, stopping) = Shutdown::new();
        let ended = tokio::spawn(Arc::clone(&engine).run(stopping));
        engine.state().wait_for(|state| state.syncs > 0).await.unwrap();
        self.running.push((stop, ended));
        self.visitors.after_sync(&engine);
    }

    /// Makes an engine sync again, and compares the rows with the result.
    pub async fn sync(&self, name: &str) {
        let engine = self.engine(name);
        let before = engine.state().borrow().syncs;
        engine.request_sync("again");
        engine.state().wait_for(|state| state.syncs > before).await.unwrap();
        self.visitors.after_sync(&engine);
    }

    /// Stops every engine; work that is pushed later stays in the queue.
    pub async fn stop(&mut self) {
        for (stop, ended) in self.running.drain(..) {
            stop.request();
            ended.await.unwrap();
        }
    }

    /// Makes the next call to the API server panic.
    pub fn panic_at_the_next_call(&self) {
        *self.server.panics.lock() = true;
    }

    /// Sets whether the namespace is being deleted; `None` if the API server does not answer.
    pub fn namespace(&self, going: Option<bool>) {
        let namespace = |going: bool| {
            let at = going.then_some("2026-12-01T08:30:00Z");
            json!({ "metadata": { "name": "hq", "deletionTimestamp": at } })
        };
        *self.server.namespace.lock() = going.map(namespace);
    }

    /// Puts an object into the API server and delivers it to the Visitors.
    pub fn tell(&self, object: &Value) {
        let version = self.server.object.lock().as_ref().map_or(10, |known| {
            known["metadata"]["resourceVersion"].as_str().unwrap().parse::<u64>().unwrap() + 1
        });
        let object = with(object.clone(), &json!({ "metadata": { "resourceVersion": version.to_string() } }));
        *self.server.object.lock() = Some(object.clone());
        self.visitors.show(&object);
    }

    /// The object in the API server.
    pub fn object(&self) -> Option<Object> {
        self.server.object.lock().as_ref().map(read)
    }

    /// Status and reason of the Visitor's Ready.
    pub fn ready(&self) -> String {
        let said = self.object().and_then(|object| object.status).unwrap_or_default();
        crate::reconcile::fixtures::says(&said.status, "Ready")
    }

    /// The calls since the last query.
    pub fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.server.calls.lock())
    }

    /// Sets the clock, and wakes all waiting tasks.
    pub fn set(&self, now: Timestamp) {
        self.clock.set(now);
        self.visitors.look_at_clock();
        self.visitors.scan(Cause::Time);
    }

    /// Lets all tasks run until this holds; fails after two seconds.
    pub async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        for _ in 0..400 {
            if holds(self) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        panic!("not {what}: {:?} {:?}", self.ready(), self.visitors.diagnostics());
    }

    /// Lets all tasks run for a moment.
    pub async fn rest(&self) {
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    }
}
