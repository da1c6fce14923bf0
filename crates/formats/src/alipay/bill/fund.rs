//! The fund bill (`bill_type=signcustomer`): what moved on the merchant's balance.

use std::borrow::Cow;

use super::BillError;
use super::sheet::{BillHead, Column, Footers, Need, Row, Sheet, Tab, agree, column, filled, pick_files};
use super::sheet_writer::{SheetWriter, cell_time, file_name};
use crate::alipay::amount::{self, format_fen};
use crate::archive::{self, Entry, Limits};

const TITLE: &str = "#支付宝账务明细查询";
const OPENING: &str =
    "#-----------------------------------------账务明细列表----------------------------------------";
const CLOSING: &str =
    "#-----------------------------------------账务明细列表结束------------------------------------";
const SUMMARY_TITLE: &str = "#支付宝账务汇总查询";
const SUMMARY_OPENING: &str =
    "#-----------------------------------------账务汇总列表----------------------------------------";
const SUMMARY_CLOSING: &str =
    "#----------------------------------------账务汇总列表结束-------------------------------------";
const FILE: &str = "账务明细";
const TOTAL: &str = "合计";
const EXPENSE_FOOTER: &str = "支出合计";
const INCOME_FOOTER: &str = "收入合计";

const COLUMNS: &[Column] = &[
    column("账务流水号", Need::Required, Tab::Always),
    column("业务流水号", Need::Required, Tab::Always),
    column("商户订单号", Need::Required, Tab::Always),
    column("商品名称", Need::Optional, Tab::Always),
    column("发生时间", Need::Required, Tab::Never),
    column("对方账号", Need::Optional, Tab::Always),
    column("收入金额（+元）", Need::Required, Tab::Never),
    column("支出金额（-元）", Need::Required, Tab::Never),
    column("账户余额（元）", Need::Required, Tab::Never),
    column("交易渠道", Need::Optional, Tab::Never),
    column("业务类型", Need::Required, Tab::Never),
    column("备注", Need::Optional, Tab::Never),
];

const SUMMARY_COLUMNS: &[Column] = &[
    column("类型", Need::Required, Tab::Never),
    column("收入笔数", Need::Required, Tab::Never),
    column("收入金额（+元）", Need::Required, Tab::Never),
    column("支出笔数", Need::Required, Tab::Never),
    column("支出金额（-元）", Need::Required, Tab::Never),
    column("总金额（元）", Need::Required, Tab::Never),
];

/// A fund bill: its head and rows in file order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FundBill {
    /// Account, period and export time.
    pub head: BillHead,
    /// Movements of the balance.
    pub rows: Vec<FundRow>,
}

/// One movement of the balance; amounts in fen with the sign the file wrote, times in UTC microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FundRow {
    /// `账务流水号`, unique.
    pub ledger_no: String,
    /// `业务流水号`, the platform's trade number for trades.
    pub business_no: String,
    /// `商户订单号`, ours.
    pub out_no: String,
    /// `商品名称`.
    pub subject: String,
    /// `发生时间`.
    pub occurred_at_us: i64,
    /// `对方账号`.
    pub counterparty: String,
    /// `收入金额`, not negative.
    pub income_fen: i64,
    /// `支出金额`; exports write it with or without a minus.
    pub expense_fen: i64,
    /// `账户余额` after the movement.
    pub balance_fen: i64,
    /// `交易渠道`.
    pub channel: String,
    /// `业务类型`, such as `交易付款`, `收费` or `交易退款`.
    pub kind: String,
    /// `备注`.
    pub remark: String,
    /// Filled cells of columns this list does not know, by header name; read but never written.
    pub extras: Vec<(String, String)>,
}

impl FundRow {
    /// What the movement did to the balance, whatever sign the file wrote.
    pub fn change_fen(&self) -> i64 {
        self.income_fen.saturating_sub(self.expense_fen.saturating_abs())
    }

