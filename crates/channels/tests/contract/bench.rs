//! What a behaviour needs of a channel's simulator, whatever the channel.

use crate::merchant::Callbacks;
use crate::rows;
use std::time::Duration;
use tillkeeper_channels::capabilities::{BillTerms, MethodTerms, Opening};
use tillkeeper_channels::{
    Adapters, Capabilities, Contract, Deadlines, Environment, Headers, Limits, PaymentRows, RefundRows,
};
use tk_domain::instruction::InstructionKind;
use tk_domain::payment::{Action, Attempt, BrowserForm};
use tk_domain::refund::Refund;
use tk_domain::report::{Borne, PaymentFinding, RefundFinding, Unclear};
use tokio::sync::Mutex;

/// What can go wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    LostBefore,
    LostAfter,
    ServerErrorBefore,
    ServerErrorAfter,
    Garbage,
    Truncated,
    OtherCharset,
    SystemErrorAfter,
    Limited,
    Slow,
    NotFoundLie,
    LandsAfterQuery,
    AcceptedLater,
}

/// What may be wrong with a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgery {
    OtherKey,
    Unsigned,
    Probe,
}

/// What really happened to an order at the channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Truth {
    pub channel_txn_no: String,
    pub paid_fen: i64,
    pub refunds: Vec<(String, i64)>,
    /// Receiver, fen, and fen given back of every share that was paid.
    pub shares: Vec<(String, i64, i64)>,
    /// Whether the merchant has to wait for what is kept for shares.
    pub kept: bool,
}

/// A row of a bill or of the truth: order, refund number (empty for the payment), fen received.
pub type BillRow = (String, String, i64);

/// A channel's simulator on a free port with a contract on it.
pub trait Bench {
    fn adapters(&self) -> &Adapters;
    fn contract(&self) -> &Contract;
    /// The contract with a channel key that is not the channel's.
    fn contract_with_foreign_channel_key(&self) -> Contract;
    /// The contract with a key of ours that the channel does not know.
    fn contract_with_unknown_own_key(&self) -> Contract;
    /// What is heard of a call by that contract: a channel that shares a key with us refuses with a signature that
    /// another key does not verify.
    fn of_unknown_own_key(&self) -> Unclear {
        Unclear::Misconfigured
    }
    fn capabilities(&self) -> &'static Capabilities;
    /// Our application and merchant as the channel names them.
    fn payee(&self) -> (&'static str, &'static str);
    fn now_us(&self) -> i64;
    fn advance(&self, by_us: i64);
    /// What may be wrong with a callback of this channel.
    fn forgeries(&self) -> &'static [Forgery] {
        &[Forgery::OtherKey, Forgery::Unsigned, Forgery::Probe]
    }
    /// The payload of an instruction, with a payer's code of its own where paying needs one.
    async fn payload(&self, attempt: &Attempt, kind: InstructionKind) -> Option<String>;
    /// The payer opens what was shown and looks at it.
    async fn open(&self, attempt: &Attempt, action: &Action);
    /// The payer pays; false if the channel does not let him.
    async fn pay(&self, attempt: &Attempt) -> bool;
    /// The payer has a coupon: fen that the channel puts up, and fen that the merchant bears.
    async fn coupon(&self, _: &Attempt, _: (i64, i64)) {
        assert!(self.capabilities().discounts.is_none(), "a channel with discounts gives coupons");
    }
    /// The payer's phone will ask for confirmation first.
    async fn payer_must_confirm(&self, attempt: &Attempt);
    /// The next call of this kind meets trouble.
    async fn trouble(&self, kind: InstructionKind, trouble: Trouble);
    /// The next callback states another amount.
    async fn wrong_callback_amount(&self, by_fen: i64);
    async fn forge(&self, attempt: &Attempt, forgery: Forgery);
    async fn truth(&self, attempt: &Attempt) -> Truth;
    /// The place where callbacks arrive.
    fn callbacks(&self) -> &Mutex<Callbacks>;
    /// The next callback as it came.
    async fn callback(&self) -> (Headers, Vec<u8>) {
        self.callbacks().lock().await.recv().await.unwrap()
    }
    /// How many callbacks the channel would still send.
    async fn callbacks_pending(&self) -> u64;
    /// The payer types his card on the page that a form brings him to.
    async fn type_card(&self, _: &BrowserForm, order_no: &str) {
        panic!("no page for {order_no}");
    }
    /// The payer leaves that page.
    async fn leave_card(&self, _: &BrowserForm, order_no: &str) {
        panic!("no page for {order_no}");
    }
    /// The code that came for an order.
    async fn code_on_phone(&self, _: &Attempt) -> Option<String> {
        None
    }
    /// The next code to be sent meets trouble.
    async fn trouble_with_codes(&self, trouble: Trouble) {
        panic!("no codes here for {trouble:?}");
    }
    /// The rows of a bill of the day.
    async fn bill(&self, terms: &BillTerms, day: i64) -> Result<Vec<BillRow>, String>;
}

