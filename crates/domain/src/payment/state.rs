//! The payment row and its transitions.

use crate::id::{
    AppId, AttemptId, MerchantId, PartnerId, PayerId, PaymentId, PrepaymentId, ProductId, TenantId,
};
use crate::instalment::Period;
use crate::ledger::{AccountKind, AccountRef, Owner};
use crate::prepayment;
use crate::product::Terminal;
use crate::words::words;
use tk_money::{Amount, AmountError, Currency, Rate, Rounding, proportion};

words! {
    /// Where a payment stands.
    PaymentStatus {
        /// The payer has yet to choose a method.
        RequiresMethod = "requires_method",
        /// The payer has to do something in the wallet.
        RequiresAction = "requires_action",
        /// A bank transfer is awaited.
        AwaitingTransfer = "awaiting_transfer",
        /// An identity check is under way.
        IdentityReview = "identity_review",
        /// Being worked on, or its outcome is not known yet.
        Processing = "processing",
        /// Collected; one collection entry exists.
        Succeeded = "succeeded",
        /// The one attempt of a payment made with `confirm` failed.
        Failed = "failed",
        /// Ended without collection.
        Closed = "closed",
    }
}

impl PaymentStatus {
    /// Whether nothing but refunds can follow.
    #[must_use]
    pub const fn terminal(self) -> bool {
        match self {
            Self::Succeeded | Self::Failed | Self::Closed => true,
            Self::RequiresMethod
            | Self::RequiresAction
            | Self::AwaitingTransfer
            | Self::IdentityReview
            | Self::Processing => false,
        }
    }
}

words! {
    /// How much of a payment has gone back.
    RefundStatus {
        /// Nothing.
        None = "none",
        /// Some.
        Partial = "partial",
        /// All that was refundable.
        Full = "full",
    }
}

/// The merchant's fee terms, frozen on the payment at creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FeeSnapshot {
    /// Share of the amount.
    pub rate: Rate,
    /// Added to the share, minor units.
    pub fixed_minor: i64,
    /// The least fee, minor units.
    pub min_minor: Option<i64>,
    /// The greatest fee, minor units.
    pub max_minor: Option<i64>,
    /// Whether a refund returns the fee in proportion.
    pub returned: bool,
    /// Who owes it in the merchant's place, such as the bank that serves a hospital.
    pub bearer: Option<PartnerId>,
}

impl FeeSnapshot {
    /// The fee on an amount: share rounded half up plus fixed, within min and max, never above the amount.
    pub fn on(&self, amount_minor: i64) -> Result<i64, AmountError> {
        let share = self.rate.of(amount_minor, Rounding::HalfUp)?;
        let fee = share.checked_add(self.fixed_minor).ok_or(AmountError::Overflow)?;
        let fee = self.min_minor.map_or(fee, |min| fee.max(min));
        let fee = self.max_minor.map_or(fee, |max| fee.min(max));
        Ok(fee.clamp(0, amount_minor.max(0)))
    }

    /// What more of `fee_minor` returns when `refunded_minor` of `base_minor` is refunded in all, given
    /// that `returned_minor` went back before; exactly the whole on full refund.
    pub fn return_due(
        fee_minor: i64,
        returned_minor: i64,
        refunded_minor: i64,
        base_minor: i64,
    ) -> Result<i64, AmountError> {
        if base_minor <= 0 {
            return Ok(0);
        }
        let due = proportion(fee_minor, refunded_minor, base_minor, Rounding::HalfUp)?;
        Ok(due.checked_sub(returned_minor).ok_or(AmountError::Overflow)?.max(0))
    }
}

