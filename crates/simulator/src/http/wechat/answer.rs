use serde_json::{Map, Value, json};
use tk_formats::wechatpay::order::{RefundState, TradeState};
use tk_formats::wechatpay::time;

use super::sharing;
use crate::core::{
    CancelNode, Code, CoreAnswer, CoreCall, CoreConfig, Coupon, Entrance, Node, PayNode, Provider, QueryNode,
    RefundNode, RefundQueryNode, Seller, Trade, TradeStatus, Why,
};

/// A reply before it is signed: status and body; nothing for 204.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: Option<Value>,
}

impl Answer {
    pub(super) fn done(fields: Value) -> Self {
        Self { status: 200, body: Some(fields) }
    }

    /// A refusal with its code.
    pub(super) fn refused(status: u16, code: &str, message: &str) -> Self {
        Self { status, body: Some(json!({ "code": code, "message": message })) }
    }
}

/// Writes the core's answer to a call; a bill's link is made by the caller.
pub fn answer_of(core: &Seller, call: &CoreCall, answer: &CoreAnswer) -> Answer {
    if let Some(why) = answer.why {
        return refusal(call, why);
    }
    if matches!(answer.code, Code::Unavailable) {
        return refusal(call, Why::Unknown);
    }
    match &answer.node {
        Node::Precreate { qr_code, .. } => Answer::done(json!({ "code_url": qr_code })),
        Node::Page { wallet_url, .. } => Answer::done(json!({ "h5_url": wallet_url })),
        Node::Jsapi { token, .. } => Answer::done(json!({ "prepay_id": format!("wx{token}") })),
        Node::Pay(PayNode { out_trade_no, .. }) => order_answer(core, out_trade_no, None),
        Node::Query(node) => order_answer(core, &node.out_trade_no, Some(node)),
        Node::Close { .. } => Answer { status: 204, body: None },
        Node::Cancel(node) => cancel(core, call, node),
        Node::Refund(node) => refund_taken(core, call, node),
        Node::RefundQuery(node) => refund_queried(core, call, node),
        Node::Bind => sharing::bound(call),
        Node::Settle { .. } => sharing::taken(core, call),
        Node::SettleQuery { out_request_no, shares } => sharing::queried(core, out_request_no, shares),
        Node::Undivided { trade_no, amount_fen } => {
            Answer::done(json!({ "transaction_id": trade_no, "unsplit_amount": amount_fen }))
        }
        Node::ShareBack(node) => sharing::share_back(node),
        Node::Empty | Node::Create { .. } | Node::Bill(_) => refusal(call, Why::Unknown),
    }
}

fn cancel(core: &Seller, call: &CoreCall, node: &CancelNode) -> Answer {
    match (&node.out_trade_no, node.action) {
        (Some(out_trade_no), Some(_)) => {
            let mut fields = parties(core.config());
            fields.insert("out_trade_no".to_owned(), out_trade_no.as_str().into());
            Answer::done(Value::Object(fields))
        }
        (_, _) => refusal(call, Why::NotExist),
    }
}

/// A query that lies carries a state of its own.
fn order_answer(core: &Seller, out_trade_no: &str, told: Option<&QueryNode>) -> Answer {
    let Some(trade) = core.trade(out_trade_no) else { return refusal_of(Why::NotExist) };
    let mut trade = trade.clone();
    if let Some(node) = told
        && node.trade_status != trade.status
    {
        trade.status = node.trade_status;
        trade.paid_at_us = node.send_pay_date_us;
        trade.refunds.clear();
        trade.cancelled = None;
    }
    Answer::done(Value::Object(order_fields(core, &trade)))
}

/// An order as replies and callbacks carry it.
pub fn order_fields(core: &Seller, trade: &Trade) -> Map<String, Value> {
    let state = state_of(trade);
    let provided = core.config().provider.is_some();
    let mut fields = parties(core.config());
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    put("out_trade_no", trade.order.out_trade_no.as_str().into());
    put("trade_state", state.word().into());
    put("trade_state_desc", described(state).into());
    put("trade_type", trade_type(trade.entrance).into());
    put("attach", trade.order.passback_params.clone().unwrap_or_default().into());
    let total = trade.order.total_fen;
    if let Some(paid_at_us) = trade.paid_at_us {
        put("transaction_id", trade.trade_no.as_str().into());
        put("bank_type", "OTHERS".into());
        put("success_time", time::format_us(paid_at_us).unwrap_or_default().into());
        let openid = if provided { "sp_openid" } else { "openid" };
        put("payer", json!({ openid: trade.buyer_id }));
        let payer = trade.payer_fen();
        let amount =
            json!({ "total": total, "payer_total": payer, "currency": "CNY", "payer_currency": "CNY" });
        put("amount", amount);
        put("promotion_detail", promotions(trade.coupon));
    } else {
        put("amount", json!({ "total": total, "currency": "CNY" }));
    }
    fields
}

