//! Shares of a payment: receivers added, money divided, released and given back, and what WeChat Pay says of it
//! (添加分账接收方, 删除分账接收方, 请求分账, 解冻剩余资金, 请求分账回退, 查询分账结果, 查询分账回退结果, 查询剩余待分金额).

mod told;

use super::call::{CallError, Wire, fen, get, post};
use super::parties::Parties;
use serde_json::{Map, Value, json};
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::payment::Attempt;
use tk_domain::split::{ReceiverKind, Relation, Split, SplitLine, SplitReceiver, SplitReturn};

pub use told::{asked_next, receiver, returned, split};

const ORDERS: &str = "/v3/profitsharing/orders";
const TRANSACTIONS: &str = "/v3/profitsharing/transactions";
const RETURNS: &str = "/v3/profitsharing/return-orders";
/// Words of ours that WeChat shows; a merchant's own may hold what it refuses (分账失败处理指引, `INVALID_REQUEST`).
const DIVIDED: &str = "分账";
const RELEASED: &str = "解冻剩余资金";
const GIVEN_BACK: &str = "退款回退";
/// Which relation a receiver has to the merchant, where nobody named it: no word of the channel's is true of all of them.
const CUSTOM: &str = "CUSTOM";
const RELATION: &str = "分账接收方";

/// One call about shares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// `POST /v3/profitsharing/receivers/add`.
    Add {
        /// Who is to be added.
        account: Account,
        /// Its name, sealed before it travels.
        name: Option<String>,
        /// `relation_type`.
        relation: &'static str,
        /// `custom_relation`, for `CUSTOM`.
        custom_relation: Option<String>,
    },
    /// `POST /v3/profitsharing/receivers/delete`.
    Remove {
        /// Who is to be removed.
        account: Account,
    },
    /// `POST /v3/profitsharing/orders`.
    Divide {
        /// WeChat's number of the payment.
        transaction_id: String,
        /// The split's number.
        out_order_no: String,
        /// Who gets how many fen.
        shares: Vec<(Account, i64)>,
        /// Whether what is not divided is then the merchant's.
        release: bool,
    },
    /// `POST /v3/profitsharing/orders/unfreeze`.
    Release {
        /// WeChat's number of the payment.
        transaction_id: String,
        /// The split's number.
        out_order_no: String,
    },
    /// `GET /v3/profitsharing/orders/{}`.
    DivisionQuery {
        /// WeChat's number of the payment.
        transaction_id: String,
        /// The split's number.
        out_order_no: String,
    },
    /// `GET /v3/profitsharing/transactions/{}/amounts`.
    UndividedQuery {
        /// WeChat's number of the payment.
        transaction_id: String,
    },
    /// `POST /v3/profitsharing/return-orders`.
    Return {
        /// The split's number.
        out_order_no: String,
        /// The return's number.
        out_return_no: String,
        /// The merchant that gives back.
        mchid: String,
        /// Fen.
        amount_fen: i64,
    },
    /// `GET /v3/profitsharing/return-orders/{}`.
    ReturnQuery {
        /// The split's number.
        out_order_no: String,
        /// The return's number.
        out_return_no: String,
    },
}

/// By what WeChat Pay knows a receiver of shares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// `MERCHANT_ID` or `PERSONAL_OPENID`.
    pub kind: &'static str,
    /// The account.
    pub account: String,
}

