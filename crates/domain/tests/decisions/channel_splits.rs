//! Splits at a channel: receivers bound first, shares proven one by one, refunds that take them back.

use crate::kit::{
    CONTRACT, PRICE, TENANT, World, contract, done, evidence, merchant, paid, product, refund_failed,
};
use tk_domain::audit::Origin;
use tk_domain::channel_account::{Channel, ChannelAccount, Method};
use tk_domain::id::{AttemptId, ChannelAccountId, Id128, RefundId, SplitId, SplitReceiverId};
use tk_domain::ledger::AccountKind;
use tk_domain::merchant::Merchant;
use tk_domain::moment::DAY_US;
use tk_domain::payment::{CreatePayment, FeeSnapshot};
use tk_domain::refund::RefundState;
use tk_domain::refusal::Refusal;
use tk_domain::report::{Borne, PaymentFinding, RefundFinding, Source};
use tk_domain::split::{
    AddSplitReceiver, Binding, ContinueRefund, CreateSplit, ReceiverFinding, ReceiverKind,
    RemoveSplitReceiver, RequestSplitQuery, Share, ShareResult, ShareTold, Split, SplitCreated, SplitFinding,
    SplitLineStatus, SplitReport, SplitState, SplitTerms, TakeReceiverReport, TakeSplitReport,
};
use tk_money::Amount;

const WECHAT: ChannelAccountId = ChannelAccountId(Id128([5; 16]));

pub fn world() -> World {
    let own = Merchant { fee: FeeSnapshot::default(), ..merchant() };
    let dividing = ChannelAccount { split_rate_max_ppm: 300_000, ..contract(CONTRACT) };
    let mut world = World::with(own, product(), dividing);
    let other = ChannelAccount {
        channel: Channel::Wechatpay,
        split_rate_max_ppm: 0,
        methods: r#"["wechat_native"]"#.to_owned(),
        ..contract(WECHAT)
    };
    world.snapshot.channel_accounts.load(other);
    world
}

fn add(world: &mut World, account: &str, contract: ChannelAccountId) -> Result<SplitReceiverId, Refusal> {
    let command = AddSplitReceiver {
        tenant_id: TENANT,
        channel_account_id: contract,
        kind: ReceiverKind::UserId,
        account: account.to_owned(),
        name_sealed: None,
        relation: None,
        custom_relation: None,
        origin: Origin::system(),
    };
    world.run(&command).map(|receiver| receiver.id)
}

fn answered(world: &mut World, receiver_id: SplitReceiverId, finding: ReceiverFinding) -> Binding {
    let origin = Origin::channel(CONTRACT);
    world.run(&TakeReceiverReport { tenant_id: TENANT, receiver_id, finding, origin }).unwrap().status
}

pub fn bound(world: &mut World, account: &str) -> SplitReceiverId {
    let id = add(world, account, CONTRACT).unwrap();
    assert_eq!(answered(world, id, ReceiverFinding::Bound), Binding::Bound);
    id
}

pub fn share(receiver: SplitReceiverId, minor: i64) -> Share {
    Share { merchant: None, receiver: Some(receiver), amount: Some(minor), rate_ppm: None, item: None }
}

fn order(world: &mut World, shares: Vec<Share>) -> CreatePayment {
    CreatePayment { splits: SplitTerms { shares, ..SplitTerms::default() }, ..world.order() }
}

pub fn pay(world: &mut World, order: &CreatePayment) -> AttemptId {
    let payment_id = world.run(order).unwrap().payment.id;
    let attempt_id = world.attempt(payment_id, Method::AlipayQr);
    world.told(attempt_id, Source::Callback, paid(&format!("txn-{attempt_id}")));
    attempt_id
}

pub fn divide(
    world: &mut World,
    attempt_id: AttemptId,
    (no, shares, last): (&str, Vec<Share>, bool),
) -> Result<SplitCreated, Refusal> {
    let payment_id = world.payment_of(attempt_id).id;
    world.run(&CreateSplit {
        tenant_id: TENANT,
        payment_id,
        merchant_split_no: no.to_owned(),
        terms: SplitTerms { shares, ..SplitTerms::default() },
        last,
        origin: Origin::system(),
    })
}

