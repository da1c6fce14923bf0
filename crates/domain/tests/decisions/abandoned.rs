//! What a channel refuses for ever: two persons give it up, and only the channel's own answer ends it.

use crate::channel_splits::{
    NET, books, bound, collected, divide, go_on, later, share, shares, told, world as by_alipay,
};
use crate::kit::{PRICE, TENANT, World, refund_failed};
use crate::returned_shares::{half, not_yet, told as return_told, world as by_wechat};
use tk_domain::audit::{Actor, Origin};
use tk_domain::id::{ApiKeyId, SplitId, SplitReturnId};
use tk_domain::moment::{DAY_US, HOUR_US};
use tk_domain::refund::RefundState;
use tk_domain::refusal::Refusal;
use tk_domain::report::Source;
use tk_domain::split::{
    ABANDONED, Abandonment, AbandonmentDecided, AbandonmentProposed, AbandonmentStatus, AskAbandonment,
    AskReturnAbandonment, DecideAbandonment, DecideReturnAbandonment, ReturnFinding, ReturnStatus,
    ShareResult, Split, SplitFinding, SplitState,
};
use tk_domain::transfer::Verdict;

/// How long all that was said before is given to arrive.
const WAIT_US: i64 = DAY_US + HOUR_US;

fn proposed(by: &str) -> AbandonmentProposed {
    let (reason, evidence) = ("receiver closed".to_owned(), "ticket 4711".to_owned());
    AbandonmentProposed { reason, evidence, by: by.to_owned() }
}

fn ask(world: &World, split_id: SplitId, by: &str) -> AskAbandonment {
    let payment_id = world.snapshot.splits.get(&(TENANT, split_id)).unwrap().payment_id;
    let (proposed, origin) = (proposed(by), Origin::system());
    AskAbandonment { tenant_id: TENANT, payment_id, split_id, proposed, origin }
}

fn the(world: &World, split_id: SplitId) -> &Split {
    world.snapshot.splits.get(&(TENANT, split_id)).unwrap()
}

fn decide(world: &World, split_id: SplitId, verdict: Verdict) -> DecideAbandonment {
    let seen = the(world, split_id).abandonment().map(|row| row.content_hash(&split_id.to_string()));
    let decided = AbandonmentDecided { verdict, seen: seen.unwrap_or_default(), by: "复核".to_owned() };
    DecideAbandonment { tenant_id: TENANT, split_id, decided, origin: Origin::system() }
}

fn refusal() -> SplitFinding {
    SplitFinding::NotYet {
        code: "INVALID_REQUEST".to_owned(), message: "分账接收方关系不存在".to_owned()
    }
}

fn undivided(amount_minor: i64) -> SplitFinding {
    SplitFinding::Undivided { amount_minor }
}

/// A split of 2,000 and 1,000 that the channel refused, given up by two persons.
fn given_up(world: &mut World) -> SplitId {
    let (_, split_id) = collected(world);
    world.claim(split_id);
    told(world, split_id, Source::Reply, refusal());
    world.run(&ask(world, split_id, "经办")).unwrap();
    world.run(&decide(world, split_id, Verdict::Approve)).unwrap();
    split_id
}

#[test]
fn only_what_the_channel_refused_or_never_took_is_proposed() {
    let mut world = by_alipay();
    let (_, split_id) = collected(&mut world);
    assert_eq!(world.run(&ask(&world, split_id, "经办")).unwrap_err(), Refusal::NotAbandonable);
    let blank = AbandonmentProposed { evidence: " ".to_owned(), ..proposed("经办") };
    let blank = AskAbandonment { proposed: blank, ..ask(&world, split_id, "经办") };
    assert!(matches!(world.run(&blank), Err(Refusal::FieldInvalid { param: "evidence", .. })));
    assert!(matches!(
        world.run(&ask(&world, split_id, "")),
        Err(Refusal::FieldInvalid { param: "actor", .. })
    ));
    told(&mut world, split_id, Source::Reply, refusal());
    let before = books(&world);
    let asked = world.run(&ask(&world, split_id, "经办")).unwrap();
    let stands = asked.split.abandonment().unwrap();
    assert_eq!((stands.status, asked.lines.len()), (AbandonmentStatus::PendingApproval, 2));
    assert_eq!(books(&world), before, "a proposal moves nothing");
    let audits = world.snapshot.appended.audits.len();
    world.run(&ask(&world, split_id, "经办")).unwrap();
    assert_eq!(world.snapshot.appended.audits.len(), audits, "said twice");
    assert_eq!(world.run(&ask(&world, split_id, "another")).unwrap_err(), Refusal::NotAbandonable);
    // What the channel took is not given up.
    let mut taken = by_alipay();
    let (_, split_id) = collected(&mut taken);
    told(&mut taken, split_id, Source::Reply, refusal());
    told(&mut taken, split_id, Source::Reply, SplitFinding::Accepted);
    assert_eq!(taken.run(&ask(&taken, split_id, "经办")).unwrap_err(), Refusal::NotAbandonable);
    // Silence for a day is enough.
    let mut silent = by_alipay();
    let (_, split_id) = collected(&mut silent);
    silent.after(DAY_US);
    told(&mut silent, split_id, Source::Query, SplitFinding::NotFound);
    silent.run(&ask(&silent, split_id, "经办")).unwrap();
}

