//! Receivers of shares that a channel pays.

pub mod create;
pub mod get;
pub mod list;
pub mod unbinding;
mod view;

pub use view::ReceiverView;
