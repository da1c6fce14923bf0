use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::timers::{HOUR_US, MINUTE_US, SECOND_US};
use super::{Effect, Garble, Method, Seal};

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
    LandsLate {
        after_us: i64,
    },
    LandsAfterQuery,
    RefundLater {
        after_us: i64,
    },
    Unreadable {
        garble: Garble,
        effect: Effect,
    },
    SystemError {
        effect: Effect,
    },
    Slow {
        after_us: i64,
    },
    Limited,
    Down {
        for_us: i64,
    },
    QueryStale,
    QueryNotFound,
    QuerySuccess,
    FalseSuccess,
    /// A final refusal is answered, and the refund lands later all the same.
    FalseRefusal {
        after_us: i64,
    },
    NoRefundCap,
    NotifyDuplicated {
        copies: u32,
    },
    NotifyReordered,
    NotifyLate {
        after_us: i64,
    },
    NotifyNever,
    NotifyWrongAmount {
        delta_fen: i64,
    },
    NotifyWrongApp,
    NotifyWrongSeller,
    NotifyForged {
        seal: Seal,
    },
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
pub(crate) enum Point {
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
            | Self::FalseRefusal { .. }
            | Self::BillOmits => FaultKind::Lie,
            Self::Slow { .. } | Self::Limited | Self::Down { .. } => FaultKind::Trouble,
            Self::NoRefundCap => FaultKind::NoCap,
            Self::BillDoubles | Self::BillAdds => FaultKind::BadBill,
        }
    }

    pub(crate) fn strikes_at(self, point: Point) -> bool {
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
                let asked = [Method::Query, Method::RefundQuery, Method::SettleQuery, Method::ShareBackQuery];
                matches!(point, Point::Call(method) if asked.contains(&method))
            }
            Self::QuerySuccess => matches!(point, Point::Call(Method::Query)),
            Self::RefundLater { .. } | Self::FalseSuccess | Self::FalseRefusal { .. } | Self::NoRefundCap => {
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
