use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use super::super::sandbox::Sandbox;

/// The openid of everybody who uses the simulated WeChat.
const OPENID: &str = "oSimulatedPayer00000000000001";

#[derive(Debug, Deserialize)]
pub(super) struct Authorize {
    appid: String,
    redirect_uri: String,
    #[serde(default)]
    state: String,
}

/// `GET /connect/oauth2/authorize`: WeChat's browser learns who its user is and sends it back, asking nothing.
pub(super) async fn authorize(
    State(sandbox): State<Arc<Sandbox>>,
    Query(asked): Query<Authorize>,
) -> Response {
    let is_web = asked.redirect_uri.starts_with("http://") || asked.redirect_uri.starts_with("https://");
    if sandbox.desk(&asked.appid).is_none_or(|desk| desk.keys.wechatpay().is_none()) || !is_web {
        return (StatusCode::BAD_REQUEST, "redirect_uri 参数错误").into_response();
    }
    let joint = if asked.redirect_uri.contains('?') { '&' } else { '?' };
    let state: String = asked.state.chars().filter(char::is_ascii_alphanumeric).take(128).collect();
    let code = format!("code{}", sandbox.now_us());
    Redirect::to(&format!("{}{joint}code={code}&state={state}", asked.redirect_uri)).into_response()
}

#[derive(Debug, Deserialize)]
pub(super) struct Exchange {
    appid: String,
    secret: String,
    code: String,
}

/// `GET /sns/oauth2/access_token`: the code's payer, for who knows the account's secret.
pub(super) async fn access_token(
    State(sandbox): State<Arc<Sandbox>>,
    Query(asked): Query<Exchange>,
) -> Response {
    let keys = sandbox.desk(&asked.appid).and_then(|desk| desk.keys.wechatpay());
    let answer = match keys {
        None => json!({ "errcode": 40013, "errmsg": "invalid appid" }),
        Some(keys) if keys.app_secret != asked.secret => {
            json!({ "errcode": 40125, "errmsg": "invalid appsecret" })
        }
        Some(_) if !asked.code.starts_with("code") => json!({ "errcode": 40029, "errmsg": "invalid code" }),
        Some(_) => json!({
            "access_token": "simulated", "expires_in": 7_200, "refresh_token": "simulated",
            "openid": OPENID, "scope": "snsapi_base",
        }),
    };
    Json(answer).into_response()
}