/// The coupons of an order: one that WeChat pays over (`CASH`) and one that it does not (`NOCASH`).
pub(super) fn promotions(coupon: Coupon) -> Value {
    let one = |(id, kind, name, fen): (&str, &str, &str, i64), (wechat, merchant): (i64, i64)| {
        json!({
            "coupon_id": id, "name": name, "scope": "GLOBAL", "type": kind, "amount": fen, "stock_id": id,
            "wechatpay_contribute": wechat, "merchant_contribute": merchant, "other_contribute": 0,
            "currency": "CNY",
        })
    };
    let mut list = Vec::new();
    if coupon.channel_fen > 0 {
        let fen = coupon.channel_fen;
        list.push(one(("109519", "CASH", "立减金", fen), (fen, 0)));
    }
    if coupon.merchant_fen > 0 {
        let fen = coupon.merchant_fen;
        list.push(one(("109520", "NOCASH", "商家券", fen), (0, fen)));
    }
    Value::Array(list)
}

fn parties(config: &CoreConfig) -> Map<String, Value> {
    whom(config.provider.as_ref(), (&config.app_id, &config.seller_id))
}

/// Whom an order names: the merchant, or the service provider with the sub-merchant.
pub(super) fn whom(provider: Option<&Provider>, (appid, mchid): (&str, &str)) -> Map<String, Value> {
    let names = match provider {
        None => vec![("appid", appid), ("mchid", mchid)],
        Some(provider) => {
            vec![("sp_appid", &*provider.app_id), ("sp_mchid", &*provider.mchid), ("sub_mchid", mchid)]
        }
    };
    names.into_iter().map(|(name, id)| (name.to_owned(), id.into())).collect()
}

fn state_of(trade: &Trade) -> TradeState {
    if trade.cancelled.is_some() {
        return TradeState::Revoked;
    }
    if !trade.refunds.is_empty() {
        return TradeState::Refund;
    }
    let barcode = trade.entrance == Entrance::Barcode;
    match trade.status {
        TradeStatus::WaitBuyerPay if barcode => TradeState::UserPaying,
        TradeStatus::WaitBuyerPay => TradeState::NotPay,
        TradeStatus::TradeSuccess | TradeStatus::TradeFinished => TradeState::Success,
        // The payer declined, or his password was wrong.
        TradeStatus::TradeClosed if barcode => TradeState::PayError,
        TradeStatus::TradeClosed => TradeState::Closed,
    }
}

fn described(state: TradeState) -> &'static str {
    match state {
        TradeState::Success => "支付成功",
        TradeState::Refund => "转入退款",
        TradeState::NotPay => "未支付",
        TradeState::Closed => "已关闭",
        TradeState::Revoked => "已撤销",
        TradeState::UserPaying => "需要用户输入支付密码",
        TradeState::PayError => "支付失败",
        TradeState::Accept => "已接收，等待扣款",
    }
}

pub(super) fn trade_type(entrance: Entrance) -> &'static str {
    match entrance {
        Entrance::Qr => "NATIVE",
        Entrance::Jsapi | Entrance::Created => "JSAPI",
        Entrance::Barcode => "MICROPAY",
        Entrance::Page | Entrance::Wap => "MWEB",
    }
}

/// Taken is not done: the reply says so although the money may have moved.
fn refund_taken(core: &Seller, call: &CoreCall, node: &RefundNode) -> Answer {
    let CoreCall::Refund(refund) = call else { return refusal(call, Why::Unknown) };
    let Some(trade) = core.trade(&node.out_trade_no) else { return refusal(call, Why::NotExist) };
    let number = refund.out_request_no.as_deref().unwrap_or_default();
    let coupon = trade.refunds.get(number).map(|refund| refund.coupon).unwrap_or_default();
    let mut fields = refund_fields(trade, number, (refund.refund_fen, coupon, None));
    fields.insert("status".to_owned(), RefundState::Processing.word().into());
    Answer::done(Value::Object(fields))
}

