//! The truth book of a channel, and what the payer of one order does.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::book::{Book, Row, table, word};
use super::{Lab, Visit, facts, name_of};
use crate::core::Seal;
use crate::look::{clock, escape, yuan};

/// After "time out" the money leaves this much later (20 s).
const TIME_OUT_PAYS_AFTER_US: i64 = 20_000_000;

#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    q: String,
}

pub(super) async fn list(
    State(lab): State<Lab>,
    Path(channel): Path<String>,
    Query(wanted): Query<Wanted>,
    visit: Visit,
) -> Response {
    let pick = |zh, en| visit.lang.pick(zh, en);
    let Some(book) = lab.book(&channel) else { return visit.missing(&lab) };
    let wanted: String = wanted.q.trim().chars().filter(char::is_ascii_graphic).take(64).collect();
    let Ok(rows) = book.rows(&wanted) else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let head = [
        pick("时间", "Time"),
        pick("商户订单号", "Merchant's number"),
        pick("方式", "Way"),
        pick("状态", "State"),
        pick("金额", "Amount"),
        pick("已退", "Refunded"),
    ];
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let number = visit.link(&format!("/{channel}/orders/{}", row.number), &row.number);
            let (kind, state) = (word(visit.lang, row.kind), word(visit.lang, row.state));
            let amounts = [yuan(row.total_fen), yuan(row.refunded_fen)];
            let [total, refunded] = amounts;
            vec![clock(row.at_us), number, kind.to_owned(), state.to_owned(), total, refunded]
        })
        .collect();
    let title = format!("{} · {}", name_of(visit.lang, &channel), pick("账本", "Truth book"));
    let none = pick("没有订单", "No orders");
    let listed = if cells.is_empty() { format!("<p>{none}</p>") } else { table(&head, &cells) };
    let content = format!(
        "<div class=\"card\"><h1>{title}</h1><form class=\"fields\" method=\"get\" action=\"/lab/{channel}\">\
         <label>{}<input name=\"q\" value=\"{}\" maxlength=\"64\"></label>\
         <input type=\"hidden\" name=\"lang\" value=\"{}\"><div><button>{}</button></div></form></div>\
         <div class=\"card\"><p class=\"quiet\">{}</p>{listed}</div>",
        pick("订单号包含", "Number contains"),
        escape(&wanted),
        visit.lang.tag(),
        pick("查找", "Find"),
        pick("最新的 100 条", "The newest 100"),
    );
    visit.page(&lab, (&title, &format!("/{channel}?q={wanted}")), &content)
}

pub(super) async fn show(
    State(lab): State<Lab>,
    Path((channel, number)): Path<(String, String)>,
    visit: Visit,
) -> Response {
    let Some(book) = lab.book(&channel) else { return visit.missing(&lab) };
    let Ok(rows) = book.rows(&number) else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let Some(row) = rows.into_iter().find(|row| row.number == number) else { return visit.missing(&lab) };
    let content = described(visit, (&channel, book), &row);
    visit.page(&lab, (&number, &format!("/{channel}/orders/{number}")), &content)
}

fn described(visit: Visit, (channel, book): (&str, Book<'_>), row: &Row) -> String {
    let pick = |zh, en| visit.lang.pick(zh, en);
    let rows = [
        (pick("状态", "State"), word(visit.lang, row.state).to_owned()),
        (pick("金额", "Amount"), yuan(row.total_fen)),
        (pick("已退", "Refunded"), yuan(row.refunded_fen)),
        (pick("方式", "Way"), word(visit.lang, row.kind).to_owned()),
        (pick("通道流水号", "Channel's number"), row.channel_no.clone()),
        (pick("时间", "Time"), clock(row.at_us)),
    ];
    let refunds: Vec<String> = row
        .refunds
        .iter()
        .map(|(number, fen)| format!("<p class=\"order\">{} {}</p>", escape(number), yuan(*fen)))
        .collect();
    let refunds = refunds.concat();
    let mut acts = Vec::new();
    if row.waits {
        acts.extend([("pay", pick("付款", "Pay")), ("decline", pick("拒绝", "Decline"))]);
        acts.push(("time_out", pick("超时（20 秒后扣款）", "Time out (money leaves 20 s later)")));
    }
    let opened = match book {
        Book::Wallet(..) => row.state != "unopened",
        // Refunds have no page, which a forged notice would be about.
        Book::Cards(_) => row.kind == "page" || row.kind == "payment",
    };
    if opened {
        acts.push(("forge", pick("发送伪造通知", "Send a forged notice")));
        acts.push(("flush", pick("立即重发通知", "Resend notices now")));
    }
    let buttons: String =
        acts.iter().map(|(act, label)| button(visit, (channel, &row.number), act, label)).collect();
    let script = visit.link(
        &format!("/{channel}/scripts?order={}", row.number),
        pick("为这笔订单安排差错", "Plan a fault for this order"),
    );
    format!(
        "<div class=\"card\"><h1>{}</h1>{}{refunds}<div class=\"acts\">{buttons}</div>\
         <p class=\"ways\">{script}{}</p></div>",
        escape(&row.number),
        facts(&rows),
        visit.link(&format!("/{channel}"), pick("返回账本", "Back to the book")),
    )
}

fn button(visit: Visit, (channel, number): (&str, &str), act: &str, label: &str) -> String {
    let action = visit.to(&format!("/{channel}/orders/{number}/{act}"));
    format!("<form method=\"post\" action=\"{}\"><button>{label}</button></form>", escape(&action))
}

pub(super) async fn act(
    State(lab): State<Lab>,
    Path((channel, number, act)): Path<(String, String, String)>,
    visit: Visit,
) -> Response {
    let Some(book) = lab.book(&channel) else { return visit.missing(&lab) };
    let known = book.rows(&number).is_ok_and(|rows| rows.iter().any(|row| row.number == number));
    if !known {
        return visit.missing(&lab);
    }
    // What the payer may no longer do is seen on the page that follows.
    match perform(book, &number, &act) {
        Ok(()) => visit.onward(&format!("/{channel}/orders/{number}")),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn perform(book: Book<'_>, number: &str, act: &str) -> std::io::Result<()> {
    let now_us = book.now_us();
    match book {
        Book::Wallet(sandbox, desk) => sandbox.with_core(desk, |core| {
            let refused = match act {
                "pay" => core.pay(now_us, number).err(),
                "decline" => core.decline(now_us, number).err(),
                "time_out" => core.time_out(now_us, number, TIME_OUT_PAYS_AFTER_US).err(),
                "forge" => {
                    core.forge(now_us, number, Seal::WrongKey);
                    None
                }
                "flush" => {
                    core.flush_notifications(now_us);
                    None
                }
                _ => None,
            };
            if let Some(refusal) = refused {
                tracing::debug!(%refusal, "the lab's act was refused");
            }
        }),
        Book::Cards(gateway) => gateway.with_core(|core| {
            let refused = match act {
                "pay" => core.pay_order(now_us, number).err(),
                "decline" => core.decline_order(now_us, number).err(),
                "time_out" => core.time_out(now_us, number, TIME_OUT_PAYS_AFTER_US).err(),
                "forge" => core.forge_order(now_us, number, Seal::WrongKey).err(),
                "flush" => {
                    core.flush_notifications(now_us);
                    None
                }
                _ => None,
            };
            if let Some(refusal) = refused {
                tracing::debug!(%refusal, "the lab's act was refused");
            }
        }),
    }
}
