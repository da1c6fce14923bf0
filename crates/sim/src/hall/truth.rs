//! Where the money really is, whatever the books say.

use std::collections::{BTreeMap, BTreeSet};
use tk_domain::channel_account::Method;
use tk_domain::id::{CashDepositId, PaymentId, ShiftId};

/// Cash brought to the bank by one slip.
#[derive(Debug, Clone)]
pub(super) struct Carried {
    pub(super) counter: usize,
    pub(super) day: i64,
    pub(super) slip_no: String,
    pub(super) amount_minor: i64,
    /// The row, once the request was answered.
    pub(super) id: Option<CashDepositId>,
    /// The bank's number of its credit.
    pub(super) booking: Option<u64>,
}

/// Money by place.
#[derive(Debug, Default)]
pub(super) struct Truth {
    /// What a wallet has for the hospital.
    pub(super) wallet: i64,
    /// Cash in each drawer.
    pub(super) drawers: BTreeMap<usize, i64>,
    /// Cash in no drawer, beyond what there was at first.
    pub(super) vault: i64,
    pub(super) carried: Vec<Carried>,
    /// What card terminals and kiosks of each counter owe.
    pub(super) terminals: BTreeMap<usize, i64>,
    /// What a cashier gave out wrongly in each shift: above zero if the payer got too little.
    pub(super) mistakes: BTreeMap<ShiftId, i64>,
    /// What each payer gave, by any method, and did not get back.
    pub(super) paid: BTreeMap<PaymentId, i64>,
    /// Whose requests are not answered yet: that counter does not close.
    pub(super) limbo: BTreeSet<(usize, String)>,
}

impl Truth {
    /// A payer gives money, or gets it again where it is below zero.
    pub(super) fn moves(&mut self, counter: usize, method: Method, amount_minor: i64) {
        let place = if method == Method::Cash { &mut self.drawers } else { &mut self.terminals };
        *place.entry(counter).or_default() += amount_minor;
    }

    pub(super) fn counts(&mut self, payment_id: PaymentId, amount_minor: i64) {
        *self.paid.entry(payment_id).or_default() += amount_minor;
    }

    pub(super) fn waits(&self, counter: usize) -> bool {
        self.limbo.iter().any(|(at, _)| *at == counter)
    }

    /// What is under way to the bank.
    pub(super) fn carried_minor(&self) -> i64 {
        let under_way = self.carried.iter().filter(|one| one.id.is_some() && one.booking.is_none());
        under_way.map(|one| one.amount_minor).sum()
    }
}
