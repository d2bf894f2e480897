//! TLS with a certificate of our own, by an authority of our own.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::error::{Error, ErrorKind};

/// The names in the certificate, besides those that a user gives.
const NAMES: [&str; 8] = [
    "localhost",
    "*.localhost",
    "*.s3.localhost",
    "host.docker.internal",
    "127.0.0.1",
    "::1",
    "*.us-east-1.amazonaws.com",
    "*.amazonaws.com",
];

/// An authority, and a server's certificate by it. The authority's key is forgotten at once.
#[derive(Clone)]
pub(super) struct Authority {
    pub(super) pem: String,
    pub(super) acceptor: TlsAcceptor,
}

impl Authority {
    /// # Errors
    /// A name that cannot stand in a certificate.
    pub(super) fn new(names: &[String]) -> Result<Authority, Error> {
        Authority::made(names).map_err(|e| Error::new(ErrorKind::Usage, format!("make a certificate: {e}")))
    }

    fn made(names: &[String]) -> Result<Authority, Box<dyn std::error::Error>> {
        let mut root = CertificateParams::new(Vec::new())?;
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        root.distinguished_name.push(DnType::CommonName, "rehearsal, for tests on this machine");
        let root_key = KeyPair::generate()?;
        let pem = root.self_signed(&root_key)?.pem();
        let issuer = Issuer::new(root, root_key);

        let all = NAMES.iter().map(|name| (*name).to_owned()).chain(names.iter().cloned());
        let mut own = CertificateParams::new(all.collect::<Vec<_>>())?;
        own.distinguished_name.push(DnType::CommonName, "localhost");
        own.use_authority_key_identifier_extension = true;
        let own_key = KeyPair::generate()?;
        let certificate = own.signed_by(&own_key, &issuer)?;
        let chain = vec![CertificateDer::from(certificate.der().to_vec())];
        let key = PrivateKeyDer::try_from(own_key.serialize_der())?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Authority { pem, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }
}
