//! A command: what somebody wants done, the rows it has to see, and the pure decision over them.

use crate::decision::Decision;
use crate::id::{
    AgreementId, ApiKeyId, AppId, AttemptId, BankLineId, CashDepositId, ChannelAccountId, ChequeId,
    CounterDayId, DeliveryId, DrawId, EventId, ExceptionId, HoldId, Id128, IdentityCheckId, IdentityPhotoId,
    InstalmentId, MatchId, MerchantId, MovementId, PartnerId, PayerId, PaymentId, PrepaymentId, ProductId,
    RefundId, ReturnId, ShiftId, SplitId, SplitLineId, SplitReceiverId, SplitReturnId, StatementId, TenantId,
};
use crate::key::{IdempotencyName, KeyName};
use crate::ledger::AccountRef;
use crate::moment::Moment;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;

/// A row, or a bounded set of rows, that a command has to see before it can decide.
///
/// The order of the variants is the order in which rows are locked (their rank).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Want {
    /// A merchant, read without a lock.
    Merchant(TenantId, MerchantId),
    /// A partner, read without a lock.
    Partner(TenantId, PartnerId),
    /// A product, read without a lock.
    Product(TenantId, ProductId),
    /// A channel account, read without a lock.
    ChannelAccount(TenantId, ChannelAccountId),
    /// All channel accounts of a tenant (at most 200), read without a lock.
    ChannelAccounts(TenantId),
    /// All webhook endpoints of a tenant (at most 50), read without a lock.
    WebhookEndpoints(TenantId),
    /// A tenant's rules for identity checks, read without a lock.
    IdentityPolicy(TenantId),
    /// What is proven about the payer of a payment, read without a lock.
    PaymentIdentity(TenantId, PaymentId),
    /// What a payer set out to pay on his latest day, read without a lock.
    PayerSum(TenantId, PayerId),
    /// A card opened for payment by token.
    Agreement(TenantId, AgreementId),
    /// An identity check, read without a lock.
    IdentityCheck(TenantId, IdentityCheckId),
    /// A photo of a document, read without a lock.
    IdentityPhoto(TenantId, IdentityPhotoId),
    /// An app, read without a lock.
    App(TenantId, AppId),
    /// A key of an app.
    ApiKey(TenantId, ApiKeyId),
    /// An event, read without a lock.
    Event(TenantId, EventId),
    /// What a tenant is, read without a lock.
    OperatingProfile(TenantId),
    /// A period of a policy, read without a lock.
    Instalment(TenantId, InstalmentId),
    /// What was paid in advance for one stay or case.
    Prepayment(TenantId, PrepaymentId),
    /// Money drawn from a prepayment.
    Draw(TenantId, DrawId),
    /// A natural key.
    Natural(KeyName),
    /// An idempotency record.
    Idempotency(IdempotencyName),
    /// A payment.
    Payment(TenantId, PaymentId),
    /// An attempt.
    Attempt(TenantId, AttemptId),
    /// A refund.
    Refund(TenantId, RefundId),
    /// A hold.
    Hold(TenantId, HoldId),
    /// The instruction of an attempt or refund.
    Instruction(TenantId, Id128),
    /// An exception.
    Exception(TenantId, ExceptionId),
    /// A webhook delivery.
    Delivery(TenantId, DeliveryId),
    /// A line of a bank account.
    BankLine(TenantId, BankLineId),
    /// What an attempt by bank transfer waits for.
    TransferOrder(TenantId, AttemptId),
    /// Money of a bank line given to an order.
    TransferMatch(TenantId, MatchId),
    /// What became of the policy of a payment.
    Fulfilment(TenantId, PaymentId),
    /// A cheque.
    Cheque(TenantId, ChequeId),
    /// A shift.
    Shift(TenantId, ShiftId),
    /// What one open shift has.
    Seat(TenantId, Id128),
    /// A counter's day.
    CounterDay(TenantId, CounterDayId),
    /// Money over a counter.
    CounterMovement(TenantId, MovementId),
    /// Cash brought to a bank.
    CashDeposit(TenantId, CashDepositId),
    /// Money on its way back to the sender of a bank line.
    TransferReturn(TenantId, ReturnId),
    /// A bank's statement.
    BankStatement(TenantId, StatementId),
    /// A party that gets shares, read without a lock.
    SplitReceiver(TenantId, SplitReceiverId),
    /// One division of a payment, read without a lock.
    Split(TenantId, SplitId),
    /// One receiver's share, read without a lock.
    SplitLine(TenantId, SplitLineId),
    /// What a refund takes back of a share, read without a lock.
    SplitReturn(TenantId, SplitReturnId),
    /// The direct link of a bank account.
    BankLink(TenantId, ChannelAccountId),
    /// An account; it exists, empty, as soon as it is wanted.
    Account(AccountRef),
    /// The head of a tenant's sequences in a lane; wanted by the writer itself.
    Head(TenantId, i64),
}

/// The rows wanted so far.
#[derive(Debug, Default)]
pub struct Wants {
    wanted: Vec<Want>,
}

impl Wants {
    /// Asks for one more.
    pub fn add(&mut self, want: Want) {
        self.wanted.push(want);
    }

    /// Asks for one more, if there is one.
    pub fn add_some(&mut self, want: Option<Want>) {
        self.wanted.extend(want);
    }

    /// Those that the snapshot has not been asked for yet, in lock order.
    #[must_use]
    pub fn missing(mut self, snapshot: &Snapshot) -> Vec<Want> {
        self.wanted.retain(|want| !snapshot.knows(want));
        self.wanted.sort_unstable();
        self.wanted.dedup();
        self.wanted
    }
}

/// Which writer lane a command goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaneKind {
    /// It posts nothing to the books.
    Plain,
    /// It posts to the books of its tenant.
    Posting,
}

/// What somebody wants done.
pub trait Command: Send + 'static {
    /// What the caller gets when it is committed.
    type Reply: Send + 'static;

    /// The one tenant whose rows it may see and change.
    fn tenant_id(&self) -> TenantId;

    /// Which lane it goes to.
    fn lane(&self) -> LaneKind;

    /// Names the rows it has to see; asked again after each load until it names nothing new.
    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants);

    /// Decides over the snapshot; pure, so that it may run again.
    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Self::Reply>, Refusal>;
}
