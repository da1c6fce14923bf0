//! Writes the text layout both bills share, byte for byte as the platform does.

use std::borrow::Cow;

use super::BillError;
use super::sheet::{BillHead, Column, Tab};
use crate::alipay::time;
use crate::beijing;
use crate::charset::Charset;

/// Builds the text of one bill file.
pub(super) struct SheetWriter {
    out: String,
    columns: &'static [Column],
}

impl SheetWriter {
    /// Starts a file: title, account, period, opening separator and header.
    pub fn start(
        title: &str,
        head: &BillHead,
        opening: &str,
        columns: &'static [Column],
    ) -> Result<Self, BillError> {
        let mut writer = Self { out: String::new(), columns };
        writer.line(title);
        writer.line(&format!("#账号：[{}]", head.account));
        let (from, to) = (chinese_time(head.from_us)?, chinese_time(head.to_us)?);
        writer.line(&format!("#起始日期：[{from}]   终止日期：[{to}]"));
        writer.line(opening);
        let names: Vec<_> = columns.iter().map(|column| column.name).collect();
        writer.line(&names.join(","));
        Ok(writer)
    }

    /// Adds one row, its cells in column order.
    pub fn row(&mut self, cells: &[Cow<'_, str>]) -> Result<(), BillError> {
        for (at, (cell, column)) in cells.iter().zip(self.columns).enumerate() {
            if cell.contains([',', '\t', '\r', '\n']) || (at == 0 && cell.starts_with('#')) {
                return Err(BillError::Unwritable(column.name));
            }
            if at > 0 {
                self.out.push(',');
            }
            self.out.push_str(cell);
            match column.tab {
                Tab::Always => self.out.push('\t'),
                Tab::WhenEmpty if cell.is_empty() => self.out.push('\t'),
                Tab::WhenEmpty | Tab::Never => {}
            }
        }
        self.out.push_str("\r\n");
        Ok(())
    }

    /// Adds a line as it is.
    pub fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push_str("\r\n");
    }

    /// Adds the export time and encodes the file as GBK.
    pub fn finish(mut self, head: &BillHead) -> Result<Vec<u8>, BillError> {
        self.line(&format!("#导出时间：[{}]", chinese_time(head.exported_at_us)?));
        Ok(Charset::Gbk.encode(&self.out)?.into_owned())
    }
}

/// The name of a bill file: account, Beijing day (or month) billed, kind.
pub(super) fn file_name(head: &BillHead, kind: &str, suffix: &str) -> Result<String, BillError> {
    const DAY_US: i64 = 86_400_000_000;
    let from = beijing::civil(head.from_us).ok_or(BillError::Unwritable("time"))?;
    let pattern = if head.to_us.saturating_sub(head.from_us) <= DAY_US { "%Y%m%d" } else { "%Y%m" };
    Ok(format!("{}_{}_{kind}{suffix}.csv", head.account, from.strftime(pattern)))
}

/// A time as cells write it.
pub(super) fn cell_time(at_us: i64) -> Result<String, BillError> {
    time::format_us(at_us).map_err(|_| BillError::Unwritable("time"))
}

fn chinese_time(at_us: i64) -> Result<String, BillError> {
    let at = beijing::civil(at_us).ok_or(BillError::Unwritable("time"))?;
    Ok(at.strftime("%Y年%m月%d日 %H:%M:%S").to_string())
}
