//! The trade bill (`bill_type=trade`): what was paid and refunded.

use std::borrow::Cow;

pub use super::trade_row::{TradeKind, TradeRow};

use super::BillError;
use super::sheet::{BillHead, Column, Footers, Need, Row, Sheet, Tab, agree, column, pick_files};
use super::sheet_writer::{SheetWriter, file_name};
use super::trade_row::COLUMNS;
use crate::alipay::amount::format_fen;
use crate::archive::{self, Entry, Limits};

const TITLE: &str = "#支付宝业务明细查询";
const OPENING: &str =
    "#-----------------------------------------业务明细列表----------------------------------------";
const CLOSING: &str =
    "#-----------------------------------------业务明细列表结束------------------------------------";
const SUMMARY_TITLE: &str = "#支付宝业务汇总查询";
const SUMMARY_OPENING: &str =
    "#-----------------------------------------业务汇总列表----------------------------------------";
const SUMMARY_CLOSING: &str =
    "#----------------------------------------业务汇总列表结束-------------------------------------";
const FILE: &str = "业务明细";
const TOTAL: &str = "合计";
const PAYMENTS_FOOTER: &str = "交易合计";
const REFUNDS_FOOTER: &str = "退款合计";

const SUMMARY_COLUMNS: &[Column] = &[
    column("门店编号", Need::Required, Tab::Always),
    column("门店名称", Need::Optional, Tab::Always),
    column("交易订单总笔数", Need::Required, Tab::Never),
    column("退款订单总笔数", Need::Required, Tab::Never),
    column("订单金额（元）", Need::Required, Tab::Never),
    column("商家实收（元）", Need::Required, Tab::Never),
    column("支付宝优惠（元）", Need::Optional, Tab::Never),
    column("商家优惠（元）", Need::Optional, Tab::Never),
    column("卡消费金额（元）", Need::Optional, Tab::Never),
    column("服务费（元）", Need::Optional, Tab::Never),
    column("分润（元）", Need::Optional, Tab::Never),
    column("实收净额（元）", Need::Required, Tab::Never),
];

/// A trade bill: its head and rows in file order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeBill {
    /// Account, period and export time.
    pub head: BillHead,
    /// Payments and refunds.
    pub rows: Vec<TradeRow>,
}

/// Reads the archive of a trade bill: detail and summary file, footers and summary checked against the rows.
pub fn read_zip(bytes: &[u8], limits: &Limits) -> Result<TradeBill, BillError> {
    let entries = archive::read_archive(bytes, limits)?;
    let (detail, summary) = pick_files(&entries, FILE)?;
    let bill = read_detail(&detail.bytes)?;
    check_summary(&bill, &summary.bytes)?;
    Ok(bill)
}

/// Writes the archive of a trade bill the way the platform does.
pub fn write_zip(bill: &TradeBill) -> Result<Vec<u8>, BillError> {
    let entries = [
        Entry { name: file_name(&bill.head, FILE, "")?, bytes: write_detail(bill)? },
        Entry { name: file_name(&bill.head, FILE, "(汇总)")?, bytes: write_summary(bill)? },
    ];
    Ok(archive::write_archive(&entries, bill.head.exported_at_us)?)
}

/// Reads a detail file and checks its footers against its rows.
pub fn read_detail(bytes: &[u8]) -> Result<TradeBill, BillError> {
    let mut rows = Vec::new();
    let head = visit_detail(bytes, |row| {
        rows.push(row);
        Ok(())
    })?;
    Ok(TradeBill { head, rows })
}

/// Hands the rows of a detail file to `visit` one by one; they count only once this returns without error.
pub fn visit_detail(
    bytes: &[u8],
    mut visit: impl FnMut(TradeRow) -> Result<(), BillError>,
) -> Result<BillHead, BillError> {
    let mut totals = Totals::default();
    let footers = Sheet::open(bytes, TITLE, COLUMNS)?.read_rows(|row| {
        let row = TradeRow::read(row)?;
        totals.add(&row)?;
        visit(row)
    })?;
    totals.check_footers(&footers)?;
    Ok(footers.head)
}

