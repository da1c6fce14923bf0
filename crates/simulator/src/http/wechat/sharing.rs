//! Profit sharing as replies carry it.

use serde_json::{Map, Value, json};
use tk_formats::wechatpay::sharing::{DivisionState, ReturnState, ShareState as Result};
use tk_formats::wechatpay::time;

use super::answer::{Answer, refusal_of};
use crate::core::{CoreCall, Seller, Settlement, ShareBackNode, ShareNode, ShareState, Way, Why};

pub(super) fn bound(call: &CoreCall) -> Answer {
    let (CoreCall::Bind(bind) | CoreCall::Unbind(bind)) = call else { return refusal_of(Why::Unknown) };
    Answer::done(json!({ "type": kind_of(&bind.account), "account": bind.account }))
}

/// Taken is not done: every share is pending, whatever happened meanwhile.
pub(super) fn taken(core: &Seller, call: &CoreCall) -> Answer {
    let CoreCall::Settle(settle) = call else { return refusal_of(Why::Unknown) };
    let pending = |share: &crate::core::ShareCall| ShareNode {
        way: Way::Transfer,
        account: share.account.clone(),
        amount_fen: share.amount_fen,
        state: ShareState::Processing,
        at_us: 0,
    };
    let shares: Vec<ShareNode> = settle.shares.iter().map(pending).collect();
    queried(core, &settle.out_request_no, &shares)
}

pub(super) fn queried(core: &Seller, out_order_no: &str, shares: &[ShareNode]) -> Answer {
    let settlement = core.settlement(out_order_no);
    let trade = settlement.and_then(|one| core.trade(&one.out_trade_no));
    let (Some(settlement), Some(trade)) = (settlement, trade) else { return refusal_of(Why::Unknown) };
    let pending = shares.iter().any(|share| share.state == ShareState::Processing);
    let state = if pending { DivisionState::Processing } else { DivisionState::Finished };
    let mut receivers: Vec<Value> = shares.iter().map(receiver).collect();
    receivers.extend(released(core, settlement).filter(|_| !pending));
    Answer::done(json!({
        "transaction_id": trade.trade_no, "out_order_no": out_order_no,
        "order_id": format!("3008{}", super::answer::refund_id(out_order_no)),
        "state": state.word(), "receivers": receivers,
    }))
}

/// The merchant himself is listed with what is released to him.
fn released(core: &Seller, settlement: &Settlement) -> Option<Value> {
    let trade = core.trade(&settlement.out_trade_no)?;
    let given: i64 = core.paid_shares(trade).iter().map(|(_, _, fen, _)| fen).sum();
    let rest_fen = trade.paid_fen() - trade.fee_fen - trade.refunded_fen() - given;
    let mchid = &core.config().seller_id;
    (settlement.finish && rest_fen > 0).then(|| {
        json!({
            "type": "MERCHANT_ID", "account": mchid, "amount": rest_fen, "description": "解冻给分账方",
            "result": Result::Success.word(), "detail_id": format!("3600{mchid}"),
        })
    })
}

fn receiver(share: &ShareNode) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    put("type", kind_of(&share.account).into());
    put("account", share.account.as_str().into());
    put("amount", share.amount_fen.into());
    put("description", "分账".into());
    put("detail_id", format!("3601{}", share.account).into());
    let result = match share.state {
        ShareState::Processing => Result::Pending,
        ShareState::Success => Result::Success,
        ShareState::Failed => Result::Closed,
    };
    put("result", result.word().into());
    if result == Result::Closed {
        put("fail_reason", "ACCOUNT_ABNORMAL".into());
    }
    if result != Result::Pending {
        put("finish_time", time::format_us(share.at_us).unwrap_or_default().into());
    }
    Value::Object(fields)
}

pub(super) fn share_back(node: &ShareBackNode) -> Answer {
    let result = match node.state {
        ShareState::Processing => ReturnState::Processing,
        ShareState::Success => ReturnState::Success,
        ShareState::Failed => ReturnState::Failed,
    };
    let mut fields = json!({
        "order_id": format!("3008{}", super::answer::refund_id(&node.out_request_no)),
        "out_order_no": node.out_request_no, "out_return_no": node.out_return_no,
        "return_id": format!("3008{}", super::answer::refund_id(&node.out_return_no)),
        "return_mchid": node.account, "amount": node.amount_fen, "description": "退款回退",
        "result": result.word(), "create_time": time::format_us(node.at_us).unwrap_or_default(),
    });
    if result == ReturnState::Failed {
        fields["fail_reason"] = json!("ACCOUNT_ABNORMAL");
    }
    Answer::done(fields)
}

/// What refuses a call about shares; nothing where it is refused as any other.
pub(super) fn refusal(call: &CoreCall, why: Why) -> Option<Answer> {
    let invalid = |text: &str| Some(Answer::refused(400, "INVALID_REQUEST", text));
    let differs = || Some(Answer::refused(400, "PARAM_ERROR", "与原请求不一致"));
    let unknown = || Some(Answer::refused(404, "RESOURCE_NOT_EXISTS", "记录不存在"));
    if why == Why::ReceiverUnknown {
        return invalid("接收方不存在");
    }
    if matches!(call, CoreCall::SettleQuery(_) | CoreCall::ShareBackQuery(_)) && why == Why::NotExist {
        return unknown();
    }
    if matches!(call, CoreCall::Undivided(_)) && why == Why::StatusWrong {
        return invalid("订单不支持分账");
    }
    if matches!(call, CoreCall::Undivided(_)) && why == Why::NotExist {
        return unknown();
    }
    if matches!(call, CoreCall::Settle(_)) {
        let words = [
            (Why::ShareTooMuch, "分账金额超出最大分账比例"),
            (Why::ParameterInvalid, "分账接收方关系不存在"),
        ];
        if let Some((_, text)) = words.iter().find(|(known, _)| *known == why) {
            return invalid(text);
        }
        if matches!(why, Why::StatusWrong | Why::ShareShort) {
            return Some(Answer::refused(403, "NOT_ENOUGH", "分账金额不足"));
        }
    }
    let returns = matches!(call, CoreCall::ShareBack(_));
    if returns && why == Why::ShareShort {
        return Some(Answer::refused(403, "NOT_ENOUGH", "回退方余额不足"));
    }
    if returns && matches!(why, Why::NotExist | Why::StatusWrong | Why::RefundTooMuch) {
        return invalid("不能回退");
    }
    let repeats = returns || matches!(call, CoreCall::Settle(_));
    (repeats && why == Why::RefundDiffers).then(differs).flatten()
}

/// A person is known by a payer's number.
fn kind_of(account: &str) -> &'static str {
    let person = account.starts_with('o') && account.len() == 28;
    if person { "PERSONAL_OPENID" } else { "MERCHANT_ID" }
}
