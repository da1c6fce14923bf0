//! `/v1`: the API, one file per resource and verb, with its OpenAPI document.

mod accounts;
mod agreements;
pub mod answer;
mod apps;
mod attempts;
mod bank_links;
mod bank_transfers;
mod channel_accounts;
mod cheques;
mod counter;
mod deliveries;
mod entries;
mod events;
mod exceptions;
mod fulfilments;
mod health;
mod holds;
mod identity;
mod keys;
mod merchants;
pub mod once;
mod openapi;
mod operating_profile;
mod partners;
mod payments;
mod prepayments;
mod products;
pub mod refer;
mod refunds;
pub mod schema;
mod security_records;
mod split_receivers;
mod splits;
#[cfg(test)]
mod tests;
mod webhook_endpoints;

pub(crate) use identity::create::shown as identity_shown;
pub use openapi::document;
pub use payments::parts::expected as expected_payer;

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
    money()
        .merge(over_the_counter())
        .merge(configuration())
        .merge(books())
        .merge(events())
        .merge(operations())
}

fn money() -> OpenApiRouter<WebState> {
    OpenApiRouter::new()
        .routes(routes!(payments::create::create, payments::list::list))
        .routes(routes!(payments::get::get, payments::update::update))
        .routes(routes!(payments::closure::create))
        .routes(routes!(payments::queries::create))
        .routes(routes!(fulfilments::report::create, fulfilments::get::get))
        .routes(routes!(fulfilments::list::list))
        .routes(routes!(attempts::create::create, attempts::list::list))
        .routes(routes!(attempts::get::get))
        .routes(routes!(refunds::create::create, refunds::list::list))
        .routes(routes!(refunds::get::get))
        .routes(routes!(refunds::cancellation::create))
        .routes(routes!(refunds::abandonment::create))
        .routes(routes!(refunds::queries::create))
        .routes(routes!(split_receivers::create::create, split_receivers::list::list))
        .routes(routes!(split_receivers::get::get))
        .routes(routes!(split_receivers::unbinding::create))
        .routes(routes!(splits::create::create))
        .routes(routes!(splits::list::list))
        .routes(routes!(splits::get::get))
        .routes(routes!(splits::waiver::create))
        .routes(routes!(splits::abandonment::create))
        .routes(routes!(agreements::list::list))
        .routes(routes!(agreements::get::get))
        .routes(routes!(agreements::cancellation::create))
        .routes(routes!(identity::create::create))
        .routes(routes!(identity::list::list))
        .routes(routes!(identity::get::get))
        .routes(routes!(identity::photos::create))
        .routes(routes!(identity::photos::get))
        .routes(routes!(identity::face::create))
        .routes(routes!(identity::review::create))
        .routes(routes!(bank_transfers::create::create, bank_transfers::list::list))
        .routes(routes!(bank_transfers::statements::create))
        .routes(routes!(bank_transfers::matching::create))
        .routes(routes!(bank_transfers::get::get))
        .routes(routes!(bank_transfers::candidates::list))
        .routes(routes!(bank_transfers::matches::create, bank_transfers::matches::list))
        .routes(routes!(bank_transfers::cancellation::create))
        .routes(routes!(bank_transfers::returns::create, bank_transfers::returns::list))
        .routes(routes!(bank_transfers::links::create))
        .routes(routes!(bank_links::list::list))
        .routes(routes!(bank_links::get::get))
        .routes(routes!(bank_links::questions::create))
}

fn over_the_counter() -> OpenApiRouter<WebState> {
    OpenApiRouter::new()
        .routes(routes!(counter::shifts::create, counter::shifts::list))
        .routes(routes!(counter::shifts::get))
        .routes(routes!(counter::shifts::closure))
        .routes(routes!(counter::takings::create))
        .routes(routes!(counter::refunds::create))
        .routes(routes!(counter::movements::list))
        .routes(routes!(counter::movements::get))
        .routes(routes!(counter::movements::cancellation))
        .routes(routes!(counter::days::list))
        .routes(routes!(counter::days::get))
        .routes(routes!(counter::days::closure))
        .routes(routes!(counter::deposits::create, counter::deposits::list))
        .routes(routes!(counter::deposits::get))
        .routes(routes!(counter::deposits::matching))
        .routes(routes!(prepayments::list::list))
        .routes(routes!(prepayments::get::get))
        .routes(routes!(prepayments::draws::create, prepayments::draws::list))
        .routes(routes!(prepayments::draws::reverse))
        .routes(routes!(cheques::create::create, cheques::list::list))
        .routes(routes!(cheques::get::get))
        .routes(routes!(cheques::steps::presentation))
        .routes(routes!(cheques::steps::clearance))
        .routes(routes!(cheques::steps::bounce))
        .routes(routes!(cheques::steps::cancellation))
}

fn configuration() -> OpenApiRouter<WebState> {
    OpenApiRouter::new()
        .routes(routes!(merchants::create::create, merchants::list::list))
        .routes(routes!(merchants::get::get, merchants::update::update))
        .routes(routes!(partners::create::create, partners::list::list))
        .routes(routes!(partners::get::get, partners::update::update))
        .routes(routes!(operating_profile::get))
        .routes(routes!(identity::policy::get, identity::policy::update))
        .routes(routes!(products::create::create, products::list::list))
        .routes(routes!(products::get::get, products::update::update))
        .routes(routes!(channel_accounts::create::create, channel_accounts::list::list))
        .routes(routes!(channel_accounts::get::get, channel_accounts::update::update))
        .routes(routes!(apps::create::create, apps::list::list))
        .routes(routes!(apps::get::get, apps::update::update))
        .routes(routes!(keys::create::create, keys::list::list))
        .routes(routes!(keys::revocation::create))
}

fn books() -> OpenApiRouter<WebState> {
    OpenApiRouter::new()
        .routes(routes!(accounts::list::list))
        .routes(routes!(accounts::get::get))
        .routes(routes!(entries::list::list))
        .routes(routes!(entries::get::get))
        .routes(routes!(holds::list::list))
        .routes(routes!(holds::get::get))
        .routes(routes!(security_records::list::list))
        .routes(routes!(exceptions::list::list))
        .routes(routes!(exceptions::get::get))
        .routes(routes!(exceptions::resolution::create))
}

fn events() -> OpenApiRouter<WebState> {
    OpenApiRouter::new()
        .routes(routes!(events::list::list))
        .routes(routes!(events::get::get))
        .routes(routes!(events::feed::get))
        .routes(routes!(deliveries::list::list))
        .routes(routes!(deliveries::get::get))
        .routes(routes!(events::redelivery::create))
        .routes(routes!(webhook_endpoints::create::create, webhook_endpoints::list::list))
        .routes(routes!(
            webhook_endpoints::get::get,
            webhook_endpoints::update::update,
            webhook_endpoints::delete::delete
        ))
        .routes(routes!(webhook_endpoints::rotation::create))
        .routes(routes!(webhook_endpoints::test_events::create))
}

fn operations() -> OpenApiRouter<WebState> {
    OpenApiRouter::new().routes(routes!(health::healthz)).routes(routes!(health::readyz))
}

/// The API with its document.
pub fn router(state: &WebState) -> Router<WebState> {
    let (router, document) = documented().split_for_parts();
    let document = openapi::finished(document, &state.config.base_url);
    router.route("/openapi.json", get(move || std::future::ready(openapi::serve(&document))))
}
