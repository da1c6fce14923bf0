//! The fulfilment row.

use crate::id::{MerchantId, PaymentId, ProductId, TenantId};
use crate::product::IssueOn;
use crate::words::words;
use serde::{Deserialize, Serialize};

words! {
    /// Where issuing stands.
    FulfilmentStatus {
        /// The money does not count as received yet.
        Awaiting = "awaiting",
        /// The order system was told that it may issue.
        Announced = "announced",
        /// The policy is issued.
        Issued = "issued",
        /// No policy will be issued.
        Cancelled = "cancelled",
        /// The policy was issued and ended by its holder 退保.
        Surrendered = "surrendered",
    }
}

words! {
    /// What the order system reports.
    Reported {
        /// The policy is issued.
        Issued = "issued",
        /// No policy will be issued.
        Cancelled = "cancelled",
        /// The policy was ended by its holder.
        Surrendered = "surrendered",
    }
}

/// What became of the policy of one payment; it shares the payment's identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fulfilment {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The payment.
    pub id: PaymentId,
    /// The payee.
    pub merchant_id: MerchantId,
    /// What is sold.
    pub product_id: ProductId,
    /// When the money counts as received, frozen at creation.
    pub issue_on: IssueOn,
    /// The fact that the announcement rests on.
    pub rests_on: Option<IssueOn>,
    /// Where issuing stands.
    pub status: FulfilmentStatus,
    /// The policy's number.
    pub policy_no: Option<String>,
    /// What was reported of each item of the payment, where items have policies of their own; a JSON array in their order.
    pub items: Option<String>,
    /// When the payment was collected, Unix microseconds.
    pub paid_at_us: Option<i64>,
    /// When a refund was held before the issue, Unix microseconds.
    pub stopped_at_us: Option<i64>,
    /// When the policy was reported issued, Unix microseconds.
    pub issued_at_us: Option<i64>,
    /// Until when the policy, or the money, is expected, Unix microseconds.
    pub due_at_us: Option<i64>,
    /// Unix microseconds.
    pub created_at_us: i64,
    /// Unix microseconds.
    pub updated_at_us: i64,
    /// Counts the commits that changed the row.
    pub version: i64,
}

/// What was reported of one item of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemFulfilment {
    /// What was reported last.
    pub status: Reported,
    /// The policy's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_no: Option<String>,
}

impl Fulfilment {
    /// What was reported of each item, in their order; empty where the report was about the whole.
    #[must_use]
    pub fn items(&self) -> Vec<Option<ItemFulfilment>> {
        let read = |text: &String| serde_json::from_str(text).unwrap_or_default();
        self.items.as_ref().map(read).unwrap_or_default()
    }

    /// Whether a policy stands for what a refund takes back: of these sums by item, or of the whole.
    pub(super) fn stands_for(&self, by_item: &[i64]) -> bool {
        let items = self.items();
        let issued = |item: &Option<ItemFulfilment>| {
            item.as_ref().is_some_and(|item| item.status != Reported::Cancelled)
        };
        let whole = matches!(self.status, FulfilmentStatus::Issued | FulfilmentStatus::Surrendered);
        if items.is_empty() {
            return whole;
        }
        items.iter().zip(by_item).any(|(item, share)| *share > 0 && issued(item))
    }
}
