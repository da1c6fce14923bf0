//! An account and how it is named.

use crate::id::{
    AccountId, CashierId, ChannelAccountId, Id128, MerchantId, PartnerId, PrepaymentId, SplitReceiverId,
    TenantId, TypedId,
};
use crate::words::words;
use sha2::{Digest, Sha256};
use tk_money::Currency;

words! {
    /// What an account holds; the chart of accounts.
    AccountKind {
        /// Collected, not yet settled to the merchant 待结算账户 (liability).
        PendingSettlement = "pending_settlement",
        /// Collected by the merchant for others, such as a tax, never income of its own 代收款项 (liability).
        CollectedForOthers = "collected_for_others",
        /// The merchant's available balance 现金账户 (liability).
        Cash = "cash",
        /// Paid in advance for one stay or case, not yet drawn 预交金 (liability).
        Prepaid = "prepaid",
        /// The merchant's money reserved for refunds and payouts under way (liability).
        Held = "held",
        /// Success beyond the one that counts, until refunded (liability).
        Duplicate = "duplicate",
        /// Money that arrived after close, expiry or failure, until refunded (liability).
        LateSuccess = "late_success",
        /// The merchant's fee, earned and not yet taken at settlement (asset).
        MerchantFeeReceivable = "merchant_fee_receivable",
        /// Money at the channel on its way to a bank account 在途 (asset).
        ChannelReceivable = "channel_receivable",
        /// What the channel charged (expense).
        FeeCost = "fee_cost",
        /// What merchants were charged (income).
        FeeIncome = "fee_income",
        /// What went back to a payer although the refund had ended: owed by the merchant where its accounts did not
        /// cover it, and by the channel beyond what it had received 应收退款 (asset).
        RefundReceivable = "refund_receivable",
        /// Money not yet explained 挂账 (liability).
        Suspense = "suspense",
        /// Money in a bank account 银行存款 (asset).
        BankAccount = "bank_account",
        /// Money that slips show and no statement has proven yet 未达账项 (asset).
        UnprovenSlip = "unproven_slip",
        /// Money that left a bank account and is not yet explained 待查支出 (asset).
        UnexplainedDebit = "unexplained_debit",
        /// Transfers matched to orders that are not yet paid in full (liability).
        TransferReceived = "transfer_received",
        /// Transfers on their way back to their senders (liability).
        TransferReturn = "transfer_return",
        /// Cheques that banks have and have not paid 托收在途 (asset).
        ChequesInCollection = "cheques_in_collection",
        /// What the merchant is owed once those are paid (liability).
        ChequesUncleared = "cheques_uncleared",
        /// Cash in the drawer of a counter 收银柜现金 (asset).
        CashDrawer = "cash_drawer",
        /// The tenant's cash in no drawer; floats come out of it and go back 库存现金 (asset).
        CashVault = "cash_vault",
        /// Cash on its way to a bank account 送存在途 (asset).
        CashInTransit = "cash_in_transit",
        /// What a channel still has to pay a party of a split, less what that party is to give back 应付分账 (liability).
        SplitPayable = "split_payable",
        /// What a cashier had too little, or on the other side too much 现金长短款 (expense).
        CashOverShort = "cash_over_short",
        /// Coupons that their funder has yet to pay 优惠应收 (asset).
        CouponReceivable = "coupon_receivable",
        /// Advances that the advancer has yet to hand over 垫资在途 (asset).
        AdvanceFunding = "advance_funding",
        /// Advances that their debtor owes 垫资应收 (asset).
        AdvanceReceivable = "advance_receivable",
        /// Advances to be given back to the advancer 应还垫资 (liability).
        AdvancePayable = "advance_payable",
    }
}

impl AccountKind {
    /// Whether the balance may never fall below minus the credit limit.
    #[must_use]
    pub const fn guarded(self) -> bool {
        match self {
            Self::PendingSettlement
            | Self::CollectedForOthers
            | Self::Cash
            | Self::Prepaid
            | Self::Held
            | Self::Duplicate
            | Self::LateSuccess
            | Self::TransferReceived
            | Self::TransferReturn
            | Self::ChequesUncleared
            | Self::Suspense => true,
            Self::MerchantFeeReceivable
            | Self::ChannelReceivable
            | Self::FeeCost
            | Self::FeeIncome
            | Self::BankAccount
            | Self::UnprovenSlip
            | Self::UnexplainedDebit
            | Self::ChequesInCollection
            | Self::CashDrawer
            | Self::CashVault
            | Self::CashInTransit
            | Self::CashOverShort
            | Self::SplitPayable
            | Self::CouponReceivable
            | Self::AdvanceFunding
            | Self::AdvanceReceivable
            | Self::AdvancePayable
            | Self::RefundReceivable => false,
        }
    }

    /// Whether the account normally stands on the debit side (asset or expense).
    #[must_use]
    pub const fn debit_normal(self) -> bool {
        match self {
            Self::MerchantFeeReceivable
            | Self::ChannelReceivable
            | Self::FeeCost
            | Self::BankAccount
            | Self::UnprovenSlip
            | Self::UnexplainedDebit
            | Self::ChequesInCollection
            | Self::CashDrawer
            | Self::CashVault
            | Self::CashInTransit
            | Self::CashOverShort
            | Self::CouponReceivable
            | Self::AdvanceFunding
            | Self::AdvanceReceivable
            | Self::RefundReceivable => true,
            Self::PendingSettlement
            | Self::CollectedForOthers
            | Self::Cash
            | Self::Prepaid
            | Self::Held
            | Self::Duplicate
            | Self::LateSuccess
            | Self::FeeIncome
            | Self::TransferReceived
            | Self::TransferReturn
            | Self::ChequesUncleared
            | Self::SplitPayable
            | Self::AdvancePayable
            | Self::Suspense => false,
        }
    }
}

