//! Money reserved: made once, ended once.

use crate::id::{HoldId, MerchantId, PrepaymentId, RefundId, TenantId};
use crate::words::words;
use tk_money::Currency;

words! {
    /// Where a hold stands.
    HoldStatus {
        /// The money is in the merchant's held account.
        Open = "open",
        /// Taken: the money has gone.
        Captured = "captured",
        /// Given back to where it came from.
        Released = "released",
    }
}

/// Money of one merchant reserved for one refund, with the accounts it was drawn from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its own identifier.
    pub id: HoldId,
    /// Whose money.
    pub merchant_id: MerchantId,
    /// What it is for.
    pub refund_id: RefundId,
    /// The currency of all parts.
    pub currency: Currency,
    /// The part from `pending_settlement`, minor units.
    pub pending_settlement_minor: i64,
    /// The part from `collected_for_others`, minor units.
    pub collected_for_others_minor: i64,
    /// The part from `cash`, minor units.
    pub cash_minor: i64,
    /// The prepayment that a part is drawn from.
    pub prepayment_id: Option<PrepaymentId>,
    /// The part from its `prepaid`, minor units.
    pub prepaid_minor: i64,
    /// The part from `duplicate`, minor units.
    pub duplicate_minor: i64,
    /// The part from `late_success`, minor units.
    pub late_success_minor: i64,
    /// The part from the channel account's `suspense`, minor units.
    pub suspense_minor: i64,
    /// Where it stands.
    pub status: HoldStatus,
    /// When it was made, Unix microseconds.
    pub created_at_us: i64,
    /// When it ended, Unix microseconds.
    pub ended_at_us: Option<i64>,
    /// Counts the commits that changed the row.
    pub version: i64,
}

impl Hold {
    /// The whole sum held, minor units.
    #[must_use]
    pub const fn amount_minor(&self) -> i64 {
        self.pending_settlement_minor
            .saturating_add(self.collected_for_others_minor)
            .saturating_add(self.cash_minor)
            .saturating_add(self.prepaid_minor)
            .saturating_add(self.duplicate_minor)
            .saturating_add(self.late_success_minor)
            .saturating_add(self.suspense_minor)
    }
}
