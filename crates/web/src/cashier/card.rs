//! Payment by a card that was opened at the channel: choose or open one, have a code sent, type it.

use super::entry::{Answers, Entry};
use super::frame::{Frame, Visit};
use super::stage::{Rows, Stage};
use super::{answer, attempts, methods, pages, returned};
use crate::locale::text;
use crate::parse::read_body;
use crate::state::WebState;
use askama::Template;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use tk_app::Failure;
use tk_app::store::{AgreementFilter, Page};
use tk_domain::agreement::{Agreement, AgreementStatus, AskCardCode, CODE_LIVES_US, CardUse, OpenAgreement};
use tk_domain::channel_account::Method;
use tk_domain::id::{AgreementId, TypedId};
use tk_domain::identity::IdentityStatus;
use tk_domain::payment::{BrowserForm, StartAttempt};
use tk_domain::refusal::Refusal;
use tk_domain::routing::{Demand, route};

/// Cards shown of one payer.
const CARDS_MAX: usize = 10;
/// The shortest and the longest code.
const CODE_LENGTHS: std::ops::RangeInclusive<usize> = 4..=8;

/// A card as it is shown.
#[derive(Debug, Clone)]
pub struct CardRow {
    /// `agr_…`
    pub id: String,
    /// Its last digits.
    pub name: String,
    /// Whether a code for this payment is on its way to the payer.
    pub code_sent: bool,
    /// Whether it may be ended here.
    pub removable: bool,
}

/// Payment by card.
#[derive(Debug, Clone, Template)]
#[template(path = "cashier/card.html")]
pub struct CardPage {
    /// What every page has.
    pub frame: Frame,
    /// The payer's cards.
    pub cards: Vec<CardRow>,
    /// The card whose code is awaited.
    pub waiting: Option<CardRow>,
    /// What went wrong; empty where nothing did.
    pub error: String,
    /// What the browser posts to the channel's page, where a card is being opened.
    pub form: Option<BrowserForm>,
}

