//! Bank transfers: lines of bank accounts, and what they are matched with.

pub mod cancellation;
pub mod candidates;
pub mod create;
pub mod get;
pub mod links;
pub mod list;
pub mod matches;
pub mod matching;
pub mod returns;
pub mod statements;
mod view;

pub use view::{MatchingView, ProposalView, StatementView};

use crate::api::refer;
use crate::auth::Caller;
use crate::parse::Text;
use crate::problem::{Code, Problem};
use crate::state::WebState;
use tk_app::transfers::Bring;
use tk_domain::channel_account::{Channel, ChannelAccount};
use tk_domain::id::{BankLineId, ChannelAccountId, TypedId};
use tk_domain::transfer::BankLine;

/// The line of a path.
async fn line(state: &WebState, caller: &Caller, id: &str) -> Result<BankLine, Problem> {
    let id: BankLineId = refer::parse_id(id)?;
    refer::row(state, &(caller.tenant_id, id)).await
}

/// The bank account that a request names.
async fn account(state: &WebState, caller: &Caller, text: &str) -> Result<ChannelAccount, Problem> {
    let id = ChannelAccountId::parse(text).ok_or_else(Problem::not_found)?;
    let account: ChannelAccount = refer::row(state, &(caller.tenant_id, id)).await?;
    if account.channel == Channel::BankDirect {
        return Ok(account);
    }
    Err(Problem::field(Code::FieldMalformed, "#/channel_account", "not a bank account"))
}

fn bring(caller: &Caller, account: &ChannelAccount, actor: Text<1, 64>) -> Bring {
    bring_to(caller, account.id, actor)
}

fn bring_to(caller: &Caller, channel_account_id: ChannelAccountId, actor: Text<1, 64>) -> Bring {
    Bring { tenant_id: caller.tenant_id, channel_account_id, by: actor.0, origin: caller.origin() }
}
