//! `/v1/apps`.

pub mod create;
pub mod get;
pub mod list;
pub mod update;
mod view;

pub use view::AppView;
