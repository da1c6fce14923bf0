//! Splits in the books: who gets what, and what refunds take back.

use crate::kit::{
    CONTRACT, Counter, MERCHANT, PRICE, TENANT, World, done, evidence, merchant, paid, product, refund_failed,
};
use tk_domain::audit::Origin;
use tk_domain::channel_account::Method;
use tk_domain::id::{AttemptId, Id128, MerchantId, PaymentId, SplitReceiverId};
use tk_domain::ledger::{AccountKind, AccountRef};
use tk_domain::merchant::Merchant;
use tk_domain::moment::Entropy;
use tk_domain::payment::{
    CreatePayment, FeeSnapshot, Item, Part, PartFunder, PartKind, PartReturn, PaymentStatus,
};
use tk_domain::refund::RefundState;
use tk_domain::refusal::Refusal;
use tk_domain::report::{Borne, PaidEvidence, PaymentFinding, Source};
use tk_domain::split::{CreateSplit, Share, SplitCreated, SplitState, SplitTerms};
use tk_money::{Amount, Currency};

const SISTER: MerchantId = MerchantId(Id128([12; 16]));
const BROTHER: MerchantId = MerchantId(Id128([13; 16]));
const STRANGER: MerchantId = MerchantId(Id128([14; 16]));

fn family(fee: FeeSnapshot) -> World {
    let entity = Some("91310000".to_owned());
    let own = Merchant { fee, legal_entity: entity.clone(), ..merchant() };
    let mut world = World::with(own.clone(), product(), crate::kit::contract(CONTRACT));
    for (id, code, legal_entity) in
        [(SISTER, "car", entity.clone()), (BROTHER, "home", entity), (STRANGER, "shop", None)]
    {
        world.snapshot.merchants.load(Merchant { id, code: code.to_owned(), legal_entity, ..own.clone() });
    }
    world
}

fn world() -> World {
    family(FeeSnapshot::default())
}

fn share(merchant: MerchantId) -> Share {
    Share { merchant: Some(merchant), receiver: None, amount: None, rate_ppm: None, item: None }
}

fn amount(merchant: MerchantId, minor: i64) -> Share {
    Share { amount: Some(minor), ..share(merchant) }
}

fn rate(merchant: MerchantId, ppm: i64) -> Share {
    Share { rate_ppm: Some(ppm), ..share(merchant) }
}

fn terms(shares: Vec<Share>) -> SplitTerms {
    SplitTerms { shares, ..SplitTerms::default() }
}

fn agreed(world: &mut World, shares: Vec<Share>) -> Result<PaymentId, Refusal> {
    let order = CreatePayment { splits: terms(shares), ..world.order() };
    world.run(&order).map(|created| created.payment.id)
}

fn collected(world: &mut World, shares: Vec<Share>) -> AttemptId {
    let payment_id = agreed(world, shares).unwrap();
    let attempt_id = world.attempt(payment_id, Method::AlipayQr);
    world.told(attempt_id, Source::Callback, paid(&format!("txn-{attempt_id}")));
    attempt_id
}

fn has(world: &World, merchant: MerchantId, kind: AccountKind) -> i64 {
    let name = AccountRef::merchant(TENANT, merchant, kind, Currency::Cny);
    world.snapshot.account(&name, 0).balance_minor
}

fn pending(world: &World) -> [i64; 3] {
    [MERCHANT, SISTER, BROTHER].map(|id| has(world, id, AccountKind::PendingSettlement))
}

fn divide(
    world: &mut World,
    attempt_id: AttemptId,
    no: &str,
    shares: Vec<Share>,
) -> Result<SplitCreated, Refusal> {
    let payment_id = world.the_attempt(attempt_id).payment_id;
    world.run(&CreateSplit {
        tenant_id: TENANT,
        payment_id,
        merchant_split_no: no.to_owned(),
        terms: terms(shares),
        last: false,
        origin: Origin::system(),
    })
}

