//! The same request has one effect: a wrapper around any command.

use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::Decision;
use crate::id::{RequestId, TenantId};
use crate::key::{IdempotencyName, IdempotencyRecord};
use crate::moment::Moment;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;

/// An answer as it goes out and as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedAnswer {
    /// The HTTP status.
    pub status: i64,
    /// The body, with one-time secrets masked.
    pub body: String,
}

/// What the caller of an idempotent command gets.
#[derive(Debug, Clone)]
pub enum Idempotent<R> {
    /// It ran now.
    Fresh { reply: R, answer: RecordedAnswer },
    /// It ran before; this is what was answered then.
    Replayed(RecordedAnswer),
}

/// A command that runs once per idempotency key.
#[derive(Debug)]
pub struct Once<C: Command> {
    /// The command.
    pub command: C,
    /// The key's name.
    pub name: IdempotencyName,
    /// SHA-256 over method, path and body.
    pub fingerprint: Vec<u8>,
    /// The request.
    pub request_id: RequestId,
    /// Makes the answer that is kept; pure.
    pub render: fn(&C::Reply, bool) -> RecordedAnswer,
}

impl<C: Command> Command for Once<C>
where
    C::Reply: Clone,
{
    type Reply = Idempotent<C::Reply>;

    fn tenant_id(&self) -> TenantId {
        self.command.tenant_id()
    }

    fn lane(&self) -> LaneKind {
        self.command.lane()
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Idempotency(self.name.clone()));
        if snapshot.idempotency.get(&self.name).is_none() {
            self.command.wants(snapshot, wants);
        }
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Self::Reply>, Refusal> {
        if let Some(record) = snapshot.idempotency.get(&self.name) {
            if record.fingerprint != self.fingerprint {
                return Err(Refusal::IdempotencyKeyReused);
            }
            let answer = RecordedAnswer { status: record.status, body: record.body.clone() };
            return Ok(Decision::nothing(Idempotent::Replayed(answer)));
        }
        let Decision { reply, mut changes } = self.command.decide(snapshot, moment)?;
        let answer = (self.render)(&reply, moment.live);
        changes.put(IdempotencyRecord {
            name: self.name.clone(),
            fingerprint: self.fingerprint.clone(),
            request_id: self.request_id,
            status: answer.status,
            body: answer.body.clone(),
            created_at_us: moment.now_us,
            version: 0,
        });
        Ok(Decision::new(Idempotent::Fresh { reply, answer }, changes))
    }
}