/// One intention to collect one amount for one merchant order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// The tenant; frozen.
    pub tenant_id: TenantId,
    /// Its own identifier.
    pub id: PaymentId,
    /// The payee; frozen.
    pub merchant_id: MerchantId,
    /// What is paid for; frozen.
    pub product_id: ProductId,
    /// The app that created it.
    pub app_id: Option<AppId>,
    /// Through whom the payer comes; frozen.
    pub partner_id: Option<PartnerId>,
    /// The payer by the blind index of his document number, where the order system named it; frozen.
    pub payer_id: Option<PayerId>,
    /// The merchant's own number, unique per merchant for ever.
    pub merchant_order_no: String,
    /// What is owed in all, minor units; frozen.
    pub amount_minor: i64,
    /// What the payer is asked for at the channel: the amount less its parts, minor units; frozen.
    pub payer_minor: i64,
    /// What the channel itself then took off for the payer, minor units; known at success.
    pub discount_minor: i64,
    /// The parts that are not the payer's own money, a JSON array; frozen.
    pub parts: Option<String>,
    /// What went back of each part or is about to, minor units, a JSON array in their order.
    pub parts_back: Option<String>,
    /// Frozen.
    pub currency: Currency,
    /// Shown to the payer.
    pub description: String,
    /// Where the payer is, as far as the order system knows.
    pub terminal: Option<Terminal>,
    /// Methods and groups that the order system allows, as a JSON array; none means all.
    pub methods_allow: Option<String>,
    /// Made with `confirm`: its one attempt decides it.
    pub single_attempt: bool,
    /// Where it stands.
    pub status: PaymentStatus,
    /// How much has gone back.
    pub refund_status: RefundStatus,
    /// Unix microseconds after which no attempt may start.
    pub expires_at_us: i64,
    /// How often the payer may still ask for more time.
    pub extensions_left: i64,
    /// Where the payer's browser goes afterwards.
    pub return_url: Option<String>,
    /// The merchant's own data, a JSON object.
    pub metadata: Option<String>,
    /// The product's own fields and the version they were checked against, a JSON object; frozen.
    pub ext: Option<String>,
    /// The period of a policy that it pays for; frozen.
    pub period: Option<Period>,
    /// What it is paid in advance for; frozen.
    pub prepayment_id: Option<PrepaymentId>,
    /// Pay-before-issue facts, a JSON object.
    pub fulfilment: Option<String>,
    /// What it is made of, a JSON array whose amounts sum to the payment's; frozen.
    pub items: Option<String>,
    /// What went back of each item or is about to, minor units of the payer's money, a JSON array in their order.
    pub items_back: Option<String>,
    /// The bill that it pays a part of, JSON; frozen.
    pub bill: Option<String>,
    /// Who gets shares of it, JSON; frozen.
    pub splits: Option<String>,
    /// Who is insured, with the middle of the name hidden; frozen.
    pub insured: Option<String>,
    /// Who is to pay, with the middles hidden, a JSON object; frozen.
    pub payer: Option<String>,
    /// The same in full, sealed for the installation; frozen.
    pub payer_sealed: Option<Vec<u8>>,
    /// The fee terms at creation.
    pub fee: FeeSnapshot,
    /// The fee earned at success, minor units.
    pub fee_minor: i64,
    /// The fee returned by refunds so far, minor units.
    pub fee_returned_minor: i64,
    /// The one attempt that may still change, if any.
    pub open_attempt_id: Option<AttemptId>,
    /// The attempt started last.
    pub latest_attempt_id: Option<AttemptId>,
    /// The attempt whose success counts.
    pub effective_attempt_id: Option<AttemptId>,
    /// Attempts started so far.
    pub attempts_count: i64,
    /// Since when the open attempt's outcome is not known, or its channel is asked to close it, Unix microseconds.
    pub unknown_since_us: Option<i64>,
    /// The payer's part refunded so far of the effective attempt, minor units.
    pub refunded_minor: i64,
    /// Refunds of the effective attempt done although they had ended otherwise, minor units.
    pub late_refunded_minor: i64,
    /// Minor units that the bank took back after they had been collected.
    pub reversed_minor: i64,
    /// What of that was drawn from what is collected for others, minor units.
    pub reversed_others_minor: i64,
    /// Received for it beside its collection and not gone back: parts of transfers, second, late and unfitting sums,
    /// minor units.
    pub beside_minor: i64,
    /// Splits made of it so far.
    pub splits_count: i64,
    /// Shares in all of them.
    pub split_lines_count: i64,
    /// Refunds requested and not yet ended, of the effective attempt, minor units.
    pub refunding_minor: i64,
    /// Somebody asked to close it; it closes once the open attempt is proven over.
    pub close_requested_at_us: Option<i64>,
    /// When the collection was booked, Unix microseconds.
    pub succeeded_at_us: Option<i64>,
    /// When it closed or failed, Unix microseconds.
    pub ended_at_us: Option<i64>,
    /// The Shanghai day of the collection, days since 1970-01-01.
    pub accounting_day: Option<i64>,
    /// Sequence of the last event about it.
    pub event_seq: i64,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Unix microseconds.
    pub updated_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

