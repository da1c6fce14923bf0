//! `/v1/counter_days`.

use super::counter_of;
use crate::api::answer::{Answer, List};
use crate::api::once::Effect;
use crate::api::{refer, schema};
use crate::auth::{CounterRead, CounterWrite};
use crate::parse::{Read, Text, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tk_domain::counter::{CloseCounterDay, CounterDay, CounterDayView, DayStatus};
use tk_domain::id::{CounterDayId, TypedId};
use utoipa::ToSchema;

/// Who closes a day.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DayClosure {
    /// The actor's name.
    #[schema(value_type = String, max_length = 64)]
    pub actor: Text<1, 64>,
}

/// Lists days of counters.
#[utoipa::path(get, path = "/v1/counter_days", tag = "counter",
    params(
        ("counter" = Option<String>, Query), ("status" = Option<String>, Query),
        ("limit" = Option<i64>, Query), ("starting_after" = Option<String>, Query),
        ("ending_before" = Option<String>, Query),
    ),
    responses((status = 200, body = List<schema::CounterDay>)))]
pub async fn list(State(state): State<WebState>, mut read: Read<CounterRead>) -> Result<Answer, Problem> {
    let page = read.params.page::<CounterDayId>()?;
    let counter = counter_of(&mut read.params)?;
    let status = read.params.read("status", DayStatus::parse)?;
    read.params.finish()?;
    let tenant_id = read.caller.tenant_id;
    refer::check_cursor::<CounterDay>(&state, &page, |id| (tenant_id, CounterDayId::from_id128(id))).await?;
    let listed = state.app.reader().counter_days(tenant_id, (counter, status), page).await?;
    List::of(&listed, |day| CounterDayView::of(day, state.live())).answer()
}

/// A counter's day with the totals of its closed shifts.
#[utoipa::path(get, path = "/v1/counter_days/{id}", tag = "counter", params(("id" = String, Path)),
    responses((status = 200, body = schema::CounterDay)))]
pub async fn get(
    State(state): State<WebState>,
    Path(id): Path<String>,
    read: Read<CounterRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    let day: CounterDay = refer::row(&state, &(read.caller.tenant_id, refer::parse_id(&id)?)).await?;
    Answer::ok(&CounterDayView::of(&day, state.live()))
}

/// Closes a counter's day, once none of its shifts is open.
#[utoipa::path(post, path = "/v1/counter_days/{id}/closure", tag = "counter", params(("id" = String, Path)),
    request_body = DayClosure, responses((status = 200, body = schema::CounterDay)))]
pub async fn closure(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<CounterWrite, DayClosure>,
) -> Result<Answer, Problem> {
    let (effect, body) = Effect::begin(write, &state)?;
    let command = CloseCounterDay {
        tenant_id: effect.caller.tenant_id,
        counter_day_id: refer::parse_id(&id)?,
        by: body.actor.0,
        origin: effect.caller.origin(),
    };
    effect.object(&state, command, (StatusCode::OK, CounterDayView::of)).await
}
