//! The API over HTTP on the real server: every case of the security list that concerns what exists.

mod amounts;
mod authentication;
mod bed;
mod callbacks;
mod idempotency;
mod lifecycle;
mod protocol;
mod refunds;
mod signatures;
mod tenants;
mod webhooks;
