//! The watch against a scripted API server on paused time.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use http::{Request, Response};
use kube::api::GroupVersionKind;
use kube::client::Body;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use super::*;

/// The answers to give in this order, and the requests received.
#[derive(Clone, Default)]
struct Server {
    answers: Arc<Mutex<VecDeque<(u16, String)>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn new(answers: impl IntoIterator<Item = (u16, String)>) -> Self {
        Self { answers: Arc::new(Mutex::new(answers.into_iter().collect())), ..Self::default() }
    }

    async fn answer(self, request: Request<Body>) -> Result<Response<Body>, Infallible> {
        self.asked.lock().push(request.uri().to_string());
        let answer = self.answers.lock().pop_front();
        let Some((code, body)) = answer else { return std::future::pending().await };
        Ok(Response::builder().status(code).body(Body::from(body.into_bytes())).unwrap())
    }

    fn watch(&self, namespaces: &[&str]) -> mpsc::Receiver<Event<DecodedObject<Value>>> {
        let server = self.clone();
        let service = tower::service_fn(move |request| server.clone().answer(request));
        let kind = GroupVersionKind::gvk("access.vestibule.dev", "v1alpha1", "Visitor");
        let namespaces: Vec<String> = namespaces.iter().map(|&name| name.to_owned()).collect();
        let client = Client::new(service, "default");
        watch::<Value, Value>(&client, &ApiResource::from_gvk(&kind), &Scope::of(&namespaces))
    }
}

fn frame(what: &str, object: &Value) -> String {
    format!("{}\n", json!({"type": what, "object": object}))
}

fn visitor(name: &str, version: u64) -> Value {
    let uid = "0a1b2c3d-4e5f-6789-abcd-ef0123456789";
    let metadata =
        json!({"name": name, "namespace": "hq", "uid": uid, "resourceVersion": version.to_string()});
    json!({"metadata": metadata, "spec": {"visit": 7}})
}

fn listed(version: u64) -> String {
    let end = json!({"k8s.io/initial-events-end": "true"});
    let metadata = json!({"resourceVersion": version.to_string(), "annotations": end});
    frame("BOOKMARK", &json!({"apiVersion": "v1", "kind": "Visitor", "metadata": metadata}))
}

fn refusal(code: u16, message: &str) -> (u16, String) {
    (code, json!({"kind": "Status", "status": "Failure", "code": code, "message": message}).to_string())
}

fn no_watch_list() -> (u16, String) {
    refusal(
        422,
        "ListOptions is invalid: sendInitialEvents: Forbidden: unless the WatchList feature gate is enabled",
    )
}

async fn take_events(events: &mut mpsc::Receiver<Event<DecodedObject<Value>>>, count: usize) -> Vec<String> {
    let mut taken = Vec::new();
    while taken.len() < count {
        let event = timeout(Duration::from_mins(1), events.recv()).await.expect("another event").unwrap();
        taken.push(match event {
            Event::Init(_) => "init".to_owned(),
            Event::InitApply(object) => format!("list {}", object.meta.key.name),
            Event::InitDone(_) => "done".to_owned(),
            Event::Apply(object) => format!("apply {}", object.meta.key.name),
            Event::Delete(object) => format!("delete {}", object.meta.key.name),
            Event::Answer(_) => "answer".to_owned(),
            Event::Interrupted(_) => "interrupted".to_owned(),
        });
    }
    taken
}

