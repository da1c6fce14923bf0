//! The counter: shifts, takings, refunds handed back, days, and cash brought to banks.

pub mod days;
pub mod deposits;
pub mod movements;
pub mod refunds;
pub mod shifts;
pub mod takings;

use crate::api::refer;
use crate::auth::Caller;
use crate::parse::{Params, Text, rfc3339_us};
use crate::problem::{Code, Problem};
use crate::state::WebState;
use serde::Deserialize;
use tk_domain::channel_account::{Channel, ChannelAccount};
use tk_domain::counter::Slip;
use tk_domain::id::{ChannelAccountId, TypedId};
use tk_domain::moment::shanghai_day;
use utoipa::ToSchema;

/// What a terminal printed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SlipCreate {
    /// The terminal's number: letters, digits and hyphens.
    #[schema(value_type = String, max_length = 32)]
    pub terminal: Text<1, 32>,
    /// The slip's number, unique per terminal and day: letters, digits and hyphens.
    #[schema(value_type = String, max_length = 32)]
    pub number: Text<1, 32>,
}

impl From<SlipCreate> for Slip {
    fn from(slip: SlipCreate) -> Self {
        Self { terminal: slip.terminal.0, number: slip.number.0 }
    }
}

/// The channel account that a request names, if it is of this channel.
pub(super) async fn account(
    state: &WebState,
    caller: &Caller,
    (text, channel): (&str, Channel),
) -> Result<ChannelAccount, Problem> {
    let id = ChannelAccountId::parse(text).ok_or_else(Problem::not_found)?;
    let account: ChannelAccount = refer::row(state, &(caller.tenant_id, id)).await?;
    if account.channel == channel { Ok(account) } else { Err(Problem::not_found()) }
}

/// The day of a date, days since 1970-01-01 in Shanghai.
fn day(text: &str) -> Option<i64> {
    (text.len() == 10).then_some(())?;
    rfc3339_us(&format!("{text}T00:00:00+08:00")).map(shanghai_day)
}

pub(super) fn day_at(pointer: &str, text: &str) -> Result<i64, Problem> {
    day(text).ok_or_else(|| Problem::field(Code::FieldMalformed, pointer, "no such day"))
}

/// The counter named by a parameter.
fn counter_of(params: &mut Params) -> Result<Option<ChannelAccountId>, Problem> {
    params.read("counter", ChannelAccountId::parse)
}
