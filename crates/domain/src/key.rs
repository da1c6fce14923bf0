//! Keys that are unique for ever, and records of requests already answered.

use crate::id::{AppId, Id128, RequestId, TenantId};
use crate::words::words;

words! {
    /// What a natural key names.
    NaturalKind {
        /// Merchant id and merchant order number → payment.
        MerchantOrder = "merchant_order",
        /// Merchant id and merchant refund number → refund.
        MerchantRefund = "merchant_refund",
        /// Channel account id and account of a party → receiver.
        SplitReceiver = "split_receiver",
        /// Merchant id and merchant split number → split.
        MerchantSplit = "merchant_split",
        /// Channel account id and channel transaction number → attempt.
        ChannelTxn = "channel_txn",
        /// Merchant code → merchant.
        MerchantCode = "merchant_code",
        /// Product code → product.
        ProductCode = "product_code",
        /// Partner code → partner.
        PartnerCode = "partner_code",
        /// Bank account, year and remittance code → attempt.
        TransferCode = "transfer_code",
        /// Bank and cheque number → attempt.
        Cheque = "cheque",
        /// Terminal, day and slip number → attempt or refund.
        CounterSlip = "counter_slip",
        /// Bank account and slip number → deposit of cash.
        DepositSlip = "deposit_slip",
        /// Prepayment and the merchant's number of a draw → draw.
        PrepaymentDraw = "prepayment_draw",
        /// App id and signature nonce → request; kept for the signature's life.
        Nonce = "nonce",
        /// The state of a way back from a channel's sign-in, used once.
        OauthState = "oauth_state",
    }
}

/// The name of a natural key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName {
    /// The tenant.
    pub tenant_id: TenantId,
    /// What it names.
    pub kind: NaturalKind,
    /// The key itself, scope before number.
    pub key: String,
}

impl KeyName {
    /// A key within the scope of another object, such as an order number of a merchant.
    #[must_use]
    pub fn scoped(
        tenant_id: TenantId,
        kind: NaturalKind,
        scope: &dyn std::fmt::Display,
        number: &str,
    ) -> Self {
        Self { tenant_id, kind, key: format!("{scope}/{number}") }
    }

    /// A key unique within the tenant, such as a merchant code.
    #[must_use]
    pub fn of_tenant(tenant_id: TenantId, kind: NaturalKind, key: &str) -> Self {
        Self { tenant_id, kind, key: key.to_owned() }
    }
}

/// A key and the object it belongs to, unique for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NaturalKey {
    /// The key.
    pub name: KeyName,
    /// The object's identifier.
    pub id: Id128,
}

/// The name of an idempotency record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyName {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The app.
    pub app_id: AppId,
    /// What the app sent as `Idempotency-Key`.
    pub key: String,
}

/// A committed answer, replayed when the same request comes again within 30 days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// Its name.
    pub name: IdempotencyName,
    /// SHA-256 over method, path and body.
    pub fingerprint: Vec<u8>,
    /// The request first answered.
    pub request_id: RequestId,
    /// The HTTP status answered.
    pub status: i64,
    /// The body answered, with one-time secrets masked.
    pub body: String,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

/// The heads of the gapless sequences of one tenant in one writer lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The writer lane.
    pub lane: i64,
    /// The last entry's sequence.
    pub entry_seq: i64,
    /// The last entry's hash; 32 zero bytes before the first.
    pub entry_hash: Vec<u8>,
    /// The last event's sequence.
    pub event_seq: i64,
    /// The last audit row's sequence.
    pub audit_seq: i64,
    /// The last audit row's hash; 32 zero bytes before the first.
    pub audit_hash: Vec<u8>,
    /// The latest time given to a row of this lane, Unix microseconds.
    pub last_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

impl Head {
    /// The head before anything was written.
    #[must_use]
    pub fn start(tenant_id: TenantId, lane: i64) -> Self {
        Self {
            tenant_id,
            lane,
            entry_seq: 0,
            entry_hash: vec![0; 32],
            event_seq: 0,
            audit_seq: 0,
            audit_hash: vec![0; 32],
            last_at_us: 0,
            version: 0,
        }
    }

    /// The time for the next row: now, but always after the row before.
    pub const fn next_time_us(&mut self, now_us: i64) -> i64 {
        let after_last = self.last_at_us.saturating_add(1);
        self.last_at_us = if now_us > after_last { now_us } else { after_last };
        self.last_at_us
    }
}
