//! A card opened at a channel for payment by token, with a code by SMS each time.
//!
//! ```text
//! opening → active → ending → ended
//! ```
//! No card number passes through us: the payer types it on the channel's page, we keep the channel's token, sealed. A
//! code is asked for in the name of the attempt that will use it, so that code and attempt are one order at the channel.
//! An opening of which the channel says nothing is asked about; one that nobody finished stays `opening` and is asked about
//! no more.

mod code;
mod end;
mod open;
mod report;
mod rows;

pub(crate) use code::take;
pub use code::{AskCardCode, CODE_LIVES_US, CODES_A_DAY_MAX, CardUse};
pub use end::EndAgreement;
pub use open::OpenAgreement;
pub use report::{CardFinding, CardOpened, TakeCardReport};
pub use rows::{Agreement, AgreementStatus, AgreementView};
