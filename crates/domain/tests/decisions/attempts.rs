//! Every state of an attempt × every finding × every source.

use crate::kit::{World, code, failed, paid, paid_amount, paid_to_other, unclear, undone};
use tk_domain::channel_account::Method;
use tk_domain::id::AttemptId;
use tk_domain::payment::Taken;
use tk_domain::report::{PaymentFinding, Source};

const STATES: [&str; 7] =
    ["created", "requires_action", "processing", "unknown", "succeeded", "failed", "closed"];

fn findings() -> [(&'static str, PaymentFinding); 13] {
    [
        ("paid", paid("txn")),
        ("paid_again", paid("txn-2")),
        ("paid_other_amount", paid_amount("txn", 9_999)),
        ("paid_other_payee", paid_to_other("txn")),
        ("action_required", code()),
        ("waiting", PaymentFinding::WaitingPayer),
        ("in_progress", PaymentFinding::InProgress),
        ("failed", failed()),
        ("closed", PaymentFinding::Closed),
        ("undone", undone()),
        ("close_refused", PaymentFinding::CloseRefused),
        ("not_found", PaymentFinding::NotFound),
        ("unclear", unclear()),
    ]
}

fn reach(world: &mut World, state: &str) -> AttemptId {
    let id = world.open(Method::AlipayQr);
    match state {
        "requires_action" => world.told(id, Source::Reply, code()),
        "processing" => world.told(id, Source::Reply, PaymentFinding::InProgress),
        "unknown" => world.told(id, Source::Reply, unclear()),
        "succeeded" => world.told(id, Source::Callback, paid("txn")),
        "failed" => world.told(id, Source::Reply, failed()),
        "closed" => world.told(id, Source::Query, PaymentFinding::Closed),
        _ => return id,
    };
    id
}

fn cell(state: &str, finding: &PaymentFinding, source: Source) -> String {
    let mut world = World::new();
    let id = reach(&mut world, state);
    assert_eq!(world.the_attempt(id).status.word(), state);
    let taken = world.told(id, source, finding.clone()).taken;
    let (attempt, payment) = (world.the_attempt(id), world.payment_of(id));
    let mut text = format!("{} {} {}", attempt.status, payment.status, world.next(id));
    for exception in world.exceptions() {
        text.push_str(" !");
        text.push_str(exception.split(' ').next().unwrap_or_default());
    }
    if taken == Taken::Repeat {
        text.push_str(" =");
    }
    text
}

fn matrix() -> String {
    let mut table = String::new();
    for state in STATES {
        for (name, finding) in findings() {
            let [reply, callback, query] =
                [Source::Reply, Source::Callback, Source::Query].map(|source| cell(state, &finding, source));
            assert_eq!(
                cell(state, &finding, Source::Bill),
                callback,
                "a bill line is taken as a callback is"
            );
            table.push_str(&[state, name, &reply, &callback, &query].join(" | "));
            table.push('\n');
        }
    }
    table
}

#[test]
fn each_state_answers_each_finding_of_each_source() {
    assert_eq!(matrix(), include_str!("attempts.table"));
}
