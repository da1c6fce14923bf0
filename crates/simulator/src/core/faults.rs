use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::timers::{HOUR_US, MINUTE_US, SECOND_US};
use super::{Dice, Effect, Garble, Method, Seal};

/// The faults to inject: scripted ones first, then seeded ones by rate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaultPlan {
    pub scripts: Vec<Script>,
    pub rates: Option<Rates>,
}

/// One fault at a chosen place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    pub fault: Fault,
    /// Only this trade.
    #[serde(default)]
    pub out_trade_no: Option<String>,
    /// Only this method; notification and bill faults ignore it.
    #[serde(default)]
    pub method: Option<Method>,
    /// Skip this many matches first.
    #[serde(default)]
    pub skip: u32,
    /// Strike this often; absent means always.
    #[serde(default)]
    pub times: Option<u32>,
}

impl Script {
    /// A fault that strikes a trade's next matching moment, once.
    pub fn once(out_trade_no: &str, fault: Fault) -> Self {
        Self { fault, out_trade_no: Some(out_trade_no.to_owned()), method: None, skip: 0, times: Some(1) }
    }

    /// The same, for one method only.
    #[must_use]
    pub fn on(mut self, method: Method) -> Self {
        self.method = Some(method);
        self
    }
}

/// Faults by chance, in parts per million of the moments where each can strike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rates {
    pub seed: u64,
    pub ppm: BTreeMap<FaultKind, u32>,
    /// Longest delay of a late effect or notification
    pub late_max_us: i64,
    /// Longest delay of a slow answer
    pub slow_max_us: i64,
    /// Longest time the gateway is down
    pub down_max_us: i64,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            seed: 1,
            ppm: BTreeMap::new(),
            late_max_us: 2 * HOUR_US,
            slow_max_us: 30 * SECOND_US,
            down_max_us: 10 * MINUTE_US,
        }
    }
}

/// One thing that can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fault {
    LostBefore,
    LostAfter,
    LandsLate { after_us: i64 },
    LandsAfterQuery,
    RefundLater { after_us: i64 },
    Unreadable { garble: Garble, effect: Effect },
    SystemError { effect: Effect },
    Slow { after_us: i64 },
    Limited,
    Down { for_us: i64 },
    QueryStale,
    QueryNotFound,
    QuerySuccess,
    FalseSuccess,
    NoRefundCap,
    NotifyDuplicated { copies: u32 },
    NotifyReordered,
    NotifyLate { after_us: i64 },
    NotifyNever,
    NotifyWrongAmount { delta_fen: i64 },
    NotifyWrongApp,
    NotifyWrongSeller,
    NotifyForged { seal: Seal },
    BillOmits,
    BillDoubles,
    BillAdds,
}

/// The kinds faults are counted by; the numbers are those of the published fault model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FaultKind {
    /// Lost before effect
    #[serde(rename = "fault-1")]
    LostBefore,
    /// Effect done, answer lost
    #[serde(rename = "fault-2")]
    AnswerLost,
    /// Effect lands late
    #[serde(rename = "fault-3")]
    LateEffect,
    /// Unreadable answer or server error
    #[serde(rename = "fault-4")]
    Unreadable,
    /// Notification duplicated
    #[serde(rename = "fault-5")]
    Duplicated,
    /// Notifications reordered
    #[serde(rename = "fault-6")]
    Reordered,
    /// Notification late or never
    #[serde(rename = "fault-7")]
    NotifyLate,
    /// Valid notification, wrong amount or party
    #[serde(rename = "fault-8")]
    WrongContent,
    /// Forged, unsigned, probe
    #[serde(rename = "fault-9")]
    Forged,
    /// The channel says what is not so
    #[serde(rename = "fault-10")]
    Lie,
    /// Slow, limited, down
    #[serde(rename = "fault-11")]
    Trouble,
    /// No refund cap
    #[serde(rename = "fault-12")]
    NoCap,
    /// Bill lines doubled or added
    #[serde(rename = "fault-15")]
    BadBill,
}

/// How often each kind of fault really happened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FaultCounters(pub BTreeMap<FaultKind, u64>);

impl FaultCounters {
    /// How often this kind happened.
    pub fn of(&self, kind: FaultKind) -> u64 {
        self.0.get(&kind).copied().unwrap_or(0)
    }
}

/// Where in the story a fault can strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Point {
    Call(Method),
    Notice,
    Forgery,
    Bill,
}

