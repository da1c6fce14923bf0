use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use tk_formats::alipay::params::Params;
use tk_formats::alipay::{amount, notify, time};
use tk_formats::form::address_part;

use super::sandbox::{Desk, Sandbox};
use crate::core::{Entrance, House, PayerRefusal, Trade};
use crate::look::{self, Lang, Page, escape};

/// Where the pages' style is.
pub(super) const STYLE: &str = "/wallet/style.css";

/// After "time out" the money leaves this much later (20 s).
const TIME_OUT_PAYS_AFTER_US: i64 = 20_000_000;

/// The longest address that a payer is sent back to, bytes.
const RETURN_MAX_BYTES: usize = 1_024;

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    lang: Option<String>,
    /// Where WeChat sends the browser afterwards (H5: the merchant appends it to the address).
    redirect_url: Option<String>,
}

/// `GET /wallet/{app_id}/{token}`: the payer opens the order, which makes the trade.
pub(super) async fn show(
    State(sandbox): State<Arc<Sandbox>>,
    Path((app_id, token)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let words = words_of(&asked, &headers);
    let Some((desk, out_trade_no)) = find(&sandbox, &app_id, &token) else {
        return refused(words, PayerRefusal::NotFound);
    };
    let now_us = sandbox.now_us();
    let opened = sandbox.with_core(desk, |core| core.open(now_us, &out_trade_no).cloned());
    match opened {
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Ok(Err(refusal)) => refused(words, refusal),
        Ok(Ok(trade)) => {
            let address = format!("/wallet/{app_id}/{token}");
            page(words, &order_form(words, &trade, (&address, asked.redirect_url.as_deref())))
        }
    }
}

/// `POST /wallet/{app_id}/{token}/{act}`: the payer presses a button.
pub(super) async fn act(
    State(sandbox): State<Arc<Sandbox>>,
    Path((app_id, token, act)): Path<(String, String, String)>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let words = words_of(&asked, &headers);
    let Some((desk, out_trade_no)) = find(&sandbox, &app_id, &token) else {
        return refused(words, PayerRefusal::NotFound);
    };
    let now_us = sandbox.now_us();
    let done = sandbox.with_core(desk, |core| match act.as_str() {
        "pay" => Some(core.pay(now_us, &out_trade_no)),
        "decline" => Some(core.decline(now_us, &out_trade_no)),
        "time_out" => Some(core.time_out(now_us, &out_trade_no, TIME_OUT_PAYS_AFTER_US)),
        "never" => Some(core.never(now_us, &out_trade_no)),
        _ => None,
    });
    match done {
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Ok(None) => refused(words, PayerRefusal::NotFound),
        Ok(Some(Err(refusal))) => refused(words, refusal),
        Ok(Some(Ok(()))) => {
            after(&sandbox, desk, (&out_trade_no, &act), (words, asked.redirect_url.as_deref()))
        }
    }
}

fn find<'s>(sandbox: &'s Sandbox, app_id: &str, token: &str) -> Option<(&'s Desk, String)> {
    let desk = sandbox.desk(app_id)?;
    let out_trade_no =
        sandbox.with_core(desk, |core| core.order_of_token(token).map(str::to_owned)).ok()??;
    Some((desk, out_trade_no))
}

fn after(
    sandbox: &Sandbox,
    desk: &Desk,
    (out_trade_no, act): (&str, &str),
    (words, redirect_url): (&Words, Option<&str>),
) -> Response {
    match act {
        "time_out" => return page(words, &format!("<p class=\"result\">{}</p>", words.timed_out)),
        "never" => return page(words, &format!("<p class=\"result\">{}</p>", words.left)),
        _ => {}
    }
    let now_us = sandbox.now_us();
    let trade = sandbox.with_core(desk, |core| core.trade(out_trade_no).cloned()).ok().flatten();
    let told = redirect_url.filter(|address| address.len() <= RETURN_MAX_BYTES && is_web(address));
    let back = match desk.house {
        House::Alipay => trade.as_ref().and_then(|trade| return_address(desk, trade, now_us)),
        // Only Alipay says on the way back what has happened.
        House::Wechatpay => told.map(str::to_owned),
    };
    match (act, back) {
        ("pay", Some(address)) => Redirect::to(&address).into_response(),
        ("pay", None) => page(words, &format!("<p class=\"result\">{}</p>", words.paid)),
        (_, _) => page(words, &format!("<p class=\"result\">{}</p>", words.declined)),
    }
}

