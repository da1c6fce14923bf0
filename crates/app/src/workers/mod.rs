//! Workers: they hold the conversations that instructions and deliveries ask for, and close what expired.
//!
//! All timers live in rows; any process may be killed at any moment, and any other takes its rows over when
//! their leases end.

mod ask_cards;
mod ask_identity;
mod close_expired;
mod conversation;
mod deliver;
mod keep_watch;
mod prune;
mod pull;
mod pull_statements;
mod rounds;
mod send_webhooks;
mod shares;
mod under_way;

pub use deliver::{Begun, Told};
pub use pull::Pulled;
pub(crate) use under_way::UnderWay;

use crate::{App, AppError};
use tokio::task::JoinSet;

impl App {
    /// Runs every worker until the returned set is dropped or shut down.
    pub fn run_workers(&self) -> Result<JoinSet<()>, AppError> {
        let sender = send_webhooks::Sender::new(self.webhook_rule())?;
        let mut workers = JoinSet::new();
        workers.spawn(deliver::run(self.clone()));
        workers.spawn(send_webhooks::run(self.clone(), sender));
        workers.spawn(close_expired::run(self.clone()));
        workers.spawn(prune::run(self.clone()));
        workers.spawn(keep_watch::run(self.clone()));
        workers.spawn(ask_identity::run(self.clone()));
        workers.spawn(ask_cards::run(self.clone()));
        workers.spawn(pull_statements::run(self.clone()));
        Ok(workers)
    }
}
