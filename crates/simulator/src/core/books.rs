use serde::Serialize;

/// One movement of the seller's balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerLine {
    pub at_us: i64,
    pub kind: LedgerKind,
    pub out_trade_no: String,
    pub out_request_no: Option<String>,
    /// Fen in (positive) or out (negative)
    pub amount_fen: i64,
    pub balance_fen: i64,
}

/// Why the balance moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LedgerKind {
    Opening,
    Payment,
    Fee,
    Refund,
    FeeReturned,
    Share,
    ShareReturned,
}

/// The seller's balance and every fen that made it.
#[derive(Debug, Clone, Default)]
pub(super) struct Books {
    lines: Vec<LedgerLine>,
    balance_fen: i64,
}

impl Books {
    pub(super) fn post(&mut self, mut line: LedgerLine) {
        if line.amount_fen == 0 {
            return;
        }
        self.balance_fen = self.balance_fen.saturating_add(line.amount_fen);
        line.balance_fen = self.balance_fen;
        self.lines.push(line);
    }

    pub(super) fn balance_fen(&self) -> i64 {
        self.balance_fen
    }

    pub(super) fn lines(&self) -> &[LedgerLine] {
        &self.lines
    }

    pub(super) fn total_fen(&self, kind: LedgerKind) -> i64 {
        self.lines.iter().filter(|line| line.kind == kind).map(|line| line.amount_fen).sum()
    }
}

/// `amount × ppm / 1,000,000`, rounded half up; amounts and rates are not negative.
pub(crate) fn fee_of(amount_fen: i64, rate_ppm: u32) -> i64 {
    let product = i128::from(amount_fen).saturating_mul(i128::from(rate_ppm));
    i64::try_from(product.saturating_add(500_000) / 1_000_000).unwrap_or(i64::MAX)
}

/// Fee given back once `refunded_fen` of `total_fen` is refunded, rounded half up; whole on full refund.
pub(crate) fn fee_share(fee_fen: i64, refunded_fen: i64, total_fen: i64) -> i64 {
    if total_fen <= 0 {
        return 0;
    }
    let capped = i128::from(refunded_fen.min(total_fen));
    let doubled = i128::from(fee_fen).saturating_mul(capped).saturating_mul(2);
    let total = i128::from(total_fen);
    i64::try_from(doubled.saturating_add(total) / total.saturating_mul(2)).unwrap_or(fee_fen)
}
