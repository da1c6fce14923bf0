//! Bugs that only statements of a bank can show.

use super::Bug;
use crate::desk::Desk;
use crate::run::Violation;

pub(super) fn run_with(bug: Bug, seed: u64) -> (Vec<Violation>, u64) {
    let Some(mut desk) = Desk::new(seed) else { return (Vec::new(), 0) };
    desk.plant(bug);
    desk.live();
    let (tally, violations) = desk.told();
    (violations, tally.events)
}
