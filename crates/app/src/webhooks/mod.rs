//! Webhooks: where they may go and how they are signed.

mod address;
mod signature;

pub use address::{AddressRefusal, AddressRule, check_url, forbidden};
pub use signature::{SECRET_PREFIX, new_secret, signature_header};
