use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tk_formats::alipay::bill::{self, BillError, BillHead};

use super::sandbox::Sandbox;
use crate::core::{BillKind, DayBill, FundRow, FundRowKind, TradeRow, TradeRowKind};

const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;

/// `GET /bill/{ticket}`: the ZIP of a bill, while its link lives.
pub(super) async fn download(State(sandbox): State<Arc<Sandbox>>, Path(ticket): Path<String>) -> Response {
    let Some(ticket) = sandbox.ticket(&ticket) else {
        return (StatusCode::FORBIDDEN, "the link has expired").into_response();
    };
    let Some(desk) = sandbox.desk(&ticket.app_id) else { return StatusCode::NOT_FOUND.into_response() };
    let head = head_of(&desk.seller_id, ticket.bill.day, sandbox.now_us());
    let Ok(rows) = sandbox.with_core(desk, |core| core.bill(ticket.bill.day)) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    match zip_of(head, ticket.bill.kind, &rows) {
        Ok(bytes) => ([(header::CONTENT_TYPE, "application/zip")], bytes).into_response(),
        Err(error) => {
            tracing::error!(%error, "a bill cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Writes a day's bill as the platform's archive.
pub(super) fn zip_of(head: BillHead, kind: BillKind, rows: &DayBill) -> Result<Vec<u8>, BillError> {
    match kind {
        BillKind::Trade => bill::trade::write_zip(&bill::TradeBill {
            head,
            rows: rows.trade_rows.iter().map(trade_row).collect(),
        }),
        BillKind::Signcustomer => bill::fund::write_zip(&bill::FundBill {
            head,
            rows: rows.fund_rows.iter().map(fund_row).collect(),
        }),
    }
}

pub(super) fn head_of(seller_id: &str, day: i64, now_us: i64) -> BillHead {
    let from_us = day.saturating_mul(DAY_US).saturating_sub(8 * HOUR_US);
    BillHead {
        account: format!("{seller_id}0156"),
        from_us,
        to_us: from_us.saturating_add(DAY_US),
        exported_at_us: now_us,
    }
}

fn trade_row(row: &TradeRow) -> bill::TradeRow {
    // Refunds are written negative, and so is a fee that comes back.
    let (kind, sign) = match row.kind {
        TradeRowKind::Payment => (bill::TradeKind::Payment, 1),
        TradeRowKind::Refund => (bill::TradeKind::Refund, -1),
    };
    bill::TradeRow {
        trade_no: row.trade_no.clone(),
        out_trade_no: row.out_trade_no.clone(),
        kind,
        subject: row.subject.clone(),
        created_at_us: row.created_at_us,
        completed_at_us: row.finished_at_us,
        store_no: String::new(),
        store_name: String::new(),
        operator: String::new(),
        terminal_no: String::new(),
        counterparty: row.buyer_logon_id.clone(),
        order_amount_fen: row.amount_fen.saturating_mul(sign),
        received_fen: row.amount_fen.saturating_sub(row.coupon.merchant_fen).saturating_mul(sign),
        red_packet_fen: 0,
        points_fen: 0,
        platform_discount_fen: row.coupon.channel_fen.saturating_mul(sign),
        merchant_discount_fen: row.coupon.merchant_fen.saturating_mul(sign),
        coupon_fen: 0,
        coupon_name: String::new(),
        merchant_red_packet_fen: 0,
        card_fen: 0,
        refund_request_no: row.out_request_no.clone().unwrap_or_default(),
        service_fee_fen: row.fee_fen.saturating_mul(sign),
        split_fen: 0,
        remark: String::new(),
    }
}

fn fund_row(row: &FundRow) -> bill::FundRow {
    let (kind, remark) = match row.kind {
        FundRowKind::Payment => ("在线支付", String::new()),
        FundRowKind::Fee => ("收费", format!("服务费[{}]", row.trade_no)),
        FundRowKind::Refund => ("交易退款", row.out_request_no.clone().unwrap_or_default()),
        FundRowKind::FeeReturned => ("收费", format!("服务费退回[{}]", row.trade_no)),
    };
    bill::FundRow {
        ledger_no: row.flow_no.clone(),
        business_no: row.trade_no.clone(),
        out_no: row.out_trade_no.clone(),
        subject: row.subject.clone(),
        occurred_at_us: row.at_us,
        counterparty: String::new(),
        income_fen: row.amount_fen.max(0),
        expense_fen: row.amount_fen.min(0),
        balance_fen: row.balance_fen,
        channel: "支付宝".to_owned(),
        kind: kind.to_owned(),
        remark,
        extras: Vec::new(),
    }
}
