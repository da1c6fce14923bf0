//! Looking after the desk: what two lines of a bank, or a line and a return, say about each other is linked where it is
//! sure; what is not stays with a person.

use super::Bring;
use crate::{App, Failure};
use std::collections::{BTreeMap, BTreeSet};
use tk_domain::bank_link::BankLink;
use tk_domain::command::Command;
use tk_domain::id::{BankLineId, ReturnId};
use tk_domain::moment::{DAY_US, shanghai_day};
use tk_domain::refund::Refund;
use tk_domain::transfer::{
    BankLine, Doubts, FlagSlip, LineLink, LineNature, LinkReversal, MatchRows, MatchStatus, ProveDays,
    ProveReturn, ProveSlip, REVERSAL_DAYS, RefundRows, ReturnState, SLIP_DAYS, ToldDays, TransferReturn,
    UNPROVEN_DAYS, may_be_slip, may_reverse, only_credit, only_pairs, shows_slip,
};

/// Days held against the lines in the books in one look: the last of those that statements of the last day told of.
const DAYS_AT_ONCE: usize = 5;
/// How far statements that join those days may reach.
const JOINED_DAYS: i64 = 40;

/// What looking after the desk did, and what it left to a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeskLooked {
    /// Reversals, slips and returns linked.
    pub linked: usize,
    /// Money that waits because of what was not sure.
    pub(super) doubts: Doubts,
}

impl App {
    /// Links what is sure and flags slips that are overdue; may run at any time and again.
    pub async fn look_after_desk(&self, bring: &Bring) -> Result<DeskLooked, Failure> {
        let mut looked = DeskLooked::default();
        self.look_at_slips(bring, &mut looked).await?;
        self.look_at_reversals(bring, &mut looked).await?;
        self.look_at_returns(bring, &mut looked).await?;
        self.look_at_days(bring).await?;
        Ok(looked)
    }

    /// The last days that statements tell of: their lines are in the books to the fen, or a person is told.
    async fn look_at_days(&self, bring: &Bring) -> Result<(), Failure> {
        let (tenant_id, channel_account_id) = (bring.tenant_id, bring.channel_account_id);
        let since_us = self.now_us().saturating_sub(DAY_US);
        let fresh = self.reader().bank_statements_since(tenant_id, channel_account_id, since_us).await?;
        let days: BTreeSet<i64> = fresh.iter().map(|row| row.last_day).collect();
        let days: Vec<i64> = days.into_iter().rev().take(DAYS_AT_ONCE).collect();
        let (Some(last), Some(first)) = (days.first(), days.last()) else { return Ok(()) };
        let span = (first - JOINED_DAYS, last + JOINED_DAYS);
        let statements = self.reader().bank_statements(tenant_id, channel_account_id, span).await?;
        // Days that join others beyond those read begin with lines of statements that were not.
        let told = days.iter().filter_map(|day| ToldDays::around(&statements, *day));
        let told = told.filter(|told| told.first_day > span.0);
        let link = self.reader().get::<BankLink>(&(tenant_id, channel_account_id)).await?;
        for told in told.collect::<Vec<_>>() {
            let days = (told.first_day, told.last_day);
            let (booked_count, booked_minor) =
                self.reader().booked_on(tenant_id, channel_account_id, days).await?;
            let goes_on = link.as_ref().is_some_and(|link| link.may_bring_more_of(told.last_day));
            self.submit(ProveDays {
                tenant_id,
                channel_account_id,
                told,
                booked_count,
                booked_minor,
                goes_on,
            })
            .await?;
        }
        Ok(())
    }

    async fn look_at_slips(&self, bring: &Bring, looked: &mut DeskLooked) -> Result<(), Failure> {
        let slips = self.reader().unproven_slips(bring.tenant_id, bring.channel_account_id).await?;
        let mut pairs: Vec<(BankLineId, BankLineId)> = Vec::new();
        for slip in &slips {
            let days = (slip.booked_day - SLIP_DAYS, slip.booked_day + SLIP_DAYS);
            let lines = self.of_amount(bring, slip.amount_minor, days).await?;
            let shows = |line: &&BankLine| {
                let open = may_be_slip(line, slip) && line.left_minor() == line.amount_minor;
                open && shows_slip(line, slip)
            };
            pairs.extend(lines.iter().filter(shows).map(|line| (slip.id, line.id)));
        }
        let sure: BTreeMap<BankLineId, BankLineId> = only_pairs(&pairs).into_iter().collect();
        let today = shanghai_day(self.now_us());
        for slip in &slips {
            if let Some(line) = sure.get(&slip.id) {
                looked.linked += usize::from(self.sure(self.slip_link(bring, slip.id, *line)).await?);
                continue;
            }
            if slip.unproven() {
                looked.doubts.slip(slip);
            }
            if slip.unproven() && today - slip.booked_day > UNPROVEN_DAYS {
                self.submit(FlagSlip { tenant_id: bring.tenant_id, slip_id: slip.id }).await?;
            }
        }
        Ok(())
    }

