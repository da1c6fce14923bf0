//! Shares that come back by calls of their own, before the refund they are for is said.

use crate::channel_splits::{books, go_on, share};
use crate::kit::{CONTRACT, PRICE, TENANT, World, contract, done, merchant, paid, product, refund_failed};
use tk_domain::audit::Origin;
use tk_domain::channel_account::{Channel, ChannelAccount, Method};
use tk_domain::id::{AttemptId, RefundId, SplitReceiverId, SplitReturnId};
use tk_domain::merchant::Merchant;
use tk_domain::moment::DAY_US;
use tk_domain::payment::{CreatePayment, FeeSnapshot};
use tk_domain::refund::RefundState;
use tk_domain::refusal::Refusal;
use tk_domain::report::{RefundFinding, Source};
use tk_domain::split::{
    AddSplitReceiver, ReceiverFinding, ReceiverKind, Relation, ReturnFinding, ReturnReport, ReturnStatus,
    SHARE_NOT_RETURNED, ShareResult, Split, SplitFinding, SplitReturn, SplitTerms, TakeReceiverReport,
    TakeReturnReport, WaiveShare,
};

/// What the channel keeps of every collection lies on the other side.
const NET: i64 = crate::channel_splits::NET;

pub fn world() -> World {
    let own = Merchant { fee: FeeSnapshot::default(), ..merchant() };
    let account = ChannelAccount {
        channel: Channel::Wechatpay,
        split_rate_max_ppm: 300_000,
        methods: r#"["wechat_native"]"#.to_owned(),
        ..contract(CONTRACT)
    };
    World::with(own, product(), account)
}

fn add(kind: ReceiverKind, account: &str, name: Option<&str>) -> AddSplitReceiver {
    AddSplitReceiver {
        tenant_id: TENANT,
        channel_account_id: CONTRACT,
        kind,
        account: account.to_owned(),
        name_sealed: name.map(|name| name.as_bytes().to_vec()),
        relation: None,
        custom_relation: None,
        origin: Origin::system(),
    }
}

fn bound(world: &mut World, kind: ReceiverKind, account: &str) -> SplitReceiverId {
    let receiver_id = world.run(&add(kind, account, Some("sealed"))).unwrap().id;
    let (finding, origin) = (ReceiverFinding::Bound, Origin::channel(CONTRACT));
    world.run(&TakeReceiverReport { tenant_id: TENANT, receiver_id, finding, origin }).unwrap();
    receiver_id
}

/// A payment of which a merchant has got 2,000 and another receiver 1,000.
fn paid_out(world: &mut World, other: ReceiverKind) -> AttemptId {
    paid_out_after(world, other, 0)
}

/// The same, the shares so many days after the payment.
fn paid_out_after(world: &mut World, other: ReceiverKind, days: i64) -> AttemptId {
    let one = bound(world, ReceiverKind::MerchantNo, "1900000001");
    let two = bound(world, other, "1900000002");
    let terms = SplitTerms { shares: vec![share(one, 2_000), share(two, 1_000)], ..SplitTerms::default() };
    let order = CreatePayment { splits: terms, ..world.order() };
    let payment_id = world.run(&order).unwrap().payment.id;
    let attempt_id = world.attempt(payment_id, Method::WechatNative);
    world.told(attempt_id, Source::Callback, paid("4200000985"));
    let split_id = Split::id_of(payment_id, 0);
    assert_eq!(world.next(split_id), "split+60");
    crate::channel_splits::told(world, split_id, Source::Reply, SplitFinding::Accepted);
    world.after(days * DAY_US);
    let all = crate::channel_splits::shares(world, [ShareResult::Paid, ShareResult::Paid]);
    crate::channel_splits::told(world, split_id, Source::Query, all);
    assert_eq!(books(world), [7_000, 0, -NET + 3_000]);
    attempt_id
}

pub fn told(
    world: &mut World,
    return_id: SplitReturnId,
    source: Source,
    finding: ReturnFinding,
) -> ReturnStatus {
    let back = world.snapshot.split_returns.get(&(TENANT, return_id)).unwrap();
    let (payment_id, refund_id) = (back.payment_id, back.refund_id);
    let (report, origin) = (ReturnReport { source, finding }, Origin::channel(CONTRACT));
    let command = TakeReturnReport { tenant_id: TENANT, payment_id, refund_id, return_id, report, origin };
    world.run(&command).unwrap().status
}

