//! A contract at a channel, with the channel behind it: its truth books, its payers and its notifications.

use crate::actors::PayerAct;
use crate::conversation::Call;
use crate::tally::channel_counts;
use std::collections::BTreeMap;
use tk_channels::unionpay::Params;
use tk_domain::channel_account::Channel;
use tk_domain::id::TenantId;
use tk_domain::report::Borne;
use tk_simulator::core::{self, BarcodeReply, Delivery, FaultPlan, Seal};
use tk_simulator::unionpay::core::{self as unionpay, Answer, Request};

/// A contract at the channel.
#[derive(Debug)]
pub(crate) struct Seller {
    pub(crate) tenant_id: TenantId,
    pub(crate) channel: Channel,
    pub(crate) side: Side,
    pub(crate) keys: Option<KeyGap>,
    /// When the queue will next look at it.
    pub(crate) wake_us: Option<i64>,
}

/// The channel's truth books: Alipay's and WeChat's are one core under two houses.
#[derive(Debug)]
pub(crate) enum Side {
    Core(Box<core::Seller>),
    Unionpay(Box<unionpay::Seller>),
}

/// fault-25: a key or certificate was changed, or ran out, and the other side does not know yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyGap {
    pub(crate) from_us: i64,
    pub(crate) until_us: i64,
    pub(crate) whose: Whose,
}

/// Whose new key the other side does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    Ours,
    Channels,
}

/// The truth about one order.
#[derive(Debug, Clone)]
pub(crate) struct Trade {
    pub(crate) out_no: String,
    pub(crate) txn_no: String,
    pub(crate) paid_fen: i64,
    /// What of the order its payer paid himself, if it was paid.
    pub(crate) payer_fen: i64,
    /// What of it is never paid over, and what of that was taken back.
    pub(crate) unsettled_fen: i64,
    pub(crate) unsettled_back_fen: i64,
    pub(crate) refunded_fen: i64,
    pub(crate) fee_fen: i64,
    pub(crate) fee_returned_fen: i64,
    /// Number and fen of everything that went back.
    pub(crate) refunds: Vec<(String, i64)>,
    /// By that number, what its payer got and what left the merchant.
    pub(crate) borne: BTreeMap<String, Borne>,
    /// What the channel paid of it to others.
    pub(crate) shares: Vec<Share>,
    /// Whether the channel keeps the rest for shares.
    pub(crate) kept: bool,
}

/// What one receiver got of an order, and what of it came back.
#[derive(Debug, Clone)]
pub(crate) struct Share {
    pub(crate) account: String,
    pub(crate) fen: i64,
    pub(crate) back_fen: i64,
}

/// A notification on its way to us.
#[derive(Debug, Clone)]
pub(crate) enum Notification {
    Core(Box<core::Notification>),
    Unionpay(Box<unionpay::Notification>),
}

impl Notification {
    /// The channel's number of it, the same for a repetition.
    pub(crate) fn id(&self) -> String {
        match self {
            Self::Core(post) => post.notify_id.clone(),
            Self::Unionpay(post) => post.serial.to_string(),
        }
    }

    pub(crate) const fn seal(&self) -> Seal {
        match self {
            Self::Core(post) => post.seal,
            Self::Unionpay(post) => post.seal,
        }
    }
}

impl Seller {
    /// Whose key the other side does not know at this time, if any.
    pub(crate) fn key_gap(&self, now_us: i64) -> Option<Whose> {
        self.keys.filter(|gap| (gap.from_us..gap.until_us).contains(&now_us)).map(|gap| gap.whose)
    }

    /// Our application and merchant as the channel names them.
    pub(crate) fn payee(&self) -> (&str, &str) {
        match &self.side {
            Side::Core(core) => (&core.config().app_id, &core.config().seller_id),
            Side::Unionpay(merchant) => (merchant.mer_id(), merchant.mer_id()),
        }
    }

    pub(crate) fn set_faults(&mut self, plan: FaultPlan) {
        match &mut self.side {
            Side::Core(core) => core.set_faults(plan),
            Side::Unionpay(merchant) => merchant.set_faults(plan),
        }
    }

    pub(crate) fn counts(&self) -> [u64; 12] {
        match &self.side {
            Side::Core(core) => channel_counts(core.fault_counters()),
            Side::Unionpay(merchant) => channel_counts(merchant.fault_counters()),
        }
    }