/// A payment of which two receivers are to get 2,000 and 1,000.
pub fn collected(world: &mut World) -> (AttemptId, SplitId) {
    let (one, two) = (bound(world, "2088000000000001"), bound(world, "2088000000000002"));
    let order = order(world, vec![share(one, 2_000), share(two, 1_000)]);
    let attempt_id = pay(world, &order);
    (attempt_id, Split::id_of(world.payment_of(attempt_id).id, 0))
}

pub fn told(world: &mut World, split_id: SplitId, source: Source, finding: SplitFinding) -> SplitState {
    let payment_id = world.snapshot.splits.get(&(TENANT, split_id)).unwrap().payment_id;
    let report = SplitReport { source, finding };
    let origin = Origin::channel(CONTRACT);
    let command = TakeSplitReport { tenant_id: TENANT, payment_id, split_id, report, origin };
    world.run(&command).unwrap().split.status
}

pub fn shares<const N: usize>(world: &World, results: [ShareResult; N]) -> SplitFinding {
    let lines = world.snapshot.split_lines.iter();
    let one = |(line, result): (&tk_domain::split::SplitLine, ShareResult)| ShareTold {
        line_id: line.id,
        amount_minor: line.amount_minor,
        result,
    };
    let mut lines: Vec<_> = lines.collect();
    lines.sort_by_key(|line| line.position);
    SplitFinding::Shares(lines.into_iter().zip(results).map(one).collect())
}

pub fn failed_share() -> ShareResult {
    ShareResult::Failed { code: "TXN_RESULT_ACCOUNT_BALANCE_NOT_ENOUGH".to_owned() }
}

pub fn go_on(world: &mut World, refund_id: RefundId) {
    let payment_id = world.the_refund(refund_id).payment_id;
    let origin = Origin::system();
    world.run(&ContinueRefund { tenant_id: TENANT, payment_id, refund_id, origin }).unwrap();
}

/// Pending settlement, what receivers are owed, and what the channel has for us.
pub fn books(world: &World) -> [i64; 3] {
    [AccountKind::PendingSettlement, AccountKind::SplitPayable, AccountKind::ChannelReceivable]
        .map(|kind| world.balance(kind))
}

/// The channel keeps 0.3 % of every collection.
pub const NET: i64 = PRICE - 30;

#[test]
fn a_receiver_is_bound_by_the_channels_word_only() {
    let mut world = world();
    assert_eq!(add(&mut world, "2088", WECHAT), Err(Refusal::SplitNeedsChannel));
    let nameless = AddSplitReceiver {
        tenant_id: TENANT,
        channel_account_id: CONTRACT,
        kind: ReceiverKind::LoginName,
        account: "shop@cars.example".to_owned(),
        name_sealed: None,
        relation: None,
        custom_relation: None,
        origin: Origin::system(),
    };
    assert!(matches!(world.run(&nameless), Err(Refusal::FieldInvalid { .. })));
    let id = add(&mut world, "2088", CONTRACT).unwrap();
    assert_eq!(add(&mut world, "2088", CONTRACT), Ok(id), "the same account is the same receiver");
    assert_eq!(world.next(id), "receiver_bind+0");
    assert_eq!(answered(&mut world, id, ReceiverFinding::Unclear), Binding::Pending);
    assert!(world.next(id).starts_with("receiver_bind+"));
    let early = order(&mut world, vec![share(id, 1)]);
    assert_eq!(world.run(&early).unwrap_err(), Refusal::ReceiverNotBound);
    let refused = ReceiverFinding::Refused { code: "ACQ.USER_NOT_EXIST".to_owned(), message: String::new() };
    assert_eq!(answered(&mut world, id, refused), Binding::Refused);
    assert_eq!(world.next(id), "done");
    assert_eq!(add(&mut world, "2088", CONTRACT), Ok(id));
    assert_eq!(answered(&mut world, id, ReceiverFinding::Bound), Binding::Bound);
    assert_eq!(answered(&mut world, id, ReceiverFinding::Unclear), Binding::Bound);
    world.run(&early).unwrap();
    let too_much = order(&mut world, vec![share(id, 3_001)]);
    let (max, sum) = (Amount::fen(3_000), Amount::fen(3_001));
    assert_eq!(world.run(&too_much).unwrap_err(), Refusal::SplitExceedsAmount { max, sum });
    let twice = order(&mut world, vec![share(id, 1), share(id, 2)]);
    assert!(matches!(world.run(&twice), Err(Refusal::FieldInvalid { .. })));
    let stranger = order(&mut world, vec![share(SplitReceiverId::default(), 1)]);
    assert_eq!(world.run(&stranger).unwrap_err(), Refusal::NotFound { what: "split_receiver" });
}

