//! ZM: one record per trade.

use super::SettlementError;
use super::columns::{TRADES, TRADES_AGREED};
use super::record::{Cells, Signed, parse_digits, records};

/// One trade, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeRow {
    cells: Cells,
    /// `交易金额`, fen.
    pub amount_fen: i64,
    /// `商户手续费`.
    pub fee: Signed,
    /// `结算金额`.
    pub settle: Signed,
    /// `清算净额`.
    pub net: Signed,
}

/// What the trades of a file add up to, in fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// How many there are.
    pub rows: usize,
    /// Fees, as the merchant gains or (negative) loses by them.
    pub fee_gain_fen: i64,
    /// Settlement amounts, as the merchant gains or (negative) loses.
    pub settle_gain_fen: i64,
}

impl TradeRow {
    /// Makes a row of named columns; amounts are given apart.
    pub fn new(
        texts: &[(&'static str, &str)],
        amount_fen: i64,
        fee: Signed,
        settle: Signed,
    ) -> Result<Self, SettlementError> {
        let mut cells = Cells::blank(&TRADES);
        for name in ["split_amt", "discount_amt", "invoice_amt"] {
            cells.set(&TRADES, name, "000000000000");
        }
        cells.set(&TRADES, "instal_fee", "00000000000");
        let amounts =
            [("txn_amt", format!("{amount_fen:012}")), ("fee", fee.text()), ("settle_amt", settle.text())];
        let amounts = amounts.iter().map(|(name, text)| (*name, text.as_str()));
        let net = settle.text();
        for (name, text) in texts.iter().copied().chain(amounts).chain([("net_amt", net.as_str())]) {
            if !cells.set(&TRADES, name, text) {
                return Err(SettlementError::Unwritable(name));
            }
        }
        Self::checked(cells, 0)
    }

    /// The text of a column by its name in the layout; nothing for an unknown name.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.cells.get(&TRADES, name)
    }

    /// `商户订单号`: our number.
    pub fn order_id(&self) -> &str {
        self.text("order_id").unwrap_or_default()
    }

    /// `查询流水号`: UnionPay's number.
    pub fn query_id(&self) -> &str {
        self.text("query_id").unwrap_or_default()
    }

    /// `原查询流水号`: the number of the trade refunded or undone, empty for others.
    pub fn orig_query_id(&self) -> &str {
        self.text("orig_query_id").unwrap_or_default()
    }

    /// `交易类型`, as `txnType`; the kind of trade is known by this and not by `交易代码`.
    pub fn txn_type(&self) -> &str {
        self.text("txn_type").unwrap_or_default()
    }

    /// `商户代码`.
    pub fn mer_id(&self) -> &str {
        self.text("mer_id").unwrap_or_default()
    }

    fn checked(cells: Cells, line: usize) -> Result<Self, SettlementError> {
        let text = |name: &'static str| cells.get(&TRADES, name).unwrap_or_default();
        let wrong = |column| SettlementError::Cell { line, column };
        let signed = |name: &'static str| Signed::parse(text(name)).ok_or_else(|| wrong(name));
        let (fee, settle, net) = (signed("fee")?, signed("settle_amt")?, signed("net_amt")?);
        let amount_fen = parse_digits(text("txn_amt")).ok_or_else(|| wrong("txn_amt"))?;
        for name in ["query_id", "mer_id"] {
            if text(name).is_empty() || !text(name).bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(wrong(name));
            }
        }
        Ok(Self { cells, amount_fen, fee, settle, net })
    }
}

/// Reads a whole ZM file.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<TradeRow>, SettlementError> {
    let mut rows = Vec::new();
    for (line, record) in (1..).zip(records(bytes)?) {
        rows.push(TradeRow::checked(Cells::read(record, &TRADES, TRADES_AGREED, line)?, line)?);
    }
    Ok(rows)
}

/// Writes a whole ZM file.
pub(super) fn write(rows: &[TradeRow]) -> Result<Vec<u8>, SettlementError> {
    let mut out = Vec::new();
    for row in rows {
        row.cells.write(&TRADES, &mut out)?;
    }
    Ok(out)
}

/// Adds up trades.
pub(super) fn totals(rows: &[TradeRow]) -> Result<Totals, SettlementError> {
    rows.iter().try_fold(Totals::default(), |sum, row| {
        let add =
            |left: i64, right: Signed| left.checked_add(right.gain_fen()).ok_or(SettlementError::Overflow);
        Ok(Totals {
            rows: sum.rows + 1,
            fee_gain_fen: add(sum.fee_gain_fen, row.fee)?,
            settle_gain_fen: add(sum.settle_gain_fen, row.settle)?,
        })
    })
}
