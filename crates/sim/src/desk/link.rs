//! The direct link: what is asked, what comes back on bad days, and taking it as the worker does.

use super::setup::{ACCOUNT, BANK, TENANT};
use super::{Act, Desk, Died};
use tk_channels::bank::Told;
use tk_channels::bank::call::Answer;
use tk_channels::bank::follow::{Follow, Reach};
use tk_channels::bank::report::{Brought, of_answer};
use tk_domain::audit::Origin;
use tk_domain::bank_link::{Asking, BankLink, NotePull, PullOutcome, PullTrouble, StatementKind};
use tk_domain::id::BankLineId;
use tk_domain::moment::{MINUTE_US, shanghai_day};
use tk_domain::transfer::{
    BankLine, BankStatement, LINES_MAX, LineSource, RemittanceCode, TakeBankLines, TellLine, index_text,
};
use tk_simulator::bank::{Spoiled, spoil, statement};

/// Faults that one question may meet, the file's own among them.
const FAULTS: u64 = 11;

impl Desk {
    pub(super) fn bank_link(&self) -> Option<BankLink> {
        self.store.rows.bank_links.get(&(TENANT, BANK)).cloned()
    }

    /// The timer is the row: asks if it is due, and comes again when it will be.
    pub(super) fn pull(&mut self) {
        let Some(link) = self.bank_link() else {
            return self.violation("desk", "the contract has no link".to_owned());
        };
        if link.due_at_us > self.now_us {
            return self.plan(link.due_at_us, Act::Pull);
        }
        let Some(asking) = link.asking(self.now_us) else {
            return self.plan(self.now_us.saturating_add(MINUTE_US), Act::Pull);
        };
        let answer = self.answer(asking);
        // fault-3: this answer comes only after the next one; the worker that waited for it has died.
        if self.strikes(self.trouble_ppm / 4) {
            self.tally.hit(3, None);
            let before = self.under_way.replace((asking, answer));
            self.plan(self.now_us.saturating_add(MINUTE_US), Act::Pull);
            if let Some((asking, answer)) = before {
                let _died = self.take(&link, (asking, &answer));
            }
            return;
        }
        if self.take(&link, (asking, &answer)).is_err() {
            return;
        }
        if let Some((asking, answer)) = self.under_way.take() {
            let _died = self.take(&link, (asking, &answer));
        }
        let due_us = self.bank_link().map_or(self.now_us, |link| link.due_at_us);
        self.plan(due_us, Act::Pull);
    }

    /// What the bank says; fault-14 among what it may say on a bad day.
    fn answer(&mut self, asking: Asking) -> Answer {
        #[cfg(feature = "planted")]
        {
            self.doubled = false;
        }
        let none = |trouble| Answer::None { trouble, detail: "simulated".to_owned() };
        let today = shanghai_day(self.now_us);
        if asking.kind == StatementKind::Final && asking.day >= today {
            return none(PullTrouble::NotYet);
        }
        let Ok(bytes) = statement(&self.bank, (ACCOUNT, asking.day), self.format, self.now_us) else {
            return none(PullTrouble::TurnedAway);
        };
        let before = std::mem::replace(&mut self.given, bytes.clone());
        let file = |bytes| Answer::File { bytes, signature: None };
        if !self.strikes(self.trouble_ppm) {
            return file(bytes);
        }
        let fault = self.dice.below(FAULTS);
        let spoiled = usize::try_from(fault).ok().and_then(|at| Spoiled::ALL.get(at));
        match (spoiled, fault) {
            (Some(spoiled), _) => {
                self.tally.hit(14, None);
                #[cfg(feature = "planted")]
                if *spoiled == Spoiled::DoubledRows && self.has(crate::planted::Bug::DoubledRowsBelieved) {
                    self.doubled = true;
                    return file(bytes);
                }
                file(spoil(&bytes, (self.format, ACCOUNT), *spoiled))
            }
            (None, 7) if !before.is_empty() => {
                self.tally.hit(14, None);
                file(before)
            }
            (None, 8) => none(PullTrouble::NotYet),
            (None, _) => {
                self.tally.hit(11, None);
                none(PullTrouble::Unreachable)
            }
        }
    }

