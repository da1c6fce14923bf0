//! Order systems: they create, choose, close and refund, and repeat what they got no answer to.

use crate::actors::{CardStep, PayerAct, RefundPlan};
use crate::checker::Cause;
use crate::queue::Happening;
use crate::setup::methods_of;
use crate::world::{Missed, World};
use tk_domain::audit::Origin;
use tk_domain::channel_account::Method;
use tk_domain::id::{MerchantId, PaymentId, ProductId, TenantId, TypedId};
use tk_domain::moment::{HOUR_US, MINUTE_US, SECOND_US};
use tk_domain::payment::{
    Attempt, Bill, ChannelPayer, ClosePayment, CloseReason, ConfirmPayment, Item, Part, PayerRecord,
    RequestQuery, StartAttempt, Started,
};
use tk_domain::refusal::Refusal;
use tk_domain::split::SplitTerms;
use tk_domain::transfer::ExpectedPayer;
use tk_simulator::core::{BarcodeReply, Dice};

/// Calls that got no answer are repeated so often.
const TRIES_MAX: u32 = 20;

/// So many bar codes are drawn from, behind their prefix.
const CODES: u64 = 10_000_000_000_000_000;

/// The payer as the official account knows him; there is no seal here.
fn known_as(openid: &str) -> ChannelPayer {
    let sealed = serde_json::json!({ "openid": openid }).to_string();
    let record = PayerRecord { masked: "{}".to_owned(), sealed: sealed.as_bytes().to_vec() };
    ChannelPayer { record, sealed, mark: Some(openid.to_owned()) }
}

/// Two persons may have the link, by dice of their own.
fn who(seed: u64, now_us: i64) -> &'static str {
    let mut dice = Dice::new(seed ^ now_us.unsigned_abs().wrapping_mul(0x5122));
    if dice.below(3) == 0 { "oUpF8uMuAJO_M2pxb1Q9zNjWeS6p" } else { "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o" }
}

/// How a payer's bar code begins, for methods that have one.
pub(crate) fn code_prefix(method: Method) -> Option<&'static str> {
    match method {
        Method::AlipayBarcode => Some("28"),
        Method::WechatBarcode => Some("13"),
        Method::AlipayPage
        | Method::AlipayWap
        | Method::AlipayQr
        | Method::WechatJsapi
        | Method::WechatH5
        | Method::WechatNative
        | Method::QuickPay
        | Method::EbankB2c
        | Method::EbankB2b
        | Method::BankTransfer
        | Method::Cheque
        | Method::Cash
        | Method::Pos
        | Method::Kiosk => None,
    }
}

/// What an order system asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    Create,
    /// The same key or number with another amount.
    Conflict,
    Attempt(Method),
    Close,
    /// The refund with this place in the order's plan.
    Refund(usize),
    /// Stray money of the order, where the product holds it.
    StrayRefund,
    CancelRefund(usize),
    Query,
    RefundQuery(usize),
    /// The payer's browser comes back from the wallet.
    Return,
    /// Money is drawn from the deposit that the order pays into.
    Draw(usize),
    UndoDraw(usize),
    /// The rest of the payment is divided, or released; looked at so often before.
    LastSplit(u32),
    /// A step on the way to a payment by card.
    Card(CardStep),
}

impl Ask {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Conflict => "conflict",
            Self::Attempt(_) => "attempt",
            Self::Close => "close",
            Self::Refund(_) => "refund",
            Self::StrayRefund => "stray refund",
            Self::CancelRefund(_) => "cancel refund",
            Self::Query => "query",
            Self::RefundQuery(_) => "refund query",
            Self::Return => "return",
            Self::Draw(_) => "draw",
            Self::UndoDraw(_) => "undo draw",
            Self::LastSplit(_) => "last split",
            Self::Card(_) => "card",
        }
    }
}

/// An order as its order system knows it.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) tenant_id: TenantId,
    pub(crate) merchant_id: MerchantId,
    pub(crate) product_id: ProductId,
    pub(crate) merchant_order_no: String,
    /// What its payer is to pay beside the parts.
    pub(crate) payer_minor: i64,
    pub(crate) parts: Vec<Part>,
    pub(crate) items: Vec<Item>,
    pub(crate) splits: SplitTerms,
    /// The stay or case that it is paid in advance for.
    pub(crate) prepayment: Option<String>,
    /// The bill that it is a part of.
    pub(crate) bill: Option<Bill>,
    pub(crate) single_attempt: bool,
    /// Confirmed at once by this method.
    pub(crate) confirm: Option<Method>,
    pub(crate) payment_id: Option<PaymentId>,
    pub(crate) refunds: Vec<RefundPlan>,
}

