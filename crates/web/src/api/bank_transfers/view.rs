//! What the desk answers beside its lines and matches.

use serde::Serialize;
use serde_json::{Value, json};
use tk_app::transfers::MatchingDone;
use tk_domain::transfer::Proposal;
use utoipa::ToSchema;

/// A statement taken.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StatementView {
    /// Always `bank_statement`.
    pub object: &'static str,
    /// `cha_…`
    pub channel_account: String,
    /// Lines of the file.
    pub lines: usize,
    /// Lines not known before.
    pub new: usize,
    /// Lines that were known.
    pub known: usize,
}

/// A match that may be made.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProposalView {
    /// `btr_…`
    pub bank_transfer: String,
    /// `att_…`
    pub attempt: String,
    /// Minor units.
    pub amount: i64,
    /// 0 to 100.
    pub score: i64,
    /// Why.
    pub reasons: Value,
    /// Whether a person has to decide.
    pub certainty: &'static str,
}

impl ProposalView {
    /// The published form.
    #[must_use]
    pub fn of(proposal: &Proposal) -> Self {
        Self {
            bank_transfer: proposal.line.to_string(),
            attempt: proposal.order.to_string(),
            amount: proposal.amount_minor,
            score: proposal.score,
            reasons: json!(proposal.reasons),
            certainty: proposal.certainty.word(),
        }
    }
}

/// What a matching did.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MatchingView {
    /// Always `transfer_matching`.
    pub object: &'static str,
    /// Lines with money in suspense that were looked at.
    pub lines: usize,
    /// Orders awaiting transfers that were looked at.
    pub orders: usize,
    /// Matches made.
    pub matched: usize,
    /// Reversals, slips and returns that were linked with what they are about.
    pub linked: usize,
    /// What a person has to decide, the best first, at most 100.
    pub likely: Vec<ProposalView>,
}

impl MatchingView {
    /// The published form.
    #[must_use]
    pub fn of(done: &MatchingDone) -> Self {
        Self {
            object: "transfer_matching",
            lines: done.lines,
            orders: done.orders,
            matched: done.matched,
            linked: done.linked,
            likely: done.likely.iter().map(ProposalView::of).collect(),
        }
    }
}
