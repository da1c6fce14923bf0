//! An identity provider with its own memory and faults, on the protocol of `formats::identity`.
//!
//! Who belongs together is decided by the number: one that ends in `X` or an even digit is its owner's, whatever the
//! name; an odd one is not. A face passes unless its first byte is 0; photos are looked at only for being there. A hosted
//! check waits until its payer was on this provider's page and pressed what happens before the camera.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use tk_formats::identity::{IdentityKey, Outcome, Stamped, Verdict, Verification, Way, liveness_path};

use crate::look::{self, Lang, Page, escape};
use crate::unionpay::http::Clock;

/// The longest request taken, bytes: two photos and a face.
const BODY_MAX_BYTES: usize = 24 * 1024 * 1024;
/// Checks remembered.
const CHECKS_MAX: usize = 100_000;
/// How long a payer has for his face before the camera (15 min).
const HOSTED_LIVES_S: i64 = 900;
const STYLE: &str = "/v1/liveness/style.css";

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
    /// Hosted checks that still wait for a face, until when, Unix seconds.
    hosted: BTreeMap<String, i64>,
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
        let now_s = self.now_s();
        let mut memory = self.memory();
        if let Some(known) = memory.verdicts.get(&asked.request_no) {
            return known.clone();
        }
        let verdict = judged(asked);
        if verdict.result == Outcome::Pending {
            memory.hosted.insert(asked.request_no.clone(), now_s.saturating_add(HOSTED_LIVES_S));
        }
        if memory.verdicts.len() < CHECKS_MAX {
            memory.faces += u64::from(asked.face.is_some());
            memory.verdicts.insert(asked.request_no.clone(), verdict.clone());
        }
        verdict
    }

    /// A face that came before no camera in time is no face.
    fn expire(&self, request_no: &str) {
        let now_s = self.now_s();
        if self.memory().hosted.get(request_no).is_some_and(|until_s| *until_s <= now_s) {
            self.conclude(request_no, Some("liveness_expired"));
        }
    }

    fn conclude(&self, request_no: &str, reason: Option<&str>) {
        let mut memory = self.memory();
        if memory.hosted.remove(request_no).is_none() {
            return;
        }
        memory.faces += u64::from(reason != Some("liveness_expired"));
        if let Some(verdict) = memory.verdicts.get_mut(request_no) {
            verdict.result = if reason.is_some() { Outcome::Fail } else { Outcome::Pass };
            verdict.reason = reason.map(str::to_owned);
        }
    }

    fn admits_browser(&self, request_no: &str, link: &Link) -> bool {
        let path = liveness_path(request_no, &link.back);
        let way = Way::Request("GET", &path);
        let signed = Stamped { way, at_s: link.at, nonce: &link.nonce, body: b"" };
        // A browser may be slow; the check itself has its time.
        self.key.verify(&signed, &link.signature, link.at).is_ok()
            && self.now_s().saturating_sub(link.at) <= HOSTED_LIVES_S
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
        ("face", None) if asked.hosted && asked.photos.len() < 2 => fails("photos_missing"),
        ("face", None) if asked.hosted => (Outcome::Pending, None),
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
        .route("/v1/liveness/{request_no}", get(liveness).post(camera))
        .route(STYLE, get(look::stylesheet))
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
    house.expire(&request_no);
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

/// A signed way in for a payer's browser.
#[derive(Debug, Deserialize)]
struct Link {
    #[serde(rename = "return")]
    back: String,
    at: i64,
    nonce: String,
    signature: String,
}

async fn liveness(
    State(house): State<Arc<IdentityHouse>>,
    Path(request_no): Path<String>,
    Query(link): Query<Link>,
    headers: HeaderMap,
) -> Response {
    let lang = Lang::of(None, &headers);
    house.expire(&request_no);
    let waits = house.memory().hosted.contains_key(&request_no);
    if !house.admits_browser(&request_no, &link) {
        return shown(lang, StatusCode::FORBIDDEN, lang.pick("链接无效", "The link is not valid"));
    }
    if !waits {
        return Redirect::to(&link.back).into_response();
    }
    let Link { back, at, nonce, signature } = &link;
    let hidden =
        [("return", back.as_str()), ("at", &at.to_string()), ("nonce", nonce), ("signature", signature)]
            .map(|(name, value)| {
                format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value))
            })
            .concat();
    let buttons = [
        ("pass", "pay", lang.pick("看镜头，眨眨眼（本人）", "Look into the camera and blink (it is you)")),
        ("differs", "decline", lang.pick("换一个人来看", "Let somebody else look")),
        ("dark", "time_out", lang.pick("太暗，看不清", "Too dark to see anything")),
        ("leave", "never", lang.pick("先不做，返回", "Not now, go back")),
    ]
    .map(|(act, class, label)| {
        format!("<button name=\"act\" value=\"{act}\" id=\"{act}\" class=\"{class}\">{label}</button>")
    })
    .concat();
    let content = format!(
        "<p class=\"result\">{}</p><form method=\"post\" action=\"/v1/liveness/{}\">{hidden}{buttons}</form>",
        lang.pick("请正对镜头", "Please look straight into the camera"),
        escape(&request_no),
    );
    shown(lang, StatusCode::OK, &content)
}

#[derive(Debug, Deserialize)]
struct Seen {
    act: String,
    #[serde(rename = "return")]
    back: String,
    at: i64,
    nonce: String,
    signature: String,
}

async fn camera(
    State(house): State<Arc<IdentityHouse>>,
    Path(request_no): Path<String>,
    headers: HeaderMap,
    axum::Form(seen): axum::Form<Seen>,
) -> Response {
    let lang = Lang::of(None, &headers);
    let Seen { act, back, at, nonce, signature } = seen;
    let link = Link { back, at, nonce, signature };
    if !house.admits_browser(&request_no, &link) {
        return shown(lang, StatusCode::FORBIDDEN, lang.pick("链接无效", "The link is not valid"));
    }
    match act.as_str() {
        "pass" => house.conclude(&request_no, None),
        "differs" => house.conclude(&request_no, Some("face_differs")),
        "dark" => house.conclude(&request_no, Some("face_unclear")),
        _ => {}
    }
    Redirect::to(&link.back).into_response()
}

fn shown(lang: Lang, status: StatusCode, content: &str) -> Response {
    let title = lang.pick("人脸核验（模拟）", "Face check (simulated)");
    let content = format!("<div class=\"card\"><h1>{title}</h1>{content}</div>");
    look::page(status, Page { lang, title, bar: None, style: STYLE, content: &content })
}
