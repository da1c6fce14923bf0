use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tk_formats::wechatpay::authorization::{self, Request};
use tk_formats::wechatpay::{CLOCK_WINDOW_US, bill, certificates, signature};

use super::super::gateway::{SLOW_MAX, cut_off};
use super::super::sandbox::{Desk, Sandbox};
use super::answer::{Answer, answer_of};
use super::bills;
use super::call::{Asked, BadRequest, Named, typed_call};
use crate::core::{BillCall, CoreCall, DayBill, Delivery, Garble, Node, RefundQueryCall, Seller, TradeRef};
use crate::keys::wechat::MerchantKeys;

/// How long a bill link lives (5 min).
const BILL_TICKET_US: i64 = 300_000_000;

/// Whom a reply is written for and signed by.
pub(super) struct Wire<'d> {
    pub(super) desk: &'d Desk,
    pub(super) keys: &'d MerchantKeys,
    /// The serial or identifier under which the reply is signed.
    serial: &'d str,
    now_us: i64,
    /// Where the caller reached us, for links.
    base: String,
}

/// `/v3/…` but the files.
pub(super) async fn call(
    State(sandbox): State<Arc<Sandbox>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Ok(body) = std::str::from_utf8(&body) else {
        return unsigned(&Answer::refused(400, "PARAM_ERROR", "body is not UTF-8"));
    };
    let target = uri.path_and_query().map_or(uri.path(), |target| target.as_str());
    let request = Request { method: method.as_str(), target, body };
    let wire = match check(&sandbox, &headers, &request) {
        Ok(wire) => wire,
        Err(refusal) => return unsigned(&refusal),
    };
    match typed_call(request.method, request.target, body) {
        Err(BadRequest::NoInterface) => {
            unsigned(&Answer::refused(404, "RESOURCE_NOT_EXISTS", "no interface"))
        }
        Err(BadRequest::Parameter) => unsigned(&Answer::refused(400, "PARAM_ERROR", "参数错误")),
        Ok(Asked::Certificates) => certificates_reply(&wire),
        Ok(Asked::Core { call, named, packed }) => {
            let speaker = wire.desk.spoken_for_by();
            let Some(desk) = sandbox.desk_for(speaker, named.sub_mchid.as_deref()) else {
                return unsigned(&Answer::refused(403, "NO_AUTH", "商户未授权服务商"));
            };
            let wire = Wire { desk, ..wire };
            if !wire.is_for(&named) {
                return unsigned(&Answer::refused(400, "APPID_MCHID_NOT_MATCH", "appid和mchid不匹配"));
            }
            if !opens(&call, wire.keys) {
                return unsigned(&Answer::refused(400, "PARAM_ERROR", "敏感信息解密失败"));
            }
            carry_out(&sandbox, &wire, *call, packed).await
        }
    }
}

impl Wire<'_> {
    fn is_for(&self, named: &Named) -> bool {
        let app_id = self.desk.provider.as_ref().map_or(&self.desk.app_id, |provider| &provider.app_id);
        named.appid.as_ref().is_none_or(|appid| appid == app_id)
            && named.mchid.as_ref().is_none_or(|mchid| mchid == self.desk.spoken_for_by())
    }
}

/// Who calls, by the authorization alone.
pub(super) fn check<'s>(
    sandbox: &'s Sandbox,
    headers: &'s HeaderMap,
    request: &Request<'_>,
) -> Result<Wire<'s>, Answer> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if header("accept").is_none() || header("user-agent").is_none() {
        return Err(Answer::refused(400, "INVALID_REQUEST", "Accept and User-Agent are required"));
    }
    let refused = |text: &str| Answer::refused(401, "SIGN_ERROR", text);
    let text = header("authorization").ok_or_else(|| refused("Http头缺少Authorization"))?;
    let claimed = authorization::parse(text).map_err(|_| refused("Authorization is malformed"))?;
    let desk = sandbox.desk_of_merchant(&claimed.mchid).ok_or_else(|| refused("商户号不存在"))?;
    let keys = desk.keys.wechatpay().ok_or_else(|| refused("商户号不存在"))?;
    if claimed.serial_no != keys.merchant_serial {
        return Err(refused("商户证书序列号有误"));
    }
    claimed.verify(request, &keys.merchant_key).map_err(|_| refused("签名错误"))?;
    let now_us = sandbox.now_us();
    let off_us = claimed.at_s.saturating_mul(1_000_000).abs_diff(now_us);
    if off_us > CLOCK_WINDOW_US.unsigned_abs() {
        return Err(refused("Authorization已过期"));
    }
    let serial = match header("wechatpay-serial") {
        Some(serial) if serial == keys.public_key_id => &keys.public_key_id,
        None => &keys.platform_certificate.serial_no,
        Some(serial) if serial == keys.platform_certificate.serial_no => &keys.platform_certificate.serial_no,
        Some(_) => return Err(Answer::refused(400, "PARAM_ERROR", "Wechatpay-Serial is not known")),
    };
    let base = header("host").map_or_else(|| sandbox.base.clone(), |host| format!("http://{host}"));
    Ok(Wire { desk, keys, serial, now_us, base })
}

