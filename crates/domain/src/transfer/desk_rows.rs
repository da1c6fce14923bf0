//! Rows about what becomes of bank lines beside matches: money on its way back, and the statements they came in.

use crate::id::{BankLineId, ChannelAccountId, MatchId, RefundId, ReturnId, StatementId, TenantId};
use crate::words::words;
use sha2::{Digest, Sha256};
use tk_money::Currency;

words! {
    /// Where money on its way back to its sender stands.
    ReturnState {
        /// Asked for; a second person decides.
        PendingApproval = "pending_approval",
        /// Decided; staff send it at the bank, to the account it came from.
        Approved = "approved",
        /// A statement shows that it left.
        Sent = "sent",
        /// Decided against, or the bank took the money back itself.
        Rejected = "rejected",
    }
}

impl ReturnState {
    /// Whether the money is gone, going or asked for.
    #[must_use]
    pub const fn counts(self) -> bool {
        match self {
            Self::PendingApproval | Self::Approved | Self::Sent => true,
            Self::Rejected => false,
        }
    }
}

/// Money on its way back to the sender of a bank line: out of suspense, or for a refund out of the merchant's hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferReturn {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its own identifier.
    pub id: ReturnId,
    /// The line whose sender gets it.
    pub bank_line_id: BankLineId,
    /// The refund it carries out; none for money in suspense.
    pub refund_id: Option<RefundId>,
    /// The match by which the refund's payment got the line's money.
    pub match_id: Option<MatchId>,
    /// The bank account.
    pub channel_account_id: ChannelAccountId,
    /// How much, minor units.
    pub amount_minor: i64,
    /// The account's currency.
    pub currency: Currency,
    /// Why, in the maker's words.
    pub reason: String,
    /// Where it stands.
    pub status: ReturnState,
    /// Who asked for it.
    pub made_by: String,
    /// Who decided.
    pub decided_by: Option<String>,
    /// The line of the bank that shows it leaving.
    pub sent_line_id: Option<BankLineId>,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Unix microseconds.
    pub updated_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

impl TransferReturn {
    /// The hash over what a second person decides about.
    #[must_use]
    pub fn content_hash(&self) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update(self.id.0.0);
        hash.update(self.bank_line_id.0.0);
        hash.update(self.refund_id.map(|id| id.0.0).unwrap_or_default());
        hash.update(self.amount_minor.to_be_bytes());
        for text in [self.status.word(), self.reason.as_str(), self.made_by.as_str()] {
            hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(text.as_bytes());
        }
        hash.finalize().to_vec()
    }
}

/// A statement of a bank, taken whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankStatement {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Derived from what it says, so that the same statement is the same row in whatever file it comes.
    pub id: StatementId,
    /// The bank account.
    pub channel_account_id: ChannelAccountId,
    /// The day of its first line, days since 1970-01-01.
    pub first_day: i64,
    /// The day of its last line.
    pub last_day: i64,
    /// The balance before its first line, minor units, where it says.
    pub opening_minor: Option<i64>,
    /// The balance after its last line, minor units, where it says.
    pub closing_minor: Option<i64>,
    /// How many lines it has.
    pub lines_count: i64,
    /// How many equal lines without numbers its last day had so far, by what they say: a JSON object.
    pub equal_lines: String,
    /// Who brought it: the actor's name.
    pub made_by: String,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}
