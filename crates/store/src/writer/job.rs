//! A command waiting for its commit, with its type hidden and its caller's channel inside.

use crate::failure::Failure;
use tk_domain::command::{Command, LaneKind, Wants};
use tk_domain::decision::Changes;
use tk_domain::id::TenantId;
use tk_domain::moment::Moment;
use tk_domain::refusal::Refusal;
use tk_domain::snapshot::Snapshot;
use tokio::sync::oneshot;

/// A command waiting for its commit.
pub trait Job: Send {
    /// The tenant it acts for.
    fn tenant_id(&self) -> TenantId;
    /// Which lane it goes to.
    fn lane(&self) -> LaneKind;
    /// Names the rows it has to see.
    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants);
    /// Decides, keeps the reply for later, and gives what changes; a refusal changes nothing.
    fn decide(&mut self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Changes;
    /// Tells the caller what was decided: only after the commit.
    fn answer(self: Box<Self>);
    /// Tells the caller that there is no answer.
    fn fail(self: Box<Self>, failure: Failure);
}

struct Pending<C: Command> {
    command: C,
    decided: Option<Result<C::Reply, Refusal>>,
    caller: oneshot::Sender<Result<C::Reply, Failure>>,
}

/// Where the answer to a command arrives.
pub type Answer<C> = oneshot::Receiver<Result<<C as Command>::Reply, Failure>>;

/// Hides a command's type.
pub fn job<C: Command>(command: C) -> (Box<dyn Job>, Answer<C>) {
    let (caller, answer) = oneshot::channel();
    (Box::new(Pending { command, decided: None, caller }), answer)
}

impl<C: Command> Job for Pending<C> {
    fn tenant_id(&self) -> TenantId {
        self.command.tenant_id()
    }

    fn lane(&self) -> LaneKind {
        self.command.lane()
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        self.command.wants(snapshot, wants);
    }

    fn decide(&mut self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Changes {
        match self.command.decide(snapshot, moment) {
            Ok(decision) => {
                self.decided = Some(Ok(decision.reply));
                decision.changes
            }
            Err(refusal) => {
                self.decided = Some(Err(refusal));
                Changes::default()
            }
        }
    }

    // A caller that went away gets nothing; its command stands committed all the same.
    fn answer(self: Box<Self>) {
        let answer = match self.decided {
            Some(Ok(reply)) => Ok(reply),
            Some(Err(refusal)) => Err(Failure::Refused(refusal)),
            None => Err(Failure::Fault("undecided".to_owned())),
        };
        let _ = self.caller.send(answer);
    }

    fn fail(self: Box<Self>, failure: Failure) {
        let _ = self.caller.send(Err(failure));
    }
}