#[test]
fn a_success_divides_as_agreed_and_the_rest_is_the_merchants() {
    let thirds = || vec![rate(SISTER, 333_333), rate(BROTHER, 333_333)];
    let cases = [
        (vec![amount(SISTER, 4_000)], [6_000, 4_000, 0]),
        (vec![rate(SISTER, 300_000), amount(BROTHER, 1)], [6_999, 3_000, 1]),
        (thirds(), [3_334, 3_333, 3_333]),
        // The whole by rates: the residue is the last receiver's, as nothing is the merchant's.
        (vec![rate(SISTER, 333_333), rate(BROTHER, 666_667)], [0, 3_333, 6_667]),
        (vec![amount(SISTER, PRICE)], [0, PRICE, 0]),
    ];
    for (shares, expected) in cases {
        let mut world = world();
        let attempt_id = collected(&mut world, shares);
        assert_eq!(pending(&world), expected);
        let split = world.snapshot.splits.iter().next().unwrap();
        assert_eq!((split.status, split.attempt_id), (SplitState::Succeeded, attempt_id));
        assert_eq!(world.events(split.id), ["split.succeeded"]);
        assert!(split.out_no.starts_with('S') && split.legal_entity.is_some());
    }
}

#[test]
fn a_duplicate_or_late_success_is_never_divided() {
    let mut world = world();
    let payment_id = agreed(&mut world, vec![amount(SISTER, 4_000)]).unwrap();
    let first = world.attempt(payment_id, Method::AlipayQr);
    world.told(first, Source::Query, crate::kit::failed());
    let second = world.attempt(payment_id, Method::AlipayQr);
    world.told(second, Source::Callback, paid("two"));
    world.told(second, Source::Callback, paid("two"));
    world.told(first, Source::Callback, paid("one"));
    assert_eq!(pending(&world), [6_000, 4_000, 0]);
    assert_eq!(world.snapshot.splits.iter().count(), 1);
    let late = agreed(&mut world, vec![amount(SISTER, 4_000)]).unwrap();
    world.close(late).unwrap();
    assert_eq!(world.snapshot.splits.iter().count(), 1);
}

#[test]
fn what_may_not_be_agreed_is_refused() {
    let mut own = world();
    let receiver = SplitReceiverId(Id128([9; 16]));
    let party = Share { receiver: Some(receiver), amount: Some(1), merchant: None, ..share(SISTER) };
    let both = Share { receiver: Some(receiver), ..amount(SISTER, 1) };
    let invalid = |reason| Refusal::FieldInvalid { param: "splits", reason };
    let more =
        |max: i64, sum: i64| Refusal::SplitExceedsAmount { max: Amount::fen(max), sum: Amount::fen(sum) };
    let cases = [
        (vec![amount(SISTER, PRICE + 1)], more(PRICE, PRICE + 1)),
        (vec![amount(SISTER, i64::MAX), amount(BROTHER, 1)], Refusal::AmountOverflow),
        (vec![amount(SISTER, 6_000), rate(BROTHER, 500_000)], more(PRICE, 11_000)),
        (vec![rate(SISTER, 500_000), rate(BROTHER, 500_001)], invalid("rates are more than the whole")),
        (vec![rate(SISTER, i64::MAX), rate(BROTHER, i64::MAX)], invalid("rates are more than the whole")),
        (vec![rate(SISTER, -1)], invalid("a rate is below zero")),
        (vec![rate(SISTER, 1)], invalid("each share must be above zero")),
        (vec![amount(SISTER, 0)], invalid("each share must be above zero")),
        (vec![amount(SISTER, -5)], invalid("each share must be above zero")),
        (vec![share(SISTER)], invalid("each has an amount or a rate")),
        (vec![Share { rate_ppm: Some(1), ..amount(SISTER, 1) }], invalid("each has an amount or a rate")),
        (vec![both], invalid("each names a merchant or a receiver")),
        (vec![amount(SISTER, 1); 21], invalid("at most 20")),
        (vec![amount(MERCHANT, 1)], invalid("the merchant itself keeps what is not given away")),
        (vec![amount(STRANGER, 1)], Refusal::SplitNeedsChannel),
        (vec![party], Refusal::NotFound { what: "split_receiver" }),
        (vec![amount(MerchantId::default(), 1)], Refusal::NotFound { what: "merchant" }),
        (
            vec![Share { item: Some(0), ..amount(SISTER, 1) }],
            invalid("names an item that the payment has not"),
        ),
    ];
    for (shares, refusal) in cases {
        assert_eq!(agreed(&mut own, shares.clone()), Err(refusal), "{shares:?}");
    }
    // Nothing is divided of what the merchant owes as its fee.
    let mut charged = family(merchant().fee);
    assert_eq!(agreed(&mut charged, vec![amount(SISTER, PRICE - 59)]), Err(more(PRICE - 60, PRICE - 59)));
    assert!(agreed(&mut charged, vec![amount(SISTER, PRICE - 60)]).is_ok());
    let order = CreatePayment { splits: terms(vec![amount(SISTER, 5)]), ..own.order() };
    let first = own.run(&order).unwrap().payment.id;
    assert_eq!(own.run(&order).unwrap().payment.id, first);
    let other = CreatePayment { splits: terms(vec![amount(SISTER, 6)]), ..order };
    assert_eq!(own.run(&other).unwrap_err(), Refusal::OrderConflict);
}

