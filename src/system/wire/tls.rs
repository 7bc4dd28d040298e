//! The certificates trusted over TLS: the machine's authorities, those that the integration names, and a server
//! certificate that it names itself. A system may come with a self-signed certificate, as a NetBox does
//! (systems/lenel-s2.md 2.1). Such a certificate is often marked as an authority and issued for another name, which no path
//! validation accepts. A certificate in the bundle is therefore trusted as exactly itself.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_platform_verifier::Verifier;

/// Why a bundle cannot be used.
#[derive(Debug, thiserror::Error)]
pub(in crate::system) enum BadBundle {
    #[error("it holds no certificate in PEM form")]
    NoCertificate,
    #[error("{0}")]
    Tls(#[from] Error),
}

/// TLS that trusts the certificates of a PEM bundle in addition to those of the machine.
pub(in crate::system) fn trusting(pem: &[u8]) -> Result<ClientConfig, BadBundle> {
    let named: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let named = named.ok().filter(|found| !found.is_empty()).ok_or(BadBundle::NoCertificate)?;
    let provider =
        CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(aws_lc_rs::default_provider()));
    let paths = Verifier::new_with_extra_roots(named.iter().cloned(), Arc::clone(&provider))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(NamedOrValid { named, paths }))
        .with_no_client_auth();
    Ok(config)
}

/// Accepts a certificate that is in the bundle itself, and any that leads to a trusted authority. Signatures are always
/// checked.
#[derive(Debug)]
struct NamedOrValid {
    named: Vec<CertificateDer<'static>>,
    paths: Verifier,
}

impl ServerCertVerifier for NamedOrValid {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.named.iter().any(|named| named == end_entity) {
            return Ok(ServerCertVerified::assertion());
        }
        self.paths.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.paths.verify_tls12_signature(message, cert, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.paths.verify_tls13_signature(message, cert, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.paths.supported_verify_schemes()
    }
}