fn shown(visit: &Visit, rows: &Rows, (cards, error): (&[Agreement], &'static str)) -> CardPage {
    let now_us = visit.now_us;
    let fresh = |card: &Agreement| {
        let sent = card.code_payment_id == Some(rows.payment.id) && card.code_attempt_id.is_some();
        sent && card.code_at_us.is_some_and(|at_us| now_us <= at_us.saturating_add(CODE_LIVES_US))
    };
    let row = |card: &Agreement| CardRow {
        id: card.id.to_string(),
        name: card.masked.clone().unwrap_or_default(),
        code_sent: fresh(card),
        removable: may_remove(card, rows),
    };
    let cards: Vec<CardRow> = cards.iter().map(row).collect();
    CardPage {
        frame: Frame::of(visit, rows, Stage::Choose, "card-heading"),
        waiting: cards.iter().find(|card| card.code_sent).cloned(),
        cards,
        error: if error.is_empty() { String::new() } else { text(visit.locale, error, &[]) },
        form: None,
    }
}

/// A document number that an order system was told proves nothing: a card of another payment is ended by whoever proved
/// who he is, or by the order system.
fn may_remove(card: &Agreement, rows: &Rows) -> bool {
    let check = rows.identity.as_ref().and_then(|standing| standing.check.as_ref());
    let proven = check
        .is_some_and(|check| check.status == IdentityStatus::Passed && Some(check.payer_id) == card.payer_id);
    card.payment_id == rows.payment.id || proven
}

/// The payer's cards, and the code that is awaited.
pub async fn page(State(web): State<WebState>, Path(token): Path<String>, parts: Parts) -> Response {
    let mut entry = match Entry::open(web, token, &parts).await {
        Ok(entry) => entry,
        Err(response) => return response,
    };
    match offered(&mut entry).await {
        Ok(rows) => render(&entry, &rows, (StatusCode::OK, "")).await,
        Err(response) => response,
    }
}

/// Brings the payer to the channel's page, where he types his card.
pub async fn open(State(web): State<WebState>, Path(token): Path<String>, request: Request) -> Response {
    let (entry, rows, _) = match told(web, token, request).await {
        Ok(told) => told,
        Err(response) => return response,
    };
    if !returned::may_ask(&entry) {
        return render(&entry, &rows, (StatusCode::TOO_MANY_REQUESTS, "card-too-often")).await;
    }
    let command = OpenAgreement {
        tenant_id: entry.tenant_id,
        payment_id: entry.payment_id,
        origin: entry.origin.clone(),
    };
    let back = format!("{}/c/{}/card/return", entry.visit.base_url, entry.visit.token);
    match entry.state.app.open_card(command, &back).await {
        Ok(Some(form)) => {
            let target = pages::target_of(&form);
            let mut page = shown(&entry.visit, &rows, (&[], ""));
            page.form = Some(form);
            answer::posting_to(answer::page(&entry, StatusCode::OK, page.render()), target.as_deref())
        }
        Ok(None) => render(&entry, &rows, (StatusCode::BAD_GATEWAY, "card-not-opened")).await,
        Err(failure) => failed(&entry, &rows, failure).await,
    }
}

/// Has a code sent for this payment by one of the cards.
pub async fn send(State(web): State<WebState>, Path(token): Path<String>, request: Request) -> Response {
    let (entry, rows, answers) = match told(web, token, request).await {
        Ok(told) => told,
        Err(response) => return response,
    };
    let Some(agreement_id) = AgreementId::parse(answers.get("card")) else {
        return answer::onward(&entry, "/card");
    };
    let command = AskCardCode {
        tenant_id: entry.tenant_id,
        agreement_id,
        payment_id: entry.payment_id,
        origin: entry.origin.clone(),
    };
    match entry.state.app.send_card_code(command).await {
        Ok(Ok(_)) => answer::onward(&entry, "/card"),
        Ok(Err(error)) => {
            tracing::warn!(payment = %entry.payment_id, %error, "a code was not sent for sure");
            render(&entry, &rows, (StatusCode::BAD_GATEWAY, "card-code-unsure")).await
        }
        Err(failure) => failed(&entry, &rows, failure).await,
    }
}

/// Pays with the code.
pub async fn pay(State(web): State<WebState>, Path(token): Path<String>, request: Request) -> Response {
    let (entry, rows, answers) = match told(web, token, request).await {
        Ok(told) => told,
        Err(response) => return response,
    };
    let code: String = answers.get("code").chars().filter(|letter| !letter.is_whitespace()).collect();
    if !(CODE_LENGTHS.contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit())) {
        return render(&entry, &rows, (StatusCode::UNPROCESSABLE_ENTITY, "card-code-digits")).await;
    }
    let cards = match cards(&entry, &rows).await {
        Ok(cards) => cards,
        Err(failure) => return answer::fault(&entry, failure, "money-nothing-done"),
    };
    let Some(card) = cards.iter().find(|card| card.id.to_string() == answers.get("card")) else {
        return answer::onward(&entry, "/card");
    };
    let used = card.code_attempt_id.map(|attempt_id| CardUse { agreement_id: card.id, attempt_id });
    let payer = entry.state.app.payer_by_card(entry.payment_id, card, &code);
    let (Some(used), Some(payer)) = (used, payer) else {
        return render(&entry, &rows, (StatusCode::CONFLICT, "card-code-again")).await;
    };
    let command = attempts::command(&entry, &rows, Method::QuickPay);
    let command = StartAttempt { known_as: Some(payer), card: Some(used), ..command };
    let wait_us = entry.state.config.limits.channel_wait_us;
    match entry.state.app.start_attempt(command, wait_us).await {
        Ok(_) => answer::onward(&entry, ""),
        Err(failure) => failed(&entry, &rows, failure).await,
    }
}

/// Ends one of the cards.
pub async fn remove(State(web): State<WebState>, Path(token): Path<String>, request: Request) -> Response {
    let (entry, rows, answers) = match told(web, token, request).await {
        Ok(told) => told,
        Err(response) => return response,
    };
    let known = match cards(&entry, &rows).await {
        Ok(cards) => cards,
        Err(failure) => return answer::fault(&entry, failure, "money-nothing-done"),
    };
    let removable = |card: &&Agreement| card.id.to_string() == answers.get("card") && may_remove(card, &rows);
    let Some(card) = known.iter().find(removable) else {
        return answer::onward(&entry, "/card");
    };
    match entry.state.app.end_card((entry.tenant_id, card.id), entry.origin.clone()).await {
        Ok(_) => answer::onward(&entry, "/card"),
        Err(failure) => failed(&entry, &rows, failure).await,
    }
}

/// Back from the channel's page: a reason to ask the channel, if it has not spoken yet; the query string is not read.
pub async fn back(State(web): State<WebState>, Path(token): Path<String>, parts: Parts) -> Response {
    let entry = match Entry::open(web, token, &parts).await {
        Ok(entry) => entry,
        Err(response) => return response,
    };
    if returned::may_ask(&entry)
        && let Err(failure) = entry.state.app.ask_card_of((entry.tenant_id, entry.payment_id)).await
    {
        tracing::warn!(%failure, "a question about an opened card failed; the page shows what is known");
    }
    answer::onward(&entry, "/card")
}

