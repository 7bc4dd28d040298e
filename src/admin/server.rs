//! The admin server: probes, metrics, and pages for whoever looks for a fault.
//!
//! Probes and metrics answer to anybody who reaches the address. The pages under `/debug/` answer to this machine only
//! (`kubectl port-forward` comes from there), because they change what is logged and show what is configured.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use super::{Diagnostics, Heartbeats, Readiness};
use crate::logging::LogLevel;
use crate::metrics;

/// More than any log level takes.
const BODY_LIMIT: usize = 4096;

/// What the server shows. Cheap to clone.
#[derive(Clone)]
pub struct Pages {
    /// For `/healthz`.
    pub heartbeats: Heartbeats,
    /// For `/readyz`.
    pub readiness: Readiness,
    /// For `/debug/state.json`.
    pub diagnostics: Diagnostics,
    /// For `/debug/log-level`.
    pub log_level: LogLevel,
    /// For `/metrics`: the text as of now.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").finish_non_exhaustive()
    }
}

/// The server, bound to its address: requests wait until it is served.
#[derive(Debug)]
pub struct AdminServer {
    listener: TcpListener,
    pages: Pages,
}

impl AdminServer {
    /// Takes the address. Port 0 takes any that is free: [`AdminServer::address`] tells which.
    pub async fn bind(address: SocketAddr, pages: Pages) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(address).await?, pages })
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until the future is dropped.
    pub async fn serve(self) -> io::Result<()> {
        let service = router(self.pages).into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(self.listener, service).await
    }
}

fn router(pages: Pages) -> Router {
    let debug = Router::new()
        .route("/debug/state.json", get(state))
        .route("/debug/log-level", get(log_level).put(set_log_level))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn(this_machine_only));
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics_text))
        .merge(debug)
        .with_state(pages)
}

async fn healthz(State(pages): State<Pages>) -> Response {
    verdict(pages.heartbeats.check(), StatusCode::INTERNAL_SERVER_ERROR, "every loop moves")
}

async fn readyz(State(pages): State<Pages>) -> Response {
    verdict(pages.readiness.check(), StatusCode::SERVICE_UNAVAILABLE, "ready")
}

fn verdict(found: Result<(), Vec<String>>, otherwise: StatusCode, fine: &'static str) -> Response {
    match found {
        Ok(()) => format!("{fine}\n").into_response(),
        Err(sentences) => (otherwise, sentences.join("\n") + "\n").into_response(),
    }
}

async fn metrics_text(State(pages): State<Pages>) -> Response {
    ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], (pages.metrics)()).into_response()
}

async fn state(State(pages): State<Pages>) -> Response {
    Json(pages.diagnostics.collect()).into_response()
}

async fn log_level(State(pages): State<Pages>) -> String {
    pages.log_level.get() + "\n"
}

async fn set_log_level(State(pages): State<Pages>, wanted: String) -> Response {
    match pages.log_level.set(wanted.trim()) {
        Ok(()) => (pages.log_level.get() + "\n").into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    }
}

