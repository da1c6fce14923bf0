//! `POST /v1/cheques/{id}/presentation`, `/clearance`, `/return` and `/cancellation`.

use crate::api::answer::Answer;
use crate::api::counter::day_at;
use crate::api::once::Effect;
use crate::api::{refer, schema};
use crate::auth::CounterWrite;
use crate::parse::{Text, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tk_domain::cheque::{AdvanceCheque, AskClearing, Cheque, ChequeStep, ChequeView, ClearCheque};
use tk_domain::id::{BankLineId, TypedId};
use tk_domain::moment::shanghai_day;
use utoipa::ToSchema;

/// A cheque brought to the bank.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PresentationCreate {
    /// The day on which the bank got it; today by default.
    #[schema(value_type = Option<String>, example = "2026-11-20")]
    pub presented_on: Option<Text<10, 10>>,
    /// The actor's name.
    #[schema(value_type = String, max_length = 64)]
    pub actor: Text<1, 64>,
}

/// A cheque that the bank paid.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClearanceCreate {
    /// The bank's line that shows the money, `btr_…`. Without one the cheque becomes `pending_approval`, and another person
    /// decides.
    #[schema(value_type = Option<String>)]
    pub bank_transfer: Option<Text<1, 64>>,
    /// The actor's name.
    #[schema(value_type = String, max_length = 64)]
    pub actor: Text<1, 64>,
}

/// A cheque that went back.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChequeBack {
    /// Why.
    #[schema(value_type = String, max_length = 200)]
    pub reason: Text<1, 200>,
    /// The actor's name.
    #[schema(value_type = String, max_length = 64)]
    pub actor: Text<1, 64>,
}

async fn advance(
    state: &WebState,
    effect: Effect,
    (id, step, actor): (&str, ChequeStep, Text<1, 64>),
) -> Result<Answer, Problem> {
    let key = (effect.caller.tenant_id, refer::parse_id(id)?);
    let cheque: Cheque = refer::row(state, &key).await?;
    let command = AdvanceCheque {
        tenant_id: cheque.tenant_id,
        rows: (cheque.payment_id, cheque.id),
        step,
        by: actor.0,
        origin: effect.caller.origin(),
    };
    effect.object(state, command, (StatusCode::OK, ChequeView::of)).await
}

/// Records that the bank got a cheque, at most ten days after its issue.
#[utoipa::path(post, path = "/v1/cheques/{id}/presentation", tag = "cheques", params(("id" = String, Path)),
    request_body = PresentationCreate, responses((status = 200, body = schema::Cheque)))]
pub async fn presentation(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<CounterWrite, PresentationCreate>,
) -> Result<Answer, Problem> {
    let (effect, body) = Effect::begin(write, &state)?;
    let named = body.presented_on.map(|date| day_at("#/presented_on", &date.0)).transpose()?;
    let day = named.unwrap_or_else(|| shanghai_day(state.app.now_us()));
    advance(&state, effect, (&id, ChequeStep::Present { day }, body.actor)).await
}

/// Says that the bank has the money of a cheque. With the bank's line the payment is collected; without one this is a
/// proposal (`pending_approval`) about which another person decides. A line that comes after that decision proves it; one
/// whose money the bank took back by then leaves it to the merchant, and an exception is open.
#[utoipa::path(post, path = "/v1/cheques/{id}/clearance", tag = "cheques", params(("id" = String, Path)),
    request_body = ClearanceCreate, responses((status = 200, body = schema::Cheque)))]
pub async fn clearance(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<CounterWrite, ClearanceCreate>,
) -> Result<Answer, Problem> {
    let (effect, body) = Effect::begin(write, &state)?;
    let tenant_id = effect.caller.tenant_id;
    let cheque: Cheque = refer::row(&state, &(tenant_id, refer::parse_id(&id)?)).await?;
    let (rows, by, origin) = ((cheque.payment_id, cheque.id), body.actor.0, effect.caller.origin());
    let Some(line) = body.bank_transfer else {
        let command = AskClearing { tenant_id, rows, by, origin };
        return effect.object(&state, command, (StatusCode::OK, ChequeView::of)).await;
    };
    let bank_line_id = BankLineId::parse(&line.0).ok_or_else(Problem::not_found)?;
    let command = ClearCheque { tenant_id, rows, bank_line_id, by, origin };
    effect.object(&state, command, (StatusCode::OK, ChequeView::of)).await
}

/// Records that the bank gave a cheque back unpaid. The attempt has failed; the payer may pay another way.
#[utoipa::path(post, path = "/v1/cheques/{id}/return", tag = "cheques", params(("id" = String, Path)),
    request_body = ChequeBack, responses((status = 200, body = schema::Cheque)))]
pub async fn bounce(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<CounterWrite, ChequeBack>,
) -> Result<Answer, Problem> {
    let (effect, body) = Effect::begin(write, &state)?;
    let step = ChequeStep::Bounce { reason: body.reason.0 };
    advance(&state, effect, (&id, step, body.actor)).await
}

/// Gives a cheque back to the payer before it was presented.
#[utoipa::path(post, path = "/v1/cheques/{id}/cancellation", tag = "cheques", params(("id" = String, Path)),
    request_body = ChequeBack, responses((status = 200, body = schema::Cheque)))]
pub async fn cancellation(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<CounterWrite, ChequeBack>,
) -> Result<Answer, Problem> {
    let (effect, body) = Effect::begin(write, &state)?;
    let step = ChequeStep::Withdraw { reason: body.reason.0 };
    advance(&state, effect, (&id, step, body.actor)).await
}