/// Half of the payment on its way back, and the returns of both shares asked for.
pub fn half(world: &mut World) -> (AttemptId, RefundId, [SplitReturnId; 2]) {
    let attempt_id = paid_out(world, ReceiverKind::MerchantNo);
    let refund = world.refund(attempt_id, "R1", 5_000).unwrap();
    assert_eq!(world.next(refund), "refund_await+0");
    go_on(world, refund);
    let backs = [0, 1].map(|n| SplitReturn::id_of(refund, n));
    assert_eq!(backs.map(|back| world.next(back)), ["split_return+0", "split_return+0"]);
    assert_eq!(world.next(refund), "refund_await+5");
    (attempt_id, refund, backs)
}

fn came_back(minor: i64) -> ReturnFinding {
    ReturnFinding::Done { amount_minor: minor }
}

fn refusal() -> ReturnFinding {
    ReturnFinding::Failed { code: "ACCOUNT_ABNORMAL".to_owned(), message: String::new() }
}

pub fn not_yet() -> ReturnFinding {
    ReturnFinding::NotYet { code: "NOT_ENOUGH".to_owned(), message: String::new() }
}

#[test]
fn a_refund_is_said_when_every_share_is_proven_to_have_come_back() {
    let mut world = world();
    let (_, refund, [one, two]) = half(&mut world);
    assert_eq!(books(&world), [3_500, -1_500, -NET + 3_000]);
    let claimed = told(&mut world, one, Source::Reply, came_back(1_000));
    assert_eq!((claimed, world.next(one)), (ReturnStatus::Processing, "split_return_query+5".to_owned()));
    assert_eq!(books(&world)[1], -1_500, "our call proves nothing");
    assert_eq!(told(&mut world, one, Source::Query, ReturnFinding::Accepted), ReturnStatus::Processing);
    assert_eq!(told(&mut world, one, Source::Query, came_back(1_000)), ReturnStatus::Done);
    assert_eq!((books(&world), world.next(one)), ([3_500, -500, -NET + 2_000], "done".to_owned()));
    go_on(&mut world, refund);
    assert_eq!(world.next(refund), "refund_await+5");
    assert_eq!(told(&mut world, two, Source::Query, came_back(500)), ReturnStatus::Done);
    go_on(&mut world, refund);
    assert_eq!(world.next(refund), "refund+0", "it takes its turn when it is said, and only one");
    world.refund_told(refund, Source::Reply, RefundFinding::Accepted);
    world.refund_told(refund, Source::Query, done(5_000));
    assert_eq!(books(&world), [3_500, 0, -NET + 1_500 + 5_000]);
    assert!(world.snapshot.split_lines.iter().all(|line| line.returned_minor == line.amount_minor / 2));
}

#[test]
fn a_share_that_does_not_come_back_fails_the_refund_and_is_not_asked_for_again() {
    let mut world = world();
    let (attempt_id, refund, [one, two]) = half(&mut world);
    world.claim(one);
    told(&mut world, two, Source::Reply, ReturnFinding::Accepted);
    assert_eq!(told(&mut world, two, Source::Query, refusal()), ReturnStatus::Refused);
    go_on(&mut world, refund);
    assert_eq!(world.next(refund), "refund_await+5", "of the other it is not known");
    assert_eq!(books(&world), [3_500, -1_500, -NET + 3_000], "the hold stays whole");
    told(&mut world, one, Source::Query, came_back(1_000));
    go_on(&mut world, refund);
    let failed = world.the_refund(refund);
    assert_eq!(failed.status, RefundState::Failed);
    assert_eq!(failed.failure_code.as_deref(), Some(SHARE_NOT_RETURNED));
    assert_eq!(failed.failure_message.as_deref(), Some("ACCOUNT_ABNORMAL"));
    // The one share came back all the same; the other is its receiver's, whose refund is the merchant's to bear.
    assert_eq!(books(&world), [8_000, 0, -NET + 2_000]);
    let again = world.refund(attempt_id, "R2", 5_000).unwrap();
    assert!(world.next(again).starts_with("refund+"), "what came back counts for it");
    assert_eq!(books(&world), [3_000, 0, -NET + 2_000]);
    world.refund_told(again, Source::Query, done(5_000));
    let whole = world.refund(attempt_id, "R3", 5_000);
    assert!(
        matches!(whole, Err(Refusal::InsufficientBalance { .. })),
        "a thousand was its receiver's: {whole:?}"
    );
}

