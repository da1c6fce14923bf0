use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use tk_formats::alipay::Charset;
use tk_formats::alipay::params::{self, Params};
use tk_formats::alipay::request::{RequestError, VerifiedRequest, verify_request};
use tk_formats::alipay::response;

use super::alipay_words::{method_of, sub_code, wire_name};
use super::answer::{bare_node, node_of};
use super::call::{asks_refund_time, core_call};
use super::sandbox::{Desk, Sandbox};
use crate::core::{Code, CoreAnswer, Delivery, Garble, Method, Node, Why};
use crate::keys::AppKeys;

/// The longest a slow answer is held back, so that a script cannot tie up connections for ever.
pub(super) const SLOW_MAX: Duration = Duration::from_mins(2);

/// A refusal before the call is understood: code and sub code.
type Refused = (Code, &'static str);

/// How the answer of one call is written.
struct Wire<'d> {
    desk: &'d Desk,
    keys: &'d AppKeys,
    method: Method,
    charset: Charset,
    cert_sn: Option<&'d str>,
    hides_refund_time: bool,
}

/// `/gateway.do`, by GET or POST, parameters in the query, the body or both.
pub(super) async fn call(
    State(sandbox): State<Arc<Sandbox>>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let query = query.unwrap_or_default();
    let params = match read_params(query.as_bytes(), &body) {
        Ok(params) => params,
        Err(refused) => return gateway_error(None, refused, Charset::Utf8),
    };
    let charset = params::charset_of(&params).unwrap_or_default();
    let method = params.get_filled("method").and_then(method_of);
    let verified = check(&sandbox, &params, method);
    let (desk, keys, method, request) = match verified {
        Ok(verified) => verified,
        Err(refused) => return gateway_error(method, refused, charset),
    };
    let now_us = sandbox.now_us();
    let cert_sn = request.envelope.serials.as_ref().and(keys.certificates.as_ref());
    let wire = Wire {
        desk,
        keys,
        method,
        charset,
        cert_sn: cert_sn.map(|set| set.alipay_cert_sn.as_str()),
        hides_refund_time: !asks_refund_time(&request.call),
    };
    let delivery = match core_call(method, &request.call, now_us) {
        Err(_) => Delivery::Answered(CoreAnswer {
            code: Code::Business,
            why: Some(Why::ParameterInvalid),
            node: Node::Empty,
        }),
        Ok(call) => match sandbox.with_core(desk, |core| core.handle(now_us, &call)) {
            Ok(delivery) => delivery,
            Err(error) => {
                tracing::error!(%error, "the truth journal failed");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        },
    };
    enact(&sandbox, &wire, delivery).await
}

fn read_params(query: &[u8], body: &[u8]) -> Result<Params, Refused> {
    let bad = |_| (Code::Invalid, "isv.invalid-parameter");
    let mut joined = query.to_vec();
    joined.push(b'&');
    joined.extend_from_slice(body);
    let charset = params::detect_charset(&joined).map_err(bad)?;
    params::merge(query, body, charset).map_err(bad)
}

fn check<'s>(
    sandbox: &'s Sandbox,
    params: &Params,
    method: Option<Method>,
) -> Result<(&'s Desk, &'s AppKeys, Method, VerifiedRequest), Refused> {
    let app_id = params.get_filled("app_id").ok_or((Code::Missing, "isv.missing-app-id"))?;
    let unknown = (Code::Invalid, "isv.invalid-app-id");
    let token = params.get_filled("app_auth_token");
    let by_token = |desk: &&Desk| desk.provider.as_ref().map(|provider| provider.token.as_str()) == token;
    let mut desks = sandbox.desks_of_app(app_id).peekable();
    let Some(any) = desks.peek().copied() else { return Err(unknown) };
    let desk = desks.find(by_token).unwrap_or(any);
    let keys = desk.keys.alipay().ok_or(unknown)?;
    let key = match (params.get_filled("app_cert_sn"), &keys.certificates) {
        (None, _) => &keys.app_key,
        (Some(_), None) => return Err((Code::Invalid, "isv.invalid-app-cert-sn")),
        (Some(serial), Some(set)) => {
            if serial != set.app_cert_sn {
                return Err((Code::Invalid, "isv.invalid-app-cert-sn"));
            }
            if params.get_filled("alipay_root_cert_sn") != Some(set.alipay_root_cert_sn.as_str()) {
                return Err((Code::Invalid, "isv.invalid-alipay-root-cert-sn"));
            }
            &set.app_cert_key
        }
    };
    let request = verify_request(params, key).map_err(|error| refusal_of(&error))?;
    let off_us = sandbox.now_us().saturating_sub(request.envelope.timestamp_us).saturating_abs();
    if off_us > sandbox.clock_window_us {
        return Err((Code::Invalid, "isv.invalid-timestamp"));
    }
    if desk.provider.as_ref().map(|provider| provider.token.as_str()) != token {
        return Err((Code::Invalid, "aop.invalid-app-auth-token"));
    }
    let method = method.ok_or((Code::Invalid, "isv.invalid-method"))?;
    Ok((desk, keys, method, request))
}

