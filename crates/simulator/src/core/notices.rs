use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::faults::{Fault, Point};
use super::timers::{MINUTE_US, SECOND_US};
use super::{Entrance, Seller, Trade, TradeStatus};

/// Names that are not ours.
const STRANGE_APP: &str = "2021000000000999";
const STRANGE_SELLER: &str = "2088101117959999";
/// How long a notification held back for another one waits at most.
const REORDER_PATIENCE_US: i64 = 30 * MINUTE_US;

/// One POST to make now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notification {
    pub notify_id: String,
    pub url: String,
    /// 1 for the first attempt
    pub attempt: usize,
    pub seal: Seal,
    pub fields: NotifyFields,
}

/// Whose hand signs a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seal {
    /// The platform's key
    Genuine,
    /// Some other key
    WrongKey,
    /// No signature at all
    Unsigned,
    /// No message at all: somebody tries the address
    Probe,
}

/// What a notification says, in the words of `trade_status_sync`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotifyFields {
    pub notify_time_us: i64,
    pub app_id: String,
    pub seller_id: String,
    /// Through whom the seller is connected, if not by himself.
    pub provider: Option<super::Provider>,
    pub out_trade_no: String,
    pub trade_no: String,
    pub trade_status: TradeStatus,
    pub entrance: Entrance,
    pub total_fen: i64,
    /// What the payer did not pay of it himself
    pub coupon: super::Coupon,
    /// What this refund gave back, where the notification is about one
    pub refund_fen: Option<i64>,
    /// What of that is not the payer's
    pub refund_coupon: super::Coupon,
    /// Everything refunded so far, where the notification is about a refund
    pub refund_fee_fen: Option<i64>,
    /// The refund's `out_request_no`, as `out_biz_no`
    pub out_biz_no: Option<String>,
    pub buyer_id: String,
    pub buyer_logon_id: String,
    pub subject: String,
    pub passback_params: Option<String>,
    pub gmt_create_us: i64,
    pub gmt_payment_us: Option<i64>,
    pub gmt_refund_us: Option<i64>,
    pub gmt_close_us: Option<i64>,
}

#[derive(Debug, Clone)]
struct Pending {
    notification: Notification,
    copies: u32,
    due_us: i64,
    held_back: bool,
}

/// Notifications not yet acknowledged, by id and by due time.
#[derive(Debug, Clone, Default)]
pub(super) struct Notices {
    pending: BTreeMap<String, Pending>,
    due: BTreeSet<(i64, String)>,
    /// Ids held back to arrive out of order, by trade
    held: BTreeMap<String, Vec<String>>,
    given_up: u64,
}

impl Notices {
    pub(super) fn next_due_us(&self) -> Option<i64> {
        self.due.first().map(|(due_us, _)| *due_us)
    }

    fn insert(&mut self, pending: Pending) {
        let notify_id = pending.notification.notify_id.clone();
        self.due.insert((pending.due_us, notify_id.clone()));
        self.pending.insert(notify_id, pending);
    }

    fn remove(&mut self, notify_id: &str) -> Option<Pending> {
        let pending = self.pending.remove(notify_id)?;
        self.due.remove(&(pending.due_us, notify_id.to_owned()));
        Some(pending)
    }

    /// Takes out what was held back of a trade and is still waiting.
    fn take_held(&mut self, out_trade_no: &str) -> Vec<Pending> {
        let held = self.held.remove(out_trade_no).unwrap_or_default();
        let waiting = |id: &String| self.pending.get(id).is_some_and(|pending| pending.held_back);
        let waiting: Vec<String> = held.into_iter().filter(waiting).collect();
        waiting.iter().filter_map(|notify_id| self.remove(notify_id)).collect()
    }
}

impl Seller {
    /// The POSTs to make now; each comes again by the ladder until acknowledged or given up.
    pub fn due_notifications(&mut self, now_us: i64) -> Vec<Notification> {
        self.advance(now_us);
        let mut posts = Vec::new();
        while self.notices.next_due_us().is_some_and(|due_us| due_us <= now_us) {
            let Some((_, notify_id)) = self.notices.due.first().cloned() else { break };
            let Some(pending) = self.notices.remove(&notify_id) else { break };
            self.attempt(now_us, pending, &mut posts);
        }
        posts
    }

    /// The merchant answered exactly `success`.
    pub fn acknowledge(&mut self, notify_id: &str) {
        self.notices.remove(notify_id);
    }

