//! `POST /v1/payments/{id}/attempts`.

use crate::api::answer::{Answer, record};
use crate::api::once::{self, Effect};
use crate::api::payments::parts::expected;
use crate::api::{LEASE_US, refer, schema};
use crate::auth::PaymentsWrite;
use crate::parse::{PayerIp, Text, Write};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use std::sync::Arc;
use tk_app::workers::Begun;
use tk_domain::access::App;
use tk_domain::channel_account::Method;
use tk_domain::id::{AttemptId, TypedId};
use tk_domain::idempotency::RecordedAnswer;
use tk_domain::payment::{Attempt, AttemptStatus, Outcome, StartAttempt, Started};
use tk_domain::refusal::Refusal;
use tk_domain::transfer::ExpectedPayer;
use utoipa::ToSchema;

/// An attempt to be started.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttemptCreate {
    /// The method.
    #[schema(value_type = String, example = "alipay_qr")]
    pub method: Method,
    /// The payer's bar code, for bar-code methods.
    #[schema(value_type = Option<String>)]
    pub auth_code: Option<Text<1, 32>>,
    /// The payer's own address, never that of your server; required for `wechat_h5`, whose channel compares it with
    /// the phone that opens the link.
    pub payer_ip: Option<PayerIp>,
    /// Who is expected to pay, for bank transfers and inside WeChat.
    pub payer: Option<PayerNamed>,
}

/// Who is expected to pay: what a bank line may be recognised by when its code is missing, and by whom an app
/// is opened.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayerNamed {
    /// The name on the payer's account.
    #[schema(value_type = Option<String>, max_length = 100)]
    pub name: Option<Text<1, 100>>,
    /// The payer's account.
    #[schema(value_type = Option<String>, max_length = 34)]
    pub account: Option<Text<1, 34>>,
    /// The payer as the official account knows him, for `wechat_jsapi`.
    #[schema(value_type = Option<String>)]
    pub openid: Option<Text<1, 128>>,
}

/// Starts an attempt. An open attempt of the same method is answered as it is (200); one of another method, or inside WeChat
/// of another payer, is closed at the channel first. The answer waits some seconds for what the payer has to do.
#[utoipa::path(post, path = "/v1/payments/{id}/attempts", tag = "attempts", params(("id" = String, Path)),
    request_body = AttemptCreate, responses(
        (status = 201, body = schema::Attempt, description = "started"),
        (status = 200, body = schema::Attempt, description = "the open attempt has this method"),
        (status = 202, body = schema::Attempt, description = "started; the channel has not answered yet"),
    ))]
pub async fn create(
    State(state): State<WebState>,
    Path(id): Path<String>,
    write: Write<PaymentsWrite, AttemptCreate>,
) -> Result<Answer, Problem> {
    let (mut effect, body) = Effect::begin(write, &state)?;
    let payment_id = refer::parse_id(&id)?;
    let tenant_id = effect.caller.tenant_id;
    if !effect.caller.sees_all() {
        refer::payment(&state, &effect.caller, payment_id).await?;
    }
    check_payer_ip(body.method, body.payer_ip.as_ref())?;
    let named = body.payer.unwrap_or_default();
    let texts = (named.name.as_ref(), named.account.as_ref());
    let mut payer = state.app.expected_payer(
        tenant_id,
        texts.0.map(|name| name.0.as_str()),
        texts.1.map(|account| account.0.as_str()),
    );
    if body.method == Method::BankTransfer && payer == ExpectedPayer::default() {
        let payment = refer::payment(&state, &effect.caller, payment_id).await?;
        payer = expected(&state, &payment);
    }
    let command = StartAttempt {
        tenant_id,
        payment_id,
        method: body.method,
        auth_code: body.auth_code.map(|code| code.0),
        payer,
        known_as: named.openid.and_then(|openid| state.app.payer_by_openid(payment_id, &openid.0)),
        card: None,
        payer_ip: body.payer_ip.map(|address| address.0),
        return_url: None,
        lease_us: LEASE_US,
        origin: effect.caller.origin(),
    };
    match begin(&state, &mut effect, command).await? {
        Came::Answered(answer) => Ok(answer),
        Came::Attempt(id, otherwise) => {
            let attempt: Attempt = refer::row(&state, &(tenant_id, id)).await?;
            let answer = Answer::new(
                status_of(&attempt, otherwise),
                &refer::attempt_view(&effect.caller.app, &attempt, state.live()),
            )?;
            effect.keep(&state, &answer).await;
            Ok(answer)
        }
    }
}

