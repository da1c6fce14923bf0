//! `/v1`: the API, one file per resource and verb, with its OpenAPI document.

pub mod answer;
mod attempts;
mod health;
pub mod once;
mod openapi;
mod payments;
pub mod refer;
mod refunds;
pub mod schema;

pub use openapi::document;

use crate::state::WebState;
use axum::Router;
use axum::routing::get;
use tk_domain::moment::SECOND_US;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How long a handler keeps an instruction that it delivers itself, microseconds.
pub const LEASE_US: i64 = 60 * SECOND_US;

/// Every documented route.
fn documented() -> OpenApiRouter<WebState> {
    OpenApiRouter::new()
        .routes(routes!(payments::create::create, payments::list::list))
        .routes(routes!(payments::get::get, payments::update::update))
        .routes(routes!(payments::closure::create))
        .routes(routes!(payments::queries::create))
        .routes(routes!(attempts::create::create, attempts::list::list))
        .routes(routes!(attempts::get::get))
        .routes(routes!(refunds::create::create, refunds::list::list))
        .routes(routes!(refunds::get::get))
        .routes(routes!(refunds::cancellation::create))
        .routes(routes!(refunds::queries::create))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
}

/// The API with its document.
pub fn router(state: &WebState) -> Router<WebState> {
    let (router, document) = documented().split_for_parts();
    let document = openapi::finished(document, &state.config.base_url);
    router.route("/openapi.json", get(move || openapi::serve(document.clone())))
}
