//! The cheque row.

use crate::id::{
    AttemptId, BankLineId, ChannelAccountId, ChequeId, EntryId, MerchantId, PaymentId, TenantId, TypedId,
};
use crate::words::words;
use sha2::{Digest, Sha256};
use tk_money::Currency;

/// Days from its issue within which a cheque must be presented (票据法 第九十一条).
pub const VALID_DAYS: i64 = 10;

words! {
    /// Where a cheque stands.
    ChequeStatus {
        /// We have it.
        Received = "received",
        /// The bank has it.
        Presented = "presented",
        /// The bank has it, and one person says that it has the money too; another decides.
        PendingApproval = "pending_approval",
        /// The bank has the money.
        Cleared = "cleared",
        /// The bank gave it back unpaid 退票.
        Bounced = "bounced",
        /// It went back to the payer before it was presented.
        Withdrawn = "withdrawn",
    }
}

impl ChequeStatus {
    /// Whether the bank has the cheque and has not said what became of it.
    #[must_use]
    pub const fn at_bank(self) -> bool {
        match self {
            Self::Presented | Self::PendingApproval => true,
            Self::Received | Self::Cleared | Self::Bounced | Self::Withdrawn => false,
        }
    }
}

/// A cheque for one payment; it shares the attempt's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cheque {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The attempt's bytes.
    pub id: ChequeId,
    /// The payment.
    pub payment_id: PaymentId,
    /// The payee.
    pub merchant_id: MerchantId,
    /// The counter that took it.
    pub channel_account_id: ChannelAccountId,
    /// The code of the bank that it is drawn on.
    pub bank: String,
    /// Its number, unique per bank.
    pub cheque_no: String,
    /// How much, minor units.
    pub amount_minor: i64,
    /// The payment's currency.
    pub currency: Currency,
    /// The day on it, days since 1970-01-01.
    pub issued_day: i64,
    /// The day on which the bank got it.
    pub presented_day: Option<i64>,
    /// Where it stands.
    pub status: ChequeStatus,
    /// The entry of its presentation, which clearing and bouncing reverse.
    pub entry_id: Option<EntryId>,
    /// Who proposed that the bank has its money; another person decides.
    pub clearing_asked_by: Option<String>,
    /// The bank's line that shows its money.
    pub bank_line_id: Option<BankLineId>,
    /// Why it bounced or was withdrawn.
    pub reason: Option<String>,
    /// The name of who received it.
    pub made_by: String,
    /// The name of who moved it on last.
    pub changed_by: Option<String>,
    /// Sequence of the last event about it.
    pub event_seq: i64,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Unix microseconds.
    pub updated_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

impl Cheque {
    /// The attempt that it pays.
    #[must_use]
    pub fn attempt_id(&self) -> AttemptId {
        AttemptId(self.id.id128())
    }

    /// The hash over what a second person decides about when its clearing is proposed.
    #[must_use]
    pub fn content_hash(&self) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update(self.id.0.0);
        hash.update(self.amount_minor.to_be_bytes());
        for text in [self.status.word(), self.clearing_asked_by.as_deref().unwrap_or_default()] {
            hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(text.as_bytes());
        }
        hash.finalize().to_vec()
    }

    /// Whether it may be presented on this day.
    #[must_use]
    pub const fn valid_on(issued_day: i64, day: i64) -> bool {
        issued_day <= day && day <= issued_day.saturating_add(VALID_DAYS)
    }
}
