//! The lab: pages on which people see what each channel really holds, and tell it what goes wrong next.
//!
//! ```text
//! /lab ── /lab/{channel} ── /lab/{channel}/orders/{number}
//!   ├ /lab/bank ── /lab/bank/accounts/{account}, /lab/bank/scripts
//!   └ /lab/clock     ├ /lab/{channel}/scripts
//!                    └ /lab/{channel}/bills
//! ```

mod bank;
mod bills;
mod book;
mod clock;
mod faults;
mod orders;
mod overview;
mod scripts;

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::sandbox::Sandbox;
use crate::bank::http::BankSite;
use crate::look::{self, Lang, Page, escape};
use crate::unionpay::http::Gateway;

/// The longest form taken, bytes.
const FORM_MAX_BYTES: usize = 16 * 1_024;
const STYLE: &str = "/lab/style.css";

/// Moves the clock that merchant and channels share forward, by microseconds.
pub type ClockHand = Arc<dyn Fn(i64) + Send + Sync>;

/// What the lab shows and controls.
#[derive(Clone)]
pub struct Lab {
    pub sandbox: Arc<Sandbox>,
    pub gateway: Option<Arc<Gateway>>,
    pub bank: Option<Arc<BankSite>>,
    /// Moves the clock of both sides; without it only the channels' clocks move.
    pub hand: Option<ClockHand>,
}

impl std::fmt::Debug for Lab {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Lab").field("sandbox", &self.sandbox).finish_non_exhaustive()
    }
}

/// The routes of the lab, all under `/lab`.
pub fn router(lab: Lab) -> Router {
    Router::new()
        .route("/lab", get(overview::show))
        .route("/lab/clock", get(clock::show).post(clock::advance))
        .route("/lab/{channel}", get(orders::list))
        .route("/lab/{channel}/orders/{number}", get(orders::show))
        .route("/lab/{channel}/orders/{number}/{act}", post(orders::act))
        .route("/lab/{channel}/scripts", get(scripts::show).post(scripts::add))
        .route("/lab/{channel}/scripts/clear", post(scripts::clear))
        .route("/lab/{channel}/bills", get(bills::show))
        .route("/lab/{channel}/bill", get(bills::download))
        .merge(bank::routes())
        .layer(DefaultBodyLimit::max(FORM_MAX_BYTES))
        .layer(from_fn(own_forms_only))
        .with_state(lab)
        .route(STYLE, get(look::stylesheet))
}

/// Another site's form in the same browser must not act here.
async fn own_forms_only(request: Request, next: Next) -> Response {
    if request.method() == Method::POST && !is_own(request.headers()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    next.run(request).await
}

fn is_own(headers: &HeaderMap) -> bool {
    let said = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = said("host").unwrap_or_default();
    let site = said("sec-fetch-site").is_none_or(|site| site == "same-origin" || site == "none");
    let named = |origin: &str| origin.split_once("://").is_some_and(|(_, rest)| rest == host);
    // Browsers send `null` from pages that send no referrer; their own word on the site counts then.
    site && said("origin").is_none_or(|origin| origin == "null" || named(origin))
}

/// How a visitor reads.
#[derive(Debug, Clone, Copy)]
struct Visit {
    lang: Lang,
}

#[derive(Debug, Deserialize)]
struct Asked {
    lang: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let asked = Query::<Asked>::from_request_parts(parts, state).await;
        let Query(asked) = asked.map_err(IntoResponse::into_response)?;
        Ok(Self { lang: Lang::of(asked.lang.as_deref(), &parts.headers) })
    }
}

/// Name and word of a channel.
fn name_of(lang: Lang, channel: &str) -> &'static str {
    match channel {
        "alipay" => lang.pick("支付宝", "Alipay"),
        "wechatpay" => lang.pick("微信支付", "WeChat Pay"),
        _ => lang.pick("银联", "UnionPay"),
    }
}

impl Visit {
    /// An address of the lab in the visitor's language.
    fn to(self, path: &str) -> String {
        let joint = if path.contains('?') { '&' } else { '?' };
        format!("/lab{path}{joint}lang={}", self.lang.tag())
    }

    fn link(self, path: &str, text: &str) -> String {
        format!("<a href=\"{}\">{}</a>", escape(&self.to(path)), escape(text))
    }

    fn page(self, lab: &Lab, (title, path): (&str, &str), content: &str) -> Response {
        let mut bar = self.link("", self.lang.pick("通道实验室", "Sandbox lab"));
        for channel in lab.channels() {
            bar.push_str(&self.link(&format!("/{channel}"), name_of(self.lang, channel)));
        }
        if lab.bank.is_some() {
            bar.push_str(&self.link("/bank", bank::name(self.lang)));
        }
        bar.push_str(&self.link("/clock", self.lang.pick("时钟", "Clock")));
        let (other, name) = match self.lang {
            Lang::Zh => (Self { lang: Lang::En }, "English"),
            Lang::En => (Self { lang: Lang::Zh }, "中文"),
        };
        let address = escape(&other.to(path));
        // Writing to a string cannot fail.
        let _ = write!(bar, "<a class=\"other\" lang=\"{}\" href=\"{address}\">{name}</a>", other.lang.tag());
        look::page(StatusCode::OK, Page { lang: self.lang, title, bar: Some(&bar), style: STYLE, content })
    }

    fn missing(self, lab: &Lab) -> Response {
        let line = self.lang.pick("没有这个通道或订单", "There is no such channel or order");
        let mut response = self.page(lab, (line, ""), &format!("<h1>{line}</h1>"));
        *response.status_mut() = StatusCode::NOT_FOUND;
        response
    }

    fn onward(self, path: &str) -> Response {
        Redirect::to(&self.to(path)).into_response()
    }
}

/// A list of names and values.
fn facts(rows: &[(&str, String)]) -> String {
    let rows: Vec<String> = rows
        .iter()
        .map(|(name, value)| format!("<div><dt>{}</dt><dd>{}</dd></div>", escape(name), escape(value)))
        .collect();
    format!("<dl class=\"facts\">{}</dl>", rows.concat())
}
