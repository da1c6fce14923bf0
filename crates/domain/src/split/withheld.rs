//! A split that is not said because a receiver of it was unbound since it was agreed.

use super::receiver::{Binding, SplitReceiver};
use super::rows::{Split, SplitLine};
use super::take_report::{SplitFinding, SplitReport};
use crate::instruction::{Instruction, InstructionKind};
use crate::report::Source;

/// The code of a split that names a receiver who is not bound any more.
pub const RECEIVER_UNBOUND: &str = "RECEIVER_UNBOUND";

/// What is found instead of saying this split, as claimed by a worker: no channel pays who was unbound, and WeChat Pay says
/// so with a code that may pass (`INVALID_REQUEST`), so that it would be said for ever. Nothing, where every receiver is
/// bound, or where the channel may have heard of it: then only the channel's word ends it. While the channel has not said
/// whether a receiver is bound, the split waits.
#[must_use]
pub fn withheld(
    instruction: &Instruction,
    split: &Split,
    shares: &[(SplitLine, SplitReceiver)],
) -> Option<SplitReport> {
    let heard_of =
        split.unknown_since_us.is_some() || split.accepted_at_us.is_some() || instruction.tries > 1;
    if instruction.kind != InstructionKind::Split || heard_of {
        return None;
    }
    let stands = |among: &[Binding]| shares.iter().any(|(_, receiver)| among.contains(&receiver.status));
    let finding = if stands(&[Binding::Unbound, Binding::Refused]) {
        let message = "a receiver was unbound before its share was said".to_owned();
        SplitFinding::Failed { code: RECEIVER_UNBOUND.to_owned(), message }
    } else if stands(&[Binding::Unbinding, Binding::Pending]) {
        SplitFinding::NotSent
    } else {
        return None;
    };
    Some(SplitReport { source: Source::Reply, finding })
}
