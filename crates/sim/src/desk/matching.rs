//! The desk after each statement: what the bank took back is linked where it is sure, the rest matched where it is.

use super::setup::TENANT;
use super::{Desk, Died};
use tk_domain::audit::Origin;
use tk_domain::transfer::matching::{OpenLine, OpenOrder, propose};
use tk_domain::transfer::{
    BankLine, Certainty, Doubts, LineNature, LinkReversal, MatchRows, MatchStatus, MatchTransfers, Misfit,
    Pair, Proposal, TransferOrder, may_reverse, only_credit,
};

impl Desk {
    pub(super) fn match_all(&mut self) -> Result<(), Died> {
        let doubts = self.link_reversals()?;
        let rows = &self.store.rows;
        let open = rows.bank_lines.iter().filter(|line| line.left_minor() > 0);
        let lines: Vec<OpenLine> =
            open.map(|line| OpenLine { contested: doubts.contests(line), ..line.open() }).collect();
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
    fn link_reversals(&mut self) -> Result<Doubts, Died> {
        let mut doubts = Doubts::default();
        let lines: Vec<BankLine> = self.store.rows.bank_lines.iter().cloned().collect();
        let reversals = lines.iter().filter(|line| line.nature == LineNature::Reversal);
        for reversal in reversals.filter(|line| line.unexplained()) {
            // As they stand now: one reversal may have taken what another looked at.
            let credits: Vec<BankLine> = self
                .store
                .rows
                .bank_lines
                .iter()
                .filter(|credit| may_reverse(reversal, credit))
                .cloned()
                .collect();
            let linked = only_credit(reversal, &credits).map(|credit| self.link_reversal(reversal, credit));
            if linked.flatten().is_none() {
                doubts.reversal(reversal);
            }
            self.survives()?;
        }
        Ok(doubts)
    }

    fn link_reversal(&mut self, reversal: &BankLine, credit: &BankLine) -> Option<BankLine> {
        let matches = self.store.rows.transfer_matches.iter();
        let active = matches.filter(|row| row.bank_line_id == credit.id && row.status == MatchStatus::Active);
        let command = LinkReversal {
            tenant_id: TENANT,
            reversal_id: reversal.id,
            credit_id: credit.id,
            matches: active.map(MatchRows::of).collect(),
            cheque: None,
            returns: Vec::new(),
            by: "direct link".to_owned(),
            origin: Origin::system(),
        };
        self.run(&command)
    }
}
