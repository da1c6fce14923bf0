//! `POST /v1/payments/{id}/fulfilment`.

use crate::api::answer::{Answer, record};
use crate::api::once::{Came, Effect};
use crate::api::{refer, schema};
use crate::auth::PaymentsWrite;
use crate::parse::{Text, Write};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tk_app::Failure;
use tk_domain::fulfilment::{Fulfilment, FulfilmentView, OpenRefund, ReportFulfilment, Reported};
use tk_domain::payment::Payment;
use tk_domain::refusal::Refusal;
use utoipa::ToSchema;

/// Times that the refunds of a payment are read again because others came meanwhile.
const READ_AGAIN: usize = 3;

/// What became of a policy.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FulfilmentReport {
    /// `issued`, `cancelled` before it was issued, or `surrendered` after.
    #[schema(value_type = String, example = "issued")]
    pub status: Reported,
    /// Of which item of the payment, by its place from 0, where items have policies of their own; of the whole if absent.
    pub item: Option<u16>,
    /// The policy's number.
    #[schema(value_type = Option<String>, max_length = 64)]
    pub policy_no: Option<Text<1, 64>>,
}

/// Takes what the order system reports about the policy of a payment. An issue that comes after a refund was held
/// withdraws the refund if it was not sent, and otherwise calls a person.
#[utoipa::path(post, path = "/v1/payments/{id}/fulfilment", tag = "fulfilments", params(("id" = String, Path)),
    request_body = FulfilmentReport, responses((status = 200, body = schema::Fulfilment)))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<PaymentsWrite, FulfilmentReport>,
) -> Result<Answer, Problem> {
    let (mut effect, body) = Effect::begin(write, &state)?;
    let payment = refer::payment(&state, &effect.caller, refer::parse_id(&id)?).await?;
    let render = |row: &Fulfilment, live: bool| record(StatusCode::OK, &FulfilmentView::of(row, live));
    for _ in 0..READ_AGAIN {
        let command = ReportFulfilment {
            tenant_id: payment.tenant_id,
            payment_id: payment.id,
            reported: body.status,
            item: body.item.map(usize::from),
            policy_no: body.policy_no.as_ref().map(|number| number.0.clone()),
            refunds: open_refunds(&state, &payment).await?,
            origin: effect.caller.origin(),
        };
        match effect.submit(&state, command, render).await {
            Ok(Came::Fresh(_, Some(answer)) | Came::Replayed(answer)) => return Ok(answer),
            Ok(Came::Fresh(_, None)) => return Err(Code::Internal.into()),
            Err(problem) if problem.code() == Refusal::RefundsChanged.code() => {}
            Err(problem) => return Err(problem),
        }
    }
    Err(Refusal::RefundsChanged.into())
}

/// The refunds of the payment that have not ended.
async fn open_refunds(state: &WebState, payment: &Payment) -> Result<Vec<OpenRefund>, Failure> {
    let refunds = state.app.reader().refunds_of(payment.tenant_id, payment.id).await?;
    let open = refunds.iter().filter(|refund| !refund.status.terminal());
    Ok(open.map(|refund| OpenRefund { refund_id: refund.id, attempt_id: refund.attempt_id }).collect())
}