#[test]
fn what_is_not_known_is_asked_and_said_again_under_the_same_number() {
    let mut world = world();
    let (_, refund, [one, _]) = half(&mut world);
    world.claim(one);
    assert_eq!(told(&mut world, one, Source::Reply, ReturnFinding::NotSent), ReturnStatus::Processing);
    assert!(world.next(one).starts_with("split_return+"), "nothing left us");
    world.claim(one);
    told(&mut world, one, Source::Reply, ReturnFinding::Unclear);
    assert!(world.next(one).starts_with("split_return_query+"));
    told(&mut world, one, Source::Query, ReturnFinding::NotFound);
    assert!(world.next(one).starts_with("split_return+"));
    let still = told(&mut world, one, Source::Reply, refusal());
    assert_eq!(still, ReturnStatus::Processing, "an earlier sending may have taken effect");
    told(&mut world, one, Source::Query, came_back(999));
    assert_eq!(world.exceptions(), ["split_mismatch open"]);
    world.after(DAY_US);
    go_on(&mut world, refund);
    assert!(world.the_refund(refund).needs_manual, "a person is told by the refund that waits");
    assert_eq!(books(&world), [3_500, -1_500, -NET + 3_000]);
    assert_eq!(told(&mut world, one, Source::Query, came_back(1_000)), ReturnStatus::Done);
    let back = world.snapshot.split_returns.get(&(TENANT, one)).unwrap();
    assert_eq!(back.out_no.len(), 27);
}

#[test]
fn a_refund_is_withdrawn_only_while_no_share_may_be_coming_back() {
    let mut world = world();
    let (_, refund, [one, two]) = half(&mut world);
    world.claim(one);
    assert_eq!(world.cancel(refund).unwrap_err(), Refusal::RefundInProgress);
    told(&mut world, one, Source::Reply, not_yet());
    assert!(world.next(one).starts_with("split_return+"), "the same number, later");
    world.cancel(refund).unwrap();
    assert_eq!(books(&world), [7_000, 0, -NET + 3_000]);
    assert_eq!([one, two].map(|back| world.next(back)), ["done", "done"]);
    let mut fresh = self::world();
    let (attempt_id, refund, [one, two]) = half(&mut fresh);
    told(&mut fresh, one, Source::Query, came_back(1_000));
    fresh.claim(two);
    assert_eq!(fresh.cancel(refund).unwrap_err(), Refusal::RefundInProgress, "the other may be coming back");
    told(&mut fresh, two, Source::Reply, not_yet());
    fresh.cancel(refund).unwrap();
    assert_eq!(books(&fresh), [8_000, 0, -NET + 2_000], "what came back stays with the merchant");
    let again = fresh.refund(attempt_id, "R2", 5_000).unwrap();
    go_on(&mut fresh, again);
    let asked = fresh.snapshot.split_returns.iter().filter(|back| back.refund_id == again).count();
    assert_eq!(asked, 1, "and counts for the next");
}

fn waive(world: &World, back: SplitReturnId, reason: &str) -> WaiveShare {
    let back = world.snapshot.split_returns.get(&(TENANT, back)).unwrap();
    let line = world.snapshot.split_lines.get(&(TENANT, back.line_id)).unwrap();
    WaiveShare {
        tenant_id: TENANT,
        payment_id: back.payment_id,
        split_id: back.split_id,
        receiver_id: line.to_receiver_id.unwrap(),
        reason: reason.to_owned(),
        by: "财务".to_owned(),
        origin: Origin::system(),
    }
}

#[test]
fn the_merchant_may_bear_a_share_that_never_comes_back() {
    let mut world = world();
    let (attempt_id, refund, [one, two]) = half(&mut world);
    told(&mut world, one, Source::Query, came_back(1_000));
    world.claim(two);
    told(&mut world, two, Source::Reply, not_yet());
    world.after(DAY_US);
    go_on(&mut world, refund);
    let matter = world.snapshot.exceptions.iter().next().unwrap();
    assert!(matter.detail.contains("NOT_ENOUGH"), "a person sees what it waits for: {}", matter.detail);
    assert_eq!(world.run(&waive(&world, two, "gone")).unwrap_err(), Refusal::RefundInProgress);
    world.cancel(refund).unwrap();
    assert!(matches!(
        world.run(&waive(&world, two, " ")),
        Err(Refusal::FieldInvalid { param: "reason", .. })
    ));
    let waived = world.run(&waive(&world, two, "its account has no money")).unwrap();
    assert_eq!(waived.lines.iter().filter(|line| line.returnable).count(), 1);
    let audits = world.snapshot.appended.audits.len();
    world.run(&waive(&world, two, "again")).unwrap();
    assert_eq!(world.snapshot.appended.audits.len(), audits, "said twice");
    let again = world.refund(attempt_id, "R2", 5_000).unwrap();
    assert!(world.next(again).starts_with("refund+"), "nothing has to come back first");
    world.refund_told(again, Source::Query, done(5_000));
    assert_eq!(books(&world), [3_000, 0, -NET + 2_000 + 5_000]);
}

