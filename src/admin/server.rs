//! The admin server: probes, metrics, and pages for diagnosing a fault.
//!
//! Probes and metrics answer every peer. The pages under `/debug/` show the configuration. They answer only this
//! machine's own address, which is where `kubectl port-forward` connects from, and only to the bearer of the token if
//! one is set. A proxy beside the controller may forward requests of others from that address, so every change needs
//! the token.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;

use super::{Diagnostics, Heartbeats, Readiness};
use crate::logging::LogLevel;
use crate::metrics::Exposition;

/// More than any log level needs.
const BODY_LIMIT: usize = 4096;

/// The content that the server shows. Cheap to clone.
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
    /// The token that requests under `/debug/` must bear. Without one no request may change anything.
    pub debug_token: Option<DebugToken>,
    /// For `/metrics`: the `OpenMetrics` text as of now.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

/// A token for the pages under `/debug/`. Only its hash is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct DebugToken([u8; 32]);

impl DebugToken {
    /// The token without surrounding white space; `None` if it is empty.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        // Hashes are compared, so that the time of the comparison reveals nothing about the token.
        (!text.is_empty()).then(|| Self(Sha256::digest(text).into()))
    }

    fn is_borne_by(&self, headers: &HeaderMap) -> bool {
        let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = value.and_then(|value| value.strip_prefix("Bearer ")).and_then(Self::new);
        token.as_ref() == Some(self)
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").finish_non_exhaustive()
    }
}

/// The server, bound to its address. Requests wait until [`AdminServer::serve`] runs.
#[derive(Debug)]
pub struct AdminServer {
    listener: TcpListener,
    pages: Pages,
}

impl AdminServer {
    /// Binds the address. Port 0 takes any free port, which [`AdminServer::address`] returns.
    pub async fn bind(address: SocketAddr, pages: Pages) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(address).await?, pages })
    }

    /// The address it listens on.
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
        .layer(middleware::from_fn_with_state(pages.clone(), operators_only));
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

async fn metrics_text(State(pages): State<Pages>, headers: HeaderMap) -> Response {
    let accepted = headers.get(header::ACCEPT).and_then(|accepted| accepted.to_str().ok());
    let exposition = Exposition::accepted(accepted);
    let text = exposition.of((pages.metrics)());
    ([(header::CONTENT_TYPE, exposition.content_type())], text).into_response()
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

async fn operators_only(
    State(pages): State<Pages>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    let refused = |status, sentence: &'static str| (status, sentence).into_response();
    // Not all of 127.0.0.0/8: proxies use other addresses of that range.
    if ![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)].contains(&peer.ip().to_canonical())
    {
        return refused(
            StatusCode::FORBIDDEN,
            "the pages under /debug/ answer to this machine only: reach them with kubectl port-forward\n",
        );
    }
    match &pages.debug_token {
        Some(token) if !token.is_borne_by(request.headers()) => refused(
            StatusCode::UNAUTHORIZED,
            "the pages under /debug/ need the token of --debug-token-file: send Authorization: Bearer TOKEN\n",
        ),
        None if *request.method() != Method::GET => refused(
            StatusCode::FORBIDDEN,
            "nothing can be changed here without a token: start the controller with --debug-token-file\n",
        ),
        _ => next.run(request).await,
    }
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
            debug_token: None,
            metrics: Arc::new(|| "# EOF\n".into()),
        };
        (pages, clock)
    }

    /// Sends a request from an address and returns the status and text of the answer.
    async fn ask(pages: &Pages, method: &str, path: &str, peer: &str) -> (u16, String) {
        ask_with("", pages, method, path, peer).await
    }

    /// The same with a token.
    async fn ask_with(token: &str, pages: &Pages, method: &str, path: &str, peer: &str) -> (u16, String) {
        let request = Request::builder().method(method).uri(path).header("authorization", token);
        let request = request.body(Body::from("debug")).expect("a request");
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
        assert_eq!((status, text.as_str()), (503, "visitors: not ready yet\n"));
        gate.open();
        assert_eq!(ask(&pages, "GET", "/readyz", HERE).await, (200, "ready\n".into()));
    }

    #[tokio::test]
    async fn debug_pages_show_the_registered_values() {
        let (pages, _) = pages();
        pages.diagnostics.show("queue", || json!({ "depth": 3 }));
        let (status, text) = ask(&pages, "GET", "/debug/state.json", HERE).await;
        assert_eq!((status, text.as_str()), (200, r#"{"queue":{"depth":3}}"#));
        pages.diagnostics.hide("queue");
        assert_eq!(ask(&pages, "GET", "/debug/state.json", HERE).await.1, "{}");
    }

    const PAGES: [(&str, &str); 3] =
        [("GET", "/debug/state.json"), ("GET", "/debug/log-level"), ("PUT", "/debug/log-level")];

    #[tokio::test]
    async fn debug_pages_answer_to_this_machine_only() {
        let (mut pages, _) = pages();
        for token in [None, DebugToken::new("secret")] {
            pages.debug_token = token;
            for peer in ["10.0.0.7:4000", "[2001:db8::1]:4000", "[::ffff:10.0.0.7]:4000", "127.0.0.6:4000"] {
                for (method, path) in PAGES {
                    let (status, text) = ask_with("Bearer secret", &pages, method, path, peer).await;
                    assert!(status == 403 && text.contains("port-forward"), "{peer} {status} {text}");
                }
                assert_eq!(ask(&pages, "GET", "/healthz", peer).await.0, 200);
                assert_eq!(ask(&pages, "GET", "/metrics", peer).await.0, 200);
            }
        }
        pages.debug_token = None;
        for peer in [HERE, "[::ffff:127.0.0.1]:4000", "[::1]:4000"] {
            assert_eq!(ask(&pages, "GET", "/debug/log-level", peer).await.0, 200);
        }
    }

    #[tokio::test]
    async fn without_a_token_nothing_is_changed_and_with_one_everything_needs_it() {
        let (mut pages, _) = pages();
        let (status, text) = ask(&pages, "PUT", "/debug/log-level", HERE).await;
        assert!(status == 403 && text.contains("--debug-token-file"), "{status} {text}");
        pages.debug_token = DebugToken::new(" secret\n");
        for (method, path) in PAGES {
            for wrong in ["", "secret", "Bearer", "Bearer ", "Bearer other", "bearer  secret x"] {
                let (status, text) = ask_with(wrong, &pages, method, path, HERE).await;
                assert!(status == 401 && text.contains("Authorization: Bearer"), "{wrong}: {status} {text}");
            }
            let (status, _) = ask_with("Bearer secret", &pages, method, path, HERE).await;
            assert_eq!(status, if method == "PUT" { 400 } else { 200 }, "{method} {path}");
        }
        assert_eq!(ask(&pages, "GET", "/readyz", HERE).await.0, 200);
    }

    #[test]
    fn an_empty_token_is_none() {
        assert!(DebugToken::new(" \n").is_none());
    }

    #[tokio::test]
    async fn a_log_level_that_cannot_be_set_is_refused_with_a_sentence() {
        let (mut pages, _) = pages();
        pages.debug_token = DebugToken::new("secret");
        let (status, text) = ask_with("Bearer secret", &pages, "PUT", "/debug/log-level", HERE).await;
        assert!(status == 400 && text.contains("cannot be changed"), "{status} {text}");
        let level = ask_with("Bearer secret", &pages, "GET", "/debug/log-level", HERE).await;
        assert_eq!(level, (200, "info\n".into()));
    }
}
