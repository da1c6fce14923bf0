//! The fields of a verified reply or notification (unionpay.md §5).

use super::{amount, time};
use crate::form::Params;

/// A verified message; amounts in fen, times in UTC microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// `respCode`: whether the request itself was taken.
    pub resp_code: String,
    /// `respMsg`.
    pub resp_msg: String,
    /// `merId`.
    pub mer_id: Option<String>,
    /// `subMerId`: the sub-merchant of a platform.
    pub sub_mer_id: Option<String>,
    /// `txnType`.
    pub txn_type: Option<String>,
    /// `txnSubType`.
    pub txn_sub_type: Option<String>,
    /// `orderId`: our number.
    pub order_id: Option<String>,
    /// `txnTime`: our time, part of the order's key.
    pub txn_time_us: Option<i64>,
    /// `txnAmt`.
    pub txn_amt_fen: Option<i64>,
    /// `currencyCode`.
    pub currency_code: Option<String>,
    /// `queryId`: UnionPay's number of the trade.
    pub query_id: Option<String>,
    /// `origQryId`: UnionPay's number of the trade that is undone or refunded.
    pub orig_qry_id: Option<String>,
    /// `origRespCode`: in a query's answer, the outcome of the trade asked about.
    pub orig_resp_code: Option<String>,
    /// `origRespMsg`.
    pub orig_resp_msg: Option<String>,
    /// `settleDate`, `MMDD`.
    pub settle_date: Option<String>,
    /// `accNo`, masked.
    pub acc_no: Option<String>,
    /// `reqReserved`: text that we sent along.
    pub req_reserved: Option<String>,
    /// Every field as it came, signature included.
    pub params: Params,
}

/// A field is missing or cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// It is absent or empty.
    #[error("field {0} is missing")]
    Missing(&'static str),
    /// Its value is not allowed.
    #[error("field {0} is invalid")]
    Invalid(&'static str),
}

impl Message {
    /// Reads the fields; those present must be well-formed.
    pub fn read(params: Params) -> Result<Self, FieldError> {
        let text = |name: &str| params.get_filled(name).map(str::to_owned);
        let fen = params.get_filled("txnAmt").map(amount::parse_fen).transpose();
        let at = params.get_filled("txnTime").map(time::parse_us).transpose();
        Ok(Self {
            resp_code: text("respCode").ok_or(FieldError::Missing("respCode"))?,
            resp_msg: text("respMsg").unwrap_or_default(),
            mer_id: text("merId"),
            sub_mer_id: text("subMerId"),
            txn_type: text("txnType"),
            txn_sub_type: text("txnSubType"),
            order_id: text("orderId"),
            txn_time_us: at.map_err(|_| FieldError::Invalid("txnTime"))?,
            txn_amt_fen: fen.map_err(|_| FieldError::Invalid("txnAmt"))?,
            currency_code: text("currencyCode"),
            query_id: text("queryId"),
            orig_qry_id: text("origQryId"),
            orig_resp_code: text("origRespCode"),
            orig_resp_msg: text("origRespMsg"),
            settle_date: text("settleDate"),
            acc_no: text("accNo"),
            req_reserved: text("reqReserved"),
            params,
        })
    }

    /// Who gets the money: the sub-merchant if one is named, or else the merchant.
    pub const fn payee(&self) -> Option<&String> {
        if self.sub_mer_id.is_some() { self.sub_mer_id.as_ref() } else { self.mer_id.as_ref() }
    }

    /// Any other field, if filled.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.params.get_filled(name)
    }
}
