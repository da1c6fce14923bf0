//! Shares of a payment: receivers bound to the contract, money divided among them, and what Alipay says of both
//! (`alipay.trade.royalty.relation.bind` and `unbind`, `alipay.trade.order.settle`, `alipay.trade.order.settle.query`,
//! `alipay.trade.order.onsettle.query`).

use super::Heard;
use super::call::{CallError, fen};
use super::report::{Fields, OK, code_and_message, verdict};
use crate::capabilities::Verdict;
use serde_json::{Value, json};
use tk_domain::id::TypedId;
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::payment::Attempt;
use tk_domain::refund::Refund;
use tk_domain::split::{
    ReceiverFinding, ReceiverKind, ShareResult, ShareTold, Split, SplitFinding, SplitLine, SplitReceiver,
    SplitReturn,
};
use tk_formats::alipay::amount;

/// One call about shares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// `alipay.trade.royalty.relation.bind`.
    Bind {
        /// The receiver's number.
        out_request_no: String,
        /// Who is to be bound.
        account: Account,
        /// The receiver's name, where one is known.
        name: Option<String>,
    },
    /// `alipay.trade.royalty.relation.unbind`.
    Unbind {
        /// The receiver's number.
        out_request_no: String,
        /// Who is to be unbound.
        account: Account,
    },
    /// `alipay.trade.order.settle`: pays shares out of a payment.
    Settle {
        /// Alipay's number of the payment.
        trade_no: String,
        /// The split's number.
        out_request_no: String,
        /// Who gets what.
        shares: Vec<Royalty>,
        /// Whether what is not divided is then the merchant's.
        finish: bool,
    },
    /// `alipay.trade.order.settle.query`.
    SettleQuery {
        /// Alipay's number of the payment.
        trade_no: String,
        /// The split's number.
        out_request_no: String,
    },
    /// `alipay.trade.order.onsettle.query`.
    UndividedQuery {
        /// Alipay's number of the payment.
        trade_no: String,
    },
}

/// By what Alipay knows a receiver of shares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// `userId` or `loginName`.
    pub kind: &'static str,
    /// The account.
    pub account: String,
}

/// One share, or what comes back of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Royalty {
    /// Who gives it; the seller, where nobody is named.
    pub from: Option<Account>,
    /// Who gets it.
    pub to: Account,
    /// Fen.
    pub amount_fen: i64,
}

/// The call that has a receiver bound or unbound.
pub fn for_receiver(kind: Kind, receiver: &SplitReceiver, name: Option<&str>) -> Result<Call, CallError> {
    let out_request_no = receiver.id.id128().base32().to_uppercase();
    let account = account_of(receiver)?;
    match kind {
        Kind::ReceiverBind => Ok(Call::Bind { out_request_no, account, name: name.map(str::to_owned) }),
        Kind::ReceiverUnbind => Ok(Call::Unbind { out_request_no, account }),
        Kind::Pay
        | Kind::Query
        | Kind::Close
        | Kind::Cancel
        | Kind::Refund
        | Kind::RefundQuery
        | Kind::RefundAwait
        | Kind::Split
        | Kind::SplitQuery
        | Kind::SplitReturn
        | Kind::SplitReturnQuery => Err(CallError::KindForeign(kind)),
    }
}

/// The call that carries out an instruction about a split of an attempt.
pub fn for_split(
    kind: Kind,
    split: &Split,
    attempt: &Attempt,
    shares: &[(SplitLine, SplitReceiver)],
) -> Result<Call, CallError> {
    let trade_no = attempt.channel_txn_no.clone().ok_or(CallError::Payload)?;
    let out_request_no = split.out_no.clone();
    match kind {
        Kind::Split => {
            // Fewer than the split has would be another split under its number.
            if i64::try_from(shares.len()) != Ok(split.lines_count) {
                return Err(CallError::Payload);
            }
            let mut given = Vec::with_capacity(shares.len());
            for (line, receiver) in shares {
                let amount_fen = fen(line.amount_minor, line.currency)?;
                given.push(Royalty { from: None, to: account_of(receiver)?, amount_fen });
            }
            Ok(Call::Settle { trade_no, out_request_no, shares: given, finish: split.last })
        }
        Kind::SplitQuery => Ok(Call::SettleQuery { trade_no, out_request_no }),
        Kind::Pay
        | Kind::Query
        | Kind::Close
        | Kind::Cancel
        | Kind::Refund
        | Kind::RefundQuery
        | Kind::RefundAwait
        | Kind::ReceiverBind
        | Kind::ReceiverUnbind
        | Kind::SplitReturn
        | Kind::SplitReturnQuery => Err(CallError::KindForeign(kind)),
    }
}

