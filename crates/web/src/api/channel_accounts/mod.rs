//! `/v1/channel_accounts`: contracts with channels. Credentials go in and never come out.

pub mod create;
pub mod get;
pub mod list;
pub mod update;
mod view;

pub use view::ChannelAccountView;
