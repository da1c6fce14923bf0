//! All channels at a glance.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::book::Totals;
use super::{Lab, Visit, facts, name_of};
use crate::look::{clock, yuan};

pub(super) async fn show(State(lab): State<Lab>, visit: Visit) -> Response {
    let title = visit.lang.pick("通道实验室", "Sandbox lab");
    let intro = visit.lang.pick(
        "这里看到每个通道真正的账本，并决定下一次会出什么差错。商户系统看不到本页。",
        "Here is what each channel really holds, and here you decide what goes wrong next. The merchant's system never sees this.",
    );
    let mut cards = String::new();
    for channel in lab.channels() {
        let Some(book) = lab.book(channel) else { continue };
        let Ok(totals) = book.totals() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
        cards.push_str(&card(&lab, visit, channel, &totals));
    }
    if let Some(bank) = &lab.bank {
        cards.push_str(&super::bank::card(&lab, visit, bank));
    }
    let now = clock(lab.sandbox.now_us());
    let time = visit.lang.pick("通道时间", "Channels' time");
    let content = format!(
        "<div class=\"card\"><h1>{title}</h1><p>{intro}</p><p class=\"quiet\">{time} {now} · {}</p></div>\
         <div class=\"grid\">{cards}</div>",
        visit.link("/clock", visit.lang.pick("拨快时钟", "Move the clock")),
    );
    visit.page(&lab, (title, ""), &content)
}

fn card(lab: &Lab, visit: Visit, channel: &str, totals: &Totals) -> String {
    let pick = |zh, en| visit.lang.pick(zh, en);
    let (gateway, account) = address(lab, channel);
    let rows = [
        (pick("网关", "Gateway"), gateway),
        (pick("商户", "Merchant"), account),
        (pick("订单", "Orders"), totals.orders.to_string()),
        (pick("收款", "Collected"), yuan(totals.paid_fen)),
        (pick("退款", "Refunded"), yuan(totals.refunded_fen)),
        (pick("手续费", "Fees"), yuan(totals.fee_fen)),
        (pick("余额", "Balance"), yuan(totals.balance_fen)),
        (pick("待确认通知", "Notices waiting"), totals.pending.to_string()),
    ];
    let links = [
        visit.link(&format!("/{channel}"), pick("账本", "Truth book")),
        visit.link(&format!("/{channel}/scripts"), pick("脚本", "Scripts")),
        visit.link(&format!("/{channel}/bills"), pick("账单", "Bills")),
    ];
    format!(
        "<section class=\"card\"><h2>{}</h2>{}<p class=\"ways\">{}</p></section>",
        name_of(visit.lang, channel),
        facts(&rows),
        links.concat()
    )
}

/// Where a channel is spoken with, and by whom.
fn address(lab: &Lab, channel: &str) -> (String, String) {
    let base = &lab.sandbox.base;
    let desk = |house| lab.sandbox.desks.values().find(|desk| desk.house == house);
    let named = |house| desk(house).map(|desk| format!("{} / {}", desk.app_id, desk.seller_id));
    match channel {
        "alipay" => (format!("{base}/gateway.do"), named(crate::core::House::Alipay).unwrap_or_default()),
        "wechatpay" => (format!("{base}/v3/"), named(crate::core::House::Wechatpay).unwrap_or_default()),
        _ => {
            let merchant = lab.gateway.as_ref().map(|gateway| gateway.mer_id().to_owned());
            (format!("{base}/unionpay/gateway/api/"), merchant.unwrap_or_default())
        }
    }
}
