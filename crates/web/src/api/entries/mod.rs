//! `/v1/entries`: read only; nothing changes an entry.

pub mod get;
pub mod list;
mod view;

pub use view::EntryView;
