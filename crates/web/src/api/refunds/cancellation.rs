//! `POST /v1/refunds/{id}/cancellation`.

use crate::api::answer::Answer;
use crate::api::once::Effect;
use crate::api::{refer, schema};
use crate::auth::RefundsWrite;
use crate::parse::{Nothing, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use tk_domain::refund::CancelRefund;
use tk_domain::view::RefundView;

/// Withdraws a refund before it is sent; the hold is given back.
#[utoipa::path(post, path = "/v1/refunds/{id}/cancellation", tag = "refunds", params(("id" = String, Path)),
    request_body = Nothing, responses((status = 200, body = schema::Refund)))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<RefundsWrite, Nothing>,
) -> Result<Answer, Problem> {
    let (effect, _) = Effect::begin(write, &state)?;
    let refund = refer::refund(&state, &effect.caller, refer::parse_id(&id)?).await?;
    let origin = effect.caller.origin();
    let command = CancelRefund {
        tenant_id: refund.tenant_id,
        payment_id: refund.payment_id,
        attempt_id: refund.attempt_id,
        refund_id: refund.id,
        origin,
    };
    effect.object(&state, command, (StatusCode::OK, RefundView::of)).await
}
