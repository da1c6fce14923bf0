use serde_json::{Map, Value, json};
use tk_formats::alipay::{amount, time};

use super::alipay_words::{digits, message, sub_code};
use crate::core::{
    CancelAction, Code, CoreAnswer, FundChange, Node, PayNode, QueryNode, RefundNode, RefundQueryNode,
    RefundStatus, ShareNode, ShareState, Way,
};

/// Writes the answer node; a bill's link is made by the caller.
pub(super) fn node_of(answer: &CoreAnswer, bill_url: Option<&str>) -> Value {
    let mut node = head(answer.code, answer.why.map(sub_code));
    fill(&mut node, &answer.node);
    if let Some(url) = bill_url {
        put(&mut node, "bill_download_url", url);
    }
    Value::Object(node)
}

/// The answer node as the gateway writes it, without HTTP and signature.
pub fn answer_node(answer: &CoreAnswer) -> Map<String, Value> {
    let mut node = head(answer.code, answer.why.map(sub_code));
    fill(&mut node, &answer.node);
    node
}

/// A node that carries nothing but a code.
pub(super) fn bare_node(code: Code, sub_code: &str) -> Value {
    Value::Object(head(code, Some(sub_code)))
}

fn head(code: Code, sub_code: Option<&str>) -> Map<String, Value> {
    let mut node = Map::new();
    put(&mut node, "code", digits(code));
    put(&mut node, "msg", message(code));
    if let Some(sub_code) = sub_code {
        put(&mut node, "sub_code", sub_code);
        put(&mut node, "sub_msg", sub_message(sub_code));
    }
    node
}

fn fill(node: &mut Map<String, Value>, answer: &Node) {
    match answer {
        // Alipay takes shares back within a refund.
        Node::Empty | Node::Bill(_) | Node::ShareBack(_) => {}
        Node::Undivided { amount_fen, .. } => put(node, "unsettled_amount", amount::format_fen(*amount_fen)),
        Node::Create { out_trade_no, trade_no } | Node::Close { out_trade_no, trade_no } => {
            put(node, "out_trade_no", out_trade_no);
            put(node, "trade_no", trade_no);
        }
        Node::Page { out_trade_no, .. } | Node::Jsapi { out_trade_no, .. } => {
            put(node, "out_trade_no", out_trade_no);
        }
        Node::Precreate { out_trade_no, qr_code } => {
            put(node, "out_trade_no", out_trade_no);
            put(node, "qr_code", qr_code);
        }
        Node::Pay(pay) => fill_pay(node, pay),
        Node::Query(query) => fill_query(node, query),
        Node::Cancel(cancel) => {
            put_some(node, "out_trade_no", cancel.out_trade_no.as_deref());
            put_some(node, "trade_no", cancel.trade_no.as_deref());
            put(node, "retry_flag", if cancel.retry { "Y" } else { "N" });
            put_some(node, "action", cancel.action.map(action_word));
        }
        Node::Refund(refund) => fill_refund(node, refund),
        Node::RefundQuery(query) => fill_refund_query(node, query),
        Node::Bind => put(node, "result_code", "SUCCESS"),
        Node::Settle { trade_no, settle_no } => {
            put(node, "trade_no", trade_no);
            put(node, "settle_no", settle_no);
        }
        Node::SettleQuery { out_request_no, shares } => {
            put(node, "out_request_no", out_request_no);
            let list: Vec<Value> = shares.iter().map(share).collect();
            node.insert("royalty_detail_list".to_owned(), Value::Array(list));
        }
    }
}

fn share(share: &ShareNode) -> Value {
    let mut entry = Map::new();
    let (way, whose) = match share.way {
        Way::Transfer => ("transfer", "trans_in"),
        Way::TransferRefund => ("transfer_refund", "trans_out"),
    };
    put(&mut entry, "operation_type", way);
    put(&mut entry, whose, &share.account);
    put(&mut entry, "amount", amount::format_fen(share.amount_fen));
    let state = match share.state {
        ShareState::Processing => "PROCESSING",
        ShareState::Success => "SUCCESS",
        ShareState::Failed => "FAIL",
    };
    put(&mut entry, "state", state);
    if share.state == ShareState::Failed {
        put(&mut entry, "error_code", "TXN_RESULT_ACCOUNT_BALANCE_NOT_ENOUGH");
    }
    put_time(&mut entry, "execute_dt", Some(share.at_us));
    Value::Object(entry)
}

fn royalty(share: &ShareNode) -> Value {
    let mut entry = Map::new();
    put(&mut entry, "royalty_type", "transfer");
    put(&mut entry, "result_code", "SUCCESS");
    put(&mut entry, "trans_out", &share.account);
    put(&mut entry, "refund_amount", amount::format_fen(share.amount_fen));
    Value::Object(entry)
}

fn fill_pay(node: &mut Map<String, Value>, pay: &PayNode) {
    put(node, "out_trade_no", &pay.out_trade_no);
    put(node, "trade_no", &pay.trade_no);
    put(node, "total_amount", amount::format_fen(pay.total_fen));
    if let Some(received) = pay.receipt_fen.zip(pay.buyer_pay_fen) {
        put(node, "buyer_logon_id", &pay.buyer_logon_id);
        put(node, "buyer_user_id", &pay.buyer_id);
        fill_received(node, pay.total_fen, received);
    }
    put_time(node, "gmt_payment", pay.gmt_payment_us);
}

