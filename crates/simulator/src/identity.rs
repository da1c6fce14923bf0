//! An identity provider with its own memory and faults, on the protocol of `formats::identity`.
//!
//! Who belongs together is decided by the number: one that ends in `X` or an even digit is its owner's, whatever the
//! name; an odd one is not. A face passes unless its first byte is 0; photos are looked at only for being there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use tk_formats::identity::{IdentityKey, Outcome, Stamped, Verdict, Verification, Way};

use crate::unionpay::http::Clock;

/// The longest request taken, bytes: two photos and a face.
const BODY_MAX_BYTES: usize = 24 * 1024 * 1024;
/// Checks remembered.
const CHECKS_MAX: usize = 100_000;

/// What the next request meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityFault {
    /// Nothing happens, and no answer comes.
    LostBefore,
    /// The check is made, and no answer comes.
    LostAfter,
    /// The check is made; the answer is signed by somebody else.
    WrongKey,
    /// The check is made; the answer is about another one.
    AnotherCheck,
    /// The check is made; the answer is of an hour ago.
    OldAnswer,
    /// The check is made; the answer is an HTML page.
    Garbage,
    /// It says 503 and does nothing.
    Down,
    /// It says that it is still looking.
    Pending,
}

/// A running provider.
pub struct IdentityHouse {
    key: IdentityKey,
    stranger: IdentityKey,
    clock: Clock,
    memory: Mutex<Memory>,
}

impl std::fmt::Debug for IdentityHouse {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("IdentityHouse").finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct Memory {
    verdicts: BTreeMap<String, Verdict>,
    faults: Vec<IdentityFault>,
    faces: u64,
}

impl IdentityHouse {
    /// A provider that shares this secret.
    pub fn new(secret: &str, clock: Clock) -> Arc<Self> {
        let (key, stranger) = (IdentityKey::new(secret), IdentityKey::new("somebody else's secret"));
        Arc::new(Self { key, stranger, clock, memory: Mutex::default() })
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next requests meet these faults, one each.
    pub fn script(&self, faults: &[IdentityFault]) {
        self.memory().faults.extend_from_slice(faults);
    }

    /// How many checks were made, and how many of them showed a face.
    pub fn made(&self) -> (usize, u64) {
        let memory = self.memory();
        (memory.verdicts.len(), memory.faces)
    }

    fn fault(&self) -> Option<IdentityFault> {
        let mut memory = self.memory();
        if memory.faults.is_empty() { None } else { Some(memory.faults.remove(0)) }
    }

    fn now_s(&self) -> i64 {
        (self.clock)().div_euclid(1_000_000)
    }

    fn admits(&self, way: Way<'_>, headers: &HeaderMap, body: &[u8]) -> bool {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let at_s = text("x-timestamp").and_then(|text| text.parse().ok());
        let (Some(at_s), Some(nonce), Some(signature)) = (at_s, text("x-nonce"), text("x-signature")) else {
            return false;
        };
        self.key.verify(&Stamped { way, at_s, nonce, body }, signature, self.now_s()).is_ok()
    }

    fn decide(&self, asked: &Verification) -> Verdict {
        let mut memory = self.memory();
        if let Some(known) = memory.verdicts.get(&asked.request_no) {
            return known.clone();
        }
        let verdict = judged(asked);
        if memory.verdicts.len() < CHECKS_MAX {
            memory.faces += u64::from(asked.face.is_some());
            memory.verdicts.insert(asked.request_no.clone(), verdict.clone());
        }
        verdict
    }

    fn answer(&self, fault: Option<IdentityFault>, verdict: &Verdict) -> Response {
        let mut said = verdict.clone();
        if fault == Some(IdentityFault::AnotherCheck) {
            said.request_no.push('0');
        }
        if fault == Some(IdentityFault::Pending) {
            said.result = Outcome::Pending;
            said.reason = None;
        }
        let key = if fault == Some(IdentityFault::WrongKey) { &self.stranger } else { &self.key };
        let at_s = self.now_s() - if fault == Some(IdentityFault::OldAnswer) { 3_600 } else { 0 };
        let body = serde_json::to_vec(&said).unwrap_or_default();
        let nonce = format!("{at_s:032x}");
        let way = Way::Answer(&verdict.request_no, 200);
        let signature = key.sign(&Stamped { way, at_s, nonce: &nonce, body: &body });
        let headers = [
            (header::CONTENT_TYPE.as_str(), "application/json".to_owned()),
            ("x-timestamp", at_s.to_string()),
            ("x-nonce", nonce),
            ("x-signature", signature),
        ];
        (headers, body).into_response()
    }
}

fn judged(asked: &Verification) -> Verdict {
    let fails = |reason: &str| (Outcome::Fail, Some(reason.to_owned()));
    let own = asked.id_number.bytes().last().is_some_and(|byte| {
        byte.eq_ignore_ascii_case(&b'X') || (byte.is_ascii_digit() && (byte - b'0').is_multiple_of(2))
    });
    let (result, reason) = match (asked.level.as_str(), &asked.face) {
        _ if asked.name.is_empty() || !own => fails("name_and_number_differ"),
        ("face", Some(_)) if asked.photos.len() < 2 => fails("photos_missing"),
        // Base64 of a face whose first byte is 0.
        ("face", Some(face)) if face.starts_with("AA") => fails("face_differs"),
        ("real_name", None) | ("face", Some(_)) => (Outcome::Pass, None),
        _ => fails("level_unknown"),
    };
    Verdict { request_no: asked.request_no.clone(), result, reason }
}

/// The routes of a provider, and the place where its next faults are written.
pub fn router(house: Arc<IdentityHouse>) -> Router {
    Router::new()
        .route("/v1/verifications", post(verify))
        .route("/v1/verifications/{request_no}", get(question))
        .route("/control/identity/faults", post(script))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .with_state(house)
}

async fn verify(State(house): State<Arc<IdentityHouse>>, headers: HeaderMap, body: Bytes) -> Response {
    if !house.admits(Way::Request("POST", "/v1/verifications"), &headers, &body) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let Ok(asked) = serde_json::from_slice::<Verification>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let fault = house.fault();
    match fault {
        Some(IdentityFault::LostBefore | IdentityFault::Down) => {
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        Some(IdentityFault::LostAfter) => {
            house.decide(&asked);
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        Some(IdentityFault::Garbage) => {
            house.decide(&asked);
            "<html>pass</html>".into_response()
        }
        None
        | Some(
            IdentityFault::WrongKey
            | IdentityFault::AnotherCheck
            | IdentityFault::OldAnswer
            | IdentityFault::Pending,
        ) => house.answer(fault, &house.decide(&asked)),
    }
}

async fn question(
    State(house): State<Arc<IdentityHouse>>,
    Path(request_no): Path<String>,
    headers: HeaderMap,
) -> Response {
    let path = format!("/v1/verifications/{request_no}");
    if !house.admits(Way::Request("GET", &path), &headers, b"") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let fault = house.fault();
    if matches!(fault, Some(IdentityFault::Down | IdentityFault::LostBefore | IdentityFault::LostAfter)) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let known = house.memory().verdicts.get(&request_no).cloned();
    let unknown = Verdict { request_no, result: Outcome::NotFound, reason: None };
    house.answer(fault, &known.unwrap_or(unknown))
}

async fn script(State(house): State<Arc<IdentityHouse>>, body: Bytes) -> StatusCode {
    match serde_json::from_slice::<Vec<IdentityFault>>(&body) {
        Ok(faults) => {
            house.script(&faults);
            StatusCode::NO_CONTENT
        }
        Err(_) => StatusCode::BAD_REQUEST,
    }
}
