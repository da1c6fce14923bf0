use serde_json::{Map, Value, json};
use tk_formats::wechatpay::callback::{self, Notice};
use tk_formats::wechatpay::order::{RefundState, TradeState};
use tk_formats::wechatpay::{signature, time};

use super::super::notifier::Message;
use super::super::sandbox::Sandbox;
use super::answer::{promotions, refund_id, trade_type, whom};
use crate::core::{Notification, NotifyFields, Seal};
use crate::keys::wechat::MerchantKeys;

/// Seals and signs a notification.
pub(in crate::http) fn message(
    sandbox: &Sandbox,
    keys: &MerchantKeys,
    notification: &Notification,
) -> Option<Message> {
    let notice = notice_of(notification);
    let summary = if notice.original_type == "refund" { "退款成功" } else { "支付成功" };
    let body = callback::encode(&notice, summary, &keys.api_v3_key, "sandboxnonce").ok()?.into_bytes();
    let key = match notification.seal {
        Seal::WrongKey => &sandbox.stranger,
        Seal::Genuine | Seal::Unsigned | Seal::Probe => &keys.platform_key,
    };
    let serial = &keys.callback_serial;
    let at_s = notification.fields.notify_time_us.div_euclid(1_000_000);
    let mut headers = vec![("content-type", "application/json".to_owned())];
    if notification.seal != Seal::Unsigned {
        let nonce = format!("{:032X}", notification.attempt);
        headers.extend(signature::sign(&body, key, serial, at_s, &nonce).ok()?);
    }
    if notification.seal == Seal::Probe {
        for (name, value) in &mut headers {
            if *name == "wechatpay-signature" {
                *value = format!("{}{value}", signature::PROBE_PREFIX);
            }
        }
    }
    Some(Message { headers, body })
}

/// What a notification says, before it is sealed and signed.
pub fn notice_of(notification: &Notification) -> Notice {
    let fields = &notification.fields;
    let (event_type, original_type, resource) = match (&fields.out_biz_no, fields.refund_fen) {
        (Some(number), Some(fen)) => ("REFUND.SUCCESS", "refund", refund(fields, number, fen)),
        (_, _) => ("TRANSACTION.SUCCESS", "transaction", order(fields)),
    };
    Notice {
        id: notification.notify_id.clone(),
        created_at_us: fields.notify_time_us,
        event_type: event_type.to_owned(),
        original_type: original_type.to_owned(),
        resource,
    }
}

fn order(fields: &NotifyFields) -> Map<String, Value> {
    let total = fields.total_fen;
    let payer = total.saturating_sub(fields.coupon.whole_fen());
    let openid = if fields.provider.is_some() { "sp_openid" } else { "openid" };
    let order = json!({
        "out_trade_no": fields.out_trade_no,
        "transaction_id": fields.trade_no,
        "trade_type": trade_type(fields.entrance),
        "trade_state": TradeState::Success.word(),
        "trade_state_desc": "支付成功",
        "bank_type": "OTHERS",
        "attach": fields.passback_params.as_deref().unwrap_or_default(),
        "success_time": moment(fields.gmt_payment_us),
        "payer": { openid: fields.buyer_id },
        "amount": { "total": total, "payer_total": payer, "currency": "CNY", "payer_currency": "CNY" },
        "promotion_detail": promotions(fields.coupon),
    });
    parties(fields, order)
}

fn refund(fields: &NotifyFields, number: &str, fen: i64) -> Map<String, Value> {
    let total = fields.total_fen;
    let payer = total.saturating_sub(fields.coupon.whole_fen());
    let payer_refund = fen.saturating_sub(fields.refund_coupon.whole_fen());
    let mut refund = parties(
        fields,
        json!({
            "out_trade_no": fields.out_trade_no,
            "transaction_id": fields.trade_no,
            "out_refund_no": number,
            "refund_id": refund_id(number),
            "refund_status": RefundState::Success.word(),
            "success_time": moment(fields.gmt_refund_us),
            "user_received_account": "支付用户零钱",
            "amount": {
                "total": total, "refund": fen, "payer_total": payer, "payer_refund": payer_refund,
            },
        }),
    );
    // A refund names no application.
    refund.remove("appid");
    refund.remove("sp_appid");
    refund
}

fn parties(fields: &NotifyFields, told: Value) -> Map<String, Value> {
    let mut whole = whom(fields.provider.as_ref(), (&fields.app_id, &fields.seller_id));
    whole.extend(object(told));
    whole
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}

fn moment(at_us: Option<i64>) -> String {
    at_us.and_then(|at_us| time::format_us(at_us).ok()).unwrap_or_default()
}
