//! A decision: everything that changes in one commit, and what the caller is told.

use crate::access::{ApiKey, App};
use crate::agreement::Agreement;
use crate::audit::{Act, Audit, Origin};
use crate::bank_link::BankLink;
use crate::channel_account::ChannelAccount;
use crate::cheque::Cheque;
use crate::counter::{CashDeposit, CounterDay, CounterMovement, Seat, Shift};
use crate::exception::Exception;
use crate::fulfilment::Fulfilment;
use crate::id::{AuditId, TenantId, TypedId};
use crate::identity::{IdentityCheck, IdentityPhoto, IdentityPolicy, PayerSum, PaymentIdentity};
use crate::instalment::Instalment;
use crate::instruction::Instruction;
use crate::key::{IdempotencyRecord, NaturalKey};
use crate::ledger::{Account, Entry, Hold};
use crate::merchant::Merchant;
use crate::moment::Moment;
use crate::operating_profile::OperatingProfile;
use crate::partner::Partner;
use crate::payment::{Attempt, Payment};
use crate::prepayment::{Draw, Prepayment};
use crate::product::Product;
use crate::refund::Refund;
use crate::split::{Split, SplitLine, SplitReceiver, SplitReturn};
use crate::transfer::{BankLine, BankStatement, TransferMatch, TransferOrder, TransferReturn};
use crate::webhook::{Delivery, Event, WebhookEndpoint};

/// One row or entry that a decision writes; a row with a known key replaces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A merchant.
    Merchant(Box<Merchant>),
    /// A partner.
    Partner(Box<Partner>),
    /// A product.
    Product(Box<Product>),
    /// A tenant's rules for identity checks.
    IdentityPolicy(Box<IdentityPolicy>),
    /// What is proven about the payer of a payment.
    PaymentIdentity(Box<PaymentIdentity>),
    /// What a payer set out to pay on his latest day.
    PayerSum(Box<PayerSum>),
    /// A card was opened, used or ended.
    Agreement(Box<Agreement>),
    /// An identity check.
    IdentityCheck(Box<IdentityCheck>),
    /// A photo of a document.
    IdentityPhoto(Box<IdentityPhoto>),
    /// What a tenant is.
    OperatingProfile(Box<OperatingProfile>),
    /// A period of a policy and its payment.
    Instalment(Box<Instalment>),
    /// What was paid in advance for one stay or case.
    Prepayment(Box<Prepayment>),
    /// Money drawn from a prepayment.
    Draw(Box<Draw>),
    /// A channel account.
    ChannelAccount(Box<ChannelAccount>),
    /// A webhook endpoint.
    WebhookEndpoint(Box<WebhookEndpoint>),
    /// An app.
    App(Box<App>),
    /// A key.
    ApiKey(Box<ApiKey>),
    /// A new natural key.
    NaturalKey(Box<NaturalKey>),
    /// An idempotency record.
    Idempotency(Box<IdempotencyRecord>),
    /// A payment.
    Payment(Box<Payment>),
    /// An attempt.
    Attempt(Box<Attempt>),
    /// A refund.
    Refund(Box<Refund>),
    /// A hold.
    Hold(Box<Hold>),
    /// An instruction.
    Instruction(Box<Instruction>),
    /// An exception.
    Exception(Box<Exception>),
    /// A delivery.
    Delivery(Box<Delivery>),
    /// A line of a bank account.
    BankLine(Box<BankLine>),
    /// What an attempt by bank transfer waits for.
    TransferOrder(Box<TransferOrder>),
    /// Money of a bank line given to an order.
    TransferMatch(Box<TransferMatch>),
    /// What became of the policy of a payment.
    Fulfilment(Box<Fulfilment>),
    /// A cheque.
    Cheque(Box<Cheque>),
    /// A shift.
    Shift(Box<Shift>),
    /// What one open shift has.
    Seat(Box<Seat>),
    /// A counter's day.
    CounterDay(Box<CounterDay>),
    /// Money over a counter.
    CounterMovement(Box<CounterMovement>),
    /// Cash brought to a bank.
    CashDeposit(Box<CashDeposit>),
    /// Money on its way back to the sender of a bank line.
    TransferReturn(Box<TransferReturn>),
    /// A bank's statement.
    BankStatement(Box<BankStatement>),
    /// A party that gets shares.
    SplitReceiver(Box<SplitReceiver>),
    /// One division of a payment.
    Split(Box<Split>),
    /// One receiver's share.
    SplitLine(Box<SplitLine>),
    /// What a refund takes back of a share.
    SplitReturn(Box<SplitReturn>),
    /// The direct link of a bank account.
    BankLink(Box<BankLink>),
    /// An account's terms (never its balance: only entries move that).
    AccountTerms(Box<Account>),
    /// An entry; its lines move balances.
    Entry(Box<Entry>),
    /// An event; its deliveries follow from the tenant's endpoints.
    Event(Box<Event>),
    /// An act.
    Audit(Box<Audit>),
}

