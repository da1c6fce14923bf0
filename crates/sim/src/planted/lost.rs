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

/// A refund is made of the merchant's own money alone, and its receivers keep their shares.
pub(super) fn keep_shares(changes: Changes) -> Changes {
    if !changes.as_slice().iter().any(|change| matches!(change, Change::SplitReturn(_))) {
        return changes;
    }
    let mut spoilt = Changes::default();
    for change in changes.into_vec() {
        let entry = matches!(&change, Change::Entry(entry) if entry.kind == EntryKind::SplitReturn);
        if !entry && !matches!(change, Change::SplitReturn(_) | Change::SplitLine(_)) {
            spoilt.put_change(change);
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
