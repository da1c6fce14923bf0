//! The fund bill (`/v3/bill/fundflowbill`): what moved on the merchant's balance.

use super::BillError;
use super::sheet::{Row, Sheet, SheetWriter};
use super::trade_row::wall;
use crate::alipay::amount::format_fen;

/// A fund bill: its rows in file order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FundBill {
    /// Movements of the balance.
    pub rows: Vec<FundRow>,
}

/// One movement; amounts in fen, times in UTC microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FundRow {
    /// `记账时间`.
    pub booked_at_us: i64,
    /// `微信支付业务单号`: the payment's or the refund's.
    pub business_no: String,
    /// `资金流水单号`.
    pub flow_no: String,
    /// `业务名称`, such as `交易` or `扣除交易手续费`.
    pub name: String,
    /// `业务类型`.
    pub kind: String,
    /// `收支类型` and `收支金额(元)`: in (positive) or out (negative).
    pub change_fen: i64,
    /// `账户结余(元)` after it.
    pub balance_fen: i64,
    /// `资金变更提交申请人`.
    pub submitter: String,
    /// `备注`.
    pub remark: String,
    /// `业务凭证号`: our number.
    pub out_no: String,
}

const COLUMNS: &[&str] = &[
    "记账时间",
    "微信支付业务单号",
    "资金流水单号",
    "业务名称",
    "业务类型",
    "收支类型",
    "收支金额(元)",
    "账户结余(元)",
    "资金变更提交申请人",
    "备注",
    "业务凭证号",
];
const SUMMARY: &[&str] = &["资金流水总笔数", "收入笔数", "收入金额", "支出笔数", "支出金额"];
const IN: &str = "收入";
const OUT: &str = "支出";

/// Reads an expanded sheet and holds it against its summary.
pub fn read_fund_sheet(bytes: &[u8]) -> Result<FundBill, BillError> {
    let mut rows = Vec::new();
    let mut totals = Totals::default();
    let summary = Sheet::open(bytes, COLUMNS)?.read(SUMMARY, |row| {
        let row = FundRow::read(row)?;
        totals.add(&row)?;
        rows.push(row);
        Ok(())
    })?;
    summary.check_count("资金流水总笔数", totals.incomes.saturating_add(totals.expenses))?;
    summary.check_count("收入笔数", totals.incomes)?;
    summary.check_fen("收入金额", totals.income_fen)?;
    summary.check_count("支出笔数", totals.expenses)?;
    summary.check_fen("支出金额", totals.expense_fen)?;
    Ok(FundBill { rows })
}

/// Writes a sheet as the platform does.
pub fn write_fund_sheet(bill: &FundBill) -> Result<Vec<u8>, BillError> {
    let mut writer = SheetWriter::start(COLUMNS);
    let mut totals = Totals::default();
    for row in &bill.rows {
        totals.add(row)?;
        writer.row(&row.cells()?)?;
    }
    writer.header(SUMMARY);
    writer.row(&[
        totals.incomes.saturating_add(totals.expenses).to_string(),
        totals.incomes.to_string(),
        format_fen(totals.income_fen),
        totals.expenses.to_string(),
        format_fen(totals.expense_fen),
    ])?;
    Ok(writer.finish())
}

impl FundRow {
    fn read(row: &Row<'_, '_>) -> Result<Self, BillError> {
        let fen = row.fen("收支金额(元)")?;
        let change_fen = match row.text("收支类型") {
            IN if fen >= 0 => fen,
            OUT if fen >= 0 => -fen,
            _ => return Err(row.wrong("收支类型")),
        };
        Ok(Self {
            booked_at_us: row.moment_us("记账时间")?,
            business_no: row.text("微信支付业务单号").to_owned(),
            flow_no: row.filled("资金流水单号")?,
            name: row.text("业务名称").to_owned(),
            kind: row.text("业务类型").to_owned(),
            change_fen,
            balance_fen: row.fen("账户结余(元)")?,
            submitter: row.text("资金变更提交申请人").to_owned(),
            remark: row.text("备注").to_owned(),
            out_no: row.text("业务凭证号").to_owned(),
        })
    }

    fn cells(&self) -> Result<[String; 11], BillError> {
        Ok([
            wall(self.booked_at_us)?,
            self.business_no.clone(),
            self.flow_no.clone(),
            self.name.clone(),
            self.kind.clone(),
            if self.change_fen < 0 { OUT } else { IN }.to_owned(),
            format_fen(self.change_fen.saturating_abs()),
            format_fen(self.balance_fen),
            self.submitter.clone(),
            self.remark.clone(),
            self.out_no.clone(),
        ])
    }
}

#[derive(Debug, Default)]
struct Totals {
    incomes: u64,
    income_fen: i64,
    expenses: u64,
    expense_fen: i64,
}

impl Totals {
    fn add(&mut self, row: &FundRow) -> Result<(), BillError> {
        let (count, sum) = if row.change_fen < 0 {
            (&mut self.expenses, &mut self.expense_fen)
        } else {
            (&mut self.incomes, &mut self.income_fen)
        };
        *count = count.saturating_add(1);
        *sum = sum.checked_add(row.change_fen.saturating_abs()).ok_or(BillError::Overflow)?;
        Ok(())
    }
}
