//! Order systems and payers of the desk.

use super::Desk;
use super::setup::{ACCOUNT, MERCHANT, PRODUCT, TENANT};
use tk_domain::audit::Origin;
use tk_domain::channel_account::Method;
use tk_domain::id::PaymentId;
use tk_domain::payment::{ClosePayment, CloseReason, CreatePayment, StartAttempt};
use tk_domain::transfer::ExpectedPayer;
use tk_money::Amount;
use tk_simulator::bank::Payer;
use tk_simulator::core::Dice;

/// An order and what its payer will do.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) amount_minor: i64,
    pub(super) mood: Moods,
    pub(super) payment: Option<PaymentId>,
    /// The remittance code shown.
    pub(super) code: String,
    /// Its order system asked for it to be closed.
    pub(super) closed: bool,
}

/// What a payer does with the code and the amount shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moods {
    /// Transfers the amount with the code.
    Right,
    /// A fen too little.
    Less,
    /// Some more than is asked.
    More,
    /// No code.
    NoCode,
    /// Everything twice.
    Twice,
    /// Nothing at all.
    Never,
}

impl Moods {
    pub(super) fn draw(dice: &mut Dice) -> Self {
        match dice.below(12) {
            0 => Self::Less,
            1 => Self::More,
            2 => Self::NoCode,
            3 => Self::Twice,
            4 => Self::Never,
            _ => Self::Right,
        }
    }
}

impl Desk {
    pub(super) fn make_order(&mut self, order: usize) {
        let Some(wanted) = self.orders.get(order).cloned() else { return };
        let create = CreatePayment::plain(
            (TENANT, MERCHANT),
            PRODUCT,
            &format!("B{order}"),
            Amount::fen(wanted.amount_minor),
            Origin::system(),
        );
        let Some(created) = self.run(&create) else {
            return self.violation("desk", format!("order {order} was refused"));
        };
        let payment_id = created.payment.id;
        let start = StartAttempt {
            tenant_id: TENANT,
            payment_id,
            method: Method::BankTransfer,
            auth_code: None,
            payer: ExpectedPayer::default(),
            known_as: None,
            card: None,
            payer_ip: None,
            return_url: None,
            lease_us: 0,
            origin: Origin::system(),
        };
        self.run(&start);
        let waiting = self.store.rows.transfer_orders.iter().find(|row| row.payment_id == payment_id);
        let Some(code) = waiting.map(|row| row.code.clone()) else {
            return self.violation("desk", format!("order {order} got no code"));
        };
        self.tally.payments += 1;
        if let Some(wanted) = self.orders.get_mut(order) {
            wanted.payment = Some(payment_id);
            wanted.code = code;
        }
    }

    pub(super) fn pay(&mut self, order: usize) {
        let Some(wanted) = self.orders.get(order).cloned() else { return };
        let (amount, times) = match wanted.mood {
            Moods::Right | Moods::NoCode => (wanted.amount_minor, 1),
            Moods::Less => (wanted.amount_minor - 1, 1),
            Moods::More => (wanted.amount_minor + 777, 1),
            Moods::Twice => (wanted.amount_minor, 2),
            Moods::Never => (0, 0),
        };
        let remark = if wanted.mood == Moods::NoCode { "premium" } else { &wanted.code };
        let payer = Payer { name: format!("payer {order}"), account: format!("6222{order:08}") };
        for time in 0..times {
            // Who pays twice writes it otherwise: two equal transfers both taken back, told by a bank without numbers,
            // look like one told twice, and no file with them is believed.
            let remark = if time == 0 { remark.to_owned() } else { format!("again {remark}") };
            if self.bank.arrive(ACCOUNT, (&payer, amount), &remark, self.now_us).is_err() {
                self.violation("desk", format!("the bank refused {amount}"));
            }
        }
    }

    pub(super) fn close(&mut self, order: usize) {
        let Some(payment_id) = self.orders.get(order).and_then(|wanted| wanted.payment) else { return };
        let close = ClosePayment {
            tenant_id: TENANT,
            payment_id,
            reason: CloseReason::Merchant,
            lease_us: 0,
            origin: Origin::system(),
        };
        if self.run(&close).is_some()
            && let Some(wanted) = self.orders.get_mut(order)
        {
            wanted.closed = true;
        }
    }
}
