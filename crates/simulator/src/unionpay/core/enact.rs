//! What a request does, and what it is answered (unionpay.md sections 5 and 6).

use tk_formats::unionpay::{Params, amount, braces, time};

use super::books::{Books, State, Trade};
use super::notices::report_fields;
use super::truth::CardChange;
use crate::core::Cap;
use crate::unionpay::keys::TOKEN_REQUESTOR;

/// The fields of an answer without those of the signature.
pub type Answer = Vec<(String, String)>;

/// Days after a payment within which it can be refunded (11 months).
const REFUND_DAYS: i64 = 330;
const DAY_US: i64 = 86_400_000_000;
/// Beijing is ahead of UTC by this much.
const BEIJING_US: i64 = 8 * 3_600_000_000;

/// Which counter a request came to; a request at the wrong one is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Desk {
    Back,
    Query,
    File,
}

/// A refusal: code, text and the inner code of the text.
pub(super) type Refused = (&'static str, &'static str);

const FORMAT: Refused = ("10", "报文格式错误[9100001]");
const DUPLICATE: Refused = ("12", "重复交易[5100012]");
pub(super) const NOT_FOUND: Refused = ("34", "查无此交易[2600000]");
const NOT_SUPPORTED: Refused = ("33", "交易类型不支持[2040004]");
const AMOUNT: Refused = ("36", "交易金额不符[2050001]");
pub(super) const OVER: Refused = ("37", "退货金额超过原交易[2050004]");
const CARD: Refused = ("61", "短信验证码错误[6100010]");
pub(super) const SYSTEM: Refused = ("05", "交易已受理，请稍后查询交易结果[0000005]");

impl Books {
    /// Carries out a request whose signature was verified.
    pub fn enact(
        &mut self,
        desk: Desk,
        request: &Params,
        customer: &[(String, String)],
        now_us: i64,
    ) -> Answer {
        let answer = self.carry_out(desk, request, customer, now_us);
        answered(request, answer)
    }

    /// Carries out a refund although more goes back than was paid.
    pub(super) fn enact_uncapped(&mut self, request: &Params, now_us: i64) -> Answer {
        let answer = self.give_back(request, Cap::Lifted, now_us);
        answered(request, answer)
    }

    fn carry_out(
        &mut self,
        desk: Desk,
        request: &Params,
        customer: &[(String, String)],
        now_us: i64,
    ) -> Result<Answer, Refused> {
        let kind =
            (desk, request.get("txnType").unwrap_or_default(), request.get("txnSubType").unwrap_or_default());
        match kind {
            _ if !access_fits(request) => Err(FORMAT),
            (Desk::Query, "00", "00") => self.query(request),
            (Desk::Back, "01", "01") => self.consume(request, customer, now_us),
            (Desk::Back, "04" | "31", "00") => self.give_back(request, Cap::Enforced, now_us),
            (Desk::Back, "77", "02") => self.send_code(request),
            (Desk::Back, "78", "02") => self.query_opening(request),
            (Desk::Back, "74", "01") => self.unbind(request),
            _ => Err(NOT_SUPPORTED),
        }
    }

    fn query(&self, request: &Params) -> Result<Answer, Refused> {
        let trade = self.trade(&key(request)?).filter(|trade| trade.is_of(request)).ok_or(NOT_FOUND)?;
        let (code, text) = match &trade.state {
            State::Working => SYSTEM,
            State::Done => ("00", "成功[0000000]"),
            State::Failed(code) => (code.as_str(), "交易失败[2000000]"),
        };
        let mut fields = report_fields(trade);
        fields.push(("origTxnType".to_owned(), trade.txn_type.clone()));
        fields.push(("origRespCode".to_owned(), code.to_owned()));
        fields.push(("origRespMsg".to_owned(), text.to_owned()));
        fields.extend(done());
        Ok(fields)
    }

