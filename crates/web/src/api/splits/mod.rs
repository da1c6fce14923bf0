//! Splits: who gets shares of a payment.

pub mod abandonment;
pub mod create;
pub mod get;
pub mod list;
pub mod waiver;

use crate::auth::Caller;
use crate::parse::{MinorUnits, Text};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use serde::Deserialize;
use tk_domain::access::Scope;
use tk_domain::id::{MerchantId, SplitReceiverId, TypedId};
use tk_domain::split::{Share, SplitTerms};
use tk_money::Rate;
use utoipa::ToSchema;

/// One receiver's share: `amount` or `rate`, to a `merchant` or a `receiver`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareCreate {
    /// Another merchant of the same legal entity, in the books: `mch_…`, or its code for keys of the whole tenant.
    #[schema(value_type = Option<String>)]
    pub merchant: Option<Text<1, 64>>,
    /// A party that the channel pays: `spr_…`.
    #[schema(value_type = Option<String>)]
    pub receiver: Option<Text<1, 64>>,
    /// Minor units (fen).
    pub amount: Option<MinorUnits>,
    /// Of the payment, or of its item, as text: `"0.1000"`.
    #[schema(value_type = Option<String>, example = "0.1000")]
    pub rate: Option<Text<1, 10>>,
    /// The place of the item whose money it is, from 0; the item must be `splittable`.
    pub item: Option<i64>,
}

/// The terms as asked; whoever divides money needs the scope for it.
pub async fn terms(state: &WebState, caller: &Caller, shares: &[ShareCreate]) -> Result<SplitTerms, Problem> {
    if shares.is_empty() {
        return Ok(SplitTerms::default());
    }
    caller.check_scope(Scope::SplitsWrite)?;
    let mut terms = SplitTerms::default();
    for (place, share) in shares.iter().enumerate() {
        terms.shares.push(Share {
            merchant: match &share.merchant {
                Some(text) => Some(merchant(state, caller, &text.0).await?),
                None => None,
            },
            receiver: share.receiver.as_ref().map(|text| parse_receiver(&text.0)).transpose()?,
            amount: share.amount.map(|amount| amount.0),
            rate_ppm: share.rate.as_ref().map(|text| rate(place, &text.0)).transpose()?,
            item: share.item,
        });
    }
    Ok(terms)
}

/// The terms of a payment to be made.
pub async fn agreed(
    state: &WebState,
    caller: &Caller,
    shares: Option<&[ShareCreate]>,
    later: Option<bool>,
) -> Result<SplitTerms, Problem> {
    let later = later.unwrap_or(false);
    if later {
        caller.check_scope(Scope::SplitsWrite)?;
    }
    Ok(SplitTerms { later, ..terms(state, caller, shares.unwrap_or_default()).await? })
}

fn parse_receiver(text: &str) -> Result<SplitReceiverId, Problem> {
    SplitReceiverId::parse(text).ok_or_else(Problem::not_found)
}

fn rate(place: usize, text: &str) -> Result<i64, Problem> {
    let malformed =
        |_| Problem::field(Code::FieldMalformed, format!("#/splits/{place}/rate"), "a decimal from 0 to 1");
    Ok(text.parse::<Rate>().map_err(malformed)?.ppm())
}

/// A key of one merchant names others by identifier only, so that it cannot try codes.
async fn merchant(state: &WebState, caller: &Caller, text: &str) -> Result<MerchantId, Problem> {
    if let Some(id) = MerchantId::parse(text) {
        return Ok(id);
    }
    let found = match caller.app.merchant_id {
        Some(_) => None,
        None => state.app.reader().merchant_by_code(caller.tenant_id, text).await?,
    };
    found.map(|merchant| merchant.id).ok_or_else(Problem::not_found)
}
