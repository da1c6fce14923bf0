//! `/v1/exceptions`: matters about money that need evidence or a person.

pub mod get;
pub mod list;
pub mod resolution;
mod view;

pub use view::ExceptionView;
