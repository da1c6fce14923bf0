//! One row of a trade bill.

use super::BillError;
use super::sheet::{Row, format_fee};
use crate::alipay::amount::format_fen;
use crate::wechatpay::time;

/// `交易状态`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TradeRowState {
    /// Money came in.
    Success,
    /// A refund was taken.
    Refund,
    /// A bar-code payment was undone.
    Revoked,
}

impl TradeRowState {
    const WORDS: [(Self, &'static str); 3] =
        [(Self::Success, "SUCCESS"), (Self::Refund, "REFUND"), (Self::Revoked, "REVOKED")];

    fn parse(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(_, known)| *known == word).map(|(state, _)| *state)
    }

    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(state, _)| *state == self).map_or("", |(_, word)| *word)
    }
}

/// One row; amounts in fen with the sign the file wrote, times in UTC microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeRow {
    /// `交易时间`; of a refund, when it was taken.
    pub traded_at_us: i64,
    /// `公众账号ID`.
    pub appid: String,
    /// `商户号`.
    pub mchid: String,
    /// `特约商户号`, `0` for none.
    pub sub_mchid: String,
    /// `设备号`.
    pub device: String,
    /// `微信订单号`.
    pub transaction_id: String,
    /// `商户订单号`.
    pub out_trade_no: String,
    /// `用户标识`.
    pub openid: String,
    /// `交易类型`.
    pub trade_type: String,
    /// `交易状态`.
    pub state: TradeRowState,
    /// `付款银行`.
    pub bank: String,
    /// `货币种类`.
    pub currency: String,
    /// `应结订单金额`; 0 on refunds.
    pub settled_fen: i64,
    /// `代金券金额`.
    pub coupon_fen: i64,
    /// What a refund or undoing adds.
    pub refund: Option<RefundCells>,
    /// `商品名称`.
    pub description: String,
    /// `商户数据包`.
    pub attach: String,
    /// `手续费`; negative where it comes back.
    pub fee_fen: i64,
    /// `费率`, such as `0.60%`.
    pub fee_rate: String,
    /// `订单金额`; 0 on refunds.
    pub order_fen: i64,
    /// `费率备注`.
    pub rate_note: String,
}

/// The cells of a row that is about money going back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundCells {
    /// `退款申请时间`; only in the sheet of refunds.
    pub requested_at_us: Option<i64>,
    /// `退款成功时间`; only in the sheet of refunds, empty while under way.
    pub success_at_us: Option<i64>,
    /// `微信退款单号`.
    pub refund_id: String,
    /// `商户退款单号`.
    pub out_refund_no: String,
    /// `退款金额`, without the part of coupons.
    pub refund_fen: i64,
    /// `充值券退款金额`.
    pub coupon_fen: i64,
    /// `退款类型`, such as `ORIGINAL`.
    pub kind: String,
    /// `退款状态` on the day of the bill; never updated later.
    pub status: String,
    /// `申请退款金额`.
    pub requested_fen: i64,
}

impl TradeRow {
    /// What the payer paid (positive) or gets back (negative).
    pub fn directed_fen(&self) -> i64 {
        match &self.refund {
            Some(refund) => refund.requested_fen.saturating_neg(),
            None => self.order_fen,
        }
    }

    pub(super) fn read(row: &Row<'_, '_>) -> Result<Self, BillError> {
        let state = TradeRowState::parse(row.text("交易状态")).ok_or_else(|| row.wrong("交易状态"))?;
        let refund = RefundCells::read(row)?;
        let (settled_fen, order_fen) = (row.fen("应结订单金额")?, row.fen("订单金额")?);
        // A payment that takes money away, or a refund without a number, has no known meaning.
        match (state, &refund) {
            (TradeRowState::Success, None) if order_fen < 0 || settled_fen < 0 => {
                return Err(row.wrong("订单金额"));
            }
            (TradeRowState::Success, Some(_)) | (TradeRowState::Refund, None) => {
                return Err(row.wrong("微信退款单号"));
            }
            (TradeRowState::Success | TradeRowState::Revoked, None)
            | (TradeRowState::Refund | TradeRowState::Revoked, Some(_)) => {}
        }
        Ok(Self {
            traded_at_us: row.moment_us("交易时间")?,
            appid: row.text("公众账号ID").to_owned(),
            mchid: row.filled("商户号")?,
            sub_mchid: row.text("特约商户号").to_owned(),
            device: row.text("设备号").to_owned(),
            transaction_id: row.filled("微信订单号")?,
            out_trade_no: row.filled("商户订单号")?,
            openid: row.text("用户标识").to_owned(),
            trade_type: row.text("交易类型").to_owned(),
            state,
            bank: row.text("付款银行").to_owned(),
            currency: row.filled("货币种类")?,
            settled_fen,
            coupon_fen: row.fen("代金券金额")?,
            refund,
            description: row.text("商品名称").to_owned(),
            attach: row.text("商户数据包").to_owned(),
            fee_fen: row.fen("手续费")?,
            fee_rate: row.text("费率").to_owned(),
            order_fen,
            rate_note: row.text("费率备注").to_owned(),
        })
    }