    /// Makes every notification not yet acknowledged due now.
    pub fn flush_notifications(&mut self, now_us: i64) {
        let all: Vec<String> = self.notices.pending.keys().cloned().collect();
        for notify_id in all {
            if let Some(mut pending) = self.notices.remove(&notify_id) {
                pending.due_us = pending.due_us.min(now_us);
                self.notices.insert(pending);
            }
        }
    }

    /// Notifications neither acknowledged nor given up.
    pub fn pending_notifications(&self) -> usize {
        self.notices.pending.len()
    }

    /// Notifications that came to the end of the ladder.
    pub fn given_up_notifications(&self) -> u64 {
        self.notices.given_up
    }

    /// Sends a success nobody signed for: an attacker's notification about a real order.
    pub fn forge(&mut self, now_us: i64, out_trade_no: &str, seal: Seal) {
        let Some((url, mut fields)) = self.fields_of(now_us, out_trade_no, None) else { return };
        fields.trade_status = TradeStatus::TradeSuccess;
        fields.gmt_payment_us = Some(now_us);
        let notify_id = self.next_notify_id(out_trade_no);
        let notification = Notification { notify_id, url, attempt: 0, seal, fields };
        self.notices.insert(Pending { notification, copies: 1, due_us: now_us, held_back: false });
    }

    /// A merchant who is not ours has an order of the same number, or has refunded one under a number of ours; his
    /// genuine notification is sent to us.
    pub fn impersonate(&mut self, now_us: i64, out_trade_no: &str, refund: Option<(&str, i64)>) {
        let Some((url, mut fields)) = self.fields_of(now_us, out_trade_no, None) else { return };
        STRANGE_APP.clone_into(&mut fields.app_id);
        STRANGE_SELLER.clone_into(&mut fields.seller_id);
        fields.trade_status = TradeStatus::TradeSuccess;
        fields.gmt_payment_us = Some(now_us);
        if let Some((number, fen)) = refund {
            fields.out_biz_no = Some(number.to_owned());
            (fields.refund_fen, fields.refund_fee_fen) = (Some(fen), Some(fen));
            fields.gmt_refund_us = Some(now_us);
        }
        let notify_id = self.next_notify_id(out_trade_no);
        let notification = Notification { notify_id, url, attempt: 0, seal: Seal::Genuine, fields };
        self.notices.insert(Pending { notification, copies: 1, due_us: now_us, held_back: false });
    }

    pub(super) fn forge_by_plan(&mut self, now_us: i64, out_trade_no: &str) {
        if let Some(Fault::NotifyForged { seal }) = self.faults.draw(Point::Forgery, out_trade_no) {
            self.faults.count(Fault::NotifyForged { seal });
            self.forge(now_us, out_trade_no, seal);
        }
    }

    pub(super) fn notify(&mut self, now_us: i64, out_trade_no: &str, refund: Option<&str>) {
        self.forge_by_plan(now_us, out_trade_no);
        if self.keeps_silent(out_trade_no, refund) {
            return;
        }
        let Some((url, fields)) = self.fields_of(now_us, out_trade_no, refund) else { return };
        let notify_id = self.next_notify_id(out_trade_no);
        let notification = Notification { notify_id, url, attempt: 0, seal: Seal::Genuine, fields };
        let mut pending = Pending { notification, copies: 1, due_us: now_us, held_back: false };
        if let Some(fault) = self.faults.draw(Point::Notice, out_trade_no) {
            self.faults.count(fault);
            if !spoil(&mut pending, fault) {
                return;
            }
        }
        // What was held back to arrive out of order goes out right after this one.
        let release_us = pending.due_us.saturating_add(SECOND_US);
        for mut held in self.notices.take_held(out_trade_no) {
            held.due_us = release_us;
            held.held_back = false;
            self.notices.insert(held);
        }
        if pending.held_back {
            let ids = self.notices.held.entry(out_trade_no.to_owned()).or_default();
            ids.push(pending.notification.notify_id.clone());
        }
        self.notices.insert(pending);
    }

    /// Some houses notify neither bar-code payments nor what a cancel gave back.
    fn keeps_silent(&self, out_trade_no: &str, refund: Option<&str>) -> bool {
        let barcode = |trade: &Trade| trade.entrance == Entrance::Barcode && refund.is_none();
        let by_counter = self.trades.get(out_trade_no).is_some_and(barcode) || refund == Some(out_trade_no);
        by_counter && !self.config.house.notifies_counters()
    }

