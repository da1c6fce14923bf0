//! Splits at a channel against the odds: late words, calls that never left us, and what may not be asked for at all.

use crate::channel_splits::{
    NET, books, bound, collected, divide, failed_share, go_on, later, pay, share, shares, told, world,
};
use crate::kit::{PRICE, TENANT, World, done, merchant, product};
use tk_domain::channel_account::ChannelAccount;
use tk_domain::id::{AttemptId, Id128, PartnerId, SplitId};
use tk_domain::ledger::AccountKind;
use tk_domain::merchant::Merchant;
use tk_domain::moment::{DAY_US, HOUR_US};
use tk_domain::payment::{CreatePayment, FeeSnapshot};
use tk_domain::refund::RefundState;
use tk_domain::refusal::Refusal;
use tk_domain::report::Source;
use tk_domain::split::{
    RequestSplitQuery, SPLITS_ASKED_MAX, SPLITS_MAX, ShareResult, Split, SplitFinding, SplitLine, SplitState,
    SplitTerms,
};
use tk_money::Rate;

/// All matters, by name.
fn matters(world: &World) -> Vec<String> {
    let mut matters = world.exceptions();
    matters.sort();
    matters
}

fn refusal() -> SplitFinding {
    SplitFinding::Failed { code: "ACQ.INVALID_PARAMETER".to_owned(), message: String::new() }
}

/// The `n`th split of the payment of an attempt.
fn nth(world: &World, attempt_id: AttemptId, n: i64) -> SplitId {
    Split::id_of(world.payment_of(attempt_id).id, n)
}

#[test]
fn a_deposit_is_not_divided_now_or_later() {
    let mut world = world();
    let later = SplitTerms { later: true, ..SplitTerms::default() };
    let prepayment = || Some("ZY-1".to_owned());
    let order = CreatePayment { prepayment: prepayment(), splits: later, ..world.order() };
    assert!(matches!(world.run(&order), Err(Refusal::FieldInvalid { param: "prepayment", .. })));
    world.collected();
    let order = CreatePayment { prepayment: prepayment(), ..world.order() };
    let attempt_id = pay(&mut world, &order);
    let split = divide(&mut world, attempt_id, ("S0", vec![], true));
    assert_eq!(split.unwrap_err(), Refusal::NotSplittable);
    // Not even in the books, though the merchant has money of other payments.
    let sister = Merchant { id: tk_domain::id::MerchantId(Id128([12; 16])), ..merchant() };
    let entity = Some("91310000".to_owned());
    world.snapshot.merchants.load(Merchant { legal_entity: entity.clone(), ..merchant() });
    world.snapshot.merchants.load(Merchant { legal_entity: entity, ..sister.clone() });
    let mut given = share(tk_domain::id::SplitReceiverId::default(), 1);
    (given.receiver, given.merchant) = (None, Some(sister.id));
    let split = divide(&mut world, attempt_id, ("S1", vec![given], false));
    assert_eq!(split.unwrap_err(), Refusal::NotSplittable);
}

#[test]
fn a_place_is_kept_for_the_release_after_a_failed_last_split() {
    let mut world = world();
    let one = bound(&mut world, "1");
    let attempt_id = later(&mut world);
    for n in 0..SPLITS_ASKED_MAX {
        let number = format!("S{n}");
        let last = n + 1 == SPLITS_ASKED_MAX;
        let split = divide(&mut world, attempt_id, (&number, vec![share(one, 10)], last)).unwrap().split;
        assert_eq!(told(&mut world, split.id, Source::Reply, refusal()), SplitState::Failed);
    }
    let release = nth(&world, attempt_id, SPLITS_MAX - 1);
    assert_eq!(world.next(release), "split+30");
    assert_eq!(world.payment_of(attempt_id).splits_count, SPLITS_MAX);
    told(&mut world, release, Source::Reply, refusal());
    let more = divide(&mut world, attempt_id, ("more", vec![share(one, 10)], true));
    assert_eq!(more.unwrap_err(), Refusal::LimitReached { what: "splits", max: SPLITS_ASKED_MAX });
}

