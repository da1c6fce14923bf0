//! Profit sharing (分账): a divided order with what became of each receiver's share, and a share on its way back.

use serde_json::{Map, Value};

use super::order::{FieldWrong, by_word, number, optional, optional_fen, required, word_of};

/// The most receivers of one answer: the fifty that a request may name, and the merchant with what is released to him.
const RECEIVERS_MAX: usize = 51;

/// A division of an order as answers carry it (请求分账, 解冻剩余资金, 查询分账结果).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Division {
    /// WeChat's number of the payment.
    pub transaction_id: String,
    /// Our number of the division.
    pub out_order_no: String,
    /// WeChat's number of the division.
    pub order_id: String,
    /// How far it is as a whole.
    pub state: DivisionState,
    /// Each receiver, the merchant with what is released to him included.
    pub receivers: Vec<Receiver>,
}

/// One receiver of a division.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    /// `type`, such as `MERCHANT_ID`.
    pub kind: String,
    /// Its account.
    pub account: String,
    /// Its share, fen.
    pub amount_fen: i64,
    /// What became of it.
    pub result: ShareState,
    /// Why it was not paid.
    pub fail_reason: Option<String>,
}

/// `state` of a division.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DivisionState {
    /// `PROCESSING`
    Processing,
    /// `FINISHED`
    Finished,
}

/// `result` of a receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShareState {
    /// `PENDING`
    Pending,
    /// `SUCCESS`
    Success,
    /// `CLOSED`: it was not paid and will not be.
    Closed,
}

/// A share on its way back (请求分账回退, 查询分账回退结果).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareReturn {
    /// Our number of the division.
    pub out_order_no: String,
    /// Our number of the return.
    pub out_return_no: String,
    /// The merchant that gives back.
    pub return_mchid: String,
    /// Fen.
    pub amount_fen: i64,
    /// What became of it.
    pub result: ReturnState,
    /// Why it did not come back.
    pub fail_reason: Option<String>,
}

/// `result` of a return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReturnState {
    /// `PROCESSING`
    Processing,
    /// `SUCCESS`
    Success,
    /// `FAILED`
    Failed,
}

/// What of an order is not divided yet (查询剩余待分金额).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undivided {
    /// WeChat's number of the payment.
    pub transaction_id: String,
    /// Fen.
    pub unsplit_fen: i64,
}

impl DivisionState {
    /// Every state with its word.
    pub const WORDS: [(Self, &'static str); 2] =
        [(Self::Processing, "PROCESSING"), (Self::Finished, "FINISHED")];

    /// The word on the wire.
    pub fn word(self) -> &'static str {
        word_of(&Self::WORDS, &self)
    }
}

impl ShareState {
    /// Every state with its word.
    pub const WORDS: [(Self, &'static str); 3] =
        [(Self::Pending, "PENDING"), (Self::Success, "SUCCESS"), (Self::Closed, "CLOSED")];

    /// The word on the wire.
    pub fn word(self) -> &'static str {
        word_of(&Self::WORDS, &self)
    }
}

impl ReturnState {
    /// Every state with its word.
    pub const WORDS: [(Self, &'static str); 3] =
        [(Self::Processing, "PROCESSING"), (Self::Success, "SUCCESS"), (Self::Failed, "FAILED")];

    /// The word on the wire.
    pub fn word(self) -> &'static str {
        word_of(&Self::WORDS, &self)
    }
}

/// Reads a division, of a reply to a request, to a release or to a question.
pub fn parse_division(fields: &Map<String, Value>) -> Result<Division, FieldWrong> {
    let state = by_word(&DivisionState::WORDS, required(fields, "state")?).ok_or(FieldWrong("state"))?;
    let receivers = match fields.get("receivers") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) if list.len() <= RECEIVERS_MAX => {
            list.iter().map(receiver).collect::<Result<_, _>>()?
        }
        Some(Value::Array(_) | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            return Err(FieldWrong("receivers"));
        }
    };
    Ok(Division {
        transaction_id: number(fields, "transaction_id")?,
        out_order_no: number(fields, "out_order_no")?,
        order_id: number(fields, "order_id")?,
        state,
        receivers,
    })
}

fn receiver(value: &Value) -> Result<Receiver, FieldWrong> {
    let Value::Object(fields) = value else { return Err(FieldWrong("receivers")) };
    Ok(Receiver {
        kind: number(fields, "type")?,
        account: number(fields, "account")?,
        amount_fen: optional_fen(fields, "amount")?.ok_or(FieldWrong("amount"))?,
        result: by_word(&ShareState::WORDS, required(fields, "result")?).ok_or(FieldWrong("result"))?,
        fail_reason: optional(fields, "fail_reason")?,
    })
}

/// Reads a return, of a reply to a request or to a question.
pub fn parse_return(fields: &Map<String, Value>) -> Result<ShareReturn, FieldWrong> {
    Ok(ShareReturn {
        out_order_no: number(fields, "out_order_no")?,
        out_return_no: number(fields, "out_return_no")?,
        return_mchid: number(fields, "return_mchid")?,
        amount_fen: optional_fen(fields, "amount")?.ok_or(FieldWrong("amount"))?,
        result: by_word(&ReturnState::WORDS, required(fields, "result")?).ok_or(FieldWrong("result"))?,
        fail_reason: optional(fields, "fail_reason")?,
    })
}

/// Reads what of an order is not divided.
pub fn parse_undivided(fields: &Map<String, Value>) -> Result<Undivided, FieldWrong> {
    Ok(Undivided {
        transaction_id: number(fields, "transaction_id")?,
        unsplit_fen: optional_fen(fields, "unsplit_amount")?.ok_or(FieldWrong("unsplit_amount"))?,
    })
}

/// What a notice of a divided payment names (分账动账通知): our number of the division and who got what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Whose payment was divided.
    pub mchid: Option<String>,
    /// The same at a service provider.
    pub sub_mchid: Option<String>,
    /// Our number of the division.
    pub out_order_no: String,
}

/// Reads the resource of a notice of a divided payment.
pub fn parse_moved(fields: &Map<String, Value>) -> Result<Moved, FieldWrong> {
    Ok(Moved {
        mchid: optional(fields, "mchid")?.or(optional(fields, "sp_mchid")?),
        sub_mchid: optional(fields, "sub_mchid")?,
        out_order_no: number(fields, "out_order_no")?,
    })
}