impl World {
    pub(crate) fn client_asks(&mut self, index: usize, ask: Ask, tries: u32) {
        let Some(order) = self.orders.get(index).cloned() else { return };
        let missed = match ask {
            Ask::Create => self.creates(index, &order),
            Ask::Conflict => self.conflicts(&order),
            Ask::Attempt(method) => self.attempts(index, &order, method),
            Ask::Close => self.closes(&order),
            Ask::Refund(place) => self.refunds(index, &order, place),
            Ask::StrayRefund => self.refunds_strays(index, &order),
            Ask::CancelRefund(place) => self.cancels(&order, place),
            Ask::Query => self.queries(&order, "query"),
            Ask::Return => self.queries(&order, "return"),
            Ask::RefundQuery(place) => self.queries_refund(&order, place),
            Ask::Draw(number) => self.draws(index, &order, number),
            Ask::UndoDraw(number) => self.undoes_draw(index, &order, number),
            Ask::LastSplit(looks) => self.divides_rest(index, &order, looks),
            Ask::Card(step) => self.card_step(index, &order, step),
        };
        let again = match missed {
            Ok(()) => false,
            Err(Missed::AnswerLost | Missed::Down) => true,
            Err(Missed::Refused(refusal)) => refusal.retryable(),
        };
        if again && tries < TRIES_MAX {
            let delay_us = self.dice.between(SECOND_US, 90 * SECOND_US);
            self.plan(delay_us, Happening::Client { order: index, ask, tries: tries.saturating_add(1) });
        }
    }

    fn creates(&mut self, index: usize, order: &Order) -> Result<(), Missed> {
        let created = match order.confirm {
            Some(method) => {
                let (create, auth_code) = (order.create(), order.auth_code(method));
                let (lease_us, payer_ip) = (0, Some("203.0.113.7".to_owned()));
                let command = ConfirmPayment { create, method, auth_code, payer_ip, lease_us };
                self.run_once(&command, &order.merchant_order_no, Cause::of("confirm"))?
            }
            None => self.run_once(&order.create(), &order.merchant_order_no, Cause::of("create"))?,
        };
        let id = created.and_then(|body| PaymentId::parse(&body)).or(order.payment_id);
        let known = order.payment_id.is_some();
        if let (Some(order), Some(id)) = (self.orders.get_mut(index), id) {
            order.payment_id = Some(id);
        }
        if !known && id.is_some() {
            self.tally.payments += 1;
            self.sees_confirmed(order.tenant_id, id);
            self.follow_up(index);
        }
        Ok(())
    }

    /// The payer of a payment that was confirmed at once has its code or link.
    fn sees_confirmed(&mut self, tenant_id: TenantId, payment_id: Option<PaymentId>) {
        let rows = &self.store.rows;
        let payment = payment_id.and_then(|id| rows.payments.get(&(tenant_id, id)));
        let attempt = payment.and_then(|row| row.latest_attempt_id);
        if let Some(attempt) = attempt.and_then(|id| rows.attempts.get(&(tenant_id, id))).cloned() {
            self.payer_sees(&attempt);
        }
    }

    /// The same number with another amount is a conflict, whatever the key.
    fn conflicts(&mut self, order: &Order) -> Result<(), Missed> {
        if order.payment_id.is_none() {
            return Ok(());
        }
        let mut command = order.create();
        command.amount.minor = command.amount.minor.saturating_add(1);
        let same_key = self.dice.below(2) == 0;
        let key =
            if same_key { order.merchant_order_no.clone() } else { format!("{}-b", order.merchant_order_no) };
        match self.run_once(&command, &key, Cause::of("conflict")) {
            Ok(_) => {
                self.checker.violation("inv-38", "the same key or number took another amount".to_owned());
                Ok(())
            }
            Err(Missed::Refused(Refusal::IdempotencyKeyReused | Refusal::OrderConflict)) => Ok(()),
            Err(missed) => Err(missed),
        }
    }

    /// What the order system will do once the payment exists.
    fn follow_up(&mut self, index: usize) {
        let plan = |world: &mut Self, low_us, high_us, ask| {
            let delay_us = world.dice.between(low_us, high_us);
            world.plan(delay_us, Happening::Client { order: index, ask, tries: 0 });
        };
        let methods = self.methods_of(index);
        let method = crate::story::pick_method(&mut self.dice, &methods);
        let by_card = self.pays_by_card(index);
        plan(self, 0, MINUTE_US, if by_card { Ask::Card(CardStep::Open) } else { Ask::Attempt(method) });
        if self.story.two_tabs || self.dice.below(4) == 0 {
            let other = crate::story::pick_method(&mut self.dice, &methods);
            plan(self, SECOND_US, 10 * MINUTE_US, Ask::Attempt(other));
        }
        if self.dice.below(8) == 0 {
            plan(self, SECOND_US, HOUR_US, Ask::Close);
        }
        if self.dice.below(3) == 0 {
            plan(self, SECOND_US, HOUR_US, Ask::Return);
            plan(self, SECOND_US, HOUR_US, Ask::Query);
        }
        plan(self, SECOND_US, HOUR_US, Ask::Conflict);
        plan(self, HOUR_US, 30 * HOUR_US, Ask::StrayRefund);
        self.plan_draws(index);
        self.plan_last_split(index);
        let count = self.orders.get(index).map_or(0, |order| order.refunds.len());
        let together_us = self.dice.between(10 * SECOND_US, 3 * HOUR_US);
        for place in 0..count {
            if self.dice.below(2) == 0 {
                plan(self, together_us, together_us, Ask::Refund(place));
            } else {
                plan(self, 10 * SECOND_US, 5 * HOUR_US, Ask::Refund(place));
            }
        }
    }

