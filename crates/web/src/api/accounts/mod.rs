//! `/v1/accounts`.

pub mod get;
pub mod list;
mod view;

pub use view::{AccountView, owner_text, sees_owner};