#[test]
fn a_share_said_to_be_paid_after_it_failed_is_told_and_booked_when_said_again() {
    let mut world = world();
    let (attempt_id, split_id) = collected(&mut world);
    assert_eq!(told(&mut world, split_id, Source::Reply, refusal()), SplitState::Failed);
    assert_eq!(world.exceptions(), ["split_failed open"]);
    told(&mut world, split_id, Source::Reply, refusal());
    assert_eq!(world.next(split_id), "done");
    // An earlier sending of the same number is answered only now: it is asked about once more.
    assert_eq!(told(&mut world, split_id, Source::Reply, SplitFinding::Accepted), SplitState::Failed);
    assert_eq!(world.next(split_id), "split_query+10");
    told(&mut world, split_id, Source::Query, SplitFinding::Unclear);
    assert!(world.next(split_id).starts_with("split_query+"), "until there is an answer");
    let half = shares(&world, [ShareResult::Paid, failed_share()]);
    assert_eq!(told(&mut world, split_id, Source::Query, half.clone()), SplitState::Failed);
    assert_eq!(books(&world), [PRICE, 0, -NET], "one word is not enough");
    let told_of = world.snapshot.exceptions.iter().find(|row| row.kind.to_string() == "split_contradicted");
    let told_of = told_of.unwrap();
    assert_eq!(told_of.amount_minor, 2_000);
    let line = SplitLine::id_of(world.payment_of(attempt_id).id, 0);
    assert!(told_of.detail.contains(&line.to_string()), "{}", told_of.detail);
    // Another answer to what had been asked before proves no more; the answer to what was asked since does.
    told(&mut world, split_id, Source::Query, half.clone());
    assert_eq!(books(&world), [PRICE, 0, -NET]);
    world.after(DAY_US / 2);
    world.claim(split_id);
    assert_eq!(told(&mut world, split_id, Source::Query, half.clone()), SplitState::Succeeded);
    assert_eq!(books(&world), [8_000, 0, -NET + 2_000]);
    assert_eq!(matters(&world), ["split_contradicted closed", "split_failed open"]);
    assert!(
        world.next(split_id).starts_with("split_query+"),
        "what was turned round is asked about once more"
    );
    assert_eq!(world.events(split_id).last().unwrap(), "split.succeeded");
    told(&mut world, split_id, Source::Query, half);
    assert_eq!((world.next(split_id), books(&world)), ("done".to_owned(), [8_000, 0, -NET + 2_000]), "once");
}

/// Each of two shares is a matter by itself: that of one neither hides nor proves that of the other.
#[test]
fn the_opposite_of_two_shares_is_two_matters() {
    let mut world = world();
    let (_, split_id) = collected(&mut world);
    told(&mut world, split_id, Source::Reply, SplitFinding::Accepted);
    let both = shares(&world, [ShareResult::Paid, ShareResult::Paid]);
    assert_eq!(told(&mut world, split_id, Source::Query, both), SplitState::Succeeded);
    let before = books(&world);
    let say = |world: &mut World, results: [ShareResult; 2]| {
        world.after(HOUR_US);
        if world.next(split_id) != "done" {
            world.claim(split_id);
        }
        let all = shares(world, results);
        told(world, split_id, Source::Query, all)
    };
    say(&mut world, [failed_share(), ShareResult::Paid]);
    assert_eq!((matters(&world), books(&world)), (vec!["split_contradicted open".to_owned()], before));
    // Of the second share this is the first word.
    say(&mut world, [ShareResult::Paid, failed_share()]);
    assert_eq!((matters(&world), books(&world)), (vec!["split_contradicted open".to_owned(); 2], before));
    let amounts: Vec<i64> = world.snapshot.exceptions.iter().map(|row| row.amount_minor).collect();
    assert_eq!(amounts.iter().sum::<i64>(), 3_000, "{amounts:?}");
    assert_eq!(say(&mut world, [ShareResult::Paid, failed_share()]), SplitState::Succeeded);
    assert_eq!(books(&world)[0], before[0] + 1_000);
    let all = ["split_contradicted closed", "split_contradicted open", "split_failed open"];
    assert_eq!(matters(&world), all);
    assert_eq!(say(&mut world, [failed_share(), failed_share()]), SplitState::Failed);
    assert_eq!(
        (matters(&world)[..2].to_vec(), books(&world)[0]),
        (vec![all[0].to_owned(); 2], before[0] + 3_000)
    );
    // Told once more the other way, it is a matter again.
    say(&mut world, [ShareResult::Paid, failed_share()]);
    assert!(matters(&world).contains(&"split_contradicted open".to_owned()));
}

/// The opposite of one share said in the answer that ends the other, and so the split, is asked about once more too.
#[test]
fn the_opposite_said_with_the_end_is_asked_once_more() {
    let (mut world, _, split_id) = half_ended(ShareResult::Paid);
    world.after(HOUR_US);
    world.claim(split_id);
    let all = shares(&world, [failed_share(), ShareResult::Paid]);
    assert_eq!(told(&mut world, split_id, Source::Query, all.clone()), SplitState::Succeeded);
    assert_eq!(world.next(split_id), "split_query+10");
    let before = books(&world);
    world.after(HOUR_US);
    world.claim(split_id);
    told(&mut world, split_id, Source::Query, all);
    assert_eq!(books(&world)[0], before[0] + 2_000);
}