    fn read(mut row: Row<'_>) -> Result<Self, BillError> {
        Ok(Self {
            ledger_no: row.parsed(filled)?,
            business_no: row.text(),
            out_no: row.text(),
            subject: row.text(),
            occurred_at_us: row.time()?,
            counterparty: row.text(),
            income_fen: row.parsed(|cell| amount::parse_fen(cell).ok())?,
            expense_fen: row.fen()?,
            balance_fen: row.fen()?,
            channel: row.text(),
            kind: row.text(),
            remark: row.text(),
            extras: row.extras(),
        })
    }

    fn cells(&self) -> Result<[Cow<'_, str>; 12], BillError> {
        Ok([
            Cow::from(&self.ledger_no),
            Cow::from(&self.business_no),
            Cow::from(&self.out_no),
            Cow::from(&self.subject),
            Cow::from(cell_time(self.occurred_at_us)?),
            Cow::from(&self.counterparty),
            Cow::from(format_fen(self.income_fen)),
            Cow::from(format_fen(self.expense_fen)),
            Cow::from(format_fen(self.balance_fen)),
            Cow::from(&self.channel),
            Cow::from(&self.kind),
            Cow::from(&self.remark),
        ])
    }
}

/// Reads the archive of a fund bill: detail and summary file, footers and summary checked against the rows.
pub fn read_zip(bytes: &[u8], limits: &Limits) -> Result<FundBill, BillError> {
    let entries = archive::read_archive(bytes, limits)?;
    let (detail, summary) = pick_files(&entries, FILE)?;
    let bill = read_detail(&detail.bytes)?;
    check_summary(&bill, &summary.bytes)?;
    Ok(bill)
}

/// Writes the archive of a fund bill the way the platform does.
pub fn write_zip(bill: &FundBill) -> Result<Vec<u8>, BillError> {
    let entries = [
        Entry { name: file_name(&bill.head, FILE, "")?, bytes: write_detail(bill)? },
        Entry { name: file_name(&bill.head, FILE, "(汇总)")?, bytes: write_summary(bill)? },
    ];
    Ok(archive::write_archive(&entries, bill.head.exported_at_us)?)
}

/// Reads a detail file and checks its footers against its rows.
pub fn read_detail(bytes: &[u8]) -> Result<FundBill, BillError> {
    let mut rows = Vec::new();
    let head = visit_detail(bytes, |row| {
        rows.push(row);
        Ok(())
    })?;
    Ok(FundBill { head, rows })
}

/// Hands the rows of a detail file to `visit` one by one; they count only once this returns without error.
pub fn visit_detail(
    bytes: &[u8],
    mut visit: impl FnMut(FundRow) -> Result<(), BillError>,
) -> Result<BillHead, BillError> {
    let mut totals = Totals::default();
    let footers = Sheet::open(bytes, TITLE, COLUMNS)?.read_rows(|row| {
        let row = FundRow::read(row)?;
        totals.add(&row)?;
        visit(row)
    })?;
    totals.check_footers(&footers)?;
    Ok(footers.head)
}

/// Writes a detail file.
pub fn write_detail(bill: &FundBill) -> Result<Vec<u8>, BillError> {
    let mut writer = SheetWriter::start(TITLE, &bill.head, OPENING, COLUMNS)?;
    for row in &bill.rows {
        writer.row(&row.cells()?)?;
    }
    let totals = Totals::of(&bill.rows)?;
    writer.line(CLOSING);
    let (spent, earned) = (totals.expenses, totals.incomes);
    writer.line(&format!("#{EXPENSE_FOOTER}：{spent}笔，共{}元", format_fen(-totals.expense)));
    writer.line(&format!("#{INCOME_FOOTER}：{earned}笔，共{}元", format_fen(totals.income)));
    writer.finish(&bill.head)
}