    fn attempt(&mut self, now_us: i64, mut pending: Pending, posts: &mut Vec<Notification>) {
        pending.held_back = false;
        pending.notification.attempt = pending.notification.attempt.saturating_add(1);
        pending.notification.fields.notify_time_us = now_us;
        for _ in 0..pending.copies {
            posts.push(pending.notification.clone());
        }
        if pending.notification.seal != Seal::Genuine {
            return;
        }
        match self.config.house.notify_ladder_us().get(pending.notification.attempt.saturating_sub(1)) {
            Some(wait_us) => {
                pending.due_us = now_us.saturating_add(*wait_us);
                self.notices.insert(pending);
            }
            None => self.notices.given_up = self.notices.given_up.saturating_add(1),
        }
    }

    fn fields_of(
        &self,
        now_us: i64,
        out_trade_no: &str,
        refund: Option<&str>,
    ) -> Option<(String, NotifyFields)> {
        let trade = self.trades.get(out_trade_no)?;
        let url = trade.order.notify_url.clone()?;
        Some((url, notify_fields(trade, &self.config, now_us, refund)))
    }

    fn next_notify_id(&mut self, out_trade_no: &str) -> String {
        let Some(trade) = self.trades.get_mut(out_trade_no) else { return String::new() };
        trade.notices = trade.notices.saturating_add(1);
        format!("{}{:06}", trade.trade_no, trade.notices)
    }
}

fn notify_fields(
    trade: &Trade,
    config: &super::CoreConfig,
    now_us: i64,
    out_request_no: Option<&str>,
) -> NotifyFields {
    let refund = out_request_no.and_then(|number| trade.refunds.get(number));
    NotifyFields {
        notify_time_us: now_us,
        app_id: config.app_id.clone(),
        seller_id: config.seller_id.clone(),
        provider: config.provider.clone(),
        out_trade_no: trade.order.out_trade_no.clone(),
        trade_no: trade.trade_no.clone(),
        trade_status: trade.status,
        entrance: trade.entrance,
        refund_fen: refund.map(|refund| refund.amount_fen),
        refund_coupon: refund.map(|refund| refund.coupon).unwrap_or_default(),
        coupon: trade.coupon,
        total_fen: trade.order.total_fen,
        refund_fee_fen: refund.map(|_| trade.refunded_fen()),
        out_biz_no: out_request_no.map(str::to_owned),
        buyer_id: trade.buyer_id.clone(),
        buyer_logon_id: trade.buyer_logon_id.clone(),
        subject: trade.order.subject.clone(),
        passback_params: trade.order.passback_params.clone(),
        gmt_create_us: trade.created_at_us,
        gmt_payment_us: trade.paid_at_us,
        gmt_refund_us: refund.map(|refund| refund.at_us),
        gmt_close_us: trade.closed_at_us,
    }
}

/// Enacts a notification fault; false when the notification never leaves.
fn spoil(pending: &mut Pending, fault: Fault) -> bool {
    let fields = &mut pending.notification.fields;
    match fault {
        Fault::NotifyNever => return false,
        Fault::NotifyDuplicated { copies } => pending.copies = copies.clamp(2, 100),
        Fault::NotifyReordered => {
            pending.held_back = true;
            pending.due_us = pending.due_us.saturating_add(REORDER_PATIENCE_US);
        }
        Fault::NotifyLate { after_us } => pending.due_us = pending.due_us.saturating_add(after_us.max(0)),
        Fault::NotifyWrongAmount { delta_fen } => {
            fields.total_fen = fields.total_fen.saturating_add(delta_fen).max(1);
        }
        Fault::NotifyWrongApp => STRANGE_APP.clone_into(&mut fields.app_id),
        Fault::NotifyWrongSeller => STRANGE_SELLER.clone_into(&mut fields.seller_id),
        Fault::LostBefore
        | Fault::LostAfter
        | Fault::LandsLate { .. }
        | Fault::LandsAfterQuery
        | Fault::RefundLater { .. }
        | Fault::Unreadable { .. }
        | Fault::SystemError { .. }
        | Fault::Slow { .. }
        | Fault::Limited
        | Fault::Down { .. }
        | Fault::QueryStale
        | Fault::QueryNotFound
        | Fault::QuerySuccess
        | Fault::FalseSuccess
        | Fault::FalseRefusal { .. }
        | Fault::NoRefundCap
        | Fault::NotifyForged { .. }
        | Fault::BillOmits
        | Fault::BillDoubles
        | Fault::BillAdds => {}
    }
    true
}
