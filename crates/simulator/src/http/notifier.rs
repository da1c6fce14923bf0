use std::sync::Arc;
use std::time::Duration;

use axum::http::header;
use tk_formats::alipay::params::{Params, ParamsError};
use tk_formats::alipay::{SIGN_TYPE, amount, notify, params, time};
use tokio::sync::Semaphore;

use super::sandbox::{Desk, NotifyTargets, Sandbox};
use crate::core::{House, Notification, NotifyFields, Seal};
use crate::keys::{AppKeys, DeskKeys};

/// How often due notifications are looked for when nothing wakes the notifier.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// The most bytes of an acknowledgement that are read.
const ACK_MAX_BYTES: usize = 4096;

/// Delivers due notifications until dropped.
pub(super) async fn run(sandbox: Arc<Sandbox>) {
    let permits = Arc::new(Semaphore::new(sandbox.notify_parallel));
    loop {
        for app_id in sandbox.desks.keys() {
            for notification in due(&sandbox, app_id) {
                let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
                let (sandbox, app_id) = (Arc::clone(&sandbox), app_id.clone());
                tokio::spawn(async move {
                    deliver(&sandbox, &app_id, &notification).await;
                    drop(permit);
                });
            }
        }
        // Whichever comes first; a timeout is as good a reason to look as a wake-up.
        let _woken = tokio::time::timeout(LOOK_EVERY, sandbox.wake.notified()).await;
    }
}

fn due(sandbox: &Sandbox, app_id: &str) -> Vec<Notification> {
    let Some(desk) = sandbox.desk(app_id) else { return Vec::new() };
    let now_us = sandbox.now_us();
    sandbox.with_core_quietly(desk, |core| core.due_notifications(now_us)).unwrap_or_default()
}

async fn deliver(sandbox: &Sandbox, app_id: &str, notification: &Notification) {
    let Some(desk) = sandbox.desk(app_id) else { return };
    if !may_notify(sandbox.notify_targets, &notification.url) {
        tracing::warn!(notify_id = %notification.notify_id, "notification target is not allowed");
        return;
    }
    let Some(message) = message_of(sandbox, desk, notification) else {
        tracing::warn!(notify_id = %notification.notify_id, "notification cannot be written");
        return;
    };
    let mut request = sandbox.client.post(&notification.url).body(message.body);
    for (name, value) in message.headers {
        request = request.header(name, value);
    }
    match request.send().await {
        Ok(response) if response.status().is_success() => {
            if acknowledged(desk.house, response).await
                && notification.seal == Seal::Genuine
                && let Err(error) =
                    sandbox.with_core_quietly(desk, |core| core.acknowledge(&notification.notify_id))
            {
                tracing::warn!(%error, "the truth journal failed");
            }
        }
        Ok(response) => tracing::debug!(status = %response.status(), "notification not acknowledged"),
        Err(error) => tracing::debug!(%error, "notification not delivered"),
    }
}

/// A notification as it is posted.
pub(super) struct Message {
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

fn message_of(sandbox: &Sandbox, desk: &Desk, notification: &Notification) -> Option<Message> {
    match &desk.keys {
        DeskKeys::Alipay(keys) => {
            let body = body_of(sandbox, keys, notification).ok()?;
            let form = "application/x-www-form-urlencoded; charset=utf-8".to_owned();
            Some(Message { headers: vec![(header::CONTENT_TYPE.as_str(), form)], body })
        }
        DeskKeys::Wechatpay(keys) => super::wechat::notice::message(sandbox, keys, notification),
    }
}

/// Alipay wants its word; to WeChat any success will do.
async fn acknowledged(house: House, mut response: reqwest::Response) -> bool {
    if house == House::Wechatpay {
        return matches!(response.status().as_u16(), 200 | 204);
    }
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > ACK_MAX_BYTES {
            return false;
        }
    }
    body == notify::ACK.as_bytes()
}

fn may_notify(targets: NotifyTargets, url: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else { return false };
    let loopback = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    matches!(url.scheme(), "http" | "https") && (targets == NotifyTargets::Anywhere || loopback)
}

fn body_of(
    sandbox: &Sandbox,
    keys: &AppKeys,
    notification: &Notification,
) -> Result<Vec<u8>, notify::NotifyError> {
    let mut form = form_of(&notification.notify_id, &notification.fields)?;
    match notification.seal {
        Seal::Genuine => notify::encode(&form, &keys.platform_key),
        Seal::WrongKey => notify::encode(&form, &sandbox.stranger),
        Seal::Unsigned => {
            form.insert("sign_type", SIGN_TYPE)?;
            Ok(params::encode_urlencoded(&form, params::charset_of(&form)?)?.into_bytes())
        }
        Seal::Probe => Ok(b"ping=1".to_vec()),
    }
}

fn form_of(notify_id: &str, fields: &NotifyFields) -> Result<Params, ParamsError> {
    let total = amount::format_fen(fields.total_fen);
    let received = amount::format_fen(fields.total_fen.saturating_sub(fields.coupon.merchant_fen));
    let own = amount::format_fen(fields.total_fen.saturating_sub(fields.coupon.whole_fen()));
    let funds = format!("[{{\"amount\":\"{own}\",\"fundChannel\":\"ALIPAYACCOUNT\"}}]");
    let refund_fee = fields.refund_fee_fen.map(amount::format_fen);
    let moment = |at_us: Option<i64>| at_us.and_then(|at_us| time::format_us(at_us).ok());
    let millis = |at_us: Option<i64>| at_us.and_then(|at_us| time::format_millis_us(at_us).ok());
    let notify_time = moment(Some(fields.notify_time_us));
    let (created, paid) = (moment(Some(fields.gmt_create_us)), moment(fields.gmt_payment_us));
    let (refunded, closed) = (millis(fields.gmt_refund_us), moment(fields.gmt_close_us));
    let mut form = Params::new();
    for (name, value) in [
        ("notify_time", notify_time.as_deref()),
        ("notify_type", Some("trade_status_sync")),
        ("notify_id", Some(notify_id)),
        ("charset", Some("utf-8")),
        ("version", Some("1.0")),
        ("app_id", Some(fields.provider.as_ref().map_or(&fields.app_id, |provider| &provider.app_id))),
        ("auth_app_id", Some(&fields.app_id)),
        ("trade_no", Some(&fields.trade_no)),
        ("out_trade_no", Some(&fields.out_trade_no)),
        ("out_biz_no", fields.out_biz_no.as_deref()),
        ("trade_status", Some(fields.trade_status.wire_name())),
        ("total_amount", Some(&total)),
        ("receipt_amount", Some(&received)),
        ("buyer_pay_amount", Some(&own)),
        ("invoice_amount", Some(&own)),
        ("point_amount", Some("0.00")),
        ("refund_fee", refund_fee.as_deref()),
        ("buyer_id", Some(&fields.buyer_id)),
        ("buyer_logon_id", Some(&fields.buyer_logon_id)),
        ("seller_id", Some(&fields.seller_id)),
        ("subject", Some(&fields.subject)),
        ("gmt_create", created.as_deref()),
        ("gmt_payment", paid.as_deref()),
        ("gmt_refund", refunded.as_deref()),
        ("gmt_close", closed.as_deref()),
        ("fund_bill_list", Some(&funds)),
        ("passback_params", fields.passback_params.as_deref()),
    ] {
        if let Some(value) = value {
            form.insert(name, value)?;
        }
    }
    Ok(form)
}