fn refund_queried(core: &Seller, call: &CoreCall, node: &RefundQueryNode) -> Answer {
    let told = node.refund_fen.filter(|_| node.refund_status.is_some());
    let (Some(trade), Some(fen)) = (core.trade(&node.out_trade_no), told) else {
        return refusal(call, Why::NotExist);
    };
    let coupon = node.coupon.unwrap_or_default();
    let mut fields = refund_fields(trade, &node.out_request_no, (fen, coupon, node.gmt_refund_pay_us));
    fields.insert("status".to_owned(), RefundState::Success.word().into());
    Answer::done(Value::Object(fields))
}

/// A refund as replies carry it, without its state.
pub fn refund_fields(
    trade: &Trade,
    out_refund_no: &str,
    (fen, coupon, done_at_us): (i64, Coupon, Option<i64>),
) -> Map<String, Value> {
    let total = trade.order.total_fen;
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    put("refund_id", refund_id(out_refund_no).into());
    put("out_refund_no", out_refund_no.into());
    put("transaction_id", trade.trade_no.as_str().into());
    put("out_trade_no", trade.order.out_trade_no.as_str().into());
    put("channel", "ORIGINAL".into());
    put("user_received_account", "支付用户零钱".into());
    if let Some(done_at_us) = done_at_us {
        put("success_time", time::format_us(done_at_us).unwrap_or_default().into());
    }
    put("create_time", time::format_us(done_at_us.unwrap_or(trade.created_at_us)).unwrap_or_default().into());
    let amount = json!({
        "total": total, "refund": fen, "payer_total": trade.payer_fen(),
        "payer_refund": fen.saturating_sub(coupon.whole_fen()),
        "settlement_refund": fen.saturating_sub(coupon.merchant_fen),
        "settlement_total": trade.settled_fen(), "discount_refund": coupon.whole_fen(), "currency": "CNY",
    });
    put("amount", amount);
    fields
}

/// WeChat's number of a refund: the same for the same number of ours.
pub(super) fn refund_id(out_refund_no: &str) -> String {
    let mixed = out_refund_no.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |mixed, byte| {
        (mixed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("503{mixed:026}")
}

fn refusal(call: &CoreCall, why: Why) -> Answer {
    let about_refund = matches!(call, CoreCall::Refund(_) | CoreCall::RefundQuery(_));
    let ends = matches!(call, CoreCall::Close(_) | CoreCall::Cancel(_));
    if let Some(answer) = sharing::refusal(call, why) {
        return answer;
    }
    if why == Why::NotExist && about_refund {
        Answer::refused(404, "RESOURCE_NOT_EXISTS", "订单不存在")
    } else if why == Why::StatusWrong && ends {
        refusal_of(Why::PayPaid)
    } else {
        refusal_of(why)
    }
}

pub(super) fn refusal_of(why: Why) -> Answer {
    let (status, code, message) = match why {
        Why::ParameterInvalid => (400, "PARAM_ERROR", "参数错误"),
        Why::NotExist => (404, "ORDER_NOT_EXIST", "订单不存在"),
        Why::PayClosed | Why::CloseClosed => (400, "ORDER_CLOSED", "订单已关闭"),
        Why::PayPaid => (400, "ORDERPAID", "订单已支付"),
        Why::Inconsistent => (403, "OUT_TRADE_NO_USED", "商户订单号重复"),
        Why::AuthCodeInvalid => (400, "AUTH_CODE_INVALID", "付款码无效"),
        Why::BuyerShort => (403, "NOT_ENOUGH", "余额不足"),
        Why::StatusWrong => (400, "INVALID_REQUEST", "订单状态不允许此操作"),
        Why::CloseFinished | Why::CancelNotAllowed | Why::CancelTooLate => (403, "TRADE_ERROR", "交易错误"),
        Why::Finished => (403, "TRADE_OVERDUE", "订单已经超过可退款的最大期限"),
        Why::RefundTooMuch | Why::RefundNotWhole | Why::RefundNotAllowed => {
            (400, "INVALID_REQUEST", "申请退款金额大于可退金额")
        }
        // The word of the V2 interface; V3 documents none of its own.
        Why::RefundDiffers => (400, "REFUND_FEE_MISMATCH", "订单金额或退款金额与之前请求不一致"),
        Why::SellerShort => (403, "NOT_ENOUGH", "基本账户余额不足"),
        Why::RefundTooSoon | Why::Limited => (429, "FREQUENCY_LIMITED", "频率超限"),
        Why::Unknown => (500, "SYSTEM_ERROR", "系统错误"),
        Why::ShareTooMuch | Why::ShareShort | Why::ReceiverUnknown => {
            (400, "INVALID_REQUEST", "请求参数错误")
        }
        Why::NoBill => (400, "NO_STATEMENT_EXIST", "账单文件不存在"),
    };
    Answer::refused(status, code, message)
}
