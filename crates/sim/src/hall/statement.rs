//! The bank's lines: told whole or again, and what the desk makes of each of them.

use super::setup::{ACCOUNT, BANK, TENANT};
use super::{Act, Hall, or_refused};
use crate::world::Missed;
use tk_domain::audit::Origin;
use tk_domain::cheque::{ChequeStatus, ClearCheque};
use tk_domain::counter::MatchDeposit;
use tk_domain::id::BankLineId;
use tk_domain::moment::MINUTE_US;
use tk_domain::transfer::{
    BankLine, Flow, LineNature, LineSource, LinkReversal, TakeBankLines, TellLine, may_reverse, only_credit,
};
use tk_money::Currency;
use tk_simulator::bank::{Booking, Nature};

impl Hall {
    /// All that the bank booked lately, some of it for the second time, and then what is to be done with it.
    pub(super) fn statement(&mut self) -> Result<(), Missed> {
        let bookings: Vec<Booking> = self.bank.bookings(ACCOUNT).map(<[Booking]>::to_vec).unwrap_or_default();
        let again = usize::try_from(self.dice.below(4)).unwrap_or(0);
        let known = self.store.rows.bank_lines.iter().count().saturating_sub(again);
        let lines: Vec<TellLine> = bookings.iter().skip(known).map(line).collect();
        if !lines.is_empty() {
            let command = TakeBankLines {
                tenant_id: TENANT,
                channel_account_id: BANK,
                currency: Currency::Cny,
                source: LineSource::Statement,
                lines,
                statement: None,
                by: "direct link".to_owned(),
                origin: Origin::channel(BANK),
            };
            self.run(&command).map(|_| ())?;
        }
        // A reversal may be linked before anybody says what its credit was, or after.
        if self.dice.below(2) == 0 {
            self.link_reversals()?;
        }
        self.match_carried()?;
        self.match_cheques()?;
        self.link_reversals()
    }

    fn line_of(&self, booking: u64) -> Option<&BankLine> {
        let reference = reference(booking);
        self.store.rows.bank_lines.iter().find(|line| line.bank_ref == reference)
    }

    fn match_carried(&mut self) -> Result<(), Missed> {
        for carried in self.truth.carried.clone() {
            let line = carried.booking.and_then(|booking| self.line_of(booking));
            let open = line.filter(|line| line.left_minor() > 0).map(|line| line.id);
            let (Some(cash_deposit_id), Some(bank_line_id)) = (carried.id, open) else { continue };
            let (by, origin) = ("accountant".to_owned(), Origin::system());
            let command = MatchDeposit { tenant_id: TENANT, cash_deposit_id, bank_line_id, by, origin };
            self.run(&command).map(|_| ())?;
            self.tally.sees("cash_deposits_matched");
        }
        Ok(())
    }

    /// The teller names the line of each cheque, of one that two persons cleared as well.
    fn match_cheques(&mut self) -> Result<(), Missed> {
        for paper in self.papers.clone() {
            let Some(id) = paper.id else { continue };
            let line = paper.booking.and_then(|booking| self.line_of(booking)).map(|line| line.id);
            let cheque = self.store.rows.cheques.get(&(TENANT, id));
            let (Some(bank_line_id), Some(cheque)) = (line, cheque) else { continue };
            let waits = cheque.status.at_bank() || cheque.status == ChequeStatus::Cleared;
            if !waits || cheque.bank_line_id.is_some() {
                continue;
            }
            let rows = (cheque.payment_id, cheque.id);
            let (by, origin) = ("teller".to_owned(), Origin::system());
            let before = cheque.status;
            let command = ClearCheque { tenant_id: TENANT, rows, bank_line_id, by, origin };
            if or_refused(self.run(&command).map(|_| ()))? {
                let late = before == ChequeStatus::Cleared;
                self.tally.sees(if late { "cheques_proven_later" } else { "cheques_cleared_by_line" });
            }
        }
        Ok(())
    }

    fn link_reversals(&mut self) -> Result<(), Missed> {
        let open = |line: &&BankLine| line.nature == LineNature::Reversal && line.unexplained();
        let reversals: Vec<BankLine> = self.store.rows.bank_lines.iter().filter(open).cloned().collect();
        for reversal in reversals {
            let credit_id = self.credit_of(&reversal);
            let Some(credit_id) = credit_id else { continue };
            let cheques = self.store.rows.cheques.iter();
            let cheque = cheques.filter(|row| row.bank_line_id == Some(credit_id)).last();
            let command = LinkReversal {
                tenant_id: TENANT,
                reversal_id: reversal.id,
                credit_id,
                matches: Vec::new(),
                cheque: cheque.map(|cheque| (cheque.payment_id, cheque.id)),
                returns: Vec::new(),
                by: "direct link".to_owned(),
                origin: Origin::system(),
            };
            let of_cheque = command.cheque.is_some();
            self.run(&command).map(|_| ())?;
            self.tally.sees(if of_cheque { "reversals_of_cleared" } else { "reversals_before_clearing" });
        }
        Ok(())
    }

    /// The one credit that it can be about, or the one that a person finds in the bank's own words.
    fn credit_of(&self, reversal: &BankLine) -> Option<BankLineId> {
        let fitting = |credit: &&BankLine| may_reverse(reversal, credit);
        let credits: Vec<BankLine> = self.store.rows.bank_lines.iter().filter(fitting).cloned().collect();
        if let Some(credit) = only_credit(reversal, &credits) {
            return Some(credit.id);
        }
        let bookings = self.bank.bookings(ACCOUNT).ok()?;
        let took = bookings.iter().find(|row| reference(row.number) == reversal.bank_ref)?.reverses?;
        self.line_of(took).map(|line| line.id)
    }

    /// The statements of the bank, twice a day.
    pub(super) fn plan_statements(&mut self, first_us: i64, count: i64) {
        for number in 0..count {
            let at_us = first_us.saturating_add(number.saturating_mul(12 * 60 * MINUTE_US));
            self.plan(at_us, Act::Statement);
        }
    }
}

fn reference(number: u64) -> String {
    format!("BR{number:012}")
}

fn line(booking: &Booking) -> TellLine {
    let nature = match booking.nature {
        Nature::Plain => LineNature::Plain,
        Nature::Reversal => LineNature::Reversal,
        Nature::Returned => LineNature::Returned,
    };
    TellLine {
        id: BankLine::id_of(TENANT, BANK, booking.day(), &booking.number.to_be_bytes()),
        flow: if booking.signed_fen < 0 { Flow::Debit } else { Flow::Credit },
        nature,
        amount_minor: booking.signed_fen.saturating_abs(),
        booked_day: booking.day(),
        booked_at_us: Some(booking.at_us),
        bank_ref: reference(booking.number),
        codes: "[]".to_owned(),
        name_index: None,
        account_index: None,
        sealed: vec![1],
    }
}