/// Writes a summary file: one row for each kind in the order the kinds first occur, then the total.
pub fn write_summary(bill: &FundBill) -> Result<Vec<u8>, BillError> {
    let mut writer = SheetWriter::start(SUMMARY_TITLE, &bill.head, SUMMARY_OPENING, SUMMARY_COLUMNS)?;
    let mut kinds: Vec<(&str, Totals)> = Vec::new();
    for row in &bill.rows {
        match kinds.iter_mut().find(|(kind, _)| *kind == row.kind) {
            Some((_, totals)) => totals.add(row)?,
            None => kinds.push((&row.kind, Totals::of([row])?)),
        }
    }
    for (kind, totals) in &kinds {
        writer.row(&totals.cells(kind)?)?;
    }
    writer.row(&Totals::of(&bill.rows)?.cells(TOTAL)?)?;
    writer.line(SUMMARY_CLOSING);
    writer.finish(&bill.head)
}

/// Checks the total row, account and period of a summary file against a bill.
pub fn check_summary(bill: &FundBill, bytes: &[u8]) -> Result<(), BillError> {
    let totals = Totals::of(&bill.rows)?;
    let mut total_seen = false;
    let footers = Sheet::open(bytes, SUMMARY_TITLE, SUMMARY_COLUMNS)?.read_rows(|mut row| {
        if row.text() == TOTAL {
            total_seen = true;
            totals.check_summary_row(row)?;
        }
        Ok(())
    })?;
    if !total_seen {
        return Err(BillError::Truncated(TOTAL));
    }
    bill.head.check_same_bill(&footers.head)
}

/// Counts and magnitudes of incomes and expenses.
#[derive(Debug, Default)]
struct Totals {
    incomes: u64,
    income: i64,
    expenses: u64,
    expense: i64,
}

impl Totals {
    fn of<'r>(rows: impl IntoIterator<Item = &'r FundRow>) -> Result<Self, BillError> {
        let mut totals = Self::default();
        for row in rows {
            totals.add(row)?;
        }
        Ok(totals)
    }

    fn add(&mut self, row: &FundRow) -> Result<(), BillError> {
        let spent = row.expense_fen.saturating_abs();
        self.incomes += u64::from(row.income_fen != 0);
        self.expenses += u64::from(spent != 0);
        self.income = self.income.checked_add(row.income_fen).ok_or(BillError::Overflow)?;
        self.expense = self.expense.checked_add(spent).ok_or(BillError::Overflow)?;
        Ok(())
    }

    fn check_footers(&self, footers: &Footers) -> Result<(), BillError> {
        let (count, [spent]) = footers.totals(EXPENSE_FOOTER, ["共"])?;
        let found = (count, spent.saturating_abs());
        agree(&found, &(self.expenses, self.expense), BillError::FooterMismatch(EXPENSE_FOOTER))?;
        let (count, [earned]) = footers.totals(INCOME_FOOTER, ["共"])?;
        agree(&(count, earned), &(self.incomes, self.income), BillError::FooterMismatch(INCOME_FOOTER))
    }

    fn check_summary_row(&self, mut row: Row<'_>) -> Result<(), BillError> {
        let mismatch = BillError::SummaryMismatch;
        agree(&row.count()?, &self.incomes, mismatch("收入笔数"))?;
        agree(&row.fen()?, &self.income, mismatch("收入金额（+元）"))?;
        agree(&row.count()?, &self.expenses, mismatch("支出笔数"))?;
        agree(&row.fen()?.saturating_abs(), &self.expense, mismatch("支出金额（-元）"))?;
        agree(&row.fen()?, &self.net()?, mismatch("总金额（元）"))
    }

    fn net(&self) -> Result<i64, BillError> {
        self.income.checked_sub(self.expense).ok_or(BillError::Overflow)
    }

    fn cells<'c>(&self, kind: &'c str) -> Result<[Cow<'c, str>; 6], BillError> {
        Ok([
            Cow::from(kind),
            Cow::from(self.incomes.to_string()),
            Cow::from(format_fen(self.income)),
            Cow::from(self.expenses.to_string()),
            Cow::from(format_fen(-self.expense)),
            Cow::from(format_fen(self.net()?)),
        ])
    }
}
