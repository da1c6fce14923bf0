//! Scripts: which fault comes next, for which order.

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::book::{Book, table};
use super::faults::{CARDS, Choice, WALLET};
use super::{Lab, Visit, name_of};
use crate::core::{Fault, Script, Seller};
use crate::look::{Lang, escape};
use crate::unionpay::core::Seller as CardSeller;

/// The most scripts that wait at one channel.
const SCRIPTS_MAX: usize = 100;
/// The longest order number, bytes.
const NUMBER_MAX_BYTES: usize = 64;

#[derive(Debug, Deserialize)]
pub(super) struct Prefilled {
    #[serde(default)]
    order: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Wish {
    fault: String,
    #[serde(default)]
    order: String,
    #[serde(default)]
    times: String,
}

pub(super) async fn show(
    State(lab): State<Lab>,
    Path(channel): Path<String>,
    Query(prefilled): Query<Prefilled>,
    visit: Visit,
) -> Response {
    let pick = |zh, en| visit.lang.pick(zh, en);
    let Some(book) = lab.book(&channel) else { return visit.missing(&lab) };
    let Ok(waiting) = waiting(visit.lang, book) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let head = [pick("差错", "Fault"), pick("订单", "Order"), pick("次数", "Times")];
    let listed = if waiting.is_empty() {
        format!("<p>{}</p>", pick("没有等待中的差错", "No fault is waiting"))
    } else {
        let clear = escape(&visit.to(&format!("/{channel}/scripts/clear")));
        let button = pick("全部取消", "Cancel all");
        format!(
            "{}<form method=\"post\" action=\"{clear}\"><button>{button}</button></form>",
            table(&head, &waiting)
        )
    };
    let title = format!("{} · {}", name_of(visit.lang, &channel), pick("脚本", "Scripts"));
    let form = form(visit, (&channel, book), &prefilled.order);
    let content = format!(
        "<div class=\"card\"><h1>{title}</h1>{form}</div><div class=\"card\"><h2>{}</h2>{listed}</div>",
        pick("等待中", "Waiting"),
    );
    visit.page(&lab, (&title, &format!("/{channel}/scripts")), &content)
}

fn form(visit: Visit, (channel, book): (&str, Book<'_>), order: &str) -> String {
    let pick = |zh, en| visit.lang.pick(zh, en);
    let action = escape(&visit.to(&format!("/{channel}/scripts")));
    let options = options(visit.lang, offered(book));
    let more = format!(
        "<label>{}<input name=\"order\" value=\"{}\" maxlength=\"64\"></label>\
         <label>{}<select name=\"times\"><option value=\"1\">1</option>\
         <option value=\"3\">3</option><option value=\"\">{}</option></select></label>",
        pick("只针对订单号（可空）", "Only this order (may be empty)"),
        escape(order),
        pick("次数", "Times"),
        pick("每次", "always"),
    );
    format!(
        "<form class=\"fields\" method=\"post\" action=\"{action}\"><label>{}<select name=\"fault\">{options}\
         </select></label>{more}<div><button class=\"main\">{}</button></div></form>",
        pick("下一次的差错", "The next fault"),
        pick("安排", "Plan it"),
    )
}

fn options<F>(lang: Lang, choices: &[Choice<F>]) -> String {
    let option = |choice: &Choice<F>| {
        format!(
            "<option value=\"{}\">{}</option>",
            choice.word,
            escape(lang.pick(choice.chinese, choice.english))
        )
    };
    choices.iter().map(option).collect()
}

fn named<F: PartialEq>(lang: Lang, choices: &[Choice<F>], fault: &F) -> String {
    let known = choices.iter().find(|choice| choice.fault == *fault);
    known.map_or("…", |choice| lang.pick(choice.chinese, choice.english)).to_owned()
}

/// The faults that a channel can be told to have.
const fn offered(book: Book<'_>) -> &'static [Choice<Fault>] {
    match book {
        Book::Wallet(..) => WALLET,
        Book::Cards(_) => CARDS,
    }
}

fn waiting(lang: Lang, book: Book<'_>) -> std::io::Result<Vec<Vec<String>>> {
    let row = |(script, struck): (&Script, u32)| {
        if script.times.is_some_and(|times| times <= struck) {
            return None;
        }
        let order = script.out_trade_no.as_deref().unwrap_or("*");
        let times = script.times.map_or("∞".to_owned(), |times| times.to_string());
        Some(vec![named(lang, offered(book), &script.fault), escape(order), times])
    };
    match book {
        Book::Wallet(sandbox, desk) => {
            sandbox.with_core(desk, |core| core.fault_scripts().filter_map(row).collect())
        }
        Book::Cards(gateway) => gateway.with_core(|core| core.fault_scripts().filter_map(row).collect()),
    }
}

pub(super) async fn add(
    State(lab): State<Lab>,
    Path(channel): Path<String>,
    visit: Visit,
    Form(wish): Form<Wish>,
) -> Response {
    let Some(book) = lab.book(&channel) else { return visit.missing(&lab) };
    let added = match (script_of(book, &wish), book) {
        (None, _) => Ok(false),
        (Some(script), Book::Wallet(sandbox, desk)) => {
            sandbox.with_core(desk, |core| core.add_script(script, SCRIPTS_MAX))
        }
        (Some(script), Book::Cards(gateway)) => {
            gateway.with_core(|core| core.add_script(script, SCRIPTS_MAX))
        }
    };
    let Ok(added) = added else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    if added {
        visit.onward(&format!("/{channel}/scripts"))
    } else {
        StatusCode::UNPROCESSABLE_ENTITY.into_response()
    }
}

fn script_of(book: Book<'_>, wish: &Wish) -> Option<Script> {
    let chosen = offered(book).iter().find(|choice| choice.word == wish.fault)?;
    let order = wish.order.trim();
    if order.len() > NUMBER_MAX_BYTES {
        return None;
    }
    let times = if wish.times.is_empty() { None } else { Some(wish.times.parse().ok()?) };
    let out_trade_no = (!order.is_empty()).then(|| order.to_owned());
    Some(Script { fault: chosen.fault, out_trade_no, method: None, skip: 0, times })
}

pub(super) async fn clear(State(lab): State<Lab>, Path(channel): Path<String>, visit: Visit) -> Response {
    let cleared = match lab.book(&channel) {
        None => return visit.missing(&lab),
        Some(Book::Wallet(sandbox, desk)) => sandbox.with_core(desk, Seller::clear_scripts).is_ok(),
        Some(Book::Cards(gateway)) => gateway.with_core(CardSeller::clear_scripts).is_ok(),
    };
    if cleared {
        visit.onward(&format!("/{channel}/scripts"))
    } else {
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}