impl Fault {
    /// The kind this fault is counted under.
    pub fn counted_as(self) -> FaultKind {
        match self {
            Self::LostBefore => FaultKind::LostBefore,
            Self::LostAfter => FaultKind::AnswerLost,
            Self::LandsLate { .. } | Self::LandsAfterQuery | Self::RefundLater { .. } => {
                FaultKind::LateEffect
            }
            Self::Unreadable { .. } | Self::SystemError { .. } => FaultKind::Unreadable,
            Self::NotifyDuplicated { .. } => FaultKind::Duplicated,
            Self::NotifyReordered => FaultKind::Reordered,
            Self::NotifyLate { .. } | Self::NotifyNever => FaultKind::NotifyLate,
            Self::NotifyWrongAmount { .. } | Self::NotifyWrongApp | Self::NotifyWrongSeller => {
                FaultKind::WrongContent
            }
            Self::NotifyForged { .. } => FaultKind::Forged,
            Self::QueryStale
            | Self::QueryNotFound
            | Self::QuerySuccess
            | Self::FalseSuccess
            | Self::BillOmits => FaultKind::Lie,
            Self::Slow { .. } | Self::Limited | Self::Down { .. } => FaultKind::Trouble,
            Self::NoRefundCap => FaultKind::NoCap,
            Self::BillDoubles | Self::BillAdds => FaultKind::BadBill,
        }
    }

    fn strikes_at(self, point: Point) -> bool {
        match self {
            Self::LostBefore
            | Self::Unreadable { .. }
            | Self::SystemError { .. }
            | Self::Slow { .. }
            | Self::Limited
            | Self::Down { .. } => matches!(point, Point::Call(_)),
            Self::LostAfter | Self::LandsLate { .. } | Self::LandsAfterQuery => {
                matches!(point, Point::Call(method) if method.has_effect())
            }
            Self::QueryStale | Self::QueryNotFound => {
                matches!(point, Point::Call(Method::Query | Method::RefundQuery))
            }
            Self::QuerySuccess => matches!(point, Point::Call(Method::Query)),
            Self::RefundLater { .. } | Self::FalseSuccess | Self::NoRefundCap => {
                matches!(point, Point::Call(Method::Refund))
            }
            Self::NotifyDuplicated { .. }
            | Self::NotifyReordered
            | Self::NotifyLate { .. }
            | Self::NotifyNever
            | Self::NotifyWrongAmount { .. }
            | Self::NotifyWrongApp
            | Self::NotifyWrongSeller => point == Point::Notice,
            Self::NotifyForged { .. } => point == Point::Forgery,
            Self::BillOmits | Self::BillDoubles | Self::BillAdds => point == Point::Bill,
        }
    }
}

/// The plan in force, its place in the sequence of draws, and what it did.
#[derive(Debug, Clone)]
pub(super) struct FaultState {
    plan: FaultPlan,
    seen: Vec<u32>,
    dice: Dice,
    counters: FaultCounters,
    bill_days: BTreeSet<i64>,
    bill_faults: BTreeMap<String, Fault>,
    pub(super) down_until_us: i64,
}

impl FaultState {
    pub(super) fn new(seed: u64) -> Self {
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

    pub(super) fn set_plan(&mut self, plan: FaultPlan) {
        self.seen = vec![0; plan.scripts.len()];
        if let Some(rates) = &plan.rates {
            self.dice = Dice::new(rates.seed);
        }
        self.plan = plan;
        self.down_until_us = i64::MIN;
    }

    pub(super) fn counters(&self) -> &FaultCounters {
        &self.counters
    }

    pub(super) fn count(&mut self, fault: Fault) {
        let counter = self.counters.0.entry(fault.counted_as()).or_insert(0);
        *counter = counter.saturating_add(1);
    }

    /// Whether this day's bill is made for the first time.
    pub(super) fn starts_bill(&mut self, day: i64) -> bool {
        self.bill_days.insert(day)
    }

    pub(super) fn keep_bill_fault(&mut self, out_trade_no: &str, fault: Fault) {
        self.bill_faults.insert(out_trade_no.to_owned(), fault);
    }

    pub(super) fn bill_fault(&self, out_trade_no: &str) -> Option<Fault> {
        self.bill_faults.get(out_trade_no).copied()
    }

    /// The fault that strikes here, if any; the caller counts it once it really happens.
    pub(super) fn draw(&mut self, point: Point, out_trade_no: &str) -> Option<Fault> {
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
            Self::Lie => matches!(point, Point::Call(Method::Query | Method::RefundQuery) | Point::Bill),
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
