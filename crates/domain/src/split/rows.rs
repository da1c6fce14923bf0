//! The rows of splits: one per division, one per receiver's share, one per share that a refund takes back.

use super::abandon::Abandonment;
use crate::id::{
    AttemptId, ChannelAccountId, Id128, MerchantId, PaymentId, RefundId, SplitId, SplitLineId,
    SplitReceiverId, SplitReturnId, TenantId, TypedId,
};
use crate::ledger::{AccountKind, AccountRef};
use crate::words::words;
use sha2::{Digest, Sha256};
use tk_money::Currency;

/// Splits that one payment may have.
pub const SPLITS_MAX: i64 = 10;
/// Splits after which no more may be asked for: one place is kept for releasing the rest after a last split that failed.
pub const SPLITS_ASKED_MAX: i64 = SPLITS_MAX.saturating_sub(1);
/// Shares that all splits of one payment may have together.
pub const LINES_MAX: i64 = 50;

words! {
    /// Who divides the money.
    SplitMode {
        /// Our books, between merchants of one legal entity.
        Books = "books",
        /// The channel, which pays each receiver.
        Channel = "channel",
    }
}

words! {
    /// Where a split stands.
    SplitState {
        /// The shares are set aside; the channel has not been told.
        Pending = "pending",
        /// Sent, or its outcome is not known.
        Processing = "processing",
        /// Over: at least one share is proven paid.
        Succeeded = "succeeded",
        /// Over: no share was paid.
        Failed = "failed",
    }
}

impl SplitState {
    /// Whether it has ended.
    #[must_use]
    pub const fn terminal(self) -> bool {
        match self {
            Self::Succeeded | Self::Failed => true,
            Self::Pending | Self::Processing => false,
        }
    }
}

words! {
    /// Where a receiver's share stands.
    SplitLineStatus {
        /// Set aside for the receiver.
        Pending = "pending",
        /// The receiver has it, proven.
        Done = "done",
        /// Proven not paid; it went back to the merchant.
        Failed = "failed",
    }
}

words! {
    /// How a share comes back for a refund.
    ReturnMode {
        /// In the books, at once.
        Books = "books",
        /// By a call of its own before the refund is sent.
        Ahead = "ahead",
        /// By the refund call itself, which names what comes back.
        Along = "along",
        /// By the channel of its own accord with the refund, as much as it reckons.
        Itself = "itself",
    }
}

impl ReturnMode {
    /// Whether it comes back with the refund, and is asked about when that is done.
    #[must_use]
    pub const fn with_refund(self) -> bool {
        match self {
            Self::Along | Self::Itself => true,
            Self::Books | Self::Ahead => false,
        }
    }
}

words! {
    /// Where the return of a share stands.
    ReturnStatus {
        /// Taken from the receiver in the books and held with the refund.
        Held = "held",
        /// Not yet said to the channel.
        Waiting = "waiting",
        /// Sent, or its outcome is not known.
        Processing = "processing",
        /// The merchant has it, proven.
        Done = "done",
        /// Not needed: the refund did not happen, or the share was never paid.
        Released = "released",
        /// Proven refused by the channel; the receiver has its share again when the refund ends.
        Refused = "refused",
    }
}

/// Who gets a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Receiver {
    /// Another merchant of the same legal entity, in the books.
    Merchant(MerchantId),
    /// A party that the channel knows.
    Party(SplitReceiverId),
}