impl Payment {
    /// What is owed in all.
    #[must_use]
    pub const fn amount(&self) -> Amount {
        Amount::new(self.amount_minor, self.currency)
    }

    /// What the payer is asked for.
    #[must_use]
    pub const fn payer_amount(&self) -> Amount {
        Amount::new(self.payer_minor, self.currency)
    }

    /// Where the success that counts is credited: to the merchant, to be settled, or to what was paid in advance.
    #[must_use]
    pub const fn credited_account(&self) -> AccountRef {
        match self.prepayment_id {
            Some(id) => prepayment::account(self.tenant_id, id, self.currency),
            None => self.merchants_account(AccountKind::PendingSettlement),
        }
    }

    /// Where the part of its collection goes that the merchant collects for others.
    #[must_use]
    pub const fn others_account(&self) -> AccountRef {
        self.merchants_account(AccountKind::CollectedForOthers)
    }

    /// The accounts that bear what went back although no refund was under way, in order.
    #[must_use]
    pub fn bearing_accounts(&self) -> Vec<AccountRef> {
        let own =
            [AccountKind::PendingSettlement, AccountKind::Cash].map(|kind| self.merchants_account(kind));
        let prepaid = self.prepayment_id.map(|_| self.credited_account());
        prepaid.into_iter().chain(own).collect()
    }

    /// Who owes the merchant fee: the merchant, or whom its terms name in its place.
    #[must_use]
    pub const fn fee_account(&self) -> AccountRef {
        let kind = AccountKind::MerchantFeeReceivable;
        match self.fee.bearer {
            Some(id) => AccountRef {
                tenant_id: self.tenant_id,
                owner: Owner::Partner(id),
                kind,
                currency: self.currency,
            },
            None => self.merchants_account(kind),
        }
    }

    const fn merchants_account(&self, kind: AccountKind) -> AccountRef {
        AccountRef::merchant(self.tenant_id, self.merchant_id, kind, self.currency)
    }

    /// What of the payer's money is with us: what collected it and did not go back, and what came beside it, minor units.
    #[must_use]
    pub const fn kept_minor(&self) -> i64 {
        let collected = match self.status {
            PaymentStatus::Succeeded => self
                .refund_base_minor()
                .saturating_sub(self.refunded_minor)
                .saturating_sub(self.late_refunded_minor)
                .saturating_sub(self.reversed_minor),
            PaymentStatus::RequiresMethod
            | PaymentStatus::RequiresAction
            | PaymentStatus::AwaitingTransfer
            | PaymentStatus::IdentityReview
            | PaymentStatus::Processing
            | PaymentStatus::Failed
            | PaymentStatus::Closed => 0,
        };
        let collected = if collected > 0 { collected } else { 0 };
        collected.saturating_add(self.beside_minor)
    }

    /// Counts that an attempt or a transfer's order, of which this much was here beside the collection, has this much now.
    pub(crate) const fn count_beside(&mut self, before_minor: i64, now_minor: i64) {
        let left = self.beside_minor.saturating_sub(before_minor).saturating_add(now_minor);
        self.beside_minor = if left > 0 { left } else { 0 };
    }

    /// What the payer paid himself, once paid: all that can ever be refunded, minor units.
    #[must_use]
    pub const fn refund_base_minor(&self) -> i64 {
        self.payer_minor.saturating_sub(self.discount_minor)
    }

    /// What may still be refunded of the effective attempt, minor units.
    #[must_use]
    pub const fn refundable_minor(&self) -> i64 {
        match self.status {
            PaymentStatus::Succeeded => {
                let open = self
                    .refund_base_minor()
                    .saturating_sub(self.refunded_minor)
                    .saturating_sub(self.refunding_minor);
                let left = open.saturating_sub(self.late_refunded_minor).saturating_sub(self.reversed_minor);
                if left > 0 { left } else { 0 }
            }
            PaymentStatus::RequiresMethod
            | PaymentStatus::RequiresAction
            | PaymentStatus::AwaitingTransfer
            | PaymentStatus::IdentityReview
            | PaymentStatus::Processing
            | PaymentStatus::Failed
            | PaymentStatus::Closed => 0,
        }
    }
}
