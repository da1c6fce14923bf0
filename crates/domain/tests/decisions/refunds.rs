//! Every state of a refund × every finding × every source, and what may be refunded at all.

use crate::kit::{
    CONTRACT, MERCHANT, PRICE, TENANT, World, contract, done, merchant, product, refund_failed,
};
use tk_domain::audit::Origin;
use tk_domain::channel_account::Method;
use tk_domain::id::{AttemptId, Id128, PartnerId, RefundId};
use tk_domain::ledger::{AccountKind, AccountRef, Owner};
use tk_domain::moment::{DAY_US, HOUR_US, SECOND_US};
use tk_domain::payment::{FeeSnapshot, RefundStatus, Taken};
use tk_domain::refund::{CreateRefund, RefundState, RequestRefundQuery};
use tk_domain::refusal::Refusal;
use tk_domain::report::{RefundFinding, Source, Unclear};
use tk_money::{Amount, Currency, Rate};

const STATES: [&str; 5] = ["approved", "processing", "succeeded", "failed", "cancelled"];
const PART: i64 = 4_000;

fn not_yet() -> RefundFinding {
    RefundFinding::NotYet { code: "ACQ.SELLER_BALANCE_NOT_ENOUGH".to_owned(), message: String::new() }
}

fn findings() -> [(&'static str, RefundFinding); 8] {
    [
        ("done", done(PART)),
        ("done_other_amount", done(PART - 1)),
        ("accepted", RefundFinding::Accepted),
        ("in_progress", RefundFinding::InProgress),
        ("failed", refund_failed()),
        ("not_yet", not_yet()),
        ("not_found", RefundFinding::NotFound),
        ("unclear", RefundFinding::Unclear(Unclear::Timeout)),
    ]
}

fn reach(world: &mut World, state: &str) -> RefundId {
    let attempt_id = world.collected();
    let id = world.refund(attempt_id, "R1", PART).unwrap();
    match state {
        "processing" => world.refund_told(id, Source::Reply, RefundFinding::Accepted).refund,
        "succeeded" => world.refund_told(id, Source::Query, done(PART)).refund,
        "failed" => world.refund_told(id, Source::Reply, refund_failed()).refund,
        "cancelled" => world.cancel(id).unwrap(),
        _ => return id,
    };
    id
}

fn cell(state: &str, finding: &RefundFinding, source: Source) -> String {
    let mut world = World::new();
    let id = reach(&mut world, state);
    assert_eq!(world.the_refund(id).status.word(), state);
    let taken = world.refund_told(id, source, finding.clone()).taken;
    let mut text = format!("{} {} {}", world.the_refund(id).status, world.hold_of(id).status, world.next(id));
    for exception in world.exceptions() {
        text.push_str(" !");
        text.push_str(exception.split(' ').next().unwrap_or_default());
    }
    if taken == Taken::Repeat {
        text.push_str(" =");
    }
    text
}

#[test]
fn each_state_answers_each_finding_of_each_source() {
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
    assert_eq!(table, include_str!("refunds.table"));
}

#[test]
fn no_sum_of_refunds_exceeds_what_was_received() {
    let mut world = World::new();
    let attempt_id = world.collected();
    world.refund(attempt_id, "R1", 6_000).unwrap();
    let refusal = world.refund(attempt_id, "R2", 6_000).unwrap_err();
    let expected =
        Refusal::RefundExceedsRefundable { refundable: Amount::fen(4_000), requested: Amount::fen(6_000) };
    assert_eq!(refusal, expected);
    assert_eq!(world.payment_of(attempt_id).refundable_minor(), 4_000);
    world.refund(attempt_id, "R2", 4_000).unwrap();
    assert!(matches!(world.refund(attempt_id, "R3", 1), Err(Refusal::RefundExceedsRefundable { .. })));
}

#[test]
fn a_released_refund_frees_its_amount_and_an_unknown_one_does_not() {
    let mut world = World::new();
    let attempt_id = world.collected();
    let first = world.refund(attempt_id, "R1", PRICE).unwrap();
    for _ in 0..40 {
        world.after(DAY_US).refund_told(first, Source::Query, RefundFinding::Unclear(Unclear::ServerError));
    }
    assert_eq!(world.the_refund(first).status, RefundState::Processing);
    assert!(world.the_refund(first).needs_manual, "a person has it");
    assert_eq!(world.next(first), "refund_query+3600", "and it is asked every hour");
    assert!(matches!(world.refund(attempt_id, "R2", 1), Err(Refusal::RefundExceedsRefundable { .. })));
    world.refund_told(first, Source::Query, refund_failed());
    assert_eq!(world.exceptions(), ["refund_unknown closed"]);
    world.refund(attempt_id, "R2", PRICE).unwrap();
}

#[test]
fn amount_currency_window_count_and_owner_are_checked() {
    let mut world = World::new();
    let attempt_id = world.collected();
    let other_id = world.collected();
    let base = world.refund_of(attempt_id, "R", 1);
    let cases = [
        (CreateRefund { amount_minor: 0, ..base.clone() }, "amount_out_of_range"),
        (CreateRefund { amount_minor: -1, ..base.clone() }, "amount_out_of_range"),
        (CreateRefund { amount_minor: i64::MAX, ..base.clone() }, "refund_exceeds_refundable"),
        (CreateRefund { currency: Some(Currency::Usd), ..base.clone() }, "refund_currency_mismatch"),
        (CreateRefund { attempt_id: Some(other_id), ..base.clone() }, "attempt_not_of_payment"),
        (CreateRefund { attempt_id: Some(AttemptId::default()), ..base.clone() }, "attempt_not_of_payment"),
    ];
    for (command, code) in cases {
        assert_eq!(world.run(&command).unwrap_err().code(), code, "{command:?}");
    }
    world.after(365 * DAY_US);
    assert_eq!(world.run(&base).unwrap_err(), Refusal::RefundWindowClosed);
}

#[test]
fn an_unpaid_attempt_has_nothing_to_refund() {
    let mut world = World::new();
    let attempt_id = world.open(Method::AlipayQr);
    assert_eq!(world.refund(attempt_id, "R1", 1).unwrap_err(), Refusal::PaymentNotRefundable);
    let of_payment = CreateRefund { attempt_id: None, ..world.refund_of(attempt_id, "R1", 1) };
    assert_eq!(world.run(&of_payment).unwrap_err(), Refusal::PaymentNotRefundable);
}

#[test]
fn refunds_of_one_order_are_three_seconds_apart_and_two_hundred_at_most() {
    let mut world = World::new();
    let attempt_id = world.collected();
    for number in 0..200 {
        let id = world.refund(attempt_id, &format!("R{number}"), 1).unwrap();
        assert_eq!(world.instruction(id).due_at_us, world.now_us + number * 3 * SECOND_US);
    }
    assert_eq!(world.refund(attempt_id, "one more", 1), Err(Refusal::TooManyRefunds { max: 200 }));
}

#[test]
fn a_hold_is_drawn_from_pending_settlement_then_cash_and_goes_back_the_same_way() {
    let mut world = World::new();
    let attempt_id = world.collected();
    move_to_cash(&mut world, 7_000);
    let id = world.refund(attempt_id, "R1", PART).unwrap();
    let hold = world.hold_of(id);
    assert_eq!((hold.pending_settlement_minor, hold.cash_minor), (3_000, 1_000));
    assert_eq!(world.balance(AccountKind::Held), PART);
    world.refund_told(id, Source::Reply, refund_failed());
    let left = [AccountKind::PendingSettlement, AccountKind::Cash, AccountKind::Held];
    assert_eq!(left.map(|kind| world.balance(kind)), [3_000, 7_000, 0]);
    move_to_cash(&mut world, 3_000);
    drop_cash(&mut world, 9_000);
    let refusal = world.refund(attempt_id, "R2", PART).unwrap_err();
    let short = Refusal::InsufficientBalance { available: Amount::fen(1_000), short: Amount::fen(3_000) };
    assert_eq!(refusal, short);
}

/// Settlement does not exist yet: moves money between two accounts of the merchant by an entry.
fn post(world: &mut World, from: AccountKind, to: AccountKind, minor: i64) {
    use tk_domain::decision::Changes;
    use tk_domain::id::{EntryId, TypedId};
    use tk_domain::ledger::{Entry, EntryKind, Side};
    use tk_domain::moment::Moment;
    let mut moment = Moment::new(world.now_us, &mut world.entropy);
    let lines = vec![
        (World::merchant_account(from), Side::Debit, minor),
        (World::merchant_account(to), Side::Credit, minor),
    ];
    let id = EntryId::new(&mut moment);
    let entry = Entry::new(crate::kit::TENANT, id, EntryKind::Reversal, moment.now_us, lines).unwrap();
    let mut changes = Changes::default();
    changes.put(entry);
    world.snapshot.apply((crate::kit::TENANT, 0), changes, &mut moment).unwrap();
}

fn move_to_cash(world: &mut World, minor: i64) {
    post(world, AccountKind::PendingSettlement, AccountKind::Cash, minor);
}

fn drop_cash(world: &mut World, minor: i64) {
    post(world, AccountKind::Cash, AccountKind::MerchantFeeReceivable, minor);
}

#[test]
fn fees_return_in_proportion_and_exactly_whole_on_full_refund() {
    let rate = Rate::from_ppm(6_130).unwrap();
    let fee = FeeSnapshot { rate, returned: true, ..FeeSnapshot::default() };
    let returning = tk_domain::channel_account::ChannelAccount { fee_returned: true, ..contract(CONTRACT) };
    let mut world = World::with(tk_domain::merchant::Merchant { fee, ..merchant() }, product(), returning);
    let attempt_id = world.collected();
    let mut returned = Vec::new();
    for (number, part) in [3_333, 3_333, 3_333, 1].into_iter().enumerate() {
        let id = world.refund(attempt_id, &format!("R{number}"), part).unwrap();
        let refund = world.refund_told(id, Source::Query, done(part)).refund;
        returned.push((refund.fee_refund_minor, refund.channel_fee_refund_minor));
        let expected = if number == 3 { RefundStatus::Full } else { RefundStatus::Partial };
        assert_eq!(world.payment_of(attempt_id).refund_status, expected);
    }
    assert_eq!(returned, [(20, 10), (21, 10), (20, 10), (0, 0)]);
    assert_eq!(world.payment_of(attempt_id).fee_minor, 61);
    for kind in [AccountKind::FeeIncome, AccountKind::MerchantFeeReceivable, AccountKind::FeeCost] {
        assert_eq!(world.balance(kind), 0, "{kind}");
    }
    assert_eq!(world.balance(AccountKind::ChannelReceivable), 0);
}

#[test]
fn a_fee_that_somebody_else_bears_is_owed_by_him_and_returned_to_him() {
    let bank = PartnerId(Id128([6; 16]));
    let fee = FeeSnapshot {
        rate: Rate::from_ppm(6_000).unwrap(),
        returned: true,
        bearer: Some(bank),
        ..FeeSnapshot::default()
    };
    let mut world =
        World::with(tk_domain::merchant::Merchant { fee, ..merchant() }, product(), contract(CONTRACT));
    let owed = |world: &World, owner| {
        let kind = AccountKind::MerchantFeeReceivable;
        world.snapshot.account(&AccountRef { tenant_id: TENANT, owner, kind, currency: Currency::Cny }, 0)
    };
    let attempt_id = world.collected();
    assert_eq!(owed(&world, Owner::Partner(bank)).balance_minor, -60);
    assert_eq!(owed(&world, Owner::Merchant(MERCHANT)).balance_minor, 0);
    assert_eq!(world.balance(AccountKind::PendingSettlement), PRICE, "the merchant gets the whole");
    let id = world.refund(attempt_id, "R1", PRICE).unwrap();
    world.refund_told(id, Source::Query, done(PRICE));
    assert_eq!(owed(&world, Owner::Partner(bank)).balance_minor, 0);
    assert_eq!(world.balance(AccountKind::FeeIncome), 0);
}

#[test]
fn a_refund_is_withdrawn_only_before_anybody_took_it_to_send() {
    let mut world = World::new();
    let attempt_id = world.collected();
    let id = world.refund(attempt_id, "R1", PART).unwrap();
    world.cancel(id).unwrap();
    assert_eq!(world.next(id), "done");
    assert_eq!(world.cancel(id).unwrap().status, RefundState::Cancelled, "again changes nothing");
    let sent = world.refund(attempt_id, "R2", PART).unwrap();
    world.claim(sent);
    assert_eq!(world.cancel(sent).unwrap_err(), Refusal::RefundInProgress);
    world.refund_told(sent, Source::Query, done(PART));
    assert_eq!(world.cancel(sent).unwrap_err(), Refusal::RefundEnded { done: true });
    assert_eq!(world.events(id), ["refund.created", "refund.cancelled"]);
}

#[test]
fn an_accepted_refund_unknown_to_a_later_query_is_reopened_and_sent_by_the_same_number() {
    let mut world = World::new();
    let attempt_id = world.collected();
    let id = world.refund(attempt_id, "R1", PART).unwrap();
    let out_no = world.the_refund(id).out_no.clone();
    world.claim(id);
    world.refund_told(id, Source::Reply, done(PART));
    assert_eq!(world.the_refund(id).status, RefundState::Processing, "accepted is not done");
    assert_eq!(world.next(id), "refund_query+10");
    world.claim(id);
    world.refund_told(id, Source::Query, RefundFinding::NotFound);
    assert_eq!(world.exceptions(), ["refund_reopened open"]);
    assert_eq!(world.next(id), "refund+10");
    assert_eq!(world.the_refund(id).out_no, out_no);
    assert_eq!(world.balance(AccountKind::Held), PART, "the hold stays");
}

#[test]
fn a_refund_refused_for_now_is_sent_again_for_a_day_and_then_shown_to_a_person() {
    let mut world = World::new();
    let attempt_id = world.collected();
    let id = world.refund(attempt_id, "R1", PART).unwrap();
    let mut before = world.now_us;
    while !world.the_refund(id).needs_manual {
        world.claim(id);
        assert!(world.now_us - before <= 2 * HOUR_US, "asked at least hourly");
        before = world.now_us;
        world.refund_told(id, Source::Reply, not_yet());
    }
    assert!(world.now_us - world.the_refund(id).created_at_us < 2 * DAY_US);
    world.claim(id);
    world.refund_told(id, Source::Callback, done(PART));
    assert_eq!(world.exceptions(), ["refund_unknown closed"]);
}

#[test]
fn a_refusal_of_a_refund_sent_again_proves_nothing_of_a_sending_whose_answer_nobody_noted() {
    let mut world = World::new();
    let attempt_id = world.collected();
    let id = world.refund(attempt_id, "R1", PART).unwrap();
    world.claim(id);
    world.claim(id);
    world.refund_told(id, Source::Reply, refund_failed());
    assert_eq!(world.the_refund(id).status, RefundState::Processing);
    assert_eq!(world.hold_of(id).status.word(), "open");
    assert!(world.next(id).starts_with("refund_query"), "{}", world.next(id));
    world.refund_told(id, Source::Query, done(PART));
    assert_eq!(world.the_refund(id).status, RefundState::Succeeded);
}

#[test]
fn a_refund_refused_for_now_and_then_for_good_has_failed() {
    let mut world = World::new();
    let attempt_id = world.collected();
    let id = world.refund(attempt_id, "R1", PART).unwrap();
    for _ in 0..3 {
        world.claim(id);
        world.refund_told(id, Source::Reply, not_yet());
    }
    world.claim(id);
    world.refund_told(id, Source::Reply, refund_failed());
    assert_eq!(world.the_refund(id).status, RefundState::Failed);
    assert_eq!(world.hold_of(id).status.word(), "released");
}

#[test]
fn a_question_between_two_refusals_for_now_makes_the_last_refusal_no_less_final() {
    let mut world = World::new();
    let attempt_id = world.collected();
    let id = world.refund(attempt_id, "R1", PART).unwrap();
    world.refund_told(id, Source::Reply, not_yet());
    world.claim(id);
    world.refund_told(id, Source::Query, RefundFinding::NotFound);
    world.claim(id);
    world.refund_told(id, Source::Reply, refund_failed());
    assert_eq!(world.the_refund(id).status, RefundState::Failed);
}

#[test]
fn asking_about_a_refund_by_hand_asks_once_nobody_else_is_asking() {
    let mut world = World::new();
    let attempt_id = world.collected();
    let id = world.refund(attempt_id, "R1", PART).unwrap();
    let ask = RequestRefundQuery { tenant_id: crate::kit::TENANT, refund_id: id, origin: Origin::system() };
    world.run(&ask).unwrap();
    assert_eq!(world.next(id), "refund+0", "not sent yet");
    world.claim(id);
    world.refund_told(id, Source::Reply, RefundFinding::Accepted);
    world.run(&ask).unwrap();
    assert_eq!(world.next(id), "refund_query+0");
    world.claim(id);
    let before = world.instruction(id).clone();
    world.run(&ask).unwrap();
    assert_eq!(world.instruction(id), &before, "being asked already");
}
