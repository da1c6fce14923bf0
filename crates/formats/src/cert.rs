//! Certificates: validity and the chain to configured roots.

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaParameters,
    UnparsedPublicKey,
};
use x509_parser::certificate::X509Certificate;

/// The longest PEM text looked at, in bytes.
const PEM_MAX_BYTES: usize = 256 * 1024;
/// The most certificates in one PEM text.
const BUNDLE_MAX: usize = 16;
/// The longest chain followed, in certificates below the root.
const CHAIN_MAX: usize = 4;
/// The arc of RSA with PKCS#1 v1.5 signatures; the platform's other roots use SM2 and are skipped.
const RSA_ARC: &str = "1.2.840.113549.1.1.";

/// Why certificates were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertError {
    /// The text is longer, or holds more certificates, than allowed.
    #[error("certificate text is too large")]
    TooLarge,
    /// The text is not PEM of certificates.
    #[error("text is not PEM of certificates")]
    NotPem,
    /// A certificate does not parse.
    #[error("certificate does not parse")]
    NotCertificate,
    /// A name in the certificate is not text.
    #[error("certificate name is not text")]
    NameUnreadable,
    /// The bundle holds no RSA certificate.
    #[error("bundle has no RSA certificate")]
    NoRsaRoot,
    /// A certificate is not yet or no longer valid at the moment given.
    #[error("certificate is outside its validity")]
    OutsideValidity,
    /// No configured root issued the certificate.
    #[error("certificate is not issued by a configured root")]
    Untrusted,
}

/// When a certificate is valid, in UTC microseconds, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The first moment.
    pub not_before_us: i64,
    /// The last moment.
    pub not_after_us: i64,
}

/// The validity of the first certificate.
pub fn validity(pem_text: &str) -> Result<Validity, CertError> {
    let ders = read_pem(pem_text)?;
    Ok(validity_of(&parse(ders.first().ok_or(CertError::NotPem)?)?))
}

/// Checks that the first certificate leads, over the others in its text, to a root of the bundle, all valid now.
pub fn check_chain(chain_pem: &str, roots_pem: &str, at_us: i64) -> Result<(), CertError> {
    let (chain_ders, root_ders) = (read_pem(chain_pem)?, read_pem(roots_pem)?);
    let chain = chain_ders.iter().map(|der| parse(der)).collect::<Result<Vec<_>, _>>()?;
    let roots = root_ders.iter().map(|der| parse(der)).collect::<Result<Vec<_>, _>>()?;
    let mut current = chain.first().ok_or(CertError::NotPem)?;
    for _ in 0..=CHAIN_MAX {
        check_validity(current, at_us)?;
        if let Some(root) = roots.iter().find(|root| has_issued(root, current)) {
            return check_validity(root, at_us);
        }
        let next = chain.iter().skip(1).find(|other| has_issued(other, current));
        current = next.ok_or(CertError::Untrusted)?;
    }
    Err(CertError::Untrusted)
}

pub(crate) fn read_pem(text: &str) -> Result<Vec<Vec<u8>>, CertError> {
    if text.len() > PEM_MAX_BYTES {
        return Err(CertError::TooLarge);
    }
    let blocks = pem::parse_many(text).map_err(|_| CertError::NotPem)?;
    if blocks.len() > BUNDLE_MAX {
        return Err(CertError::TooLarge);
    }
    if blocks.is_empty() || blocks.iter().any(|block| block.tag() != "CERTIFICATE") {
        return Err(CertError::NotPem);
    }
    Ok(blocks.into_iter().map(pem::Pem::into_contents).collect())
}

pub(crate) fn parse(der: &[u8]) -> Result<X509Certificate<'_>, CertError> {
    match x509_parser::parse_x509_certificate(der) {
        Ok(([], certificate)) => Ok(certificate),
        Ok(_) | Err(_) => Err(CertError::NotCertificate),
    }
}

pub(crate) fn is_rsa_signed(certificate: &X509Certificate<'_>) -> bool {
    certificate.signature_algorithm.algorithm.to_id_string().starts_with(RSA_ARC)
}

fn validity_of(certificate: &X509Certificate<'_>) -> Validity {
    let dates = certificate.validity();
    Validity {
        not_before_us: dates.not_before.timestamp().saturating_mul(1_000_000),
        not_after_us: dates.not_after.timestamp().saturating_mul(1_000_000),
    }
}

fn check_validity(certificate: &X509Certificate<'_>, at_us: i64) -> Result<(), CertError> {
    let dates = validity_of(certificate);
    if (dates.not_before_us..=dates.not_after_us).contains(&at_us) {
        Ok(())
    } else {
        Err(CertError::OutsideValidity)
    }
}

fn has_issued(issuer: &X509Certificate<'_>, subject: &X509Certificate<'_>) -> bool {
    let Some(algorithm) = algorithm_of(subject) else { return false };
    let key = UnparsedPublicKey::new(algorithm, &*issuer.public_key().subject_public_key.data);
    issuer.is_ca()
        && issuer.subject().as_raw() == subject.issuer().as_raw()
        && key.verify(subject.tbs_certificate.as_ref(), &subject.signature_value.data).is_ok()
}

fn algorithm_of(certificate: &X509Certificate<'_>) -> Option<&'static RsaParameters> {
    match certificate.signature_algorithm.algorithm.to_id_string().strip_prefix(RSA_ARC)? {
        "11" => Some(&RSA_PKCS1_2048_8192_SHA256),
        "12" => Some(&RSA_PKCS1_2048_8192_SHA384),
        "13" => Some(&RSA_PKCS1_2048_8192_SHA512),
        _ => None,
    }
}
