//! The part of an API server that leases need: one object, versions, conflicts; and connections to it that can break.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{Method, Request, Response};
use k8s_openapi::api::coordination::v1::Lease;
use kube::Client;
use kube::api::ObjectMeta;
use kube::client::Body;
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::watch;
use tower::{BoxError, service_fn};

/// One lease and its history. At first the lease has no holder.
#[derive(Clone)]
pub struct Server {
    state: Arc<Mutex<State>>,
    counts: Arc<watch::Sender<Counts>>,
}

struct State {
    lease: Option<Lease>,
    version: u64,
    written_over: Vec<Option<String>>,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    writes: usize,
    looks: usize,
}

/// Called before an answer is given.
type Hook = Box<dyn Fn() + Send + Sync>;

/// One client's connection to the server.
#[derive(Clone, Default)]
pub struct Line {
    cut: Arc<AtomicBool>,
    lossy: Arc<AtomicBool>,
    before_answer: Arc<Mutex<Option<Hook>>>,
}

impl Line {
    /// From now on no request arrives and no answer comes.
    pub fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }

    /// The connection works again.
    pub fn restore(&self) {
        self.cut.store(false, Ordering::SeqCst);
    }

    /// Requests arrive, answers do not.
    pub fn lose_answers(&self, lose: bool) {
        self.lossy.store(lose, Ordering::SeqCst);
    }

    /// Called after the server has processed a request and before it answers.
    pub fn before_each_answer(&self, call: impl Fn() + Send + Sync + 'static) {
        *self.before_answer.lock() = Some(Box::new(call));
    }
}

impl Default for Server {
    fn default() -> Self {
        let metadata = ObjectMeta { resource_version: Some("0".into()), ..ObjectMeta::default() };
        let state =
            State { lease: Some(Lease { metadata, spec: None }), version: 0, written_over: Vec::new() };
        Self { state: Arc::new(Mutex::new(state)), counts: Arc::default() }
    }
}

impl Server {
    /// A server on which no lease was ever created.
    pub fn without_lease() -> Self {
        let server = Self::default();
        server.delete_lease();
        server
    }

    /// A client with its own connection.
    pub fn connect(&self) -> (Client, Line) {
        let (server, line) = (self.clone(), Line::default());
        let ours = line.clone();
        let service = service_fn(move |request: Request<Body>| {
            let (server, line) = (server.clone(), ours.clone());
            async move {
                if line.cut.load(Ordering::SeqCst) {
                    return Err(BoxError::from("the line is cut"));
                }
                let answer = server.answer(request).await?;
                if let Some(call) = &*line.before_answer.lock() {
                    call();
                }
                if line.lossy.load(Ordering::SeqCst) { Err("the answer was lost".into()) } else { Ok(answer) }
            }
        });
        (Client::new(service, "default"), line)
    }

    async fn answer(&self, request: Request<Body>) -> Result<Response<Body>, BoxError> {
        let (parts, body) = request.into_parts();
        let sent = body.collect_bytes().await?;
        let answer = match parts.method {
            _ if !parts.uri.path().contains("/leases") => Err((404, "only leases are here".into())),
            Method::GET => self.look(),
            Method::POST => self.write(serde_json::from_slice(&sent)?, true),
            Method::PUT => self.write(serde_json::from_slice(&sent)?, false),
            other => Err((405, format!("no {other} here"))),
        };
        let (code, body) = match answer {
            Ok(lease) => (200, serde_json::to_vec(&lease)?),
            Err((code, message)) => (
                code,
                serde_json::to_vec(
                    &json!({ "kind": "Status", "status": "Failure", "message": message, "code": code,
                    "reason": if code == 404 { "NotFound" } else { "Conflict" } }),
                )?,
            ),
        };
        Ok(Response::builder().status(code).body(Body::from(body))?)
    }

    fn look(&self) -> Result<Lease, (u16, String)> {
        self.counts.send_modify(|counts| counts.looks += 1);
        self.state.lock().lease.clone().ok_or_else(|| (404, "there is no lease".into()))
    }

    fn write(&self, mut lease: Lease, create: bool) -> Result<Lease, (u16, String)> {
        let mut state = self.state.lock();
        let there = state.lease.as_ref().map(|lease| lease.metadata.resource_version.clone());
        match (&there, create) {
            (Some(_), true) => return Err((409, "it exists".into())),
            (None, false) => return Err((404, "there is no lease".into())),
            (Some(version), false) if *version != lease.metadata.resource_version => {
                return Err((409, "another version".into()));
            }
            _ => {}
        }
        state.written_over.push(lease.metadata.resource_version.clone());
        state.version += 1;
        lease.metadata.resource_version = Some(state.version.to_string());
        state.lease = Some(lease.clone());
        drop(state);
        self.counts.send_modify(|counts| counts.writes += 1);
        Ok(lease)
    }

    /// The lease, or `None` if there is none.
    pub fn try_lease(&self) -> Option<Lease> {
        self.state.lock().lease.clone()
    }

    /// The lease.
    pub fn lease(&self) -> Lease {
        self.state.lock().lease.clone().expect("there is a lease")
    }

    /// The versions that the writers expected to replace; `None` for a creation.
    pub fn versions_written_over(&self) -> Vec<Option<String>> {
        self.state.lock().written_over.clone()
    }

    /// Edits the lease as an administrator would.
    fn edit(&self, edit: impl FnOnce(&mut Lease)) {
        let mut state = self.state.lock();
        state.version += 1;
        let version = state.version.to_string();
        let lease = state.lease.as_mut().expect("there is a lease");
        edit(lease);
        lease.metadata.resource_version = Some(version);
    }

    /// Gives the lease to another holder, whatever it says.
    pub fn take_by_force(&self, holder: &str) {
        self.edit(|lease| lease.spec.as_mut().expect("a spec").holder_identity = Some(holder.into()));
    }

    /// Adds a label.
    pub fn label_lease(&self, key: &str, value: &str) {
        self.edit(|lease| {
            lease.metadata.labels.get_or_insert_default().insert(key.into(), value.into());
        });
    }

    /// Deletes the lease, like `kubectl delete lease`.
    pub fn delete_lease(&self) {
        self.state.lock().lease = None;
    }

    /// Returns once this many writes were made, counted from the beginning. Calls `meanwhile` again and again.
    pub async fn wait_for_writes_with(&self, writes: usize, meanwhile: impl Fn()) {
        self.wait(|counts| counts.writes >= writes, meanwhile).await;
    }

    /// Returns once the lease was read this many times, counted from the beginning.
    pub async fn wait_for_looks(&self, looks: usize) {
        self.wait(|counts| counts.looks >= looks, || {}).await;
    }

    async fn wait(&self, enough: impl Fn(&Counts) -> bool, meanwhile: impl Fn()) {
        let mut counts = self.counts.subscribe();
        let waiting = async {
            while !enough(&counts.borrow_and_update()) {
                meanwhile();
                let _ = tokio::time::timeout(Duration::from_millis(2), counts.changed()).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("they come");
    }
}
