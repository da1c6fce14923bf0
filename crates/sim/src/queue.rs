//! What will happen, in order of virtual time and then of planning.

use crate::actors::{Ask, Attack, PayerAct};
use crate::flight::{Answered, Flight};
use crate::seller::Notification;
use crate::webhook::{Post, PostAnswer};
use std::collections::BTreeMap;
use tk_domain::id::{AttemptId, ChannelAccountId, DeliveryId, Id128, PaymentId, TenantId};

/// Something that will happen at a set time.
#[derive(Debug)]
pub(crate) enum Happening {
    /// An order system calls the API.
    Client { order: usize, ask: Ask, tries: u32 },
    /// A payer does something about an attempt.
    Payer { tenant_id: TenantId, attempt_id: AttemptId, act: PayerAct, tries: u32 },
    /// Somebody tries what they may not.
    Attack(Attack),
    /// A channel's own timers or notifications are due.
    Channel(ChannelAccountId),
    /// A notification reaches our address.
    Notice { account: ChannelAccountId, notification: Box<Notification> },
    /// Our acknowledgement reaches the channel.
    Acknowledge { account: ChannelAccountId, notify_id: String },
    /// Our call reaches the channel, whether or not we still live.
    CallArrives(Box<Flight>),
    /// The channel's answer reaches the worker that asked.
    Answer(Box<Answered>),
    /// An instruction may be due.
    InstructionDue(TenantId, Id128),
    /// A delivery may be due.
    DeliveryDue(TenantId, DeliveryId),
    /// A webhook reaches its endpoint.
    PostArrives(Box<Post>),
    /// The endpoint's answer reaches the worker that posted.
    PostAnswered(Box<PostAnswer>),
    /// A payment may have expired.
    ExpiryDue(TenantId, PaymentId),
    /// The host comes up again.
    Restart,
    /// The host's clock jumps.
    ClockJump,
    /// The second of two transactions that should have been one.
    #[cfg(feature = "planted")]
    SecondHalf(Box<crate::planted::SecondHalf>),
}

impl Happening {
    /// A word for traces.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Client { ask, .. } => ask.word(),
            Self::Payer { .. } => "payer",
            Self::Attack(_) => "attack",
            Self::Channel(_) => "channel",
            Self::Notice { .. } => "notice",
            Self::Acknowledge { .. } => "acknowledge",
            Self::CallArrives(_) => "call arrives",
            Self::Answer(_) => "answer",
            Self::InstructionDue(..) => "instruction due",
            Self::DeliveryDue(..) => "delivery due",
            Self::PostArrives(_) => "post arrives",
            Self::PostAnswered(_) => "post answered",
            Self::ExpiryDue(..) => "expiry due",
            Self::Restart => "restart",
            Self::ClockJump => "clock jump",
            #[cfg(feature = "planted")]
            Self::SecondHalf(_) => "second half",
        }
    }

    /// What it is about, as bytes for traces.
    pub(crate) fn subject(&self) -> Id128 {
        match self {
            Self::Client { order, tries, .. } => numbered(*order, *tries),
            Self::Payer { attempt_id, .. } => attempt_id.0,
            Self::Channel(id) | Self::Notice { account: id, .. } | Self::Acknowledge { account: id, .. } => {
                id.0
            }
            Self::CallArrives(flight) => flight.instruction.id,
            Self::Answer(answered) => answered.flight.instruction.id,
            Self::InstructionDue(_, id) => *id,
            Self::DeliveryDue(_, id) => id.0,
            Self::PostArrives(post) => post.delivery_id.0,
            Self::PostAnswered(answer) => answer.post.delivery_id.0,
            Self::ExpiryDue(_, id) => id.0,
            Self::Attack(_) | Self::Restart | Self::ClockJump => Id128::default(),
            #[cfg(feature = "planted")]
            Self::SecondHalf(_) => Id128::default(),
        }
    }
}

fn numbered(order: usize, tries: u32) -> Id128 {
    let order = u128::try_from(order).unwrap_or_default();
    Id128(((order << 32) | u128::from(tries)).to_be_bytes())
}

/// A happening, and the life of the host that it belongs to, if it dies with it.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) happening: Happening,
    pub(crate) life: Option<u32>,
}

/// Everything planned, by time and then by order of planning.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: BTreeMap<(i64, u64), Planned>,
    serial: u64,
}

impl Queue {
    pub(crate) fn plan(&mut self, at_us: i64, planned: Planned) {
        self.serial = self.serial.saturating_add(1);
        self.waiting.insert((at_us, self.serial), planned);
    }

    pub(crate) fn take(&mut self) -> Option<(i64, Planned)> {
        self.waiting.pop_first().map(|((at_us, _), planned)| (at_us, planned))
    }

    pub(crate) fn next_at_us(&self) -> Option<i64> {
        self.waiting.keys().next().map(|(at_us, _)| *at_us)
    }
}
