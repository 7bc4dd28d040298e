//! The Kubernetes client. It finds the cluster as kubectl does, counts each call, and gives each call a deadline.

use std::path::PathBuf;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use http::{HeaderValue, Method, Request, Response, header};
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use tower::{BoxError, Layer, Service};

use crate::cluster::FIELD_MANAGER;
use crate::metrics::Metrics;

mod connection;

/// How long the API server may take to begin an answer. A watch begins its answer at once, so the deadline covers it
/// too.
const DEADLINE: Duration = Duration::from_secs(30);

/// How long a connection may be silent within an answer: longer than a watch lasts (290 s).
const SILENCE: Duration = Duration::from_secs(295);

/// Where the cluster is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whereabouts {
    /// A kubeconfig file. Without one: `KUBECONFIG`, then `~/.kube/config`, then the pod's service account.
    pub kubeconfig: Option<PathBuf>,
    /// A context of the kubeconfig. Without one: its current context.
    pub context: Option<String>,
}

/// The cluster cannot be reached because of how the client is configured.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The named kubeconfig file or context does not work.
    #[error(
        "the kubeconfig does not work: {0}. Name a file with --kubeconfig and one of its contexts with --context"
    )]
    Kubeconfig(#[source] Box<KubeconfigError>),
    /// No kubeconfig was named, and none was found.
    #[error(
        "no cluster was found: {0}. Name a kubeconfig with --kubeconfig, or run in a pod with a service account"
    )]
    Nowhere(#[source] Box<kube::config::InferConfigError>),
    /// The configuration names a proxy. The error does not repeat the proxy's address, which may contain a password.
    #[error(
        "a proxy is named for the API server, and connections through one are not supported: remove proxy-url from the \
         kubeconfig, or HTTPS_PROXY from the environment"
    )]
    Proxy,
    /// The configuration was found but cannot be used.
    #[error("the client could not be set up: {0}")]
    Client(#[source] Box<kube::Error>),
}

/// A client for the cluster.
///
/// It does not retry by itself. The retries of kube's own client last up to 1,000 s inside one call, and each caller
/// here decides what to retry and when.
pub async fn connect(whereabouts: &Whereabouts, metrics: Arc<Metrics>) -> Result<Client, ConnectError> {
    let mut config = load(whereabouts).await?;
    if config.proxy_url.is_some() {
        return Err(ConnectError::Proxy);
    }
    config.read_timeout = Some(SILENCE);
    let supervision = Supervision { metrics, deadline: DEADLINE };
    connection::client(&config, &supervision).map_err(|error| ConnectError::Client(Box::new(error)))
}

async fn load(whereabouts: &Whereabouts) -> Result<Config, ConnectError> {
    let Whereabouts { kubeconfig, context } = whereabouts;
    if kubeconfig.is_none() && context.is_none() {
        return Config::infer().await.map_err(|error| ConnectError::Nowhere(Box::new(error)));
    }
    let options = KubeConfigOptions { context: context.clone(), ..Default::default() };
    let config = match kubeconfig {
        Some(path) => match Kubeconfig::read_from(path) {
            Ok(file) => Config::from_custom_kubeconfig(file, &options).await,
            Err(error) => Err(error),
        },
        None => Config::from_kubeconfig(&options).await,
    };
    config.map_err(|error| ConnectError::Kubeconfig(Box::new(error)))
}

/// An error of a Kubernetes call as one sentence: the API server's own message if it sent one.
pub fn sentence(error: &kube::Error) -> String {
    let mut text = match error {
        kube::Error::Api(status) if !status.message.is_empty() => return status.message.clone(),
        other => other.to_string(),
    };
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}

/// Sets the user agent of each request, and the field manager of each write that does not set one itself, such as an
/// Event.
fn identified(mut request: Request<Body>) -> Request<Body> {
    request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static(crate::USER_AGENT));
    let writes = [Method::POST, Method::PUT, Method::PATCH].contains(request.method());
    let query = request.uri().query();
    if writes && query.is_none_or(|query| !query.contains("fieldManager=")) {
        let separator = if query.is_some() { '&' } else { '?' };
        let manager = FIELD_MANAGER.replace('/', "%2F");
        let uri = format!("{}{separator}fieldManager={manager}", request.uri());
        if let Ok(uri) = uri.parse() {
            *request.uri_mut() = uri;
        }
    }
    request
}

/// Identifies calls, counts them, and ends each call that takes too long.
#[derive(Clone, Debug)]
struct Supervision {
    metrics: Arc<Metrics>,
    deadline: Duration,
}

impl<S> Layer<S> for Supervision {
    type Service = Supervised<S>;

