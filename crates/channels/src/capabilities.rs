//! What a channel can do, as data: the tables that routing, screens and workers read.
//!
//! What a channel lacks is absent here; no adapter answers "not implemented".

use tk_domain::channel_account::{Channel, Method};
use tk_domain::instruction::InstructionKind;
use tk_domain::report::Unclear;
use tk_domain::split::ReturnMode;
use tk_money::Currency;

/// Everything known about one channel before a contract is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// The adapter.
    pub channel: Channel,
    /// Currencies it settles in.
    pub currencies: &'static [Currency],
    /// The least amount of one payment, minor units.
    pub amount_min_minor: i64,
    /// The greatest amount of one payment, minor units.
    pub amount_max_minor: i64,
    /// How a payer can pay.
    pub methods: &'static [MethodTerms],
    /// How money goes back; absent where the channel has no refund interface.
    pub refund: Option<RefundTerms>,
    /// What its answers tell of discounts granted at the channel; absent where they tell nothing.
    pub discounts: Option<DiscountTerms>,
    /// How it pays shares of a payment to others; absent where it does not, or we do not ask it to.
    pub splits: Option<SplitTerms>,
    /// The bills it gives.
    pub bills: &'static [BillTerms],
    /// What its documented codes mean, per kind of call; any other code proves nothing.
    pub codes: &'static [CodeRule],
}

/// One method of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MethodTerms {
    /// The method.
    pub method: Method,
    /// The interface that begins it.
    pub interface: &'static str,
    /// What comes back at once.
    pub opening: Opening,
    /// Since when the channel knows the order.
    pub known: Known,
    /// How an unpaid or unknown order is ended at the channel.
    pub ended_by: InstructionKind,
    /// Whether the channel calls back when it is paid.
    pub called_back: CalledBack,
    /// Where that is documented.
    pub doc: &'static str,
}

/// What the beginning of a payment gives at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// An address for the payer's browser.
    Link,
    /// Signed parameters for the channel's own app, in whose browser the payer is.
    Bridge,
    /// The text of a code that the payer scans.
    Qr,
    /// A signed form that the payer's browser posts, made without asking the channel.
    Form,
    /// The outcome itself, or word that the payer has to confirm.
    Outcome,
    /// Word that the order was taken; the outcome comes later.
    Taken,
}

/// Since when a channel knows an order, so that a question finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Since its payer opened the page or code.
    WhenOpened,
    /// Since we asked for it.
    WhenAsked,
    /// Only since it was paid or refused.
    WhenPaid,
}

/// Whether a channel calls back of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalledBack {
    /// It does.
    Yes,
    /// It does not: only questions tell.
    No,
}

/// What a callback tells about a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundNotice {
    /// That there is one: a reason to ask.
    Hint,
    /// What became of it, with its amount.
    Proof,
}

/// How a channel refunds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundTerms {
    /// Days after payment within which it refunds online, where the contract says nothing else.
    pub window_days: i64,
    /// The least time between two refunds of one order, microseconds.
    pub spacing_us: i64,
    /// How long after a refund it can be asked about, microseconds.
    pub query_after_us: i64,
    /// Whether a part of the amount can be refunded.
    pub partial: Partial,
    /// What the same number twice means.
    pub repeat: Repeat,
    /// What a callback tells about it.
    pub notice: RefundNotice,
    /// Where that is documented.
    pub doc: &'static str,
}

/// How a channel tells of the discounts that it grants to payers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiscountTerms {
    /// Which fields of a payment say who bears what.
    pub payment: &'static str,
    /// Which fields of a refund do.
    pub refund: &'static str,
}

/// How a channel pays shares of a payment to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitTerms {
    /// The interface by which a receiver is bound to the contract.
    pub binding: &'static str,
    /// The interface that divides.
    pub dividing: &'static str,
    /// The interface that tells what became of each share.
    pub asking: &'static str,
    /// The interface that tells what of an order is not divided: the proof for a split that is given up.
    pub undivided: &'static str,
    /// How an order says that it will be divided, so that its money is kept.
    pub keeping: &'static str,
    /// What becomes of the money of a share that could not be paid, where nothing more is divided.
    pub unpaid: Unpaid,
    /// How shares come back for a refund.
    pub returned: ReturnMode,
    /// Where that is documented.
    pub doc: &'static str,
}

/// What becomes of the money of a share that could not be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unpaid {
    /// The channel keeps it until it is told to release it.
    StaysKept,
    /// It is the merchant's again by itself.
    GoesBack,
}

/// Whether parts of an order can be refunded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partial {
    /// Any part, several times, up to the amount paid.
    Any,
    /// Only the whole amount.
    WholeOnly,
}

/// What a channel does when the same number comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Same number and amount: the first result again, nothing moves twice.
    FirstResult,
    /// The repetition is refused as a duplicate, which says nothing of the first: only a question tells.
    Refused,
    /// It may execute twice: only ask, never send again.
    MayExecuteTwice,
}

/// One kind of bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BillTerms {
    /// The channel's word for it.
    pub word: &'static str,
    /// What it lists.
    pub lists: BillContent,
    /// How long after the end of the day it is ready, microseconds.
    pub ready_after_us: i64,
    /// Where that is documented.
    pub doc: &'static str,
}

/// What a bill lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BillContent {
    /// Payments and refunds, with fees.
    Trades,
    /// Movements of the merchant's balance.
    Funds,
}

/// What one documented code means for some kinds of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeRule {
    /// The calls that it may answer.
    pub kinds: &'static [InstructionKind],
    /// The channel's code.
    pub code: &'static str,
    /// What follows from it.
    pub verdict: Verdict,
    /// Where that is documented.
    pub doc: &'static str,
}

/// What follows from a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Final: the call had no effect and never will.
    Failed,
    /// Taken: the payer has yet to confirm.
    Waiting,
    /// Refused for now: the same number may be sent again later.
    NotYet,
    /// The channel does not know the order or refund.
    NotFound,
    /// The order's state forbids closing: ask what the state is.
    CloseRefused,
    /// Nothing is proven.
    Unclear(Unclear),
}

impl Capabilities {
    /// What this code means as the answer to this kind of call, if a document says so.
    pub fn verdict(&self, kind: InstructionKind, code: &str) -> Option<Verdict> {
        self.codes
            .iter()
            .find(|rule| rule.code == code && rule.kinds.contains(&kind))
            .map(|rule| rule.verdict)
    }

    /// The terms of a method, if the channel has it.
    pub fn method(&self, method: Method) -> Option<&MethodTerms> {
        self.methods.iter().find(|terms| terms.method == method)
    }
}

/// The channels that have an adapter here.
pub const CHANNELS: &[Capabilities] =
    &[crate::alipay::CAPABILITIES, crate::wechatpay::CAPABILITIES, crate::unionpay::CAPABILITIES];

/// What a channel can do; nothing for one without an adapter.
pub fn of(channel: Channel) -> Option<&'static Capabilities> {
    CHANNELS.iter().find(|capabilities| capabilities.channel == channel)
}