    fn consume(
        &mut self,
        request: &Params,
        customer: &[(String, String)],
        now_us: i64,
    ) -> Result<Answer, Refused> {
        let (key, fen) = (key(request)?, fen(request)?);
        let token = token(request)?;
        if self.trades.contains_key(&key) {
            return Err(DUPLICATE);
        }
        let expires_at_us = request.get_filled("payTimeout").map(time::parse_us).transpose();
        if expires_at_us.map_err(|_| FORMAT)?.is_some_and(|expires_at_us| expires_at_us <= now_us) {
            return Err(("30", "订单已超时[2030001]"));
        }
        let typed = customer.iter().find(|(name, _)| name == "smsCode").map(|(_, value)| value);
        let right = typed.is_some() && typed == self.codes.get(&key.0) && self.tokens.contains(&token);
        let state = if right { State::Done } else { State::Failed(CARD.0.to_owned()) };
        let trade = self.put(request, fen, state, now_us).ok_or(SYSTEM)?;
        self.tell(request, &trade, now_us);
        Ok([vec![("queryId".to_owned(), trade.query_id)], done()].concat())
    }

    fn give_back(&mut self, request: &Params, cap: Cap, now_us: i64) -> Result<Answer, Refused> {
        let (orig, fen) = self.check_give_back(request, cap, now_us)?;
        let trade = self.put(request, fen, State::Done, now_us).ok_or(SYSTEM)?;
        self.tell(request, &trade, now_us);
        let taken = [("origQryId", orig), ("queryId", trade.query_id), ("txnAmt", fen.to_string())];
        Ok(taken.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(done()).collect())
    }

    /// The payment's number and the amount of a refund or undo that may be carried out now.
    pub(super) fn check_give_back(
        &self,
        request: &Params,
        cap: Cap,
        now_us: i64,
    ) -> Result<(String, i64), Refused> {
        let (key, fen) = (key(request)?, fen(request)?);
        if self.trades.contains_key(&key) {
            return Err(DUPLICATE);
        }
        let orig = request.get_filled("origQryId").ok_or(FORMAT)?.to_owned();
        let paid = self.by_query_id(&orig);
        let paid = paid.filter(|trade| trade.txn_type == "01" && trade.is_of(request)).ok_or(NOT_FOUND)?;
        let day = |at_us: i64| at_us.saturating_add(BEIJING_US).div_euclid(DAY_US);
        let age_days = day(now_us) - day(paid.done_at_us);
        let left_fen = paid.amount_fen - paid.given_back_fen;
        if paid.state != State::Done {
            return Err(NOT_FOUND);
        }
        if request.get("txnType") == Some("31") {
            if age_days != 0 || paid.given_back_fen != 0 {
                return Err(NOT_SUPPORTED);
            }
            if fen != paid.amount_fen {
                return Err(AMOUNT);
            }
        } else if age_days > REFUND_DAYS {
            return Err(("30", "超过退货期限[2030002]"));
        }
        if cap == Cap::Enforced && fen > left_fen {
            return Err(OVER);
        }
        Ok((orig, fen))
    }

    /// The token that an order's page gave; an opening is known only once it is done.
    fn query_opening(&self, request: &Params) -> Result<Answer, Refused> {
        let token = self.openings.get(&key(request)?).ok_or(NOT_FOUND)?;
        let told = opened_fields(token).into_iter().chain(done());
        Ok(told.collect())
    }

    fn send_code(&mut self, request: &Params) -> Result<Answer, Refused> {
        let (key, _) = (key(request)?, fen(request)?);
        if !self.tokens.contains(&token(request)?) {
            return Err(NOT_FOUND);
        }
        let code = format!("{:06}", self.next_serial() % 1_000_000);
        self.record(CardChange::CodeSent { order_id: key.0, code });
        Ok(done())
    }

    fn unbind(&mut self, request: &Params) -> Result<Answer, Refused> {
        let token = token(request)?;
        if !self.tokens.contains(&token) {
            return Err(NOT_FOUND);
        }
        self.record(CardChange::TokenEnded { token });
        Ok(done())
    }