#[test]
fn what_the_channel_no_longer_gives_back_the_merchant_bears() {
    let mut world = world();
    let attempt_id = paid_out(&mut world, ReceiverKind::MerchantNo);
    world.after(180 * DAY_US + 1);
    let refund = world.refund(attempt_id, "R1", 5_000).unwrap();
    assert!(world.next(refund).starts_with("refund+"));
    assert_eq!(books(&world), [2_000, 0, -NET + 3_000]);
}

#[test]
fn the_time_in_which_a_share_comes_back_begins_with_the_share() {
    for (days, comes_back) in [(100, true), (180, true), (181, false)] {
        let mut world = world();
        let attempt_id = paid_out_after(&mut world, ReceiverKind::MerchantNo, 100);
        world.after(days * DAY_US);
        let refund = world.refund(attempt_id, "R1", 5_000).unwrap();
        let returns = world.snapshot.split_returns.iter().count();
        assert_eq!(returns, if comes_back { 2 } else { 0 }, "{} days after the payment", 100 + days);
        assert_eq!(world.next(refund).starts_with("refund+"), !comes_back);
    }
}

#[test]
fn a_late_reply_to_a_refused_return_keeps_nothing_open() {
    let mut world = world();
    let (_, refund, [one, two]) = half(&mut world);
    told(&mut world, two, Source::Reply, ReturnFinding::Accepted);
    assert_eq!(told(&mut world, two, Source::Query, refusal()), ReturnStatus::Refused);
    // Whoever said it first hears only now that it was taken, and it is asked about once more.
    told(&mut world, two, Source::Reply, ReturnFinding::Accepted);
    world.claim(two);
    go_on(&mut world, refund);
    assert_eq!(
        world.the_refund(refund).status,
        RefundState::Failed,
        "the other was not said and need not come"
    );
    assert_eq!(books(&world), [7_000, 0, -NET + 3_000], "each receiver has its share in the books");
    let left: i64 = world.snapshot.split_lines.iter().map(|line| line.returning_minor).sum();
    assert_eq!((left, world.next(one)), (0, "done".to_owned()));
    told(&mut world, two, Source::Query, refusal());
    assert_eq!(world.next(two), "done");
}

#[test]
fn a_refund_that_fails_keeps_what_came_back_for_the_next() {
    let mut world = world();
    let (attempt_id, refund, [one, two]) = half(&mut world);
    told(&mut world, one, Source::Query, came_back(1_000));
    told(&mut world, two, Source::Query, came_back(500));
    go_on(&mut world, refund);
    world.refund_told(refund, Source::Reply, refund_failed());
    assert_eq!(books(&world), [8_500, 0, -NET + 1_500]);
    let whole = world.refund(attempt_id, "R2", PRICE).unwrap();
    assert_eq!(books(&world), [0, -1_500, -NET + 1_500]);
    go_on(&mut world, whole);
    for (n, minor) in [(0, 1_000), (1, 500)] {
        told(&mut world, SplitReturn::id_of(whole, n), Source::Query, came_back(minor));
    }
    go_on(&mut world, whole);
    world.refund_told(whole, Source::Query, done(PRICE));
    assert_eq!(books(&world), [0, 0, PRICE - NET]);
}

#[test]
fn a_person_gives_nothing_back_and_the_merchant_bears_it() {
    let mut world = world();
    let attempt_id = paid_out(&mut world, ReceiverKind::OpenId);
    let refund = world.refund(attempt_id, "R1", 5_000).unwrap();
    assert_eq!(books(&world), [3_000, -1_000, -NET + 3_000], "half of the merchant's share alone");
    go_on(&mut world, refund);
    told(&mut world, SplitReturn::id_of(refund, 0), Source::Query, came_back(1_000));
    go_on(&mut world, refund);
    assert!(world.next(refund).starts_with("refund+"));
}

