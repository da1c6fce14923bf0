//! UnionPay's page as a payer's browser sees it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use tk_formats::unionpay::{Params, notify};

use super::gateway::read;
use super::sandbox::Gateway;
use crate::http::escape;
use crate::unionpay::core::{Page, PageRefusal};

/// `frontTransReq.do`: the payer's browser brings the merchant's signed form.
pub(super) async fn open(State(gateway): State<Arc<Gateway>>, body: Bytes) -> Response {
    let request = match read(&gateway, &body) {
        Ok(request) => request,
        Err(answer) => {
            let text = answer.iter().find(|(name, _)| name == "respMsg").map_or("", |(_, text)| text);
            return shown(StatusCode::BAD_REQUEST, &format!("<p class=\"result\">{}</p>", escape(text)));
        }
    };
    let now_us = gateway.now_us();
    let opened = gateway.with_books(|books| {
        let name = books.open_page(&request, now_us)?;
        Ok((books.page(&name).cloned(), name))
    });
    match opened {
        Ok((Some(page), name)) => shown(StatusCode::OK, &order(&page, &name)),
        Ok((None, _)) => refused(PageRefusal::NotFound),
        Err(refusal) => refused(refusal),
    }
}

/// The payer presses a button.
pub(super) async fn act(
    State(gateway): State<Arc<Gateway>>,
    Path((name, act)): Path<(String, String)>,
) -> Response {
    let now_us = gateway.now_us();
    match act.as_str() {
        "pay" => match gateway.with_books(|books| books.pay_page(&name, now_us)) {
            Ok(fields) => shown(StatusCode::OK, &returning(&gateway, &name, &fields)),
            Err(refusal) => refused(refusal),
        },
        "decline" => match gateway.with_books(|books| books.decline_page(&name, now_us)) {
            Ok(()) => shown(StatusCode::OK, "<p class=\"result\">支付失败 · Declined</p>"),
            Err(refusal) => refused(refusal),
        },
        _ => refused(PageRefusal::NotFound),
    }
}

fn order(page: &Page, name: &str) -> String {
    let (yuan, fen) = (page.amount_fen / 100, page.amount_fen % 100);
    let buttons = [("pay", "确认支付 · Pay"), ("decline", "支付失败 · Decline")].map(|(act, label)| {
        format!(
            "<form method=\"post\" action=\"/unionpay/page/{}/{act}\"><button id=\"{act}\">{label}</button></form>",
            escape(name)
        )
    });
    format!(
        "<p class=\"subject\">{}</p><p class=\"amount\">¥ {yuan}.{fen:02}</p><p class=\"order\">{}</p>{}",
        escape(&page.commodity),
        escape(&page.order_id),
        buttons.concat()
    )
}

/// The signed form that brings the payer back to the merchant; it decides nothing there.
fn returning(gateway: &Gateway, name: &str, fields: &[(String, String)]) -> String {
    let paid = "<p class=\"result\">支付成功 · Paid</p>";
    let url = gateway.books().front_url(name).map(str::to_owned);
    let url = url.filter(|url| url.starts_with("http://") || url.starts_with("https://"));
    let mut form = Params::new();
    for (name, value) in fields {
        if form.insert(name.as_str(), value.as_str()).is_err() {
            return paid.to_owned();
        }
    }
    let keys = &gateway.keys;
    let signed = notify::encode_pairs(&form, &keys.signer, keys.certificate_pem.as_deref());
    let (Some(url), Ok(signed)) = (url, signed) else { return paid.to_owned() };
    let inputs = signed
        .iter()
        .map(|(name, value)| {
            format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value))
        })
        .collect::<Vec<_>>()
        .concat();
    format!(
        "{paid}<form method=\"post\" action=\"{}\">{inputs}<button id=\"back\">返回商户 · Back</button></form>",
        escape(&url)
    )
}

fn refused(refusal: PageRefusal) -> Response {
    let status = match refusal {
        PageRefusal::NotFound => StatusCode::NOT_FOUND,
        PageRefusal::Expired | PageRefusal::Ended => StatusCode::GONE,
        PageRefusal::Invalid | PageRefusal::Duplicate => StatusCode::BAD_REQUEST,
        PageRefusal::TooMany => StatusCode::SERVICE_UNAVAILABLE,
    };
    shown(status, &format!("<p class=\"result\">{refusal}</p>"))
}

fn shown(status: StatusCode, content: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>模拟银联</title>\
         <style>{STYLE}</style></head><body><main><p class=\"warning\">模拟银联，不涉及真实资金 · no real money</p>\
         <h1>模拟银联 · Simulated UnionPay</h1>{content}</main></body></html>"
    );
    let headers = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (status, headers, Html(html)).into_response()
}

const STYLE: &str = "body{font:18px/1.5 system-ui,sans-serif;margin:0;background:#f4f5f7;color:#1d2129}\
main{max-width:26rem;margin:0 auto;padding:1rem}h1{font-size:1.2rem}\
.warning{background:#fff3cd;border:1px solid #b58900;padding:.5rem .75rem;border-radius:.4rem}\
.amount{font-size:2.2rem;margin:.2rem 0}.order{color:#555;font-size:.9rem;overflow-wrap:anywhere}\
button{width:100%;padding:.8rem;margin:.3rem 0;font:inherit;border:1px solid #8a919f;border-radius:.4rem;background:#fff}";
