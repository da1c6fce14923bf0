//! The bank in the lab: what its accounts hold, transfers as payers make them, its files and what is wrong with them.

use axum::Form;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::book::table;
use super::faults::{BANK, Choice};
use super::{Lab, Visit, facts};
use crate::bank::http::{BankFault, BankSite};
use crate::bank::{BankRefusal, Booking, FileFormat, Nature, Payer};
use crate::look::{Lang, clock, escape, yuan};

/// The most bookings of one list.
const LISTED_MAX: usize = 100;
/// The longest text of a form, characters.
const TEXT_MAX_CHARS: usize = 140;
/// The greatest transfer, fen.
const AMOUNT_MAX_FEN: i64 = 1_000_000_000_000;

pub(super) fn routes() -> Router<Lab> {
    Router::new()
        .route("/lab/bank", get(overview))
        .route("/lab/bank/accounts/{account}", get(show))
        .route("/lab/bank/accounts/{account}/transfers", post(transfer))
        .route("/lab/bank/accounts/{account}/bookings/{number}/{act}", post(undo))
        .route("/lab/bank/accounts/{account}/file", get(download))
        .route("/lab/bank/scripts", get(scripts).post(plan))
        .route("/lab/bank/scripts/clear", post(clear))
}

/// The bank's card among those of the channels.
pub(super) fn card(lab: &Lab, visit: Visit, bank: &BankSite) -> String {
    let pick = |zh, en| visit.lang.pick(zh, en);
    let base = &lab.sandbox.base;
    let accounts: Vec<(String, i64)> = bank.with(|bank, _| {
        let held = |account: &str| (account.to_owned(), bank.balance_fen(account).unwrap_or(0));
        bank.accounts().map(held).collect()
    });
    let rows = [
        (pick("网关", "Gateway"), format!("{base}/bank/accounts/")),
        (pick("账户", "Accounts"), accounts.len().to_string()),
        (pick("余额", "Balance"), yuan(accounts.iter().map(|(_, fen)| fen).sum())),
        (pick("等待中的差错", "Faults waiting"), bank.faults().len().to_string()),
    ];
    let links =
        [visit.link("/bank", pick("账户", "Accounts")), visit.link("/bank/scripts", pick("脚本", "Scripts"))];
    format!(
        "<section class=\"card\"><h2>{}</h2>{}<p class=\"ways\">{}</p></section>",
        name(visit.lang),
        facts(&rows),
        links.concat()
    )
}

pub(super) const fn name(lang: Lang) -> &'static str {
    lang.pick("银行", "Bank")
}

async fn overview(State(lab): State<Lab>, visit: Visit) -> Response {
    let pick = |zh, en| visit.lang.pick(zh, en);
    let Some(bank) = lab.bank.clone() else { return visit.missing(&lab) };
    let head = [pick("账号", "Account"), pick("户名", "Name"), pick("余额", "Balance")];
    let rows: Vec<Vec<String>> = bank.with(|bank, _| {
        let accounts: Vec<String> = bank.accounts().map(str::to_owned).collect();
        let row = |account: &String| {
            let link = visit.link(&format!("/bank/accounts/{account}"), account);
            let balance_fen = bank.balance_fen(account).unwrap_or(0);
            vec![link, escape(bank.name(account).unwrap_or_default()), yuan(balance_fen)]
        };
        accounts.iter().map(row).collect()
    });
    let title = name(visit.lang);
    let content = format!(
        "<div class=\"card\"><h1>{title}</h1><p>{}</p></div><div class=\"card\">{}</div>",
        pick(
            "付款人在这里汇款；银企直连从这里取对账单。",
            "Payers transfer here; the direct link fetches its statements here."
        ),
        table(&head, &rows)
    );
    visit.page(&lab, (title, "/bank"), &content)
}

async fn show(State(lab): State<Lab>, Path(account): Path<String>, visit: Visit) -> Response {
    let pick = |zh, en| visit.lang.pick(zh, en);
    let Some(bank) = lab.bank.clone() else { return visit.missing(&lab) };
    let read = bank.with(|bank, _| {
        let rows: Vec<Booking> = bank.bookings(&account)?.iter().rev().take(LISTED_MAX).cloned().collect();
        let name = bank.name(&account).unwrap_or_default().to_owned();
        Ok::<_, BankRefusal>((rows, name, bank.balance_fen(&account)?))
    });
    let Ok((rows, holder, balance_fen)) = read else { return visit.missing(&lab) };
    let head = [
        pick("时间", "Time"),
        pick("对方", "Other side"),
        pick("附言", "Remark"),
        pick("金额", "Amount"),
        pick("余额", "Balance"),
        pick("流水号", "Number"),
        "",
    ];
    let cells: Vec<Vec<String>> =
        rows.iter().map(|row| cells(visit, (&account, bank.now_us()), row)).collect();
    let content = format!(
        "<div class=\"card\"><h1>{}</h1><p class=\"amount\">{}</p><p class=\"quiet\">{account}</p>{}</div>\
         <div class=\"card\"><h2>{}</h2>{}</div><div class=\"card\"><p class=\"quiet\">{}</p>{}</div>",
        escape(&holder),
        yuan(balance_fen),
        files_form(visit, &account, bank.now_us()),
        pick("汇入一笔", "Transfer to it"),
        transfer_form(visit, &account),
        pick("最新的 100 条", "The newest 100"),
        table(&head, &cells),
        account = escape(&account),
    );
    visit.page(&lab, (&account, &format!("/bank/accounts/{account}")), &content)
}

