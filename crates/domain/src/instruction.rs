//! An instruction: the next thing to say to a channel about one attempt or refund, always a row first.

use crate::id::{ChannelAccountId, Id128, PaymentId, TenantId};
use crate::words::words;

words! {
    /// What is to be said.
    InstructionKind {
        /// Begin the payment.
        Pay = "pay",
        /// Ask for the payment's outcome.
        Query = "query",
        /// Close the unpaid order.
        Close = "close",
        /// Undo a bar-code payment whose outcome is unknown.
        Cancel = "cancel",
        /// Send the refund; again with the same number if its outcome is unknown.
        Refund = "refund",
        /// Ask for the refund's outcome.
        RefundQuery = "refund_query",
        /// Look whether the shares that a refund takes back are known to be paid; nothing is said to the channel.
        RefundAwait = "refund_await",
        /// Bind a party that is to get shares.
        ReceiverBind = "receiver_bind",
        /// Unbind it.
        ReceiverUnbind = "receiver_unbind",
        /// Send the split; again with the same number if its outcome is unknown.
        Split = "split",
        /// Ask what became of its shares.
        SplitQuery = "split_query",
        /// Take a share back before the refund it is for; again with the same number if its outcome is unknown.
        SplitReturn = "split_return",
        /// Ask what became of that.
        SplitReturnQuery = "split_return_query",
    }
}

words! {
    /// Whether something remains to be said.
    InstructionStatus {
        /// Yes, when due.
        Open = "open",
        /// No.
        Done = "done",
    }
}

/// The next conversation about one attempt or refund; its id is the subject's, so there is one per subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The attempt's, refund's, split's, party's or return's own 16 bytes.
    pub id: Id128,
    /// What is to be said.
    pub kind: InstructionKind,
    /// The payment it is about; for binding a party, that party's own bytes.
    pub payment_id: PaymentId,
    /// To which contract.
    pub channel_account_id: ChannelAccountId,
    /// Whether something remains to be said.
    pub status: InstructionStatus,
    /// When it is due, Unix microseconds.
    pub due_at_us: i64,
    /// Until when a worker has it, Unix microseconds; saves work only, holds no invariant.
    pub lease_until_us: i64,
    /// Conversations begun so far; from naught again once the channel has shown that none of them took effect.
    pub tries: i64,
    /// What the adapter needs beyond the rows (bar code, return address), JSON; dropped when done.
    pub payload: Option<String>,
    /// Counts the commits that changed the row.
    pub version: i64,
}

impl Instruction {
    /// Says something else next, at `due_at_us`, free for any worker.
    pub const fn next(&mut self, kind: InstructionKind, due_at_us: i64) {
        self.kind = kind;
        self.status = InstructionStatus::Open;
        self.due_at_us = due_at_us;
        self.lease_until_us = 0;
    }

    /// Takes the instruction for one worker until `lease_us` from now, if it is open, due and nobody has it.
    pub const fn claim(&mut self, now_us: i64, lease_us: i64) -> bool {
        let open = matches!(self.status, InstructionStatus::Open);
        let free = open && self.due_at_us <= now_us && self.lease_until_us <= now_us;
        if free {
            self.lease_until_us = now_us.saturating_add(lease_us);
            self.tries = self.tries.saturating_add(1);
        }
        free
    }

    /// Whether the channel may have heard of it: a worker took it, and not only to look at rows of ours.
    #[must_use]
    pub const fn may_have_been_said(&self) -> bool {
        self.tries > 0 && !matches!(self.kind, InstructionKind::RefundAwait)
    }

    /// Nothing remains to be said.
    pub fn finish(&mut self) {
        self.status = InstructionStatus::Done;
        self.lease_until_us = 0;
        self.payload = None;
    }
}
