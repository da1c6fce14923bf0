//! Requests from servers: verified, carried out, answered as raw pairs.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tk_formats::unionpay::request::{RequestError, parse};
use tk_formats::unionpay::{Params, reply, sensitive};

use super::sandbox::Gateway;
use crate::core::{Delivery, Garble};
use crate::unionpay::core::{Answer, Desk, Request};

/// The longest a slow answer is held back.
const SLOW_MAX: Duration = Duration::from_mins(2);

/// `backTransReq.do`.
pub(super) async fn back(State(gateway): State<Arc<Gateway>>, body: Bytes) -> Response {
    call(&gateway, Desk::Back, &body).await
}

/// `queryTrans.do`.
pub(super) async fn query(State(gateway): State<Arc<Gateway>>, body: Bytes) -> Response {
    call(&gateway, Desk::Query, &body).await
}

/// The file host.
pub(super) async fn file(State(gateway): State<Arc<Gateway>>, body: Bytes) -> Response {
    call(&gateway, Desk::File, &body).await
}

async fn call(gateway: &Gateway, desk: Desk, body: &[u8]) -> Response {
    let fields = match read(gateway, body) {
        Ok(fields) => fields,
        Err(answer) => return written(gateway, &answer),
    };
    let request = Request { desk, customer: customer_of(gateway, &fields), fields };
    let now_us = gateway.now_us();
    match gateway.with_core(|core| core.handle(now_us, &request)) {
        Ok(delivery) => enact(gateway, delivery).await,
        Err(error) => {
            tracing::error!(%error, "the truth journal failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A request of the merchant, or what it is answered.
pub(super) fn read(gateway: &Gateway, body: &[u8]) -> Result<Params, Answer> {
    let request = parse(body).map_err(|_| refusal(None, ("10", "报文格式错误[9100001]")))?;
    let wrong = |_: RequestError| refusal(Some(&request), ("11", "验证签名失败[9100004]"));
    gateway.keys.verify(&request).map_err(wrong)?;
    if request.get("version") != Some("5.1.0") || request.get("merId") != Some(gateway.mer_id.as_str()) {
        return Err(refusal(Some(&request), ("31", "商户状态不正确[3100001]")));
    }
    Ok(request)
}

fn customer_of(gateway: &Gateway, request: &Params) -> Vec<(String, String)> {
    let packed = request.get_filled("customerInfo");
    let read = packed.map(|text| sensitive::read_customer_info(text, gateway.keys.decryption.as_ref()));
    read.and_then(Result::ok).unwrap_or_default()
}

fn refusal(request: Option<&Params>, (code, text): (&str, &str)) -> Answer {
    let names = ["version", "encoding", "signMethod", "txnType", "txnSubType", "bizType", "merId"];
    let filled = |name: &&str| {
        let value = request?.get_filled(name)?;
        Some(((*name).to_owned(), value.to_owned()))
    };
    let result = [("respCode", code), ("respMsg", text)];
    let result = result.map(|(name, value)| (name.to_owned(), value.to_owned()));
    names.iter().chain(&["orderId", "txnTime"]).filter_map(filled).chain(result).collect()
}

async fn enact(gateway: &Gateway, delivery: Delivery<Answer>) -> Response {
    match delivery {
        Delivery::Answered(answer) => written(gateway, &answer),
        Delivery::Late { after_us, answer } => {
            let wait = Duration::from_micros(u64::try_from(after_us).unwrap_or(0)).min(SLOW_MAX);
            tokio::time::sleep(wait).await;
            written(gateway, &answer)
        }
        Delivery::Lost { .. } => broken_off(),
        Delivery::Garbled { kind, answer, .. } => garbled(gateway, kind, &answer),
    }
}

fn garbled(gateway: &Gateway, kind: Garble, answer: &Answer) -> Response {
    let body = body_of(gateway, answer).unwrap_or_default();
    match kind {
        Garble::ServerError => (StatusCode::BAD_GATEWAY, "<html>502</html>").into_response(),
        Garble::TooMany => StatusCode::TOO_MANY_REQUESTS.into_response(),
        Garble::Empty => raw(Vec::new()),
        Garble::Garbage => raw(b"<html>respCode=00</html>".to_vec()),
        Garble::Truncated => raw(body.get(..body.len() / 2).unwrap_or_default().to_vec()),
        // Texts are in Chinese, so that the charset matters.
        Garble::OtherCharset => {
            let text = String::from_utf8_lossy(&body).into_owned();
            let gbk = tk_formats::Charset::Gbk.encode(&text);
            raw(gbk.map(std::borrow::Cow::into_owned).unwrap_or_default())
        }
    }
}

/// Signs and sends an answer.
fn written(gateway: &Gateway, answer: &Answer) -> Response {
    match body_of(gateway, answer) {
        Some(body) => raw(body),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The answer as signed pairs, in the way that its request was signed.
fn body_of(gateway: &Gateway, answer: &Answer) -> Option<Vec<u8>> {
    let mut fields = Params::new();
    for (name, value) in answer {
        fields.insert(name.as_str(), value.as_str()).ok()?;
    }
    let voice = gateway.keys.voice(fields.get("signMethod"));
    reply::encode(&fields, &voice.signer, voice.certificate_pem.as_deref()).ok()
}

fn raw(body: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "text/html;charset=UTF-8")], body).into_response()
}

/// A promised body that never comes.
fn broken_off() -> Response {
    let broken = futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("broken off")) });
    Body::from_stream(broken).into_response()
}
