//! The outbox towards channels.

use crate::record::{decided, record};
use tk_domain::id::{ChannelAccountId, Id128, PaymentId, TenantId};
use tk_domain::instruction::{Instruction, InstructionKind, InstructionStatus};

record! {
    Instruction in "instructions", keys 2, Fresh, Unlocked, frozen [
        "payment_id",
        "channel_account_id",
    ];
    tenant_id: TenantId,
    id: Id128,
    kind: InstructionKind,
    payment_id: PaymentId,
    channel_account_id: ChannelAccountId,
    status: InstructionStatus,
    due_at_us: i64,
    lease_until_us: i64,
    tries: i64,
    payload: Option<String>,
    version: i64,
}
decided!(Instruction, instructions);