#[test]
fn a_party_is_unbound_by_the_channels_word_and_bound_again_when_named() {
    let mut world = world();
    let id = bound(&mut world, "2088");
    let remove = RemoveSplitReceiver { tenant_id: TENANT, receiver_id: id, origin: Origin::system() };
    assert_eq!(world.run(&remove).unwrap().status, Binding::Unbinding);
    assert_eq!(world.next(id), "receiver_unbind+0");
    let early = order(&mut world, vec![share(id, 1)]);
    assert_eq!(world.run(&early).unwrap_err(), Refusal::ReceiverNotBound);
    // An answer to the call before, or none, leaves it where it is.
    for finding in [ReceiverFinding::Bound, ReceiverFinding::Unclear] {
        assert_eq!(answered(&mut world, id, finding), Binding::Unbinding);
        assert!(world.next(id).starts_with("receiver_unbind+"));
    }
    let refused = ReceiverFinding::Refused { code: "FAIL".to_owned(), message: String::new() };
    assert_eq!(answered(&mut world, id, refused), Binding::Bound, "and the row says why");
    let code =
        |world: &World| world.snapshot.split_receivers.get(&(TENANT, id)).unwrap().failure_code.clone();
    assert_eq!(code(&world).as_deref(), Some("FAIL"));
    world.run(&remove).unwrap();
    assert_eq!(code(&world), None);
    assert_eq!(answered(&mut world, id, ReceiverFinding::Unbound), Binding::Unbound);
    assert_eq!((world.next(id), world.run(&remove).unwrap().status), ("done".to_owned(), Binding::Unbound));
    assert_eq!(world.run(&early).unwrap_err(), Refusal::ReceiverNotBound);
    assert_eq!(add(&mut world, "2088", CONTRACT), Ok(id));
    assert_eq!(world.next(id), "receiver_bind+0");
    assert_eq!(world.run(&remove).unwrap_err(), Refusal::ReceiverNotBound, "not while it may be on its way");
    assert_eq!(answered(&mut world, id, ReceiverFinding::Bound), Binding::Bound);
    world.run(&early).unwrap();
}

#[test]
fn a_divided_payment_is_paid_by_the_contract_that_divides_it() {
    let mut world = world();
    let id = bound(&mut world, "2088");
    let order = order(&mut world, vec![share(id, 1)]);
    let payment_id = world.run(&order).unwrap().payment.id;
    assert_eq!(world.start(payment_id, Method::WechatNative).unwrap_err(), Refusal::ChannelNotAvailable);
    world.attempt(payment_id, Method::AlipayQr);
}

