//! One channel's truth, whichever core keeps it.

use std::fmt::Write as _;

use super::super::sandbox::{Desk, Sandbox};
use super::Lab;
use crate::core::{Entrance, House, Trade, TradeStatus};
use crate::look::Lang;
use crate::unionpay::core::{State, Trade as CardTrade};
use crate::unionpay::http::Gateway;

/// The most orders of one list.
const LISTED_MAX: usize = 100;

/// The books of one channel.
#[derive(Clone, Copy)]
pub(super) enum Book<'l> {
    Wallet(&'l Sandbox, &'l Desk),
    Cards(&'l Gateway),
}

/// What a channel holds, fen.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub orders: usize,
    pub paid_fen: i64,
    pub refunded_fen: i64,
    pub fee_fen: i64,
    pub balance_fen: i64,
    /// Notifications that are not acknowledged yet.
    pub pending: usize,
}

/// An order in a list.
#[derive(Debug)]
pub(super) struct Row {
    pub number: String,
    pub channel_no: String,
    pub state: &'static str,
    pub total_fen: i64,
    pub refunded_fen: i64,
    pub at_us: i64,
    /// Its way into the channel, or the kind of trade.
    pub kind: &'static str,
    /// Whether its payer can still act.
    pub waits: bool,
    /// Refunds with their amounts, fen.
    pub refunds: Vec<(String, i64)>,
}

impl Lab {
    /// The words of the channels that are played here.
    pub(super) fn channels(&self) -> Vec<&'static str> {
        let mut words = Vec::new();
        for (house, word) in [(House::Alipay, "alipay"), (House::Wechatpay, "wechatpay")] {
            if self.sandbox.desks.values().any(|desk| desk.house == house) {
                words.push(word);
            }
        }
        if self.gateway.is_some() {
            words.push("unionpay");
        }
        words
    }

    /// The books of a channel; of its first merchant.
    pub(super) fn book(&self, channel: &str) -> Option<Book<'_>> {
        let house = match channel {
            "alipay" => House::Alipay,
            "wechatpay" => House::Wechatpay,
            "unionpay" => return self.gateway.as_deref().map(Book::Cards),
            _ => return None,
        };
        let desk = self.sandbox.desks.values().find(|desk| desk.house == house)?;
        Some(Book::Wallet(&self.sandbox, desk))
    }
}

impl Book<'_> {
    /// Sums over all orders.
    pub(super) fn totals(self) -> std::io::Result<Totals> {
        match self {
            Self::Wallet(sandbox, desk) => {
                let now_us = sandbox.now_us();
                sandbox.with_core(desk, |core| {
                    core.advance(now_us);
                    let truth = core.truth();
                    Totals {
                        orders: truth.trades.len(),
                        paid_fen: truth.paid_fen,
                        refunded_fen: truth.refunded_fen,
                        fee_fen: truth.fee_fen.saturating_sub(truth.fee_returned_fen),
                        balance_fen: truth.balance_fen,
                        pending: core.pending_notifications(),
                    }
                })
            }
            Self::Cards(gateway) => {
                let now_us = gateway.now_us();
                let (truth, pending) = gateway.with_core(|core| {
                    core.advance(now_us);
                    (core.books().truth(), core.books().pending_notices())
                })?;
                let done = truth.trades.iter().filter(|trade| trade.state == State::Done);
                let (paid, given_back): (Vec<_>, Vec<_>) = done.partition(|trade| trade.txn_type == "01");
                let sum = |trades: &[&CardTrade], of: fn(&CardTrade) -> i64| -> i64 {
                    trades.iter().map(|trade| of(trade)).sum()
                };
                // A payment is charged; what goes back brings its part of the charge with it.
                let fee_fen = sum(&paid, |trade| trade.fee_fen) - sum(&given_back, |trade| trade.fee_fen);
                Ok(Totals {
                    orders: truth.trades.len(),
                    paid_fen: sum(&paid, |trade| trade.amount_fen),
                    refunded_fen: sum(&given_back, |trade| trade.amount_fen),
                    fee_fen,
                    balance_fen: truth.balance_fen - fee_fen,
                    pending,
                })
            }
        }
    }

    /// Orders whose number holds a text, the newest first.
    pub(super) fn rows(self, wanted: &str) -> std::io::Result<Vec<Row>> {
        let holds = |number: &str| wanted.is_empty() || number.contains(wanted);
        let mut rows: Vec<Row> = match self {
            Self::Wallet(sandbox, desk) => sandbox.with_core(desk, |core| {
                let unopened = core.unopened().filter(|one| holds(&one.order.out_trade_no)).map(|one| Row {
                    number: one.order.out_trade_no.clone(),
                    channel_no: String::new(),
                    state: "unopened",
                    total_fen: one.order.total_fen,
                    refunded_fen: 0,
                    at_us: one.prepared_at_us,
                    kind: entrance(one.entrance),
                    waits: true,
                    refunds: Vec::new(),
                });
                let trades = core.trades().filter(|one| holds(&one.order.out_trade_no)).map(of_trade);
                unopened.chain(trades).collect()
            })?,
            Self::Cards(gateway) => gateway.with_core(|core| {
                let books = core.books();
                let pages = books.waiting_pages().filter(|page| holds(&page.order_id)).map(|page| Row {
                    number: page.order_id.clone(),
                    channel_no: String::new(),
                    state: "waiting",
                    total_fen: page.amount_fen,
                    refunded_fen: 0,
                    at_us: page.opened_at_us,
                    kind: "page",
                    waits: true,
                    refunds: Vec::new(),
                });
                let trades = books.trades().filter(|one| holds(&one.order_id)).map(of_card_trade);
                pages.chain(trades).collect()
            })?,
        };
        rows.sort_by(|one, other| (other.at_us, &other.number).cmp(&(one.at_us, &one.number)));
        rows.truncate(LISTED_MAX);
        Ok(rows)
    }

    /// The channel's time, Unix microseconds.
    pub(super) fn now_us(self) -> i64 {
        match self {
            Self::Wallet(sandbox, _) => sandbox.now_us(),
            Self::Cards(gateway) => gateway.now_us(),
        }
    }
}