/// A split one of whose shares ended so while the other is under way.
fn half_ended(first: ShareResult) -> (World, AttemptId, SplitId) {
    let mut world = world();
    let (attempt_id, split_id) = collected(&mut world);
    told(&mut world, split_id, Source::Reply, SplitFinding::Accepted);
    let half = shares(&world, [first, ShareResult::Pending]);
    told(&mut world, split_id, Source::Query, half);
    (world, attempt_id, split_id)
}

/// The channel says this of the first share, in answer to a question that is asked now.
fn asked_and_told(world: &mut World, split_id: SplitId, first: ShareResult) -> SplitState {
    world.after(DAY_US / 24);
    world.claim(split_id);
    let opposite = shares(world, [first, ShareResult::Pending]);
    told(world, split_id, Source::Query, opposite)
}

#[test]
fn a_share_that_ended_is_watched_while_another_is_under_way() {
    let cases = [
        (ShareResult::Paid, failed_share(), [9_000, 1_000, -NET]),
        (failed_share(), ShareResult::Paid, [7_000, 1_000, -NET + 2_000]),
    ];
    for (first, then, after) in cases {
        let (mut world, _, split_id) = half_ended(first);
        let before = books(&world);
        assert_eq!(asked_and_told(&mut world, split_id, then.clone()), SplitState::Processing);
        assert_eq!((world.exceptions(), books(&world)), (vec!["split_contradicted open".to_owned()], before));
        assert_eq!(asked_and_told(&mut world, split_id, then), SplitState::Processing);
        assert_eq!(books(&world), after);
    }
}

#[test]
fn a_share_that_a_refund_has_touched_is_not_turned_round() {
    let (mut world, attempt_id, split_id) = half_ended(failed_share());
    world.refund(attempt_id, "R1", 1_000).unwrap();
    let (mut paid, attempt, split) = half_ended(ShareResult::Paid);
    paid.refund(attempt, "R1", 1_000).unwrap();
    let before = books(&paid);
    for _ in 0..3 {
        asked_and_told(&mut paid, split, failed_share());
        asked_and_told(&mut world, split_id, ShareResult::Paid);
    }
    assert_eq!((books(&paid), paid.exceptions()), (before, vec!["split_contradicted open".to_owned()]));
    // Of what had failed the refund took nothing, so that it can be.
    assert_eq!(books(&world)[2], -NET + 2_000);
}

#[test]
fn a_merchant_that_has_spent_it_owes_a_share_paid_after_all() {
    let (mut world, attempt_id, split_id) = half_ended(failed_share());
    world.refund(attempt_id, "R1", 9_000).unwrap();
    let had = books(&world)[0];
    asked_and_told(&mut world, split_id, ShareResult::Paid);
    asked_and_told(&mut world, split_id, ShareResult::Paid);
    assert_eq!(books(&world)[0], 0);
    assert_eq!(world.balance(AccountKind::RefundReceivable), had - 2_000);
}

#[test]
fn a_message_about_a_split_has_it_asked_at_once_and_proves_nothing() {
    let mut world = world();
    let (_, split_id) = collected(&mut world);
    let ask = RequestSplitQuery { tenant_id: TENANT, split_id };
    world.run(&ask).unwrap();
    assert_eq!(world.next(split_id), "split+30", "nothing was said yet");
    told(&mut world, split_id, Source::Reply, SplitFinding::Accepted);
    let before = books(&world);
    world.run(&ask).unwrap();
    assert_eq!((world.next(split_id), books(&world)), ("split_query+0".to_owned(), before));
    let both = shares(&world, [ShareResult::Paid, ShareResult::Paid]);
    told(&mut world, split_id, Source::Query, both);
    world.run(&ask).unwrap();
    assert_eq!(world.next(split_id), "done");
    let unknown = RequestSplitQuery { split_id: SplitId::default(), ..ask };
    assert_eq!(world.run(&unknown).unwrap_err(), Refusal::NotFound { what: "split" });
}

#[test]
fn a_late_question_ends_with_any_answer_or_with_a_person() {
    let answered = |finding: SplitFinding, delay_us: i64| {
        let mut world = world();
        let (_, split_id) = collected(&mut world);
        told(&mut world, split_id, Source::Reply, refusal());
        told(&mut world, split_id, Source::Reply, SplitFinding::Accepted);
        world.after(delay_us);
        told(&mut world, split_id, Source::Query, finding);
        (world.next(split_id), world.exceptions().len())
    };
    assert_eq!(answered(SplitFinding::NotFound, 0), ("done".to_owned(), 1));
    assert_eq!(answered(SplitFinding::Unclear, DAY_US), ("done".to_owned(), 2));
    assert_eq!(answered(SplitFinding::NotSent, DAY_US), ("done".to_owned(), 2));
}

