//! Requests to `gateway.do`: built and signed by us, verified by the simulator.

use serde_json::{Map, Value};

use super::SIGN_TYPE;
use super::json;
use super::params::{Params, ParamsError, charset_of, encode_urlencoded, request_string};
use super::time;
use crate::charset::{Charset, CharsetError};
use crate::keys::{SignatureError, SigningKey, VerifyingKey};

const FORMAT: &str = "JSON";
const VERSION: &str = "1.0";

/// One API call: the method and what it says (alipay.md §4).
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The method name, such as `alipay.trade.query`.
    pub method: String,
    /// The business content, a JSON object written in the order given.
    pub biz_content: Value,
    /// Where the platform sends the asynchronous notification.
    pub notify_url: Option<String>,
    /// Where the payer's browser returns to.
    pub return_url: Option<String>,
    /// The token of the merchant an ISV application acts for.
    pub app_auth_token: Option<String>,
}

impl Call {
    /// A call with business content and no addresses or token.
    pub fn new(method: impl Into<String>, biz_content: Value) -> Self {
        Self { method: method.into(), biz_content, notify_url: None, return_url: None, app_auth_token: None }
    }
}

/// The serials a request carries in certificate mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertSerials {
    /// `app_cert_sn`, see `cert::serial_number`.
    pub app_cert_sn: String,
    /// `alipay_root_cert_sn`, see `cert::root_serial_number`.
    pub alipay_root_cert_sn: String,
}

/// What every request of one application carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The application number.
    pub app_id: String,
    /// The charset of the request and its answer.
    pub charset: Charset,
    /// The moment of the request, UTC microseconds, sent as GMT+8 seconds.
    pub timestamp_us: i64,
    /// The serials in certificate mode, nothing in public key mode.
    pub serials: Option<CertSerials>,
}

/// A request after its signature was verified.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifiedRequest {
    /// The call.
    pub call: Call,
    /// The envelope.
    pub envelope: Envelope,
}

/// Why a request was not built or not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// A required parameter is absent or empty.
    #[error("parameter {0} is missing")]
    Missing(&'static str),
    /// A parameter has a value that is not allowed.
    #[error("parameter {0} is invalid")]
    Invalid(&'static str),
    /// `sign_type` is not RSA2.
    #[error("sign_type is not RSA2")]
    SignTypeRefused,
    /// The signature is wrong or could not be made.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The parameters are refused as such.
    #[error(transparent)]
    Params(#[from] ParamsError),
    /// The text does not fit the charset.
    #[error(transparent)]
    Charset(#[from] CharsetError),
}

/// Builds the sorted parameters of a call and appends `sign`.
pub fn sign_request(envelope: &Envelope, call: &Call, key: &SigningKey) -> Result<Params, RequestError> {
    let timestamp = time::format_us(envelope.timestamp_us).map_err(|_| RequestError::Invalid("timestamp"))?;
    if !call.biz_content.is_object() {
        return Err(RequestError::Invalid("biz_content"));
    }
    let biz_content = call.biz_content.to_string();
    let serials = envelope.serials.as_ref();
    let fields: [(&str, Option<&str>); 13] = [
        ("alipay_root_cert_sn", serials.map(|pair| pair.alipay_root_cert_sn.as_str())),
        ("app_auth_token", call.app_auth_token.as_deref()),
        ("app_cert_sn", serials.map(|pair| pair.app_cert_sn.as_str())),
        ("app_id", Some(&envelope.app_id)),
        ("biz_content", Some(&biz_content)),
        ("charset", Some(envelope.charset.name())),
        ("format", Some(FORMAT)),
        ("method", Some(&call.method)),
        ("notify_url", call.notify_url.as_deref()),
        ("return_url", call.return_url.as_deref()),
        ("sign_type", Some(SIGN_TYPE)),
        ("timestamp", Some(&timestamp)),
        ("version", Some(VERSION)),
    ];
    let mut params = Params::new();
    for (name, value) in fields {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            params.insert(name, value)?;
        }
    }
    let text = request_string(&params);
    let sign = key.sign(&envelope.charset.encode(&text)?)?;
    params.insert("sign", sign)?;
    Ok(params)
}

/// The gateway address with every parameter in the query string.
pub fn get_url(gateway: &str, params: &Params) -> Result<String, RequestError> {
    let joint = if gateway.contains('?') { '&' } else { '?' };
    Ok(format!("{gateway}{joint}{}", form_body(params)?))
}

/// Every parameter as one form body, in the charset the parameters name.
pub fn form_body(params: &Params) -> Result<String, RequestError> {
    Ok(encode_urlencoded(params, charset_of(params)?)?)
}

/// The address and body the official SDKs post: `biz_content` in the body, all else in the query (alipay.md §1).
pub fn post_parts(gateway: &str, params: &Params) -> Result<(String, String), RequestError> {
    let mut query = params.clone();
    let mut body = Params::new();
    if let Some(biz_content) = query.remove("biz_content") {
        body.insert("biz_content", biz_content)?;
    }
    Ok((get_url(gateway, &query)?, encode_urlencoded(&body, charset_of(params)?)?))
}

/// Verifies a received request and types it; the caller picked the key by `app_id`.
pub fn verify_request(params: &Params, key: &VerifyingKey) -> Result<VerifiedRequest, RequestError> {
    let required = |name: &'static str| params.get_filled(name).ok_or(RequestError::Missing(name));
    let sign = required("sign")?;
    if required("sign_type")? != SIGN_TYPE {
        return Err(RequestError::SignTypeRefused);
    }
    let charset = Charset::parse(required("charset")?).map_err(|_| RequestError::Invalid("charset"))?;
    key.verify(&charset.encode(&request_string(params))?, sign)?;
    if required("version")? != VERSION {
        return Err(RequestError::Invalid("version"));
    }
    if params.get_filled("format").is_some_and(|format| !format.eq_ignore_ascii_case(FORMAT)) {
        return Err(RequestError::Invalid("format"));
    }
    let timestamp_us =
        time::parse_us(required("timestamp")?).map_err(|_| RequestError::Invalid("timestamp"))?;
    let owned = |name| params.get_filled(name).map(str::to_owned);
    let call = Call {
        method: required("method")?.to_owned(),
        biz_content: Value::Object(read_biz_content(params)?),
        notify_url: owned("notify_url"),
        return_url: owned("return_url"),
        app_auth_token: owned("app_auth_token"),
    };
    let serials = match (owned("app_cert_sn"), owned("alipay_root_cert_sn")) {
        (Some(app_cert_sn), Some(alipay_root_cert_sn)) => {
            Some(CertSerials { app_cert_sn, alipay_root_cert_sn })
        }
        (None, None) => None,
        (Some(_), None) => return Err(RequestError::Missing("alipay_root_cert_sn")),
        (None, Some(_)) => return Err(RequestError::Missing("app_cert_sn")),
    };
    let envelope = Envelope { app_id: required("app_id")?.to_owned(), charset, timestamp_us, serials };
    Ok(VerifiedRequest { call, envelope })
}

fn read_biz_content(params: &Params) -> Result<Map<String, Value>, RequestError> {
    match params.get_filled("biz_content") {
        None => Ok(Map::new()),
        Some(text) => json::parse_object(text).map_err(|_| RequestError::Invalid("biz_content")),
    }
}
