//! What an order is made of: covers of the merchant's own, and taxes that it only collects.

use crate::actors::{Order, RefundPlan};
use tk_domain::payment::{Item, ItemRefund};
use tk_simulator::core::Dice;

fn item(name: &str, amount: i64, collected_for: Option<&str>) -> Item {
    Item {
        name: name.to_owned(),
        amount,
        quantity: None,
        unit_price: None,
        kind: None,
        policy_no: None,
        splittable: false,
        merchant_order_no: None,
        collected_for: collected_for.map(str::to_owned),
    }
}

impl Order {
    /// Gives one in three of the orders one to four items, two in three of these a tax of the payer's money among them, a
    /// smaller one where others have shares of the rest; drawn by dice of their own, so that stories without them stay what
    /// they are.
    pub(crate) fn itemized(mut self, seed: u64, number: u64) -> Self {
        let mut dice = Dice::new(seed.wrapping_mul(0x511C).wrapping_add(number));
        if self.prepayment.is_some() || dice.below(3) > 0 {
            return self;
        }
        let shared = !self.splits.shares.is_empty() || self.splits.later;
        let mut open = self.amount_minor();
        if dice.below(3) > 0 {
            let most = if shared { self.payer_minor.div_euclid(5).max(1) } else { self.payer_minor };
            let tax = dice.between(1, most);
            self.items.push(item("tax", tax, Some("tax office")));
            open = open.saturating_sub(tax);
        }
        for _ in 0..dice.below(3) {
            let amount = dice.between(1, open.max(1));
            if amount < open {
                self.items.push(item("cover", amount, None));
                open = open.saturating_sub(amount);
            }
        }
        if open > 0 {
            self.items.push(item("cover", open, None));
        }
        let own = self.items.iter_mut().filter(|item| item.collected_for.is_none());
        own.for_each(|item| item.splittable = shared);
        let first = usize::try_from(dice.below(4)).unwrap_or(0);
        let count = self.items.len();
        if let Some(first) = first.checked_rem(count) {
            self.items.rotate_left(first);
        }
        self
    }

    /// The items that a refund names: none for an order without, and none for one refund in three; else from one of them on,
    /// as much as each has.
    pub(crate) fn items_of(&self, place: usize, plan: &RefundPlan) -> Vec<ItemRefund> {
        let count = self.items.len();
        if count == 0 || place.checked_rem(3) == Some(2) {
            return Vec::new();
        }
        let mut open = plan.amount_minor;
        let mut named = Vec::new();
        for step in 0..count {
            let at = place.saturating_add(step).checked_rem(count).unwrap_or(0);
            let amount_minor = self.items.get(at).map_or(0, |item| item.amount).min(open);
            open = open.saturating_sub(amount_minor);
            if amount_minor > 0 {
                named.push(ItemRefund { item: at, amount_minor });
            }
        }
        named
    }
}
