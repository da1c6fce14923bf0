//! The bills of past days, byte for byte as the channel gives them.

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tk_formats::unionpay::settlement;
use tk_formats::wechatpay::time::parse_us;

use super::super::{bills as alipay, wechat};
use super::book::Book;
use super::{Lab, Visit, name_of};
use crate::core::{BillCall, BillKind, House, beijing_day};
use crate::look::{clock, escape};

#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    /// `YYYY-MM-DD`.
    day: String,
    #[serde(default)]
    kind: String,
}

/// A file with its name and type.
type File = (String, &'static str, Vec<u8>);

pub(super) async fn show(State(lab): State<Lab>, Path(channel): Path<String>, visit: Visit) -> Response {
    let pick = |zh, en| visit.lang.pick(zh, en);
    let Some(book) = lab.book(&channel) else { return visit.missing(&lab) };
    let title = format!("{} · {}", name_of(visit.lang, &channel), pick("账单", "Bills"));
    let yesterday = clock(book.now_us().saturating_sub(86_400_000_000)).chars().take(10).collect::<String>();
    let kinds = match book {
        Book::Wallet(..) => format!(
            "<option value=\"trade\">{}</option><option value=\"funds\">{}</option>",
            pick("交易账单", "Trades"),
            pick("资金账单", "Funds")
        ),
        Book::Cards(_) => {
            format!("<option value=\"trade\">{}</option>", pick("对账文件 ZM", "Settlement file ZM"))
        }
    };
    let content = format!(
        "<div class=\"card\"><h1>{title}</h1><p>{}</p><form class=\"fields\" method=\"get\" action=\"/lab/{channel}/bill\">\
         <label>{}<input type=\"date\" name=\"day\" value=\"{yesterday}\" max=\"{yesterday}\" required></label>\
         <label>{}<select name=\"kind\">{kinds}</select></label><div><button class=\"main\">{}</button></div></form></div>",
        pick(
            "下载的文件与通道接口给出的逐字节相同。当天的账单次日才有。",
            "The file is byte for byte what the channel's interface gives. A day's bill exists from the next day on.",
        ),
        pick("日期", "Day"),
        pick("种类", "Kind"),
        pick("下载", "Download"),
    );
    visit.page(&lab, (&title, &format!("/{channel}/bills")), &content)
}

pub(super) async fn download(
    State(lab): State<Lab>,
    Path(channel): Path<String>,
    Query(wanted): Query<Wanted>,
    visit: Visit,
) -> Response {
    let Some(book) = lab.book(&channel) else { return visit.missing(&lab) };
    let Ok(from_us) = parse_us(&format!("{}T00:00:00+08:00", wanted.day)) else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    let day = beijing_day(from_us);
    let kind = if wanted.kind == "funds" { BillKind::Signcustomer } else { BillKind::Trade };
    let file = if day < beijing_day(book.now_us()) { file_of(book, day, (kind, &wanted.day)) } else { None };
    let Some((name, kind, bytes)) = file else { return none(&lab, visit, &channel) };
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes)
        .into_response()
}

fn none(lab: &Lab, visit: Visit, channel: &str) -> Response {
    let line = visit.lang.pick("这一天没有账单", "There is no bill of this day");
    let back = visit.link(&format!("/{channel}/bills"), visit.lang.pick("返回", "Back"));
    let content = format!("<div class=\"card\"><h1>{}</h1><p>{back}</p></div>", escape(line));
    let mut response = visit.page(lab, (line, ""), &content);
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

fn file_of(book: Book<'_>, day: i64, (kind, date): (BillKind, &str)) -> Option<File> {
    let word = if kind == BillKind::Trade { "trade" } else { "funds" };
    match book {
        Book::Wallet(sandbox, desk) => {
            let rows = sandbox.with_core(desk, |core| core.bill(day)).ok()?;
            if rows.is_empty(kind) {
                return None;
            }
            let name = format!("{}-{date}-{word}", desk.seller_id);
            match desk.house {
                House::Alipay => {
                    let head = alipay::head_of(&desk.seller_id, day, sandbox.now_us());
                    let bytes = alipay::zip_of(head, kind, &rows).ok()?;
                    Some((format!("{name}.zip"), "application/zip", bytes))
                }
                House::Wechatpay => {
                    let bytes = wechat::sheet_of(desk, BillCall { kind, day }, &rows)?;
                    Some((format!("{name}.csv"), "text/csv; charset=utf-8", bytes))
                }
            }
        }
        Book::Cards(gateway) => {
            let digits: String = date.chars().filter(char::is_ascii_digit).collect();
            let file = gateway.with_core(|core| core.settlement_file(&digits)).ok()?.ok()??;
            let bytes = settlement::write_zip(&file, gateway.now_us()).ok()?;
            let name = format!("{}_{}_00.zip", gateway.mer_id(), digits.get(4..).unwrap_or_default());
            Some((name, "application/zip", bytes))
        }
    }
}
