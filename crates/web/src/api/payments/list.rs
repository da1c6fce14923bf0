//! `GET /v1/payments`.

use super::view::{EXPANDABLE, published};
use crate::api::answer::{Answer, List, Summary};
use crate::api::{refer, schema};
use crate::auth::{Caller, PaymentsRead};
use crate::parse::{Params, Read, rfc3339_us};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::State;
use serde_json::Value;
use tk_app::store::{CreatedRange, Page, PaymentFilter};
use tk_domain::id::{MerchantId, PaymentId, PrepaymentId, TypedId};
use tk_domain::key::{KeyName, NaturalKey, NaturalKind};
use tk_domain::payment::{Payment, PaymentStatus};

/// Lists payments, newest first; a payment is in the list as soon as it is created.
#[utoipa::path(get, path = "/v1/payments", tag = "payments",
    params(
        ("merchant" = Option<String>, Query), ("partner" = Option<String>, Query), ("status" = Option<String>, Query),
        ("merchant_order_no" = Option<String>, Query, description = "With `merchant`: the payment of this \
            order, its own or one that an item names"),
        ("prepayment" = Option<String>, Query), ("created_from" = Option<String>, Query),
        ("created_until" = Option<String>, Query), ("limit" = Option<i64>, Query),
        ("starting_after" = Option<String>, Query), ("ending_before" = Option<String>, Query),
        ("include[]" = Option<Vec<String>>, Query), ("expand[]" = Option<Vec<String>>, Query),
    ),
    responses((status = 200, body = List<schema::Payment>)))]
pub async fn list(State(state): State<WebState>, mut read: Read<PaymentsRead>) -> Result<Answer, Problem> {
    let params = &mut read.params;
    let page = params.page::<PaymentId>()?;
    let expand = params.words("expand", &EXPANDABLE)?;
    let include = params.words("include", &["summary"])?;
    let filter = filter(&state, &read.caller, params).await?;
    read.params.finish()?;
    check_cursor(&state, &read.caller, &page).await?;
    let summary =
        if include.contains("summary") { Some(summary(&state, &read.caller, &filter).await?) } else { None };
    let listed = state.app.reader().payments(read.caller.tenant_id, filter, page).await?;
    let mut data: Vec<Value> = Vec::with_capacity(listed.rows.len());
    for payment in &listed.rows {
        data.push(published(&state, &read.caller, payment, &expand).await?);
    }
    Answer::ok(&List { object: "list", data, has_more: listed.has_more, summary })
}

async fn filter(state: &WebState, caller: &Caller, params: &mut Params) -> Result<PaymentFilter, Problem> {
    let merchant_id = match params.take("merchant")? {
        Some(text) => Some(refer::merchant(state, caller, &text).await?.id),
        None => caller.app.merchant_id,
    };
    let partner = params.take("partner")?;
    let number = params.take("merchant_order_no")?;
    let id = match (merchant_id, number) {
        (Some(merchant_id), Some(number)) => Some(of_order(state, caller, (merchant_id, &number)).await?),
        // An order number is a merchant's; to look for it in all merchants would read every payment.
        (None, Some(_)) => {
            return Err(Problem::field(Code::FieldMissing, "?merchant", "required with merchant_order_no"));
        }
        (_, None) => None,
    };
    Ok(PaymentFilter {
        id,
        merchant_id,
        partner_id: refer::partner_of(state, caller, partner.as_deref()).await?,
        status: params.read("status", PaymentStatus::parse)?,
        prepayment_id: params.read("prepayment", PrepaymentId::parse)?,
        created: created_range(params)?,
    })
}

/// The payment of a merchant's order, whether its main one or one that an item names; one that nobody has where there
/// is none.
async fn of_order(
    state: &WebState,
    caller: &Caller,
    (merchant_id, number): (MerchantId, &str),
) -> Result<PaymentId, Problem> {
    let name = KeyName::scoped(caller.tenant_id, NaturalKind::MerchantOrder, &merchant_id, number);
    let known = state.app.reader().get::<NaturalKey>(&name).await?;
    Ok(PaymentId(known.map(|key| key.id).unwrap_or_default()))
}

/// When the objects of a list were created.
pub fn created_range(params: &mut Params) -> Result<CreatedRange, Problem> {
    Ok(CreatedRange {
        from_us: params.read("created_from", rfc3339_us)?,
        until_us: params.read("created_until", rfc3339_us)?,
    })
}

/// A cursor names a payment that the caller sees.
async fn check_cursor(state: &WebState, caller: &Caller, page: &Page) -> Result<(), Problem> {
    let Some(id) = page.starting_after.or(page.ending_before) else { return Ok(()) };
    let row = state.app.reader().get::<Payment>(&(caller.tenant_id, PaymentId::from_id128(id))).await?;
    let seen = row.is_some_and(|row| caller.check_payment(&row).is_ok());
    if seen {
        Ok(())
    } else {
        Err(Problem::field(Code::CursorInvalid, "?starting_after", "not of this list"))
    }
}

async fn summary(state: &WebState, caller: &Caller, filter: &PaymentFilter) -> Result<Summary, Problem> {
    let (count, amount) = state.app.reader().payments_summary(caller.tenant_id, filter.clone()).await?;
    Ok(Summary { count, amount })
}
