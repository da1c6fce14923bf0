//! `/v1/apps/{id}/keys`.

pub mod create;
pub mod list;
pub mod revocation;
mod view;

pub use view::KeyView;
