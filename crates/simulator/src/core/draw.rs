use std::collections::{BTreeMap, BTreeSet};

use super::faults::{Fault, FaultCounters, FaultKind, FaultPlan, Point, Rates, Script};
use super::timers::SECOND_US;
use super::{Dice, Effect, Garble, Method, Seal};

/// The plan in force, its place in the sequence of draws, and what it did.
#[derive(Debug, Clone)]
pub(crate) struct FaultState {
    plan: FaultPlan,
    seen: Vec<u32>,
    dice: Dice,
    counters: FaultCounters,
    bill_days: BTreeSet<i64>,
    bill_faults: BTreeMap<String, Fault>,
    pub(crate) down_until_us: i64,
}

impl FaultState {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            plan: FaultPlan::default(),
            seen: Vec::new(),
            dice: Dice::new(seed),
            counters: FaultCounters::default(),
            bill_days: BTreeSet::new(),
            bill_faults: BTreeMap::new(),
            down_until_us: i64::MIN,
        }
    }

    pub(crate) fn set_plan(&mut self, plan: FaultPlan) {
        self.seen = vec![0; plan.scripts.len()];
        if let Some(rates) = &plan.rates {
            self.dice = Dice::new(rates.seed);
        }
        self.plan = plan;
        self.down_until_us = i64::MIN;
    }

    /// Adds a script; those that are over make room.
    pub(crate) fn add_script(&mut self, script: Script, most: usize) -> bool {
        let over: Vec<bool> = self
            .scripts()
            .map(|(script, struck)| script.times.is_some_and(|times| struck >= times))
            .collect();
        let mut at = over.iter();
        self.plan.scripts.retain(|_| !at.next().copied().unwrap_or_default());
        let mut at = over.iter();
        self.seen.retain(|_| !at.next().copied().unwrap_or_default());
        let fits = self.plan.scripts.len() < most;
        if fits {
            self.plan.scripts.push(script);
            self.seen.push(0);
        }
        fits
    }

    /// Every script with how often it has struck.
    pub(crate) fn scripts(&self) -> impl Iterator<Item = (&Script, u32)> {
        let seen = self.seen.iter().copied();
        self.plan.scripts.iter().zip(seen).map(|(script, seen)| (script, seen.saturating_sub(script.skip)))
    }

    pub(crate) fn clear_scripts(&mut self) {
        self.plan.scripts.clear();
        self.seen.clear();
    }

    pub(crate) fn counters(&self) -> &FaultCounters {
        &self.counters
    }

    pub(crate) fn count(&mut self, fault: Fault) {
        let counter = self.counters.0.entry(fault.counted_as()).or_insert(0);
        *counter = counter.saturating_add(1);
    }

    /// Whether this day's bill is made for the first time.
    pub(crate) fn starts_bill(&mut self, day: i64) -> bool {
        self.bill_days.insert(day)
    }

    pub(crate) fn keep_bill_fault(&mut self, out_trade_no: &str, fault: Fault) {
        self.bill_faults.insert(out_trade_no.to_owned(), fault);
    }

    pub(crate) fn bill_fault(&self, out_trade_no: &str) -> Option<Fault> {
        self.bill_faults.get(out_trade_no).copied()
    }

    /// The fault that strikes here, if any; the caller counts it once it really happens.
    pub(crate) fn draw(&mut self, point: Point, out_trade_no: &str) -> Option<Fault> {
        self.draw_scripted(point, out_trade_no).or_else(|| self.draw_seeded(point))
    }

    fn draw_scripted(&mut self, point: Point, out_trade_no: &str) -> Option<Fault> {
        for (script, seen) in self.plan.scripts.iter().zip(self.seen.iter_mut()) {
            let method_fits = match point {
                Point::Call(method) => script.method.is_none_or(|wanted| wanted == method),
                Point::Notice | Point::Forgery | Point::Bill => true,
            };
            let trade_fits = script.out_trade_no.as_deref().is_none_or(|wanted| wanted == out_trade_no);
            if !(method_fits && trade_fits && script.fault.strikes_at(point)) {
                continue;
            }
            *seen = seen.saturating_add(1);
            let after_skip = seen.saturating_sub(script.skip);
            if after_skip > 0 && script.times.is_none_or(|times| after_skip <= times) {
                return Some(script.fault);
            }
        }
        None
    }

    fn draw_seeded(&mut self, point: Point) -> Option<Fault> {
        let rates = self.plan.rates.as_ref()?;
        for (kind, ppm) in &rates.ppm {
            if kind.strikes_at(point) && self.dice.happens(*ppm) {
                return Some(kind.roll(point, &mut self.dice, rates));
            }
        }
        None
    }
}