/// Writes a detail file.
pub fn write_detail(bill: &TradeBill) -> Result<Vec<u8>, BillError> {
    let mut writer = SheetWriter::start(TITLE, &bill.head, OPENING, COLUMNS)?;
    for row in &bill.rows {
        writer.row(&row.cells()?)?;
    }
    let totals = Totals::of(&bill.rows)?;
    writer.line(CLOSING);
    writer.line(&format!(
        "#{PAYMENTS_FOOTER}：{}笔，商家实收共{}元，商家优惠共{}元",
        totals.payments,
        format_fen(totals.paid_received),
        format_fen(totals.paid_discount)
    ));
    writer.line(&format!(
        "#{REFUNDS_FOOTER}：{}笔，商家实收退款共{}元，商家优惠退款共{}元",
        totals.refunds,
        format_fen(totals.refunded_received),
        format_fen(totals.refunded_discount)
    ));
    writer.finish(&bill.head)
}

/// Writes a summary file: one row for each named store, then the total.
pub fn write_summary(bill: &TradeBill) -> Result<Vec<u8>, BillError> {
    let mut writer = SheetWriter::start(SUMMARY_TITLE, &bill.head, SUMMARY_OPENING, SUMMARY_COLUMNS)?;
    let mut stores: Vec<(&str, &str)> = bill
        .rows
        .iter()
        .filter(|row| !row.store_no.is_empty())
        .map(|row| (row.store_no.as_str(), row.store_name.as_str()))
        .collect();
    stores.sort_unstable();
    stores.dedup_by_key(|store| store.0);
    for (store_no, store_name) in stores {
        let totals = Totals::of(bill.rows.iter().filter(|row| row.store_no == store_no))?;
        writer.row(&totals.cells(store_no, store_name)?)?;
    }
    writer.row(&Totals::of(&bill.rows)?.cells(TOTAL, "")?)?;
    writer.line(SUMMARY_CLOSING);
    writer.finish(&bill.head)
}

/// Checks the total row, account and period of a summary file against a bill.
pub fn check_summary(bill: &TradeBill, bytes: &[u8]) -> Result<(), BillError> {
    let totals = Totals::of(&bill.rows)?;
    let mut total_seen = false;
    let footers = Sheet::open(bytes, SUMMARY_TITLE, SUMMARY_COLUMNS)?.read_rows(|row| {
        let summary = SummaryRow::read(row)?;
        if summary.store_no == TOTAL {
            total_seen = true;
            summary.check(&totals)?;
        }
        Ok(())
    })?;
    if !total_seen {
        return Err(BillError::Truncated(TOTAL));
    }
    bill.head.check_same_bill(&footers.head)
}

#[derive(Debug, Default)]
struct Totals {
    payments: u64,
    refunds: u64,
    paid_received: i64,
    paid_discount: i64,
    refunded_received: i64,
    refunded_discount: i64,
    order_amount: i64,
    platform_discount: i64,
    card: i64,
    service_fee: i64,
    split: i64,
}