/// Adapters that wait as long as a loaded machine needs.
pub fn patient() -> Adapters {
    let deadlines = Deadlines { total: Duration::from_mins(1), ..Deadlines::default() };
    Adapters::new(Environment::Test, Limits { deadlines, ..Limits::default() }).unwrap()
}

/// Adapters that give up soon.
pub fn impatient() -> Adapters {
    let deadlines = Deadlines { total: Duration::from_millis(700), ..Deadlines::default() };
    Adapters::new(Environment::Test, Limits { deadlines, ..Limits::default() }).unwrap()
}

pub async fn say(bench: &impl Bench, kind: InstructionKind, attempt: &Attempt) -> PaymentFinding {
    say_by(bench, (bench.adapters(), bench.contract()), kind, attempt).await
}

/// The same while our clock is off.
pub async fn ask_with_clock_off(bench: &impl Bench, attempt: &Attempt, by_us: i64) -> PaymentFinding {
    let (payment, instruction) =
        (rows::payment(attempt.amount_minor), rows::instruction(InstructionKind::Query, None));
    let rows = PaymentRows { instruction: &instruction, payment: &payment, attempt };
    bench.adapters().say_payment(bench.contract(), rows, bench.now_us() + by_us).await.finding
}

pub async fn say_by(
    bench: &impl Bench,
    (adapters, contract): (&Adapters, &Contract),
    kind: InstructionKind,
    attempt: &Attempt,
) -> PaymentFinding {
    let payment = rows::payment(attempt.amount_minor);
    let instruction = rows::instruction(kind, bench.payload(attempt, kind).await);
    let rows = PaymentRows { instruction: &instruction, payment: &payment, attempt };
    let report = adapters.say_payment(contract, rows, bench.now_us()).await;
    assert_eq!(report.source == tk_domain::report::Source::Query, kind == InstructionKind::Query);
    report.finding
}

pub async fn say_refund(
    bench: &impl Bench,
    kind: InstructionKind,
    refund: &Refund,
    attempt: &Attempt,
) -> RefundFinding {
    let instruction = rows::instruction(kind, None);
    let rows = RefundRows { instruction: &instruction, refund, attempt, shares: &[] };
    bench.adapters().say_refund(bench.contract(), rows, bench.now_us()).await.finding
}

/// The ways in which a payer is shown something.
pub const SHOWN: &[Opening] = &[Opening::Link, Opening::Bridge, Opening::Qr, Opening::Form];

/// The methods of the channel that open this way.
pub fn methods(bench: &impl Bench, openings: &[Opening]) -> Vec<MethodTerms> {
    bench.capabilities().methods.iter().copied().filter(|terms| openings.contains(&terms.opening)).collect()
}

/// The ways in which nothing is shown to a payer.
pub const TOLD: &[Opening] = &[Opening::Outcome, Opening::Taken];

/// An order of the first method, paid, with what our rows learn of it.
pub async fn paid(bench: &impl Bench, amount_fen: i64, serial: u8) -> Attempt {
    let method = bench.capabilities().methods.first().unwrap().method;
    paid_as_it_is(bench, rows::attempt(method, amount_fen, serial)).await.0
}

/// This order paid, with what our rows learn of it, and who bore what.
pub async fn paid_as_it_is(bench: &impl Bench, mut attempt: Attempt) -> (Attempt, Option<Borne>) {
    let finding = say(bench, InstructionKind::Pay, &attempt).await;
    if let PaymentFinding::ActionRequired(action) = finding {
        bench.open(&attempt, &action).await;
        assert!(bench.pay(&attempt).await);
    }
    let asked = say(bench, InstructionKind::Query, &attempt).await;
    let PaymentFinding::Paid(evidence) = asked else { panic!("not paid: {asked:?}") };
    attempt.channel_txn_no = Some(evidence.channel_txn_no);
    attempt.paid_at_us = evidence.paid_at_us;
    (attempt, evidence.borne)
}