fn cells(visit: Visit, (account, now_us): (&str, i64), row: &Booking) -> Vec<String> {
    let pick = |zh, en| visit.lang.pick(zh, en);
    let mut remark = escape(&row.remark);
    if row.shown_from_us > now_us {
        remark.push_str(pick("（对账单暂未显示）", " (not in statements yet)"));
    }
    let act = match (row.nature, row.signed_fen > 0) {
        (Nature::Plain, true) => Some(("reversal", pick("冲正", "Reverse"))),
        (Nature::Plain, false) => Some(("return", pick("退汇", "Bounce"))),
        (Nature::Reversal | Nature::Returned, _) => None,
    };
    let form = act.map(|(act, word)| {
        let action = visit.to(&format!("/bank/accounts/{account}/bookings/{}/{act}", row.number));
        format!("<form method=\"post\" action=\"{}\"><button>{word}</button></form>", escape(&action))
    });
    vec![
        clock(row.at_us),
        escape(&row.other.name),
        remark,
        yuan(row.signed_fen),
        yuan(row.balance_fen),
        format!("BR{:012}", row.number),
        form.unwrap_or_default(),
    ]
}

fn transfer_form(visit: Visit, account: &str) -> String {
    let pick = |zh, en| visit.lang.pick(zh, en);
    let action = escape(&visit.to(&format!("/bank/accounts/{account}/transfers")));
    format!(
        "<p>{}</p><form class=\"fields\" method=\"post\" action=\"{action}\">\
         <label>{}<input name=\"name\" value=\"沧海贸易（演示）有限公司\" maxlength=\"60\" required></label>\
         <label>{}<input name=\"amount\" inputmode=\"decimal\" placeholder=\"100.00\" required></label>\
         <label>{}<input name=\"remark\" maxlength=\"140\" placeholder=\"1234 5678\"></label>\
         <div><button class=\"main\">{}</button></div></form>",
        pick(
            "附言里写收银台给的支付标识码；写错或不写，看看会发生什么。",
            "The remark takes the code that the cashier page shows; write it wrong, or leave it out, and see what happens."
        ),
        pick("付款户名", "Payer"),
        pick("金额（元）", "Amount (yuan)"),
        pick("附言", "Remark"),
        pick("汇款", "Transfer"),
    )
}

fn files_form(visit: Visit, account: &str, now_us: i64) -> String {
    let pick = |zh, en| visit.lang.pick(zh, en);
    let today: String = clock(now_us).chars().take(10).collect();
    format!(
        "<form class=\"fields\" method=\"get\" action=\"/lab/bank/accounts/{}/file\">\
         <label>{}<input type=\"date\" name=\"day\" value=\"{today}\" max=\"{today}\" required></label>\
         <label>{}<select name=\"format\"><option>camt053</option><option>mt940</option><option>csv</option></select>\
         </label><div><button>{}</button></div></form>",
        escape(account),
        pick("日期", "Day"),
        pick("格式", "Format"),
        pick("下载对账单", "Download the statement"),
    )
}

#[derive(Debug, Deserialize)]
struct Slip {
    name: String,
    amount: String,
    #[serde(default)]
    remark: String,
}

async fn transfer(
    State(lab): State<Lab>,
    Path(account): Path<String>,
    visit: Visit,
    Form(slip): Form<Slip>,
) -> Response {
    let Some(bank) = &lab.bank else { return visit.missing(&lab) };
    let fits = |text: &str| text.chars().count() <= TEXT_MAX_CHARS && !text.chars().any(char::is_control);
    let amount = fen(&slip.amount).filter(|_| fits(&slip.name) && fits(&slip.remark));
    let Some(amount_fen) = amount.filter(|_| !slip.name.trim().is_empty()) else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    let payer = Payer { name: slip.name, account: "6222021001112345678".to_owned() };
    // What a person writes is what arrives: the payers' own slips are for the traffic.
    let booked = bank.with(|bank, now_us| {
        let habits = std::mem::take(&mut bank.habits);
        let booked = bank.arrive(&account, (&payer, amount_fen), &slip.remark, now_us);
        bank.habits = habits;
        booked
    });
    match booked {
        Ok(_) => visit.onward(&format!("/bank/accounts/{account}")),
        Err(_) => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
    }
}