    async fn look_at_reversals(&self, bring: &Bring, looked: &mut DeskLooked) -> Result<(), Failure> {
        let out = self.reader().unexplained_lines(bring.tenant_id, bring.channel_account_id).await?;
        let reversals = out.iter().filter(|line| line.nature == LineNature::Reversal);
        for reversal in reversals {
            let days = (reversal.booked_day - REVERSAL_DAYS, reversal.booked_day);
            let mut credits = Vec::new();
            for line in self.of_amount(bring, reversal.amount_minor, days).await? {
                credits.extend(self.holder(line).await?.filter(|credit| may_reverse(reversal, credit)));
            }
            let linked = match only_credit(reversal, &credits) {
                Some(credit) => {
                    let command = self.reversal_link(bring, reversal.id, credit).await?;
                    self.sure(command).await?
                }
                None => false,
            };
            looked.linked += usize::from(linked);
            if !linked {
                looked.doubts.reversal(reversal);
            }
        }
        Ok(())
    }

    async fn look_at_returns(&self, bring: &Bring, looked: &mut DeskLooked) -> Result<(), Failure> {
        let (tenant_id, account) = (bring.tenant_id, bring.channel_account_id);
        let waiting = self.reader().transfer_returns(tenant_id, account, ReturnState::Approved).await?;
        if waiting.is_empty() {
            return Ok(());
        }
        let out = self.reader().unexplained_lines(tenant_id, account).await?;
        let mut pairs: Vec<(ReturnId, BankLineId)> = Vec::new();
        for given_back in &waiting {
            let key = (tenant_id, given_back.bank_line_id);
            let Some(line) = self.reader().get::<BankLine>(&key).await? else { continue };
            let decided = shanghai_day(given_back.updated_at_us);
            let shows = |sent: &&BankLine| {
                let after = sent.booked_day >= decided && sent.nature == LineNature::Plain;
                let amount = sent.amount_minor == given_back.amount_minor;
                after && amount && sent.account_index.is_some() && sent.account_index == line.account_index
            };
            pairs.extend(out.iter().filter(shows).map(|sent| (given_back.id, sent.id)));
        }
        let sure: BTreeMap<ReturnId, BankLineId> = only_pairs(&pairs).into_iter().collect();
        for given_back in &waiting {
            let Some(sent) = sure.get(&given_back.id) else { continue };
            if let Some(command) = self.return_link(bring, given_back, *sent).await? {
                looked.linked += usize::from(self.sure(command).await?);
            }
        }
        Ok(())
    }

    async fn of_amount(
        &self,
        bring: &Bring,
        amount_minor: i64,
        days: (i64, i64),
    ) -> Result<Vec<BankLine>, Failure> {
        let whose = (bring.tenant_id, bring.channel_account_id);
        self.reader().credits_of_amount(whose, amount_minor, days).await
    }

    /// The line that holds the money of a credit: the slip, where one stands for it.
    async fn holder(&self, line: BankLine) -> Result<Option<BankLine>, Failure> {
        match (line.link, line.link_id) {
            (Some(LineLink::Slip), Some(id)) => self.reader().get(&(line.tenant_id, BankLineId(id))).await,
            (Some(LineLink::Slip | LineLink::Proof | LineLink::Reversal | LineLink::Return) | None, _) => {
                Ok(Some(line))
            }
        }
    }

    /// Submits what may have been overtaken; a refusal leaves it to a person.
    async fn sure<C: Command>(&self, command: C) -> Result<bool, Failure> {
        match self.submit(command).await {
            Ok(_) => Ok(true),
            Err(Failure::Refused(_)) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// The command that takes a line of the bank as proof of a slip.
    #[must_use]
    pub fn slip_link(&self, bring: &Bring, slip_id: BankLineId, bank_line_id: BankLineId) -> ProveSlip {
        let (by, origin) = (bring.by.clone(), bring.origin.clone());
        ProveSlip { tenant_id: bring.tenant_id, slip_id, bank_line_id, by, origin }
    }

    /// The command that links a reversal with the credit it took back.
    pub async fn reversal_link(
        &self,
        bring: &Bring,
        reversal_id: BankLineId,
        credit: &BankLine,
    ) -> Result<LinkReversal, Failure> {
        let (tenant_id, credit_id) = (bring.tenant_id, credit.id);
        let matches = self.reader().matches_of_line(tenant_id, credit_id).await?;
        let matches = matches.iter().filter(|row| row.status == MatchStatus::Active).map(MatchRows::of);
        let returns = self.reader().returns_of_line(tenant_id, credit_id).await?;
        let returns = returns.iter().filter(|row| row.refund_id.is_none() && row.status.counts());
        let cheque = self.reader().cheque_of_line(tenant_id, credit_id).await?;
        Ok(LinkReversal {
            tenant_id,
            reversal_id,
            credit_id,
            matches: matches.collect(),
            cheque: cheque.map(|cheque| (cheque.payment_id, cheque.id)),
            returns: returns.map(|row| row.id).collect(),
            by: bring.by.clone(),
            origin: bring.origin.clone(),
        })
    }

    /// The command that takes a line of the bank as proof that a return left; none if its refund is gone.
    pub async fn return_link(
        &self,
        bring: &Bring,
        given_back: &TransferReturn,
        sent_line_id: BankLineId,
    ) -> Result<Option<ProveReturn>, Failure> {
        let tenant_id = bring.tenant_id;
        let refund = match given_back.refund_id {
            Some(id) => match self.reader().get::<Refund>(&(tenant_id, id)).await? {
                Some(refund) => Some(RefundRows::of(&refund)),
                None => return Ok(None),
            },
            None => None,
        };
        Ok(Some(ProveReturn {
            tenant_id,
            return_id: given_back.id,
            bank_line_id: given_back.bank_line_id,
            sent_line_id,
            refund,
            by: bring.by.clone(),
            origin: bring.origin.clone(),
        }))
    }
}
