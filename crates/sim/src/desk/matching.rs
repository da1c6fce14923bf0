//! The desk after each statement: what the bank took back is linked where it is sure, the rest matched where it is.

use super::setup::TENANT;
use super::{Desk, Died};
use tk_domain::audit::Origin;
use tk_domain::transfer::matching::{OpenLine, OpenOrder, propose};
use tk_domain::transfer::{
    BankLine, Certainty, Flow, LineNature, LinkReversal, MatchRows, MatchStatus, MatchTransfers, Misfit,
    Pair, Proposal, REVERSAL_DAYS, TransferOrder, may_reverse,
};

impl Desk {
    pub(super) fn match_all(&mut self) -> Result<(), Died> {
        self.link_reversals()?;
        let rows = &self.store.rows;
        let taken_back: Vec<(i64, i64)> = rows
            .bank_lines
            .iter()
            .filter(|line| line.nature == LineNature::Reversal && line.unexplained())
            .map(|line| (line.amount_minor, line.booked_day))
            .collect();
        let contests = |line: &BankLine| {
            taken_back.iter().any(|(amount, day)| {
                *amount == line.amount_minor && (0..=REVERSAL_DAYS).contains(&(day - line.booked_day))
            })
        };
        let open = rows.bank_lines.iter().filter(|line| line.left_minor() > 0);
        let lines: Vec<OpenLine> =
            open.map(|line| OpenLine { contested: contests(line), ..line.open() }).collect();
        let waiting = rows.transfer_orders.iter().filter(|order| order.left_minor() > 0);
        let orders: Vec<OpenOrder> = waiting.filter_map(TransferOrder::open).collect();
        let sure = propose(&lines, &orders).into_iter().filter(|one| one.certainty == Certainty::Sure);
        let pairs: Vec<Pair> = sure.filter_map(|proposal| self.pair(&proposal)).collect();
        for piece in pairs.chunks(3) {
            let command = MatchTransfers {
                tenant_id: TENANT,
                pairs: piece.to_vec(),
                misfit: Misfit::LeaveOut,
                by: "direct link".to_owned(),
                origin: Origin::system(),
            };
            self.run(&command);
            self.survives()?;
        }
        Ok(())
    }

    fn pair(&self, proposal: &Proposal) -> Option<Pair> {
        let order = self.store.rows.transfer_orders.get(&(TENANT, proposal.order))?;
        Some(Pair {
            bank_line_id: proposal.line,
            order_id: proposal.order,
            payment_id: order.payment_id,
            amount_minor: proposal.amount_minor,
            score: proposal.score,
            reasons: proposal.reasons.clone(),
        })
    }

    /// A reversal is linked with the one credit that it can be about; else it waits for a person.
    fn link_reversals(&mut self) -> Result<(), Died> {
        let rows = &self.store.rows;
        let mut pairs = Vec::new();
        for reversal in rows.bank_lines.iter().filter(|line| line.nature == LineNature::Reversal) {
            let may: Vec<&BankLine> = rows
                .bank_lines
                .iter()
                .filter(|credit| credit.flow == Flow::Credit && may_reverse(reversal, credit))
                .filter(|credit| credit.account_index == reversal.account_index)
                .collect();
            if let [credit] = may.as_slice() {
                pairs.push((reversal.id, credit.id));
            }
        }
        for (reversal_id, credit_id) in pairs {
            let matches = self.store.rows.transfer_matches.iter();
            let active =
                matches.filter(|row| row.bank_line_id == credit_id && row.status == MatchStatus::Active);
            let command = LinkReversal {
                tenant_id: TENANT,
                reversal_id,
                credit_id,
                matches: active.map(MatchRows::of).collect(),
                returns: Vec::new(),
                by: "direct link".to_owned(),
                origin: Origin::system(),
            };
            self.run(&command);
            self.survives()?;
        }
        Ok(())
    }
}