/// Yuan as a person writes them: whole, or with one or two decimals.
fn fen(text: &str) -> Option<i64> {
    let text = text.trim().replace(',', "");
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 12 || part.len() > 2 || !digits(whole) || !digits(part) {
        return None;
    }
    let fen: i64 = format!("{whole}{part:0<2}").parse().ok()?;
    (1..=AMOUNT_MAX_FEN).contains(&fen).then_some(fen)
}

async fn undo(
    State(lab): State<Lab>,
    Path((account, number, act)): Path<(String, u64, String)>,
    visit: Visit,
) -> Response {
    let Some(bank) = &lab.bank else { return visit.missing(&lab) };
    let undone = bank.with(|bank, now_us| match act.as_str() {
        "reversal" => bank.take_back(&account, number, now_us),
        "return" => bank.come_back(&account, number, now_us),
        _ => Err(BankRefusal::NoBooking),
    });
    match undone {
        Ok(_) => visit.onward(&format!("/bank/accounts/{account}")),
        Err(_) => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
    }
}

#[derive(Debug, Deserialize)]
struct Wanted {
    day: jiff::civil::Date,
    format: String,
}

async fn download(
    State(lab): State<Lab>,
    Path(account): Path<String>,
    Query(wanted): Query<Wanted>,
    visit: Visit,
) -> Response {
    let Some(bank) = &lab.bank else { return visit.missing(&lab) };
    let Some(format) = FileFormat::parse(&wanted.format) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match bank.statement_on(&account, wanted.day, format) {
        Ok(Some(bytes)) => {
            let end = match format {
                FileFormat::Camt053 => "xml",
                FileFormat::Csv => "csv",
                FileFormat::Mt940 => "sta",
            };
            let name = format!("attachment; filename=\"{}.{end}\"", wanted.day);
            let kind = "application/octet-stream".to_owned();
            ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], bytes).into_response()
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(_) => visit.missing(&lab),
    }
}

async fn scripts(State(lab): State<Lab>, visit: Visit) -> Response {
    let pick = |zh, en| visit.lang.pick(zh, en);
    let Some(bank) = &lab.bank else { return visit.missing(&lab) };
    let option = |choice: &Choice<BankFault>| {
        let words = visit.lang.pick(choice.chinese, choice.english);
        format!("<option value=\"{}\">{}</option>", choice.word, escape(words))
    };
    let options: String = BANK.iter().map(option).collect();
    let named = |fault: &BankFault| {
        let known = BANK.iter().find(|choice| choice.fault == *fault);
        vec![known.map_or("…", |choice| visit.lang.pick(choice.chinese, choice.english)).to_owned()]
    };
    let waiting: Vec<Vec<String>> = bank.faults().iter().map(named).collect();
    let listed = if waiting.is_empty() {
        format!("<p>{}</p>", pick("没有等待中的差错", "No fault is waiting"))
    } else {
        let clear = escape(&visit.to("/bank/scripts/clear"));
        let button = pick("全部取消", "Cancel all");
        let rows = table(&[pick("差错", "Fault")], &waiting);
        format!("{rows}<form method=\"post\" action=\"{clear}\"><button>{button}</button></form>")
    };
    let title = format!("{} · {}", name(visit.lang), pick("脚本", "Scripts"));
    let content = format!(
        "<div class=\"card\"><h1>{title}</h1><form class=\"fields\" method=\"post\" action=\"{}\"><label>{}\
         <select name=\"fault\">{options}</select></label><div><button class=\"main\">{}</button></div></form></div>\
         <div class=\"card\"><h2>{}</h2>{listed}</div>",
        escape(&visit.to("/bank/scripts")),
        pick("下一次取对账单时的差错", "The fault of the next statement asked for"),
        pick("安排", "Plan it"),
        pick("等待中", "Waiting"),
    );
    visit.page(&lab, (&title, "/bank/scripts"), &content)
}

#[derive(Debug, Deserialize)]
struct Wish {
    fault: String,
}

async fn plan(State(lab): State<Lab>, visit: Visit, Form(wish): Form<Wish>) -> Response {
    let Some(bank) = &lab.bank else { return visit.missing(&lab) };
    let chosen = BANK.iter().find(|choice| choice.word == wish.fault);
    if chosen.is_some_and(|choice| bank.add_faults(vec![choice.fault])) {
        visit.onward("/bank/scripts")
    } else {
        StatusCode::UNPROCESSABLE_ENTITY.into_response()
    }
}

async fn clear(State(lab): State<Lab>, visit: Visit) -> Response {
    let Some(bank) = &lab.bank else { return visit.missing(&lab) };
    bank.clear_faults();
    visit.onward("/bank/scripts")
}

#[cfg(test)]
mod tests {
    use super::fen;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, expected) in [
            ("1", Some(100)),
            ("1,234.5", Some(123_450)),
            (" 0.07 ", Some(7)),
            ("0", None),
            ("1.234", None),
            ("-1", None),
            ("", None),
            ("1e3", None),
            ("9999999999999", None),
        ] {
            assert_eq!(fen(text), expected, "{text}");
        }
    }
}