#[test]
fn what_is_said_after_the_end_is_a_persons_matter() {
    let mut world = world();
    let (_, refund, [one, two]) = half(&mut world);
    told(&mut world, one, Source::Query, came_back(1_000));
    told(&mut world, one, Source::Query, refusal());
    assert_eq!(world.exceptions(), ["split_contradicted open"]);
    told(&mut world, two, Source::Reply, refusal());
    go_on(&mut world, refund);
    assert_eq!(world.the_refund(refund).status, RefundState::Failed);
    let before = books(&world);
    assert_eq!(told(&mut world, two, Source::Reply, came_back(500)), ReturnStatus::Refused);
    assert_eq!(world.next(two), "split_return_query+5", "a claim is asked about once more");
    told(&mut world, two, Source::Query, ReturnFinding::Unclear);
    assert!(world.next(two).starts_with("split_return_query+"));
    told(&mut world, two, Source::Query, came_back(500));
    assert_eq!((world.next(two), books(&world)), ("done".to_owned(), before));
    assert_eq!(world.exceptions().len(), 2);
}

#[test]
fn each_channel_knows_receivers_by_its_own_names() {
    let mut world = world();
    let cases = [
        (add(ReceiverKind::UserId, "2088", Some("x")), "kind"),
        (add(ReceiverKind::LoginName, "a@b.example", Some("x")), "kind"),
        (add(ReceiverKind::MerchantNo, "1900000001", None), "name"),
        (add(ReceiverKind::MerchantNo, "19000/0001", Some("x")), "account"),
        (add(ReceiverKind::OpenId, "o x", None), "account"),
        (add(ReceiverKind::MerchantNo, &contract(CONTRACT).payee_merchant, Some("x")), "account"),
    ];
    for (command, wrong) in cases {
        let refused = world.run(&command).unwrap_err();
        assert!(matches!(refused, Refusal::FieldInvalid { param, .. } if param == wrong), "{refused:?}");
    }
    world.run(&add(ReceiverKind::OpenId, "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", None)).unwrap();
    let related = |relation, words: Option<&str>| AddSplitReceiver {
        relation,
        custom_relation: words.map(str::to_owned),
        ..add(ReceiverKind::MerchantNo, "1900000077", Some("x"))
    };
    for (relation, words) in [
        (Some(Relation::Custom), None),
        (Some(Relation::Custom), Some(" ")),
        (Some(Relation::Custom), Some("十一个字的关系是太长了")),
        (Some(Relation::Store), Some("门店")),
        (None, Some("门店")),
    ] {
        let refused = world.run(&related(relation, words)).unwrap_err();
        assert!(matches!(refused, Refusal::FieldInvalid { param: "custom_relation", .. }), "{refused:?}");
    }
    let kept = world.run(&related(Some(Relation::Custom), Some("维修厂"))).unwrap();
    assert_eq!((kept.relation, kept.custom_relation.as_deref()), (Some(Relation::Custom), Some("维修厂")));
}

#[test]
fn another_merchants_number_proves_nothing_and_a_person_is_told() {
    let mut world = world();
    let (_, _, [one, _]) = half(&mut world);
    let before = books(&world);
    assert_eq!(told(&mut world, one, Source::Query, ReturnFinding::Foreign), ReturnStatus::Processing);
    assert_eq!(world.exceptions(), ["split_mismatch open"]);
    assert_eq!(books(&world), before);
    assert!(world.next(one).starts_with("split_return_query+"));
}

#[test]
fn no_more_returns_of_a_split_are_asked_for_than_its_channel_gives() {
    let mut world = world();
    let attempt_id = paid_out(&mut world, ReceiverKind::MerchantNo);
    for n in 0..25 {
        let refund = world.refund(attempt_id, &format!("R{n}"), 100).unwrap();
        world.cancel(refund).unwrap();
    }
    let more = world.refund(attempt_id, "R25", 100).unwrap_err();
    assert_eq!(more, Refusal::LimitReached { what: "returns of a split", max: 50 });
    assert_eq!(books(&world), [7_000, 0, -NET + 3_000]);
    // Less than brings a fen of any share takes nothing back and is no matter.
    world.refund(attempt_id, "R26", 1).unwrap();
}