macro_rules! change_from {
    ($($row:ident => $variant:ident),* $(,)?) => {$(
        impl From<$row> for Change {
            fn from(row: $row) -> Self { Self::$variant(Box::new(row)) }
        }
    )*};
}

change_from! {
    IdentityPolicy => IdentityPolicy, PaymentIdentity => PaymentIdentity, PayerSum => PayerSum, Agreement => Agreement,
    IdentityCheck => IdentityCheck, IdentityPhoto => IdentityPhoto, Merchant => Merchant, Partner => Partner, Product => Product, Instalment => Instalment, Prepayment => Prepayment, Draw => Draw, OperatingProfile => OperatingProfile, ChannelAccount => ChannelAccount,
    WebhookEndpoint => WebhookEndpoint, App => App, ApiKey => ApiKey, NaturalKey => NaturalKey,
    IdempotencyRecord => Idempotency, Payment => Payment, Attempt => Attempt, Refund => Refund, Hold => Hold,
    Instruction => Instruction, Exception => Exception, Delivery => Delivery, Entry => Entry, Event => Event,
    Audit => Audit, BankLine => BankLine, TransferOrder => TransferOrder, TransferMatch => TransferMatch,
    Shift => Shift, Seat => Seat, CounterDay => CounterDay, CounterMovement => CounterMovement,
    CashDeposit => CashDeposit, Cheque => Cheque, Fulfilment => Fulfilment,
    TransferReturn => TransferReturn, BankStatement => BankStatement, Split => Split, SplitLine => SplitLine,
    SplitReturn => SplitReturn, SplitReceiver => SplitReceiver, BankLink => BankLink,
}

/// What changes in one commit; an empty one is a decision to change nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    list: Vec<Change>,
}

impl Changes {
    /// Adds a row or entry.
    pub fn put(&mut self, change: impl Into<Change>) {
        self.list.push(change.into());
    }

    /// Adds a row or entry if there is one.
    pub fn put_some(&mut self, change: Option<impl Into<Change>>) {
        if let Some(change) = change {
            self.put(change);
        }
    }

    /// Adds a change made elsewhere.
    pub fn put_change(&mut self, change: Change) {
        self.list.push(change);
    }

    /// Adds all that another decision of the same commit changes, after what is here.
    pub fn append(&mut self, mut other: Self) {
        self.list.append(&mut other.list);
    }

    /// Records who did what; `detail` is JSON without personal data or secrets.
    #[expect(clippy::too_many_arguments, reason = "an act has five parts, and each caller names all")]
    pub fn audit(
        &mut self,
        (tenant_id, origin): (TenantId, &Origin),
        act: Act,
        object: &dyn std::fmt::Display,
        detail: &serde_json::Value,
        moment: &mut Moment<'_>,
    ) {
        self.put(Audit {
            tenant_id,
            lane: 0,
            seq: 0,
            id: AuditId::new(moment),
            at_us: moment.now_us,
            actor: origin.actor.text(),
            act,
            object: object.to_string(),
            detail: detail.to_string(),
            request_id: origin.request_id,
            ip: origin.ip.clone(),
            prev_hash: Vec::new(),
            hash: Vec::new(),
        });
    }

    /// The changes in the order they were decided.
    #[must_use]
    pub fn as_slice(&self) -> &[Change] {
        &self.list
    }

    /// Gives the changes away.
    #[must_use]
    pub fn into_vec(self) -> Vec<Change> {
        self.list
    }

    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

/// What changes and what the caller is told once it is committed.
#[derive(Debug, Clone)]
pub struct Decision<R> {
    /// What the caller is told.
    pub reply: R,
    /// What changes.
    pub changes: Changes,
}

impl<R> Decision<R> {
    /// A decision to change nothing.
    pub fn nothing(reply: R) -> Self {
        Self { reply, changes: Changes::default() }
    }

    /// A decision with changes.
    pub const fn new(reply: R, changes: Changes) -> Self {
        Self { reply, changes }
    }
}
