//! The settlement file of a day, made from the truth.

use tk_formats::unionpay::settlement::{self, SettlementError, SettlementFile, Signed, TradeRow};
use tk_formats::unionpay::{Params, time};

use super::books::{Books, State, Trade};
use super::enact::{Answer, Refused, answered, done};
use super::seller::Seller;
use crate::core::{Fault, Point, beijing_day};

const NO_FILE: Refused = ("98", "文件不存在[9800001]");

impl Seller {
    /// The settlement file of a day (`YYYYMMDD`) with the bill faults of that day, which are drawn once; nothing where
    /// nothing happened.
    pub fn settlement_file(&mut self, day: &str) -> Result<Option<SettlementFile>, SettlementError> {
        self.draw_bill_faults(day);
        let mut rows = Vec::new();
        for trade in self.books.trades().filter(|trade| is_of(trade, day)) {
            let fault = self.faults.bill_fault(&trade.order_id);
            if fault == Some(Fault::BillOmits) {
                continue;
            }
            let copies = if fault == Some(Fault::BillDoubles) { 2 } else { 1 };
            for _ in 0..copies {
                rows.push(row(&self.books, trade, &self.mer_id)?);
            }
            if fault == Some(Fault::BillAdds) {
                rows.push(row(&self.books, &stranger(trade), &self.mer_id)?);
            }
        }
        if rows.is_empty() {
            return Ok(None);
        }
        Ok(Some(SettlementFile {
            mer_id: self.mer_id.clone(),
            day: day.get(2..).unwrap_or_default().to_owned(),
            trades: rows,
            errors: Vec::new(),
            summary: None,
        }))
    }

    /// Answers the file host: a file packed into the reply, or that there is none.
    pub(super) fn file(&mut self, now_us: i64, request: &Params) -> Answer {
        let answer = self.packed(now_us, request.get_filled("settleDate").unwrap_or_default());
        answered(request, answer.ok_or(NO_FILE))
    }

    fn packed(&mut self, now_us: i64, settle_date: &str) -> Option<Answer> {
        let today = time::format_us(now_us).ok()?;
        let year: i32 = today.get(..4)?.parse().ok()?;
        // A day that has not come this year was in the last one; today's file is made tomorrow.
        let year = if settle_date > today.get(4..8)? { year - 1 } else { year };
        let day = format!("{year:04}{settle_date}");
        if settle_date.len() != 4 || today.starts_with(&day) {
            return None;
        }
        let file = self.settlement_file(&day).ok()??;
        let content = settlement::file_content(&file, now_us).ok()?;
        let name = format!("{}_{settle_date}_00.zip", self.mer_id);
        let told = [("fileName".to_owned(), name), ("fileContent".to_owned(), content)];
        Some(done().into_iter().chain(told).collect())
    }

    fn draw_bill_faults(&mut self, day: &str) {
        let of_day: Vec<(i64, String)> = self
            .books
            .trades()
            .filter(|trade| trade.txn_type == "01" && is_of(trade, day))
            .map(|trade| (beijing_day(trade.done_at_us), trade.order_id.clone()))
            .collect();
        let Some((number, _)) = of_day.first() else { return };
        if !self.faults.starts_bill(*number) {
            return;
        }
        for (_, order_id) in of_day {
            if let Some(fault) = self.faults.draw(Point::Bill, &order_id) {
                self.faults.count(fault);
                self.faults.keep_bill_fault(&order_id, fault);
            }
        }
    }
}

fn is_of(trade: &Trade, day: &str) -> bool {
    let moment = time::format_us(trade.done_at_us).unwrap_or_default();
    trade.state == State::Done && moment.starts_with(day)
}

/// A payment that nobody made.
fn stranger(trade: &Trade) -> Trade {
    Trade {
        order_id: format!("X{}", trade.order_id.get(1..).unwrap_or_default()),
        query_id: format!("{}9", trade.query_id.get(..20).unwrap_or(&trade.query_id)),
        ..trade.clone()
    }
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
