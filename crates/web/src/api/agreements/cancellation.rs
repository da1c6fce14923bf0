//! `POST /v1/agreements/{id}/cancellation`.

use crate::api::answer::{Answer, record};
use crate::api::once::{Came, Effect};
use crate::api::{refer, schema};
use crate::auth::PaymentsWrite;
use crate::parse::{Nothing, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use tk_domain::agreement::{Agreement, AgreementStatus, AgreementView, EndAgreement};

/// Ends a card that a payer opened: from now on it pays nothing here, and the channel is told. Until the channel has
/// taken that, the answer is 202 and saying it again tells the channel again.
#[utoipa::path(post, path = "/v1/agreements/{id}/cancellation", tag = "agreements", params(("id" = String, Path)),
    request_body = Nothing, responses(
        (status = 200, body = schema::Agreement, description = "ended"),
        (status = 202, body = schema::Agreement, description = "unusable here; the channel has not said so yet"),
    ))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<PaymentsWrite, Nothing>,
) -> Result<Answer, Problem> {
    let (mut effect, _) = Effect::begin(write, &state)?;
    let tenant_id = effect.caller.tenant_id;
    let agreement: Agreement = refer::row(&state, &(tenant_id, refer::parse_id(&id)?)).await?;
    if !effect.caller.sees_all() {
        refer::payment(&state, &effect.caller, agreement.payment_id).await?;
    }
    let origin = effect.caller.origin();
    let to = AgreementStatus::Ending;
    let command = EndAgreement { tenant_id, agreement_id: agreement.id, to, origin: origin.clone() };
    let render = |row: &Agreement, _live: bool| record(status(row), &AgreementView::of(row));
    let ending = match effect.submit(&state, command, render).await? {
        Came::Replayed(answer) => return Ok(answer),
        Came::Fresh(ending, recorded) => match (ending.status, recorded) {
            (AgreementStatus::Ending, _) | (_, None) => ending,
            (_, Some(answer)) => return Ok(answer),
        },
    };
    let ended = state.app.end_card((tenant_id, ending.id), origin).await?;
    let answer = Answer::new(status(&ended), &AgreementView::of(&ended))?;
    effect.keep(&state, &answer).await;
    Ok(answer)
}

fn status(agreement: &Agreement) -> StatusCode {
    if agreement.status == AgreementStatus::Ending { StatusCode::ACCEPTED } else { StatusCode::OK }
}
