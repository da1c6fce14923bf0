//! One conversation with the gateway: sign, send, read, verify.

use super::call::{Call, CallError, Road};
use super::{Answer, Credentials};
use crate::http::{HttpTrouble, Post};
use crate::line::{Line, NotSent};
use tk_formats::alipay::params::Params;
use tk_formats::alipay::request::{self, Envelope, RequestError};
use tk_formats::alipay::response::{self, ResponseError};

/// What came of a conversation.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// Our signed address for the payer's browser; nobody was asked.
    Link(String),
    /// A verified answer.
    Answered(Answer),
    /// The gateway claims an error and signed nothing; this proves nothing.
    UnsignedError {
        /// The gateway code claimed.
        code: String,
        /// The business code claimed.
        sub_code: Option<String>,
    },
    /// Bytes that are no answer, or whose signature does not verify; the text says why.
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
    /// A line for the log: codes and kinds, never a signed address or a payer's data.
    pub fn summary(&self) -> String {
        match self {
            Self::Link(_) => "link".to_owned(),
            Self::Answered(answer) => coded("answered", &answer.code, answer.sub_code.as_deref()),
            Self::UnsignedError { code, sub_code } => coded("unsigned_error", code, sub_code.as_deref()),
            Self::Unreadable(why) => format!("unreadable: {why}"),
            Self::HttpStatus(status) => format!("http_status {status}"),
            Self::Timeout => "timeout".to_owned(),
            Self::Connection => "connection".to_owned(),
            Self::NotSent(why) => format!("not_sent: {why}"),
        }
    }
}

fn coded(what: &str, code: &str, sub_code: Option<&str>) -> String {
    format!("{what} {code} {}", sub_code.unwrap_or_default()).trim_end().to_owned()
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
            | CallError::Time => Self::Refused(error.to_string()),
        }
    }
}

impl From<ResponseError> for Heard {
    fn from(error: ResponseError) -> Self {
        match error {
            ResponseError::UnsignedError { code, sub_code, msg: _, sub_msg: _ } => {
                Self::UnsignedError { code, sub_code }
            }
            ResponseError::TooLarge
            | ResponseError::Charset(_)
            | ResponseError::NotJson
            | ResponseError::NodeMissing
            | ResponseError::NodeInvalid
            | ResponseError::SignatureMissing
            | ResponseError::Signature(_)
            | ResponseError::CertificateMissing
            | ResponseError::CertificateUnknown(_) => Self::Unreadable(error.to_string()),
        }
    }
}

/// A request ready to travel.
enum Sealed {
    Link(String),
    Post { url: String, body: String },
}

/// The signed address of a page or wap payment, or the posted form of any other call.
fn seal(credentials: &Credentials, call: &Call, now_us: i64) -> Result<Sealed, NotSent> {
    let settings = &credentials.settings;
    let mut wire = call.wire(now_us)?;
    wire.app_auth_token.clone_from(&credentials.app_auth_token);
    let envelope = Envelope {
        app_id: settings.app_id.clone(),
        charset: settings.charset,
        timestamp_us: now_us,
        serials: credentials.serials.clone(),
    };
    let refused = |error: RequestError| NotSent::Refused(error.to_string());
    let params: Params = request::sign_request(&envelope, &wire, &credentials.signing).map_err(refused)?;
    match call.road() {
        Road::Browser => request::get_url(&settings.gateway_url, &params).map(Sealed::Link).map_err(refused),
        Road::Gateway => {
            let (url, body) = request::post_parts(&settings.gateway_url, &params).map_err(refused)?;
            Ok(Sealed::Post { url, body })
        }
    }
}

/// Says one thing and hears what comes back. A signature takes a quarter of a millisecond; two threads that hand it over
/// and back would delay everything else on a busy machine for longer, so it is made where the caller runs.
pub(crate) async fn hold(line: &Line<'_>, credentials: &Credentials, call: Call) -> Heard {
    let method = call.method();
    match seal(credentials, &call, line.now_us) {
        Err(why) => why.into(),
        Ok(Sealed::Link(url)) => Heard::Link(url),
        Ok(Sealed::Post { url, body }) => {
            let charset = credentials.settings.charset;
            let content_type = format!("application/x-www-form-urlencoded;charset={}", charset.name());
            let post = Post { url: &url, content_type: &content_type, body };
            match line.http.post(post).await {
                Err(trouble) => trouble.into(),
                Ok(bytes) => response::decode(method, &bytes, charset, &credentials.platform)
                    .map_or_else(Heard::from, Heard::Answered),
            }
        }
    }
}