impl Totals {
    fn of<'r>(rows: impl IntoIterator<Item = &'r TradeRow>) -> Result<Self, BillError> {
        let mut totals = Self::default();
        for row in rows {
            totals.add(row)?;
        }
        Ok(totals)
    }

    fn add(&mut self, row: &TradeRow) -> Result<(), BillError> {
        let (count, received, discount) = match row.kind {
            TradeKind::Payment => (&mut self.payments, &mut self.paid_received, &mut self.paid_discount),
            TradeKind::Refund => {
                (&mut self.refunds, &mut self.refunded_received, &mut self.refunded_discount)
            }
        };
        *count += 1;
        let adds = [
            (received, row.directed_received_fen()),
            (discount, row.merchant_discount_fen),
            (&mut self.order_amount, row.directed_order_amount_fen()),
            (&mut self.platform_discount, row.platform_discount_fen),
            (&mut self.card, row.card_fen),
            (&mut self.service_fee, row.service_fee_fen),
            (&mut self.split, row.split_fen),
        ];
        for (sum, fen) in adds {
            *sum = sum.checked_add(fen).ok_or(BillError::Overflow)?;
        }
        Ok(())
    }

    fn check_footers(&self, footers: &Footers) -> Result<(), BillError> {
        let (count, [received, discount]) = footers.totals(PAYMENTS_FOOTER, ["商家实收共", "商家优惠共"])?;
        let expected = (self.payments, self.paid_received, self.paid_discount);
        agree(&(count, received, discount), &expected, BillError::FooterMismatch(PAYMENTS_FOOTER))?;
        let (count, [received, discount]) =
            footers.totals(REFUNDS_FOOTER, ["商家实收退款共", "商家优惠退款共"])?;
        // Whether refunds carry a minus differs between exports, so only magnitudes are compared.
        let found = (count, received.saturating_abs(), discount.saturating_abs());
        let expected =
            (self.refunds, self.refunded_received.saturating_abs(), self.refunded_discount.saturating_abs());
        agree(&found, &expected, BillError::FooterMismatch(REFUNDS_FOOTER))
    }

    fn cells<'c>(&self, store_no: &'c str, store_name: &'c str) -> Result<[Cow<'c, str>; 12], BillError> {
        let received = sum([self.paid_received, self.refunded_received])?;
        let discount = sum([self.paid_discount, self.refunded_discount])?;
        Ok([
            Cow::from(store_no),
            Cow::from(store_name),
            Cow::from(self.payments.to_string()),
            Cow::from(self.refunds.to_string()),
            Cow::from(format_fen(self.order_amount)),
            Cow::from(format_fen(received)),
            Cow::from(format_fen(self.platform_discount)),
            Cow::from(format_fen(discount)),
            Cow::from(format_fen(self.card)),
            Cow::from(format_fen(self.service_fee)),
            Cow::from(format_fen(self.split)),
            Cow::from(format_fen(sum([received, self.service_fee, self.split])?)),
        ])
    }
}

struct SummaryRow {
    store_no: String,
    payments: u64,
    refunds: u64,
    order_amount: i64,
    received: i64,
    service_fee: i64,
}

impl SummaryRow {
    fn read(mut row: Row<'_>) -> Result<Self, BillError> {
        let store_no = row.text();
        row.text();
        let (payments, refunds) = (row.count()?, row.count()?);
        let (order_amount, received) = (row.fen()?, row.fen()?);
        let [_platform_discount, _merchant_discount, _card] = [row.fen()?, row.fen()?, row.fen()?];
        Ok(Self { store_no, payments, refunds, order_amount, received, service_fee: row.fen()? })
    }

    fn check(&self, totals: &Totals) -> Result<(), BillError> {
        let mismatch = BillError::SummaryMismatch;
        agree(&self.payments, &totals.payments, mismatch("交易订单总笔数"))?;
        agree(&self.refunds, &totals.refunds, mismatch("退款订单总笔数"))?;
        agree(&self.order_amount, &totals.order_amount, mismatch("订单金额（元）"))?;
        let received = sum([totals.paid_received, totals.refunded_received])?;
        agree(&self.received, &received, mismatch("商家实收（元）"))?;
        // Exports differ in the sign of charges, so only the magnitude is compared.
        let (found, expected) = (self.service_fee.saturating_abs(), totals.service_fee.saturating_abs());
        agree(&found, &expected, mismatch("服务费（元）"))
    }
}

fn sum<const N: usize>(parts: [i64; N]) -> Result<i64, BillError> {
    parts.into_iter().try_fold(0_i64, i64::checked_add).ok_or(BillError::Overflow)
}