/// A method whose channel asks where the payer is cannot begin without: the address of the caller is not the payer's.
pub(crate) fn check_payer_ip(method: Method, payer_ip: Option<&PayerIp>) -> Result<(), Problem> {
    if payer_ip.is_none() && method.asks_payer_ip() {
        return Err(Problem::field(Code::FieldMissing, "#/payer_ip", "required for this method"));
    }
    Ok(())
}

enum Came {
    Answered(Answer),
    Attempt(AttemptId, StatusCode),
}

/// Starts the attempt; where an earlier one has to be closed at the channel, once more after that.
async fn begin(state: &WebState, effect: &mut Effect, command: StartAttempt) -> Result<Came, Problem> {
    let wait_us = state.config.limits.channel_wait_us;
    let tenant_id = command.tenant_id;
    for _ in 0..2 {
        let app = Arc::clone(&effect.caller.app);
        let render = move |started: &Started, live: bool| rendered(&app, started, live);
        match effect.submit(state, command.clone(), render).await? {
            once::Came::Replayed(answer) => return Ok(Came::Answered(answer)),
            once::Came::Fresh(Started::New { payment, attempt, say }, _) => {
                let attempt_id = attempt.id;
                let Some(say) = say else { return Ok(Came::Attempt(attempt_id, StatusCode::CREATED)) };
                let begun = Begun { payment: *payment, attempt: *attempt, say: *say };
                let app = Arc::clone(&effect.caller.app);
                let keep = effect.keeping(move |outcome: &Outcome, live: bool| told(&app, outcome, live));
                let told = state.app.begin_with(begun, Some(keep), wait_us).await;
                return Ok(match told.and_then(|(_, answer)| answer) {
                    Some(answer) => Came::Answered(Answer::recorded(answer)),
                    None => Came::Attempt(attempt_id, StatusCode::CREATED),
                });
            }
            once::Came::Fresh(Started::Existing { attempt, .. }, _) => {
                return Ok(Came::Attempt(attempt.id, StatusCode::OK));
            }
            once::Came::Fresh(Started::ClosingEarlier { attempt, .. }, _) => {
                state.app.deliver_now(tenant_id, attempt.id.id128(), wait_us).await;
            }
        }
    }
    Err(Refusal::AttemptInProgress { outcome_unknown: true }.into())
}

/// What the request that waited for the channel is answered.
fn told(app: &App, outcome: &Outcome, live: bool) -> Option<RecordedAnswer> {
    let status = status_of(&outcome.attempt, StatusCode::CREATED);
    record(status, &refer::attempt_view(app, &outcome.attempt, live))
}

/// What is recorded in the commit; closing an earlier attempt is only a step and records nothing.
fn rendered(app: &App, started: &Started, live: bool) -> Option<RecordedAnswer> {
    match started {
        Started::New { attempt, .. } => {
            record(StatusCode::ACCEPTED, &refer::attempt_view(app, attempt, live))
        }
        Started::Existing { attempt, .. } => record(StatusCode::OK, &refer::attempt_view(app, attempt, live)),
        Started::ClosingEarlier { .. } => None,
    }
}

fn status_of(attempt: &Attempt, otherwise: StatusCode) -> StatusCode {
    match attempt.status {
        AttemptStatus::Created | AttemptStatus::Processing | AttemptStatus::Unknown => StatusCode::ACCEPTED,
        AttemptStatus::RequiresAction
        | AttemptStatus::Succeeded
        | AttemptStatus::Failed
        | AttemptStatus::Closed => otherwise,
    }
}
