//! The connections to the API server.

use hyper_timeout::TimeoutConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use kube::Config;
use kube::client::{Body, ClientBuilder, ConfigExt as _};
use tower::{BoxError, ServiceBuilder};

use super::Supervision;

/// A client for the API server that `config` names, with the connections and layers that kube's own builder makes. Two
/// things differ. Small segments are sent at once. No failed call is logged here, since the caller knows whether it
/// matters.
pub(super) fn client(config: &Config, supervision: &Supervision) -> kube::Result<kube::Client> {
    // All TLS of the process uses this one provider. The call fails only if the provider is already installed.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut connector = TimeoutConnector::new(config.rustls_https_connector_with_connector(tcp())?);
    connector.set_connect_timeout(config.connect_timeout);
    connector.set_read_timeout(config.read_timeout);
    connector.set_write_timeout(config.write_timeout);
    connector.set_reset_reader_on_write(config.reset_reader_on_write);
    let http = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build::<_, Body>(connector);
    let service = ServiceBuilder::new()
        .layer(supervision)
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(http);
    Ok(ClientBuilder::new(service, config.default_namespace.clone()).build())
}

/// Connections without Nagle's algorithm, like those of `client-go`. With it, the last segment of a longer request
/// waits until the server has acknowledged the others, and the server may delay that. The token of a service account
/// fills most of one segment.
fn tcp() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;
    use tower::Service as _;

    use super::*;

    #[tokio::test]
    async fn a_connection_sends_small_segments_at_once() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let connection = tcp().call(address.parse().unwrap()).await.unwrap();
        assert!(connection.inner().nodelay().unwrap());
    }
}