/// Whose account it is, within a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// The tenant itself.
    Tenant,
    /// One merchant.
    Merchant(MerchantId),
    /// One channel account.
    ChannelAccount(ChannelAccountId),
    /// One cashier.
    Cashier(CashierId),
    /// One party that a channel pays shares to.
    Receiver(SplitReceiverId),
    /// One partner.
    Partner(PartnerId),
    /// What was paid in advance for one stay or case.
    Prepayment(PrepaymentId),
}

impl Owner {
    /// The word of the owner's kind in the store and on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Merchant(_) => "merchant",
            Self::ChannelAccount(_) => "channel_account",
            Self::Cashier(_) => "cashier",
            Self::Receiver(_) => "split_receiver",
            Self::Partner(_) => "partner",
            Self::Prepayment(_) => "prepayment",
        }
    }

    /// The owner's identifier; all zero for the tenant itself.
    #[must_use]
    pub fn id128(self) -> Id128 {
        match self {
            Self::Tenant => Id128::default(),
            Self::Merchant(id) => id.id128(),
            Self::ChannelAccount(id) => id.id128(),
            Self::Cashier(id) => id.id128(),
            Self::Receiver(id) => id.id128(),
            Self::Partner(id) => id.id128(),
            Self::Prepayment(id) => id.id128(),
        }
    }

    /// The owner named by a stored word and identifier.
    #[must_use]
    pub fn from_parts(word: &str, id: Id128) -> Option<Self> {
        match word {
            "tenant" => Some(Self::Tenant),
            "merchant" => Some(Self::Merchant(MerchantId(id))),
            "channel_account" => Some(Self::ChannelAccount(ChannelAccountId(id))),
            "cashier" => Some(Self::Cashier(CashierId(id))),
            "split_receiver" => Some(Self::Receiver(SplitReceiverId(id))),
            "partner" => Some(Self::Partner(PartnerId(id))),
            "prepayment" => Some(Self::Prepayment(PrepaymentId(id))),
            _ => None,
        }
    }
}

/// The name of an account: exactly one account exists for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountRef {
    /// The tenant whose books these are.
    pub tenant_id: TenantId,
    /// Whose account.
    pub owner: Owner,
    /// What it holds.
    pub kind: AccountKind,
    /// Its one currency.
    pub currency: Currency,
}

impl AccountRef {
    /// An account of a merchant.
    #[must_use]
    pub const fn merchant(
        tenant: TenantId,
        merchant: MerchantId,
        kind: AccountKind,
        currency: Currency,
    ) -> Self {
        Self { tenant_id: tenant, owner: Owner::Merchant(merchant), kind, currency }
    }

    /// An account of a channel account.
    #[must_use]
    pub const fn channel(
        tenant: TenantId,
        id: ChannelAccountId,
        kind: AccountKind,
        currency: Currency,
    ) -> Self {
        Self { tenant_id: tenant, owner: Owner::ChannelAccount(id), kind, currency }
    }

    /// An account of a party that a channel pays shares to.
    #[must_use]
    pub const fn receiver(
        tenant: TenantId,
        id: SplitReceiverId,
        kind: AccountKind,
        currency: Currency,
    ) -> Self {
        Self { tenant_id: tenant, owner: Owner::Receiver(id), kind, currency }
    }

    /// An account of the tenant itself.
    #[must_use]
    pub const fn tenant(tenant: TenantId, kind: AccountKind, currency: Currency) -> Self {
        Self { tenant_id: tenant, owner: Owner::Tenant, kind, currency }
    }

    /// The account's identifier: the first 16 bytes of SHA-256 over its name, so that it needs no look-up.
    #[must_use]
    pub fn id(&self) -> AccountId {
        let mut hash = Sha256::new();
        hash.update(self.tenant_id.id128().0);
        hash.update(self.owner.word().as_bytes());
        hash.update([0]);
        hash.update(self.owner.id128().0);
        hash.update(self.kind.word().as_bytes());
        hash.update([0]);
        hash.update(self.currency.code().as_bytes());
        AccountId(Id128::of_hash(hash))
    }
}

/// An account with its cached balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The tenant whose books these are.
    pub tenant_id: TenantId,
    /// Derived from the name; see [`AccountRef::id`].
    pub id: AccountId,
    /// Whose account.
    pub owner: Owner,
    /// What it holds.
    pub kind: AccountKind,
    /// Its one currency.
    pub currency: Currency,
    /// Credits minus debits of all its lines, in minor units.
    pub balance_minor: i64,
    /// How far below zero a guarded account may go, by written agreement.
    pub credit_limit_minor: i64,
    /// When the first line was posted or the account asked for, Unix microseconds.
    pub created_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

impl Account {
    /// The empty account of this name.
    #[must_use]
    pub fn empty(name: &AccountRef, now_us: i64) -> Self {
        Self {
            tenant_id: name.tenant_id,
            id: name.id(),
            owner: name.owner,
            kind: name.kind,
            currency: name.currency,
            balance_minor: 0,
            credit_limit_minor: 0,
            created_at_us: now_us,
            version: 0,
        }
    }

    /// What may still be drawn: balance plus credit limit.
    #[must_use]
    pub const fn available_minor(&self) -> i64 {
        self.balance_minor.saturating_add(self.credit_limit_minor)
    }
}
