//! What a direct link is given: statement files, on days when all goes well and on others.

use super::faults::{BankFault, SLOW_MAX_MS};
use super::{BankSite, refused};
use crate::bank::{BankRefusal, FileFormat, spoil};
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

/// The header of the bank's signature: RSA-SHA256 over the bytes of the file, base64.
pub const SIGNATURE_HEADER: &str = "x-statement-signature";

/// Which file is wanted.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    format: Option<String>,
    /// `final` wants the whole day.
    kind: Option<String>,
}

pub(super) async fn file(
    State(site): State<Arc<BankSite>>,
    Path((account, date)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    let brought = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if brought != Some(&format!("Bearer {}", site.token)) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let format = FileFormat::parse(wanted.format.as_deref().unwrap_or("camt053"));
    let day = date.parse::<jiff::civil::Date>().ok().and_then(day_number);
    let (Some(format), Some(day)) = (format, day) else { return StatusCode::BAD_REQUEST.into_response() };
    let fault = site.next_fault();
    match fault {
        Some(BankFault::Down) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Some(BankFault::TurnedAway) => return StatusCode::FORBIDDEN.into_response(),
        Some(BankFault::Late) => return StatusCode::CONFLICT.into_response(),
        Some(BankFault::Slow { after_ms }) => {
            tokio::time::sleep(Duration::from_millis(after_ms.min(SLOW_MAX_MS))).await;
        }
        Some(BankFault::Cut | BankFault::SameFile | BankFault::File { .. } | BankFault::Forged) | None => {}
    }
    match site.file((&account, day), format, wanted.kind.as_deref() == Some("final")) {
        Ok(Some(bytes)) => given(&site, (&account, format), bytes, fault),
        Ok(None) => StatusCode::CONFLICT.into_response(),
        Err(refusal) => refused(refusal),
    }
}

/// The file as it leaves.
fn given(
    site: &BankSite,
    (account, format): (&str, FileFormat),
    bytes: Vec<u8>,
    fault: Option<BankFault>,
) -> Response {
    let before = site.given_before(account, &bytes);
    let bytes = match fault {
        Some(BankFault::SameFile) => before.unwrap_or(bytes),
        Some(BankFault::File { wrong }) => spoil(&bytes, (format, account), wrong),
        Some(_) | None => bytes,
    };
    let signed = if fault == Some(BankFault::Forged) { b"another file".as_slice() } else { bytes.as_slice() };
    let signature = site.key.as_ref().and_then(|key| key.sign(signed).ok());
    let body = if fault == Some(BankFault::Cut) { cut(bytes) } else { Body::from(bytes) };
    let mut response = ([(header::CONTENT_TYPE, "application/octet-stream")], body).into_response();
    if let Some(Ok(value)) = signature.map(|text| text.parse()) {
        response.headers_mut().insert(SIGNATURE_HEADER, value);
    }
    response
}

/// Half of the file, and then the connection breaks.
fn cut(mut bytes: Vec<u8>) -> Body {
    bytes.truncate(bytes.len() / 2);
    let parts = [Ok(Bytes::from(bytes)), Err(std::io::Error::other("cut off"))];
    Body::from_stream(futures_util::stream::iter(parts))
}

pub(super) fn day_number(date: jiff::civil::Date) -> Option<i64> {
    let at = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    Some(at.as_second().div_euclid(86_400))
}

/// Puts a statement into the folder of its account as a careful bank does: under another name until it is whole.
pub(super) fn drop_file(
    site: &BankSite,
    (account, day): (&str, i64),
    (format, name): (FileFormat, &str),
) -> Result<bool, BankRefusal> {
    let plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let Some(root) = site.files.as_ref().filter(|_| plain(account) && plain(name)) else { return Ok(false) };
    let Some(bytes) = site.file((account, day), format, false)? else { return Ok(false) };
    let folder = root.join(account).join("incoming");
    let part = folder.join(format!("{name}.part"));
    let written = std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(&part, &bytes))
        .and_then(|()| match site.key.as_ref().and_then(|key| key.sign(&bytes).ok()) {
            Some(signature) => std::fs::write(folder.join(format!("{name}.sig")), signature),
            None => Ok(()),
        })
        .and_then(|()| std::fs::write(folder.join(format!("{name}.ok")), ""))
        .and_then(|()| std::fs::rename(&part, folder.join(name)));
    written.map(|()| true).map_err(|_| BankRefusal::Full)
}