fn refusal_of(error: &RequestError) -> Refused {
    match error {
        RequestError::Missing("sign") => (Code::Missing, "isv.missing-signature"),
        RequestError::Missing("sign_type") => (Code::Missing, "isv.missing-signature-type"),
        RequestError::Missing("timestamp") => (Code::Missing, "isv.missing-timestamp"),
        RequestError::Missing("method") => (Code::Missing, "isv.missing-method"),
        RequestError::Missing("version") => (Code::Missing, "isv.missing-version"),
        RequestError::Missing(_) => (Code::Missing, "isv.missing-parameter"),
        RequestError::Invalid("timestamp") => (Code::Invalid, "isv.invalid-timestamp"),
        RequestError::SignTypeRefused => (Code::Invalid, "isv.invalid-signature-type"),
        RequestError::Signature(_) => (Code::Invalid, "isv.invalid-signature"),
        RequestError::Invalid(_) | RequestError::Params(_) | RequestError::Charset(_) => {
            (Code::Invalid, "isv.invalid-parameter")
        }
    }
}

/// A failure of the gateway itself: unsigned, or an HTML page where a browser called.
fn gateway_error(method: Option<Method>, refused: Refused, charset: Charset) -> Response {
    let (code, sub_code) = refused;
    if matches!(method, Some(Method::Page | Method::Wap)) {
        return error_page(sub_code);
    }
    match response::encode_unsigned_error(&bare_node(code, sub_code), charset) {
        Ok(body) => text_html(charset, body),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn enact(sandbox: &Sandbox, wire: &Wire<'_>, delivery: Delivery) -> Response {
    match delivery {
        Delivery::Answered(answer) => answered(sandbox, wire, answer),
        Delivery::Late { after_us, answer } => {
            let wait = Duration::from_micros(u64::try_from(after_us).unwrap_or(0)).min(SLOW_MAX);
            tokio::time::sleep(wait).await;
            answered(sandbox, wire, answer)
        }
        Delivery::Lost { .. } => cut_off(Vec::new()),
        Delivery::Garbled { kind, answer, .. } => garbled(sandbox, wire, kind, answer),
    }
}

fn garbled(sandbox: &Sandbox, wire: &Wire<'_>, kind: Garble, answer: CoreAnswer) -> Response {
    match kind {
        Garble::ServerError => (
            StatusCode::BAD_GATEWAY,
            [(header::CONTENT_TYPE, "text/html")],
            "<html><body><h1>502 Bad Gateway</h1></body></html>",
        )
            .into_response(),
        Garble::TooMany => StatusCode::TOO_MANY_REQUESTS.into_response(),
        Garble::Empty => text_html(wire.charset, Vec::new()),
        Garble::Garbage => text_html(wire.charset, (0_u8..=255).rev().collect()),
        Garble::Truncated => {
            let mut body = body_of(sandbox, wire, answer, wire.charset).unwrap_or_default();
            body.truncate(body.len() / 2);
            text_html(wire.charset, body)
        }
        Garble::OtherCharset => {
            let other = match wire.charset {
                Charset::Utf8 => Charset::Gbk,
                Charset::Gbk => Charset::Utf8,
            };
            match body_of(sandbox, wire, answer, other) {
                Some(body) => text_html(wire.charset, body),
                None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            }
        }
    }
}

fn answered(sandbox: &Sandbox, wire: &Wire<'_>, answer: CoreAnswer) -> Response {
    if matches!(wire.method, Method::Page | Method::Wap) {
        if let Node::Page { wallet_url, .. } = &answer.node {
            return Redirect::to(wallet_url).into_response();
        }
        return error_page(sub_code(answer.why.unwrap_or(Why::Unknown)));
    }
    match body_of(sandbox, wire, answer, wire.charset) {
        Some(body) => text_html(wire.charset, body),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn body_of(sandbox: &Sandbox, wire: &Wire<'_>, mut answer: CoreAnswer, charset: Charset) -> Option<Vec<u8>> {
    if let Node::RefundQuery(query) = &mut answer.node
        && wire.hides_refund_time
    {
        query.gmt_refund_pay_us = None;
    }
    let mut bill_url = None;
    if let Node::Bill(bill) = &answer.node {
        bill_url = Some(sandbox.issue_ticket(&wire.desk.app_id, *bill)?);
    }
    let mut node = node_of(&answer, bill_url.as_deref());
    if charset != wire.charset {
        // Only text beyond ASCII makes the charset matter.
        node["msg"] = "业务处理结果".into();
    }
    let key = &wire.keys.platform_key;
    response::encode(wire_name(wire.method), &node, key, wire.cert_sn, charset).ok()
}

fn text_html(charset: Charset, body: Vec<u8>) -> Response {
    let content_type = format!("text/html;charset={}", charset.name());
    ([(header::CONTENT_TYPE, content_type)], body).into_response()
}

/// An answer that breaks off: the client sees a connection error, not a message.
pub(super) fn cut_off(start: Vec<u8>) -> Response {
    let broken = Err(io::Error::new(io::ErrorKind::ConnectionReset, "the answer is lost"));
    let parts = [Ok(Bytes::from(start)), broken];
    let mut response = Response::new(Body::from_stream(futures_util::stream::iter(parts)));
    response.headers_mut().insert(header::CONTENT_LENGTH, header::HeaderValue::from_static("4096"));
    response
}

/// The page a browser gets when page or wap pay fails: GBK, HTTP 200.
fn error_page(sub_code: &str) -> Response {
    let page = format!(
        "<!doctype html><html><head><meta charset=\"gbk\"><title>支付失败</title></head>\
         <body><h1>抱歉，支付没有成功</h1><p>错误码 <code>{}</code></p></body></html>",
        crate::look::escape(sub_code)
    );
    match Charset::Gbk.encode(&page) {
        Ok(body) => text_html(Charset::Gbk, body.into_owned()),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
