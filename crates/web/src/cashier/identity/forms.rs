//! The forms of the identity check; each leads back to the payment's page, which shows how it stands.

use super::fields::{self, Told};
use super::{Step, current};
use crate::api::identity_shown as shown;
use crate::cashier::entry::{Answers, Entry, Files, key};
use crate::cashier::stage::Rows;
use crate::cashier::{answer, pages, returned};
use crate::state::WebState;
use askama::Template;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::LazyLock;
use std::time::Duration;
use tk_app::Failure;
use tk_app::channels::photo::PhotoError;
use tk_app::identity::{Claimed, Face};
use tk_domain::command::Command;
use tk_domain::id::{Id128, IdentityCheckId, IdentityPhotoId};
use tk_domain::identity::{
    AddIdentityPhoto, AskOtherWay, FaceWay, IdentityCheck, IdentityLevel, IdentityStatus, OpenIdentityCheck,
    PhotoSide, SendIdentityCheck, Sending,
};
use tk_domain::refusal::Refusal;

/// Says who pays: the check begins, and without a face it goes to the provider at once.
pub async fn open(State(web): State<WebState>, Path(token): Path<String>, request: Request) -> Response {
    let (entry, answers) = match Entry::with_form(web, token, request).await {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    let (rows, level) = match missing(&entry, &[Step::Form]).await {
        Ok((rows, level, _)) => (rows, level),
        Err(response) => return response,
    };
    // Whoever may try any number here learns which one is right.
    if !may_claim(&entry) {
        return again(&entry, &rows, &Told::wrong("id_number", "identity-error-too-often"));
    }
    let claimed = match fields::read(|name| answers.get(name).to_owned()) {
        Ok(claimed) => claimed,
        Err(told) => return again(&entry, &rows, &told),
    };
    let Some(command) = opening(&entry, &claimed, (level, &answers)) else {
        return again(&entry, &rows, &Told::wrong("id_number", "identity-error-id-number"));
    };
    match entry.state.app.submit(command).await {
        Ok(check) if check.status == IdentityStatus::Processing => {
            let verified = entry.state.app.verify_identity(&check, Face::None).await;
            done(&entry, verified.map(drop))
        }
        Ok(_) => answer::onward(&entry, ""),
        Err(Failure::Refused(Refusal::FieldInvalid { param: "id_number", .. })) => {
            again(&entry, &rows, &Told::wrong("id_number", "identity-error-other-payer"))
        }
        Err(failure) => done(&entry, Err(failure)),
    }
}

/// Payments whose last claims are remembered, at most about this many.
const REMEMBERED_MAX: usize = 50_000;
/// Claims that one payment's payer may make in quick succession, and how long one more takes to grow.
const CLAIMS: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);
const ONE_MORE: Duration = Duration::from_mins(10);

static CLAIMED: LazyLock<DefaultKeyedRateLimiter<Id128>> = LazyLock::new(|| {
    RateLimiter::keyed(Quota::with_period(ONE_MORE).unwrap_or(Quota::per_hour(CLAIMS)).allow_burst(CLAIMS))
});

fn may_claim(entry: &Entry) -> bool {
    if CLAIMED.len() > REMEMBERED_MAX {
        CLAIMED.retain_recent();
    }
    CLAIMED.check_key(&key(entry.payment_id)).is_ok()
}

fn opening(
    entry: &Entry,
    claimed: &Claimed,
    (level, answers): (IdentityLevel, &Answers),
) -> Option<OpenIdentityCheck> {
    let app = &entry.state.app;
    let check_id = IdentityCheckId(Id128::v7(app.now_us(), app.random_bits()));
    let (elements, masked) = shown(claimed);
    Some(OpenIdentityCheck {
        tenant_id: entry.tenant_id,
        check_id,
        payment_id: entry.payment_id,
        level,
        elements,
        payer_id: app.payer_id(entry.tenant_id, &claimed.id_number)?,
        masked,
        sealed: app.seal_claimed(check_id, claimed)?,
        consent_version: answers.get("consent_version").to_owned(),
        sending: Sending::Now,
        origin: entry.origin.clone(),
    })
}

