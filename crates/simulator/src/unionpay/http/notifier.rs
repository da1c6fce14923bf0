//! Sends due notifications until each is acknowledged or given up.

use std::sync::Arc;
use std::time::Duration;

use axum::http::header;
use tk_formats::unionpay::sign::Signer;
use tk_formats::unionpay::{Params, notify};

use super::sandbox::Gateway;
use crate::unionpay::core::Notice;

/// How often due notifications are looked for when nothing wakes the notifier.
const LOOK_EVERY: Duration = Duration::from_millis(200);

pub(super) async fn run(gateway: Arc<Gateway>) {
    loop {
        let now_us = gateway.now_us();
        let due = gateway.books().due_notices(now_us);
        for notice in due {
            let gateway = Arc::clone(&gateway);
            tokio::spawn(async move { deliver(&gateway, &notice).await });
        }
        // Whichever comes first; a timeout is as good a reason to look as a wake-up.
        let _woken = tokio::time::timeout(LOOK_EVERY, gateway.wake.notified()).await;
    }
}

async fn deliver(gateway: &Gateway, notice: &Notice) {
    let keys = &gateway.keys;
    let mut fields = notice.fields.clone();
    if let Some(by_fen) = gateway.next_wrong_amount() {
        misstate(&mut fields, by_fen);
    }
    let Some(body) = body_of(&fields, &keys.signer, keys.certificate_pem.as_deref()) else {
        tracing::warn!(serial = notice.serial, "notification cannot be written");
        return;
    };
    if send(gateway, &notice.url, body).await {
        gateway.books().acknowledge(notice.serial);
    }
}

fn misstate(fields: &mut [(String, String)], by_fen: i64) {
    if let Some((_, text)) = fields.iter_mut().find(|(name, _)| name == "txnAmt") {
        *text = text.parse::<i64>().unwrap_or(0).saturating_add(by_fen).to_string();
    }
}

/// The signed form of a notification.
pub(super) fn body_of(
    fields: &[(String, String)],
    signer: &Signer,
    certificate_pem: Option<&str>,
) -> Option<Vec<u8>> {
    let mut form = Params::new();
    for (name, value) in fields {
        form.insert(name.as_str(), value.as_str()).ok()?;
    }
    notify::encode(&form, signer, certificate_pem).ok()
}

/// Posts a form to a loopback address; whether it was taken.
pub(super) async fn send(gateway: &Gateway, url: &str, body: Vec<u8>) -> bool {
    if !may_notify(url) {
        tracing::warn!("notification target is not allowed");
        return false;
    }
    let request = gateway
        .client
        .post(url)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded;charset=UTF-8")
        .body(body);
    match request.send().await {
        Ok(response) => matches!(response.status().as_u16(), 200 | 302),
        Err(error) => {
            tracing::debug!(%error, "notification not delivered");
            false
        }
    }
}

fn may_notify(url: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else { return false };
    let loopback = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    matches!(url.scheme(), "http" | "https") && loopback
}
