//! The official account's sign-in: who the payer is, by a code that is good once and for five minutes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, PoisonError};

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use super::super::gateway::cut_off;
use super::super::sandbox::Sandbox;
use super::browser;

/// The header by which a caller says as which user he has WeChat open, 1 to 9; the first if he says nothing.
const USER_HEADER: &str = "x-simulated-user";
/// How long a code is good (5 min).
const CODE_LIVES_US: i64 = 5 * 60 * 1_000_000;
/// Codes kept at once.
const CODES_MAX: usize = 10_000;
/// Faults that may wait.
const FAULTS_MAX: usize = 1_000;

/// What the next exchange of a code meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fault {
    /// The answer is lost; the code is used.
    Lost,
    /// WeChat says that it is busy; the code stays good.
    Busy,
    /// The answer is an HTML page.
    Garbage,
}

/// The codes that browsers carry, and what the next exchanges meet.
#[derive(Debug, Default)]
pub(in crate::http) struct SignIns {
    serial: u64,
    codes: BTreeMap<String, Code>,
    faults: VecDeque<Fault>,
}

#[derive(Debug)]
struct Code {
    appid: String,
    expires_at_us: i64,
    used: bool,
    user: char,
}

impl SignIns {
    fn issue(&mut self, (appid, user): (&str, char), now_us: i64) -> Option<String> {
        self.codes.retain(|_, code| code.expires_at_us > now_us);
        if self.codes.len() >= CODES_MAX {
            return None;
        }
        self.serial += 1;
        let name = format!("code{now_us}{:04}", self.serial);
        let expires_at_us = now_us.saturating_add(CODE_LIVES_US);
        self.codes.insert(name.clone(), Code { appid: appid.to_owned(), expires_at_us, used: false, user });
        Some(name)
    }

    /// Uses a code up and says whose it is; the number by which WeChat refuses it otherwise.
    fn take(&mut self, name: &str, appid: &str, now_us: i64) -> Result<char, (i64, &'static str)> {
        let code = self.codes.get_mut(name).filter(|code| code.appid == appid);
        let code = code.ok_or((40_029, "invalid code"))?;
        if code.used {
            return Err((40_163, "code been used"));
        }
        if code.expires_at_us <= now_us {
            return Err((42_003, "code expired"));
        }
        code.used = true;
        Ok(code.user)
    }
}

fn user_of(headers: &HeaderMap) -> char {
    let named =
        headers.get(USER_HEADER).and_then(|value| value.to_str().ok()).and_then(|text| text.chars().next());
    named.filter(|user| ('1'..='9').contains(user)).unwrap_or('1')
}

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
    headers: HeaderMap,
) -> Response {
    let is_web = asked.redirect_uri.starts_with("http://") || asked.redirect_uri.starts_with("https://");
    if sandbox.desk(&asked.appid).is_none_or(|desk| desk.keys.wechatpay().is_none()) || !is_web {
        return (StatusCode::BAD_REQUEST, "redirect_uri 参数错误").into_response();
    }
    let joint = if asked.redirect_uri.contains('?') { '&' } else { '?' };
    let state: String = asked.state.chars().filter(char::is_ascii_alphanumeric).take(128).collect();
    let now_us = sandbox.now_us();
    let code = sandbox
        .sign_ins
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .issue((&asked.appid, user_of(&headers)), now_us);
    let Some(code) = code else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let back = browser::kept_inside(&sandbox, &headers, &asked.redirect_uri);
    Redirect::to(&format!("{back}{joint}code={code}&state={state}")).into_response()
}

#[derive(Debug, Deserialize)]
pub(super) struct Exchange {
    appid: String,
    secret: String,
    code: String,
}

/// `GET /sns/oauth2/access_token`: the code's payer, for who knows the account's secret, once.
pub(super) async fn access_token(
    State(sandbox): State<Arc<Sandbox>>,
    Query(asked): Query<Exchange>,
) -> Response {
    let refused =
        |number: i64, text: &str| Json(json!({ "errcode": number, "errmsg": text })).into_response();
    let Some(keys) = sandbox.desk(&asked.appid).and_then(|desk| desk.keys.wechatpay()) else {
        return refused(40_013, "invalid appid");
    };
    if keys.app_secret != asked.secret {
        return refused(40_125, "invalid appsecret");
    }
    let now_us = sandbox.now_us();
    let (fault, taken) = {
        let mut sign_ins = sandbox.sign_ins.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = sign_ins.faults.pop_front();
        if fault == Some(Fault::Busy) {
            return refused(-1, "system error");
        }
        (fault, sign_ins.take(&asked.code, &asked.appid, now_us))
    };
    match (fault, taken) {
        (Some(Fault::Lost), _) => cut_off(Vec::new()),
        (Some(Fault::Garbage), _) => "<html>502</html>".into_response(),
        (_, Err((number, text))) => refused(number, text),
        (_, Ok(user)) => Json(json!({
            "access_token": "simulated", "expires_in": 7_200, "refresh_token": "simulated",
            "openid": format!("oSimulatedPayer0000000000000{user}"), "scope": "snsapi_base",
        }))
        .into_response(),
    }
}

/// `POST /control/wechatpay/sign_in_faults`: the next exchanges meet these, one each.
pub(super) async fn script(
    State(sandbox): State<Arc<Sandbox>>,
    Json(faults): Json<Vec<Fault>>,
) -> StatusCode {
    let mut sign_ins = sandbox.sign_ins.lock().unwrap_or_else(PoisonError::into_inner);
    if sign_ins.faults.len() + faults.len() > FAULTS_MAX {
        return StatusCode::UNPROCESSABLE_ENTITY;
    }
    sign_ins.faults.extend(faults);
    StatusCode::NO_CONTENT
}
