//! The trade bill (`/v3/bill/tradebill`) in its three sheets.

use super::BillError;
use super::sheet::{Sheet, SheetWriter, format_fee};
use super::trade_row::TradeRow;
use crate::alipay::amount::format_fen;

/// `bill_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TradeSheet {
    /// Payments and refunds.
    All,
    /// Payments.
    Success,
    /// Refunds.
    Refund,
}

/// A trade bill: its rows in file order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeBill {
    /// Which sheet it is.
    pub sheet: TradeSheet,
    /// Payments and refunds.
    pub rows: Vec<TradeRow>,
}

const HEAD: &[&str] = &[
    "交易时间",
    "公众账号ID",
    "商户号",
    "特约商户号",
    "设备号",
    "微信订单号",
    "商户订单号",
    "用户标识",
    "交易类型",
    "交易状态",
    "付款银行",
    "货币种类",
    "应结订单金额",
    "代金券金额",
];
const REFUND_TIMES: &[&str] = &["退款申请时间", "退款成功时间"];
const REFUND: &[&str] =
    &["微信退款单号", "商户退款单号", "退款金额", "充值券退款金额", "退款类型", "退款状态"];
const MIDDLE: &[&str] = &["商品名称", "商户数据包", "手续费", "费率", "订单金额"];
const REQUESTED: &[&str] = &["申请退款金额"];
const TAIL: &[&str] = &["费率备注"];
/// What a row must have to be understood.
const NEEDED: &[&str] = &[
    "交易时间",
    "商户号",
    "微信订单号",
    "商户订单号",
    "交易状态",
    "货币种类",
    "应结订单金额",
    "代金券金额",
    "手续费",
    "订单金额",
];
const COUNT: &str = "总交易单数";
const SUMMARY: &[&str] = &[
    COUNT,
    "应结订单总金额",
    "退款总金额",
    "充值券退款总金额",
    "手续费总金额",
    "订单总金额",
    "申请退款总金额",
];
const SUMMARY_SUCCESS: &[&str] = &[COUNT, "应结订单总金额", "手续费总金额", "订单总金额"];

impl TradeSheet {
    /// `bill_type` on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::All => "ALL",
            Self::Success => "SUCCESS",
            Self::Refund => "REFUND",
        }
    }

    fn columns(self) -> Vec<&'static str> {
        let parts: &[&[&str]] = match self {
            Self::All => &[HEAD, REFUND, MIDDLE, REQUESTED, TAIL],
            Self::Success => &[HEAD, MIDDLE, TAIL],
            Self::Refund => &[HEAD, REFUND_TIMES, REFUND, MIDDLE, REQUESTED, TAIL],
        };
        parts.concat()
    }

    const fn summary(self) -> &'static [&'static str] {
        match self {
            Self::All | Self::Refund => SUMMARY,
            Self::Success => SUMMARY_SUCCESS,
        }
    }

    fn needed(self) -> Vec<&'static str> {
        match self {
            Self::All | Self::Refund => [NEEDED, REFUND, REQUESTED].concat(),
            Self::Success => NEEDED.to_vec(),
        }
    }
}

/// Reads an expanded sheet and holds it against its summary.
pub fn read_trade_sheet(bytes: &[u8], sheet: TradeSheet) -> Result<TradeBill, BillError> {
    let mut rows = Vec::new();
    visit_trade_sheet(bytes, sheet, |row| {
        rows.push(row);
        Ok(())
    })?;
    Ok(TradeBill { sheet, rows })
}

/// Hands the rows to `visit` one by one; they count only once this returns without error.
pub fn visit_trade_sheet(
    bytes: &[u8],
    sheet: TradeSheet,
    mut visit: impl FnMut(TradeRow) -> Result<(), BillError>,
) -> Result<(), BillError> {
    let mut totals = Totals::default();
    let summary = Sheet::open(bytes, &sheet.needed())?.read(SUMMARY_SUCCESS, |cells| {
        let row = TradeRow::read(cells)?;
        // The sheet of payments has no columns for a refund: a file with refunds is another sheet.
        if sheet == TradeSheet::Success && row.refund.is_some() {
            return Err(cells.wrong("交易状态"));
        }
        totals.add(&row)?;
        visit(row)
    })?;
    summary.check_count(COUNT, totals.count)?;
    for (column, sum) in totals.sums() {
        summary.check_fen(column, sum)?;
    }
    Ok(())
}

/// Writes a sheet as the platform does.
pub fn write_trade_sheet(bill: &TradeBill) -> Result<Vec<u8>, BillError> {
    let columns = bill.sheet.columns();
    let mut writer = SheetWriter::start(&columns);
    let mut totals = Totals::default();
    for row in &bill.rows {
        totals.add(row)?;
        let cells: Result<Vec<String>, BillError> = columns.iter().map(|column| row.cell(column)).collect();
        writer.row(&cells?)?;
    }
    writer.header(bill.sheet.summary());
    let sums = totals.sums();
    let cell = |column: &&str| match sums.iter().find(|(known, _)| known == column) {
        None => totals.count.to_string(),
        Some(("手续费总金额", fen)) => format_fee(*fen),
        Some((_, fen)) => format_fen(*fen),
    };
    writer.row(&bill.sheet.summary().iter().map(cell).collect::<Vec<_>>())?;
    Ok(writer.finish())
}

#[derive(Debug, Default)]
struct Totals {
    count: u64,
    settled: i64,
    refunded: i64,
    coupons_back: i64,
    fees: i64,
    ordered: i64,
    requested: i64,
}

impl Totals {
    fn add(&mut self, row: &TradeRow) -> Result<(), BillError> {
        self.count = self.count.saturating_add(1);
        let refund = row.refund.as_ref();
        for (sum, fen) in [
            (&mut self.settled, row.settled_fen),
            (&mut self.refunded, refund.map_or(0, |refund| refund.refund_fen)),
            (&mut self.coupons_back, refund.map_or(0, |refund| refund.coupon_fen)),
            (&mut self.fees, row.fee_fen),
            (&mut self.ordered, row.order_fen),
            (&mut self.requested, refund.map_or(0, |refund| refund.requested_fen)),
        ] {
            *sum = sum.checked_add(fen).ok_or(BillError::Overflow)?;
        }
        Ok(())
    }

    const fn sums(&self) -> [(&'static str, i64); 6] {
        [
            ("应结订单总金额", self.settled),
            ("退款总金额", self.refunded),
            ("充值券退款总金额", self.coupons_back),
            ("手续费总金额", self.fees),
            ("订单总金额", self.ordered),
            ("申请退款总金额", self.requested),
        ]
    }
}