    /// What the payer's phone shows, by order.
    pub fn codes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.codes.iter().map(|(order, code)| (order.as_str(), code.as_str()))
    }

    /// What the payer's phone shows for an order.
    pub fn code_of(&self, order_id: &str) -> Option<&str> {
        self.codes.get(order_id).map(String::as_str)
    }

    /// Back trades tell of success and failure (unionpay.md section 7).
    fn tell(&mut self, request: &Params, trade: &Trade, now_us: i64) {
        let mut fields = echoed(request);
        fields.extend(report_fields(trade));
        match &trade.state {
            State::Failed(code) => {
                fields.push(("respCode".to_owned(), code.clone()));
                fields.push(("respMsg".to_owned(), "交易失败[2000000]".to_owned()));
            }
            State::Working | State::Done => fields.extend(done()),
        }
        self.announce(request.get_filled("backUrl"), fields, now_us);
    }
}

/// The whole answer to a request.
pub(super) fn answered(request: &Params, answer: Result<Answer, Refused>) -> Answer {
    let mut fields = echoed(request);
    match answer {
        Ok(more) => fields.extend(more),
        Err((code, text)) => {
            fields.push(("respCode".to_owned(), code.to_owned()));
            fields.push(("respMsg".to_owned(), text.to_owned()));
        }
    }
    fields
}

/// What every answer and notification repeats of its request.
pub(super) fn echoed(request: &Params) -> Answer {
    let names =
        ["version", "encoding", "signMethod", "txnType", "txnSubType", "bizType", "accessType", "merId"];
    let more = ["acqInsCode", "subMerId", "orderId", "txnTime", "reqReserved"];
    let filled = |name: &&str| request.get_filled(name).map(|value| ((*name).to_owned(), value.to_owned()));
    names.iter().chain(&more).filter_map(filled).collect()
}

/// The two fields of a success.
pub(super) fn done() -> Answer {
    vec![("respCode".to_owned(), "00".to_owned()), ("respMsg".to_owned(), "成功[0000000]".to_owned())]
}

/// A merchant names nobody else, an acquirer itself, a platform its sub-merchant whole (unionpay.md section 2).
pub(super) fn access_fits(request: &Params) -> bool {
    let filled = |name: &str| request.get_filled(name).is_some();
    let acquirer = filled("acqInsCode");
    let sub = ["subMerId", "subMerName", "subMerAbbr"].map(filled);
    match request.get_filled("accessType") {
        None | Some("0") => !acquirer && !sub.contains(&true),
        Some("1") => acquirer && !sub.contains(&true),
        Some("2") => !acquirer && !sub.contains(&false),
        Some(_) => false,
    }
}

fn key(request: &Params) -> Result<(String, String), Refused> {
    let text = |name: &str| request.get_filled(name).map(str::to_owned).ok_or(FORMAT);
    let (order_id, txn_time) = (text("orderId")?, text("txnTime")?);
    let fits =
        (8..=40).contains(&order_id.len()) && order_id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if fits && time::parse_us(&txn_time).is_ok() { Ok((order_id, txn_time)) } else { Err(FORMAT) }
}

fn fen(request: &Params) -> Result<i64, Refused> {
    let fen = request.get_filled("txnAmt").and_then(|text| amount::parse_fen(text).ok());
    fen.filter(|fen| *fen > 0).ok_or(FORMAT)
}

/// How an opened card is told of.
pub(super) fn opened_fields(token: &str) -> Answer {
    let data = format!("{{token={token}&trId={TOKEN_REQUESTOR}&tokenType=01}}");
    vec![("accNo".to_owned(), "6216***********0018".to_owned()), ("tokenPayData".to_owned(), data)]
}

/// Whether a request names the merchant's token requestor.
pub(super) fn requestor_fits(request: &Params) -> bool {
    part_of(request, "trId").as_deref() == Some(TOKEN_REQUESTOR)
}

fn token(request: &Params) -> Result<String, Refused> {
    part_of(request, "token").filter(|_| requestor_fits(request)).ok_or(FORMAT)
}

fn part_of(request: &Params, wanted: &str) -> Option<String> {
    let pairs = request.get_filled("tokenPayData").and_then(|text| braces::read(text).ok());
    pairs.into_iter().flatten().find(|(name, _)| name == wanted).map(|(_, value)| value)
}
