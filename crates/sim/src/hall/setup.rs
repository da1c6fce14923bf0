//! What a story in the hall begins with.

use super::takings::Visit;
use super::wards::{Drawn, Stay};
use super::{Act, DAYS, Hall, HostRates, REST_DAYS, TROUBLED_DAYS};
use crate::agenda::Agenda;
use crate::checker::Checker;
pub(super) use crate::desk::setup::{ACCOUNT, BANK, MERCHANT, PRODUCT, TENANT};
use crate::desk::setup::{account, merchant, product};
use crate::store::Store;
use crate::story::{START_US, pick};
use crate::tally::Tally;
use crate::trace::Trace;
use tk_domain::channel_account::{Channel, ChannelAccount, Method};
use tk_domain::counter::Slip;
use tk_domain::id::{ChannelAccountId, Id128};
use tk_domain::moment::{DAY_US, HOUR_US, MINUTE_US, shanghai_day};
use tk_domain::payment::{Bill, Elsewhere, ElsewhereBy};
use tk_domain::prepayment::Prepayment;
use tk_domain::product::{Product, StrayMoney};
use tk_simulator::bank::{Bank, Habits};
use tk_simulator::core::Dice;

pub(super) const COUNTERS: [ChannelAccountId; 2] =
    [ChannelAccountId(Id128([15; 16])), ChannelAccountId(Id128([16; 16]))];

/// The contract with a wallet, for those who scan before they come to the desk.
pub(super) const WALLET: ChannelAccountId = ChannelAccountId(Id128([17; 16]));

/// Who sits there.
pub(super) fn cashier(counter: usize) -> &'static str {
    if counter == 0 { "cashier Li" } else { "cashier Wang" }
}

/// What the terminal of a counter printed.
pub(super) fn slip(counter: usize, number: &str) -> Slip {
    Slip { terminal: format!("T{counter}"), number: number.to_owned() }
}

impl Hall {
    /// The story of a seed; none if the bank had no account, which a test would show.
    pub(crate) fn new(seed: u64) -> Option<Self> {
        let mut dice = Dice::new(seed.wrapping_mul(0xA24B_AED5).wrapping_add(43));
        let mut bank = Bank::new(seed, Habits::default());
        bank.open(ACCOUNT, "Fictional Hospital").ok()?;
        let host = HostRates {
            down_ppm: pick(&mut dice, &[0, 20_000, 200_000]),
            lost_ppm: pick(&mut dice, &[0, 20_000, 200_000]),
            conflict_ppm: pick(&mut dice, &[0, 50_000]),
            repeat_ppm: pick(&mut dice, &[0, 100_000, 500_000]),
        };
        // Eight in the morning in Shanghai.
        let start_us = START_US.saturating_sub(8 * HOUR_US);
        let mut hall = Self {
            seed,
            start_us,
            now_us: start_us,
            agenda: Agenda::default(),
            store: Store::new(seed ^ 0x4A11),
            checker: Checker::default(),
            truth: super::truth::Truth::default(),
            bank,
            visits: Vec::new(),
            papers: Vec::new(),
            purses: Vec::new(),
            wallet_waits: false,
            stays: Vec::new(),
            refunds: Vec::new(),
            hand_backs: Vec::new(),
            proofs: Vec::new(),
            known_payers: dice.below(2) == 0,
            troubled: true,
            host,
            die_after: None,
            steps: 0,
            last: "",
            tally: Tally::default(),
            trace: Trace::default(),
            dice,
            #[cfg(feature = "planted")]
            bug: None,
        };
        hall.set_up();
        Some(hall)
    }

    fn set_up(&mut self) {
        self.store.rows.merchants.load(merchant());
        let stray_money = StrayMoney::Refund;
        self.store.rows.products.load(Product { stray_money, expires_after_s: 2_592_000, ..product() });
        self.store.rows.channel_accounts.load(account());
        if self.known_payers {
            self.store.rows.identity_policies.load(super::identity::policy());
        }
        for id in COUNTERS {
            self.store.rows.channel_accounts.load(ChannelAccount {
                id,
                channel: Channel::Counter,
                name: "counter".to_owned(),
                methods: r#"["cash","pos","kiosk","cheque"]"#.to_owned(),
                payee_merchant: String::new(),
                credentials: Vec::new(),
                ..account()
            });
        }
        self.store.rows.channel_accounts.load(ChannelAccount {
            id: WALLET,
            channel: Channel::Alipay,
            name: "wallet".to_owned(),
            methods: r#"["alipay_qr"]"#.to_owned(),
            payee_merchant: "wallet".to_owned(),
            ..account()
        });
        for day in 0..DAYS {
            self.plan_day(day);
        }
        self.plan_statements(self.start_us.saturating_add(11 * HOUR_US), 2 * (DAYS + REST_DAYS) - 2);
        for _ in 0..self.dice.below(3) {
            self.set_up_stay();
        }
        for _ in 0..(2 + self.dice.below(8)) {
            self.set_up_visit(None);
        }
    }