#[tokio::test(start_paused = true)]
async fn a_list_is_streamed_and_then_followed() {
    let list = [frame("ADDED", &visitor("a", 1)), frame("ADDED", &visitor("b", 2)), listed(2)].concat();
    let follow = [frame("MODIFIED", &visitor("a", 3)), frame("DELETED", &visitor("b", 4))].concat();
    let server = Server::new([(200, list), (200, follow)]);
    let mut events = server.watch(&[]);
    let expected = ["init", "list a", "list b", "done", "apply a", "delete b"];
    assert_eq!(take_events(&mut events, 6).await, expected);
    let asked = server.asked.lock().clone();
    assert!(
        asked[0].contains("sendInitialEvents=true") && asked[1].contains("resourceVersion=2"),
        "{asked:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_cannot_stream_lists_is_listed_and_watched_at_once() {
    let list = json!({"metadata": {"resourceVersion": "5"}, "items": [visitor("a", 1)]}).to_string();
    let server = Server::new([no_watch_list(), (200, list), (200, frame("ADDED", &visitor("b", 6)))]);
    let (began, mut events) = (Instant::now(), server.watch(&[]));
    assert_eq!(take_events(&mut events, 4).await, ["init", "list a", "done", "apply b"]);
    assert_eq!(began.elapsed(), Duration::ZERO);
    let asked = server.asked.lock().clone();
    assert!(asked[1..].iter().all(|uri| !uri.contains("sendInitialEvents")), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_reported_once_and_retried_at_least_every_two_seconds() {
    let down = || refusal(503, "storage is (re)initializing");
    let server = Server::new((0..8).map(|_| down()).chain([(200, listed(1))]));
    let (began, mut events) = (Instant::now(), server.watch(&[]));
    assert_eq!(take_events(&mut events, 3).await, ["interrupted", "init", "done"]);
    assert_eq!(began.elapsed(), Duration::from_millis(100 + 200 + 400 + 800 + 1600 + 3 * 2000));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_busy_for_a_moment_interrupts_nothing() {
    let busy = || refusal(429, "storage is (re)initializing");
    let server = Server::new((0..9).map(|_| busy()).chain([(200, listed(1))]));
    let (began, mut events) = (Instant::now(), server.watch(&[]));
    assert_eq!(take_events(&mut events, 2).await, ["init", "done"]);
    assert!(began.elapsed() > Duration::from_secs(9), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stays_busy_is_reported_once_with_its_own_message() {
    let busy = || refusal(429, "storage is (re)initializing");
    let server = Server::new((0..14).map(|_| busy()).chain([(200, listed(1))]));
    let (began, mut events) = (Instant::now(), server.watch(&[]));
    let Some(Event::Interrupted(sentence)) = events.recv().await else { panic!("it goes on for too long") };
    assert_eq!(sentence, "storage is (re)initializing");
    assert!(began.elapsed() >= BUSY, "{:?}", began.elapsed());
    assert_eq!(take_events(&mut events, 2).await, ["init", "done"]);
}

#[tokio::test(start_paused = true)]
async fn an_expired_watch_is_listed_anew_within_a_moment() {
    let expired =
        frame("ERROR", &json!({"kind": "Status", "code": 410, "message": "too old", "reason": "Expired"}));
    let server = Server::new([(200, listed(1)), (200, expired), (200, listed(9))]);
    let (began, mut events) = (Instant::now(), server.watch(&[]));
    assert_eq!(take_events(&mut events, 5).await, ["init", "done", "interrupted", "init", "done"]);
    assert!(began.elapsed() <= Duration::from_millis(100), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_list_that_always_fails_is_retried_with_pauses() {
    let down = || refusal(500, "etcd is unreachable");
    let server = Server::new([no_watch_list()].into_iter().chain((0..40).map(|_| down())));
    let mut events = server.watch(&[]);
    let began = Instant::now();
    assert_eq!(take_events(&mut events, 2).await, ["init", "interrupted"]);
    assert_eq!(take_events(&mut events, 20).await, ["init"; 20]);
    assert!(began.elapsed() > Duration::from_secs(30), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn each_namespace_has_a_watch_of_its_own() {
    let server = Server::new([(200, listed(1)), (200, listed(1))]);
    let mut events = server.watch(&["one", "two"]);
    take_events(&mut events, 4).await;
    let mut asked: Vec<_> = server.asked.lock().iter().take(2).cloned().collect();
    asked.sort();
    assert!(asked[0].contains("/namespaces/one/") && asked[1].contains("/namespaces/two/"), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn the_watch_ends_with_its_reader() {
    let server = Server::new([(200, listed(1))]);
    let answers = Arc::downgrade(&server.answers);
    let mut events = server.watch(&[]);
    take_events(&mut events, 2).await;
    drop((events, server));
    let ended = timeout(Duration::from_secs(1), async {
        while answers.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
    });
    assert!(ended.await.is_ok());
}