/// Photos of the document, one side or both.
pub async fn photos(State(web): State<WebState>, Path(token): Path<String>, request: Request) -> Response {
    let (entry, files) = match Entry::with_files(web, token, request).await {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    let (rows, check) = match missing(&entry, &[Step::Photos]).await {
        Ok((rows, _, Some(check))) => (rows, check),
        Ok((_, _, None)) => return answer::onward(&entry, ""),
        Err(response) => return response,
    };
    let mut told = Told::default();
    for side in [PhotoSide::Front, PhotoSide::Back] {
        match add(&entry, &check, (side, &files)).await {
            Ok(()) => {}
            Err(Trouble::Photo(key)) => told.say(side.word(), key),
            Err(Trouble::Failure(failure)) => return done(&entry, Err(failure)),
        }
    }
    if told.is_right() {
        return answer::onward(&entry, "");
    }
    // One side may have been taken: what is shown is what is stored now.
    let rows = entry.rows().await.ok().flatten().unwrap_or(rows);
    again(&entry, &rows, &told)
}

enum Trouble {
    Photo(&'static str),
    Failure(Failure),
}

async fn add(
    entry: &Entry,
    check: &IdentityCheck,
    (side, files): (PhotoSide, &Files),
) -> Result<(), Trouble> {
    let there = match side {
        PhotoSide::Front => check.has_front,
        PhotoSide::Back => check.has_back,
    };
    let bytes = files.file(side.word());
    if bytes.is_empty() {
        return if there { Ok(()) } else { Err(Trouble::Photo("identity-error-photo-missing")) };
    }
    let app = &entry.state.app;
    let photo_id = IdentityPhotoId(Id128::v7(app.now_us(), app.random_bits()));
    let photo = app.seal_photo(photo_id, bytes).map_err(|error| Trouble::Photo(plain(&error)))?;
    let photo = photo.ok_or(Trouble::Photo("identity-error-photo-damaged"))?;
    let command = AddIdentityPhoto {
        tenant_id: entry.tenant_id,
        check_id: check.id,
        photo_id,
        side,
        kind: photo.kind,
        sealed: photo.sealed,
        size_bytes: photo.size_bytes,
        origin: entry.origin.clone(),
    };
    app.submit(command).await.map(drop).map_err(Trouble::Failure)
}

const fn plain(error: &PhotoError) -> &'static str {
    match error {
        PhotoError::TooLarge => "identity-error-photo-large",
        PhotoError::NotAPhoto => "identity-error-photo-kind",
        PhotoError::Damaged(_) => "identity-error-photo-damaged",
        PhotoError::Dimensions => "identity-error-photo-sides",
    }
}

/// Sends the check to the provider, whose camera the payer then comes before.
pub async fn camera(State(web): State<WebState>, Path(token): Path<String>, request: Request) -> Response {
    let entry = match Entry::with_form(web, token, request).await {
        Ok((entry, _)) => entry,
        Err(response) => return response,
    };
    let check = match missing(&entry, &[Step::Camera]).await {
        Ok((_, _, Some(check))) => check,
        Ok((_, _, None)) => return answer::onward(&entry, ""),
        Err(response) => return response,
    };
    let (tenant_id, check_id, origin) = (entry.tenant_id, check.id, entry.origin.clone());
    let command = SendIdentityCheck { tenant_id, check_id, face: FaceWay::HandedOver, origin };
    let sent = match entry.state.app.submit(command).await {
        Ok(sent) => sent,
        Err(failure) => return done(&entry, Err(failure)),
    };
    match entry.state.app.verify_identity(&sent, Face::Hosted).await {
        Ok(check) if check.pending() => answer::onward(&entry, "/identity/camera"),
        other => done(&entry, other.map(drop)),
    }
}

/// Sends the browser to the provider's page, while that waits for the payer.
pub async fn hand_over(State(web): State<WebState>, Path(token): Path<String>, parts: Parts) -> Response {
    let entry = match Entry::open(web, token, &parts).await {
        Ok(entry) => entry,
        Err(response) => return response,
    };
    let (rows, check) = match missing(&entry, &[Step::Waiting]).await {
        Ok((rows, _, Some(check))) if check.handed_over_at_us.is_some() => (rows, check),
        Ok(_) => return answer::onward(&entry, ""),
        Err(response) => return response,
    };
    let back = format!("{}/c/{}/identity/return", entry.visit.base_url, entry.visit.token);
    match entry.state.app.liveness_url(&check, &back).await {
        Ok(Some(address)) => {
            let page = pages::to_camera(&entry.visit, &rows, address);
            answer::page(&entry, StatusCode::OK, page.render())
        }
        Ok(None) => answer::onward(&entry, ""),
        Err(failure) => answer::fault(&entry, failure, "money-nothing-done"),
    }
}

/// Back from the provider, whatever the address says: it makes us ask him.
pub async fn back(State(web): State<WebState>, Path(token): Path<String>, parts: Parts) -> Response {
    let entry = match Entry::open(web, token, &parts).await {
        Ok(entry) => entry,
        Err(response) => return response,
    };
    let check = match missing(&entry, &[Step::Waiting]).await {
        Ok((_, _, Some(check))) => check,
        Ok((_, _, None)) => return answer::onward(&entry, ""),
        Err(response) => return response,
    };
    if returned::may_ask(&entry)
        && let Err(failure) = entry.state.app.ask_identity(&check).await
    {
        tracing::warn!(%failure, "a question about an identity check failed; the page shows what is known");
    }
    answer::onward(&entry, "")
}

/// The payer asks for a way other than the face.
pub async fn other_way(State(web): State<WebState>, Path(token): Path<String>, request: Request) -> Response {
    let entry = match Entry::with_form(web, token, request).await {
        Ok((entry, _)) => entry,
        Err(response) => return response,
    };
    let steps = [Step::Camera, Step::Form, Step::Over];
    let check = match missing(&entry, &steps).await {
        Ok((_, _, Some(check))) => check,
        Ok((_, _, None)) => return answer::onward(&entry, ""),
        Err(response) => return response,
    };
    let (tenant_id, check_id, payment_id) = (entry.tenant_id, check.id, entry.payment_id);
    let command = AskOtherWay { tenant_id, check_id, payment_id, origin: entry.origin.clone() };
    let asked = submit(&entry, command).await;
    done(&entry, asked)
}

async fn submit<C: Command>(entry: &Entry, command: C) -> Result<(), Failure> {
    entry.state.app.submit(command).await.map(drop)
}

/// What is missing, where the payer is at one of these steps; elsewhere the payment's page says how it stands.
async fn missing(
    entry: &Entry,
    steps: &[Step],
) -> Result<(Rows, IdentityLevel, Option<IdentityCheck>), Response> {
    let rows = match entry.rows().await {
        Ok(Some(rows)) => rows,
        Ok(None) => return Err(answer::onward(entry, "")),
        Err(failure) => return Err(answer::fault(entry, failure, "money-nothing-done")),
    };
    let Some((standing, level)) = rows.unproven() else { return Err(answer::onward(entry, "")) };
    if !steps.contains(&Step::of(standing, level)) {
        return Err(answer::onward(entry, ""));
    }
    let check = standing.check.clone();
    Ok((rows, level, check))
}

/// The page again with what was wrong.
fn again(entry: &Entry, rows: &Rows, told: &Told) -> Response {
    let page = current(&entry.visit, rows, told);
    answer::page(entry, StatusCode::UNPROCESSABLE_ENTITY, page.render())
}

/// A refusal means that the payment's page has moved on; anything else is said.
fn done(entry: &Entry, outcome: Result<(), Failure>) -> Response {
    match outcome {
        Ok(()) | Err(Failure::Refused(_)) => answer::onward(entry, ""),
        Err(failure) => answer::fault(entry, failure, "money-nothing-done"),
    }
}
