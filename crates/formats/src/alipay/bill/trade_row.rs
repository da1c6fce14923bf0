//! One row of the trade bill and its columns.

use std::borrow::Cow;

use super::BillError;
use super::sheet::{Column, Need, Row, Tab, column, filled};
use super::sheet_writer::cell_time;
use crate::alipay::amount::format_fen;

/// The direction of a trade row (`业务类型`); it decides, not the sign of the amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TradeKind {
    /// `交易`: money came in.
    Payment,
    /// `退款`: money went back.
    Refund,
}

impl TradeKind {
    fn parse(word: &str) -> Option<Self> {
        [Self::Payment, Self::Refund].into_iter().find(|kind| kind.word() == word)
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Payment => "交易",
            Self::Refund => "退款",
        }
    }

    /// The amount with the sign of its direction, whatever sign the file wrote.
    fn directed(self, fen: i64) -> i64 {
        match self {
            Self::Payment => fen.saturating_abs(),
            Self::Refund => fen.saturating_abs().saturating_neg(),
        }
    }
}

/// One row of the trade bill; amounts in fen with the sign the file wrote, times in UTC microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeRow {
    /// `支付宝交易号`.
    pub trade_no: String,
    /// `商户订单号`.
    pub out_trade_no: String,
    /// `业务类型`.
    pub kind: TradeKind,
    /// `商品名称`.
    pub subject: String,
    /// `创建时间`; a refund row repeats that of its payment.
    pub created_at_us: i64,
    /// `完成时间`; on a refund row when it was refunded.
    pub completed_at_us: i64,
    /// `门店编号`.
    pub store_no: String,
    /// `门店名称`.
    pub store_name: String,
    /// `操作员`.
    pub operator: String,
    /// `终端号`.
    pub terminal_no: String,
    /// `对方账户`, masked.
    pub counterparty: String,
    /// `订单金额`; refunds are normally negative.
    pub order_amount_fen: i64,
    /// `商家实收`; refunds are normally negative.
    pub received_fen: i64,
    /// `支付宝红包`.
    pub red_packet_fen: i64,
    /// `集分宝`.
    pub points_fen: i64,
    /// `支付宝优惠`.
    pub platform_discount_fen: i64,
    /// `商家优惠`.
    pub merchant_discount_fen: i64,
    /// `券核销金额`.
    pub coupon_fen: i64,
    /// `券名称`.
    pub coupon_name: String,
    /// `商家红包消费金额`.
    pub merchant_red_packet_fen: i64,
    /// `卡消费金额`.
    pub card_fen: i64,
    /// `退款批次号/请求号`, empty on payments.
    pub refund_request_no: String,
    /// `服务费`; normally negative when charged.
    pub service_fee_fen: i64,
    /// `分润`.
    pub split_fen: i64,
    /// `备注`.
    pub remark: String,
}

impl TradeRow {
    /// What the merchant received (positive) or gave back (negative), whatever sign the file wrote.
    pub fn directed_received_fen(&self) -> i64 {
        self.kind.directed(self.received_fen)
    }

    /// The order amount, positive for payments and negative for refunds, whatever sign the file wrote.
    pub fn directed_order_amount_fen(&self) -> i64 {
        self.kind.directed(self.order_amount_fen)
    }

    pub(super) fn read(mut row: Row<'_>) -> Result<Self, BillError> {
        let line = row.line();
        let read = Self::read_cells(&mut row)?;
        // A payment that takes money away has no known meaning, so it must not pass as income.
        let negative = read.order_amount_fen < 0 || read.received_fen < 0;
        match read.kind {
            TradeKind::Payment if negative => Err(BillError::Cell { line, column: "订单金额（元）" }),
            TradeKind::Payment | TradeKind::Refund => Ok(read),
        }
    }