#[test]
fn the_second_person_is_another_and_no_key_and_decides_once() {
    let mut world = by_alipay();
    let (_, split_id) = collected(&mut world);
    told(&mut world, split_id, Source::Reply, refusal());
    assert_eq!(
        world.run(&decide(&world, split_id, Verdict::Approve)).unwrap_err(),
        Refusal::ApprovalConsumed
    );
    world.run(&ask(&world, split_id, "Jing Ban")).unwrap();
    let yes = decide(&world, split_id, Verdict::Approve);
    let by = |by: &str| DecideAbandonment {
        decided: AbandonmentDecided { by: by.to_owned(), ..yes.decided.clone() },
        ..yes.clone()
    };
    assert_eq!(world.run(&by("jing ban")).unwrap_err(), Refusal::SecondPersonRequired);
    let key = Origin { actor: Actor::ApiKey(ApiKeyId::default()), ..Origin::system() };
    let by_key = DecideAbandonment { origin: key, ..yes.clone() };
    assert_eq!(world.run(&by_key).unwrap_err(), Refusal::SecondPersonRequired);
    let mut other = yes.clone();
    other.decided.seen = "0".repeat(64);
    assert_eq!(world.run(&other).unwrap_err(), Refusal::ApprovalConsumed);
    world.run(&decide(&world, split_id, Verdict::Reject)).unwrap();
    assert!(world.next(split_id).starts_with("split+"), "a no leaves everything as it was");
    assert_eq!(world.run(&yes).unwrap_err(), Refusal::ApprovalConsumed);
    world.run(&ask(&world, split_id, "Jing Ban")).unwrap();
    let before = books(&world);
    world.run(&decide(&world, split_id, Verdict::Approve)).unwrap();
    assert_eq!((books(&world), the(&world, split_id).given_up()), (before, true), "a yes moves nothing");
    assert_eq!(world.next(split_id), "split_query+90000");
    assert_eq!(world.run(&ask(&world, split_id, "Jing Ban")).unwrap_err(), Refusal::NotAbandonable);
}

#[test]
fn what_was_given_up_is_said_again_where_a_person_takes_that_back() {
    let mut world = by_alipay();
    let split_id = given_up(&mut world);
    let before = books(&world);
    world.run(&decide(&world, split_id, Verdict::Reject)).unwrap();
    assert_eq!((books(&world), the(&world, split_id).given_up()), (before, false));
    assert_eq!(world.next(split_id), "split+0", "under its own number");
    assert_eq!(world.run(&decide(&world, split_id, Verdict::Reject)).unwrap_err(), Refusal::ApprovalConsumed);
    told(&mut world, split_id, Source::Reply, SplitFinding::Accepted);
    let mut world = by_alipay();
    let (_, split_id) = collected(&mut world);
    told(&mut world, split_id, Source::Reply, refusal());
    world.run(&ask(&world, split_id, "经办")).unwrap();
    told(&mut world, split_id, Source::Reply, SplitFinding::Accepted);
    assert_eq!(
        world.run(&decide(&world, split_id, Verdict::Approve)).unwrap_err(),
        Refusal::NotAbandonable,
        "taken between proposal and decision, it goes its way"
    );
}

