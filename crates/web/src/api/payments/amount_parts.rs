//! What of an amount is not the payer's own money, as callers ask for it.

use crate::auth::Caller;
use crate::parse::{MinorUnits, Text};
use crate::problem::Problem;
use serde::Deserialize;
use tk_domain::access::Scope;
use tk_domain::payment::{Part, PartDebtor, PartFunder, PartKind, PartReturn};
use utoipa::ToSchema;

/// One part of the amount that is not the payer's own money; the payer is asked for the rest.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartCreate {
    /// `coupon`: taken off before the channel. `advance`: put up by the channel or the partner, so that the merchant gets
    /// the whole.
    #[schema(value_type = String)]
    pub kind: PartKind,
    /// Who puts it up: of a coupon `merchant` (it gets that much less), `tenant` or `partner`; of an advance `channel`
    /// or `partner`.
    #[schema(value_type = String)]
    pub funder: PartFunder,
    /// Who owes an advance: `merchant`, `partner` or `payer`.
    #[schema(value_type = Option<String>)]
    pub debtor: Option<PartDebtor>,
    /// Minor units (fen).
    pub amount: MinorUnits,
    /// `proportion` (default): goes back with refunds. `kept`: a coupon that is used up.
    #[schema(value_type = Option<String>)]
    pub on_refund: Option<PartReturn>,
    /// The advance's contract, or the coupon's campaign or number.
    #[schema(value_type = String, max_length = 64)]
    pub reference: Text<1, 64>,
}

/// The parts with their defaults. Whoever says that others than the calling merchant pay a part needs the scope for it.
pub fn amount_parts(caller: &Caller, asked: &[PartCreate]) -> Result<Vec<Part>, Problem> {
    let part = |asked: &PartCreate| Part {
        kind: asked.kind,
        funder: asked.funder,
        debtor: asked.debtor,
        amount: asked.amount.0,
        on_refund: asked.on_refund.unwrap_or(PartReturn::Proportion),
        reference: asked.reference.0.clone(),
    };
    let parts: Vec<Part> = asked.iter().map(part).collect();
    // A partner's app speaks for no merchant: what the merchant gives away is said by the merchant.
    let own = caller.app.partner_id.is_none() && !parts.iter().any(Part::moves_money);
    if !(parts.is_empty() || own) {
        caller.check_scope(Scope::PartsWrite)?;
    }
    Ok(parts)
}