/// One division of one payment's money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Derived from the payment and its place among the payment's splits.
    pub id: SplitId,
    /// The payment divided.
    pub payment_id: PaymentId,
    /// The attempt whose money it is.
    pub attempt_id: AttemptId,
    /// The merchant that gives.
    pub merchant_id: MerchantId,
    /// The contract that the money came by.
    pub channel_account_id: ChannelAccountId,
    /// Who divides.
    pub mode: SplitMode,
    /// The merchant's own number; absent for what was agreed with the payment.
    pub merchant_split_no: Option<String>,
    /// The number sent to the channel, derived from the id; never changes.
    pub out_no: String,
    /// All shares together, minor units.
    pub amount_minor: i64,
    /// The payment's currency.
    pub currency: Currency,
    /// The legal entity of giver and receivers, for one in the books.
    pub legal_entity: Option<String>,
    /// The place of its first share among the payment's.
    pub first_line: i64,
    /// How many shares it has.
    pub lines_count: i64,
    /// Whether the channel is to release to the merchant what it does not divide.
    pub last: bool,
    /// Where it stands.
    pub status: SplitState,
    /// When the channel said it had accepted it, Unix microseconds.
    pub accepted_at_us: Option<i64>,
    /// Since when its outcome is not known, Unix microseconds.
    pub unknown_since_us: Option<i64>,
    /// Queries asked so far.
    pub queries_count: i64,
    /// A person has it, and it is still asked about.
    pub needs_manual: bool,
    /// The channel's final refusal.
    pub failure_code: Option<String>,
    /// Its text.
    pub failure_message: Option<String>,
    /// A proposal to give it up and what was decided, JSON; see [`super::Abandonment`].
    pub abandonment: Option<String>,
    /// When it ended, Unix microseconds.
    pub ended_at_us: Option<i64>,
    /// Sequence of the last event about it.
    pub event_seq: i64,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Unix microseconds.
    pub updated_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

/// One receiver's share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitLine {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Derived from the payment and its place among the payment's shares.
    pub id: SplitLineId,
    /// The split it belongs to.
    pub split_id: SplitId,
    /// The payment divided.
    pub payment_id: PaymentId,
    /// Its place among the payment's shares, from 0.
    pub position: i64,
    /// The merchant that gives.
    pub merchant_id: MerchantId,
    /// The merchant that gets it, in the books.
    pub to_merchant_id: Option<MerchantId>,
    /// The party that gets it from the channel.
    pub to_receiver_id: Option<SplitReceiverId>,
    /// Minor units.
    pub amount_minor: i64,
    /// The payment's currency.
    pub currency: Currency,
    /// The place of the item whose money it is, from 0.
    pub item: Option<i64>,
    /// What of the payment had been refunded, or was being, when it was set aside, minor units.
    pub refunded_before_minor: i64,
    /// Where it stands.
    pub status: SplitLineStatus,
    /// What refunds under way take back, minor units.
    pub returning_minor: i64,
    /// What came back, minor units.
    pub returned_minor: i64,
    /// Times that it was to come back by a call of its own.
    pub returns_count: i64,
    /// Whether it can be taken back at all; a channel's refusal ends that.
    pub returnable: bool,
    /// The channel's reason where it was not paid.
    pub failure_code: Option<String>,
    /// When it was proven paid or not, Unix microseconds.
    pub ended_at_us: Option<i64>,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

/// One share, or part of it, on its way back for one refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitReturn {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Derived from the refund and the share.
    pub id: SplitReturnId,
    /// The refund it is for.
    pub refund_id: RefundId,
    /// The payment refunded.
    pub payment_id: PaymentId,
    /// The split.
    pub split_id: SplitId,
    /// The share.
    pub line_id: SplitLineId,
    /// How it comes back.
    pub mode: ReturnMode,
    /// The number sent to the channel, derived from the id; never changes.
    pub out_no: String,
    /// Minor units.
    pub amount_minor: i64,
    /// Of them taken from the receiving merchant's cash, minor units.
    pub cash_minor: i64,
    /// The payment's currency.
    pub currency: Currency,
    /// Where it stands.
    pub status: ReturnStatus,
    /// Since when its outcome is not known, Unix microseconds.
    pub unknown_since_us: Option<i64>,
    /// Queries asked so far.
    pub queries_count: i64,
    /// The channel's final refusal.
    pub failure_code: Option<String>,
    /// A proposal to give it up and what was decided, JSON; see [`super::Abandonment`].
    pub abandonment: Option<String>,
    /// When it ended, for one refused with its refund, Unix microseconds.
    pub ended_at_us: Option<i64>,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Unix microseconds.
    pub updated_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