async fn carry_out(sandbox: &Sandbox, wire: &Wire<'_>, call: CoreCall, packed: bool) -> Response {
    let now_us = wire.now_us;
    let done = sandbox.with_core(wire.desk, |core| {
        let call = with_order(call, core);
        let (told, answer) = match core.handle(now_us, &call) {
            Delivery::Answered(answer) => (Told::Answer(Duration::ZERO), answer),
            Delivery::Late { after_us, answer } => {
                let wait = Duration::from_micros(u64::try_from(after_us).unwrap_or(0)).min(SLOW_MAX);
                (Told::Answer(wait), answer)
            }
            Delivery::Lost { .. } => return None,
            Delivery::Garbled { kind, answer, .. } => (Told::Garbled(kind), answer),
        };
        let written = if let Node::Bill(which) = answer.node {
            Written::Bill(which, core.bill(which.day))
        } else {
            Written::Answer(answer_of(core, &call, &answer))
        };
        Some((told, written))
    });
    let (told, written) = match done {
        Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Ok(None) => return cut_off(Vec::new()),
        Ok(Some(done)) => done,
    };
    let answer = match written {
        Written::Answer(answer) => answer,
        Written::Bill(which, rows) => bills::sheet(wire.desk, which, &rows)
            .map_or_else(unwritten, |plain| link(sandbox, wire, (which, packed), &plain)),
    };
    match told {
        Told::Garbled(kind) => garbled(wire, kind, &answer),
        Told::Answer(wait) => {
            tokio::time::sleep(wait).await;
            reply(wire, &answer)
        }
    }
}

enum Told {
    Answer(Duration),
    Garbled(Garble),
}

enum Written {
    Answer(Answer),
    Bill(BillCall, DayBill),
}

/// A question about a refund names no order, and one about a share that is given back neither; it is looked up.
pub fn with_order(mut call: CoreCall, core: &Seller) -> CoreCall {
    if let CoreCall::RefundQuery(RefundQueryCall { out_request_no: Some(number), .. }) = &call {
        let order = core.order_of_refund(number).unwrap_or(number).to_owned();
        return CoreCall::RefundQuery(RefundQueryCall {
            trade: TradeRef::out(&order),
            out_request_no: Some(number.clone()),
        });
    }
    let of_split = |number: &str| TradeRef::out(core.order_of_split(number).unwrap_or(number));
    if let CoreCall::ShareBack(back) = &mut call {
        back.trade = of_split(&back.out_request_no);
    } else if let CoreCall::ShareBackQuery(query) = &mut call {
        query.trade = of_split(&query.out_request_no);
    }
    call
}

/// Whether what was sealed for the platform opens with its key.
fn opens(call: &CoreCall, keys: &MerchantKeys) -> bool {
    let CoreCall::Bind(bind) = call else { return true };
    bind.name.as_ref().is_none_or(|sealed| keys.field_opener.open(sealed).is_ok())
}

fn unwritten() -> Answer {
    Answer::refused(500, "SYSTEM_ERROR", "the bill cannot be written")
}

fn link(sandbox: &Sandbox, wire: &Wire<'_>, (which, packed): (BillCall, bool), plain: &[u8]) -> Answer {
    match sandbox.issue_ticket_for(&wire.desk.app_id, which, BILL_TICKET_US) {
        None => Answer::refused(429, "FREQUENCY_LIMITED", "too many links"),
        Some(name) => {
            let tail = if packed { "&tartype=gzip" } else { "" };
            let body = json!({
                "hash_type": "SHA1",
                "hash_value": bill::sha1_hex(plain),
                "download_url": format!("{}/v3/billdownload/file?token={name}{tail}", wire.base),
            });
            Answer { status: 200, body: Some(body) }
        }
    }
}

fn certificates_reply(wire: &Wire<'_>) -> Response {
    let certificate = wire.keys.platform_certificate.clone();
    let sealed = certificates::encode(&[(certificate, "sandboxnonce".to_owned())], &wire.keys.api_v3_key);
    match sealed.map(String::into_bytes) {
        Ok(body) => signed(wire, 200, body),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// A success is signed, a refusal is not.
fn reply(wire: &Wire<'_>, answer: &Answer) -> Response {
    if (200..300).contains(&answer.status) {
        signed(wire, answer.status, bytes_of(answer))
    } else {
        unsigned(answer)
    }
}

fn bytes_of(answer: &Answer) -> Vec<u8> {
    answer.body.as_ref().map(Value::to_string).unwrap_or_default().into_bytes()
}

fn signed(wire: &Wire<'_>, status: u16, body: Vec<u8>) -> Response {
    let at_s = wire.now_us.div_euclid(1_000_000);
    let nonce = format!("{:032X}", wire.now_us);
    let Ok(headers) = signature::sign(&body, &wire.keys.platform_key, wire.serial, at_s, &nonce) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = Response::builder().status(status).header("request-id", &nonce);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    if status != 204 {
        response = response.header("content-type", "application/json; charset=utf-8");
    }
    response.body(Body::from(body)).unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

pub(super) fn unsigned(answer: &Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = [("content-type", "application/json; charset=utf-8")];
    (status, kind, bytes_of(answer)).into_response()
}

fn garbled(wire: &Wire<'_>, kind: Garble, answer: &Answer) -> Response {
    match kind {
        Garble::ServerError => {
            let page = "<html><body><h1>502 Bad Gateway</h1></body></html>";
            (StatusCode::BAD_GATEWAY, [("content-type", "text/html")], page).into_response()
        }
        Garble::TooMany => StatusCode::TOO_MANY_REQUESTS.into_response(),
        Garble::Empty => signed(wire, 200, Vec::new()),
        Garble::Garbage => signed(wire, 200, (0_u8..=255).rev().collect()),
        Garble::Truncated => {
            let mut body = bytes_of(answer);
            body.truncate(body.len() / 2);
            let mut response = signed(wire, 200, bytes_of(answer));
            *response.body_mut() = Body::from(body);
            response
        }
        // Signed as it is, and yet no UTF-8.
        Garble::OtherCharset => signed(wire, 200, b"{\"message\":\"\xd2\xb5\xce\xf1\"}".to_vec()),
    }
}