fn fill_query(node: &mut Map<String, Value>, query: &QueryNode) {
    put(node, "out_trade_no", &query.out_trade_no);
    put(node, "trade_no", &query.trade_no);
    put(node, "trade_status", query.trade_status.wire_name());
    put(node, "total_amount", amount::format_fen(query.total_fen));
    put(node, "buyer_logon_id", &query.buyer_logon_id);
    put(node, "buyer_user_id", &query.buyer_id);
    if let Some(received) = query.receipt_fen.zip(query.buyer_pay_fen) {
        fill_received(node, query.total_fen, received);
    }
    put_time(node, "send_pay_date", query.send_pay_date_us);
}

fn fill_received(node: &mut Map<String, Value>, total_fen: i64, (receipt_fen, buyer_fen): (i64, i64)) {
    put(node, "receipt_amount", amount::format_fen(receipt_fen));
    for name in ["buyer_pay_amount", "invoice_amount"] {
        put(node, name, amount::format_fen(buyer_fen));
    }
    put(node, "point_amount", "0.00");
    let (platform_fen, merchant_fen) =
        (receipt_fen.saturating_sub(buyer_fen), total_fen.saturating_sub(receipt_fen));
    if platform_fen > 0 {
        put(node, "discount_amount", amount::format_fen(platform_fen));
    }
    if merchant_fen > 0 {
        put(node, "mdiscount_amount", amount::format_fen(merchant_fen));
    }
    let funds = [("ALIPAYACCOUNT", buyer_fen), ("COUPON", platform_fen), ("MCOUPON", merchant_fen)];
    let used = funds.iter().filter(|(_, fen)| *fen > 0);
    let list =
        used.map(|(channel, fen)| json!({ "amount": amount::format_fen(*fen), "fund_channel": channel }));
    node.insert("fund_bill_list".to_owned(), list.collect());
}

fn fill_refund(node: &mut Map<String, Value>, refund: &RefundNode) {
    put(node, "out_trade_no", &refund.out_trade_no);
    put(node, "trade_no", &refund.trade_no);
    put(node, "buyer_logon_id", &refund.buyer_logon_id);
    put(node, "buyer_user_id", &refund.buyer_id);
    let fund_change = match refund.fund_change {
        FundChange::Yes => "Y",
        FundChange::No => "N",
    };
    put(node, "fund_change", fund_change);
    put(node, "refund_fee", amount::format_fen(refund.refund_fee_fen));
    put_time(node, "gmt_refund_pay", refund.gmt_refund_pay_us);
}

fn fill_refund_query(node: &mut Map<String, Value>, query: &RefundQueryNode) {
    let Some(status) = query.refund_status else { return };
    put(node, "out_trade_no", &query.out_trade_no);
    put(node, "trade_no", &query.trade_no);
    put(node, "out_request_no", &query.out_request_no);
    match status {
        RefundStatus::Success => put(node, "refund_status", "REFUND_SUCCESS"),
    }
    put_some(node, "refund_amount", query.refund_fen.map(amount::format_fen));
    put_some(node, "total_amount", query.total_fen.map(amount::format_fen));
    if let Some((fen, coupon)) = query.refund_fen.zip(query.coupon) {
        let buyer_fen = fen.saturating_sub(coupon.whole_fen());
        put(node, "present_refund_buyer_amount", amount::format_fen(buyer_fen));
        put(node, "present_refund_discount_amount", amount::format_fen(coupon.channel_fen));
        put(node, "present_refund_mdiscount_amount", amount::format_fen(coupon.merchant_fen));
    }
    put_time(node, "gmt_refund_pay", query.gmt_refund_pay_us);
    if !query.royaltys.is_empty() {
        let list = query.royaltys.iter().map(royalty).collect();
        node.insert("refund_royaltys".to_owned(), Value::Array(list));
    }
}

fn action_word(action: CancelAction) -> &'static str {
    match action {
        CancelAction::Close => "close",
        CancelAction::Refund => "refund",
    }
}

fn put(node: &mut Map<String, Value>, name: &str, value: impl Into<String>) {
    node.insert(name.to_owned(), Value::String(value.into()));
}

fn put_some(node: &mut Map<String, Value>, name: &str, value: Option<impl Into<String>>) {
    if let Some(value) = value {
        put(node, name, value);
    }
}

fn put_time(node: &mut Map<String, Value>, name: &str, at_us: Option<i64>) {
    put_some(node, name, at_us.and_then(|at_us| time::format_us(at_us).ok()));
}

fn sub_message(sub_code: &str) -> &'static str {
    match sub_code {
        "ACQ.TRADE_NOT_EXIST" => "交易不存在",
        "ACQ.TRADE_HAS_CLOSE" => "交易已经关闭",
        "ACQ.TRADE_HAS_SUCCESS" => "交易已被支付",
        "ACQ.TRADE_HAS_FINISHED" => "交易已完结",
        "ACQ.TRADE_STATUS_ERROR" => "交易状态不合法",
        "ACQ.CONTEXT_INCONSISTENT" => "交易信息被篡改",
        "ACQ.REASON_TRADE_REFUND_FEE_ERR" => "退款金额无效",
        "ACQ.DISCORDANT_REPEAT_REQUEST" => "请求信息不一致",
        "ACQ.PAYMENT_AUTH_CODE_INVALID" => "支付授权码无效",
        "ACQ.SELLER_BALANCE_NOT_ENOUGH" => "卖家余额不足",
        "isv.invalid-app-id" => "无效的AppID参数",
        "isv.invalid-signature" => "无效签名",
        "isv.invalid-timestamp" => "非法的时间戳参数",
        "isv.invalid-method" => "不存在的方法名",
        "isv.app-call-limited" => "应用调用次数超限",
        "isp.bill_not_exist" => "账单不存在",
        "isp.unknow-error" | "aop.unknow-error" => "系统繁忙",
        _ => "请求未能处理",
    }
}
