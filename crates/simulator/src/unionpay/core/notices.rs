//! Notifications and when they are sent again.

use super::books::{Books, Trade};

const MINUTE_US: i64 = 60_000_000;

/// After each sending that is not acknowledged, how long until the next (unionpay.md section 7).
pub const NOTIFY_LADDER_US: [i64; 5] =
    [MINUTE_US, 2 * MINUTE_US, 4 * MINUTE_US, 5 * MINUTE_US, 5 * MINUTE_US];

/// The most notices kept.
const NOTICES_MAX: usize = 100_000;

/// A notification to `backUrl`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub serial: u64,
    pub url: String,
    /// Its fields without those of the signature.
    pub fields: Vec<(String, String)>,
    /// When it is due, Unix microseconds.
    pub due_at_us: i64,
    /// How often it was sent.
    pub sent: usize,
}

impl Books {
    /// Plans the notification of a trade, if the merchant gave an address.
    pub(super) fn announce(&mut self, url: Option<&str>, fields: Vec<(String, String)>, now_us: i64) {
        let Some(url) = url.filter(|url| !url.is_empty()) else { return };
        if self.notices.len() < NOTICES_MAX {
            let serial = self.next_serial();
            self.notices.push(Notice { serial, url: url.to_owned(), fields, due_at_us: now_us, sent: 0 });
        }
    }

    /// Takes what is due and plans its repetition; a notice that was sent often enough is given up.
    pub fn due_notices(&mut self, now_us: i64) -> Vec<Notice> {
        let mut due = Vec::new();
        self.notices.retain_mut(|notice| {
            if notice.due_at_us > now_us {
                return true;
            }
            due.push(notice.clone());
            let next = NOTIFY_LADDER_US.get(notice.sent);
            notice.sent += 1;
            notice.due_at_us = now_us.saturating_add(next.copied().unwrap_or_default());
            next.is_some()
        });
        let last = due.iter().filter(|notice| notice.sent >= NOTIFY_LADDER_US.len()).count();
        self.given_up = self.given_up.saturating_add(u64::try_from(last).unwrap_or(0));
        due
    }

    /// The merchant took a notice: it is not sent again.
    pub fn acknowledge(&mut self, serial: u64) {
        self.notices.retain(|notice| notice.serial != serial);
    }

    /// Makes every notice that waits due.
    pub fn flush_notices(&mut self, now_us: i64) {
        for notice in &mut self.notices {
            notice.due_at_us = notice.due_at_us.min(now_us);
        }
    }

    /// How many notices were sent for the last time.
    pub const fn given_up_notices(&self) -> u64 {
        self.given_up
    }

    /// How many notices wait.
    pub const fn pending_notices(&self) -> usize {
        self.notices.len()
    }
}

/// The fields by which a trade is reported, in notifications and in answers to questions.
pub(super) fn report_fields(trade: &Trade) -> Vec<(String, String)> {
    let moment = tk_formats::unionpay::time::format_us(trade.done_at_us).unwrap_or_default();
    let (trace_time, settle_date) =
        (moment.get(4..).unwrap_or_default(), moment.get(4..8).unwrap_or_default());
    let amount = trade.amount_fen.to_string();
    let mut fields = vec![
        ("queryId", trade.query_id.as_str()),
        ("traceNo", &trade.trace_no),
        ("traceTime", trace_time),
        ("settleAmt", &amount),
        ("settleCurrencyCode", "156"),
        ("settleDate", settle_date),
        ("currencyCode", "156"),
        ("txnAmt", &amount),
    ];
    match &trade.orig_query_id {
        Some(orig) => fields.push(("origQryId", orig)),
        None => fields.extend([("accNo", "6216***********0018"), ("payType", "0001"), ("payCardType", "01")]),
    }
    fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