#[test]
fn premium_never_goes_to_anybody_else() {
    let item = |name: &str, amount, splittable| Item {
        name: name.to_owned(),
        amount,
        splittable,
        quantity: None,
        unit_price: None,
        kind: None,
        policy_no: None,
        merchant_order_no: None,
        collected_for: None,
    };
    let items = || vec![item("保费", 7_000, false), item("救援包", 2_000, true), item("洗车券", 1_000, true)];
    let of = |place, share: Share| Share { item: Some(place), ..share };
    let cases = [
        (vec![amount(SISTER, 3_000)], None),
        (vec![amount(SISTER, 3_001)], Some(Refusal::SplitExceedsItems)),
        (vec![of(1, rate(SISTER, 500_000)), of(2, amount(BROTHER, 1_000))], None),
        (vec![of(0, amount(SISTER, 1))], Some(Refusal::SplitExceedsItems)),
        (vec![of(2, amount(SISTER, 1_001))], Some(Refusal::SplitExceedsItems)),
        (vec![of(2, amount(SISTER, 600)), of(2, amount(BROTHER, 401))], Some(Refusal::SplitExceedsItems)),
        (vec![of(1, amount(SISTER, 2_000)), amount(BROTHER, 1_001)], Some(Refusal::SplitExceedsItems)),
    ];
    for (shares, refused) in cases {
        let mut world = world();
        let order = CreatePayment { items: items(), splits: terms(shares.clone()), ..world.order() };
        assert_eq!(world.run(&order).err(), refused, "{shares:?}");
    }
    let mut world = world();
    let order = CreatePayment { items: items(), splits: terms(vec![amount(SISTER, 2_500)]), ..world.order() };
    let payment_id = world.run(&order).unwrap().payment.id;
    let attempt_id = world.attempt(payment_id, Method::AlipayQr);
    world.paid(attempt_id);
    let beyond = divide(&mut world, attempt_id, "S1", vec![amount(BROTHER, 501)]);
    assert_eq!(beyond.unwrap_err(), Refusal::SplitExceedsItems);
    divide(&mut world, attempt_id, "S1", vec![amount(BROTHER, 500)]).unwrap();
}

#[test]
fn refunds_take_back_in_proportion_and_exactly_the_whole() {
    let mut world = world();
    let attempt_id = collected(&mut world, vec![rate(SISTER, 333_333), amount(BROTHER, 1)]);
    let first = world.refund(attempt_id, "R1", 1).unwrap();
    assert_eq!(pending(&world), [6_665, 3_333, 1]);
    let second = world.refund(attempt_id, "R2", 4_999).unwrap();
    assert_eq!(pending(&world), [3_332, 1_667, 1], "half of 3,333 and of 1, rounded down, came back");
    world.refund_told(first, Source::Query, done(1));
    world.refund_told(second, Source::Reply, refund_failed());
    assert_eq!(pending(&world), [6_665, 3_333, 1], "what was taken is given again");
    let third = world.refund(attempt_id, "R3", 9_999).unwrap();
    assert_eq!(pending(&world), [0, 0, 0]);
    world.refund_told(third, Source::Query, done(9_999));
    assert!(world.snapshot.split_lines.iter().all(|line| line.returned_minor == line.amount_minor));
    let again = world.refund_told(third, Source::Query, done(9_999));
    assert_eq!(again.refund.status, RefundState::Succeeded);
    assert_eq!(pending(&world), [0, 0, 0]);
}

#[test]
fn any_refunds_in_any_order_end_with_exactly_nothing_shared() {
    for seed in 0..60 {
        let mut world = world();
        let mut dice = Counter(seed);
        let mut draw = |below: i64| i64::try_from(dice.bits() % u128::try_from(below).unwrap()).unwrap();
        let shares = vec![rate(SISTER, 1 + 100 * draw(4_000)), amount(BROTHER, 1 + draw(5_000))];
        let shares = if seed % 2 == 0 { shares } else { vec![amount(SISTER, 1 + draw(PRICE))] };
        let attempt_id = collected(&mut world, shares);
        let mut number = 0;
        while world.the_attempt(attempt_id).refundable_minor() > 0 {
            number += 1;
            let left = world.the_attempt(attempt_id).refundable_minor();
            let minor = if number > 30 { left } else { 1 + draw(left) };
            let id = world.refund(attempt_id, &format!("R{number}"), minor).unwrap();
            match draw(3) {
                0 if number <= 30 => drop(world.refund_told(id, Source::Reply, refund_failed())),
                1 if number <= 30 => drop(world.cancel(id).unwrap()),
                _ => drop(world.refund_told(id, Source::Query, done(minor))),
            }
        }
        assert_eq!(pending(&world), [0, 0, 0], "seed {seed}");
    }
}