#[test]
fn a_release_ends_with_a_refusal_even_after_an_unclear_answer() {
    let mut world = world();
    let attempt_id = later(&mut world);
    let last = divide(&mut world, attempt_id, ("S1", vec![], true)).unwrap().split.id;
    told(&mut world, last, Source::Reply, SplitFinding::Unclear);
    let refund = world.refund(attempt_id, "R1", PRICE).unwrap();
    world.refund_told(refund, Source::Query, done(PRICE));
    assert_eq!(told(&mut world, last, Source::Reply, refusal()), SplitState::Failed);
    assert_eq!(world.next(last), "done");
}

#[test]
fn a_call_that_did_not_leave_us_is_no_sending() {
    let mut world = world();
    let (_, split_id) = collected(&mut world);
    for _ in 0..3 {
        world.claim(split_id);
        let still = told(&mut world, split_id, Source::Reply, SplitFinding::NotSent);
        assert_eq!(still, SplitState::Pending);
        assert!(world.next(split_id).starts_with("split+"));
    }
    world.claim(split_id);
    assert_eq!(told(&mut world, split_id, Source::Reply, refusal()), SplitState::Failed);
    assert_eq!(books(&world), [PRICE, 0, -NET]);
    // A sender that died before stays unproven.
    let (_, second) = collected(&mut world);
    world.claim(second);
    world.after(DAY_US);
    world.claim(second);
    told(&mut world, second, Source::Reply, SplitFinding::NotSent);
    world.claim(second);
    assert_eq!(told(&mut world, second, Source::Reply, refusal()), SplitState::Processing);
}

#[test]
fn a_refund_that_waits_takes_its_turn_and_is_shown_to_a_person_after_a_day() {
    let mut world = world();
    let (attempt_id, split_id) = collected(&mut world);
    let refunds = ["R1", "R2"].map(|number| world.refund(attempt_id, number, 1_000).unwrap());
    world.after(DAY_US);
    for refund in refunds {
        go_on(&mut world, refund);
        go_on(&mut world, refund);
        assert!(world.the_refund(refund).needs_manual);
    }
    assert_eq!(world.exceptions(), ["refund_unknown open"; 2]);
    told(&mut world, split_id, Source::Reply, SplitFinding::Accepted);
    let all = shares(&world, [ShareResult::Paid, ShareResult::Paid]);
    told(&mut world, split_id, Source::Query, all);
    for refund in refunds {
        go_on(&mut world, refund);
    }
    assert_eq!(refunds.map(|refund| world.next(refund)), ["refund+0", "refund+3"]);
    world.refund_told(refunds[0], Source::Query, done(1_000));
    assert!(world.exceptions().contains(&"refund_unknown closed".to_owned()), "settled with its end");
}

#[test]
fn a_refund_that_waited_for_a_day_and_is_withdrawn_leaves_nothing_open() {
    let mut world = world();
    let (attempt_id, _) = collected(&mut world);
    let refund = world.refund(attempt_id, "R1", 1_000).unwrap();
    world.after(DAY_US);
    go_on(&mut world, refund);
    assert_eq!(world.exceptions(), ["refund_unknown open"]);
    let withdrawn = world.cancel(refund).unwrap();
    assert_eq!((withdrawn.status, withdrawn.needs_manual), (RefundState::Cancelled, false));
    assert_eq!(world.exceptions(), ["refund_unknown closed"]);
    assert_eq!(world.cancel(refund).unwrap(), withdrawn);
}

#[test]
fn a_fee_that_somebody_else_bears_leaves_the_merchant_all_to_share() {
    let fee = FeeSnapshot {
        rate: Rate::from_ppm(6_000).unwrap(),
        bearer: Some(PartnerId(Id128([6; 16]))),
        ..FeeSnapshot::default()
    };
    let dividing =
        ChannelAccount { split_rate_max_ppm: 1_000_000, ..crate::kit::contract(crate::kit::CONTRACT) };
    let mut world = World::with(Merchant { fee, ..merchant() }, product(), dividing);
    let one = bound(&mut world, "1");
    let terms = SplitTerms { shares: vec![share(one, PRICE)], ..SplitTerms::default() };
    let order = CreatePayment { splits: terms, ..world.order() };
    let attempt_id = pay(&mut world, &order);
    assert_eq!(world.exceptions(), Vec::<String>::new());
    assert_eq!(books(&world)[..2], [0, PRICE]);
    let first = nth(&world, attempt_id, 0);
    assert_eq!(world.snapshot.splits.get(&(TENANT, first)).unwrap().amount_minor, PRICE);
    let attempt_id = later(&mut world);
    divide(&mut world, attempt_id, ("S1", vec![share(one, PRICE)], false)).unwrap();
}