async fn this_machine_only(
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    if peer.ip().to_canonical().is_loopback() {
        return next.run(request).await;
    }
    let answer =
        "the pages under /debug/ answer to this machine only: reach them with kubectl port-forward\n";
    (StatusCode::FORBIDDEN, answer).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use jiff::{SignedDuration, Timestamp};
    use serde_json::json;
    use tower::ServiceExt as _;

    use super::*;
    use crate::clock::SetClock;

    const HERE: &str = "127.0.0.1:4000";

    fn pages() -> (Pages, Arc<SetClock>) {
        let clock = Arc::new(SetClock::starting_at(Timestamp::UNIX_EPOCH));
        let pages = Pages {
            heartbeats: Heartbeats::new(clock.clone()),
            readiness: Readiness::default(),
            diagnostics: Diagnostics::default(),
            log_level: LogLevel::fixed("info"),
            metrics: Arc::new(|| "# EOF\n".into()),
        };
        (pages, clock)
    }

    /// Asks as from an address; the answer's status and text.
    async fn ask(pages: &Pages, method: &str, path: &str, peer: &str) -> (u16, String) {
        let request =
            Request::builder().method(method).uri(path).body(Body::from("debug")).expect("a request");
        let connected = ConnectInfo(peer.parse::<SocketAddr>().expect("an address"));
        let (mut parts, body) = request.into_parts();
        parts.extensions.insert(connected);
        let answer =
            router(pages.clone()).oneshot(Request::from_parts(parts, body)).await.expect("an answer");
        let status = answer.status().as_u16();
        let body = to_bytes(answer.into_body(), 1 << 20).await.expect("a body");
        (status, String::from_utf8(body.to_vec()).expect("text"))
    }

    #[tokio::test]
    async fn health_is_500_with_a_sentence_while_a_loop_stands_still() {
        let (pages, clock) = pages();
        let heartbeat = pages.heartbeats.start("visitors", SignedDuration::from_secs(60));
        assert_eq!(ask(&pages, "GET", "/healthz", HERE).await, (200, "every loop moves\n".into()));
        clock.set(Timestamp::UNIX_EPOCH + SignedDuration::from_secs(90));
        let (status, text) = ask(&pages, "GET", "/healthz", HERE).await;
        assert!(status == 500 && text.starts_with("the loop visitors has not moved for "), "{status} {text}");
        heartbeat.beat();
        assert_eq!(ask(&pages, "GET", "/healthz", HERE).await.0, 200);
    }

    #[tokio::test]
    async fn readiness_is_503_until_the_last_gate_opens() {
        let (pages, _) = pages();
        let gate = pages.readiness.require("visitors");
        let (status, text) = ask(&pages, "GET", "/readyz", HERE).await;
        assert_eq!((status, text.as_str()), (503, "visitors: not there yet\n"));
        gate.open();
        assert_eq!(ask(&pages, "GET", "/readyz", HERE).await, (200, "ready\n".into()));
    }

    #[tokio::test]
    async fn debug_pages_show_what_was_registered() {
        let (pages, _) = pages();
        pages.diagnostics.show("queue", || json!({ "depth": 3 }));
        let (status, text) = ask(&pages, "GET", "/debug/state.json", HERE).await;
        assert_eq!((status, text.as_str()), (200, r#"{"queue":{"depth":3}}"#));
        pages.diagnostics.hide("queue");
        assert_eq!(ask(&pages, "GET", "/debug/state.json", HERE).await.1, "{}");
    }

    #[tokio::test]
    async fn debug_pages_answer_to_this_machine_only() {
        let (pages, _) = pages();
        for peer in ["10.0.0.7:4000", "[2001:db8::1]:4000", "[::ffff:10.0.0.7]:4000"] {
            for (method, path) in [("GET", "/debug/state.json"), ("PUT", "/debug/log-level")] {
                let (status, text) = ask(&pages, method, path, peer).await;
                assert!(status == 403 && text.contains("port-forward"), "{peer} {status} {text}");
            }
            assert_eq!(ask(&pages, "GET", "/healthz", peer).await.0, 200);
            assert_eq!(ask(&pages, "GET", "/metrics", peer).await.0, 200);
        }
        assert_eq!(ask(&pages, "GET", "/debug/log-level", "[::ffff:127.0.0.1]:4000").await.0, 200);
    }

    #[tokio::test]
    async fn a_log_level_that_cannot_be_set_is_refused_with_a_sentence() {
        let (pages, _) = pages();
        let (status, text) = ask(&pages, "PUT", "/debug/log-level", HERE).await;
        assert!(status == 400 && text.contains("cannot be changed"), "{status} {text}");
        assert_eq!(ask(&pages, "GET", "/debug/log-level", HERE).await, (200, "info\n".into()));
    }
}