/// The question about a share that comes back with a refund which is done. Alipay's pages say of the list inside the refund
/// query that one of its products returns it, and of the query of splits that it tells what came back: both are asked, in turn.
pub fn for_return(
    kind: Kind,
    back: &SplitReturn,
    (refund, attempt): (&Refund, &Attempt),
) -> Result<super::call::Call, CallError> {
    if kind != Kind::SplitReturnQuery {
        return Err(CallError::KindForeign(kind));
    }
    if back.queries_count.rem_euclid(2) == 0 {
        return super::call::for_refund(Kind::RefundQuery, refund, attempt, &[], "");
    }
    let trade_no = attempt.channel_txn_no.clone().ok_or(CallError::Payload)?;
    Ok(super::call::Call::Shares(Call::SettleQuery { trade_no, out_request_no: refund.out_no.clone() }))
}

impl Call {
    pub(super) const fn method(&self) -> &'static str {
        match self {
            Self::Bind { .. } => "alipay.trade.royalty.relation.bind",
            Self::Unbind { .. } => "alipay.trade.royalty.relation.unbind",
            Self::Settle { .. } => "alipay.trade.order.settle",
            Self::SettleQuery { .. } => "alipay.trade.order.settle.query",
            Self::UndividedQuery { .. } => "alipay.trade.order.onsettle.query",
        }
    }

    pub(super) fn content(&self) -> Value {
        match self {
            Self::Bind { out_request_no, account, name } => {
                let mut receiver = json!({ "type": account.kind, "account": account.account });
                if let Some(name) = name {
                    receiver["name"] = Value::from(name.as_str());
                }
                json!({ "out_request_no": out_request_no, "receiver_list": [receiver] })
            }
            Self::Unbind { out_request_no, account } => {
                let receiver = json!({ "type": account.kind, "account": account.account });
                json!({ "out_request_no": out_request_no, "receiver_list": [receiver] })
            }
            Self::Settle { trade_no, out_request_no, shares, finish } => {
                let mut content = json!({
                    "out_request_no": out_request_no,
                    "trade_no": trade_no,
                    "royalty_mode": "async",
                });
                if !shares.is_empty() {
                    content["royalty_parameters"] = shares.iter().map(Royalty::content).collect();
                }
                if *finish {
                    content["extend_params"] = json!({ "royalty_finish": "true" });
                }
                content
            }
            Self::SettleQuery { trade_no, out_request_no } => {
                json!({ "out_request_no": out_request_no, "trade_no": trade_no })
            }
            Self::UndividedQuery { trade_no } => json!({ "trade_no": trade_no }),
        }
    }
}

impl Royalty {
    /// As `royalty_parameters` and `refund_royalty_parameters` carry it.
    pub(super) fn content(&self) -> Value {
        let mut content = json!({
            "royalty_type": "transfer",
            "trans_in_type": self.to.kind,
            "trans_in": self.to.account,
            "amount": amount::format_fen(self.amount_fen),
        });
        if let Some(from) = &self.from {
            content["trans_out_type"] = Value::from(from.kind);
            content["trans_out"] = Value::from(from.account.as_str());
        }
        content
    }
}

fn account_of(receiver: &SplitReceiver) -> Result<Account, CallError> {
    let kind = match receiver.kind {
        ReceiverKind::UserId => "userId",
        ReceiverKind::LoginName => "loginName",
        ReceiverKind::MerchantNo | ReceiverKind::OpenId => return Err(CallError::Payload),
    };
    Ok(Account { kind, account: receiver.account.clone() })
}

/// What a refund takes back: out of each receiver's account, into the seller's (`refund_royalty_parameters`).
pub(super) fn returned(
    shares: &[(SplitReturn, SplitReceiver)],
    seller_id: &str,
) -> Result<Vec<Royalty>, CallError> {
    let seller = || Account { kind: "userId", account: seller_id.to_owned() };
    let back = |(back, receiver): &(SplitReturn, SplitReceiver)| {
        let amount_fen = fen(back.amount_minor, back.currency)?;
        Ok(Royalty { from: Some(account_of(receiver)?), to: seller(), amount_fen })
    };
    shares.iter().map(back).collect()
}

/// What a conversation about binding or unbinding a receiver proves.
pub fn receiver(kind: Kind, heard: &Heard) -> ReceiverFinding {
    let Heard::Answered(answer) = heard else { return ReceiverFinding::Unclear };
    if answer.code == OK && Fields(answer).text("result_code") == Some("SUCCESS") {
        return if kind == Kind::ReceiverUnbind { ReceiverFinding::Unbound } else { ReceiverFinding::Bound };
    }
    if answer.code == OK && Fields(answer).text("result_code") == Some("FAIL") {
        return ReceiverFinding::Refused { code: "FAIL".to_owned(), message: String::new() };
    }
    let (code, message) = code_and_message(answer);
    match verdict(kind, answer) {
        Verdict::Failed if answer.code != OK => ReceiverFinding::Refused { code, message },
        Verdict::Failed
        | Verdict::NotYet
        | Verdict::NotFound
        | Verdict::CloseRefused
        | Verdict::Waiting
        | Verdict::Unclear(_) => ReceiverFinding::Unclear,
    }
}

