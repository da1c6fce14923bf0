//! The API over HTTP on the real server: every case of the security list that concerns what exists.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on ends there; clippy does not know a bed for tests"
)]

mod amount_parts;
mod amounts;
mod authentication;
mod bank_links;
mod bed;
mod callbacks;
mod channel_callbacks;
mod cheques;
mod counter;
mod fulfilments;
mod idempotency;
mod identity;
mod jsapi;
mod lifecycle;
mod notices;
mod partners;
mod parts;
mod payer;
mod prepayments;
mod products;
mod profiles;
mod protocol;
mod refunds;
mod resolutions;
mod signatures;
mod splits;
mod tenants;
mod transfers;
mod webhooks;