#[test]
fn accepted_is_not_paid_and_each_share_ends_by_itself() {
    let mut world = world();
    let (_, split_id) = collected(&mut world);
    assert_eq!(books(&world), [7_000, 3_000, -NET]);
    assert_eq!(
        (world.next(split_id), world.events(split_id)),
        ("split+30".to_owned(), vec!["split.created".to_owned()])
    );
    assert_eq!(told(&mut world, split_id, Source::Reply, SplitFinding::Accepted), SplitState::Processing);
    assert_eq!((books(&world), world.next(split_id)), ([7_000, 3_000, -NET], "split_query+10".to_owned()));
    let claimed = shares(&world, [ShareResult::Paid, ShareResult::Paid]);
    assert_eq!(
        told(&mut world, split_id, Source::Reply, claimed),
        SplitState::Processing,
        "our call proves nothing"
    );
    let half = shares(&world, [ShareResult::Paid, ShareResult::Pending]);
    assert_eq!(told(&mut world, split_id, Source::Query, half), SplitState::Processing);
    assert_eq!(books(&world), [7_000, 1_000, -NET + 2_000]);
    let whole = shares(&world, [ShareResult::Paid, failed_share()]);
    assert_eq!(told(&mut world, split_id, Source::Query, whole.clone()), SplitState::Succeeded);
    assert_eq!(books(&world), [8_000, 0, -NET + 2_000]);
    assert_eq!(world.exceptions(), ["split_failed open"]);
    let rest = Split::id_of(world.snapshot.splits.get(&(TENANT, split_id)).unwrap().payment_id, 1);
    assert_eq!(world.next(rest), "split+30", "what is still kept is released");
    assert_eq!(told(&mut world, split_id, Source::Query, whole), SplitState::Succeeded);
    let back = shares(&world, [failed_share(), ShareResult::Paid]);
    told(&mut world, split_id, Source::Query, back);
    assert_eq!(books(&world), [8_000, 0, -NET + 2_000], "what has ended stays");
    assert_eq!(world.exceptions().len(), 3, "each share is a matter by itself");
    assert!(world.next(split_id).starts_with("split_query+"), "asked once more");
    assert_eq!(world.events(split_id).last().unwrap(), "split.succeeded");
}

#[test]
fn what_is_not_known_is_said_and_asked_again_under_the_same_number() {
    let mut world = world();
    let (_, split_id) = collected(&mut world);
    told(&mut world, split_id, Source::Reply, SplitFinding::Unclear);
    assert!(world.next(split_id).starts_with("split_query+"));
    let code = || "ACQ.INVALID_PARAMETER".to_owned();
    let refusal = || SplitFinding::Failed { code: code(), message: String::new() };
    let still = told(&mut world, split_id, Source::Reply, refusal());
    assert_eq!(still, SplitState::Processing, "an earlier sending may have taken effect");
    told(&mut world, split_id, Source::Query, SplitFinding::NotFound);
    assert!(world.next(split_id).starts_with("split+"));
    let mut wrong = shares(&world, [ShareResult::Paid, ShareResult::Paid]);
    if let SplitFinding::Shares(told) = &mut wrong {
        told[0].amount_minor += 1;
    }
    told(&mut world, split_id, Source::Query, wrong);
    assert_eq!(world.exceptions(), ["split_mismatch open"]);
    world.after(DAY_US);
    told(&mut world, split_id, Source::Query, SplitFinding::Unclear);
    assert_eq!(world.exceptions().len(), 2);
    assert_eq!(books(&world), [7_000, 3_000, -NET]);
    let mut fresh = self::world();
    let (_, first) = collected(&mut fresh);
    assert_eq!(told(&mut fresh, first, Source::Reply, refusal()), SplitState::Failed);
    assert_eq!(books(&fresh), [PRICE, 0, -NET]);
    assert!(fresh.snapshot.split_lines.iter().all(|line| line.status == SplitLineStatus::Failed));
}

