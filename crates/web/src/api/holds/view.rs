//! Holds as published.

use serde::Serialize;
use tk_domain::ledger::Hold;
use tk_domain::moment::time_text;
use utoipa::ToSchema;

/// Money reserved for one refund.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Hold)]
pub struct HoldView {
    /// `hld_…`
    pub id: String,
    /// Always `hold`.
    pub object: &'static str,
    /// Whether real money is concerned.
    pub livemode: bool,
    /// `mch_…`
    pub merchant: String,
    /// `ref_…`
    pub refund: String,
    /// ISO 4217.
    pub currency: &'static str,
    /// The whole sum, minor units.
    pub amount: i64,
    /// Where it was drawn from.
    pub funding: Vec<FundingView>,
    /// `open`, `captured` or `released`.
    pub status: &'static str,
    /// RFC 3339.
    pub ended_at: Option<String>,
    /// RFC 3339.
    pub created: String,
}

/// One source of a hold.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Funding)]
pub struct FundingView {
    /// The kind of account.
    pub account: &'static str,
    /// Minor units.
    pub amount: i64,
}

impl HoldView {
    /// The published form.
    #[must_use]
    pub fn of(hold: &Hold, live: bool) -> Self {
        let parts = [
            ("pending_settlement", hold.pending_settlement_minor),
            ("collected_for_others", hold.collected_for_others_minor),
            ("cash", hold.cash_minor),
            ("prepaid", hold.prepaid_minor),
            ("duplicate", hold.duplicate_minor),
            ("late_success", hold.late_success_minor),
            ("suspense", hold.suspense_minor),
        ];
        let funding = parts.into_iter().filter(|(_, amount)| *amount > 0);
        Self {
            id: hold.id.to_string(),
            object: "hold",
            livemode: live,
            merchant: hold.merchant_id.to_string(),
            refund: hold.refund_id.to_string(),
            currency: hold.currency.code(),
            amount: hold.amount_minor(),
            funding: funding.map(|(account, amount)| FundingView { account, amount }).collect(),
            status: hold.status.word(),
            ended_at: hold.ended_at_us.map(time_text),
            created: time_text(hold.created_at_us),
        }
    }
}
