//! Coming in: the link's token, the entry cookie, and the proof that a form comes from our own page.

use super::answer;
use super::arrivals::Arrivals;
use super::device;
use super::frame::{Print, Visit};
use super::stage::Rows;
use crate::auth::address::peer;
use crate::locale::{Locale, cookie};
use crate::parse::read_body;
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::body::Body;
use axum::extract::{Form, FromRequest, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;
use tk_app::Failure;
use tk_app::channels::multipart::{self, MultipartError};
use tk_app::store::{Page, RefundFilter};
use tk_domain::audit::{Actor, Origin};
use tk_domain::channel_account::ChannelAccount;
use tk_domain::fulfilment::Fulfilment;
use tk_domain::id::{AttemptId, Id128, PaymentId, RequestId, TenantId, TypedId};
use tk_domain::merchant::Merchant;
use tk_domain::payment::Payment;
use tk_domain::product::{Product, Terminal};
use tk_domain::refund::RefundState;

/// The cookie of a browser that has opened the page; its path is the page's.
const ENTRY_COOKIE: &str = "tk_entry";
/// The cookie that says, sealed, whose browser it is to the channel; its path is the page's.
const PAYER_COOKIE: &str = "tk_payer";
/// The cookie that keeps the size of print.
pub const PRINT_COOKIE: &str = "tk_print";
/// The largest form with files, bytes: two photos of five megabytes each, and their frame.
const FILES_MAX_BYTES: usize = 11 * 1024 * 1024;
/// How long a browser keeps them, seconds: longer than any payment may stay open.
const COOKIE_AGE_S: i64 = 31 * 86_400;

/// A browser at one payment's page.
#[derive(Debug)]
pub struct Entry {
    /// The application.
    pub state: WebState,
    /// The tenant that the token names.
    pub tenant_id: TenantId,
    /// The payment that the token names.
    pub payment_id: PaymentId,
    /// What the pages are made with.
    pub visit: Visit,
    /// Who acts.
    pub origin: Origin,
    /// Whether the browser had the entry cookie already.
    pub known: bool,
    nonce: Vec<u8>,
}

/// A form, as sent.
pub struct Answers(Vec<(String, String)>);

impl Answers {
    /// The first value of a field; empty where there is none.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }
}

/// The files of a form.
#[derive(Default)]
pub struct Files {
    csrf: String,
    files: Vec<(String, Vec<u8>)>,
}

impl Files {
    /// A file's bytes; empty where there is none.
    pub fn file(&self, name: &str) -> &[u8] {
        self.files.iter().find(|(field, _)| field == name).map_or(&[], |(_, bytes)| bytes)
    }
}

impl Entry {
    /// Reads the token and the cookies; a token that opens nothing is answered like any other.
    pub async fn open(state: WebState, token: String, parts: &Parts) -> Result<Self, Response> {
        match Self::read(state.clone(), token, parts).await {
            Ok(Some(entry)) => Ok(entry),
            Ok(None) => Err(answer::not_found(&state, &parts.headers)),
            Err(failure) => Err(answer::failed(&state, &parts.headers, failure)),
        }
    }

    async fn read(state: WebState, token: String, parts: &Parts) -> Result<Option<Self>, Failure> {
        let Some((code, payment_id)) = state.app.links().read(&token) else { return Ok(None) };
        let Some(tenant_id) = state.app.tenant_id(code).await? else { return Ok(None) };
        let carried =
            cookie(&parts.headers, ENTRY_COOKIE).and_then(|value| opened(&state, "entry", &token, value));
        let known = carried.is_some();
        let nonce = carried.unwrap_or_else(|| state.app.random_bits().to_be_bytes().to_vec());
        let csrf = sealed(&state, "form", &token, &nonce);
        let visit = Visit {
            payer_mark: payer_mark(&state, &token, &parts.headers),
            ..visit(&state, token, csrf, &parts.headers)
        };
        let origin = origin(&state, parts);
        Ok(Some(Self { state, tenant_id, payment_id, visit, origin, known, nonce }))
    }

    /// Reads a form of ours; one that is not from our own page is refused.
    pub async fn with_form(
        state: WebState,
        token: String,
        request: Request,
    ) -> Result<(Self, Answers), Response> {
        let (parts, body) = request.into_parts();
        let entry = Self::open(state, token, &parts).await?;
        let answers = entry.form(&parts, body).await.map_err(|problem| answer::unread(&entry, &problem))?;
        if entry.known && same_origin(&entry, &parts.headers) && entry.proved(answers.get("csrf")) {
            Ok((entry, answers))
        } else {
            Err(answer::forged(&entry))
        }
    }

    /// Reads a form of ours that carries files; one that is not from our own page is refused.
    pub async fn with_files(
        state: WebState,
        token: String,
        request: Request,
    ) -> Result<(Self, Files), Response> {
        let (parts, body) = request.into_parts();
        let entry = Self::open(state, token, &parts).await?;
        let files = entry.files(&parts, body).await.map_err(|problem| answer::unread(&entry, &problem))?;
        if entry.known && same_origin(&entry, &parts.headers) && entry.proved(&files.csrf) {
            Ok((entry, files))
        } else {
            Err(answer::forged(&entry))
        }
    }

    async fn files(&self, parts: &Parts, body: Body) -> Result<Files, Problem> {
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let broken = |error: MultipartError| Problem::field(Code::BodyInvalid, "#", error.to_string());
        let boundary = multipart::boundary(kind.unwrap_or_default()).map_err(broken)?;
        let bytes = read_body(body, FILES_MAX_BYTES, self.state.config.limits.file_timeout_ms).await?;
        let mut files = Files::default();
        for field in multipart::parse(&bytes, boundary).map_err(broken)? {
            if field.file {
                files.files.push((field.name.to_owned(), field.value.to_vec()));
            } else if field.name == "csrf" {
                files.csrf = String::from_utf8_lossy(field.value).into_owned();
            }
        }
        Ok(files)
    }

    async fn form(&self, parts: &Parts, body: Body) -> Result<Answers, Problem> {
        let limits = self.state.config.limits;
        let bytes = read_body(body, limits.form_body_max, limits.body_timeout_ms).await?;
        let mut request = Request::new(Body::from(bytes));
        *request.method_mut() = parts.method.clone();
        *request.headers_mut() = parts.headers.clone();
        let read = Form::<Vec<(String, String)>>::from_request(request, &()).await;
        read.map(|Form(answers)| Answers(answers)).or_else(|_| Ok(Answers(Vec::new())))
    }

    fn proved(&self, csrf: &str) -> bool {
        let named = opened(&self.state, "form", &self.visit.token, csrf);
        named.is_some_and(|named| bool::from(named.ct_eq(&self.nonce)))
    }

    /// What this browser alone was given with the page.
    pub const fn browser(&self) -> &[u8] {
        self.nonce.as_slice()
    }

    /// The cookie to be kept by a browser that came without.
    pub fn cookie(&self) -> Option<HeaderValue> {
        let value = sealed(&self.state, "entry", &self.visit.token, &self.nonce);
        let path = format!("/c/{}", self.visit.token);
        (!self.known).then(|| kept(&self.state, ENTRY_COOKIE, &value, &path)).flatten()
    }

    /// The cookie by which the payer who has signed in is told from others at this page.
    pub fn payer_cookie(&self, mark: &str) -> Option<HeaderValue> {
        let value = sealed(&self.state, "payer", &self.visit.token, mark.as_bytes());
        kept(&self.state, PAYER_COOKIE, &value, &format!("/c/{}", self.visit.token))
    }

    /// Where the payer is: at a counter or kiosk if the order system says so, else as the browser says.
    pub fn terminal(&self, rows: &Rows) -> Terminal {
        match rows.payment.terminal {
            Some(place @ (Terminal::Counter | Terminal::Kiosk)) => place,
            Some(Terminal::Pc | Terminal::MobileWeb | Terminal::WechatOa | Terminal::AlipayApp) | None => {
                self.visit.terminal
            }
        }
    }

    /// The payment's rows as they stand; none where the payment does not exist.
    pub async fn rows(&self) -> Result<Option<Rows>, Failure> {
        let reader = self.state.app.reader();
        let Some(payment) = reader.get::<Payment>(&(self.tenant_id, self.payment_id)).await? else {
            return Ok(None);
        };
        let merchant = reader.get::<Merchant>(&(self.tenant_id, payment.merchant_id)).await?;
        let Some(product) = reader.get::<Product>(&(self.tenant_id, payment.product_id)).await? else {
            return Ok(None);
        };
        let attempts = reader.attempts_of(self.tenant_id, self.payment_id).await?;
        let accounts = if payment.status.terminal() { Vec::new() } else { self.accounts().await? };
        let waits = !payment.status.terminal() && payment.open_attempt_id.is_none();
        let identity = if waits { self.state.app.identity_standing(&payment, &product).await? } else { None };
        let (payee, phone) =
            merchant.map_or_else(Default::default, |merchant| (merchant.name, merchant.phone));
        let arrivals = Arrivals::of(self, &payment, &attempts).await?;
        let fulfilment = match payment.fulfilment {
            Some(_) => reader.get::<Fulfilment>(&(self.tenant_id, payment.id)).await?,
            None => None,
        };
        let going = attempts.iter().any(|attempt| attempt.refunding_minor > 0);
        let undecided = if going { self.undecided().await? } else { Vec::new() };
        Ok(Some(Rows {
            payment,
            payee,
            phone,
            product,
            attempts,
            accounts,
            identity,
            arrivals,
            fulfilment,
            undecided,
        }))
    }

    /// What of the payment's refunds waits for a second person, minor units by attempt; its newest hundred are looked at.
    async fn undecided(&self) -> Result<Vec<(AttemptId, i64)>, Failure> {
        let filter = RefundFilter { payment_id: Some(self.payment_id), ..RefundFilter::default() };
        let page = Page::first(tk_app::store::PAGE_MAX);
        let listed = self.state.app.reader().refunds(self.tenant_id, filter, page).await?;
        let waiting = listed.rows.iter().filter(|refund| refund.status == RefundState::PendingApproval);
        Ok(waiting.map(|refund| (refund.attempt_id, refund.amount_minor)).collect())
    }

    /// The tenant's channel accounts; a tenant has at most 200.
    async fn accounts(&self) -> Result<Vec<ChannelAccount>, Failure> {
        let reader = self.state.app.reader();
        let mut page = Page::first(tk_app::store::PAGE_MAX);
        let mut accounts = Vec::new();
        for _ in 0..2 {
            let listed = reader.channel_accounts(self.tenant_id, None, page).await?;
            page.starting_after = listed.rows.last().map(|account| account.id.id128());
            accounts.extend(listed.rows);
            if !listed.has_more {
                break;
            }
        }
        accounts.reverse();
        Ok(accounts)
    }
}

fn payer_mark(state: &WebState, token: &str, headers: &HeaderMap) -> Option<String> {
    let carried = cookie(headers, PAYER_COOKIE)?;
    String::from_utf8(opened(state, "payer", token, carried)?).ok()
}

fn visit(state: &WebState, token: String, csrf: String, headers: &HeaderMap) -> Visit {
    let user_agent =
        headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Visit {
        locale: Locale::from_headers(headers),
        print: print(headers),
        live: state.live(),
        token,
        csrf,
        terminal: device::terminal(user_agent),
        payer_mark: None,
        now_us: state.app.now_us(),
        returned_at_us: None,
        base_url: state.app.base_url().to_owned(),
    }
}

/// The size of print that the browser keeps.
pub fn print(headers: &HeaderMap) -> Print {
    if cookie(headers, PRINT_COOKIE) == Some("large") { Print::Large } else { Print::Normal }
}

fn origin(state: &WebState, parts: &Parts) -> Origin {
    let ip = peer(parts, &state.config.trusted_proxies).to_string();
    Origin { actor: Actor::Payer, request_id: parts.extensions.get::<RequestId>().copied(), ip: Some(ip) }
}

/// A `Set-Cookie` that scripts cannot read and other sites' forms do not carry.
pub fn kept(state: &WebState, name: &str, value: &str, path: &str) -> Option<HeaderValue> {
    let secure = if state.app.base_url().starts_with("https://") { "; Secure" } else { "" };
    let line = format!("{name}={value}; Path={path}; Max-Age={COOKIE_AGE_S}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&line).ok()
}

fn sealed(state: &WebState, purpose: &str, token: &str, nonce: &[u8]) -> String {
    let name = format!("cashier/{purpose}/{token}");
    let sealed = state.app.seal().seal(nonce, &name, state.app.random_bits());
    sealed.map(|bytes| URL_SAFE_NO_PAD.encode(bytes)).unwrap_or_default()
}

fn opened(state: &WebState, purpose: &str, token: &str, value: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(value).ok()?;
    state.app.seal().open(&bytes, &format!("cashier/{purpose}/{token}")).ok()
}

/// Browsers send `Origin: null` from pages that send no referrer, so their own word on the site counts too.
fn same_origin(entry: &Entry, headers: &HeaderMap) -> bool {
    let said = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let site = said("sec-fetch-site").is_none_or(|site| site == "same-origin");
    let host = said("host").unwrap_or_default();
    let origin = said("origin").is_none_or(|origin| {
        let named = origin.split_once("://").map_or("", |(_, rest)| rest);
        origin == "null" || origin == entry.visit.base_url || (!host.is_empty() && named == host)
    });
    site && origin
}

/// An identifier for the key of a bounded table of payments.
pub const fn key(payment_id: PaymentId) -> Id128 {
    payment_id.0
}
