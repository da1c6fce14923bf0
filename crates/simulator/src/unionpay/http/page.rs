//! UnionPay's page as a payer's browser sees it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use tk_formats::unionpay::{Params, notify};

use super::gateway::read;
use super::sandbox::Gateway;
use crate::look::{self, Lang, Page as LookPage, escape, yuan};
use crate::unionpay::core::{Page, PageRefusal};

/// Where the pages' style is.
pub(super) const STYLE: &str = "/unionpay/page/style.css";

/// `frontTransReq.do`: the payer's browser brings the merchant's signed form.
pub(super) async fn open(State(gateway): State<Arc<Gateway>>, headers: HeaderMap, body: Bytes) -> Response {
    let lang = Lang::of(None, &headers);
    let request = match read(&gateway, &body) {
        Ok(request) => request,
        Err(answer) => {
            let text = answer.iter().find(|(name, _)| name == "respMsg").map_or("", |(_, text)| text);
            return shown(
                lang,
                StatusCode::BAD_REQUEST,
                &format!("<p class=\"result\">{}</p>", escape(text)),
            );
        }
    };
    let now_us = gateway.now_us();
    let opened = gateway.with_core(|core| {
        let name = core.open(now_us, &request)?;
        Ok((core.books().page(&name).cloned(), name))
    });
    match opened {
        Err(error) => failed(&error),
        Ok(Ok((Some(page), name))) => shown(lang, StatusCode::OK, &order(lang, &page, &name)),
        Ok(Ok((None, _))) => refused(lang, PageRefusal::NotFound),
        Ok(Err(refusal)) => refused(lang, refusal),
    }
}

/// The payer presses a button.
pub(super) async fn act(
    State(gateway): State<Arc<Gateway>>,
    Path((name, act)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let lang = Lang::of(None, &headers);
    let now_us = gateway.now_us();
    match act.as_str() {
        "pay" => match gateway.with_core(|core| core.pay_page(now_us, &name)) {
            Err(error) => failed(&error),
            Ok(Ok(fields)) => shown(lang, StatusCode::OK, &returning(lang, (&gateway, &name), &fields)),
            Ok(Err(refusal)) => refused(lang, refusal),
        },
        "decline" => match gateway.with_core(|core| core.decline_page(now_us, &name)) {
            Err(error) => failed(&error),
            Ok(Ok(())) => shown(
                lang,
                StatusCode::OK,
                &format!("<p class=\"result\">{}</p>", lang.pick("支付失败", "Declined")),
            ),
            Ok(Err(refusal)) => refused(lang, refusal),
        },
        _ => refused(lang, PageRefusal::NotFound),
    }
}

fn failed(error: &std::io::Error) -> Response {
    tracing::error!(%error, "the truth journal failed");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// The payer's phone: the codes that were sent to it and not used yet.
pub(super) async fn phone(State(gateway): State<Arc<Gateway>>, headers: HeaderMap) -> Response {
    let lang = Lang::of(None, &headers);
    let line = |(order, code): (&str, &str)| {
        format!("<p class=\"order\">{}</p><p class=\"amount\">{}</p>", escape(order), escape(code))
    };
    let lines = gateway.with_core(|core| core.books().codes().map(line).collect::<Vec<_>>());
    let lines = match lines {
        Ok(lines) => lines,
        Err(error) => return failed(&error),
    };
    let none = format!("<p class=\"result\">{}</p>", lang.pick("没有未读的验证码", "No code has come"));
    shown(lang, StatusCode::OK, &if lines.is_empty() { none } else { lines.concat() })
}

fn order(lang: Lang, page: &Page, name: &str) -> String {
    let card = page.amount_fen == 0;
    let (yes, no) = if card {
        (lang.pick("确认开通", "Open"), lang.pick("开通失败", "Decline"))
    } else {
        (lang.pick("确认支付", "Pay"), lang.pick("支付失败", "Decline"))
    };
    let labels = [("pay", yes), ("decline", no)];
    let buttons = labels.map(|(act, label)| {
        format!(
            "<form method=\"post\" action=\"/unionpay/page/{}/{act}\"><button id=\"{act}\" class=\"{act}\">{label}</button></form>",
            escape(name)
        )
    });
    let what = if card {
        format!("<p class=\"result\">{}</p>", lang.pick("开通银行卡支付", "Open a card for payment"))
    } else {
        format!("<p class=\"amount\">{}</p>", yuan(page.amount_fen))
    };
    format!(
        "<p class=\"subject\">{}</p>{what}<p class=\"order\">{}</p>{}",
        escape(&page.commodity),
        escape(&page.order_id),
        buttons.concat()
    )
}

/// The signed form that brings the payer back to the merchant; it decides nothing there.
fn returning(lang: Lang, (gateway, name): (&Gateway, &str), fields: &[(String, String)]) -> String {
    let card = fields.iter().any(|(name, value)| name == "txnType" && value == "79");
    let word = if card { lang.pick("开通成功", "Opened") } else { lang.pick("支付成功", "Paid") };
    let paid = format!("<p class=\"result\">{word}</p>");
    let url = gateway.with_core(|core| core.books().front_url(name).map(str::to_owned)).ok().flatten();
    let url = url.filter(|url| url.starts_with("http://") || url.starts_with("https://"));
    let mut form = Params::new();
    for (name, value) in fields {
        if form.insert(name.as_str(), value.as_str()).is_err() {
            return paid;
        }
    }
    let voice = gateway.keys.voice(form.get("signMethod"));
    let signed = notify::encode_pairs(&form, &voice.signer, voice.certificate_pem.as_deref());
    let (Some(url), Ok(signed)) = (url, signed) else { return paid };
    let inputs = signed
        .iter()
        .map(|(name, value)| {
            format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value))
        })
        .collect::<Vec<_>>()
        .concat();
    format!(
        "{paid}<form method=\"post\" action=\"{}\">{inputs}<button id=\"back\" class=\"main\">{}</button></form>",
        escape(&url),
        lang.pick("返回商户", "Back to the merchant")
    )
}

fn refused(lang: Lang, refusal: PageRefusal) -> Response {
    let status = match refusal {
        PageRefusal::NotFound => StatusCode::NOT_FOUND,
        PageRefusal::Expired | PageRefusal::Ended => StatusCode::GONE,
        PageRefusal::Invalid | PageRefusal::Duplicate => StatusCode::BAD_REQUEST,
        PageRefusal::TooMany => StatusCode::SERVICE_UNAVAILABLE,
    };
    shown(lang, status, &format!("<p class=\"result\">{refusal}</p>"))
}

fn shown(lang: Lang, status: StatusCode, content: &str) -> Response {
    let title = lang.pick("模拟银联", "Simulated UnionPay");
    let content = format!("<div class=\"card\"><h1>{title}</h1>{content}</div>");
    look::page(status, LookPage { lang, title, bar: None, style: STYLE, content: &content })
}