    pub(crate) fn next_due_us(&self) -> Option<i64> {
        match &self.side {
            Side::Core(core) => core.next_due_us(),
            Side::Unionpay(merchant) => merchant.next_due_us(),
        }
    }

    pub(crate) fn due_notifications(&mut self, now_us: i64) -> Vec<Notification> {
        match &mut self.side {
            Side::Core(core) => {
                let posts = core.due_notifications(now_us).into_iter();
                posts.map(|post| Notification::Core(Box::new(post))).collect()
            }
            Side::Unionpay(merchant) => {
                let posts = merchant.due_notifications(now_us).into_iter();
                posts.map(|post| Notification::Unionpay(Box::new(post))).collect()
            }
        }
    }

    pub(crate) fn acknowledge(&mut self, notify_id: &str) {
        match &mut self.side {
            Side::Core(core) => core.acknowledge(notify_id),
            Side::Unionpay(merchant) => merchant.acknowledge(notify_id.parse().unwrap_or(0)),
        }
    }

    /// Sets how the payer's phone answers a bar-code charge.
    pub(crate) fn set_barcode_reply(&mut self, out_no: &str, reply: BarcodeReply) {
        match &mut self.side {
            Side::Core(core) => core.set_barcode_reply(out_no, reply),
            Side::Unionpay(_) => {}
        }
    }

    /// Somebody sends a success that is not the channel's.
    pub(crate) fn forge(&mut self, now_us: i64, (out_no, order): (&str, Option<&Call>), seal: Seal) {
        match (&mut self.side, order) {
            (Side::Core(core), _) => core.forge(now_us, out_no, seal),
            (Side::Unionpay(merchant), Some(Call::Unionpay(order))) => {
                merchant.forge(now_us, &order.fields, seal);
            }
            (Side::Unionpay(_), Some(Call::Core(_)) | None) => {}
        }
    }

    /// Another merchant has done the same under our number, and his genuine notification comes to us.
    pub(crate) fn impersonate(
        &mut self,
        now_us: i64,
        (out_no, call): (&str, Option<&Call>),
        refund: Option<(&str, i64)>,
    ) {
        match (&mut self.side, call) {
            (Side::Core(core), _) => core.impersonate(now_us, out_no, refund),
            (Side::Unionpay(merchant), Some(Call::Unionpay(request))) => {
                merchant.impersonate(now_us, &request.fields);
            }
            (Side::Unionpay(_), Some(Call::Core(_)) | None) => {}
        }
    }

    /// The payer does something about an order; whatever the wallet or bank refuses is the payer's to see.
    pub(crate) fn payer_acts(
        &mut self,
        now_us: i64,
        (out_no, page): (&str, Option<&Call>),
        (act, late_us): (PayerAct, i64),
    ) {
        match (&mut self.side, page) {
            (Side::Core(core), page) => {
                core.advance(now_us);
                if let Some(Call::Core(page)) = page {
                    core.execute(now_us, page);
                }
                let _refusal = match act {
                    PayerAct::Pay => core.pay(now_us, out_no),
                    PayerAct::Decline => core.decline(now_us, out_no),
                    PayerAct::Never => core.never(now_us, out_no),
                    PayerAct::TimeOut | PayerAct::Dither => core.time_out(now_us, out_no, late_us),
                };
            }
            (Side::Unionpay(merchant), Some(Call::Unionpay(order))) => {
                let order = &order.fields;
                let _refusal = match act {
                    PayerAct::Pay => merchant.pay(now_us, order),
                    PayerAct::Decline => merchant.decline(now_us, order),
                    PayerAct::Never => merchant.open(now_us, order).map(|_| ()),
                    PayerAct::TimeOut | PayerAct::Dither => merchant.dither(now_us, order, late_us),
                };
            }
            (Side::Unionpay(_), Some(Call::Core(_)) | None) => {}
        }
    }

    /// A payer's browser brings a form, and the payer types his card; what the page refuses is his to see.
    pub(crate) fn payer_opens(&mut self, now_us: i64, form: &Params) {
        if let Side::Unionpay(merchant) = &mut self.side {
            let _refusal = merchant.pay(now_us, form);
        }
    }

