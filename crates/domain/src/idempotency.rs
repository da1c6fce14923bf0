//! The same request has one effect: wrappers around any command.

use crate::command::{Command, LaneKind, Want, Wants};
use crate::decision::{Changes, Decision};
use crate::id::{AppId, RequestId, TenantId, TypedId};
use crate::key::{IdempotencyName, IdempotencyRecord, KeyName, NaturalKey, NaturalKind};
use crate::moment::Moment;
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use std::fmt;
use std::sync::Arc;

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
    Fresh { reply: R, answer: Option<RecordedAnswer> },
    /// It ran before; this is what was answered then.
    Replayed(RecordedAnswer),
}

/// Makes the answer that is kept from a reply and whether money is real; pure. None keeps nothing: the
/// command did a step towards the answer and is to be submitted again.
pub type Render<R> = Arc<dyn Fn(&R, bool) -> Option<RecordedAnswer> + Send + Sync>;

/// A command that runs once per idempotency key.
pub struct Once<C: Command> {
    /// The command.
    pub command: C,
    /// The key's name.
    pub name: IdempotencyName,
    /// SHA-256 over method, path and body.
    pub fingerprint: Vec<u8>,
    /// The request.
    pub request_id: RequestId,
    /// Makes the answer that is kept.
    pub render: Render<C::Reply>,
}

impl<C: Command + fmt::Debug> fmt::Debug for Once<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once")
            .field("command", &self.command)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
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
        changes.put_some(answer.clone().map(|answer| IdempotencyRecord {
            name: self.name.clone(),
            fingerprint: self.fingerprint.clone(),
            request_id: self.request_id,
            status: answer.status,
            body: answer.body,
            created_at_us: moment.now_us,
            version: 0,
        }));
        Ok(Decision::new(Idempotent::Fresh { reply, answer }, changes))
    }
}

/// Replaces the answer kept for a request by the one it got after waiting for a channel.
#[derive(Debug, Clone)]
pub struct KeepAnswer {
    /// The key's name.
    pub name: IdempotencyName,
    /// The request that made the record; another request's record stays.
    pub request_id: RequestId,
    /// The answer given.
    pub answer: RecordedAnswer,
}

impl Command for KeepAnswer {
    type Reply = ();

    fn tenant_id(&self) -> TenantId {
        self.name.tenant_id
    }

    fn lane(&self) -> LaneKind {
        LaneKind::Plain
    }

    fn wants(&self, _snapshot: &Snapshot, wants: &mut Wants) {
        wants.add(Want::Idempotency(self.name.clone()));
    }

    fn decide(&self, snapshot: &Snapshot, _moment: &mut Moment<'_>) -> Result<Decision<()>, Refusal> {
        let stored =
            snapshot.idempotency.get(&self.name).filter(|record| record.request_id == self.request_id);
        let Some(stored) = stored else { return Ok(Decision::nothing(())) };
        let mut changes = Changes::default();
        changes.put(IdempotencyRecord {
            status: self.answer.status,
            body: self.answer.body.clone(),
            ..stored.clone()
        });
        Ok(Decision::new((), changes))
    }
}

/// A request whose kept answer is replaced by the one it got after waiting for a channel.
pub struct Keep<R> {
    /// The key's name.
    pub name: IdempotencyName,
    /// The request that made the record; another request's record stays.
    pub request_id: RequestId,
    /// Makes the answer from what became of the channel's word.
    pub render: Render<R>,
}

impl<R> Clone for Keep<R> {
    fn clone(&self) -> Self {
        Self { name: self.name.clone(), request_id: self.request_id, render: Arc::clone(&self.render) }
    }
}

impl<R> fmt::Debug for Keep<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keep").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A command that takes a channel's word, and keeps in the same commit what the waiting request is answered.
#[derive(Debug)]
pub struct Keeping<C: Command> {
    /// The command.
    pub command: C,
    /// Who waits, if anybody does.
    pub keep: Option<Keep<C::Reply>>,
}

impl<C: Command> Command for Keeping<C> {
    type Reply = (C::Reply, Option<RecordedAnswer>);

    fn tenant_id(&self) -> TenantId {
        self.command.tenant_id()
    }

    fn lane(&self) -> LaneKind {
        self.command.lane()
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        if let Some(keep) = &self.keep {
            wants.add(Want::Idempotency(keep.name.clone()));
        }
        self.command.wants(snapshot, wants);
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<Self::Reply>, Refusal> {
        let Decision { reply, mut changes } = self.command.decide(snapshot, moment)?;
        let answer = self.keep.as_ref().and_then(|keep| (keep.render)(&reply, moment.live));
        if let (Some(keep), Some(answer)) = (&self.keep, &answer) {
            let stored = snapshot.idempotency.get(&keep.name);
            changes.put_some(stored.filter(|record| record.request_id == keep.request_id).map(|record| {
                IdempotencyRecord { status: answer.status, body: answer.body.clone(), ..record.clone() }
            }));
        }
        Ok(Decision::new((reply, answer), changes))
    }
}

/// The nonce of a request's signature, used up by the request's own commit.
#[derive(Debug, Clone)]
pub struct SignatureNonce {
    /// The app that signed.
    pub app_id: AppId,
    /// What it signed with the request.
    pub nonce: String,
    /// The request.
    pub request_id: RequestId,
}

/// A command of a request that may be signed; a nonce seen before refuses it.
#[derive(Debug)]
pub struct Signed<C: Command> {
    /// The command.
    pub command: C,
    /// The nonce, if the request is signed.
    pub nonce: Option<SignatureNonce>,
}

impl<C: Command> Signed<C> {
    fn key(&self) -> Option<KeyName> {
        let nonce = self.nonce.as_ref()?;
        Some(KeyName::scoped(self.tenant_id(), NaturalKind::Nonce, &nonce.app_id, &nonce.nonce))
    }
}

impl<C: Command> Command for Signed<C> {
    type Reply = C::Reply;

    fn tenant_id(&self) -> TenantId {
        self.command.tenant_id()
    }

    fn lane(&self) -> LaneKind {
        self.command.lane()
    }

    fn wants(&self, snapshot: &Snapshot, wants: &mut Wants) {
        if let Some(key) = self.key() {
            wants.add(Want::Natural(key));
        }
        self.command.wants(snapshot, wants);
    }

    fn decide(&self, snapshot: &Snapshot, moment: &mut Moment<'_>) -> Result<Decision<C::Reply>, Refusal> {
        let (Some(key), Some(nonce)) = (self.key(), self.nonce.as_ref()) else {
            return self.command.decide(snapshot, moment);
        };
        if snapshot.natural_keys.get(&key).is_some() {
            return Err(Refusal::NonceReplayed);
        }
        let mut decision = self.command.decide(snapshot, moment)?;
        decision.changes.put(NaturalKey { name: key, id: nonce.request_id.id128() });
        Ok(decision)
    }
}
