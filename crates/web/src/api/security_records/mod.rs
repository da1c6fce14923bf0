//! `/v1/security_records`: who was turned away at the door.

pub mod list;
mod view;

pub use view::SecurityRecordView;
