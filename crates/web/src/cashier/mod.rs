//! The cashier: the pages on which a payer chooses a method, pays, and learns where the money is.
//!
//! ```text
//! /c/{token} identity → choose → attempts → qr | wallet → (wallet comes back to) return → confirming → result
//!                        └ sign-in → (WeChat comes back to) payer → bridge
//! ```
//! Every page is derived from the rows alone; a form names a method and nothing else. Without a script pages
//! reload themselves, with it they ask `status` and swap their middle.

mod answer;
mod arrivals;
mod assets;
mod attempts;
mod card;
mod closure;
mod device;
mod entry;
mod extension;
mod frame;
mod identity;
mod methods;
mod money;
mod outcome;
mod pages;
mod payer;
mod preferences;
mod qr;
mod returned;
mod show;
mod stage;
mod status;
#[cfg(test)]
mod tests;
mod transfer;
mod wait;

use crate::state::WebState;
use axum::Router;
use axum::routing::{get, post};

/// The routes of the payer's pages and of their style, script and mark.
pub fn router() -> Router<WebState> {
    Router::new()
        .route("/c/{token}", get(show::page))
        .route("/c/{token}/confirming", get(show::confirming))
        .route("/c/{token}/methods", get(show::methods))
        .route("/c/{token}/wallet", get(show::wallet))
        .route("/c/{token}/earlier", get(show::earlier))
        .route("/c/{token}/sign-in", get(payer::ask))
        .route("/c/{token}/payer", get(payer::back))
        .route("/c/{token}/cancellation", get(show::cancellation))
        .route("/c/{token}/arrival", get(show::arrival))
        .route("/c/{token}/return", get(returned::query).post(returned::posted))
        .route("/c/{token}/identity", post(identity::forms::open).get(show::back))
        .route("/c/{token}/identity/photos", post(identity::forms::photos).get(show::back))
        .route("/c/{token}/identity/camera", post(identity::forms::camera).get(identity::forms::hand_over))
        .route("/c/{token}/identity/other-way", post(identity::forms::other_way).get(show::back))
        .route("/c/{token}/identity/return", get(identity::forms::back))
        .route("/c/{token}/card", get(card::page))
        .route("/c/{token}/card/opening", post(card::open).get(show::back))
        .route("/c/{token}/card/code", post(card::send).get(show::back))
        .route("/c/{token}/card/payment", post(card::pay).get(show::back))
        .route("/c/{token}/card/removal", post(card::remove).get(show::back))
        .route("/c/{token}/card/return", get(card::back).post(card::posted))
        .route("/c/{token}/status", get(status::status))
        .route("/c/{token}/attempts", post(attempts::start).get(show::back))
        .route("/c/{token}/extension", post(extension::extend).get(show::back))
        .route("/c/{token}/closure", post(closure::close).get(show::back))
        .route("/c/{token}/preferences", post(preferences::keep).get(show::back))
        .route("/assets/{name}", get(assets::serve))
}
