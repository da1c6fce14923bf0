//! The question of a check-up: an order that nobody has.

use super::call::Call;
use super::conversation::hold;
use super::{Credentials, Heard, SignedBy};
use crate::checkup::Asked;
use crate::line::Line;
use std::sync::Arc;

/// An order number that is never given.
const NUMBER: &str = "TILLKEEPERCHECKUP";

pub(crate) async fn ask(line: &Line<'_>, credentials: &Arc<Credentials>) -> Asked {
    let call = Call::Query { order_id: NUMBER.to_owned(), txn_time_us: line.now_us, biz_type: "000201" };
    match hold(line, credentials, call).await {
        Heard::Answered(message) => match message.resp_code.as_str() {
            "11" => Asked::Refused("our_key_refused", message.resp_code),
            "31" | "32" => Asked::Refused("merchant_unknown", message.resp_code),
            "10" => Asked::Refused("refused", message.resp_code),
            _ => Asked::Answered(message.resp_code),
        },
        // A refusal of our signature is signed with the key that the other side has.
        Heard::Unreadable(why) if credentials.settings.signed_by != SignedBy::Certificate => {
            Asked::Refused("shared_key_refused", why)
        }
        Heard::Unreadable(why) => Asked::Unverified(why),
        Heard::HttpStatus(status) => Asked::Unheard("http_status", status.to_string()),
        Heard::Timeout => Asked::Unheard("timeout", String::new()),
        Heard::Connection => Asked::Unheard("unreachable", String::new()),
        Heard::NotSent(why) => Asked::Unheard("not_sent", why.to_string()),
        Heard::Form(_) => Asked::Unheard("not_sent", String::new()),
    }
}
