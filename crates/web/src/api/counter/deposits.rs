//! `/v1/cash_deposits`.

use super::account;
use crate::api::answer::{Answer, List};
use crate::api::once::Effect;
use crate::api::{refer, schema};
use crate::auth::{CounterRead, CounterWrite};
use crate::parse::{MinorUnits, Number, Read, Text, Write};
use crate::problem::Problem;
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tk_domain::channel_account::Channel;
use tk_domain::counter::{CashDeposit, CashDepositView, DepositCash, DepositStatus, MatchDeposit};
use tk_domain::id::{BankLineId, CashDepositId, CounterDayId, TypedId};
use utoipa::ToSchema;

/// Cash brought to a bank.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DepositCreate {
    /// The counter's day, `cdy_…`.
    #[schema(value_type = String)]
    pub counter_day: Text<1, 64>,
    /// The bank account, `cha_…`.
    #[schema(value_type = String)]
    pub bank_account: Text<1, 64>,
    /// Minor units; at most what is left of the day's cash.
    pub amount: MinorUnits,
    /// The number of the bank's slip, unique per bank account.
    pub slip_no: Number,
    /// The actor's name.
    #[schema(value_type = String, max_length = 64)]
    pub actor: Text<1, 64>,
}

/// The line that a deposit is.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DepositMatch {
    /// The line of the bank account, `btr_…`.
    #[schema(value_type = String)]
    pub bank_transfer: Text<1, 64>,
    /// The actor's name.
    #[schema(value_type = String, max_length = 64)]
    pub actor: Text<1, 64>,
}

/// Records cash brought to a bank by slip.
#[utoipa::path(post, path = "/v1/cash_deposits", tag = "counter", request_body = DepositCreate,
    responses((status = 201, body = schema::CashDeposit)))]
pub async fn create(
    State(state): State<WebState>,
    write: Write<CounterWrite, DepositCreate>,
) -> Result<Answer, Problem> {
    let (effect, body) = Effect::begin(write, &state)?;
    let bank = account(&state, &effect.caller, (&body.bank_account.0, Channel::BankDirect)).await?;
    let command = DepositCash {
        tenant_id: bank.tenant_id,
        counter_day_id: CounterDayId::parse(&body.counter_day.0).ok_or_else(Problem::not_found)?,
        bank_account_id: bank.id,
        amount_minor: body.amount.0,
        slip_no: body.slip_no.0,
        by: body.actor.0,
        origin: effect.caller.origin(),
    };
    effect.object(&state, command, (StatusCode::CREATED, CashDepositView::of)).await
}

/// Lists cash brought to banks, newest first.
#[utoipa::path(get, path = "/v1/cash_deposits", tag = "counter",
    params(
        ("status" = Option<String>, Query), ("limit" = Option<i64>, Query),
        ("starting_after" = Option<String>, Query), ("ending_before" = Option<String>, Query),
    ),
    responses((status = 200, body = List<schema::CashDeposit>)))]
pub async fn list(State(state): State<WebState>, mut read: Read<CounterRead>) -> Result<Answer, Problem> {
    let page = read.params.page::<CashDepositId>()?;
    let status = read.params.read("status", DepositStatus::parse)?;
    read.params.finish()?;
    let tenant_id = read.caller.tenant_id;
    refer::check_cursor::<CashDeposit>(&state, &page, |id| (tenant_id, CashDepositId::from_id128(id)))
        .await?;
    let listed = state.app.reader().cash_deposits(tenant_id, status, page).await?;
    List::of(&listed, |deposit| CashDepositView::of(deposit, state.live())).answer()
}

/// Cash brought to a bank.
#[utoipa::path(get, path = "/v1/cash_deposits/{id}", tag = "counter", params(("id" = String, Path)),
    responses((status = 200, body = schema::CashDeposit)))]
pub async fn get(
    State(state): State<WebState>,
    Path(id): Path<String>,
    read: Read<CounterRead>,
) -> Result<Answer, Problem> {
    read.params.finish()?;
    let deposit: CashDeposit = refer::row(&state, &(read.caller.tenant_id, refer::parse_id(&id)?)).await?;
    Answer::ok(&CashDepositView::of(&deposit, state.live()))
}

/// Says which line of the bank account a deposit is: the same amount, none of it given to anything else.
#[utoipa::path(post, path = "/v1/cash_deposits/{id}/match", tag = "counter", params(("id" = String, Path)),
    request_body = DepositMatch, responses((status = 200, body = schema::CashDeposit)))]
pub async fn matching(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<CounterWrite, DepositMatch>,
) -> Result<Answer, Problem> {
    let (effect, body) = Effect::begin(write, &state)?;
    let command = MatchDeposit {
        tenant_id: effect.caller.tenant_id,
        cash_deposit_id: refer::parse_id(&id)?,
        bank_line_id: BankLineId::parse(&body.bank_transfer.0).ok_or_else(Problem::not_found)?,
        by: body.actor.0,
        origin: effect.caller.origin(),
    };
    effect.object(&state, command, (StatusCode::OK, CashDepositView::of)).await
}