    /// The cell of a column as the platform writes it.
    pub(super) fn cell(&self, column: &str) -> Result<String, BillError> {
        Ok(match column {
            "交易时间" => wall(self.traded_at_us)?,
            "公众账号ID" => self.appid.clone(),
            "商户号" => self.mchid.clone(),
            "特约商户号" => self.sub_mchid.clone(),
            "设备号" => self.device.clone(),
            "微信订单号" => self.transaction_id.clone(),
            "商户订单号" => self.out_trade_no.clone(),
            "用户标识" => self.openid.clone(),
            "交易类型" => self.trade_type.clone(),
            "交易状态" => self.state.word().to_owned(),
            "付款银行" => self.bank.clone(),
            "货币种类" => self.currency.clone(),
            "应结订单金额" => format_fen(self.settled_fen),
            "代金券金额" => format_fen(self.coupon_fen),
            "商品名称" => self.description.clone(),
            "商户数据包" => self.attach.clone(),
            "手续费" => format_fee(self.fee_fen),
            "费率" => self.fee_rate.clone(),
            "订单金额" => format_fen(self.order_fen),
            "费率备注" => self.rate_note.clone(),
            other => RefundCells::cell(self.refund.as_ref(), other)?,
        })
    }
}

impl RefundCells {
    /// Payments write `0` as number of the refund, and some sheets have no such column.
    fn read(row: &Row<'_, '_>) -> Result<Option<Self>, BillError> {
        let refund_id = row.text("微信退款单号");
        if matches!(refund_id, "" | "0") {
            return Ok(None);
        }
        let (refund_fen, requested_fen) = (row.fen("退款金额")?, row.fen("申请退款金额")?);
        if refund_fen < 0 || requested_fen < 0 {
            return Err(row.wrong("退款金额"));
        }
        Ok(Some(Self {
            requested_at_us: row.optional_us("退款申请时间")?,
            success_at_us: row.optional_us("退款成功时间")?,
            refund_id: refund_id.to_owned(),
            out_refund_no: row.filled("商户退款单号")?,
            refund_fen,
            coupon_fen: row.fen("充值券退款金额")?,
            kind: row.text("退款类型").to_owned(),
            status: row.text("退款状态").to_owned(),
            requested_fen,
        }))
    }

    fn cell(refund: Option<&Self>, column: &str) -> Result<String, BillError> {
        let fen = |read: fn(&Self) -> i64| format_fen(refund.map_or(0, read));
        let text = |read: fn(&Self) -> &str, none: &str| refund.map_or(none, read).to_owned();
        let moment = |read: fn(&Self) -> Option<i64>| match refund.and_then(read) {
            Some(at_us) => wall(at_us),
            None => Ok(String::new()),
        };
        Ok(match column {
            "退款申请时间" => moment(|refund| refund.requested_at_us)?,
            "退款成功时间" => moment(|refund| refund.success_at_us)?,
            "微信退款单号" => text(|refund| &refund.refund_id, "0"),
            "商户退款单号" => text(|refund| &refund.out_refund_no, "0"),
            "退款金额" => fen(|refund| refund.refund_fen),
            "充值券退款金额" => fen(|refund| refund.coupon_fen),
            "退款类型" => text(|refund| &refund.kind, ""),
            "退款状态" => text(|refund| &refund.status, ""),
            "申请退款金额" => fen(|refund| refund.requested_fen),
            _ => return Err(BillError::Unwritable("a column that no bill has")),
        })
    }
}

pub(super) fn wall(at_us: i64) -> Result<String, BillError> {
    time::format_wall_us(at_us).ok_or(BillError::Unwritable("a time"))
}