#[test]
fn a_receiver_that_has_spent_its_share_stops_the_refund() {
    let mut world = world();
    let attempt_id = collected(&mut world, vec![amount(SISTER, 4_000)]);
    // The sister gives a part of another payment of its own back out of what it has.
    let name = AccountRef::merchant(TENANT, SISTER, AccountKind::PendingSettlement, Currency::Cny);
    let mut account = world.snapshot.account(&name, 0);
    account.balance_minor = 1_999;
    let (balance, short) = (Amount::fen(1_999), Amount::fen(1));
    let command = world.refund_of(attempt_id, "R1", 5_000);
    let mut poor = tk_domain::snapshot::Snapshot::complete();
    poor.payments.load(world.payment_of(attempt_id).clone());
    poor.attempts.load(world.the_attempt(attempt_id).clone());
    poor.channel_accounts.load(crate::kit::contract(CONTRACT));
    for line in world.snapshot.split_lines.iter() {
        poor.split_lines.load(line.clone());
    }
    poor.accounts.load(account);
    let own = World::merchant_account(AccountKind::PendingSettlement);
    poor.accounts.load(world.snapshot.account(&own, 0));
    let mut moment = tk_domain::moment::Moment::new(world.now_us, &mut world.entropy);
    let refused = tk_domain::command::Command::decide(&command, &poor, &mut moment).unwrap_err();
    assert_eq!(refused, Refusal::InsufficientBalance { available: balance, short });
}

#[test]
fn a_refund_done_late_takes_the_share_once_more() {
    let mut world = world();
    let attempt_id = collected(&mut world, vec![amount(SISTER, 4_000)]);
    let id = world.refund(attempt_id, "R1", 5_000).unwrap();
    world.refund_told(id, Source::Reply, refund_failed());
    assert_eq!(pending(&world), [6_000, 4_000, 0]);
    world.refund_told(id, Source::Query, done(5_000));
    assert_eq!(pending(&world), [3_000, 2_000, 0]);
    world.refund_told(id, Source::Query, done(5_000));
    assert_eq!(pending(&world), [3_000, 2_000, 0]);
    let rest = world.refund(attempt_id, "R2", 5_000).unwrap();
    world.refund_told(rest, Source::Query, done(5_000));
    assert_eq!(pending(&world), [0, 0, 0]);
}

#[test]
fn a_collected_payment_is_divided_afterwards() {
    let mut world = world();
    let attempt_id = world.collected();
    let made = divide(&mut world, attempt_id, "S1", vec![amount(SISTER, 4_000)]).unwrap();
    assert_eq!(pending(&world), [6_000, 4_000, 0]);
    let same = divide(&mut world, attempt_id, "S1", vec![amount(SISTER, 4_000)]).unwrap();
    assert!(same.existing && same.split.id == made.split.id && same.lines.len() == 1);
    for shares in [vec![amount(SISTER, 4_001)], vec![amount(BROTHER, 4_000)], vec![amount(SISTER, 4_000); 2]]
    {
        let other = divide(&mut world, attempt_id, "S1", shares);
        assert_eq!(other.unwrap_err(), Refusal::SplitConflict);
    }
    assert!(divide(&mut world, attempt_id, "S1", vec![rate(SISTER, 400_000)]).unwrap().existing);
    let rated = divide(&mut world, attempt_id, "S1", vec![rate(SISTER, 400_100)]);
    assert_eq!(rated.unwrap_err(), Refusal::SplitConflict);
    let more = divide(&mut world, attempt_id, "S2", vec![amount(BROTHER, 6_001)]);
    assert!(matches!(more, Err(Refusal::SplitExceedsAmount { .. })));
    // Half goes back, and half of the share with it; what is then divided counts from there.
    let half = world.refund(attempt_id, "R1", 5_000).unwrap();
    world.refund_told(half, Source::Query, done(5_000));
    assert_eq!(pending(&world), [3_000, 2_000, 0]);
    let none = divide(&mut world, attempt_id, "S2", vec![amount(BROTHER, 3_001)]);
    assert!(matches!(none, Err(Refusal::SplitExceedsAmount { .. })));
    divide(&mut world, attempt_id, "S2", vec![amount(BROTHER, 1_000)]).unwrap();
    let fifth = world.refund(attempt_id, "R2", 1_000).unwrap();
    world.refund_told(fifth, Source::Query, done(1_000));
    assert_eq!(pending(&world), [1_600, 1_600, 800]);
    let rest = world.refund(attempt_id, "R3", 4_000).unwrap();
    world.refund_told(rest, Source::Query, done(4_000));
    assert_eq!(pending(&world), [0, 0, 0]);
}

