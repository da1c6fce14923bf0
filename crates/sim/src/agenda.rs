//! What a story without a host of its own will do, by time and then by order of planning.

use std::collections::BTreeMap;

/// Acts that are planned.
#[derive(Debug)]
pub(crate) struct Agenda<A> {
    waiting: BTreeMap<(i64, u64), A>,
    planned: u64,
}

impl<A> Default for Agenda<A> {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), planned: 0 }
    }
}

impl<A> Agenda<A> {
    pub(crate) fn plan(&mut self, at_us: i64, act: A) {
        self.planned = self.planned.saturating_add(1);
        self.waiting.insert((at_us, self.planned), act);
    }

    /// Takes the next act that is due by then.
    pub(crate) fn take(&mut self, until_us: i64) -> Option<(i64, A)> {
        let next = self.waiting.first_entry().filter(|entry| entry.key().0 <= until_us)?;
        let ((at_us, _), act) = next.remove_entry();
        Some((at_us, act))
    }
}