#[test]
fn what_the_channel_shows_undivided_is_the_merchants_and_waiting_refunds_go_on() {
    let mut world = by_alipay();
    let (attempt_id, split_id) = collected(&mut world);
    told(&mut world, split_id, Source::Reply, refusal());
    let refund = world.refund(attempt_id, "R1", 5_000).unwrap();
    go_on(&mut world, refund);
    assert!(world.next(refund).starts_with("refund_await+"));
    world.run(&ask(&world, split_id, "经办")).unwrap();
    world.run(&decide(&world, split_id, Verdict::Approve)).unwrap();
    let early = told(&mut world, split_id, Source::Query, undivided(PRICE));
    assert_eq!(early, SplitState::Processing, "what was said may still be on its way");
    assert_eq!(world.next(split_id).split_once('+').unwrap().0, "split_query");
    world.after(WAIT_US);
    let claimed = told(&mut world, split_id, Source::Reply, undivided(PRICE));
    assert_eq!(claimed, SplitState::Processing, "only an answer to a question proves it");
    world.after(WAIT_US);
    assert_eq!(told(&mut world, split_id, Source::Query, undivided(PRICE - 30)), SplitState::Failed);
    assert_eq!(books(&world), [5_000, 0, -NET], "the whole less the refund that waits");
    let failed = the(&world, split_id);
    assert_eq!(failed.failure_code.as_deref(), Some("INVALID_REQUEST"));
    assert!(world.snapshot.split_lines.iter().all(|line| line.failure_code.as_deref() == Some(ABANDONED)));
    assert_eq!(world.exceptions(), ["split_failed open", "split_unknown closed"]);
    let rest = Split::id_of(failed.payment_id, 1);
    assert!(world.next(rest).starts_with("split+"), "what is still kept is released");
    go_on(&mut world, refund);
    assert!(world.next(refund).starts_with("refund+"));
    world.refund_told(refund, Source::Reply, refund_failed());
    assert_eq!(books(&world), [PRICE, 0, -NET]);
    // What the channel says of it all the same is a person's matter.
    let paid = shares(&world, [ShareResult::Paid, ShareResult::Paid]);
    told(&mut world, split_id, Source::Query, paid);
    assert_eq!(books(&world), [PRICE, 0, -NET]);
    assert!(world.exceptions().contains(&"split_contradicted open".to_owned()));
}

#[test]
fn nothing_is_given_up_that_may_have_been_paid() {
    for amount_minor in [0, PRICE - 3_000, PRICE - 1_000, PRICE + 1] {
        let mut world = by_alipay();
        let split_id = given_up(&mut world);
        world.after(WAIT_US);
        let before = books(&world);
        let stands = told(&mut world, split_id, Source::Query, undivided(amount_minor));
        assert_eq!((stands, books(&world)), (SplitState::Processing, before), "{amount_minor}");
        for silence in [SplitFinding::NotFound, SplitFinding::Unclear, SplitFinding::NotSent] {
            assert_eq!(told(&mut world, split_id, Source::Query, silence), SplitState::Processing);
            assert!(world.next(split_id).starts_with("split_query+"), "it is never said again");
        }
        // A sender from before hears that it was taken after all: then it goes its way.
        assert_eq!(told(&mut world, split_id, Source::Reply, SplitFinding::Accepted), SplitState::Processing);
        let paid = shares(&world, [ShareResult::Paid, ShareResult::Paid]);
        assert_eq!(told(&mut world, split_id, Source::Query, paid), SplitState::Succeeded);
        assert_eq!(books(&world), [7_000, 0, -NET + 3_000]);
    }
}

