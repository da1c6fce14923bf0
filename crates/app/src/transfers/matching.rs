//! Matching the open lines of a bank account with the orders that await transfers to it.

use super::{Bring, DeskLooked};
use crate::{App, Failure};
use std::collections::BTreeMap;
use tk_domain::id::{AttemptId, PaymentId};
use tk_domain::transfer::matching::{self, OpenLine, OpenOrder};
use tk_domain::transfer::{
    BankLine, Certainty, MatchTransfers, Misfit, PAIRS_MAX, Pair, Proposal, TransferOrder,
};

/// What a matching did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MatchingDone {
    /// Lines looked at.
    pub lines: usize,
    /// Orders looked at.
    pub orders: usize,
    /// Matches made.
    pub matched: usize,
    /// Reversals, slips and returns linked before.
    pub linked: usize,
    /// Proposals that a person has to decide about, the best first.
    pub likely: Vec<Proposal>,
}

/// The most proposals that one answer shows.
const LIKELY_MAX: usize = 100;

impl App {
    /// Makes every match that is sure, and answers those that a person has to decide about. What has moved on
    /// meanwhile is left out, so that it may run at any time and again.
    pub async fn match_transfers(&self, bring: &Bring) -> Result<MatchingDone, Failure> {
        let looked = self.look_after_desk(bring).await?;
        let (lines, orders) = self.open_transfers(bring, &looked).await?;
        let payments: BTreeMap<AttemptId, PaymentId> =
            orders.iter().map(|order| (order.id, order.payment_id)).collect();
        let orders: Vec<OpenOrder> = orders.iter().filter_map(TransferOrder::open).collect();
        let proposals = matching::propose(&lines, &orders);
        let (sure, mut likely): (Vec<Proposal>, Vec<Proposal>) =
            proposals.into_iter().partition(|proposal| proposal.certainty == Certainty::Sure);
        let mut matched = 0;
        for piece in sure.chunks(PAIRS_MAX) {
            matched += self.submit(command(bring, piece, &payments)).await?.len();
        }
        likely.sort_by(|a, b| (b.score, a.line, a.order).cmp(&(a.score, b.line, b.order)));
        likely.truncate(LIKELY_MAX);
        Ok(MatchingDone { lines: lines.len(), orders: orders.len(), matched, linked: looked.linked, likely })
    }

    /// The orders that a line may belong to, the best first, with scores and reasons.
    pub async fn transfer_candidates(&self, line: &BankLine, most: usize) -> Result<Vec<Proposal>, Failure> {
        let orders = self.reader().open_transfer_orders(line.tenant_id, line.channel_account_id).await?;
        let orders: Vec<OpenOrder> = orders.iter().filter_map(TransferOrder::open).collect();
        Ok(matching::candidates(&line.open(), &orders, most))
    }

    async fn open_transfers(
        &self,
        bring: &Bring,
        looked: &DeskLooked,
    ) -> Result<(Vec<OpenLine>, Vec<TransferOrder>), Failure> {
        let (tenant_id, account) = (bring.tenant_id, bring.channel_account_id);
        let lines = self.reader().open_bank_lines(tenant_id, account).await?;
        let orders = self.reader().open_transfer_orders(tenant_id, account).await?;
        let open = |line: &BankLine| OpenLine { contested: looked.doubts.contests(line), ..line.open() };
        Ok((lines.iter().map(open).collect(), orders))
    }
}

fn command(bring: &Bring, piece: &[Proposal], payments: &BTreeMap<AttemptId, PaymentId>) -> MatchTransfers {
    let pair = |proposal: &Proposal| Pair {
        bank_line_id: proposal.line,
        order_id: proposal.order,
        payment_id: payments.get(&proposal.order).copied().unwrap_or_default(),
        amount_minor: proposal.amount_minor,
        score: proposal.score,
        reasons: proposal.reasons.clone(),
    };
    MatchTransfers {
        tenant_id: bring.tenant_id,
        pairs: piece.iter().map(pair).collect(),
        misfit: Misfit::LeaveOut,
        by: bring.by.clone(),
        origin: bring.origin.clone(),
    }
}
