//! `/callbacks/{channel}/{account}`: headers and raw bytes to the application, its answer to the channel.

use crate::parse::read_body;
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tk_app::TurnedAway;
use tk_app::channels::Headers;
use tk_domain::channel_account::Channel;

/// The callbacks of every channel.
pub fn router() -> Router<WebState> {
    Router::new().route("/callbacks/{channel}/{account}", post(take))
}

/// Takes a callback; the answer is the application's, to the letter.
async fn take(
    State(state): State<WebState>,
    Path((channel, account)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let channel = Channel::parse(&channel).ok_or_else(Problem::not_found)?;
    let (parts, body) = request.into_parts();
    let limits = &state.config.limits;
    let bytes = read_body(body, limits.callback_body_max, limits.body_timeout_ms).await?;
    let texts = parts.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let answer = state.app.take_callback(channel, &account, &Headers::of(texts), &bytes).await;
    if let Some(code) = answer.refusal {
        let ip = crate::auth::peer(&parts, &state.config.trusted_proxies);
        let (tenant_id, subject) = state.app.callback_subject(&account).await;
        state.app.turned_away(&TurnedAway { tenant_id, code, ip, subject: subject.as_deref() });
    }
    let status = StatusCode::from_u16(answer.status).map_err(|_| Code::Internal)?;
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(answer.content_type))];
    Ok((status, kind, answer.body).into_response())
}
