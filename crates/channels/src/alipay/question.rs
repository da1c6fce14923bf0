//! The question of a check-up: an order that nobody has.

use super::call::Call;
use super::conversation::hold;
use super::{Credentials, Heard};
use crate::checkup::Asked;
use crate::line::Line;

/// An order number that is never given.
const NUMBER: &str = "TILLKEEPERCHECKUP";

pub(crate) async fn ask(line: &Line<'_>, credentials: &Credentials) -> Asked {
    match hold(line, credentials, Call::Query { out_trade_no: NUMBER.to_owned() }).await {
        Heard::Answered(answer) => {
            let code = answer.sub_code.unwrap_or(answer.code);
            refused(&code).map_or(Asked::Answered(code.clone()), |finding| Asked::Refused(finding, code))
        }
        Heard::UnsignedError { code, sub_code } => {
            let code = sub_code.unwrap_or(code);
            Asked::Refused(refused(&code).unwrap_or("refused"), code)
        }
        Heard::Unreadable(why) => Asked::Unverified(why),
        Heard::HttpStatus(status) => Asked::Unheard("http_status", status.to_string()),
        Heard::Timeout => Asked::Unheard("timeout", String::new()),
        Heard::Connection => Asked::Unheard("unreachable", String::new()),
        Heard::NotSent(why) => Asked::Unheard("not_sent", why.to_string()),
        Heard::Link(_) => Asked::Unheard("not_sent", String::new()),
    }
}

/// Codes that speak of the configuration (公共错误码, `isv.…`).
fn refused(code: &str) -> Option<&'static str> {
    match code {
        "isv.invalid-signature" | "isv.invalid-app-cert-sn" => Some("our_key_refused"),
        "isv.invalid-app-id" | "isv.missing-app-id" => Some("merchant_unknown"),
        "isv.invalid-timestamp" => Some("clock_off"),
        "isv.invalid-alipay-root-cert-sn" => Some("root_refused"),
        _ => None,
    }
}
