//! What is drawn from money that was paid in advance.

use crate::checker::Checker;
use crate::store::Commit;
use tk_domain::ledger::Owner;
use tk_domain::prepayment::DrawStatus;
use tk_domain::snapshot::Snapshot;

impl Checker {
    /// inv-17 for draws: the row counts the draws that stand, so that two at once are both counted.
    pub(super) fn drawn_is_what_draws_say(&mut self, rows: &Snapshot, commit: &Commit) {
        for key in &commit.accounts {
            let owner = rows.accounts.get(key).map(|account| account.owner);
            let Some(Owner::Prepayment(id)) = owner else { continue };
            let standing =
                rows.draws.iter().filter(|row| row.prepayment_id == id && row.status == DrawStatus::Done);
            let drawn: i64 = standing.map(|row| row.amount_minor).sum();
            let counted = rows.prepayments.get(&(key.0, id)).map_or(0, |row| row.drawn_minor);
            self.require(counted == drawn, "prepaid", || {
                format!("{id}: {drawn} is drawn, counted {counted}")
            });
        }
    }
}
