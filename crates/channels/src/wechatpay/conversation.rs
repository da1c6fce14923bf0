//! One conversation: sign, send, read, verify.

use super::call::{Call, CallError, Wire};
use super::{Credentials, Refusal, report, shares};
use crate::http::{Exchange, Exchanged, HttpTrouble};
use crate::line::{Line, NotSent};
use serde_json::{Map, Value};
use tk_formats::wechatpay::authorization::{self, Request, Signer};
use tk_formats::wechatpay::certificates;
use tk_formats::wechatpay::pay_sign;
use tk_formats::wechatpay::reply::{self, Reply, ReplyError};
use tk_formats::wechatpay::signature::{PlatformKeys, SignatureHeaders, VerifyError};

/// What came of a conversation.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// A verified success; no fields where there was no body.
    Done(Map<String, Value>),
    /// Signed parameters for the payer's WeChat, made from a verified success.
    Bridge(String),
    /// A refusal with a code.
    Refused(Refusal),
    /// Bytes that are no answer, or whose signature does not verify; the text says why.
    Unreadable(String),
    /// A status that is no success, without a code.
    HttpStatus(u16),
    /// No answer in time.
    Timeout,
    /// The connection failed.
    Connection,
    /// Nothing left us.
    NotSent(NotSent),
}

impl Heard {
    /// A line for the log: codes and kinds, never signed parameters or a payer's data.
    pub fn summary(&self) -> String {
        match self {
            Self::Done(_) => "done".to_owned(),
            Self::Bridge(_) => "bridge".to_owned(),
            Self::Refused(refusal) => format!("refused {} {}", refusal.status, refusal.code),
            Self::Unreadable(why) => format!("unreadable: {why}"),
            Self::HttpStatus(status) => format!("http_status {status}"),
            Self::Timeout => "timeout".to_owned(),
            Self::Connection => "connection".to_owned(),
            Self::NotSent(why) => format!("not_sent: {why}"),
        }
    }
}

impl From<HttpTrouble> for Heard {
    fn from(trouble: HttpTrouble) -> Self {
        match trouble {
            HttpTrouble::Timeout => Self::Timeout,
            HttpTrouble::Connection | HttpTrouble::Certificate => Self::Connection,
            HttpTrouble::Status(status) => Self::HttpStatus(status),
            HttpTrouble::TooLarge => Self::Unreadable("answer is too large".to_owned()),
            HttpTrouble::AddressRefused => Self::NotSent(NotSent::Refused("address is refused".to_owned())),
        }
    }
}

impl From<NotSent> for Heard {
    fn from(why: NotSent) -> Self {
        Self::NotSent(why)
    }
}

impl From<CallError> for NotSent {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Expired => Self::Expired,
            CallError::MethodForeign(_)
            | CallError::KindForeign(_)
            | CallError::CurrencyForeign(_)
            | CallError::AmountOutOfRange(_)
            | CallError::Payload
            | CallError::BillForeign
            | CallError::Time => Self::Refused(error.to_string()),
        }
    }
}

/// Says one thing and hears what comes back.
pub(crate) async fn hold(line: &Line<'_>, credentials: &Credentials, call: Call) -> Heard {
    renew_if_due(line, credentials).await;
    let (call, sealed_under) = match sealed(credentials, call) {
        Ok(sealed) => sealed,
        Err(heard) => return heard,
    };
    let wire = match call.wire(&credentials.settings, line.now_us) {
        Ok(wire) => Wire { sealed_under, ..wire },
        Err(error) => return NotSent::from(error).into(),
    };
    let exchanged = match exchange(line, credentials, wire, Taking::Answer).await {
        Ok(exchanged) => exchanged,
        Err(heard) => return heard,
    };
    match read(&exchanged, &credentials.platform.keys(), line.now_us) {
        Ok(Reply::Refused(refusal)) => Heard::Refused(refusal),
        Ok(Reply::Done { fields, .. }) => done(line, credentials, &call, fields),
        Err(error) => {
            if matches!(error, ReplyError::Verify(VerifyError::SerialUnknown(_))) {
                credentials.platform.want_renewal();
            }
            unread(exchanged.status, &error)
        }
    }
}

/// The call with its sensitive fields sealed, and under which key they are.
fn sealed(credentials: &Credentials, call: Call) -> Result<(Call, Option<String>), Heard> {
    let Call::Shares(shares::Call::Add { account, name: Some(name), relation, custom_relation }) = call
    else {
        return Ok((call, None));
    };
    let sealed = credentials.platform.seal(&name);
    let (name, serial) =
        sealed.ok_or_else(|| Heard::NotSent(NotSent::Refused("a field could not be sealed".to_owned())))?;
    let add = shares::Call::Add { account, name: Some(name), relation, custom_relation };
    Ok((Call::Shares(add), Some(serial)))
}

