//! What a seed draws: who takes part, on which terms, and which faults strike how often.

use std::collections::BTreeMap;
use tk_domain::channel_account::{Channel, Method};
use tk_domain::moment::{DAY_US, HOUR_US, MINUTE_US};
use tk_domain::product::StrayMoney;
use tk_simulator::core::{Dice, FaultKind, FaultPlan, FeeOnRefund, Rates};

/// The moment at which every story begins: 2026-11-20 08:00 UTC.
pub(crate) const START_US: i64 = 1_795_161_600 * 1_000_000;

/// All channels together, and each that a tenant may be content with.
const CHANNEL_SETS: [&[Channel]; 5] = [
    &[Channel::Alipay, Channel::Wechatpay, Channel::Unionpay],
    &[Channel::Alipay],
    &[Channel::Wechatpay],
    &[Channel::Unionpay],
    &[Channel::Wechatpay, Channel::Unionpay],
];

/// How often the faults outside the channel strike, parts per million of their chances.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct HostRates {
    /// fault-17: a crash after an event.
    pub(crate) crash_ppm: u32,
    /// fault-18: a worker sleeps past its lease.
    pub(crate) pause_ppm: u32,
    /// fault-19: the batch conflicts and is decided again.
    pub(crate) conflict_ppm: u32,
    /// fault-19: the answer to COMMIT is lost.
    pub(crate) commit_lost_ppm: u32,
    /// fault-16: how many times the clock jumps.
    pub(crate) clock_jumps: u32,
    /// fault-23: a client repeats what it asked.
    pub(crate) repeat_ppm: u32,
    /// fault-24: an endpoint is down, slow, broken or loses its own answer.
    pub(crate) endpoint_ppm: u32,
    /// How many attacks are tried.
    pub(crate) attacks: u32,
    /// fault-25: how many contracts of a hundred have a change of keys that the other side learns late.
    pub(crate) key_gap_percent: u64,
}

/// The story of one seed.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) tenants: u64,
    /// Where each tenant has contracts.
    pub(crate) channels: &'static [Channel],
    pub(crate) orders: u64,
    pub(crate) span_us: i64,
    pub(crate) fee_rate_ppm: i64,
    pub(crate) fee_fixed_minor: i64,
    pub(crate) fee_returned: bool,
    pub(crate) channel_fee_ppm: u32,
    pub(crate) channel_fee: FeeOnRefund,
    /// How many payers in a million have a coupon inside the channel.
    pub(crate) coupons_ppm: u32,
    pub(crate) opening_fen: i64,
    pub(crate) stray_money: StrayMoney,
    pub(crate) expires_after_s: i64,
    pub(crate) amount_max_minor: i64,
    pub(crate) lease_us: i64,
    /// Payers dawdle, change their mind and pay in both tabs, while the clock runs ahead.
    pub(crate) two_tabs: bool,
    pub(crate) plan: FaultPlan,
    pub(crate) host: HostRates,
}

impl Story {
    pub(crate) fn draw(seed: u64, dice: &mut Dice) -> Self {
        let two_tabs = dice.below(4) == 0;
        let amounts = [100, 10_000, 5_000_000, 9_000_000_000];
        Self {
            tenants: 1 + dice.below(3),
            channels: CHANNEL_SETS.get(pick(dice, &[0, 0, 1, 2, 3, 4])).copied().unwrap_or(&[]),
            orders: 6 + dice.below(26),
            span_us: dice.between(5 * MINUTE_US, 6 * HOUR_US),
            fee_rate_ppm: dice.between(0, 30_000),
            fee_fixed_minor: if dice.below(3) == 0 { dice.between(1, 50) } else { 0 },
            fee_returned: dice.below(3) > 0,
            channel_fee_ppm: if dice.below(4) == 0 { 0 } else { 6_000 },
            channel_fee: if dice.below(4) == 0 { FeeOnRefund::Kept } else { FeeOnRefund::Returned },
            coupons_ppm: pick(dice, &[0, 0, 200_000, 600_000]),
            opening_fen: if dice.below(3) == 0 { 0 } else { 1_000_000_000_000 },
            stray_money: if dice.below(4) == 0 { StrayMoney::Hold } else { StrayMoney::Refund },
            expires_after_s: if two_tabs { 7_200 } else { dice.between(120, 3_600) },
            amount_max_minor: pick(dice, &amounts),
            lease_us: dice.between(10, 60) * 1_000_000,
            two_tabs,
            plan: plan(seed, dice),
            host: host(dice, two_tabs),
        }
    }
}

/// One of these.
pub(crate) fn pick<T: Copy + Default>(dice: &mut Dice, items: &[T]) -> T {
    let count = u64::try_from(items.len()).unwrap_or(0);
    let index = usize::try_from(dice.below(count)).unwrap_or(0);
    items.get(index).copied().unwrap_or_default()
}

/// One of these methods.
pub(crate) fn pick_method(dice: &mut Dice, methods: &[Method]) -> Method {
    let count = u64::try_from(methods.len()).unwrap_or(0);
    let index = usize::try_from(dice.below(count)).unwrap_or(0);
    methods.get(index).copied().unwrap_or(Method::AlipayQr)
}

/// A rate: half the seeds do without the fault at all.
fn rate(dice: &mut Dice) -> u32 {
    if dice.below(2) == 0 { 0 } else { pick(dice, &[10_000, 30_000, 100_000, 300_000]) }
}

fn plan(seed: u64, dice: &mut Dice) -> FaultPlan {
    let kinds = [
        FaultKind::LostBefore,
        FaultKind::AnswerLost,
        FaultKind::LateEffect,
        FaultKind::Unreadable,
        FaultKind::Duplicated,
        FaultKind::Reordered,
        FaultKind::NotifyLate,
        FaultKind::WrongContent,
        FaultKind::Forged,
        FaultKind::Lie,
        FaultKind::Trouble,
        FaultKind::NoCap,
    ];
    let mut ppm = BTreeMap::new();
    for kind in kinds {
        let rate_ppm = rate(dice);
        if rate_ppm > 0 {
            ppm.insert(kind, rate_ppm);
        }
    }
    let late_max_us = pick(dice, &[MINUTE_US, HOUR_US, DAY_US]);
    let down_max_us = pick(dice, &[MINUTE_US, 10 * MINUTE_US, 3 * HOUR_US]);
    let rates = Rates { seed, ppm, late_max_us, slow_max_us: 40_000_000, down_max_us };
    FaultPlan { scripts: Vec::new(), rates: Some(rates) }
}

fn host(dice: &mut Dice, two_tabs: bool) -> HostRates {
    HostRates {
        crash_ppm: rate(dice) / 20,
        pause_ppm: rate(dice),
        conflict_ppm: rate(dice),
        commit_lost_ppm: rate(dice),
        clock_jumps: if two_tabs || dice.below(3) == 0 {
            1 + u32::try_from(dice.below(3)).unwrap_or(0)
        } else {
            0
        },
        repeat_ppm: rate(dice),
        endpoint_ppm: rate(dice),
        attacks: u32::try_from(dice.below(12)).unwrap_or(0),
        key_gap_percent: pick(dice, &[0, 0, 30]),
    }
}
