//! Bugs that only counters, wards and cheques can show.

use super::Bug;
use crate::hall::Hall;
use crate::run::Violation;

pub(super) fn run_with(bug: Bug, seed: u64) -> (Vec<Violation>, u64) {
    let Some(mut hall) = Hall::new(seed) else { return (Vec::new(), 0) };
    hall.plant(bug);
    hall.live();
    let (tally, violations, _) = hall.told();
    (violations, tally.events)
}
