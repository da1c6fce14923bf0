//! Bugs by which a part of a decision gets lost.

use tk_domain::decision::{Change, Changes};
use tk_domain::ledger::EntryKind;
use tk_domain::payment::Disposition;

/// A cancel that gave money back is taken for the close of an unpaid order.
pub(super) fn drop_undone(changes: Changes) -> Changes {
    let mut spoilt = Changes::default();
    for change in changes.into_vec() {
        if !matches!(&change, Change::Entry(entry) if entry.kind == EntryKind::Undone) {
            spoilt.put(change);
        }
    }
    spoilt
}

pub(super) fn drop_late_refund(changes: Changes) -> Changes {
    let late = changes
        .as_slice()
        .iter()
        .any(|change| matches!(change, Change::Refund(row) if row.late_succeeded_at_us.is_some()));
    if late { Changes::default() } else { changes }
}

pub(super) fn drop_late(changes: Changes) -> Changes {
    let late = changes
        .as_slice()
        .iter()
        .any(|change| matches!(change, Change::Attempt(row) if row.disposition == Some(Disposition::Late)));
    if late { Changes::default() } else { changes }
}