/// The call that has a receiver added or removed.
pub fn for_receiver(kind: Kind, receiver: &SplitReceiver, name: Option<&str>) -> Result<Call, CallError> {
    let account = account_of(receiver)?;
    match kind {
        Kind::ReceiverBind => {
            let words = || receiver.custom_relation.clone().unwrap_or_else(|| RELATION.to_owned());
            let relation = relation_type(receiver.relation.unwrap_or(Relation::Custom));
            let custom_relation = (relation == CUSTOM).then(words);
            Ok(Call::Add { account, name: name.map(str::to_owned), relation, custom_relation })
        }
        Kind::ReceiverUnbind => Ok(Call::Remove { account }),
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
    let transaction_id = attempt.channel_txn_no.clone().ok_or(CallError::Payload)?;
    let out_order_no = split.out_no.clone();
    match kind {
        // Fewer than the split has would be another split under its number.
        Kind::Split if i64::try_from(shares.len()) != Ok(split.lines_count) => Err(CallError::Payload),
        Kind::Split if shares.is_empty() => Ok(Call::Release { transaction_id, out_order_no }),
        Kind::Split => {
            let mut given = Vec::with_capacity(shares.len());
            for (line, receiver) in shares {
                given.push((account_of(receiver)?, fen(line.amount_minor, line.currency)?));
            }
            Ok(Call::Divide { transaction_id, out_order_no, shares: given, release: split.last })
        }
        Kind::SplitQuery => Ok(Call::DivisionQuery { transaction_id, out_order_no }),
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

/// The call that carries out an instruction about a share on its way back.
pub fn for_return(
    kind: Kind,
    back: &SplitReturn,
    (split, receiver): (&Split, &SplitReceiver),
) -> Result<Call, CallError> {
    let (out_order_no, out_return_no) = (split.out_no.clone(), back.out_no.clone());
    match kind {
        Kind::SplitReturn => Ok(Call::Return {
            out_order_no,
            out_return_no,
            mchid: receiver.account.clone(),
            amount_fen: fen(back.amount_minor, back.currency)?,
        }),
        Kind::SplitReturnQuery => Ok(Call::ReturnQuery { out_order_no, out_return_no }),
        Kind::Pay
        | Kind::Query
        | Kind::Close
        | Kind::Cancel
        | Kind::Refund
        | Kind::RefundQuery
        | Kind::RefundAwait
        | Kind::ReceiverBind
        | Kind::ReceiverUnbind
        | Kind::Split
        | Kind::SplitQuery => Err(CallError::KindForeign(kind)),
    }
}

fn account_of(receiver: &SplitReceiver) -> Result<Account, CallError> {
    let kind = match receiver.kind {
        ReceiverKind::MerchantNo => "MERCHANT_ID",
        ReceiverKind::OpenId => "PERSONAL_OPENID",
        ReceiverKind::UserId | ReceiverKind::LoginName => return Err(CallError::Payload),
    };
    Ok(Account { kind, account: receiver.account.clone() })
}

/// WeChat's word for a relation (添加分账接收方, `relation_type`).
const fn relation_type(relation: Relation) -> &'static str {
    match relation {
        Relation::Store => "STORE",
        Relation::Staff => "STAFF",
        Relation::StoreOwner => "STORE_OWNER",
        Relation::Partner => "PARTNER",
        Relation::Headquarter => "HEADQUARTER",
        Relation::Brand => "BRAND",
        Relation::Distributor => "DISTRIBUTOR",
        Relation::User => "USER",
        Relation::Supplier => "SUPPLIER",
        Relation::Custom => CUSTOM,
    }
}

impl Call {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Add { .. } => "receivers_add",
            Self::Remove { .. } => "receivers_delete",
            Self::Divide { .. } => "profitsharing",
            Self::Release { .. } => "unfreeze",
            Self::DivisionQuery { .. } => "profitsharing_query",
            Self::UndividedQuery { .. } => "profitsharing_amounts",
            Self::Return { .. } => "return",
            Self::ReturnQuery { .. } => "return_query",
        }
    }

    pub(super) fn wire(&self, parties: &Parties<'_>) -> Wire {
        match self {
            Self::Add { account, name, relation, custom_relation } => {
                let mut body = account.named(parties.sharing());
                if let Some(name) = name {
                    body["name"] = json!(name);
                }
                body["relation_type"] = json!(relation);
                if let Some(words) = custom_relation {
                    body["custom_relation"] = json!(words);
                }
                post("/v3/profitsharing/receivers/add".to_owned(), &body)
            }
            Self::Remove { account } => {
                post("/v3/profitsharing/receivers/delete".to_owned(), &account.named(parties.sharing()))
            }
            Self::Divide { transaction_id, out_order_no, shares, release } => {
                let share = |(account, amount_fen): &(Account, i64)| {
                    let mut share = account.named(Map::new());
                    share["amount"] = json!(amount_fen);
                    share["description"] = json!(DIVIDED);
                    share
                };
                let mut body = numbered(parties.sharing(), transaction_id, out_order_no);
                body["receivers"] = shares.iter().map(share).collect();
                body["unfreeze_unsplit"] = json!(release);
                post(ORDERS.to_owned(), &body)
            }
            Self::Release { transaction_id, out_order_no } => {
                let mut body = numbered(parties.for_sub(), transaction_id, out_order_no);
                body["description"] = json!(RELEASED);
                post(format!("{ORDERS}/unfreeze"), &body)
            }
            Self::DivisionQuery { transaction_id, out_order_no } => {
                let sub = parties.sub('&');
                get(format!("{ORDERS}/{out_order_no}?transaction_id={transaction_id}{sub}"))
            }
            Self::UndividedQuery { transaction_id } => {
                get(format!("{TRANSACTIONS}/{transaction_id}/amounts{}", parties.sub('?')))
            }
            Self::Return { out_order_no, out_return_no, mchid, amount_fen } => {
                let mut body = Value::Object(parties.for_sub());
                body["out_order_no"] = json!(out_order_no);
                body["out_return_no"] = json!(out_return_no);
                body["return_mchid"] = json!(mchid);
                body["amount"] = json!(amount_fen);
                body["description"] = json!(GIVEN_BACK);
                post(RETURNS.to_owned(), &body)
            }
            Self::ReturnQuery { out_order_no, out_return_no } => {
                let sub = parties.sub('&');
                get(format!("{RETURNS}/{out_return_no}?out_order_no={out_order_no}{sub}"))
            }
        }
    }
}

impl Account {
    fn named(&self, mut fields: Map<String, Value>) -> Value {
        fields.insert("type".to_owned(), self.kind.into());
        fields.insert("account".to_owned(), self.account.as_str().into());
        Value::Object(fields)
    }
}

fn numbered(fields: Map<String, Value>, transaction_id: &str, out_order_no: &str) -> Value {
    let mut body = Value::Object(fields);
    body["transaction_id"] = json!(transaction_id);
    body["out_order_no"] = json!(out_order_no);
    body
}
