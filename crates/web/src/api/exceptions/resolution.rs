//! `POST /v1/exceptions/{id}/resolution`.

use super::ExceptionView;
use crate::api::answer::Answer;
use crate::api::once::Effect;
use crate::api::refer;
use crate::auth::ExceptionsWrite;
use crate::parse::{Number, Text, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tk_domain::exception::{AcknowledgeException, Exception, ProposeResolution, ResolutionKind, Subject};
use tk_domain::refusal::Refusal;
use utoipa::ToSchema;

/// What is to become of money in suspense, or why a matter is over.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolutionCreate {
    /// `refund_payer`: back the way it came; `credit_merchant`: the merchant takes it for another order;
    /// `acknowledged`: nothing moves, somebody has looked into the matter and says why it is over.
    #[schema(value_type = String, example = "refund_payer")]
    pub kind: ResolutionKind,
    /// The other order's number, to credit the merchant.
    pub merchant_order_no: Option<Number>,
    /// Why.
    #[schema(value_type = String, max_length = 200)]
    pub reason: Text<1, 200>,
    /// The name of the person who proposes it.
    #[schema(value_type = String, max_length = 64)]
    pub maker: Text<1, 64>,
}

/// Proposes what is to become of money whose amount is not the order's. Nothing moves until another person approves,
/// which no key can do. A matter behind which no money waits is ended at once by a named person (`acknowledged`); it opens
/// again if the same is seen again.
#[utoipa::path(post, path = "/v1/exceptions/{id}/resolution", tag = "books", params(("id" = String, Path)),
    request_body = ResolutionCreate,
    responses((status = 200, body = ExceptionView, description = "acknowledged, closed"), (status = 202, body = ExceptionView, description = "proposed; another person has to decide")))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<ExceptionsWrite, ResolutionCreate>,
) -> Result<Answer, Problem> {
    let (effect, body) = Effect::begin(write, &state)?;
    effect.caller.check_whole_tenant()?;
    let tenant_id = effect.caller.tenant_id;
    let exception: Exception = refer::row(&state, &(tenant_id, refer::parse_id(&id)?)).await?;
    if body.kind == ResolutionKind::Acknowledged {
        return acknowledge(&state, effect, (&exception, body)).await;
    }
    let (Some(payment_id), Some(attempt_id)) = (exception.payment_id, exception.attempt_id) else {
        return Err(Refusal::NotResolvable.into());
    };
    let command = ProposeResolution {
        subject: Subject { tenant_id, payment_id, attempt_id, exception_id: exception.id },
        kind: body.kind,
        merchant_order_no: body.merchant_order_no.map(|number| number.0),
        reason: body.reason.0,
        maker: body.maker.0,
        origin: effect.caller.origin(),
    };
    effect.object(&state, command, (StatusCode::ACCEPTED, ExceptionView::of)).await
}

async fn acknowledge(
    state: &WebState,
    effect: Effect,
    (exception, body): (&Exception, ResolutionCreate),
) -> Result<Answer, Problem> {
    if body.merchant_order_no.is_some() {
        let (param, reason) = ("merchant_order_no", "only to credit the merchant");
        return Err(Refusal::FieldInvalid { param, reason }.into());
    }
    let command = AcknowledgeException {
        tenant_id: exception.tenant_id,
        exception_id: exception.id,
        attempt_id: exception.attempt_id,
        reason: body.reason.0,
        maker: body.maker.0,
        origin: effect.caller.origin(),
    };
    effect.object(state, command, (StatusCode::OK, ExceptionView::of)).await
}
