//! The pages on which the payer waits for a channel.

use super::frame::{Frame, Visit, clock, span};
use super::methods;
use super::pages::WaitPage;
use super::stage::{Rows, Stage};
use crate::locale::text;
use tk_domain::ask::EXPIRY_GRACE_US;
use tk_domain::moment::SECOND_US;
use tk_domain::payment::Attempt;

/// After this long the payer is told that the page may be left, seconds.
const LEAVE_AFTER_S: i64 = 60;

/// One way on from a waiting page.
#[derive(Debug, Clone)]
pub struct WayOn {
    /// Where it leads, under `/c/{token}`.
    pub path: String,
    /// What it says.
    pub label: String,
}

/// The page for a stage in which the channel has the word.
pub fn page(visit: &Visit, rows: &Rows, stage: Stage) -> WaitPage {
    let came_back = matches!(stage, Stage::Qr | Stage::Wallet);
    let shown = if came_back { Stage::Confirming } else { stage };
    let seconds = if shown == Stage::Checking { 30 } else { 4 };
    let reload = visit.returned_at_us.map_or_else(String::new, confirming_path);
    let cheque = shown == Stage::Confirming && rows.by_cheque();
    let heading = if cheque { "cheque-heading" } else { heading(shown) };
    let seconds = if cheque { 60 } else { seconds };
    let frame = Frame::of(visit, rows, shown, heading).reloading(seconds, &reload);
    let waited_us = waited_us(visit, rows, shown);
    let elapsed_s = waited_us.map(|length| length / SECOND_US);
    let mut ways = links(visit, rows, stage);
    WaitPage {
        frame,
        lines: lines(visit, rows, shown),
        elapsed: span(visit.locale, waited_us.unwrap_or_default()),
        late: elapsed_s.is_some_and(|seconds| seconds > LEAVE_AFTER_S),
        elapsed_s,
        later_lines: vec![text(visit.locale, "wait-leave", &[("payee", &rows.payee)])],
        main_way: (stage == Stage::Closing).then(|| ways.pop()).flatten(),
        links: ways,
    }
}

/// Where a payer who came back at this moment waits, under `/c/{token}`.
pub fn confirming_path(returned_at_us: i64) -> String {
    format!("/confirming?since={}", returned_at_us / SECOND_US)
}

const fn heading(stage: Stage) -> &'static str {
    match stage {
        Stage::Preparing => "preparing-heading",
        Stage::CodeExpired => "code-expired-heading",
        Stage::Checking => "checking-heading",
        Stage::Closing => "closing-heading",
        Stage::Confirming
        | Stage::Qr
        | Stage::Wallet
        | Stage::Transfer
        | Stage::Identity
        | Stage::Choose
        | Stage::Paid
        | Stage::Late
        | Stage::Closed
        | Stage::Failed
        | Stage::Expired => "confirming-heading",
    }
}

fn lines(visit: &Visit, rows: &Rows, stage: Stage) -> Vec<String> {
    let method = rows.open().map(|attempt| methods::name(visit.locale, attempt.method)).unwrap_or_default();
    let until = rows.open().map(|attempt| settled_by(attempt, visit.now_us)).unwrap_or_default();
    let keys: &[&str] = match stage {
        Stage::Preparing => &["preparing-line"],
        Stage::CodeExpired => &["code-expired-line", "blocked-until"],
        Stage::Checking => &["checking-line"],
        Stage::Closing if rows.payment.close_requested_at_us.is_some() => {
            &["cancelling-line", "blocked-until"]
        }
        Stage::Closing => &["closing-line", "blocked-until"],
        Stage::Confirming if rows.by_cheque() => &["cheque-line", "cheque-leave"],
        Stage::Confirming
        | Stage::Qr
        | Stage::Wallet
        | Stage::Transfer
        | Stage::Identity
        | Stage::Choose
        | Stage::Paid
        | Stage::Late
        | Stage::Closed
        | Stage::Failed
        | Stage::Expired => &["confirming-line"],
    };
    let args = [("method", method.as_str()), ("until", until.as_str()), ("payee", rows.payee.as_str())];
    keys.iter().map(|key| text(visit.locale, key, &args)).collect()
}

/// When the channel at the latest must have told whether the attempt was paid.
pub fn settled_by(attempt: &Attempt, now_us: i64) -> String {
    clock(attempt.channel_expires_at_us.saturating_add(EXPIRY_GRACE_US), now_us)
}

fn waited_us(visit: &Visit, rows: &Rows, stage: Stage) -> Option<i64> {
    if stage != Stage::Confirming || rows.by_cheque() {
        return None;
    }
    let attempt = rows.open()?;
    let began_us = visit.returned_at_us.or(attempt.unknown_since_us).unwrap_or(attempt.updated_at_us);
    Some(visit.now_us.saturating_sub(began_us.max(attempt.created_at_us)).max(0))
}

fn links(visit: &Visit, rows: &Rows, stage: Stage) -> Vec<WayOn> {
    let locale = visit.locale;
    let method = rows.open().map(|attempt| methods::name(locale, attempt.method)).unwrap_or_default();
    let way = |path: &str, key: &str| WayOn {
        path: path.to_owned(),
        label: text(locale, key, &[("method", method.as_str())]),
    };
    let payable = rows
        .open()
        .is_some_and(|attempt| attempt.action.is_some() && attempt.channel_expires_at_us > visit.now_us);
    match stage {
        Stage::Wallet => vec![way("/wallet", "wait-unpaid-continue"), way("/methods", "other-method")],
        Stage::Qr => vec![way("", "wait-back-to-code"), way("/methods", "other-method")],
        Stage::CodeExpired | Stage::Preparing => vec![way("/methods", "other-method")],
        Stage::Closing if payable && rows.payment.close_requested_at_us.is_none() => {
            vec![way("/earlier", "closing-continue")]
        }
        Stage::Confirming if rows.by_cheque() => Vec::new(),
        Stage::Confirming => vec![way("/return", "check-now")],
        Stage::Closing
        | Stage::Checking
        | Stage::Identity
        | Stage::Choose
        | Stage::Transfer
        | Stage::Paid
        | Stage::Late
        | Stage::Closed
        | Stage::Failed
        | Stage::Expired => Vec::new(),
    }
}
