//! Whose signatures are believed: a certificate that travels inside the message, pinned to configured roots.

use x509_parser::certificate::X509Certificate;

use crate::cert::{CertError, check_chain, parse, read_pem};
use crate::charset::Charset;
use crate::form::Params;
use crate::keys::{KeyError, SignatureError, VerifyingKey};

use super::sign::{SharedKey, SignMethod, verify_certificate};

/// The name UnionPay's own certificates carry (unionpay.md §3).
const UNIONPAY_NAME: &str = "中国银联股份有限公司";
/// The name of the certificates of UnionPay's test gateway.
const TEST_NAME: &str = "00040000:SIGN";
/// Which part of the subject's common name, split at `@`, carries it.
const NAME_PART: usize = 2;

/// Which names a signing certificate may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signatory {
    /// Only UnionPay.
    UnionPay,
    /// UnionPay, or its test gateway.
    TestGateway,
}

/// The authorities a message's certificate must lead to.
#[derive(Debug, Clone)]
pub struct Roots {
    middle_pem: String,
    root_pem: String,
    signatory: Signatory,
}

/// How the other side's messages are verified; a message cannot choose.
#[derive(Debug, Clone)]
pub enum Verifier {
    /// `01`: the certificate inside the message, pinned.
    Certificates(Roots),
    /// `11` and `12`: the shared key.
    Shared(SharedKey),
}

/// Why a message is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// `signature` is absent or empty.
    #[error("message is not signed")]
    SignatureMissing,
    /// `signMethod` is not the one agreed.
    #[error("signMethod is not the one agreed")]
    MethodRefused,
    /// `signPubKeyCert` is absent or empty.
    #[error("message carries no certificate")]
    CertificateMissing,
    /// The certificate is refused.
    #[error(transparent)]
    Certificate(#[from] CertError),
    /// The certificate carries another name than UnionPay's.
    #[error("certificate is not of UnionPay")]
    NameForeign,
    /// The certificate's key is refused.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The signature is wrong.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

impl Roots {
    /// Takes the middle and root certificates as PEM; each must parse.
    pub fn new(middle_pem: &str, root_pem: &str, signatory: Signatory) -> Result<Self, CertError> {
        for pem in [middle_pem, root_pem] {
            for der in read_pem(pem)? {
                parse(&der)?;
            }
        }
        Ok(Self { middle_pem: middle_pem.to_owned(), root_pem: root_pem.to_owned(), signatory })
    }

    /// The key of a message's certificate, if it leads to the root, is valid now and is UnionPay's.
    pub fn key_of(&self, certificate_pem: &str, at_us: i64) -> Result<VerifyingKey, TrustError> {
        let ders = read_pem(certificate_pem)?;
        let [der] = ders.as_slice() else { return Err(CertError::TooLarge.into()) };
        let chain = [certificate_pem, &self.middle_pem].join("\n");
        check_chain(&chain, &self.root_pem, at_us)?;
        if !self.signatory.is_named_by(&parse(der)?)? {
            return Err(TrustError::NameForeign);
        }
        Ok(VerifyingKey::from_certificate_pem(certificate_pem)?)
    }
}

impl Signatory {
    fn is_named_by(self, certificate: &X509Certificate<'_>) -> Result<bool, CertError> {
        let name = common_name(certificate)?;
        let part = name.split('@').nth(NAME_PART).unwrap_or_default();
        Ok(match self {
            Self::UnionPay => part == UNIONPAY_NAME,
            Self::TestGateway => part == UNIONPAY_NAME || part == TEST_NAME,
        })
    }
}

impl Verifier {
    /// The `signMethod` that messages must name.
    pub const fn method(&self) -> SignMethod {
        match self {
            Self::Certificates(_) => SignMethod::Rsa,
            Self::Shared(key) => key.method(),
        }
    }

    /// Checks the signature over the parameters as they came.
    pub fn verify(&self, params: &Params, charset: Charset, at_us: i64) -> Result<(), TrustError> {
        let signature = params.get_filled("signature").ok_or(TrustError::SignatureMissing)?;
        if params.get("signMethod") != Some(self.method().code()) {
            return Err(TrustError::MethodRefused);
        }
        match self {
            Self::Certificates(roots) => {
                let pem = params.get_filled("signPubKeyCert").ok_or(TrustError::CertificateMissing)?;
                Ok(verify_certificate(&roots.key_of(pem, at_us)?, params, charset)?)
            }
            Self::Shared(key) => {
                let text = super::sign::string_to_sign(params);
                let bytes = charset.encode(&text).map_err(|_| SignatureError::Mismatch)?;
                Ok(key.verify(&bytes, signature)?)
            }
        }
    }
}

/// `certId`: the serial of the first certificate in decimal digits (unionpay.md §2).
pub fn cert_id(pem: &str) -> Result<String, CertError> {
    let ders = read_pem(pem)?;
    let certificate = parse(ders.first().ok_or(CertError::NotPem)?)?;
    Ok(certificate.tbs_certificate.serial.to_string())
}

fn common_name(certificate: &X509Certificate<'_>) -> Result<String, CertError> {
    let mut names = certificate.subject().iter_common_name();
    match (names.next(), names.next()) {
        (Some(only), None) => only.as_str().map(str::to_owned).map_err(|_| CertError::NameUnreadable),
        (None | Some(_), _) => Err(CertError::NameUnreadable),
    }
}
