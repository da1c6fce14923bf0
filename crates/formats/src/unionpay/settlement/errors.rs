//! ZME: one record per error or adjustment.

use super::SettlementError;
use super::columns::ERRORS;
use super::record::{Cells, Signed, parse_digits, records};

/// One error or adjustment, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorRow {
    cells: Cells,
    /// `交易金额`, fen.
    pub amount_fen: i64,
    /// `商户手续费`.
    pub fee: Signed,
    /// `结算金额`.
    pub settle: Signed,
}

impl ErrorRow {
    /// Makes a row of named columns; amounts are given apart.
    pub fn new(
        texts: &[(&'static str, &str)],
        amount_fen: i64,
        fee: Signed,
        settle: Signed,
    ) -> Result<Self, SettlementError> {
        let mut cells = Cells::blank(&ERRORS);
        cells.set(&ERRORS, "prev_amt", "000000000000");
        let amounts =
            [("txn_amt", format!("{amount_fen:012}")), ("fee", fee.text()), ("settle_amt", settle.text())];
        let amounts = amounts.iter().map(|(name, text)| (*name, text.as_str()));
        for (name, text) in texts.iter().copied().chain(amounts) {
            if !cells.set(&ERRORS, name, text) {
                return Err(SettlementError::Unwritable(name));
            }
        }
        Self::checked(cells, 0)
    }

    /// The text of a column by its name in the layout; nothing for an unknown name.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.cells.get(&ERRORS, name)
    }

    /// `商户代码`.
    pub fn mer_id(&self) -> &str {
        self.text("mer_id").unwrap_or_default()
    }

    fn checked(cells: Cells, line: usize) -> Result<Self, SettlementError> {
        let text = |name: &'static str| cells.get(&ERRORS, name).unwrap_or_default();
        let wrong = |column| SettlementError::Cell { line, column };
        let signed = |name: &'static str| Signed::parse(text(name)).ok_or_else(|| wrong(name));
        let (fee, settle) = (signed("fee")?, signed("settle_amt")?);
        let amount_fen = parse_digits(text("txn_amt")).ok_or_else(|| wrong("txn_amt"))?;
        Ok(Self { cells, amount_fen, fee, settle })
    }
}

/// Reads a whole ZME file.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<ErrorRow>, SettlementError> {
    let mut rows = Vec::new();
    for (line, record) in (1..).zip(records(bytes)?) {
        rows.push(ErrorRow::checked(Cells::read(record, &ERRORS, ERRORS.len(), line)?, line)?);
    }
    Ok(rows)
}

/// Writes a whole ZME file.
pub(super) fn write(rows: &[ErrorRow]) -> Result<Vec<u8>, SettlementError> {
    let mut out = Vec::new();
    for row in rows {
        row.cells.write(&ERRORS, &mut out)?;
    }
    Ok(out)
}