fn of_trade(trade: &Trade) -> Row {
    let paid = trade.paid_at_us.is_some();
    let state = match trade.status {
        TradeStatus::WaitBuyerPay => "waiting",
        TradeStatus::TradeSuccess | TradeStatus::TradeFinished => "paid",
        TradeStatus::TradeClosed if paid => "refunded",
        TradeStatus::TradeClosed => "closed",
    };
    Row {
        number: trade.order.out_trade_no.clone(),
        channel_no: trade.trade_no.clone(),
        state,
        total_fen: trade.order.total_fen,
        refunded_fen: trade.refunded_fen(),
        at_us: trade.paid_at_us.unwrap_or(trade.created_at_us),
        kind: entrance(trade.entrance),
        waits: trade.status == TradeStatus::WaitBuyerPay,
        refunds: trade.refunds.iter().map(|(number, refund)| (number.clone(), refund.amount_fen)).collect(),
    }
}

fn of_card_trade(trade: &CardTrade) -> Row {
    Row {
        number: trade.order_id.clone(),
        channel_no: trade.query_id.clone(),
        state: match trade.state {
            State::Working => "waiting",
            State::Done => "paid",
            State::Failed(_) => "failed",
        },
        total_fen: trade.amount_fen,
        refunded_fen: trade.given_back_fen,
        at_us: trade.done_at_us,
        kind: match trade.txn_type.as_str() {
            "01" => "payment",
            "31" => "undo",
            _ => "refund",
        },
        waits: false,
        refunds: Vec::new(),
    }
}

const fn entrance(entrance: Entrance) -> &'static str {
    match entrance {
        Entrance::Page => "page",
        Entrance::Wap => "wap",
        Entrance::Qr => "qr",
        Entrance::Jsapi | Entrance::Created => "inside",
        Entrance::Barcode => "barcode",
    }
}

/// A state or kind in words.
pub(super) fn word(lang: Lang, key: &str) -> &'static str {
    match key {
        "unopened" => lang.pick("尚未打开", "not opened"),
        "waiting" => lang.pick("等待付款", "waiting"),
        "paid" => lang.pick("成功", "done"),
        "refunded" => lang.pick("已全额退款", "refunded"),
        "closed" => lang.pick("已关闭", "closed"),
        "failed" => lang.pick("失败", "failed"),
        "page" => lang.pick("网页", "page"),
        "wap" => lang.pick("手机网页", "phone page"),
        "qr" => lang.pick("扫码", "QR code"),
        "inside" => lang.pick("应用内", "in the app"),
        "barcode" => lang.pick("付款码", "bar code"),
        "payment" => lang.pick("消费", "payment"),
        "undo" => lang.pick("消费撤销", "undo"),
        _ => lang.pick("退货", "refund"),
    }
}

/// A table; cells are HTML.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut html = String::from("<div class=\"scroll\"><table><thead><tr>");
    for name in head {
        let _ = write!(html, "<th scope=\"col\">{name}</th>");
    }
    html.push_str("</tr></thead><tbody>");
    for row in rows {
        html.push_str("<tr>");
        for cell in row {
            let _ = write!(html, "<td>{cell}</td>");
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table></div>");
    html
}