/// Back by the channel's signed form: taken like a notification, after the same verification.
pub async fn posted(State(web): State<WebState>, Path(token): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let entry = match Entry::open(web.clone(), token.clone(), &parts).await {
        Ok(entry) => entry,
        Err(response) => return response,
    };
    let limits = entry.state.config.limits;
    if let Ok(bytes) = read_body(body, limits.callback_body_max, limits.body_timeout_ms).await
        && let Err(failure) =
            entry.state.app.take_card_return((entry.tenant_id, entry.payment_id), &bytes).await
    {
        tracing::warn!(%failure, "what a browser brought back was not taken; the notification will be");
    }
    // Without the entry cookie, which another site's form does not bring, none is given either.
    answer::led_on(&web, &token, "/card/return")
}

async fn told(web: WebState, token: String, request: Request) -> Result<(Entry, Rows, Answers), Response> {
    let (mut entry, answers) = Entry::with_form(web, token, request).await?;
    let rows = offered(&mut entry).await?;
    Ok((entry, rows, answers))
}

/// The rows, where the cashier offers payment by card now.
async fn offered(entry: &mut Entry) -> Result<Rows, Response> {
    let rows = match entry.rows().await {
        Ok(Some(rows)) => rows,
        Ok(None) => return Err(answer::onward(entry, "")),
        Err(failure) => return Err(answer::fault(entry, failure, "money-nothing-done")),
    };
    entry.visit.terminal = entry.terminal(&rows);
    let offers = methods::offered(&rows, entry.visit.terminal);
    let here = offers.iter().any(|offer| offer.available && offer.method == Method::QuickPay);
    if here && Stage::of(&rows, entry.visit.now_us) == Stage::Choose {
        Ok(rows)
    } else {
        Err(answer::onward(entry, ""))
    }
}

async fn cards(entry: &Entry, rows: &Rows) -> Result<Vec<Agreement>, Failure> {
    let reader = entry.state.app.reader();
    let status = Some(AgreementStatus::Active);
    let mine = AgreementFilter { payment_id: Some(rows.payment.id), status, ..AgreementFilter::default() };
    let page = Page::first(tk_app::store::PAGE_MAX);
    let mut cards = reader.agreements(entry.tenant_id, mine, page).await?.rows;
    if let Some(payer_id) = rows.payment.payer_id {
        let theirs = AgreementFilter { payer_id: Some(payer_id), status, ..AgreementFilter::default() };
        cards.extend(reader.agreements(entry.tenant_id, theirs, page).await?.rows);
    }
    // A token is good at its own contract only, and routing has one for this payment.
    let routed = route(rows.accounts.iter(), Method::QuickPay, &Demand::of(&rows.payment)).chosen;
    cards.retain(|card| card.serves(&rows.payment) && Some(card.channel_account_id) == routed);
    cards.sort_by_key(|card| std::cmp::Reverse(card.id));
    cards.dedup_by_key(|card| card.id);
    cards.truncate(CARDS_MAX);
    Ok(cards)
}

async fn render(entry: &Entry, rows: &Rows, (status, error): (StatusCode, &'static str)) -> Response {
    match cards(entry, rows).await {
        Ok(cards) => answer::page(entry, status, shown(&entry.visit, rows, (&cards, error)).render()),
        Err(failure) => answer::fault(entry, failure, "money-nothing-done"),
    }
}

async fn failed(entry: &Entry, rows: &Rows, failure: Failure) -> Response {
    match failure {
        Failure::Refused(Refusal::CodeTooSoon) => {
            render(entry, rows, (StatusCode::TOO_MANY_REQUESTS, "card-code-soon")).await
        }
        Failure::Refused(Refusal::LimitReached { .. }) => {
            render(entry, rows, (StatusCode::TOO_MANY_REQUESTS, "card-too-often")).await
        }
        Failure::Refused(Refusal::CodeNotOpen) => {
            render(entry, rows, (StatusCode::CONFLICT, "card-code-again")).await
        }
        Failure::Refused(_) => answer::onward(entry, ""),
        other @ (Failure::Overloaded { .. } | Failure::Unavailable(_) | Failure::Fault(_)) => {
            answer::fault(entry, other, "money-look-again")
        }
    }
}
