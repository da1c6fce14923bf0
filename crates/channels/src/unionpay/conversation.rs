//! One conversation with the gateway: sign, send, read, verify.

use super::call::{Call, CallError};
use super::{Credentials, Message};
use crate::http::{Exchange, HttpTrouble, Post};
use crate::line::{Line, NotSent};
use std::sync::Arc;
use tk_domain::payment::BrowserForm;
use tk_formats::unionpay::reply::{self, ReplyError};
use tk_formats::unionpay::request::{Endpoint, form_body, seal};
use tk_formats::unionpay::{Charset, sensitive};

const CONTENT_TYPE: &str = "application/x-www-form-urlencoded;charset=UTF-8";

/// What came of a conversation.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// Our signed form for the payer's browser; nobody was asked.
    Form(BrowserForm),
    /// A verified answer.
    Answered(Box<Message>),
    /// Bytes that are no answer, or whose signature or certificate is not believed; the text says why.
    Unreadable(String),
    /// An HTTP status other than 200.
    HttpStatus(u16),
    /// No answer in time.
    Timeout,
    /// The connection failed.
    Connection,
    /// Nothing left us.
    NotSent(NotSent),
}

impl Heard {
    /// A line for the log: codes and kinds, never a signed form or a payer's data.
    pub fn summary(&self) -> String {
        match self {
            Self::Form(_) => "form".to_owned(),
            Self::Answered(message) => {
                let outcome = message.orig_resp_code.as_deref().unwrap_or_default();
                format!("answered {} {outcome}", message.resp_code).trim_end().to_owned()
            }
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
            | CallError::NumberMissing
            | CallError::RequestorMissing
            | CallError::Unwritable(_) => Self::Refused(error.to_string()),
        }
    }
}

impl From<ReplyError> for Heard {
    fn from(error: ReplyError) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// A request ready to travel.
enum Sealed {
    Form(BrowserForm),
    Post { url: String, body: String },
}

/// The signed form of a page, or the posted form of any other call.
fn sealed(credentials: &Credentials, call: &Call, now_us: i64) -> Result<Sealed, NotSent> {
    let settings = &credentials.settings;
    let refused = |error: &dyn std::fmt::Display| NotSent::Refused(error.to_string());
    let mut fields = call.fields(settings, now_us)?;
    if let Some(customer) = call.customer() {
        let key = credentials.encryption.as_ref();
        let packed = sensitive::customer_info(&[customer], key).map_err(|error| refused(&error))?;
        fields.push(("customerInfo", packed));
        if let Some(key) = key {
            fields.push(("encryptCertId", key.cert_id.clone()));
        }
    }
    let pairs: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let signed = seal(&pairs, &credentials.signer, Charset::Utf8).map_err(|error| refused(&error))?;
    let url = call.url(settings);
    if call.endpoint() == Endpoint::Front {
        let fields = signed.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        return Ok(Sealed::Form(BrowserForm { url, fields }));
    }
    let body = form_body(&signed).map_err(|error| refused(&error))?;
    Ok(Sealed::Post { url, body })
}

/// Says one thing and hears what comes back.
pub(crate) async fn hold(line: &Line<'_>, credentials: &Arc<Credentials>, call: Call) -> Heard {
    let is_file = call.endpoint() == Endpoint::File;
    let (url, body) = match sealed(credentials, &call, line.now_us) {
        Err(why) => return why.into(),
        Ok(Sealed::Form(form)) => return Heard::Form(form),
        Ok(Sealed::Post { url, body }) => (url, body),
    };
    let answer = if is_file {
        posted_for_file(line, &url, body).await
    } else {
        line.http.post(Post { url: &url, content_type: CONTENT_TYPE, body }).await
    };
    match answer {
        Err(trouble) => trouble.into(),
        Ok(bytes) => reply::decode(&bytes, &credentials.verifier, line.now_us)
            .map_or_else(Heard::from, |message| Heard::Answered(Box::new(message))),
    }
}

async fn posted_for_file(line: &Line<'_>, url: &str, body: String) -> Result<Vec<u8>, HttpTrouble> {
    let headers = [("content-type", CONTENT_TYPE.to_owned())];
    let exchange = Exchange { method: "POST", url, headers: &headers, body };
    let exchanged = line.http.exchange_file(exchange, reply::BODY_MAX_BYTES).await?;
    if exchanged.status == 200 { Ok(exchanged.body) } else { Err(HttpTrouble::Status(exchanged.status)) }
}

/// Waits for the contract's turn and then holds a conversation.
pub(crate) async fn converse(
    line: &Line<'_>,
    credentials: &Arc<Credentials>,
    call: Result<Call, CallError>,
) -> Heard {
    let call = match call {
        Ok(call) => call,
        Err(error) => return NotSent::from(error).into(),
    };
    let method = call.method();
    let heard = match line.turn().await {
        None => Heard::NotSent(NotSent::Busy),
        Some(_permit) => hold(line, credentials, call).await,
    };
    tracing::debug!(channel_account = %line.account_id, method, heard = heard.summary(), "conversation");
    heard
}
