//! The serials by which the certificate mode names certificates.

use std::fmt::Write as _;

use md5::{Digest as _, Md5};
use x509_parser::certificate::X509Certificate;
use x509_parser::x509::X509Name;

pub use crate::cert::{CertError, Validity, check_chain, validity};
use crate::cert::{is_rsa_signed, parse, read_pem};

/// The serial of the first certificate: MD5 of the reversed issuer name and decimal serial (alipay.md §2).
pub fn serial_number(pem_text: &str) -> Result<String, CertError> {
    let ders = read_pem(pem_text)?;
    serial_of(&parse(ders.first().ok_or(CertError::NotPem)?)?)
}

/// The serials of every RSA certificate of the bundle, joined by `_` (alipay.md §2).
pub fn root_serial_number(bundle_pem: &str) -> Result<String, CertError> {
    let ders = read_pem(bundle_pem)?;
    let mut serials = Vec::new();
    for der in &ders {
        let certificate = parse(der)?;
        if is_rsa_signed(&certificate) {
            serials.push(serial_of(&certificate)?);
        }
    }
    if serials.is_empty() { Err(CertError::NoRsaRoot) } else { Ok(serials.join("_")) }
}

fn serial_of(certificate: &X509Certificate<'_>) -> Result<String, CertError> {
    let mut digest = Md5::new();
    digest.update(reversed_name(certificate.issuer())?);
    digest.update(certificate.tbs_certificate.serial.to_string());
    Ok(digest.finalize().iter().fold(String::with_capacity(32), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

fn reversed_name(name: &X509Name<'_>) -> Result<String, CertError> {
    let mut parts = Vec::new();
    for attribute in name.iter_attributes() {
        let oid = attribute.attr_type().to_id_string();
        let short = match oid.as_str() {
            "2.5.4.3" => "CN",
            "2.5.4.6" => "C",
            "2.5.4.7" => "L",
            "2.5.4.8" => "ST",
            "2.5.4.10" => "O",
            "2.5.4.11" => "OU",
            other => other,
        };
        let value = attribute.as_str().map_err(|_| CertError::NameUnreadable)?;
        parts.push(format!("{short}={value}"));
    }
    parts.reverse();
    Ok(parts.join(","))
}