    /// Takes an answer whole or not at all, and notes what came of it.
    fn take(&mut self, link: &BankLink, (asking, answer): (Asking, &Answer)) -> Result<(), Died> {
        let outcome = match of_answer(&self.link, Some(asking), answer) {
            Err(nothing) => PullOutcome::Troubled { trouble: nothing.trouble, detail: nothing.detail },
            Ok(brought)
                if link.last_hash.as_ref() == Some(&brought.hash)
                    && asking.kind == StatementKind::Intraday =>
            {
                PullOutcome::Taken { asking, hash: brought.hash }
            }
            Ok(brought) => self.take_statement(asking, brought)?,
        };
        self.run(&NotePull { tenant_id: TENANT, channel_account_id: BANK, outcome });
        self.survives()
    }

    fn take_statement(&mut self, asking: Asking, brought: Brought) -> Result<PullOutcome, Died> {
        #[cfg(feature = "planted")]
        let brought = {
            let mut brought = brought;
            self.believe_rows(&mut brought.statement);
            brought
        };
        let told = &brought.statement;
        let neighbours: Vec<BankStatement> = self.store.rows.bank_statements.iter().cloned().collect();
        let follow = Follow::among(neighbours, (TENANT, BANK), told, Reach::Anew);
        let broken = follow.broken(told.opening_minor);
        #[cfg(feature = "planted")]
        let broken = broken.filter(|_| !self.has(crate::planted::Bug::GapIgnored));
        if let Some(found) = broken {
            let (ended_day, detail) = (found.ended_day, "simulated".to_owned());
            return Ok(PullOutcome::Broken { asking, ended_day, detail });
        }
        let mut lines: Vec<TellLine> =
            told.lines.iter().map(|line| self.tell(line, follow.before(line), asking)).collect();
        let ids: Vec<BankLineId> = lines.iter().map(|line| line.id).collect();
        let mut whole = if asking.kind == StatementKind::Final { follow.tell(told, &ids) } else { None };
        // Small pieces, so that a death falls between them.
        let piece_max = 1 + usize::try_from(self.dice.below(5)).unwrap_or(0).min(LINES_MAX);
        while !lines.is_empty() {
            let rest = lines.split_off(lines.len().min(piece_max));
            let piece = std::mem::replace(&mut lines, rest);
            let command = TakeBankLines {
                tenant_id: TENANT,
                channel_account_id: BANK,
                currency: told.currency,
                source: LineSource::Statement,
                lines: piece,
                statement: if lines.is_empty() { whole.take() } else { None },
                by: "direct link".to_owned(),
                origin: Origin::channel(BANK),
            };
            if self.run(&command).is_none() {
                let (trouble, detail) = (PullTrouble::Unreadable, "the books refuse it".to_owned());
                return Ok(PullOutcome::Troubled { trouble, detail });
            }
            self.survives()?;
        }
        self.match_all()?;
        Ok(PullOutcome::Taken { asking, hash: brought.hash })
    }

    #[cfg_attr(not(feature = "planted"), expect(clippy::unused_self, reason = "planted bugs look at it"))]
    fn tell(&self, told: &Told, before: usize, asking: Asking) -> TellLine {
        let content = told.content(before);
        #[cfg(feature = "planted")]
        let content = self.name_by_file(content, asking);
        #[cfg(not(feature = "planted"))]
        let _ = asking;
        let codes: Vec<String> =
            RemittanceCode::find_in(&told.remark).iter().map(RemittanceCode::to_string).collect();
        let index = |text: &str| {
            let id = BankStatement::id_of(TENANT, &[text.as_bytes()]);
            (!text.is_empty()).then(|| index_text(&id.0.0))
        };
        TellLine {
            id: BankLine::id_of(TENANT, BANK, told.booked_day, &content),
            flow: told.flow,
            nature: told.nature,
            amount_minor: told.amount_minor,
            booked_day: told.booked_day,
            booked_at_us: told.booked_at_us,
            bank_ref: told.bank_ref.clone(),
            codes: serde_json::json!(codes).to_string(),
            name_index: index(&told.party_name),
            account_index: index(&told.party_account),
            sealed: vec![1],
        }
    }
}
