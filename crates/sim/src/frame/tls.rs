//! TLS with an authority that the simulator makes, or with given files.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::Tls;

/// The acceptor of a listener, and the certificate that a caller must trust.
pub(super) struct Secured {
    pub(super) acceptor: TlsAcceptor,
    pub(super) ca_pem: String,
}

/// Makes or reads the certificate.
pub(super) fn secure(tls: &Tls, listen: &[SocketAddr]) -> Result<Secured, String> {
    let (chain, key, ca_pem) = match tls {
        Tls::OwnAuthority => {
            own_authority(listen).map_err(|e| format!("no certificate could be made: {e}"))?
        }
        Tls::Files { cert, key } => (read(cert)?, read(key)?, read(cert)?),
    };
    let certs: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain.as_bytes()).collect();
    let certs = certs.map_err(|e| format!("the certificate cannot be read: {e}"))?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
        .map_err(|e| format!("the private key cannot be read: {e}"))?;
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certs, key))
        .map_err(|e| format!("TLS cannot be set up with this certificate and key: {e}"))?;
    Ok(Secured { acceptor: TlsAcceptor::from(Arc::new(config)), ca_pem })
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|e| format!("{} cannot be read: {e}", path.display()))
}

/// Chain, key and authority in PEM.
fn own_authority(listen: &[SocketAddr]) -> Result<(String, String, String), rcgen::Error> {
    let mut authority = CertificateParams::new(Vec::<String>::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    authority.distinguished_name.push(DnType::CommonName, "vestibule-sim authority");
    let authority_key = KeyPair::generate()?;
    let authority_pem = authority.self_signed(&authority_key)?.pem();

    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    names.extend(listen.iter().map(|addr| addr.ip().to_string()));
    names.sort();
    names.dedup();
    let mut leaf = CertificateParams::new(names)?;
    leaf.distinguished_name.push(DnType::CommonName, "vestibule-sim");
    let leaf_key = KeyPair::generate()?;
    let issuer = Issuer::new(authority, authority_key);
    let leaf_pem = leaf.signed_by(&leaf_key, &issuer)?.pem();
    Ok((leaf_pem, leaf_key.serialize_pem(), authority_pem))
}