    fn plan_day(&mut self, day: i64) {
        let begins_us = self.start_us.saturating_add(day.saturating_mul(DAY_US));
        let business_day = shanghai_day(begins_us);
        for counter in 0..COUNTERS.len() {
            let day = business_day;
            let at = |hall: &mut Self, low: i64, high: i64, act| {
                let at_us = begins_us.saturating_add(hall.dice.between(low, high));
                hall.plan(at_us, act);
            };
            at(self, 0, HOUR_US, Act::OpenShift { counter, day });
            at(self, 9 * HOUR_US, 10 * HOUR_US, Act::CloseShift { counter, day });
            at(self, 9 * HOUR_US, 13 * HOUR_US, Act::CloseDay { counter, day });
            at(self, 11 * HOUR_US, 26 * HOUR_US, Act::CarryCash { counter, day });
        }
        for hour in [3, 7] {
            self.plan(begins_us.saturating_add(hour * HOUR_US), Act::LookForRefunds);
        }
    }

    /// A patient's stay: one to three payments in advance, draws of which some come together, and the end of it.
    fn set_up_stay(&mut self) {
        let stay = self.stays.len();
        let number = format!("ZY-{stay}");
        let id = Prepayment::id_of(TENANT, MERCHANT, &number);
        let mut paid_minor = 0;
        for _ in 0..=self.dice.below(3) {
            paid_minor += self.set_up_visit(Some(stay));
        }
        let span_us = TROUBLED_DAYS * DAY_US;
        let mut draws = Vec::new();
        for number in 0..usize::try_from(1 + self.dice.below(5)).unwrap_or(1) {
            let amount_minor = self.dice.between(1, paid_minor.div_euclid(2).max(1));
            draws.push(Drawn { amount_minor, done: false });
            let at_us = self.start_us.saturating_add(self.dice.between(2 * HOUR_US, span_us));
            self.plan(at_us, Act::Draw { stay, number });
            if self.dice.below(4) == 0 {
                let undone_us = at_us.saturating_add(self.dice.between(MINUTE_US, 10 * HOUR_US));
                self.plan(undone_us, Act::UndoDraw { stay, number });
            }
        }
        self.stays.push(Stay { number, id, draws });
        let home_us = self.start_us.saturating_add(span_us).saturating_sub(10 * HOUR_US);
        self.plan(home_us, Act::Discharge(stay));
    }

    /// Answers how much is paid, minor units.
    fn set_up_visit(&mut self, stay: Option<usize>) -> i64 {
        let amount_minor = self.dice.between(100, 90_000);
        let method = pick(&mut self.dice, &[0_usize, 0, 0, 1, 1, 2, 3, 3]);
        let method = [Method::Cash, Method::Pos, Method::Kiosk, Method::Cheque].get(method).copied();
        let counter = usize::try_from(self.dice.below(2)).unwrap_or(0);
        let index = self.visits.len();
        let bill = self.bill(amount_minor, stay.is_some());
        self.visits.push(Visit {
            amount_minor,
            bill,
            stay,
            method: method.unwrap_or(Method::Cash),
            counter,
            payment: None,
            giving: None,
            given: 0,
            tries: 0,
            void: None,
            deciding: None,
        });
        let day = self.dice.between(0, TROUBLED_DAYS - 1);
        let hour_us = self.dice.between(HOUR_US, 8 * HOUR_US);
        let at_us = self.start_us.saturating_add(day.saturating_mul(DAY_US)).saturating_add(hour_us);
        self.plan(at_us, Act::Order(index));
        amount_minor
    }

    /// Every other bill is mixed: the insurance pays a part elsewhere.
    fn bill(&mut self, amount_minor: i64, deposit: bool) -> Option<Bill> {
        if deposit || self.dice.below(2) == 0 {
            return None;
        }
        let by = [ElsewhereBy::MedicalFund, ElsewhereBy::MedicalAccount, ElsewhereBy::CommercialInsurance];
        let count = usize::try_from(1 + self.dice.below(3)).unwrap_or(1);
        let elsewhere: Vec<Elsewhere> = by
            .into_iter()
            .take(count)
            .map(|by| Elsewhere { by, amount: self.dice.between(1, 500_000), reference: None })
            .collect();
        let total = elsewhere.iter().fold(amount_minor, |sum, line| sum.saturating_add(line.amount));
        Some(Bill { total, elsewhere })
    }
}