impl FaultKind {
    fn strikes_at(self, point: Point) -> bool {
        match self {
            Self::LostBefore | Self::Unreadable | Self::Trouble => matches!(point, Point::Call(_)),
            Self::AnswerLost | Self::LateEffect => {
                matches!(point, Point::Call(method) if method.has_effect())
            }
            Self::Duplicated | Self::Reordered | Self::NotifyLate | Self::WrongContent => {
                point == Point::Notice
            }
            Self::Forged => point == Point::Forgery,
            Self::Lie => {
                let asked = Point::Call(Method::Query) == point || Point::Call(Method::RefundQuery) == point;
                asked || point == Point::Call(Method::Refund) || point == Point::Bill
            }
            Self::NoCap => matches!(point, Point::Call(Method::Refund)),
            Self::BadBill => point == Point::Bill,
        }
    }

    fn roll(self, point: Point, dice: &mut Dice, rates: &Rates) -> Fault {
        let late_us = dice.between(SECOND_US, rates.late_max_us);
        let pick = dice.below(4);
        match self {
            Self::LostBefore => Fault::LostBefore,
            Self::AnswerLost => Fault::LostAfter,
            Self::LateEffect if pick == 0 => Fault::LandsAfterQuery,
            Self::LateEffect => Fault::LandsLate { after_us: late_us },
            Self::Unreadable => roll_unreadable(dice),
            Self::Duplicated => {
                Fault::NotifyDuplicated { copies: u32::try_from(pick).unwrap_or(0).saturating_add(2) }
            }
            Self::Reordered => Fault::NotifyReordered,
            Self::NotifyLate if pick == 0 => Fault::NotifyNever,
            Self::NotifyLate => Fault::NotifyLate { after_us: late_us },
            Self::WrongContent => match pick {
                0 => Fault::NotifyWrongApp,
                1 => Fault::NotifyWrongSeller,
                2 => Fault::NotifyWrongAmount { delta_fen: 1 },
                _ => Fault::NotifyWrongAmount { delta_fen: -1 },
            },
            Self::Forged => Fault::NotifyForged {
                seal: match pick {
                    0 => Seal::Unsigned,
                    1 => Seal::Probe,
                    _ => Seal::WrongKey,
                },
            },
            Self::Lie if point == Point::Bill => Fault::BillOmits,
            Self::Lie if point == Point::Call(Method::Refund) => match pick {
                0 => Fault::FalseSuccess,
                1 => Fault::RefundLater { after_us: late_us },
                _ => Fault::FalseRefusal { after_us: late_us },
            },
            Self::Lie if pick < 2 => Fault::QueryNotFound,
            Self::Lie => Fault::QueryStale,
            Self::Trouble => match pick {
                0 => Fault::Limited,
                1 => Fault::Down { for_us: dice.between(SECOND_US, rates.down_max_us) },
                _ => Fault::Slow { after_us: dice.between(SECOND_US, rates.slow_max_us) },
            },
            Self::NoCap => Fault::NoRefundCap,
            Self::BadBill if pick == 0 => Fault::BillAdds,
            Self::BadBill => Fault::BillDoubles,
        }
    }
}

fn roll_unreadable(dice: &mut Dice) -> Fault {
    let effect = if dice.below(2) == 0 { Effect::None } else { Effect::Done };
    let garble = match dice.below(5) {
        0 => Garble::ServerError,
        1 => Garble::Garbage,
        2 => Garble::Truncated,
        3 => Garble::OtherCharset,
        _ => return Fault::SystemError { effect },
    };
    Fault::Unreadable { garble, effect }
}