/// `return_url` with the signed parameters the platform adds.
fn return_address(desk: &Desk, trade: &Trade, now_us: i64) -> Option<String> {
    let base = trade.order.return_url.as_deref()?;
    let keys = desk.keys.alipay()?;
    let method = match trade.entrance {
        Entrance::Page => "alipay.trade.page.pay.return",
        Entrance::Wap => "alipay.trade.wap.pay.return",
        Entrance::Qr | Entrance::Jsapi | Entrance::Created | Entrance::Barcode => return None,
    };
    if !is_web(base) {
        return None;
    }
    let total = amount::format_fen(trade.order.total_fen);
    let timestamp = time::format_us(now_us).ok()?;
    let mut params = Params::new();
    for (name, value) in [
        ("charset", "utf-8"),
        ("out_trade_no", trade.order.out_trade_no.as_str()),
        ("method", method),
        ("total_amount", total.as_str()),
        ("trade_no", trade.trade_no.as_str()),
        ("auth_app_id", desk.app_id.as_str()),
        ("version", "1.0"),
        ("app_id", desk.provider.as_ref().map_or(&*desk.app_id, |provider| &*provider.app_id)),
        ("seller_id", desk.seller_id.as_str()),
        ("timestamp", timestamp.as_str()),
    ] {
        params.insert(name, value).ok()?;
    }
    let query = String::from_utf8(notify::encode(&params, &keys.platform_key).ok()?).ok()?;
    let joint = if base.contains('?') { '&' } else { '?' };
    Some(format!("{base}{joint}{query}"))
}

fn is_web(address: &str) -> bool {
    address.starts_with("http://") || address.starts_with("https://")
}

struct Words {
    lang: Lang,
    title: &'static str,
    pay: &'static str,
    decline: &'static str,
    time_out: &'static str,
    never: &'static str,
    order: &'static str,
    paid: &'static str,
    declined: &'static str,
    timed_out: &'static str,
    left: &'static str,
    not_found: &'static str,
    expired: &'static str,
    closed: &'static str,
    already_paid: &'static str,
}

const CHINESE: Words = Words {
    lang: Lang::Zh,
    title: "模拟钱包",
    pay: "确认付款",
    decline: "拒绝付款",
    time_out: "付款超时（20 秒后扣款）",
    never: "离开，不再理会",
    order: "订单号",
    paid: "付款成功",
    declined: "已拒绝付款",
    timed_out: "系统超时，付款结果未知",
    left: "已离开付款页",
    not_found: "没有这笔订单",
    expired: "付款页或二维码已过期",
    closed: "交易已关闭",
    already_paid: "交易已付款",
};

const ENGLISH: Words = Words {
    lang: Lang::En,
    title: "Simulated wallet",
    pay: "Pay",
    decline: "Decline",
    time_out: "Time out (money leaves 20 s later)",
    never: "Walk away",
    order: "Order",
    paid: "Paid",
    declined: "Declined",
    timed_out: "Time-out, the result is not known",
    left: "You have left the payment page",
    not_found: "There is no such order",
    expired: "The page or code has expired",
    closed: "The trade is closed",
    already_paid: "The trade is already paid",
};

fn words_of(asked: &Asked, headers: &HeaderMap) -> &'static Words {
    match Lang::of(asked.lang.as_deref(), headers) {
        Lang::Zh => &CHINESE,
        Lang::En => &ENGLISH,
    }
}

fn refused(words: &Words, refusal: PayerRefusal) -> Response {
    let (status, text) = match refusal {
        PayerRefusal::NotFound => (StatusCode::NOT_FOUND, words.not_found),
        PayerRefusal::Expired => (StatusCode::GONE, words.expired),
        PayerRefusal::Closed => (StatusCode::GONE, words.closed),
        PayerRefusal::AlreadyPaid => (StatusCode::OK, words.already_paid),
    };
    let code = refusal.code();
    let mut response = page(words, &format!("<p class=\"result\" data-refusal=\"{code}\">{text}</p>"));
    *response.status_mut() = status;
    response
}

fn order_form(words: &Words, trade: &Trade, (address, redirect_url): (&str, Option<&str>)) -> String {
    let buttons = [
        ("pay", words.pay),
        ("decline", words.decline),
        ("time_out", words.time_out),
        ("never", words.never),
    ];
    let back = redirect_url.map(|url| format!("&redirect_url={}", address_part(url))).unwrap_or_default();
    let buttons = buttons.map(|(act, label)| button(words, (address, &back), act, label)).concat();
    format!(
        "<p class=\"subject\">{}</p><p class=\"amount\">¥ {}</p><p class=\"order\">{} {}</p>{buttons}",
        escape(&trade.order.subject),
        amount::format_fen(trade.order.total_fen),
        words.order,
        escape(&trade.order.out_trade_no)
    )
}

fn button(words: &Words, (address, back): (&str, &str), act: &str, label: &str) -> String {
    format!(
        "<form method=\"post\" action=\"{}/{act}?lang={}{}\">\
         <button id=\"{act}\" class=\"{act}\">{label}</button></form>",
        escape(address),
        words.lang.tag(),
        escape(back),
    )
}

fn page(words: &Words, content: &str) -> Response {
    let content = format!("<div class=\"card\"><h1>{}</h1>{content}</div>", words.title);
    let page = Page { lang: words.lang, title: words.title, bar: None, style: STYLE, content: &content };
    look::page(StatusCode::OK, page)
}
