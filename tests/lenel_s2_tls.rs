//! The NetBox client over TLS, with certificates like those of a real NetBox.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking, as tests do")]

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use vestibule::clock::SystemClock;
use vestibule::cluster::lease::Fence;
use vestibule::system::lenel_s2::{Config, Credentials, LenelS2};
use vestibule::system::{AccessSystem, ErrorKind, SystemError};
use vestibule_core::identity::Owner;

/// A NetBox that refuses every login, over TLS. If its refusal can be read, its certificate was trusted.
async fn serve(certificate: CertificateDer<'static>, key: &KeyPair) -> String {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(refuse(acceptor.clone(), stream));
        }
    });
    url
}

async fn refuse(acceptor: TlsAcceptor, stream: TcpStream) {
    const BODY: &str = "<NETBOX><RESPONSE><APIERROR>5</APIERROR></RESPONSE></NETBOX>";
    let Ok(mut stream) = acceptor.accept(stream).await else { return };
    let mut request = vec![0; 4096];
    if stream.read(&mut request).await.is_ok() {
        let answer =
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{BODY}", BODY.len());
        stream.write_all(answer.as_bytes()).await.ok();
        stream.shutdown().await.ok();
    }
}

/// The result of the first call with this bundle beside the machine's authorities.
async fn call(url: String, bundle: Option<String>) -> SystemError {
    let config = Config {
        ca_pem: bundle.map(String::into_bytes),
        allow_loopback: true,
        timeout: Duration::from_secs(10),
        ..Config::new(url, TimeZone::UTC)
    };
    let credentials = Credentials { username: "api".to_owned(), password: "secret".into() };
    let (clock, fence) = (Arc::new(SystemClock), Fence::always_open(Arc::new(SystemClock)));
    LenelS2::new(&config, credentials, Owner(1), clock, fence).unwrap().check().await.unwrap_err()
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

#[tokio::test]
async fn a_certificate_of_a_private_authority_is_trusted_only_where_it_is_named() {
    let (ours, other) = (authority("ca.example.org"), authority("other.example.org"));
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &ours).unwrap();
    let url = serve(certificate.der().clone(), &key).await;
    assert_eq!(call(url.clone(), Some(ours.pem())).await.kind, ErrorKind::Auth);
    for untrusted in [None, Some(other.pem())] {
        let error = call(url.clone(), untrusted).await;
        assert_eq!(error.kind, ErrorKind::Transient);
        assert!(error.message.contains("lenelS2.caBundle"), "{error}");
    }
}

#[tokio::test]
async fn a_self_signed_certificate_is_trusted_when_it_is_named_itself() {
    // Like a certificate of `openssl req -x509`: an authority, and issued for another name.
    let own = authority("netbox.local");
    let url = serve(own.der().clone(), own.key()).await;
    assert_eq!(call(url.clone(), Some(own.pem())).await.kind, ErrorKind::Auth);
    assert_eq!(call(url, Some(authority("netbox.local").pem())).await.kind, ErrorKind::Transient);
}
