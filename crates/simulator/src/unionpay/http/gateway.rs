//! Requests from servers: verified, carried out, answered as raw pairs.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tk_formats::unionpay::request::{RequestError, parse, verify_params};
use tk_formats::unionpay::{Params, reply, sensitive, settlement, time};

use super::faults::Fault;
use super::sandbox::{Gateway, Late};
use crate::unionpay::core::{Answer, Desk, settlement_file};

/// The longest a slow answer is held back.
const SLOW_MAX: Duration = Duration::from_mins(2);

/// `backTransReq.do`.
pub(super) async fn back(State(gateway): State<Arc<Gateway>>, body: Bytes) -> Response {
    call(&gateway, Desk::Back, &body).await
}

/// `queryTrans.do`.
pub(super) async fn query(State(gateway): State<Arc<Gateway>>, body: Bytes) -> Response {
    let response = call(&gateway, Desk::Query, &body).await;
    gateway.catch_up();
    response
}

/// The file host.
pub(super) async fn file(State(gateway): State<Arc<Gateway>>, body: Bytes) -> Response {
    let request = match read(&gateway, &body) {
        Ok(request) => request,
        Err(answer) => return written(&gateway, &answer, None).await,
    };
    let fault = gateway.next_fault("76");
    let answer = file_answer(&gateway, &request);
    written(&gateway, &answer, fault).await
}

async fn call(gateway: &Gateway, desk: Desk, body: &[u8]) -> Response {
    let request = match read(gateway, body) {
        Ok(request) => request,
        Err(answer) => return written(gateway, &answer, None).await,
    };
    let customer = customer_of(gateway, &request);
    let fault = gateway.next_fault(request.get("txnType").unwrap_or_default());
    if fault.is_some_and(|fault| !fault.is_enacted()) {
        if fault == Some(Fault::LandsAfterQuery) {
            gateway.put_off(Late { desk, request, customer });
            return written(gateway, &Vec::new(), Some(Fault::Lost { effect: super::Effect::None })).await;
        }
        if fault == Some(Fault::AcceptedLater) {
            let taken = refusal(Some(&request), ("00", "成功[0000000]"));
            gateway.put_off(Late { desk, request, customer });
            return written(gateway, &taken, None).await;
        }
        let lie = refusal(Some(&request), ("34", "查无此交易[2600000]"));
        return written(gateway, &lie, fault).await;
    }
    let now_us = gateway.now_us();
    let answer = gateway.with_books(|books| books.enact(desk, &request, &customer, now_us));
    written(gateway, &answer, fault).await
}

/// A request of the merchant, or what it is answered.
pub(super) fn read(gateway: &Gateway, body: &[u8]) -> Result<Params, Answer> {
    let request = parse(body).map_err(|_| refusal(None, ("10", "报文格式错误[9100001]")))?;
    let wrong = |_: RequestError| refusal(Some(&request), ("11", "验证签名失败[9100004]"));
    verify_params(&request, &gateway.keys.merchant).map_err(wrong)?;
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
    let names = ["version", "encoding", "txnType", "txnSubType", "bizType", "merId", "orderId", "txnTime"];
    let filled = |name: &&str| {
        let value = request?.get_filled(name)?;
        Some(((*name).to_owned(), value.to_owned()))
    };
    let result = [("respCode", code), ("respMsg", text)];
    let result = result.map(|(name, value)| (name.to_owned(), value.to_owned()));
    names.iter().filter_map(filled).chain(result).collect()
}

fn file_answer(gateway: &Gateway, request: &Params) -> Answer {
    let none = || refusal(Some(request), ("98", "文件不存在[9800001]"));
    let Some(day) = request.get_filled("settleDate") else { return none() };
    let now_us = gateway.now_us();
    let today = time::format_us(now_us).unwrap_or_default();
    let year: i32 = today.get(..4).and_then(|year| year.parse().ok()).unwrap_or_default();
    // A day that has not come this year was in the last one; today's file is made tomorrow.
    let year = if today.get(4..8).is_some_and(|today| day > today) { year - 1 } else { year };
    let date = format!("{year:04}{day}");
    if today.starts_with(&date) {
        return none();
    }
    let made = settlement_file(&gateway.books(), &gateway.mer_id, &date);
    let Ok(Some(file)) = made else { return none() };
    let Ok(content) = settlement::file_content(&file, now_us) else { return none() };
    let mut answer = refusal(Some(request), ("00", "成功[0000000]"));
    let name = format!("{}_{day}_00.zip", gateway.mer_id);
    answer.extend([("fileName".to_owned(), name), ("fileContent".to_owned(), content)]);
    answer
}

/// Signs and sends an answer, or what a fault makes of it.
async fn written(gateway: &Gateway, answer: &Answer, fault: Option<Fault>) -> Response {
    let mut fields = Params::new();
    for (name, value) in answer {
        if fields.insert(name.as_str(), value.as_str()).is_err() {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    }
    let keys = &gateway.keys;
    let Ok(body) = reply::encode(&fields, &keys.signer, keys.certificate_pem.as_deref()) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    match fault {
        None
        | Some(
            Fault::NotFound | Fault::LandsAfterQuery | Fault::AcceptedLater | Fault::NotifyWrongAmount { .. },
        ) => raw(body),
        Some(Fault::Slow { after_ms }) => {
            tokio::time::sleep(Duration::from_millis(after_ms).min(SLOW_MAX)).await;
            raw(body)
        }
        Some(Fault::Lost { .. }) => broken_off(),
        Some(Fault::ServerError { .. }) => (StatusCode::BAD_GATEWAY, "<html>502</html>").into_response(),
        Some(Fault::Limited) => StatusCode::TOO_MANY_REQUESTS.into_response(),
        Some(Fault::Garbage) => raw(b"<html>respCode=00</html>".to_vec()),
        Some(Fault::Truncated) => raw(body.get(..body.len() / 2).unwrap_or_default().to_vec()),
        Some(Fault::OtherCharset) => {
            let text = String::from_utf8_lossy(&body).into_owned();
            let gbk = tk_formats::Charset::Gbk.encode(&text);
            raw(gbk.map(std::borrow::Cow::into_owned).unwrap_or_default())
        }
        Some(Fault::Empty) => raw(Vec::new()),
    }
}

fn raw(body: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "text/html;charset=UTF-8")], body).into_response()
}

/// A promised body that never comes.
fn broken_off() -> Response {
    let broken = futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("broken off")) });
    Body::from_stream(broken).into_response()
}