    fn read_cells(row: &mut Row<'_>) -> Result<Self, BillError> {
        Ok(Self {
            trade_no: row.parsed(filled)?,
            out_trade_no: row.parsed(filled)?,
            kind: row.parsed(TradeKind::parse)?,
            subject: row.text(),
            created_at_us: row.time()?,
            completed_at_us: row.time()?,
            store_no: row.text(),
            store_name: row.text(),
            operator: row.text(),
            terminal_no: row.text(),
            counterparty: row.text(),
            order_amount_fen: row.fen()?,
            received_fen: row.fen()?,
            red_packet_fen: row.fen()?,
            points_fen: row.fen()?,
            platform_discount_fen: row.fen()?,
            merchant_discount_fen: row.fen()?,
            coupon_fen: row.fen()?,
            coupon_name: row.text(),
            merchant_red_packet_fen: row.fen()?,
            card_fen: row.fen()?,
            refund_request_no: row.text(),
            service_fee_fen: row.fen()?,
            split_fen: row.fen()?,
            remark: row.text(),
        })
    }

    pub(super) fn cells(&self) -> Result<[Cow<'_, str>; 25], BillError> {
        Ok([
            Cow::from(&self.trade_no),
            Cow::from(&self.out_trade_no),
            Cow::from(self.kind.word()),
            Cow::from(&self.subject),
            Cow::from(cell_time(self.created_at_us)?),
            Cow::from(cell_time(self.completed_at_us)?),
            Cow::from(&self.store_no),
            Cow::from(&self.store_name),
            Cow::from(&self.operator),
            Cow::from(&self.terminal_no),
            Cow::from(&self.counterparty),
            Cow::from(format_fen(self.order_amount_fen)),
            Cow::from(format_fen(self.received_fen)),
            Cow::from(format_fen(self.red_packet_fen)),
            Cow::from(format_fen(self.points_fen)),
            Cow::from(format_fen(self.platform_discount_fen)),
            Cow::from(format_fen(self.merchant_discount_fen)),
            Cow::from(format_fen(self.coupon_fen)),
            Cow::from(&self.coupon_name),
            Cow::from(format_fen(self.merchant_red_packet_fen)),
            Cow::from(format_fen(self.card_fen)),
            Cow::from(&self.refund_request_no),
            Cow::from(format_fen(self.service_fee_fen)),
            Cow::from(format_fen(self.split_fen)),
            Cow::from(&self.remark),
        ])
    }
}

/// The 25 columns of the detail file (alipay.md §9).
pub(super) const COLUMNS: &[Column] = &[
    column("支付宝交易号", Need::Required, Tab::Always),
    column("商户订单号", Need::Required, Tab::Always),
    column("业务类型", Need::Required, Tab::Always),
    column("商品名称", Need::Optional, Tab::Never),
    column("创建时间", Need::Required, Tab::Never),
    column("完成时间", Need::Required, Tab::Never),
    column("门店编号", Need::Optional, Tab::Always),
    column("门店名称", Need::Optional, Tab::Always),
    column("操作员", Need::Optional, Tab::Always),
    column("终端号", Need::Optional, Tab::Always),
    column("对方账户", Need::Optional, Tab::Always),
    column("订单金额（元）", Need::Required, Tab::Never),
    column("商家实收（元）", Need::Required, Tab::Never),
    column("支付宝红包（元）", Need::Optional, Tab::Never),
    column("集分宝（元）", Need::Optional, Tab::Never),
    column("支付宝优惠（元）", Need::Optional, Tab::Never),
    column("商家优惠（元）", Need::Optional, Tab::Never),
    column("券核销金额（元）", Need::Optional, Tab::Never),
    column("券名称", Need::Optional, Tab::Never),
    column("商家红包消费金额（元）", Need::Optional, Tab::Always),
    column("卡消费金额（元）", Need::Optional, Tab::Never),
    column("退款批次号/请求号", Need::Required, Tab::WhenEmpty),
    column("服务费（元）", Need::Required, Tab::Never),
    column("分润（元）", Need::Optional, Tab::Never),
    column("备注", Need::Optional, Tab::Never),
];
