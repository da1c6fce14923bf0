use serde::{Deserialize, Serialize};

use super::faults::{Fault, Point};
use super::timers::{DAY_US, HOUR_US};
use super::{Coupon, Entrance, LedgerKind, Seller, Trade};

/// `bill_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BillKind {
    /// 业务明细
    Trade,
    /// 账务明细
    Signcustomer,
}

/// A day's rows of both bills.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DayBill {
    pub trade_rows: Vec<TradeRow>,
    pub fund_rows: Vec<FundRow>,
}

impl DayBill {
    /// Whether this bill would have no rows.
    pub fn is_empty(&self, kind: BillKind) -> bool {
        match kind {
            BillKind::Trade => self.trade_rows.is_empty(),
            BillKind::Signcustomer => self.fund_rows.is_empty(),
        }
    }
}

/// 业务类型 of a trade bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum TradeRowKind {
    /// 交易
    Payment,
    /// 退款
    Refund,
}

/// A row of the trade bill; amounts are never negative, the kind tells the direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TradeRow {
    pub kind: TradeRowKind,
    pub trade_no: String,
    pub out_trade_no: String,
    pub out_request_no: Option<String>,
    pub subject: String,
    pub created_at_us: i64,
    pub finished_at_us: i64,
    pub buyer_id: String,
    pub buyer_logon_id: String,
    pub entrance: Entrance,
    pub amount_fen: i64,
    /// What of it the payer did not pay, or did not get back
    pub coupon: Coupon,
    /// Channel fee taken (payment) or given back (refund)
    pub fee_fen: i64,
}

/// 业务类型 of a fund bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum FundRowKind {
    /// 在线支付
    Payment,
    /// 收费
    Fee,
    /// 交易退款
    Refund,
    /// 收费 given back
    FeeReturned,
}

/// A row of the fund bill: one movement of the balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FundRow {
    pub kind: FundRowKind,
    /// 账务流水号
    pub flow_no: String,
    pub trade_no: String,
    pub out_trade_no: String,
    pub out_request_no: Option<String>,
    pub subject: String,
    pub at_us: i64,
    /// Fen in (positive) or out (negative)
    pub amount_fen: i64,
    pub balance_fen: i64,
}

/// The Beijing day of a moment, counted from 1970-01-01.
pub fn beijing_day(at_us: i64) -> i64 {
    at_us.saturating_add(8 * HOUR_US).div_euclid(DAY_US)
}

impl Seller {
    /// The rows of a Beijing day, with the bill faults of that day, which are drawn once.
    pub fn bill(&mut self, day: i64) -> DayBill {
        self.draw_bill_faults(day);
        let mut bill = DayBill::default();
        for trade in self.trades.values() {
            let fault = self.faults.bill_fault(&trade.order.out_trade_no);
            trade_rows(trade, day, fault, &mut bill.trade_rows);
        }
        bill.trade_rows.sort_by(|a, b| (a.finished_at_us, &a.trade_no).cmp(&(b.finished_at_us, &b.trade_no)));
        bill.fund_rows = self.fund_rows(day);
        bill
    }

    fn draw_bill_faults(&mut self, day: i64) {
        if !self.faults.starts_bill(day) {
            return;
        }
        let paid: Vec<String> = self
            .trades
            .values()
            .filter(|trade| trade.paid_at_us.is_some_and(|at_us| beijing_day(at_us) == day))
            .map(|trade| trade.order.out_trade_no.clone())
            .collect();
        for out_trade_no in paid {
            if let Some(fault) = self.faults.draw(Point::Bill, &out_trade_no) {
                self.faults.count(fault);
                self.faults.keep_bill_fault(&out_trade_no, fault);
            }
        }
    }

    fn fund_rows(&self, day: i64) -> Vec<FundRow> {
        let lines = self.books.lines().iter().zip(1_u64..);
        lines
            .filter(|(line, _)| beijing_day(line.at_us) == day)
            .filter(|(line, _)| self.faults.bill_fault(&line.out_trade_no) != Some(Fault::BillOmits))
            .filter_map(|(line, number)| {
                let trade = self.trades.get(&line.out_trade_no)?;
                Some(FundRow {
                    kind: fund_kind(line.kind)?,
                    flow_no: format!("{number:016}"),
                    trade_no: trade.trade_no.clone(),
                    out_trade_no: line.out_trade_no.clone(),
                    out_request_no: line.out_request_no.clone(),
                    subject: trade.order.subject.clone(),
                    at_us: line.at_us,
                    amount_fen: line.amount_fen,
                    balance_fen: line.balance_fen,
                })
            })
            .collect()
    }
}

fn fund_kind(kind: LedgerKind) -> Option<FundRowKind> {
    match kind {
        // How the fund bill words them is not documented here.
        LedgerKind::Opening | LedgerKind::Share | LedgerKind::ShareReturned => None,
        LedgerKind::Payment => Some(FundRowKind::Payment),
        LedgerKind::Fee => Some(FundRowKind::Fee),
        LedgerKind::Refund => Some(FundRowKind::Refund),
        LedgerKind::FeeReturned => Some(FundRowKind::FeeReturned),
    }
}

fn trade_rows(trade: &Trade, day: i64, fault: Option<Fault>, rows: &mut Vec<TradeRow>) {
    if fault == Some(Fault::BillOmits) {
        return;
    }
    if let Some(paid_at_us) = trade.paid_at_us.filter(|at_us| beijing_day(*at_us) == day) {
        let sums = (trade.order.total_fen, trade.coupon, trade.fee_fen);
        let row = row(trade, TradeRowKind::Payment, paid_at_us, sums);
        if fault == Some(Fault::BillDoubles) {
            rows.push(row.clone());
        }
        if fault == Some(Fault::BillAdds) {
            rows.push(stranger(row.clone()));
        }
        rows.push(row);
    }
    for (out_request_no, refund) in &trade.refunds {
        if beijing_day(refund.at_us) == day {
            let sums = (refund.amount_fen, refund.coupon, refund.fee_returned_fen);
            let mut row = row(trade, TradeRowKind::Refund, refund.at_us, sums);
            row.out_request_no = Some(out_request_no.clone());
            rows.push(row);
        }
    }
}

fn row(
    trade: &Trade,
    kind: TradeRowKind,
    at_us: i64,
    (amount_fen, coupon, fee_fen): (i64, Coupon, i64),
) -> TradeRow {
    TradeRow {
        kind,
        trade_no: trade.trade_no.clone(),
        out_trade_no: trade.order.out_trade_no.clone(),
        out_request_no: None,
        subject: trade.order.subject.clone(),
        created_at_us: trade.created_at_us,
        finished_at_us: at_us,
        buyer_id: trade.buyer_id.clone(),
        buyer_logon_id: trade.buyer_logon_id.clone(),
        entrance: trade.entrance,
        amount_fen,
        coupon,
        fee_fen,
    }
}

/// A row for a payment nobody made.
fn stranger(mut row: TradeRow) -> TradeRow {
    row.trade_no = format!("{}9", row.trade_no.get(..27).unwrap_or(&row.trade_no));
    row.out_trade_no = format!("X{}", row.out_trade_no.get(1..).unwrap_or_default());
    row
}
