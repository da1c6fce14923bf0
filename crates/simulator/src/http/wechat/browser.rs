//! WeChat's own browser, for people and tests who have none: the seller's pages are fetched as WeChat would fetch them and
//! shown under this address, with the bridge in them by which pages open a payment.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use super::super::sandbox::{Desk, Sandbox};
use crate::look::{Lang, yuan};

/// How WeChat names itself.
const USER_AGENT: &str = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) \
    Version/4.0 Chrome/126.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.49 Language/zh_CN";
/// Put into every page that it shows.
const BRIDGE: &str = include_str!("bridge.js");
const BRIDGE_TAG: &str = "<head>\n<script src=\"/wechat/bridge.js\"></script>";
/// By which this browser knows that it is WeChat's.
const COOKIE: &str = "simulated_wechat=1";
/// The longest page shown, bytes.
const PAGE_MAX_BYTES: usize = 256 * 1_024;
/// What of the payer's request goes on.
const ASKED: [HeaderName; 5] =
    [header::ACCEPT, header::ACCEPT_LANGUAGE, header::COOKIE, header::CONTENT_TYPE, header::IF_NONE_MATCH];
/// What of the seller's answer comes back.
const ANSWERED: [HeaderName; 7] = [
    header::CONTENT_TYPE,
    header::CONTENT_LANGUAGE,
    header::CONTENT_SECURITY_POLICY,
    header::CACHE_CONTROL,
    header::SET_COOKIE,
    header::REFERRER_POLICY,
    header::X_CONTENT_TYPE_OPTIONS,
];

#[derive(Debug, Deserialize)]
pub(super) struct Opened {
    page: String,
}

/// `GET /wechat/open?page=…`: opens a cashier link of the seller inside WeChat.
pub(super) async fn open(State(sandbox): State<Arc<Sandbox>>, Query(opened): Query<Opened>) -> Response {
    let path = sandbox.seller_base.as_deref().and_then(|base| opened.page.strip_prefix(base));
    let Some(path) = path.filter(|path| path.starts_with("/c/")) else {
        return (StatusCode::NOT_FOUND, "not a page of the seller").into_response();
    };
    let cookie = format!("{COOKIE}; Path=/; HttpOnly; SameSite=Lax");
    ([(header::SET_COOKIE, cookie)], Redirect::to(path)).into_response()
}

/// Where a sign-in sends the browser: a page of the seller stays inside WeChat, if the browser is WeChat's.
pub(super) fn kept_inside(sandbox: &Sandbox, headers: &HeaderMap, redirect_uri: &str) -> String {
    let is_wechat = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|cookies| cookies.split("; ").any(|cookie| cookie == COOKIE));
    let path = sandbox.seller_base.as_deref().and_then(|base| redirect_uri.strip_prefix(base));
    match path.filter(|path| is_wechat && path.starts_with("/c/")) {
        Some(path) => path.to_owned(),
        None => redirect_uri.to_owned(),
    }
}

/// A page, form or file of the seller, as WeChat's browser shows it.
pub(super) async fn page(
    State(sandbox): State<Arc<Sandbox>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(base) = sandbox.seller_base.as_deref() else { return StatusCode::NOT_FOUND.into_response() };
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = sandbox.client.request(method, format!("{base}{path}"));
    for name in &ASKED {
        for value in headers.get_all(name) {
            request = request.header(name, value);
        }
    }
    let request = request.header(header::USER_AGENT, USER_AGENT).body(body);
    let Ok(answer) = request.send().await else { return StatusCode::BAD_GATEWAY.into_response() };
    shown(base, answer).await
}

async fn shown(base: &str, answer: reqwest::Response) -> Response {
    let (status, headers) = (answer.status(), answer.headers().clone());
    let Ok(body) = answer.bytes().await else { return StatusCode::BAD_GATEWAY.into_response() };
    if body.len() > PAGE_MAX_BYTES {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    let is_page =
        headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let body = if is_page {
        String::from_utf8_lossy(&body).replacen("<head>", BRIDGE_TAG, 1).into_bytes()
    } else {
        body.to_vec()
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    for name in &ANSWERED {
        for value in headers.get_all(name) {
            response.headers_mut().append(name.clone(), value.clone());
        }
    }
    let onward = headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
    let onward = onward.map(|address| address.strip_prefix(base).unwrap_or(address));
    if let Some(value) = onward.and_then(|address| address.parse().ok()) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

/// `GET /wechat/bridge.js`: what WeChat's browser gives to pages.
pub(super) async fn script() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], BRIDGE).into_response()
}

/// What a page asks WeChat to pay.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked {
    app_id: String,
    time_stamp: String,
    nonce_str: String,
    package: String,
    sign_type: String,
    pay_sign: String,
}

/// `POST /wechat/sheet`: the payment that a page asks for, if the merchant signed it (wechatpay.md section 1).
pub(super) async fn sheet(
    State(sandbox): State<Arc<Sandbox>>,
    headers: HeaderMap,
    Json(asked): Json<Asked>,
) -> Response {
    let refused = |text: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": text }))).into_response();
    let Some(desk) = sandbox.desk(&asked.app_id) else { return refused("appId不存在") };
    if asked.sign_type != "RSA" || !is_signed(desk, &asked) {
        return refused("支付验证签名失败");
    }
    let token = asked.package.strip_prefix("prepay_id=wx").unwrap_or_default().to_owned();
    let found = sandbox.with_core(desk, |core| {
        let number = core.order_of_token(&token).map(str::to_owned)?;
        core.prepared(&number).map(|prepared| (prepared.order.subject.clone(), prepared.order.total_fen))
    });
    let Ok(Some((subject, total_fen))) = found else {
        return refused("预支付交易会话标识不存在");
    };
    let lang = Lang::of(None, &headers);
    Json(json!({
        "subject": subject, "amount": yuan(total_fen), "address": format!("/wallet/{}/{token}", desk.app_id),
        "words": {
            "title": lang.pick("微信支付（模拟）", "WeChat Pay (simulated)"),
            "pay": lang.pick("确认付款", "Pay"),
            "cancel": lang.pick("关闭，不付款", "Close without paying"),
            "time_out": lang.pick("付款超时（20 秒后扣款）", "Time out (money leaves 20 s later)"),
            "lie": lang.pick("谎报成功，实际未付", "Claim success without paying"),
        },
    }))
    .into_response()
}

fn is_signed(desk: &Desk, asked: &Asked) -> bool {
    let Asked { app_id, time_stamp, nonce_str, package, pay_sign, .. } = asked;
    let signed = format!("{app_id}\n{time_stamp}\n{nonce_str}\n{package}\n");
    desk.keys.wechatpay().is_some_and(|keys| keys.merchant_key.verify(signed.as_bytes(), pay_sign).is_ok())
}