    /// What the payer of an order can choose.
    fn methods_of(&self, index: usize) -> Vec<Method> {
        let tenant_id = self.orders.get(index).map(|order| order.tenant_id);
        let company = self.companies.iter().find(|company| Some(company.tenant_id) == tenant_id);
        let mut methods = company.map(|company| company.methods.clone()).unwrap_or_default();
        let shares = self.orders.get(index).map(|order| order.splits.shares.as_slice()).unwrap_or_default();
        let receiver = shares.iter().find_map(|share| share.receiver).zip(tenant_id);
        let receiver =
            receiver.and_then(|(id, tenant_id)| self.store.rows.split_receivers.get(&(tenant_id, id)));
        if let Some(receiver) = receiver {
            // No other channel could divide it; the cashier offers none.
            methods.retain(|method| methods_of(receiver.channel).contains(method));
        }
        methods
    }

    fn attempts(&mut self, index: usize, order: &Order, method: Method) -> Result<(), Missed> {
        let Some(payment_id) = order.payment_id else { return Ok(()) };
        let auth_code = code_prefix(method).map(|prefix| format!("{prefix}{:016}", self.dice.below(CODES)));
        let at_once = self.dice.below(2) == 0;
        let command = StartAttempt {
            tenant_id: order.tenant_id,
            payment_id,
            method,
            auth_code,
            payer: ExpectedPayer::default(),
            known_as: (method == Method::WechatJsapi).then(|| known_as(who(self.seed, self.now_us))),
            card: None,
            payer_ip: Some("203.0.113.7".to_owned()),
            return_url: None,
            lease_us: if at_once { self.story.lease_us } else { 0 },
            origin: Origin {
                actor: tk_domain::audit::Actor::Payer,
                request_id: None,
                ip: Some("203.0.113.7".to_owned()),
            },
        };
        #[cfg(feature = "planted")]
        self.forgets_the_open_attempt(order.tenant_id, payment_id);
        match self.run(&command, Cause::of("attempt"))? {
            Started::New { attempt, .. } => {
                self.payer_sees(&attempt);
                if at_once {
                    let row = self.store.rows.instructions.get(&(order.tenant_id, attempt.id.id128()));
                    if let Some(row) = row.cloned() {
                        self.depart(row);
                    }
                }
            }
            Started::Existing { .. } => {}
            Started::ClosingEarlier { .. } => {
                let delay_us = self.dice.between(SECOND_US, 20 * MINUTE_US);
                let ask = Ask::Attempt(method);
                self.plan(delay_us, Happening::Client { order: index, ask, tries: 10 });
            }
        }
        Ok(())
    }

    /// The payer has the code or link, or holds out the phone: what will they do?
    fn payer_sees(&mut self, attempt: &Attempt) {
        let act = PayerAct::draw(&mut self.dice);
        if code_prefix(attempt.method).is_some() {
            let reply = match self.dice.below(6) {
                0 => Some(BarcodeReply::NoMoney),
                1 | 2 => Some(BarcodeReply::AsksPayer),
                _ => None,
            };
            if let (Some(reply), Some(seller)) = (reply, self.sellers.get_mut(&attempt.channel_account_id)) {
                seller.set_barcode_reply(&attempt.out_no, reply);
            }
        }
        let dawdles = if self.story.two_tabs { 2 } else { 6 };
        let delay_us = match self.dice.below(dawdles) {
            0 => self.dice.between(MINUTE_US, 16 * MINUTE_US),
            _ => self.dice.between(2 * SECOND_US, 2 * MINUTE_US),
        };
        let (tenant_id, attempt_id) = (attempt.tenant_id, attempt.id);
        self.plan(delay_us, Happening::Payer { tenant_id, attempt_id, act, tries: 0 });
    }

    fn closes(&mut self, order: &Order) -> Result<(), Missed> {
        let Some(payment_id) = order.payment_id else { return Ok(()) };
        let command = ClosePayment {
            tenant_id: order.tenant_id,
            payment_id,
            reason: CloseReason::Merchant,
            lease_us: 0,
            origin: Origin::system(),
        };
        self.run(&command, Cause::of("close")).map(|_| ())
    }

    /// A question changes no state; the browser's return asks the same question and nothing more.
    fn queries(&mut self, order: &Order, word: &'static str) -> Result<(), Missed> {
        let Some(payment_id) = order.payment_id else { return Ok(()) };
        let command =
            RequestQuery { tenant_id: order.tenant_id, payment_id, lease_us: 0, origin: Origin::system() };
        self.run(&command, Cause::question(word)).map(|_| ())
    }
}

impl Order {
    /// The payer's bar code, the same each time the request is repeated.
    fn auth_code(&self, method: Method) -> Option<String> {
        let digits = self.payer_minor.unsigned_abs() % CODES;
        code_prefix(method).map(|prefix| format!("{prefix}{digits:016}"))
    }
}