#[test]
fn what_was_not_collected_or_is_gone_is_not_divided() {
    let mut world = world();
    let unpaid = world.open(Method::AlipayQr);
    let early = divide(&mut world, unpaid, "S1", vec![amount(SISTER, 1)]);
    assert_eq!(early.unwrap_err(), Refusal::NotSplittable);
    let attempt_id = world.collected();
    let nothing = divide(&mut world, attempt_id, "S1", vec![]);
    assert!(matches!(nothing, Err(Refusal::FieldInvalid { .. })));
    let stranger = divide(&mut world, attempt_id, "S1", vec![amount(STRANGER, 1)]);
    assert_eq!(stranger.unwrap_err(), Refusal::SplitNeedsChannel);
    world.refund(attempt_id, "R1", PRICE).unwrap();
    let gone = divide(&mut world, attempt_id, "S1", vec![amount(SISTER, 1)]);
    assert!(matches!(gone, Err(Refusal::SplitExceedsAmount { .. })));
    let other = world.collected();
    for number in 0..9 {
        divide(&mut world, other, &format!("M{number}"), vec![amount(SISTER, 1)]).unwrap();
    }
    let many = divide(&mut world, other, "M9", vec![amount(SISTER, 1)]);
    assert_eq!(many.unwrap_err(), Refusal::LimitReached { what: "splits", max: 9 });
}

/// Goods that may be shared, and a tax.
fn goods_and_tax(goods: i64) -> Vec<Item> {
    let item = |amount, splittable, collected_for: Option<&str>| Item {
        name: "救援包".to_owned(),
        amount,
        splittable,
        quantity: None,
        unit_price: None,
        kind: None,
        policy_no: None,
        merchant_order_no: None,
        collected_for: collected_for.map(str::to_owned),
    };
    vec![item(goods, true, None), item(PRICE - goods, false, Some("税务局"))]
}

#[test]
fn nobody_has_a_share_of_what_is_collected_for_others() {
    let mut world = world();
    let coupon = Part {
        kind: PartKind::Coupon,
        funder: PartFunder::Merchant,
        debtor: None,
        amount: 5_000,
        on_refund: PartReturn::Proportion,
        reference: "NEW".to_owned(),
    };
    let order = CreatePayment {
        items: goods_and_tax(6_000),
        parts: vec![coupon],
        splits: terms(vec![amount(SISTER, 4_500)]),
        ..world.order()
    };
    let refused = world.run(&order).map(|_| ());
    assert!(matches!(refused, Err(Refusal::SplitExceedsAmount { .. })), "{refused:?}");
    let order = CreatePayment { splits: terms(vec![amount(SISTER, 1_000)]), ..order };
    world.run(&order).unwrap();
}

#[test]
fn a_discount_that_leaves_too_little_beside_a_tax_is_booked_and_a_person_looks() {
    let mut world = world();
    let order = CreatePayment {
        items: goods_and_tax(6_000),
        splits: terms(vec![amount(SISTER, 5_500)]),
        ..world.order()
    };
    let payment_id = world.run(&order).unwrap().payment.id;
    let attempt_id = world.attempt(payment_id, Method::AlipayQr);
    let borne = Some(Borne { payer_minor: 7_000, settled_minor: 7_000 });
    let seen = PaidEvidence { borne, ..evidence("txn-discount") };
    world.told(attempt_id, Source::Callback, PaymentFinding::Paid(seen));
    assert_eq!(world.the_payment(payment_id).status, PaymentStatus::Succeeded);
    assert_eq!(pending(&world), [3_000, 0, 0]);
    assert_eq!(world.balance(AccountKind::CollectedForOthers), 4_000);
    assert_eq!(world.exceptions(), ["split_uncovered open"]);
}
