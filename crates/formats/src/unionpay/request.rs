//! Requests: a signed form, posted by us or carried by the payer's browser (unionpay.md §1, §2).

use super::VERSION;
use super::sign::SharedKey;
use super::sign::{SignError, SignMethod, Signer, charset_of, string_to_sign, verify_certificate};
use super::trust::TrustError;
use crate::charset::{Charset, CharsetError};
use crate::form::{Params, ParamsError, encode_urlencoded, parse_urlencoded};
use crate::keys::{SignatureError, VerifyingKey};

/// Where a request goes, under one gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// The payer's browser brings it.
    Front,
    /// Server to server.
    Back,
    /// For the control inside an app.
    App,
    /// Questions about a trade.
    Query,
    /// Batch files.
    Batch,
    /// Settlement files, on a host of its own.
    File,
}

impl Endpoint {
    /// The path under the gateway (unionpay.md §1).
    pub const fn path(self) -> &'static str {
        match self {
            Self::Front => "/gateway/api/frontTransReq.do",
            Self::Back => "/gateway/api/backTransReq.do",
            Self::App => "/gateway/api/appTransReq.do",
            Self::Query => "/gateway/api/queryTrans.do",
            Self::Batch => "/gateway/api/batchTrans.do",
            Self::File => "/",
        }
    }
}

/// Adds what every request carries and signs it; empty values are left out and blanks around values cut off.
pub fn seal(fields: &[(&str, &str)], signer: &Signer, charset: Charset) -> Result<Params, SignError> {
    let mut pairs =
        vec![("version", VERSION), ("encoding", encoding(charset)), ("signMethod", signer.method().code())];
    if let Signer::Certificate { cert_id, .. } = signer {
        pairs.push(("certId", cert_id));
    }
    pairs.extend_from_slice(fields);
    pairs.sort_by_key(|(name, _)| *name);
    let mut params = Params::new();
    for (name, value) in pairs.into_iter().filter(|(_, value)| !value.trim().is_empty()) {
        params.insert(name, value.trim())?;
    }
    let signature = signer.signature(&params, charset)?;
    insert_sorted(&params, signature)
}

/// The body of a posted request.
pub fn form_body(params: &Params) -> Result<String, ParamsError> {
    encode_urlencoded(params, charset_of(params)?)
}

/// Whose request it must be, for the simulator.
#[derive(Debug)]
pub enum Merchant {
    /// `01`: the key of the certificate with this `certId`.
    Certificate {
        /// The key.
        key: VerifyingKey,
        /// `certId`.
        cert_id: String,
    },
    /// `11` and `12`.
    Shared(SharedKey),
}

/// Verifies and reads a posted request, for the simulator.
pub fn verify(body: &[u8], merchant: &Merchant) -> Result<Params, RequestError> {
    let params = parse(body)?;
    verify_params(&params, merchant)?;
    Ok(params)
}

/// Reads a posted request without believing it, for the simulator.
pub fn parse(body: &[u8]) -> Result<Params, RequestError> {
    let charset = crate::form::find_encoded(body, "encoding")?
        .map_or(Ok(Charset::Utf8), |name| Charset::parse(&name))?;
    Ok(parse_urlencoded(body, charset)?)
}

/// Checks the signature of a request that was read, for the simulator.
pub fn verify_params(params: &Params, merchant: &Merchant) -> Result<(), RequestError> {
    let charset = charset_of(params)?;
    let signature = params.get_filled("signature").ok_or(TrustError::SignatureMissing)?;
    let named = params.get("signMethod").and_then(SignMethod::parse);
    match merchant {
        Merchant::Certificate { key, cert_id } => {
            if named != Some(SignMethod::Rsa) || params.get("certId") != Some(cert_id) {
                return Err(TrustError::MethodRefused.into());
            }
            Ok(verify_certificate(key, params, charset).map_err(TrustError::from)?)
        }
        Merchant::Shared(key) => {
            if named != Some(key.method()) {
                return Err(TrustError::MethodRefused.into());
            }
            let text = string_to_sign(params);
            let bytes = charset.encode(&text).map_err(|_| TrustError::from(SignatureError::Mismatch))?;
            Ok(key.verify(&bytes, signature).map_err(TrustError::from)?)
        }
    }
}

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The form is refused.
    #[error(transparent)]
    Params(#[from] ParamsError),
    /// The charset is unknown.
    #[error(transparent)]
    Charset(#[from] CharsetError),
    /// The signature is not believed.
    #[error(transparent)]
    Trust(#[from] TrustError),
}

/// `encoding` as the gateway writes it.
const fn encoding(charset: Charset) -> &'static str {
    match charset {
        Charset::Utf8 => "UTF-8",
        Charset::Gbk => "GBK",
    }
}

fn insert_sorted(params: &Params, signature: String) -> Result<Params, SignError> {
    let mut out = Params::new();
    let mut signature = Some(signature);
    for (name, value) in params.iter() {
        if name > "signature"
            && let Some(signature) = signature.take()
        {
            out.insert("signature", signature)?;
        }
        out.insert(name, value)?;
    }
    if let Some(signature) = signature {
        out.insert("signature", signature)?;
    }
    Ok(out)
}
