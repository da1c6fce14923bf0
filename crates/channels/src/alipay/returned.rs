//! What Alipay says of shares that a refund took back: `refund_royaltys` of `alipay.trade.fastpay.refund.query`, and
//! `royalty_detail_list` of `alipay.trade.order.settle.query`.

use super::report::{Fields, OK};
use super::{Heard, shares};
use serde_json::Value;
use tk_domain::payment::Attempt;
use tk_domain::refund::Refund;
use tk_domain::split::{ReturnFinding, ReturnMode, SplitReceiver, SplitReturn};

/// What one listed share says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Listed {
    Back,
    Kept(String),
    UnderWay,
    /// No document says what it means.
    Unknown,
}

/// What a question about a share on its way back proves; nothing, where the share is not listed, or not to be told from
/// another of the same receiver.
pub fn returned(
    (back, receiver): (&SplitReturn, &SplitReceiver),
    (refund, attempt): (&Refund, &Attempt),
    heard: &Heard,
) -> ReturnFinding {
    let answer = match heard {
        Heard::Answered(answer) if answer.code == OK => answer,
        Heard::NotSent(_) => return ReturnFinding::NotSent,
        Heard::Answered(_)
        | Heard::Link(_)
        | Heard::UnsignedError { .. }
        | Heard::Unreadable(_)
        | Heard::HttpStatus(_)
        | Heard::Timeout
        | Heard::Connection => return ReturnFinding::Unclear,
    };
    let fields = Fields(answer);
    // Either answer names the refund; one that names another is about something else.
    if fields.text("out_request_no") != Some(&refund.out_no) {
        return ReturnFinding::Unclear;
    }
    let list = |name: &str| answer.node.get(name).and_then(Value::as_array);
    let entries: Vec<(i64, Listed)> = match (list("royalty_detail_list"), list("refund_royaltys")) {
        (Some(entries), _) => entries.iter().filter_map(|entry| detailed(entry, receiver)).collect(),
        (None, Some(entries)) if fields.text("out_trade_no") == Some(&attempt.out_no) => {
            entries.iter().filter_map(|entry| refunded(entry, receiver)).collect()
        }
        (None, _) => Vec::new(),
    };
    told(back, &entries)
}

/// Which of a receiver's entries is this share's: the only one where Alipay reckons, else those of its amount, which have
/// to agree.
fn told(back: &SplitReturn, entries: &[(i64, Listed)]) -> ReturnFinding {
    let same: Vec<&(i64, Listed)> = entries.iter().filter(|(fen, _)| *fen == back.amount_minor).collect();
    let one = match (back.mode, entries, same.as_slice()) {
        (ReturnMode::Itself, [only], _) => only,
        (ReturnMode::Along, _, [first, others @ ..]) if others.iter().all(|other| other.1 == first.1) => {
            first
        }
        // Another amount than we named is told as it is, and shown to a person.
        (ReturnMode::Along, [only], []) => only,
        (ReturnMode::Itself | ReturnMode::Along | ReturnMode::Ahead | ReturnMode::Books, _, _) => {
            return ReturnFinding::Unclear;
        }
    };
    match &one.1 {
        Listed::Back => ReturnFinding::Done { amount_minor: one.0 },
        Listed::Kept(code) => ReturnFinding::Failed { code: code.clone(), message: String::new() },
        Listed::UnderWay => ReturnFinding::Accepted,
        Listed::Unknown => ReturnFinding::Unclear,
    }
}

/// An entry of `refund_royaltys`: of its result codes only one is documented.
fn refunded(entry: &Value, receiver: &SplitReceiver) -> Option<(i64, Listed)> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let ordinary = text("royalty_type").is_none_or(|kind| kind == "transfer");
    let given = [text("trans_out"), text("trans_out_email")].contains(&Some(receiver.account.as_str()));
    let listed = if text("result_code") == Some("SUCCESS") { Listed::Back } else { Listed::Unknown };
    (ordinary && given).then(|| shares::fen_of(entry, "refund_amount"))?.map(|fen| (fen, listed))
}

/// An entry of `royalty_detail_list` about a share that comes back.
fn detailed(entry: &Value, receiver: &SplitReceiver) -> Option<(i64, Listed)> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let given = text("operation_type") == Some("transfer_refund")
        && text("trans_out") == Some(receiver.account.as_str());
    let listed = match text("state") {
        Some("SUCCESS") => Listed::Back,
        Some("FAIL") => Listed::Kept(text("error_code").unwrap_or_default().to_owned()),
        Some("PROCESSING") => Listed::UnderWay,
        Some(_) | None => Listed::Unknown,
    };
    given.then(|| shares::fen_of(entry, "amount"))?.map(|fen| (fen, listed))
}
