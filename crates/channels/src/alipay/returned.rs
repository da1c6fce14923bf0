//! What Alipay says of shares that a refund took back: `refund_royaltys` of `alipay.trade.fastpay.refund.query`, and
//! `royalty_detail_list` of `alipay.trade.order.settle.query`.

use super::report::{Fields, OK};
use super::{Heard, shares};
use serde_json::Value;
use tk_domain::payment::Attempt;
use tk_domain::refund::Refund;
use tk_domain::split::{ReturnFinding, ReturnMode, ReturnStatus, SplitReceiver, SplitReturn};

/// What one listed share says of itself; of equal amounts what has come back is told first, what was kept last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Listed {
    Back,
    UnderWay,
    /// No document says what it means.
    Unknown,
    Kept(String),
}

/// A share on its way back with a refund, and what else the same receiver gives back with it.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The return that is asked about.
    pub back: &'a SplitReturn,
    /// The other returns of this refund by its receiver, of shares that were paid.
    pub beside: &'a [SplitReturn],
    /// Who gives it back.
    pub receiver: &'a SplitReceiver,
}

/// What a question about a share on its way back proves; nothing, where the share is not listed, or not to be told from
/// another of the same receiver.
pub fn returned(
    Asked { back, beside, receiver }: Asked<'_>,
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
    told(back, beside, entries)
}

/// Which of a receiver's entries is this share's. Of several shares one entry is theirs only if it is all of them together.
fn told(back: &SplitReturn, beside: &[SplitReturn], entries: Vec<(i64, Listed)>) -> ReturnFinding {
    match (beside, entries.as_slice()) {
        ([], entries) => alone(back, entries),
        (_, [sum]) => together(back, beside, sum),
        (_, entries_of_all) if entries_of_all.len() == beside.len().saturating_add(1) => {
            paired(back, beside, entries)
        }
        _ => ReturnFinding::Unclear,
    }
}

/// The only share of its receiver: the only entry where Alipay reckons, else those of its amount, which have to agree.
fn alone(back: &SplitReturn, entries: &[(i64, Listed)]) -> ReturnFinding {
    let same: Vec<&(i64, Listed)> = entries.iter().filter(|(fen, _)| *fen == back.amount_minor).collect();
    match (back.mode, entries, same.as_slice()) {
        (ReturnMode::Along, _, [first, others @ ..]) if others.iter().all(|other| other.1 == first.1) => {
            finding(first)
        }
        // Another amount than we named, come back, is told as it is and shown to a person; what else is said of another
        // amount is not said of this share.
        (ReturnMode::Along, [only @ (_, Listed::Back)], []) | (ReturnMode::Itself, [only], _) => {
            finding(only)
        }
        (ReturnMode::Itself | ReturnMode::Along | ReturnMode::Ahead | ReturnMode::Books, _, _) => {
            ReturnFinding::Unclear
        }
    }
}

/// One entry stands for several shares if it is their sum. Where Alipay reckons, it may be off by a fen for each of them,
/// which is far less than any of them: the first of them has the difference.
fn together(back: &SplitReturn, beside: &[SplitReturn], (sum, listed): &(i64, Listed)) -> ReturnFinding {
    let all = || beside.iter().chain([back]);
    let total = all().fold(0_i64, |total, one| total.saturating_add(one.amount_minor));
    let off = sum.saturating_sub(total);
    let count = i64::try_from(beside.len()).unwrap_or(i64::MAX).saturating_add(1);
    let within = off.saturating_abs() <= count && all().all(|one| one.amount_minor > count.saturating_mul(2));
    let first = all().min_by_key(|one| one.id).filter(|_| back.mode == ReturnMode::Itself && within);
    match (off, first) {
        (0, _) => finding(&(back.amount_minor, listed.clone())),
        (_, Some(first)) if first.id == back.id => {
            finding(&(back.amount_minor.saturating_add(off), listed.clone()))
        }
        (_, Some(first)) if first.status == ReturnStatus::Processing => {
            finding(&(back.amount_minor, listed.clone()))
        }
        (_, Some(_) | None) => ReturnFinding::Unclear,
    }
}

/// As many entries as shares: each has its own, in the order of amounts, once those that ended have theirs.
fn paired(back: &SplitReturn, beside: &[SplitReturn], mut entries: Vec<(i64, Listed)>) -> ReturnFinding {
    let mut shares: Vec<&SplitReturn> = beside.iter().chain([back]).collect();
    shares.sort_by_key(|one| (one.amount_minor, one.id));
    entries.sort();
    let named = shares.iter().map(|one| one.amount_minor).eq(entries.iter().map(|(fen, _)| *fen));
    if back.mode != ReturnMode::Itself && !named {
        return ReturnFinding::Unclear;
    }
    let (ended, open): (Vec<_>, Vec<_>) =
        shares.into_iter().partition(|one| one.id != back.id && one.status == ReturnStatus::Done);
    for one in ended {
        let had = entries.iter().position(|entry| *entry == (one.amount_minor, Listed::Back));
        let Some(place) = had else { return ReturnFinding::Unclear };
        entries.remove(place);
    }
    let own = open.iter().zip(&entries).find(|(one, _)| one.id == back.id);
    own.map_or(ReturnFinding::Unclear, |(_, entry)| finding(entry))
}

fn finding((fen, listed): &(i64, Listed)) -> ReturnFinding {
    match listed {
        Listed::Back => ReturnFinding::Done { amount_minor: *fen },
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