impl Split {
    /// The identifier of the `n`th split of a payment, from 0; it sorts as the payment's.
    #[must_use]
    pub fn id_of(payment_id: PaymentId, n: i64) -> SplitId {
        SplitId(derived(payment_id.id128(), "split", &n.to_be_bytes()))
    }

    /// The proposal to give it up, with what was decided.
    #[must_use]
    pub fn abandonment(&self) -> Option<Abandonment> {
        Abandonment::stored(self.abandonment.as_ref())
    }

    /// Whether two persons gave it up: it is not said again, and its channel is asked what it kept of it.
    #[must_use]
    pub fn given_up(&self) -> bool {
        self.abandonment().and_then(Abandonment::approved).is_some()
    }

    /// The places of its shares among the payment's.
    pub(super) const fn places(&self) -> std::ops::Range<i64> {
        self.first_line..self.first_line.saturating_add(self.lines_count)
    }
}

impl SplitLine {
    /// The identifier of the `n`th share of a payment, from 0.
    #[must_use]
    pub fn id_of(payment_id: PaymentId, n: i64) -> SplitLineId {
        SplitLineId(derived(payment_id.id128(), "split_line", &n.to_be_bytes()))
    }

    /// Who gets it; nobody only in a row that breaks the table's rule.
    #[must_use]
    pub fn receiver(&self) -> Option<Receiver> {
        let party = self.to_receiver_id.map(Receiver::Party);
        self.to_merchant_id.map(Receiver::Merchant).or(party)
    }

    /// What of it neither came back nor is on its way back, minor units.
    #[must_use]
    pub const fn kept_minor(&self) -> i64 {
        self.amount_minor.saturating_sub(self.returning_minor).saturating_sub(self.returned_minor)
    }

    /// The account that its money is owed on, or lies on in the books.
    pub(super) fn account(&self) -> Option<AccountRef> {
        self.receiver().map(|receiver| receiver.account(self.tenant_id, self.currency))
    }
}

impl Receiver {
    /// The account that a share is credited to.
    pub(super) const fn account(self, tenant_id: TenantId, currency: Currency) -> AccountRef {
        match self {
            Self::Merchant(id) => {
                AccountRef::merchant(tenant_id, id, AccountKind::PendingSettlement, currency)
            }
            Self::Party(id) => AccountRef::receiver(tenant_id, id, AccountKind::SplitPayable, currency),
        }
    }
}

impl SplitReturn {
    /// Whether it is still taken from the receiver in the books, and not yet proven to have come back.
    #[must_use]
    pub const fn open(&self) -> bool {
        self.ended_at_us.is_none()
    }

    /// Whether another share of the same receiver, paid to it, comes back with the same refund; `lines` are the payment's.
    #[must_use]
    pub fn is_beside(&self, other: &Self, lines: &[SplitLine]) -> bool {
        let line = |back: &Self| lines.iter().find(|line| line.id == back.line_id);
        let given = |line: &&SplitLine| line.status != SplitLineStatus::Failed;
        let same = line(self).zip(line(other).filter(given)).is_some_and(|(own, its)| {
            own.to_receiver_id.is_some() && own.to_receiver_id == its.to_receiver_id
        });
        same && other.id != self.id && other.refund_id == self.refund_id && other.mode.with_refund()
    }

    /// The identifier of what a refund takes back of the `n`th share of its payment.
    #[must_use]
    pub fn id_of(refund_id: RefundId, n: i64) -> SplitReturnId {
        SplitReturnId(derived(refund_id.id128(), "split_return", &n.to_be_bytes()))
    }
}

/// The upper half of `from`, so that it sorts alike, and a hash in the lower half.
fn derived(from: Id128, word: &str, tail: &[u8]) -> Id128 {
    let digest = Sha256::new().chain_update(from.0).chain_update(word).chain_update(tail).finalize();
    let mut bytes = from.0;
    for (byte, hashed) in bytes.iter_mut().skip(8).zip(digest.iter()) {
        *byte = *hashed;
    }
    Id128(bytes)
}
