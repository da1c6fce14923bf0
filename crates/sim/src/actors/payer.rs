//! Payers: they pay, decline, wait, come late, walk away, or pay an old code in a second tab.

use crate::conversation;
use crate::queue::Happening;
use crate::world::World;
use tk_domain::id::{AttemptId, TenantId};
use tk_domain::moment::{MINUTE_US, SECOND_US};
use tk_domain::payment::Attempt;
use tk_simulator::core::Dice;

/// What a payer does when the code or page is before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PayerAct {
    Pay,
    Decline,
    Never,
    /// The wallet says time-out, and the money leaves later.
    TimeOut,
    /// Opens now and pays minutes later.
    Dither,
}

impl PayerAct {
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        match dice.below(12) {
            0 => Self::Decline,
            1 => Self::Never,
            2 => Self::TimeOut,
            3 => Self::Dither,
            _ => Self::Pay,
        }
    }
}

impl World {
    pub(crate) fn payer_acts(&mut self, key: (TenantId, AttemptId), act: PayerAct, tries: u32) {
        let Some(attempt) = self.store.rows.attempts.get(&key).cloned() else { return };
        let barcode = crate::actors::code_prefix(attempt.method).is_some();
        // A sender that died, or comes late, may have shown the code before its answer was noted.
        let sees_it = attempt.action.is_some() || attempt.status.open() && self.dice.below(16) == 0;
        if !barcode && !sees_it {
            if tries < 20 && attempt.status.open() {
                let (tenant_id, attempt_id) = key;
                let tries = tries.saturating_add(1);
                let delay_us = self.dice.between(2 * SECOND_US, 30 * SECOND_US);
                self.plan(delay_us, Happening::Payer { tenant_id, attempt_id, act, tries });
            }
            return;
        }
        self.payer_acts_at_channel(&attempt, act);
    }

    fn payer_acts_at_channel(&mut self, attempt: &Attempt, act: PayerAct) {
        let status = self.status_of_attempt((attempt.tenant_id, attempt.id));
        let late_us = self.dice.between(SECOND_US, 15 * MINUTE_US);
        let page = self.page_of(attempt);
        self.with_seller(attempt.channel_account_id, status, |seller, now_us| {
            seller.payer_acts(now_us, (&attempt.out_no, page.as_ref()), (act, late_us));
        });
    }

    /// The order that the payer's browser brings to the channel, where it does.
    pub(crate) fn page_of(&self, attempt: &Attempt) -> Option<conversation::Call> {
        let rows = &self.store.rows;
        let payment = rows.payments.get(&(attempt.tenant_id, attempt.payment_id))?;
        let account = rows.channel_accounts.get(&(attempt.tenant_id, attempt.channel_account_id))?;
        conversation::page((payment, attempt), account, self.now_us)
    }
}