#[test]
fn a_refund_waits_for_a_split_under_way_and_never_takes_back_what_was_not_paid() {
    let mut world = world();
    let (attempt_id, split_id) = collected(&mut world);
    let refund = world.refund(attempt_id, "R1", PRICE).unwrap();
    assert_eq!(world.next(refund), "refund_await+0");
    assert_eq!(books(&world), [0, 0, -NET]);
    go_on(&mut world, refund);
    assert_eq!(world.next(refund), "refund_await+5");
    told(&mut world, split_id, Source::Reply, SplitFinding::Accepted);
    let mixed = shares(&world, [ShareResult::Paid, failed_share()]);
    told(&mut world, split_id, Source::Query, mixed);
    assert_eq!(books(&world), [0, -2_000, -NET + 2_000]);
    go_on(&mut world, refund);
    assert_eq!(world.next(refund), "refund+0", "it takes its turn when it is said, and only one");
    assert_eq!(books(&world), [0, -2_000, -NET + 2_000]);
    world.refund_told(refund, Source::Reply, RefundFinding::Accepted);
    world.refund_told(refund, Source::Query, done(PRICE));
    assert_eq!(world.the_refund(refund).status, RefundState::Succeeded);
    // The share that was paid is asked about; the other needs no word.
    assert_eq!(books(&world), [0, -2_000, PRICE - NET + 2_000]);
}

#[test]
fn a_refund_that_waits_can_be_withdrawn_and_gives_everything_again() {
    let mut world = world();
    let (attempt_id, split_id) = collected(&mut world);
    let refund = world.refund(attempt_id, "R1", 5_000).unwrap();
    world.cancel(refund).unwrap();
    assert_eq!(books(&world), [7_000, 3_000, -NET]);
    told(&mut world, split_id, Source::Reply, SplitFinding::Accepted);
    let second = world.refund(attempt_id, "R2", 5_000).unwrap();
    let none = shares(&world, [failed_share(), failed_share()]);
    assert_eq!(told(&mut world, split_id, Source::Query, none), SplitState::Failed);
    go_on(&mut world, second);
    world.refund_told(second, Source::Reply, refund_failed());
    assert_eq!(books(&world), [PRICE, 0, -NET]);
}

pub fn later(world: &mut World) -> AttemptId {
    let terms = SplitTerms { later: true, ..SplitTerms::default() };
    let order = CreatePayment { splits: terms, ..world.order() };
    pay(world, &order)
}

#[test]
fn a_sender_that_died_makes_a_refusal_prove_nothing() {
    let refusal =
        || SplitFinding::Failed { code: "ACQ.INVALID_PARAMETER".to_owned(), message: String::new() };
    let mut world = world();
    let (_, split_id) = collected(&mut world);
    world.after(DAY_US);
    world.claim(split_id);
    world.after(DAY_US);
    world.claim(split_id);
    assert_eq!(told(&mut world, split_id, Source::Reply, refusal()), SplitState::Processing);
    assert_eq!(books(&world), [7_000, 3_000, -NET]);
    assert!(world.next(split_id).starts_with("split_query+"));
    assert_eq!(told(&mut world, split_id, Source::Query, refusal()), SplitState::Processing);
    let all = shares(&world, [ShareResult::Paid, ShareResult::Paid]);
    assert_eq!(told(&mut world, split_id, Source::Query, all), SplitState::Succeeded);
    assert_eq!(books(&world), [7_000, 0, -NET + 3_000]);
}

