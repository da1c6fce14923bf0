//! Sends due notifications until each is acknowledged or given up.

use std::sync::Arc;
use std::time::Duration;

use axum::http::header;
use tk_formats::unionpay::sign::Signer;
use tk_formats::unionpay::{Params, notify};
use tokio::sync::Semaphore;

use super::sandbox::Gateway;
use crate::core::Seal;
use crate::unionpay::core::{Answer, Notification};

/// How often due notifications are looked for when nothing wakes the notifier.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// The most notifications under way at once.
const PARALLEL: usize = 16;

pub(super) async fn run(gateway: Arc<Gateway>) {
    let permits = Arc::new(Semaphore::new(PARALLEL));
    loop {
        let now_us = gateway.now_us();
        let due = gateway.with_core_quietly(|core| core.due_notifications(now_us)).unwrap_or_default();
        for notification in due {
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
            let gateway = Arc::clone(&gateway);
            tokio::spawn(async move {
                deliver(&gateway, &notification).await;
                drop(permit);
            });
        }
        // Whichever comes first; a timeout is as good a reason to look as a wake-up.
        let _woken = tokio::time::timeout(LOOK_EVERY, gateway.wake.notified()).await;
    }
}

async fn deliver(gateway: &Gateway, notification: &Notification) {
    let Some(body) = sealed(gateway, &notification.fields, notification.seal) else {
        tracing::warn!(serial = notification.serial, "notification cannot be written");
        return;
    };
    let taken = send(gateway, &notification.url, body).await;
    if taken
        && notification.seal == Seal::Genuine
        && let Err(error) = gateway.with_core_quietly(|core| core.acknowledge(notification.serial))
    {
        tracing::warn!(%error, "the truth journal failed");
    }
}

/// The form of a notification under a seal, signed in the way that its order was.
pub(super) fn sealed(gateway: &Gateway, fields: &Answer, seal: Seal) -> Option<Vec<u8>> {
    let method = fields.iter().find(|(name, _)| name == "signMethod").map(|(_, value)| value.as_str());
    let voice = gateway.keys.voice(method);
    let certificate = voice.certificate_pem.as_deref();
    match seal {
        Seal::Genuine => body_of(fields, &voice.signer, certificate),
        Seal::WrongKey => body_of(fields, gateway.stranger_of(&voice.signer), certificate),
        Seal::Unsigned => {
            let body = body_of(fields, &voice.signer, certificate)?;
            let text = String::from_utf8(body).ok()?;
            Some(text.split("&signature=").next().unwrap_or_default().as_bytes().to_vec())
        }
        Seal::Probe => Some(b"ping=1".to_vec()),
    }
}

fn body_of(fields: &Answer, signer: &Signer, certificate_pem: Option<&str>) -> Option<Vec<u8>> {
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