    /// What comes back of a question about an opened card.
    pub(crate) fn asked_of_card(&mut self, now_us: i64, request: &Request) -> Option<Delivery<Answer>> {
        match &mut self.side {
            Side::Unionpay(merchant) => Some(merchant.handle(now_us, request)),
            Side::Core(_) => None,
        }
    }

    /// Sends a code to a phone, or not; its answer tells nothing that the phone does not.
    pub(crate) fn sends_code(&mut self, now_us: i64, request: &Request) {
        if let Side::Unionpay(merchant) = &mut self.side {
            let _answer = merchant.handle(now_us, request);
        }
    }

    /// What the payer's phone shows for an order.
    pub(crate) fn code_of(&self, out_no: &str) -> Option<String> {
        match &self.side {
            Side::Unionpay(merchant) => merchant.books().code_of(out_no).map(str::to_owned),
            Side::Core(_) => None,
        }
    }

    /// The truth about the order of this number, once there is one.
    pub(crate) fn trade(&self, out_no: &str) -> Option<Trade> {
        match &self.side {
            Side::Core(core) => core.trade(out_no).map(|trade| of_core(core, trade)),
            Side::Unionpay(merchant) => {
                let paid = merchant.books().trades().find(|trade| trade.order_id == out_no);
                paid.map(|trade| of_unionpay(merchant.books(), trade))
            }
        }
    }

    /// The truth about every order.
    pub(crate) fn trades(&self) -> Vec<Trade> {
        match &self.side {
            Side::Core(core) => core.trades().map(|trade| of_core(core, trade)).collect(),
            Side::Unionpay(merchant) => {
                let payments = merchant.books().trades().filter(|trade| trade.txn_type == "01");
                payments.map(|trade| of_unionpay(merchant.books(), trade)).collect()
            }
        }
    }
}

fn of_core(core: &core::Seller, trade: &core::Trade) -> Trade {
    let shares = core.paid_shares(trade).into_iter();
    let share = |(_, account, fen, back_fen)| Share { account, fen, back_fen };
    Trade {
        shares: shares.map(share).collect(),
        kept: core.keeps(trade),
        out_no: trade.order.out_trade_no.clone(),
        txn_no: trade.trade_no.clone(),
        paid_fen: trade.paid_fen(),
        payer_fen: if trade.paid_at_us.is_some() { trade.payer_fen() } else { 0 },
        unsettled_fen: trade.coupon.merchant_fen,
        unsettled_back_fen: trade.coupon_back().merchant_fen,
        refunded_fen: trade.refunded_fen(),
        fee_fen: trade.fee_fen,
        fee_returned_fen: trade.fee_returned_fen(),
        refunds: trade.refunds.iter().map(|(number, refund)| (number.clone(), refund.amount_fen)).collect(),
        borne: trade.refunds.iter().map(|(number, refund)| (number.clone(), borne(refund))).collect(),
    }
}

const fn borne(refund: &core::RefundRecord) -> Borne {
    let settled_minor = refund.amount_fen.saturating_sub(refund.coupon.merchant_fen);
    Borne { payer_minor: settled_minor.saturating_sub(refund.coupon.channel_fen), settled_minor }
}

fn of_unionpay(books: &unionpay::Books, paid: &unionpay::Trade) -> Trade {
    let of_it = |trade: &&unionpay::Trade| {
        trade.state == unionpay::State::Done && trade.orig_query_id.as_ref() == Some(&paid.query_id)
    };
    let refunds = books.trades().filter(of_it).map(|trade| (trade.order_id.clone(), trade.amount_fen));
    Trade {
        out_no: paid.order_id.clone(),
        txn_no: paid.query_id.clone(),
        paid_fen: if paid.state == unionpay::State::Done { paid.amount_fen } else { 0 },
        payer_fen: if paid.state == unionpay::State::Done { paid.amount_fen } else { 0 },
        unsettled_fen: 0,
        unsettled_back_fen: 0,
        refunded_fen: paid.given_back_fen,
        fee_fen: paid.fee_fen,
        fee_returned_fen: paid.fee_returned_fen,
        refunds: refunds.collect(),
        borne: BTreeMap::new(),
        shares: Vec::new(),
        kept: false,
    }
}
