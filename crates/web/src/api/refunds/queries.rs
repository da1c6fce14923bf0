//! `POST /v1/refunds/{id}/queries`.

use crate::api::answer::{Answer, record};
use crate::api::once::{Came, Effect};
use crate::api::{refer, schema};
use crate::auth::RefundsWrite;
use crate::parse::{Nothing, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use tk_domain::refund::{Refund, RefundState, RequestRefundQuery};
use tk_domain::view::RefundView;

/// Asks the channel about a refund; the answer comes as an event, or to be read again.
#[utoipa::path(post, path = "/v1/refunds/{id}/queries", tag = "refunds", params(("id" = String, Path)),
    request_body = Nothing, responses(
        (status = 200, body = schema::Refund, description = "it has ended"),
        (status = 202, body = schema::Refund, description = "the channel is being asked"),
    ))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<RefundsWrite, Nothing>,
) -> Result<Answer, Problem> {
    let (mut effect, _) = Effect::begin(write, &state)?;
    let refund = refer::refund(&state, &effect.caller, refer::parse_id(&id)?).await?;
    let origin = effect.caller.origin();
    let command = RequestRefundQuery { tenant_id: refund.tenant_id, refund_id: refund.id, origin };
    let render =
        |refund: &Refund, live: bool| record(status_of(refund.status), &RefundView::of(refund, live));
    match effect.submit(&state, command, render).await? {
        Came::Fresh(_, Some(answer)) | Came::Replayed(answer) => Ok(answer),
        Came::Fresh(refund, None) => {
            Answer::new(status_of(refund.status), &RefundView::of(&refund, state.live()))
        }
    }
}

fn status_of(status: RefundState) -> StatusCode {
    if status == RefundState::Processing { StatusCode::ACCEPTED } else { StatusCode::OK }
}