#[test]
fn what_was_kept_for_later_is_divided_until_the_last_word() {
    let mut world = world();
    let (one, two) = (bound(&mut world, "1"), bound(&mut world, "2"));
    let attempt_id = later(&mut world);
    assert_eq!(books(&world), [PRICE, 0, -NET]);
    let nothing = divide(&mut world, attempt_id, ("S0", vec![], false));
    assert!(matches!(nothing, Err(Refusal::FieldInvalid { .. })));
    let first = divide(&mut world, attempt_id, ("S1", vec![share(one, 2_000)], false)).unwrap();
    assert!(!first.split.last);
    assert_eq!(books(&world), [8_000, 2_000, -NET]);
    let again = divide(&mut world, attempt_id, ("S1", vec![share(one, 2_000)], false)).unwrap();
    assert_eq!((again.split.id, again.existing), (first.split.id, true));
    let changed = divide(&mut world, attempt_id, ("S1", vec![share(one, 2_000)], true));
    assert_eq!(changed.unwrap_err(), Refusal::SplitConflict);
    let more = divide(&mut world, attempt_id, ("S2", vec![share(two, 1_001)], false));
    let (max, sum) = (Amount::fen(3_000), Amount::fen(3_001));
    assert_eq!(more.unwrap_err(), Refusal::SplitExceedsAmount { max, sum });
    let overtakes = divide(&mut world, attempt_id, ("S2", vec![], true));
    assert_eq!(overtakes.unwrap_err(), Refusal::SplitConflict, "the first would find nothing left");
    told(&mut world, first.split.id, Source::Reply, SplitFinding::Accepted);
    let one_paid = shares(&world, [ShareResult::Paid]);
    told(&mut world, first.split.id, Source::Query, one_paid);
    let last = divide(&mut world, attempt_id, ("S2", vec![], true)).unwrap();
    assert_eq!((last.split.amount_minor, last.lines.len()), (0, 0));
    let late = divide(&mut world, attempt_id, ("S3", vec![share(two, 1)], false));
    assert_eq!(late.unwrap_err(), Refusal::NotSplittable);
    told(&mut world, last.split.id, Source::Reply, SplitFinding::Unclear);
    assert!(world.next(last.split.id).starts_with("split+"), "said again under its number");
    assert_eq!(told(&mut world, last.split.id, Source::Reply, SplitFinding::Accepted), SplitState::Succeeded);
    assert_eq!((world.next(last.split.id), books(&world)), ("done".to_owned(), [8_000, 0, -NET + 2_000]));
}

#[test]
fn only_what_the_order_announced_is_divided_by_its_channel() {
    let mut world = world();
    let one = bound(&mut world, "1");
    let attempt_id = world.collected();
    let split = divide(&mut world, attempt_id, ("S1", vec![share(one, 1)], false));
    assert_eq!(split.unwrap_err(), Refusal::NotSplittable);
    let terms = SplitTerms { later: true, ..SplitTerms::default() };
    let order = CreatePayment { splits: terms, ..world.order() };
    let payment_id = world.run(&order).unwrap().payment.id;
    assert_eq!(world.start(payment_id, Method::WechatNative).unwrap_err(), Refusal::ChannelNotAvailable);
    world.attempt(payment_id, Method::AlipayQr);
}

#[test]
fn a_payment_too_small_for_its_shares_is_the_merchants_and_released() {
    let mut world = world();
    let one = bound(&mut world, "1");
    let order = order(&mut world, vec![share(one, 3_000)]);
    let payment_id = world.run(&order).unwrap().payment.id;
    let attempt_id = world.attempt(payment_id, Method::AlipayQr);
    let mut evidence = evidence("txn");
    evidence.borne = Some(Borne { payer_minor: 2_999, settled_minor: 2_999 });
    world.told(attempt_id, Source::Callback, PaymentFinding::Paid(evidence));
    assert_eq!(world.exceptions(), ["split_uncovered open"]);
    let rest = world.snapshot.splits.iter().next().unwrap();
    assert_eq!((rest.lines_count, rest.last), (0, true));
    assert_eq!(world.next(rest.id), "split+30");
}

#[test]
fn somebodys_word_that_money_moved_has_the_channel_asked_now() {
    let mut world = world();
    let (_, split_id) = collected(&mut world);
    let ask = RequestSplitQuery { tenant_id: TENANT, split_id };
    world.run(&ask).unwrap();
    assert_eq!(world.next(split_id), "split+30", "what was not said is not asked about");
    told(&mut world, split_id, Source::Reply, SplitFinding::Accepted);
    let before = books(&world);
    world.run(&ask).unwrap();
    assert_eq!((world.next(split_id), books(&world)), ("split_query+0".to_owned(), before));
    world.claim(split_id);
    let leased = world.instruction(split_id).lease_until_us;
    world.run(&ask).unwrap();
    assert_eq!(world.instruction(split_id).lease_until_us, leased, "somebody is asking");
    let paid = shares(&world, [ShareResult::Paid, ShareResult::Paid]);
    told(&mut world, split_id, Source::Query, paid);
    world.run(&ask).unwrap();
    assert_eq!(world.next(split_id), "done");
}
