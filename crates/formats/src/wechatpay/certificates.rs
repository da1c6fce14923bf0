//! `GET /v3/certificates`: the platform's certificates, sealed with the APIv3 key.

use serde_json::{Map, Value, json};

use super::aead::{AeadError, ApiV3Key};
use super::signature::{PlatformKey, PlatformKeys};
use super::{hex_of, time};
use crate::alipay::json;
use crate::cert::{self, CertError, Validity};
use crate::keys::{KeyError, VerifyingKey};

/// The most certificates of one reply.
const CERTIFICATES_MAX: usize = 16;
/// The longest reply, bytes.
const BODY_MAX_BYTES: usize = 256 * 1024;

/// One certificate of the platform, read and compared with what the reply says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformCertificate {
    /// Upper-case hexadecimal.
    pub serial_no: String,
    /// From when to when it counts.
    pub validity: Validity,
    /// The certificate.
    pub pem: String,
}

/// Why a reply holds no usable certificates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificatesError {
    /// No JSON object of this shape, or too much of it.
    #[error("the certificates cannot be read: {0}")]
    Malformed(&'static str),
    /// It does not open with the APIv3 key.
    #[error(transparent)]
    Sealed(#[from] AeadError),
    /// What it holds is no certificate.
    #[error(transparent)]
    Certificate(#[from] CertError),
    /// Its key is refused.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The certificate has another serial or validity than the reply says.
    #[error("the certificate is another than the reply says")]
    Differs,
}

/// Opens the certificates of a reply; who trusts them has verified the reply with one of them or an older one.
pub fn decode(body: &[u8], key: &ApiV3Key) -> Result<Vec<PlatformCertificate>, CertificatesError> {
    if body.len() > BODY_MAX_BYTES {
        return Err(CertificatesError::Malformed("too long"));
    }
    let text = std::str::from_utf8(body).map_err(|_| CertificatesError::Malformed("not UTF-8"))?;
    let object = json::parse_object(text).map_err(|_| CertificatesError::Malformed("not a JSON object"))?;
    let items =
        object.get("data").and_then(Value::as_array).ok_or(CertificatesError::Malformed("no data"))?;
    if items.is_empty() || items.len() > CERTIFICATES_MAX {
        return Err(CertificatesError::Malformed("count"));
    }
    items.iter().map(|item| item.as_object().map_or(Err(NOT_AN_OBJECT), |item| open(item, key))).collect()
}

const NOT_AN_OBJECT: CertificatesError = CertificatesError::Malformed("item");

fn open(item: &Map<String, Value>, key: &ApiV3Key) -> Result<PlatformCertificate, CertificatesError> {
    let text = |name: &str| item.get(name).and_then(Value::as_str).ok_or(NOT_AN_OBJECT);
    let moment = |name: &str| time::parse_us(text(name)?).map_err(|_| CertificatesError::Malformed("time"));
    let sealed = item.get("encrypt_certificate").and_then(Value::as_object).ok_or(NOT_AN_OBJECT)?;
    let pem = String::from_utf8(key.open(sealed)?).map_err(|_| CertificatesError::Malformed("not text"))?;
    let certificate = read_pem(&pem)?;
    let stated = Validity { not_before_us: moment("effective_time")?, not_after_us: moment("expire_time")? };
    if certificate.serial_no != text("serial_no")? || certificate.validity != stated {
        return Err(CertificatesError::Differs);
    }
    Ok(certificate)
}

/// Reads one certificate with its serial and validity.
pub fn read_pem(pem: &str) -> Result<PlatformCertificate, CertificatesError> {
    let validity = cert::validity(pem)?;
    Ok(PlatformCertificate { serial_no: serial_no(pem)?, validity, pem: pem.to_owned() })
}

/// The serial of the first certificate of a text, upper-case hexadecimal as WeChat writes it.
pub fn serial_no(pem: &str) -> Result<String, CertError> {
    let blocks = pem::parse_many(pem).map_err(|_| CertError::NotPem)?;
    let block = blocks.first().filter(|block| block.tag() == "CERTIFICATE").ok_or(CertError::NotPem)?;
    let (_, certificate) =
        x509_parser::parse_x509_certificate(block.contents()).map_err(|_| CertError::NotCertificate)?;
    let serial = certificate.raw_serial();
    let significant = serial.iter().position(|byte| *byte != 0).unwrap_or(serial.len());
    Ok(hex_of(serial.get(significant..).unwrap_or_default()).to_ascii_uppercase())
}

impl PlatformCertificate {
    /// The key with its validity, to be added under the serial.
    pub fn platform_key(&self) -> Result<PlatformKey, KeyError> {
        let key = VerifyingKey::from_certificate_pem(&self.pem)?;
        Ok(PlatformKey { key, validity: Some(self.validity) })
    }
}

/// The keys of certificates by serial.
pub fn platform_keys(certificates: &[PlatformCertificate]) -> Result<PlatformKeys, KeyError> {
    let mut keys = PlatformKeys::default();
    for certificate in certificates {
        keys.insert(certificate.serial_no.clone(), certificate.platform_key()?);
    }
    Ok(keys)
}

/// Writes a reply, for the simulator; each nonce has 12 bytes.
pub fn encode(
    certificates: &[(PlatformCertificate, String)],
    key: &ApiV3Key,
) -> Result<String, CertificatesError> {
    let moment = |at_us: i64| time::format_us(at_us).map_err(|_| CertificatesError::Malformed("time"));
    let mut data = Vec::new();
    for (certificate, nonce) in certificates {
        data.push(json!({
            "serial_no": certificate.serial_no,
            "effective_time": moment(certificate.validity.not_before_us)?,
            "expire_time": moment(certificate.validity.not_after_us)?,
            "encrypt_certificate": key.seal(certificate.pem.as_bytes(), nonce, "certificate")?,
        }));
    }
    Ok(json!({ "data": data }).to_string())
}
