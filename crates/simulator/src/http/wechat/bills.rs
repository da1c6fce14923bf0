use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tk_formats::wechatpay::authorization::Request;
use tk_formats::wechatpay::bill::fund::write_fund_sheet;
use tk_formats::wechatpay::bill::trade::write_trade_sheet;
use tk_formats::wechatpay::bill::{self, FundBill, RefundCells, TradeBill, TradeRowState, TradeSheet, gzip};

use super::super::sandbox::{Desk, Sandbox};
use super::answer::{Answer, refund_id};
use super::gateway::{check, unsigned};
use crate::core::{BillCall, BillKind, DayBill, FundRow, FundRowKind, TradeRow, TradeRowKind};

#[derive(Debug, Deserialize)]
pub(super) struct Ticket {
    token: String,
    tartype: Option<String>,
}

/// `GET /v3/billdownload/file`: the file behind a link, by a signed request; the file itself is not signed.
pub(super) async fn download(
    State(sandbox): State<Arc<Sandbox>>,
    Query(ticket): Query<Ticket>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let target = uri.path_and_query().map_or(uri.path(), |target| target.as_str());
    let wire = match check(&sandbox, &headers, &Request { method: "GET", target, body: "" }) {
        Ok(wire) => wire,
        Err(refusal) => return unsigned(&refusal),
    };
    let open = sandbox.ticket(&ticket.token);
    let desk = open.as_ref().and_then(|open| sandbox.desk(&open.app_id));
    let desk = desk.filter(|desk| desk.spoken_for_by() == wire.desk.spoken_for_by());
    let Some((open, desk)) = open.zip(desk) else {
        return unsigned(&Answer::refused(400, "INVALID_REQUEST", "token已过期"));
    };
    let Ok(rows) = sandbox.with_core(desk, |core| core.bill(open.bill.day)) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let plain = sheet(desk, open.bill, &rows);
    let bytes =
        plain.and_then(|plain| if ticket.tartype.is_some() { gzip(&plain).ok() } else { Some(plain) });
    match bytes {
        Some(bytes) => ([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Writes a day's bill as the platform does.
pub(in crate::http) fn sheet(desk: &Desk, which: BillCall, rows: &DayBill) -> Option<Vec<u8>> {
    let written = match which.kind {
        BillKind::Trade => {
            let rows = rows.trade_rows.iter().map(|row| trade_row(desk, row)).collect();
            write_trade_sheet(&TradeBill { sheet: TradeSheet::All, rows })
        }
        BillKind::Signcustomer => write_fund_sheet(&FundBill {
            rows: rows.fund_rows.iter().map(|row| fund_row(desk, row)).collect(),
        }),
    };
    written.inspect_err(|error| tracing::error!(%error, "a bill cannot be written")).ok()
}

fn trade_row(desk: &Desk, row: &TradeRow) -> bill::TradeRow {
    let refund = row.out_request_no.as_deref().map(|number| RefundCells {
        requested_at_us: None,
        success_at_us: None,
        refund_id: refund_id(number),
        out_refund_no: number.to_owned(),
        refund_fen: row.amount_fen.saturating_sub(row.coupon.merchant_fen),
        coupon_fen: row.coupon.channel_fen,
        kind: "ORIGINAL".to_owned(),
        status: "SUCCESS".to_owned(),
        requested_fen: row.amount_fen,
    });
    let undone = row.out_request_no.as_ref() == Some(&row.out_trade_no);
    let (state, order_fen, fee_fen) = match row.kind {
        TradeRowKind::Payment => (TradeRowState::Success, row.amount_fen, row.fee_fen),
        TradeRowKind::Refund if undone => (TradeRowState::Revoked, 0, row.fee_fen.saturating_neg()),
        TradeRowKind::Refund => (TradeRowState::Refund, 0, row.fee_fen.saturating_neg()),
    };
    bill::TradeRow {
        traded_at_us: row.finished_at_us,
        appid: desk.provider.as_ref().map_or(&desk.app_id, |provider| &provider.app_id).clone(),
        mchid: desk.spoken_for_by().to_owned(),
        sub_mchid: desk.provider.as_ref().map_or("0", |_| &*desk.seller_id).to_owned(),
        device: String::new(),
        transaction_id: row.trade_no.clone(),
        out_trade_no: row.out_trade_no.clone(),
        openid: row.buyer_id.clone(),
        trade_type: super::answer::trade_type(row.entrance).to_owned(),
        state,
        bank: "OTHERS".to_owned(),
        currency: "CNY".to_owned(),
        settled_fen: if order_fen == 0 { 0 } else { order_fen.saturating_sub(row.coupon.merchant_fen) },
        coupon_fen: if order_fen == 0 { 0 } else { row.coupon.channel_fen },
        refund,
        description: plain(&row.subject),
        attach: String::new(),
        fee_fen,
        fee_rate: "0.60%".to_owned(),
        order_fen,
        rate_note: String::new(),
    }
}

fn fund_row(desk: &Desk, row: &FundRow) -> bill::FundRow {
    let refund_no = row.out_request_no.as_deref();
    let (name, kind) = match row.kind {
        FundRowKind::Payment => ("交易", "交易"),
        FundRowKind::Fee => ("扣除交易手续费", "交易"),
        FundRowKind::Refund => ("退款", "退款"),
        FundRowKind::FeeReturned => ("退回交易手续费", "退款"),
    };
    bill::FundRow {
        booked_at_us: row.at_us,
        business_no: refund_no.map_or_else(|| row.trade_no.clone(), refund_id),
        flow_no: row.trade_no.clone(),
        name: name.to_owned(),
        kind: kind.to_owned(),
        change_fen: row.amount_fen,
        balance_fen: row.balance_fen,
        submitter: match refund_no {
            Some(_) => format!("{}API", desk.seller_id),
            None => "system".to_owned(),
        },
        remark: plain(&row.subject),
        out_no: refund_no.unwrap_or(&row.out_trade_no).to_owned(),
    }
}

/// A text as a cell can hold it.
fn plain(text: &str) -> String {
    text.chars().filter(|letter| *letter != '`' && !letter.is_control()).collect()
}