#[test]
fn what_other_splits_paid_counts_and_a_reply_starts_the_wait_again() {
    let mut world = by_alipay();
    let (one, two) = (bound(&mut world, "1"), bound(&mut world, "2"));
    let attempt_id = later(&mut world);
    let first = divide(&mut world, attempt_id, ("S1", vec![share(one, 2_000)], false)).unwrap().split.id;
    told(&mut world, first, Source::Reply, SplitFinding::Accepted);
    let paid = shares(&world, [ShareResult::Paid]);
    told(&mut world, first, Source::Query, paid);
    let second = divide(&mut world, attempt_id, ("S2", vec![share(two, 1_000)], false)).unwrap().split.id;
    told(&mut world, second, Source::Reply, refusal());
    world.run(&ask(&world, second, "经办")).unwrap();
    world.run(&decide(&world, second, Verdict::Approve)).unwrap();
    world.after(DAY_US);
    told(&mut world, second, Source::Reply, SplitFinding::Unclear);
    world.after(DAY_US);
    let early = told(&mut world, second, Source::Query, undivided(8_000));
    assert_eq!(early, SplitState::Processing, "a sender was still there a day ago");
    world.after(WAIT_US);
    assert_eq!(told(&mut world, second, Source::Query, undivided(7_000)), SplitState::Processing);
    assert_eq!(told(&mut world, second, Source::Query, undivided(9_000)), SplitState::Processing);
    assert_eq!(told(&mut world, second, Source::Query, undivided(7_970)), SplitState::Failed);
    assert_eq!(books(&world), [8_000, 0, -NET + 2_000]);
}

fn the_return(world: &World, back: SplitReturnId) -> Option<Abandonment> {
    world.snapshot.split_returns.get(&(TENANT, back)).unwrap().abandonment()
}

#[test]
fn a_return_that_is_refused_for_ever_is_given_up_and_its_refund_fails() {
    let mut world = by_wechat();
    let (_, refund, [one, two]) = half(&mut world);
    return_told(&mut world, one, Source::Query, ReturnFinding::Done { amount_minor: 1_000 });
    world.claim(two);
    return_told(&mut world, two, Source::Reply, ReturnFinding::Unclear);
    return_told(&mut world, two, Source::Query, ReturnFinding::NotFound);
    return_told(&mut world, two, Source::Reply, not_yet());
    world.claim(two);
    assert_eq!(world.cancel(refund).unwrap_err(), Refusal::RefundInProgress, "the first may have arrived");
    let back = world.snapshot.split_returns.get(&(TENANT, two)).unwrap();
    let line = world.snapshot.split_lines.get(&(TENANT, back.line_id)).unwrap();
    let ask = AskReturnAbandonment {
        tenant_id: TENANT,
        payment_id: back.payment_id,
        refund_id: refund,
        receiver_id: line.to_receiver_id.unwrap(),
        proposed: proposed("经办"),
        origin: Origin::system(),
    };
    world.run(&ask).unwrap();
    let seen = the_return(&world, two).unwrap().content_hash(&two.to_string());
    let decided = AbandonmentDecided { verdict: Verdict::Approve, seen, by: "复核".to_owned() };
    let decide =
        DecideReturnAbandonment { tenant_id: TENANT, return_id: two, decided, origin: Origin::system() };
    world.run(&decide).unwrap();
    assert!(world.next(two).starts_with("split_return_query+"));
    let before = books(&world);
    assert_eq!(
        return_told(&mut world, two, Source::Query, ReturnFinding::NotFound),
        ReturnStatus::Processing,
        "what was said may still be on its way"
    );
    assert!(world.next(two).starts_with("split_return_query+"), "it is never said again");
    world.after(WAIT_US + HOUR_US);
    assert_eq!(return_told(&mut world, two, Source::Query, ReturnFinding::Unclear), ReturnStatus::Processing);
    assert_eq!(books(&world), before);
    // One answer may be an old one: three of them, an hour apart.
    for wait_us in [0, HOUR_US - 1, 1, HOUR_US - 1] {
        world.after(wait_us);
        let stands = return_told(&mut world, two, Source::Query, ReturnFinding::NotFound);
        assert_eq!(stands, ReturnStatus::Processing);
        assert!(world.next(two).starts_with("split_return_query+"));
    }
    assert_eq!(books(&world), before);
    world.after(HOUR_US);
    assert_eq!(return_told(&mut world, two, Source::Query, ReturnFinding::NotFound), ReturnStatus::Refused);
    go_on(&mut world, refund);
    assert_eq!(world.the_refund(refund).status, RefundState::Failed);
    assert_eq!(books(&world), [8_000, 0, -NET + 2_000]);
    // The other share came back and is not to be given up.
    let receiver_id =
        world.snapshot.split_lines.iter().find(|line| line.position == 0).unwrap().to_receiver_id;
    let other = AskReturnAbandonment { receiver_id: receiver_id.unwrap(), ..ask };
    assert_eq!(world.run(&other).unwrap_err(), Refusal::NotAbandonable);
}
