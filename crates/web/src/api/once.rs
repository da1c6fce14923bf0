//! Submitting what a caller sent: once per idempotency key, once per nonce.

use crate::api::answer::Answer;
use crate::auth::{Caller, InFlight};
use crate::parse::Write;
use crate::problem::{Code, Problem};
use crate::state::WebState;
use axum::http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use tk_domain::command::Command;
use tk_domain::id::RequestId;
use tk_domain::idempotency::{Idempotent, Keep, KeepAnswer, Once, RecordedAnswer, Signed};
use tk_domain::key::IdempotencyName;

/// The one effect that a POST is to have.
#[derive(Debug)]
pub struct Effect {
    /// Who asks.
    pub caller: Caller,
    name: IdempotencyName,
    fingerprint: Vec<u8>,
    /// Held until the answer is known: the same request beside it is told to wait.
    _in_flight: InFlight,
}

/// What came of it.
#[derive(Debug)]
pub enum Came<R> {
    /// It took effect now; the answer as recorded, unless the command was only a step towards it.
    Fresh(R, Option<Answer>),
    /// It took effect before.
    Replayed(Answer),
}

/// The published form of a command's reply.
pub type View<C, V> = fn(&<C as Command>::Reply, bool) -> V;

impl Effect {
    /// Begins the effect; refused while the same one is under way in this process.
    pub fn begin<P, B>(write: Write<P, B>, state: &WebState) -> Result<(Self, B), Problem> {
        let in_flight = state
            .gate
            .enter(write.name.clone())
            .ok_or_else(|| Problem::new(Code::RequestInProgress).retry_after(1))?;
        let effect = Self {
            caller: write.caller,
            name: write.name,
            fingerprint: write.fingerprint,
            _in_flight: in_flight,
        };
        Ok((effect, write.body))
    }

    /// Submits a command whose answer is recorded in its commit.
    pub async fn submit<C>(
        &mut self,
        state: &WebState,
        command: C,
        render: impl Fn(&C::Reply, bool) -> Option<RecordedAnswer> + Send + Sync + 'static,
    ) -> Result<Came<C::Reply>, Problem>
    where
        C: Command,
        C::Reply: Clone,
    {
        let once = Once {
            command,
            name: self.name.clone(),
            fingerprint: self.fingerprint.clone(),
            request_id: self.request_id(),
            render: Arc::new(render),
        };
        // A nonce is used up by the first commit; a second step of the same request does not bring it again.
        let signed = Signed { command: once, nonce: self.caller.nonce.take() };
        Ok(match state.app.submit(signed).await? {
            Idempotent::Fresh { reply, answer } => Came::Fresh(reply, answer.map(Answer::recorded)),
            Idempotent::Replayed(answer) => Came::Replayed(Answer::replayed(answer)),
        })
    }

    /// Submits a command that creates or changes one object, and answers with the object.
    pub async fn object<C, V>(
        mut self,
        state: &WebState,
        command: C,
        (status, view): (StatusCode, View<C, V>),
    ) -> Result<Answer, Problem>
    where
        C: Command,
        C::Reply: Clone,
        V: Serialize + 'static,
    {
        let render =
            move |reply: &C::Reply, live: bool| crate::api::answer::record(status, &view(reply, live));
        match self.submit(state, command, render).await? {
            Came::Fresh(reply, None) => Answer::new(status, &view(&reply, state.live())),
            Came::Fresh(_, Some(answer)) | Came::Replayed(answer) => Ok(answer),
        }
    }

    /// Records the answer that was given after waiting for a channel. What it tells has happened, so it is given
    /// even where it cannot be recorded; the record of the first commit then stays.
    pub async fn keep(&self, state: &WebState, answer: &Answer) {
        let command =
            KeepAnswer { name: self.name.clone(), request_id: self.request_id(), answer: answer.to_record() };
        if let Err(failure) = state.app.submit(command).await {
            tracing::warn!(%failure, "an answer was given but not recorded");
        }
    }

    /// How the answer of this request is kept by the commit that takes the channel's word.
    pub fn keeping<R>(
        &self,
        render: impl Fn(&R, bool) -> Option<RecordedAnswer> + Send + Sync + 'static,
    ) -> Keep<R> {
        Keep { name: self.name.clone(), request_id: self.request_id(), render: Arc::new(render) }
    }

    fn request_id(&self) -> RequestId {
        self.caller.request_id
    }
}

/// Submits a change that needs no idempotency key.
pub async fn change<C: Command>(state: &WebState, caller: &Caller, command: C) -> Result<C::Reply, Problem> {
    let signed = Signed { command, nonce: caller.nonce.clone() };
    state.app.submit(signed).await.map_err(Problem::from)
}