fn done(line: &Line<'_>, credentials: &Credentials, call: &Call, fields: Map<String, Value>) -> Heard {
    if !matches!(call, Call::Jsapi { .. }) {
        return Heard::Done(report::with_return(call, fields));
    }
    let prepay_id = fields.get("prepay_id").and_then(Value::as_str).unwrap_or_default().to_owned();
    if prepay_id.is_empty() {
        return Heard::Unreadable("there is no prepay_id".to_owned());
    }
    let sign = || {
        let (nonce, at_s) = (authorization::fresh_nonce()?, line.now_us.div_euclid(1_000_000));
        pay_sign::jsapi(&credentials.settings.appid, &prepay_id, &credentials.signing, at_s, &nonce)
    };
    match sign() {
        Ok(parameters) => Heard::Bridge(parameters.to_string()),
        Err(_) => Heard::Unreadable("the payment could not be signed".to_owned()),
    }
}

pub(super) fn read(exchanged: &Exchanged, keys: &PlatformKeys, now_us: i64) -> Result<Reply, ReplyError> {
    let headers = SignatureHeaders::from_lookup(|name| exchanged.headers.get(name));
    reply::decode(exchanged.status, headers, &exchanged.body, keys, now_us)
}

fn unread(status: u16, error: &ReplyError) -> Heard {
    match error {
        ReplyError::NotJson | ReplyError::CodeMissing if !(200..300).contains(&status) => {
            Heard::HttpStatus(status)
        }
        ReplyError::TooLarge | ReplyError::Verify(_) | ReplyError::NotJson | ReplyError::CodeMissing => {
            Heard::Unreadable(error.to_string())
        }
    }
}

/// What comes back: an answer, or a file of at most so many bytes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Taking {
    Answer,
    File(usize),
}

/// Signs and sends; signing runs on the blocking pool.
pub(super) async fn exchange(
    line: &Line<'_>,
    credentials: &Credentials,
    wire: Wire,
    taking: Taking,
) -> Result<Exchanged, Heard> {
    let (wire, header) = signed(line, credentials, wire)?;
    let url = format!("{}{}", credentials.settings.base_url, wire.target);
    let mut headers = vec![("authorization", header), ("accept", "application/json".to_owned())];
    let serial = wire.sealed_under.as_ref().or(credentials.settings.public_key_id.as_ref());
    if let Some(serial) = serial {
        headers.push(("wechatpay-serial", serial.clone()));
    }
    if !wire.body.is_empty() {
        headers.push(("content-type", "application/json".to_owned()));
    }
    let exchange = Exchange { method: wire.method, url: &url, headers: &headers, body: wire.body };
    let exchanged = match taking {
        Taking::Answer => line.http.exchange(exchange).await,
        Taking::File(max_bytes) => line.http.exchange_file(exchange, max_bytes).await,
    };
    exchanged.map_err(Heard::from)
}

fn signed(line: &Line<'_>, credentials: &Credentials, wire: Wire) -> Result<(Wire, String), Heard> {
    let sign = || {
        let request = Request { method: wire.method, target: &wire.target, body: &wire.body };
        let nonce = authorization::fresh_nonce()?;
        let signer = Signer {
            mchid: &credentials.settings.mchid,
            serial_no: &credentials.serial_no,
            key: &credentials.signing,
            at_s: line.now_us.div_euclid(1_000_000),
            nonce: &nonce,
        };
        authorization::authorize(&request, &signer)
    };
    let signed =
        sign().map_err(|_| Heard::NotSent(NotSent::Refused("the request could not be signed".to_owned())));
    signed.map(|header| (wire, header))
}

/// Downloads the platform's certificates when they are due; what is wrong with them is logged, and the keys
/// known so far go on counting.
pub(crate) async fn renew_if_due(line: &Line<'_>, credentials: &Credentials) {
    if !credentials.platform.take_renewal(line.now_us) {
        return;
    }
    let Ok(wire) = Call::Certificates.wire(&credentials.settings, line.now_us) else { return };
    let exchanged = match exchange(line, credentials, wire, Taking::Answer).await {
        Ok(exchanged) if exchanged.status == 200 => exchanged,
        Ok(exchanged) => {
            tracing::warn!(channel_account = %line.account_id, status = exchanged.status, "no platform certificates");
            return;
        }
        Err(heard) => {
            tracing::warn!(channel_account = %line.account_id, heard = heard.summary(), "no platform certificates");
            return;
        }
    };
    match certificates_of(&exchanged, credentials, line.now_us) {
        Ok(count) => {
            tracing::info!(channel_account = %line.account_id, count, "platform certificates renewed");
        }
        Err(error) => {
            tracing::error!(channel_account = %line.account_id, error, "platform certificates refused");
        }
    }
}

/// Only who holds the APIv3 key can have sealed them; their own reply must verify with one of them or with a key
/// known before.
pub(super) fn certificates_of(
    exchanged: &Exchanged,
    credentials: &Credentials,
    now_us: i64,
) -> Result<usize, String> {
    let found =
        certificates::decode(&exchanged.body, &credentials.api_v3_key).map_err(|error| error.to_string())?;
    let mut keys = credentials.platform.keys();
    for certificate in &found {
        let key = certificate.platform_key().map_err(|error| error.to_string())?;
        keys.insert(certificate.serial_no.clone(), key);
    }
    read(exchanged, &keys, now_us).map_err(|error| error.to_string())?;
    credentials.platform.renew(&found, now_us);
    Ok(found.len())
}
