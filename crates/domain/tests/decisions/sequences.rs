//! Any sequence of commands and reports: every invariant holds after each.

use crate::kit::{
    PRICE, World, code, done, failed, paid, paid_amount, paid_to_other, refund_failed, unclear, undone,
};
use proptest::prelude::*;
use tk_domain::channel_account::Method;
use tk_domain::id::{AttemptId, PaymentId, RefundId};
use tk_domain::moment::{HOUR_US, SECOND_US};
use tk_domain::report::{PaymentFinding, RefundFinding, Source, Unclear};

#[derive(Debug, Clone)]
enum Step {
    Pay,
    Start(usize, Method),
    Close(usize),
    Ask(usize),
    Tell(usize, Source, PaymentFinding),
    Refund(usize, i64),
    Cancel(usize),
    TellRefund(usize, Source, RefundFinding),
    Claim(usize),
    Pass(i64),
}

fn source() -> impl Strategy<Value = Source> {
    prop::sample::select(Source::ALL)
}

fn finding() -> impl Strategy<Value = PaymentFinding> {
    prop::sample::select(vec![
        paid("txn-1"),
        paid("txn-2"),
        paid("txn-3"),
        paid_amount("txn-4", PRICE - 1),
        paid_amount("txn-5", 0),
        paid_to_other("txn-6"),
        code(),
        PaymentFinding::WaitingPayer,
        PaymentFinding::InProgress,
        failed(),
        PaymentFinding::Closed,
        undone(),
        PaymentFinding::CloseRefused,
        PaymentFinding::NotFound,
        unclear(),
    ])
}

fn refund_finding() -> impl Strategy<Value = RefundFinding> {
    let code = || ("CODE".to_owned(), String::new());
    prop_oneof![
        3 => prop::sample::select(vec![done(1), done(3_333), done(PRICE)]),
        1 => Just(RefundFinding::Accepted),
        1 => Just(RefundFinding::InProgress),
        1 => Just(refund_failed()),
        1 => Just(RefundFinding::NotYet { code: code().0, message: code().1 }),
        1 => Just(RefundFinding::NotFound),
        1 => Just(RefundFinding::Unclear(Unclear::Timeout)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let method = prop::sample::select(vec![Method::AlipayQr, Method::AlipayPage, Method::AlipayBarcode]);
    let which = 0_usize..4;
    prop_oneof![
        1 => Just(Step::Pay),
        3 => (which.clone(), method).prop_map(|(which, method)| Step::Start(which, method)),
        1 => which.clone().prop_map(Step::Close),
        1 => which.clone().prop_map(Step::Ask),
        8 => (0_usize..8, source(), finding()).prop_map(|(which, from, what)| Step::Tell(which, from, what)),
        4 => (0_usize..8, prop::sample::select(vec![1, 3_333, PRICE])).prop_map(|(which, sum)| Step::Refund(which, sum)),
        1 => which.clone().prop_map(Step::Cancel),
        6 => (0_usize..8, source(), refund_finding()).prop_map(|(which, from, what)| Step::TellRefund(which, from, what)),
        2 => which.prop_map(Step::Claim),
        2 => prop::sample::select(vec![SECOND_US, HOUR_US, 30 * HOUR_US]).prop_map(Step::Pass),
    ]
}

#[derive(Default)]
struct Objects {
    payments: Vec<PaymentId>,
    attempts: Vec<AttemptId>,
    refunds: Vec<RefundId>,
}

fn take(world: &mut World, objects: &mut Objects, number: usize, step: Step) {
    match step {
        Step::Pay => objects.payments.push(world.payment()),
        Step::Start(which, method) => {
            if let Some(id) = objects.payments.get(which) {
                let _ = world.start(*id, method);
            }
        }
        Step::Close(which) => {
            if let Some(id) = objects.payments.get(which) {
                let _ = world.close(*id);
            }
        }
        Step::Ask(which) => {
            if let Some(id) = objects.payments.get(which) {
                world.ask(*id);
            }
        }
        Step::Tell(which, source, finding) => {
            if let Some(id) = objects.attempts.get(which) {
                world.told(*id, source, finding);
            }
        }
        Step::Refund(which, sum) => {
            if let Some(id) = objects.attempts.get(which) {
                let _ = world.refund(*id, &format!("R{number}"), sum);
            }
        }
        Step::Cancel(which) => {
            if let Some(id) = objects.refunds.get(which) {
                let _ = world.cancel(*id);
            }
        }
        Step::TellRefund(which, source, finding) => {
            if let Some(id) = objects.refunds.get(which) {
                world.refund_told(*id, source, finding);
            }
        }
        Step::Claim(which) => {
            let open = objects.attempts.get(which).filter(|id| world.the_attempt(**id).status.open());
            if let Some(id) = open.copied().filter(|id| world.the_attempt(*id).disposition.is_none()) {
                world.claim(id);
            }
        }
        Step::Pass(us) => world.now_us += us,
    }
    objects.attempts = world.snapshot.attempts.iter().map(|row| row.id).collect();
    objects.refunds = world.snapshot.refunds.iter().map(|row| row.id).collect();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn money_is_neither_lost_nor_made(steps in prop::collection::vec(step(), 1..60)) {
        let mut world = World::new();
        let mut objects = Objects::default();
        objects.payments.push(world.payment());
        for (number, step) in steps.into_iter().enumerate() {
            take(&mut world, &mut objects, number, step);
        }
    }
}
