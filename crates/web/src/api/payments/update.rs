//! `PATCH /v1/payments/{id}`.

use super::view::published;
use crate::api::answer::Answer;
use crate::api::once::change;
use crate::api::{refer, schema};
use crate::auth::PaymentsWrite;
use crate::parse::{Change, Metadata, present};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use serde::Deserialize;
use std::collections::BTreeSet;
use tk_domain::payment::UpdatePayment;
use utoipa::ToSchema;

/// What changes; null removes, absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "null removes what absence leaves")]
pub struct PaymentUpdate {
    /// The merchant's own data, replaced whole.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Option<Metadata>>,
    /// Pay-before-issue facts, replaced whole.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>)]
    pub fulfilment: Option<Option<Metadata>>,
}

/// Changes what does not concern the money.
#[utoipa::path(patch, path = "/v1/payments/{id}", tag = "payments", params(("id" = String, Path)),
    request_body = PaymentUpdate, responses((status = 200, body = schema::Payment)))]
pub async fn update(
    State(state): State<WebState>,
    Path(id): Path<String>,
    patch: Change<PaymentsWrite, PaymentUpdate>,
) -> Result<Answer, Problem> {
    let payment = refer::payment(&state, &patch.caller, refer::parse_id(&id)?).await?;
    let json = |data: Option<Option<Metadata>>| data.map(|data| data.map(|data| data.json()));
    let command = UpdatePayment {
        tenant_id: payment.tenant_id,
        payment_id: payment.id,
        metadata: json(patch.body.metadata),
        fulfilment: json(patch.body.fulfilment),
        origin: patch.caller.origin(),
    };
    let payment = change(&state, &patch.caller, command).await?;
    Answer::ok(&published(&state, &patch.caller, &payment, &BTreeSet::new()).await?)
}
