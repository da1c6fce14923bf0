//! `/v1/shifts`.

use super::{account, counter_of, day, day_at};
use crate::api::answer::{Answer, List};
use crate::api::once::Effect;
use crate::api::{refer, schema};
use crate::auth::{CounterRead, CounterWrite};
use crate::parse::{MinorUnits, Read, Text, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tk_app::store::ShiftFilter;
use tk_domain::channel_account::Channel;
use tk_domain::counter::{CloseShift, OpenShift, Shift, ShiftStatus, ShiftView};
use tk_domain::id::{ShiftId, TypedId};
use tk_domain::moment::shanghai_day;
use utoipa::ToSchema;

/// A shift to be opened.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShiftCreate {
    /// The counter, a channel account of channel `counter`, `cha_…`.
    #[schema(value_type = String)]
    pub counter: Text<1, 64>,
    /// The cashier's name.
    #[schema(value_type = String, max_length = 64)]
    pub cashier: Text<1, 64>,
    /// The cash that it begins with, minor units.
    pub float: MinorUnits,
    /// The day it belongs to, today or yesterday in Shanghai; today by default.
    #[schema(value_type = Option<String>, example = "2026-11-20")]
    pub business_date: Option<Text<10, 10>>,
}

/// The cash of a shift that ends.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShiftClosure {
    /// The cash counted, minor units.
    pub counted: MinorUnits,
    /// The name of who takes the cash over.
    #[schema(value_type = String, max_length = 64)]
    pub actor: Text<1, 64>,
}

/// Opens a shift. A counter and a cashier have at most one open shift each.
#[utoipa::path(post, path = "/v1/shifts", tag = "counter", request_body = ShiftCreate,
    responses((status = 201, body = schema::Shift)))]
pub async fn create(
    State(state): State<WebState>,
    write: Write<CounterWrite, ShiftCreate>,
) -> Result<Answer, Problem> {
    let (effect, body) = Effect::begin(write, &state)?;
    let counter = account(&state, &effect.caller, (&body.counter.0, Channel::Counter)).await?;
    let today = shanghai_day(state.app.now_us());
    let business_day = body.business_date.map(|date| day_at("#/business_date", &date.0)).transpose()?;
    let command = OpenShift {
        tenant_id: counter.tenant_id,
        channel_account_id: counter.id,
        cashier: body.cashier.0,
        float_minor: body.float.0,
        business_day: business_day.unwrap_or(today),
        origin: effect.caller.origin(),
    };
    effect.object(&state, command, (StatusCode::CREATED, ShiftView::of)).await
}

/// Lists shifts, newest first.
#[utoipa::path(get, path = "/v1/shifts", tag = "counter",
    params(
        ("counter" = Option<String>, Query), ("cashier" = Option<String>, Query),
        ("status" = Option<String>, Query), ("business_date" = Option<String>, Query),
        ("limit" = Option<i64>, Query), ("starting_after" = Option<String>, Query),
        ("ending_before" = Option<String>, Query),
    ),
    responses((status = 200, body = List<schema::Shift>)))]
pub async fn list(State(state): State<WebState>, mut read: Read<CounterRead>) -> Result<Answer, Problem> {
    let page = read.params.page::<ShiftId>()?;
    let filter = ShiftFilter {
        channel_account_id: counter_of(&mut read.params)?,
        cashier: read.params.take("cashier")?,
        status: read.params.read("status", ShiftStatus::parse)?,
        business_day: read.params.read("business_date", day)?,
    };
    read.params.finish()?;
    let tenant_id = read.caller.tenant_id;
    refer::check_cursor::<Shift>(&state, &page, |id| (tenant_id, ShiftId::from_id128(id))).await?;
    let listed = state.app.reader().shifts(tenant_id, filter, page).await?;
    List::of(&listed, |shift| ShiftView::of(shift, state.live())).answer()
}

/// A shift with its totals by method.
#[utoipa::path(get, path = "/v1/shifts/{id}", tag = "counter", params(("id" = String, Path)),
    responses((status = 200, body = schema::Shift)))]
pub async fn get(
    State(state): State<WebState>,
    Path(id): Path<String>,
    read: Read<CounterRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    let shift: Shift = refer::row(&state, &(read.caller.tenant_id, refer::parse_id(&id)?)).await?;
    Answer::ok(&ShiftView::of(&shift, state.live()))
}

/// Closes a shift with the cash counted. What is over or short is booked to its cashier.
#[utoipa::path(post, path = "/v1/shifts/{id}/closure", tag = "counter", params(("id" = String, Path)),
    request_body = ShiftClosure, responses((status = 200, body = schema::Shift)))]
pub async fn closure(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<CounterWrite, ShiftClosure>,
) -> Result<Answer, Problem> {
    let (effect, body) = Effect::begin(write, &state)?;
    let command = CloseShift {
        tenant_id: effect.caller.tenant_id,
        shift_id: refer::parse_id(&id)?,
        counted_minor: body.counted.0,
        by: body.actor.0,
        origin: effect.caller.origin(),
    };
    effect.object(&state, command, (StatusCode::OK, ShiftView::of)).await
}
