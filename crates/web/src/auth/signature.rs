//! RFC 9421 HTTP message signatures: which requests carry one, and whether it holds.

mod algorithm;
mod parse;

pub use algorithm::{check_public_key, hmac_key_name};
pub use parse::ParsedSignature;

use super::Caller;
use crate::problem::Code;
use crate::state::WebState;
use aws_lc_rs::digest::{SHA256, digest};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write;
use subtle::ConstantTimeEq;
use tk_domain::idempotency::SignatureNonce;

/// How far a signature's `created` may lie from now, seconds.
const CREATED_WITHIN_S: i64 = 300;

/// Verifies the signature if the request carries one or must; answers its nonce.
pub(super) fn verify(
    caller: &Caller,
    parts: &Parts,
    body: Option<&[u8]>,
    state: &WebState,
) -> Result<Option<SignatureNonce>, Code> {
    let carries = parts.headers.contains_key("signature") || parts.headers.contains_key("signature-input");
    let writes = parts.method != Method::GET && parts.method != Method::HEAD;
    if !carries {
        let must = caller.app.requires_signature && writes;
        return if must { Err(Code::SignatureMissing) } else { Ok(None) };
    }
    let parsed = parsed(&parts.headers)?;
    check_terms(&parsed, caller, writes)?;
    check_digest(&parsed, &parts.headers, body)?;
    let base = signature_base(&parsed, parts, state)?;
    if !algorithm::verifies(caller, &base, &parsed.signature, state.app.seal()) {
        return Err(Code::SignatureInvalid);
    }
    let now_s = state.app.now_us().div_euclid(1_000_000);
    let expired = parsed.expires_s.is_some_and(|expires_s| expires_s < now_s);
    if expired || now_s.abs_diff(parsed.created_s) > CREATED_WITHIN_S.unsigned_abs() {
        return Err(Code::TimestampOutOfRange);
    }
    let nonce = parsed.nonce.clone();
    Ok(nonce.map(|nonce| SignatureNonce { app_id: caller.app.id, nonce, request_id: caller.request_id }))
}

fn parsed(headers: &HeaderMap) -> Result<ParsedSignature, Code> {
    let one = |name: &str| {
        let mut values = headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().map_err(|_| Code::SignatureInvalid),
            (None, _) => Err(Code::SignatureMissing),
            (Some(_), Some(_)) => Err(Code::SignatureInvalid),
        }
    };
    ParsedSignature::read(one("signature-input")?, one("signature")?).ok_or(Code::SignatureInvalid)
}

/// Key, algorithm and covered components are as the key record and the method demand.
fn check_terms(parsed: &ParsedSignature, caller: &Caller, writes: bool) -> Result<(), Code> {
    let algorithm = caller.key.signature_algorithm.ok_or(Code::SignatureInvalid)?;
    let algorithm_fits = parsed.algorithm.as_deref().is_none_or(|named| named == algorithm.word());
    let key_fits = parsed.key_id == caller.key.id.to_string();
    let covered = |name: &str| parsed.covered.iter().any(|component| component == name);
    let all_covered = covered("@method") && covered("@target-uri") && (!writes || covered("content-digest"));
    let nonce_given = !writes || parsed.nonce.is_some();
    if algorithm_fits && key_fits && all_covered && nonce_given {
        Ok(())
    } else {
        Err(Code::SignatureInvalid)
    }
}

/// The body is the one that `Content-Digest` (RFC 9530) names.
fn check_digest(parsed: &ParsedSignature, headers: &HeaderMap, body: Option<&[u8]>) -> Result<(), Code> {
    if !parsed.covered.iter().any(|component| component == "content-digest") {
        return Ok(());
    }
    let value =
        headers.get("content-digest").and_then(|value| value.to_str().ok()).ok_or(Code::SignatureInvalid)?;
    let named = value
        .split(',')
        .find_map(|item| item.trim().strip_prefix("sha-256=:")?.strip_suffix(':'))
        .ok_or(Code::SignatureInvalid)?;
    let named = STANDARD.decode(named).map_err(|_| Code::SignatureInvalid)?;
    let actual = digest(&SHA256, body.unwrap_or_default());
    if bool::from(named.as_slice().ct_eq(actual.as_ref())) { Ok(()) } else { Err(Code::SignatureInvalid) }
}

/// The signature base, RFC 9421 section 2.5.
fn signature_base(parsed: &ParsedSignature, parts: &Parts, state: &WebState) -> Result<String, Code> {
    let mut base = String::new();
    for component in &parsed.covered {
        let value =
            component_value(component, parts, &state.config.base_url).ok_or(Code::SignatureInvalid)?;
        // Writing to a String cannot fail.
        let _ = writeln!(base, "\"{component}\": {value}");
    }
    base.push_str("\"@signature-params\": ");
    base.push_str(&parsed.parameters);
    Ok(base)
}

fn component_value(component: &str, parts: &Parts, base_url: &str) -> Option<String> {
    let path_and_query = parts.uri.path_and_query().map_or("/", |text| text.as_str());
    match component {
        "@method" => Some(parts.method.as_str().to_owned()),
        "@target-uri" => Some(format!("{base_url}{path_and_query}")),
        "@path" => Some(parts.uri.path().to_owned()),
        "@query" => Some(format!("?{}", parts.uri.query().unwrap_or_default())),
        name if name.starts_with('@') => None,
        name => {
            let values: Option<Vec<&str>> =
                parts.headers.get_all(name).iter().map(|value| value.to_str().ok().map(str::trim)).collect();
            values.filter(|values| !values.is_empty()).map(|values| values.join(", "))
        }
    }
}
