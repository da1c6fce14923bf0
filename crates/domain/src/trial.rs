//! Runs commands in unit tests on a snapshot that holds all there is.

use crate::audit::{Act, Origin};
use crate::command::Command;
use crate::id::{Id128, TenantId};
use crate::moment::{Entropy, Moment};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;

/// The tenant of the tests.
pub(crate) const TENANT: TenantId = TenantId(Id128([1; 16]));
/// When the tests take place, Unix microseconds.
pub(crate) const NOW_US: i64 = 1_800_000_000_000_000;

struct Counter(u128);

impl Entropy for Counter {
    fn bits(&mut self) -> u128 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
        self.0
    }
}

/// A snapshot and the random bits of the commands run on it.
pub(crate) struct Trial {
    /// Everything there is.
    pub(crate) snapshot: Snapshot,
    entropy: Counter,
}

impl Trial {
    /// An empty world.
    pub(crate) fn new() -> Self {
        Self { snapshot: Snapshot::complete(), entropy: Counter(7) }
    }

    /// Decides a command and applies it if it is not refused.
    pub(crate) fn run<C: Command>(&mut self, command: &C) -> Result<C::Reply, Refusal> {
        let mut moment = Moment::new(NOW_US, &mut self.entropy);
        let decision = command.decide(&self.snapshot, &mut moment)?;
        self.snapshot
            .apply((command.tenant_id(), 0), decision.changes, &mut moment)
            .expect("a decision can be applied");
        Ok(decision.reply)
    }

    /// The acts recorded so far.
    pub(crate) fn acts(&self) -> Vec<Act> {
        self.snapshot.appended.audits.iter().map(|audit| audit.act).collect()
    }
}

/// Whoever runs the tests.
pub(crate) fn origin() -> Origin {
    Origin::system()
}
