//! The settlement file of a day, made from the truth.

use tk_formats::unionpay::settlement::{SettlementError, SettlementFile, Signed, TradeRow};
use tk_formats::unionpay::time;

use super::books::{Books, State, Trade};

/// The settlement file of a merchant's day (`YYYYMMDD`); nothing where nothing happened.
pub fn settlement_file(
    books: &Books,
    mer_id: &str,
    day: &str,
) -> Result<Option<SettlementFile>, SettlementError> {
    let of_day = |trade: &&Trade| {
        let moment = time::format_us(trade.done_at_us).unwrap_or_default();
        trade.state == State::Done && moment.starts_with(day)
    };
    let trades: Vec<&Trade> = books.trades.values().filter(of_day).collect();
    if trades.is_empty() {
        return Ok(None);
    }
    let rows = trades.iter().map(|trade| row(books, trade, mer_id)).collect::<Result<Vec<_>, _>>()?;
    Ok(Some(SettlementFile {
        mer_id: mer_id.to_owned(),
        day: day.get(2..).unwrap_or_default().to_owned(),
        trades: rows,
        errors: Vec::new(),
        summary: None,
    }))
}

fn row(books: &Books, trade: &Trade, mer_id: &str) -> Result<TradeRow, SettlementError> {
    let moment = time::format_us(trade.done_at_us).unwrap_or_default();
    let fee = trade.fee_fen;
    let net = trade.amount_fen - fee;
    let (fee, settle) = match trade.txn_type.as_str() {
        "01" => (Signed::Debit(fee), Signed::Credit(net)),
        _ => (Signed::Credit(fee), Signed::Debit(net)),
    };
    let orig = trade.orig_query_id.as_deref().and_then(|number| books.by_query_id(number));
    let texts = [
        ("txn_code", "S56"),
        ("acq_ins", "88022900"),
        ("fwd_ins", "00010000"),
        ("trace_no", trade.trace_no.as_str()),
        ("txn_time", moment.get(4..).unwrap_or_default()),
        ("acc_no", "621626******0018"),
        ("mcc", "4816"),
        ("term_type", "07"),
        ("query_id", &trade.query_id),
        ("pay_way_old", "01"),
        ("order_id", &trade.order_id),
        ("card_type", "01"),
        ("pay_type", "0001"),
        ("txn_type", &trade.txn_type),
        ("txn_sub_type", &trade.txn_sub_type),
        ("biz_type", &trade.biz_type),
        ("orig_query_id", trade.orig_query_id.as_deref().unwrap_or_default()),
        ("mer_id", mer_id),
        ("sub_mer_id", "000000000000000"),
        ("term_id", "01080209"),
        ("medium", "7"),
        ("orig_order_id", orig.map_or("", |orig| orig.order_id.as_str())),
    ];
    TradeRow::new(&texts, trade.amount_fen, fee, settle)
}