/// What is asked next in the same conversation: of a split that was given up and that Alipay does not know, how much of its
/// order is not divided.
pub fn asked_next(kind: Kind, (split, attempt): (&Split, &Attempt), heard: &Heard) -> Option<Call> {
    let Heard::Answered(answer) = heard else { return None };
    let unknown = kind == Kind::SplitQuery && answer.code != OK && verdict(kind, answer) == Verdict::NotFound;
    let trade_no = attempt.channel_txn_no.clone().filter(|_| unknown && split.given_up())?;
    Some(Call::UndividedQuery { trade_no })
}

/// What a conversation about a split proves; `shares` are the split's with their receivers.
pub fn split(
    kind: Kind,
    (split, attempt): (&Split, &Attempt),
    shares: &[(SplitLine, SplitReceiver)],
    heard: &Heard,
) -> SplitFinding {
    let answer = match heard {
        Heard::Answered(answer) => answer,
        Heard::NotSent(_) => return SplitFinding::NotSent,
        Heard::Link(_)
        | Heard::UnsignedError { .. }
        | Heard::Unreadable(_)
        | Heard::HttpStatus(_)
        | Heard::Timeout
        | Heard::Connection => return SplitFinding::Unclear,
    };
    let fields = Fields(answer);
    if answer.code != OK {
        let (code, message) = code_and_message(answer);
        return match verdict(kind, answer) {
            Verdict::Failed => SplitFinding::Failed { code, message },
            Verdict::NotYet => SplitFinding::NotYet { code, message },
            Verdict::NotFound => SplitFinding::NotFound,
            Verdict::CloseRefused | Verdict::Waiting | Verdict::Unclear(_) => SplitFinding::Unclear,
        };
    }
    match kind {
        Kind::Split if fields.text("trade_no") == attempt.channel_txn_no.as_deref() => SplitFinding::Accepted,
        Kind::SplitQuery if split.given_up() && fields.text("unsettled_amount").is_some() => {
            let amount = fields.text("unsettled_amount").and_then(|text| amount::parse_fen(text).ok());
            amount.map_or(SplitFinding::Unclear, |amount_minor| SplitFinding::Undivided { amount_minor })
        }
        Kind::SplitQuery => split_queried(shares, fields),
        Kind::Split
        | Kind::Pay
        | Kind::Query
        | Kind::Close
        | Kind::Cancel
        | Kind::Refund
        | Kind::RefundQuery
        | Kind::RefundAwait
        | Kind::ReceiverBind
        | Kind::ReceiverUnbind
        | Kind::SplitReturn
        | Kind::SplitReturnQuery => SplitFinding::Unclear,
    }
}

/// A yuan amount inside a list, which the documents show as a number as well as a text.
pub(super) fn fen_of(entry: &Value, name: &str) -> Option<i64> {
    let value = entry.get(name)?;
    let text = value.as_str().map(str::to_owned).or_else(|| value.is_number().then(|| value.to_string()))?;
    amount::parse_fen(&text).ok()
}

/// Every share must be found by its receiver and amount, or nothing is read of any.
fn split_queried(shares: &[(SplitLine, SplitReceiver)], fields: Fields<'_>) -> SplitFinding {
    let listed = fields.0.node.get("royalty_detail_list").and_then(serde_json::Value::as_array);
    let Some(listed) = listed else { return SplitFinding::Unclear };
    let mut told = Vec::with_capacity(shares.len());
    for (line, receiver) in shares {
        let text = |entry: &serde_json::Value, name: &str| {
            entry.get(name).and_then(serde_json::Value::as_str).map(str::to_owned)
        };
        let of_receiver = |entry: &&serde_json::Value| {
            text(entry, "operation_type").as_deref() == Some("transfer")
                && text(entry, "trans_in").as_deref() == Some(receiver.account.as_str())
        };
        let Some(entry) = listed.iter().find(of_receiver) else { return SplitFinding::Unclear };
        let amount_minor = fen_of(entry, "amount");
        let result = match text(entry, "state").as_deref() {
            Some("SUCCESS") => ShareResult::Paid,
            Some("FAIL") => ShareResult::Failed { code: text(entry, "error_code").unwrap_or_default() },
            Some("PROCESSING") => ShareResult::Pending,
            Some(_) | None => return SplitFinding::Unclear,
        };
        let Some(amount_minor) = amount_minor else { return SplitFinding::Unclear };
        told.push(ShareTold { line_id: line.id, amount_minor, result });
    }
    SplitFinding::Shares(told)
}