    fn layer(&self, inner: S) -> Supervised<S> {
        Supervised { inner, supervision: self.clone() }
    }
}

/// A service under [`Supervision`].
struct Supervised<S> {
    inner: S,
    supervision: Supervision,
}

impl<S, B> Service<Request<Body>> for Supervised<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = Response<B>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response<B>, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let Supervision { metrics, deadline } = self.supervision.clone();
        let method = request.method().clone();
        let call = self.inner.call(identified(request));
        Box::pin(async move {
            let answer = match tokio::time::timeout(deadline, call).await {
                Ok(answer) => answer,
                Err(_) => {
                    Err(format!("the API server gave no answer within {} s", deadline.as_secs()).into())
                }
            };
            let code = answer.as_ref().ok().map(|response| response.status().as_u16());
            metrics.kubernetes.request(&method, code);
            answer
        })
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::Namespace;
    use kube::Api;
    use tower::service_fn;

    use super::*;

    fn client<F>(metrics: &Arc<Metrics>, answer: fn() -> F) -> Client
    where
        F: Future<Output = Result<Response<Body>, BoxError>> + Send + 'static,
    {
        let supervision = Supervision { metrics: metrics.clone(), deadline: DEADLINE };
        Client::new(supervision.layer(service_fn(move |_: Request<Body>| answer())), "default")
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_without_an_answer_ends_with_a_sentence_and_is_counted() {
        let metrics = Metrics::new();
        let client = client(&metrics, std::future::pending);
        let error = Api::<Namespace>::all(client).get("default").await.expect_err("no answer comes");
        assert!(sentence(&error).contains("gave no answer within 30 s"), "{}", sentence(&error));
        let text = metrics.encode(jiff::Timestamp::UNIX_EPOCH);
        assert!(text.contains(r#"rest_client_requests_total{code="<error>",method="GET"} 1"#), "{text}");
    }

    #[tokio::test]
    async fn a_refusal_keeps_the_servers_own_message() {
        let metrics = Metrics::new();
        let client = client(&metrics, || async {
            let status = r#"{"kind":"Status","status":"Failure","message":"leases is forbidden","code":403}"#;
            Ok(Response::builder().status(403).body(Body::from(status.as_bytes().to_vec()))?)
        });
        let error = Api::<Namespace>::all(client).get("default").await.expect_err("it is forbidden");
        assert_eq!(sentence(&error), "leases is forbidden");
        let text = metrics.encode(jiff::Timestamp::UNIX_EPOCH);
        assert!(text.contains(r#"rest_client_requests_total{code="403",method="GET"} 1"#), "{text}");
    }

    #[test]
    fn every_request_has_the_user_agent_and_every_write_a_field_manager() {
        let sent = |method: &Method, uri: &str| {
            let request = Request::builder().method(method).uri(uri).body(Body::empty()).unwrap();
            let request = identified(request);
            assert_eq!(request.headers()["user-agent"], concat!("vestibule/", env!("CARGO_PKG_VERSION")));
            request.uri().to_string()
        };
        let ours = "fieldManager=access.vestibule.dev%2Fcontroller";
        for method in [Method::POST, Method::PUT, Method::PATCH] {
            assert_eq!(sent(&method, "/api/v1/events"), format!("/api/v1/events?{ours}"));
            assert_eq!(
                sent(&method, "/api/v1/events?force=true"),
                format!("/api/v1/events?force=true&{ours}")
            );
            assert_eq!(sent(&method, "/x?fieldManager=other"), "/x?fieldManager=other");
        }
        for method in [Method::GET, Method::DELETE] {
            assert_eq!(sent(&method, "/api/v1/events?watch=true"), "/api/v1/events?watch=true");
        }
    }

    #[tokio::test]
    async fn a_proxy_is_refused_without_its_address() {
        let config = serde_json::json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "clusters": [{"name": "here", "cluster": {
                "server": "https://api.example.org", "proxy-url": "http://user:secret@proxy.example.org"
            }}],
            "users": [{"name": "us", "user": {}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "us"}}],
        });
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), config.to_string()).unwrap();
        let whereabouts = Whereabouts { kubeconfig: Some(file.path().to_owned()), context: None };
        let message = connect(&whereabouts, Metrics::new()).await.err().expect("it is refused").to_string();
        assert!(message.contains("remove proxy-url") && !message.contains("secret"), "{message}");
    }

    #[tokio::test]
    async fn a_kubeconfig_that_is_not_there_is_named() {
        let whereabouts = Whereabouts { kubeconfig: Some("/nowhere/config".into()), context: None };
        let error = connect(&whereabouts, Metrics::new()).await.err().expect("there is no such file");
        assert!(error.to_string().contains("/nowhere/config"), "{error}");
    }
}
