//! Who pays what: parts before the channel, discounts inside it, and what goes back of both.

use crate::kit::{
    CONTRACT, MERCHANT, PRICE, TENANT, World, contract, done, evidence, failed, merchant, paid, product,
    refund_failed,
};
use proptest::prelude::*;
use tk_domain::channel_account::Method;
use tk_domain::id::{AttemptId, Id128, PartnerId, PaymentId, RefundId};
use tk_domain::ledger::{AccountKind, AccountRef, Owner};
use tk_domain::partner::{Partner, PartnerKind};
use tk_domain::payment::{
    Attempt, CreatePayment, Disposition, FeeSnapshot, Part, PartDebtor, PartFunder, PartKind, PartReturn,
    Payment, PaymentStatus, RefundStatus,
};
use tk_domain::refund::RefundState;
use tk_domain::refusal::Refusal;
use tk_domain::report::{Borne, PaidEvidence, PaymentFinding, RefundFinding, Source};
use tk_domain::snapshot::Snapshot;
use tk_domain::view::{PaymentView, RefundView};
use tk_money::{Amount, Currency, Rate};

const PARTNER: PartnerId = PartnerId(Id128([9; 16]));

/// What holds of a payment's parts whatever happened.
pub fn parts_hold(payment: &Payment, snapshot: &Snapshot) {
    let parts = payment.parts();
    let whole: i64 = parts.iter().map(|part| part.amount).sum();
    assert_eq!(payment.payer_minor + whole, payment.amount_minor);
    let live = snapshot.refunds.iter().filter(|refund| {
        payment.effective_attempt_id == Some(refund.attempt_id)
            && (refund.status.counts() || refund.late_succeeded_at_us.is_some())
    });
    let mut back = vec![0; parts.len()];
    for refund in live {
        for (sum, share) in back.iter_mut().zip(refund.part_shares()) {
            *sum += share;
        }
    }
    let counted = payment.parts_back();
    for (place, part) in parts.iter().enumerate() {
        assert_eq!(counted.get(place).copied().unwrap_or(0), back[place], "{payment:?}");
        assert!((0..=part.amount).contains(&back[place]), "never more than was put up");
        // What a refund done after its end left to one that was then open and withdrawn, a person settles.
        let whole = payment.refunded_minor > 0 && payment.refunded_minor >= payment.refund_base_minor();
        if payment.status == PaymentStatus::Succeeded && whole {
            let expected = if part.on_refund == PartReturn::Kept { 0 } else { part.amount };
            assert_eq!(back[place], expected, "a full refund gives back the whole");
        }
    }
}

/// What holds of the channel's discounts whatever happened.
pub fn discounts_hold(attempt: &Attempt, snapshot: &Snapshot) {
    let discount = attempt.discount;
    let live = snapshot.refunds.iter().filter(|refund| {
        refund.attempt_id == attempt.id && (refund.status.counts() || refund.late_succeeded_at_us.is_some())
    });
    let (mut settled, mut merchant) = (0, 0);
    for refund in live {
        settled += refund.shares.discount_minor;
        merchant += refund.shares.discount_merchant_minor;
    }
    assert_eq!((settled, merchant), (discount.back_minor, discount.merchant_back_minor), "{attempt:?}");
    assert!(discount.back_minor <= discount.settled_minor);
    assert!(discount.merchant_back_minor <= discount.merchant_minor);
    let whole = attempt.payer_paid_minor() > 0
        && attempt.refunded_minor + attempt.refunding_minor == attempt.payer_paid_minor();
    if whole {
        assert_eq!(
            discount.back_minor + discount.merchant_back_minor,
            discount.settled_minor + discount.merchant_minor
        );
    }
}

/// A part of a merchant's debt, going back in proportion.
pub fn part(kind: PartKind, funder: PartFunder, amount: i64) -> Part {
    let debtor = (kind == PartKind::Advance).then_some(PartDebtor::Merchant);
    Part {
        kind,
        funder,
        debtor,
        amount,
        on_refund: PartReturn::Proportion,
        reference: "ADV-2026-01".to_owned(),
    }
}

/// The partner of payments with parts.
pub fn partner() -> Partner {
    Partner {
        tenant_id: TENANT,
        id: PARTNER,
        code: "agency".to_owned(),
        name: "代理".to_owned(),
        kind: PartnerKind::Unlicensed,
        licence_no: None,
        licence_scope: None,
        licence_until_day: None,
        enabled: true,
        created_at_us: 0,
        version: 1,
    }
}

fn world() -> World {
    let fee = FeeSnapshot { rate: Rate::from_ppm(6_000).unwrap(), returned: true, ..FeeSnapshot::default() };
    let mut world = World::with(
        tk_domain::merchant::Merchant { fee, ..merchant() },
        product(),
        tk_domain::channel_account::ChannelAccount { fee_returned: true, ..contract(CONTRACT) },
    );
    world.snapshot.partners.load(partner());
    world
}

impl World {
    /// A payment whose payer is asked for [`PRICE`] beside these parts.
    pub fn parted(&mut self, parts: Vec<Part>) -> Result<PaymentId, Refusal> {
        let whole: i64 = parts.iter().map(|part| part.amount).sum();
        let order = CreatePayment {
            amount: Amount::fen(PRICE + whole),
            partner_id: Some(PARTNER),
            parts,
            ..self.order()
        };
        self.run(&order).map(|created| created.payment.id)
    }

    fn collected_with(&mut self, parts: Vec<Part>) -> AttemptId {
        let payment_id = self.parted(parts).unwrap();
        let attempt_id = self.attempt(payment_id, Method::AlipayQr);
        self.told(attempt_id, Source::Callback, paid(&format!("txn-{attempt_id}")));
        attempt_id
    }

    fn discounted(&mut self, payer_minor: i64, settled_minor: i64) -> AttemptId {
        let attempt_id = self.open(Method::AlipayQr);
        self.told(attempt_id, Source::Query, paid_with("txn", payer_minor, settled_minor));
        attempt_id
    }

    fn of(&self, owner: Owner, kind: AccountKind) -> i64 {
        let name = AccountRef { tenant_id: TENANT, owner, kind, currency: Currency::Cny };
        self.snapshot.account(&name, 0).balance_minor
    }

    fn refund_done(&mut self, attempt_id: AttemptId, number: &str, minor: i64) -> RefundId {
        let id = self.refund(attempt_id, number, minor).unwrap();
        let order_minor = self.the_refund(id).order_minor;
        self.refund_told(id, Source::Query, done(order_minor));
        id
    }
}

fn paid_with(txn: &str, payer_minor: i64, settled_minor: i64) -> PaymentFinding {
    let borne = Some(Borne { payer_minor, settled_minor });
    PaymentFinding::Paid(PaidEvidence { borne, ..evidence(txn) })
}

const fn done_with(order_minor: i64, payer_minor: i64, settled_minor: i64) -> RefundFinding {
    let borne = Some(Borne { payer_minor, settled_minor });
    RefundFinding::Done { amount: Amount::fen(order_minor), borne, at_us: None }
}

#[test]
fn parts_are_checked_and_leave_the_payer_something() {
    let coupon = |minor| part(PartKind::Coupon, PartFunder::Merchant, minor);
    let advance = || part(PartKind::Advance, PartFunder::Channel, 500);
    let too_many: Vec<Part> = (0..11).map(|_| coupon(1)).collect();
    let bad = [
        (too_many, "field_invalid"),
        (vec![coupon(0)], "field_invalid"),
        (vec![coupon(-1)], "field_invalid"),
        (vec![coupon(i64::MAX), coupon(i64::MAX)], "amount_overflow"),
        (vec![part(PartKind::Coupon, PartFunder::Channel, 1)], "field_invalid"),
        (vec![part(PartKind::Advance, PartFunder::Tenant, 1)], "field_invalid"),
        (vec![Part { debtor: None, ..advance() }], "field_invalid"),
        (vec![Part { debtor: Some(PartDebtor::Payer), ..coupon(1) }], "field_invalid"),
        (vec![Part { on_refund: PartReturn::Kept, ..advance() }], "field_invalid"),
        (
            vec![Part {
                debtor: Some(PartDebtor::Partner),
                ..part(PartKind::Advance, PartFunder::Partner, 1)
            }],
            "field_invalid",
        ),
        (vec![coupon(PRICE)], "parts_exceed_amount"),
        (vec![coupon(PRICE - 1), advance()], "parts_exceed_amount"),
    ];
    let mut world = world();
    for (parts, code) in bad {
        let order = CreatePayment { parts: parts.clone(), partner_id: Some(PARTNER), ..world.order() };
        assert_eq!(world.run(&order).unwrap_err().code(), code, "{parts:?}");
    }
    let of_partner = vec![part(PartKind::Coupon, PartFunder::Partner, 1)];
    let order = CreatePayment { parts: of_partner, ..world.order() };
    assert_eq!(world.run(&order).unwrap_err().code(), "field_invalid", "the payment has no partner");
    let order = CreatePayment { parts: vec![coupon(PRICE - 1)], ..world.order() };
    let payment = world.run(&order).unwrap().payment;
    assert_eq!((payment.payer_minor, payment.amount_minor), (1, PRICE));
    let other = CreatePayment { parts: vec![coupon(PRICE - 2)], ..order };
    assert_eq!(world.run(&other).unwrap_err(), Refusal::OrderConflict, "other parts are other terms");
}

#[test]
fn the_channel_sees_the_payers_part_and_the_merchant_gets_what_others_put_up() {
    let mut world = world();
    let attempt_id = world.collected_with(vec![
        part(PartKind::Coupon, PartFunder::Merchant, 1_000),
        part(PartKind::Coupon, PartFunder::Partner, 600),
        part(PartKind::Advance, PartFunder::Channel, 400),
    ]);
    assert_eq!(world.the_attempt(attempt_id).amount_minor, PRICE);
    let payment = world.payment_of(attempt_id);
    assert_eq!((payment.amount_minor, payment.refundable_minor()), (PRICE + 2_000, PRICE));
    assert_eq!(payment.fee_minor, 60, "on what the channel carried");
    let merchant = Owner::Merchant(MERCHANT);
    let channel = Owner::ChannelAccount(CONTRACT);
    assert_eq!(world.of(merchant, AccountKind::PendingSettlement), PRICE + 600 + 400);
    assert_eq!(world.of(Owner::Partner(PARTNER), AccountKind::CouponReceivable), -600);
    assert_eq!(world.of(channel, AccountKind::AdvanceFunding), -400);
    assert_eq!(world.of(merchant, AccountKind::AdvanceReceivable), -400);
    assert_eq!(world.of(channel, AccountKind::AdvancePayable), 400);
    let view = serde_json::to_value(PaymentView::of(world.payment_of(attempt_id), None, false)).unwrap();
    assert_eq!(view["payer_amount"], PRICE);
    assert_eq!(view["parts"][2]["debtor"], "merchant");
    assert_eq!(view["parts"][1]["amount_returned"], 0);
}

#[test]
fn only_the_payers_part_goes_back_to_him_and_the_rest_to_whom_it_came_from() {
    let mut world = world();
    let attempt_id = world.collected_with(vec![
        part(PartKind::Coupon, PartFunder::Tenant, 1_000),
        Part { debtor: Some(PartDebtor::Payer), ..part(PartKind::Advance, PartFunder::Partner, 333) },
        Part { on_refund: PartReturn::Kept, ..part(PartKind::Coupon, PartFunder::Partner, 77) },
    ]);
    let refusal = world.refund(attempt_id, "R0", PRICE + 1).unwrap_err();
    assert!(matches!(refusal, Refusal::RefundExceedsRefundable { .. }), "the cap is what he paid");
    let mut shares = Vec::new();
    for (number, minor) in [3_333, 3_333, 3_334].into_iter().enumerate() {
        let id = world.refund_done(attempt_id, &format!("R{number}"), minor);
        let refund = world.the_refund(id);
        assert_eq!((refund.order_minor, refund.payer_back_minor), (minor, Some(minor)));
        assert_eq!(world.hold_of(id).amount_minor(), minor + refund.shares.parts_minor);
        shares.push(refund.part_shares());
    }
    assert_eq!(shares, [[333, 111, 0], [334, 111, 0], [333, 111, 0]]);
    assert_eq!(world.payment_of(attempt_id).refund_status, RefundStatus::Full);
    assert_eq!(
        world.of(Owner::Merchant(MERCHANT), AccountKind::PendingSettlement),
        77,
        "a kept coupon stays"
    );
    assert_eq!(world.of(Owner::Partner(PARTNER), AccountKind::CouponReceivable), -77);
    let square = [
        AccountKind::Held,
        AccountKind::ChannelReceivable,
        AccountKind::AdvanceFunding,
        AccountKind::AdvancePayable,
        AccountKind::AdvanceReceivable,
        AccountKind::FeeIncome,
        AccountKind::FeeCost,
    ];
    assert_eq!(square.map(|kind| world.balance(kind)), [0; 7]);
}

#[test]
fn a_refund_that_fails_leaves_its_shares_to_the_next() {
    let mut world = world();
    let parts = vec![part(PartKind::Advance, PartFunder::Channel, 101)];
    let attempt_id = world.collected_with(parts);
    let first = world.refund(attempt_id, "R1", 5_000).unwrap();
    let second = world.refund(attempt_id, "R2", 4_000).unwrap();
    world.refund_told(first, Source::Reply, refund_failed());
    let third = world.refund(attempt_id, "R3", 6_000).unwrap();
    world.refund_told(third, Source::Query, done(6_000));
    world.refund_told(second, Source::Query, done(4_000));
    assert_eq!(world.payment_of(attempt_id).parts_back(), [101]);
    assert_eq!(world.of(Owner::ChannelAccount(CONTRACT), AccountKind::AdvancePayable), 0);
    // The first one is done after all: the channel paid twice, and no advance goes back twice.
    world.refund_told(first, Source::Query, done(5_000));
    assert_eq!(world.payment_of(attempt_id).parts_back(), [101]);
    assert_eq!(world.of(Owner::ChannelAccount(CONTRACT), AccountKind::RefundReceivable), -5_000);
    assert_eq!(world.of(Owner::ChannelAccount(CONTRACT), AccountKind::AdvancePayable), 0);
}

#[test]
fn a_refund_done_after_it_failed_takes_its_shares_along() {
    let mut world = world();
    let attempt_id = world.collected_with(vec![part(PartKind::Coupon, PartFunder::Tenant, 1_000)]);
    let id = world.refund(attempt_id, "R1", 4_000).unwrap();
    world.refund_told(id, Source::Reply, refund_failed());
    assert_eq!(world.payment_of(attempt_id).parts_back(), [0]);
    world.refund_told(id, Source::Bill, done(4_000));
    assert_eq!(world.payment_of(attempt_id).parts_back(), [400]);
    assert_eq!(world.of(Owner::Tenant, AccountKind::CouponReceivable), -600);
    assert_eq!(world.of(Owner::Merchant(MERCHANT), AccountKind::PendingSettlement), 6_600);
    world.refund_done(attempt_id, "R2", 6_000);
    assert_eq!(world.of(Owner::Merchant(MERCHANT), AccountKind::PendingSettlement), 0);
    assert_eq!(world.of(Owner::Tenant, AccountKind::CouponReceivable), 0);
}

#[test]
fn stray_money_of_a_payment_with_parts_is_the_payers_part_only() {
    let mut world = world();
    let payment_id = world.parted(vec![part(PartKind::Advance, PartFunder::Channel, 2_000)]).unwrap();
    let first = world.attempt(payment_id, Method::AlipayQr);
    world.told(first, Source::Reply, failed());
    let second = world.attempt(payment_id, Method::AlipayQr);
    world.told(second, Source::Callback, paid("txn-2"));
    world.told(first, Source::Callback, paid("txn-1"));
    assert_eq!(world.the_attempt(first).disposition, Some(Disposition::Duplicate));
    let refund = world.snapshot.refunds.iter().find(|row| row.attempt_id == first).unwrap().clone();
    assert_eq!((refund.amount_minor, refund.order_minor, refund.parts), (PRICE, PRICE, None));
    world.refund_told(refund.id, Source::Query, done(PRICE));
    assert_eq!(world.payment_of(first).parts_back(), Vec::<i64>::new());
    assert_eq!(world.of(Owner::ChannelAccount(CONTRACT), AccountKind::AdvancePayable), 2_000);
    assert_eq!(world.balance(AccountKind::Duplicate), 0);
}

#[test]
fn a_discount_inside_the_channel_is_told_by_it_and_never_reaches_the_payer() {
    let mut world = world();
    // Of 100.00 the payer paid 85.00, the channel put up 10.00, and the merchant bears 5.00.
    let attempt_id = world.discounted(8_500, 9_500);
    let attempt = world.the_attempt(attempt_id);
    assert_eq!((attempt.received_minor, attempt.payer_paid_minor()), (PRICE, 8_500));
    assert_eq!(attempt.channel_fee_minor, 29, "on what is paid over");
    assert_eq!(world.balance(AccountKind::PendingSettlement), 9_500);
    assert_eq!(world.balance(AccountKind::ChannelReceivable), -(9_500 - 29));
    assert_eq!(world.payment_of(attempt_id).refundable_minor(), 8_500);
    let mut orders = Vec::new();
    for (number, minor) in [2_833, 2_833, 2_834].into_iter().enumerate() {
        let id = world.refund(attempt_id, &format!("R{number}"), minor).unwrap();
        let refund = world.the_refund(id).clone();
        let settled = refund.settled_minor();
        world.refund_told(id, Source::Query, done_with(refund.order_minor, minor, settled));
        let view = serde_json::to_value(RefundView::of(world.the_refund(id), false)).unwrap();
        assert_eq!(view["payer_amount"], minor);
        assert_eq!(view["coupon_returned"], refund.order_minor - minor);
        orders.push(refund.order_minor);
    }
    assert_eq!(orders.iter().sum::<i64>(), PRICE, "the channel's order is refunded exactly");
    assert_eq!(world.payment_of(attempt_id).refund_status, RefundStatus::Full);
    let square = [AccountKind::PendingSettlement, AccountKind::ChannelReceivable, AccountKind::Held];
    assert_eq!(square.map(|kind| world.balance(kind)), [0; 3]);
    assert!(world.exceptions().is_empty(), "{:?}", world.exceptions());
}

#[test]
fn what_the_channel_says_of_a_refund_is_booked_and_a_difference_is_told() {
    // The channel took back more of the merchant's coupon than in proportion, so that less left us; then the opposite.
    for (payer, settled, pending) in [(4_250, 4_400, 5_100), (4_250, 4_900, 4_600)] {
        let mut world = world();
        let attempt_id = world.discounted(8_500, 9_500);
        let id = world.refund(attempt_id, "R1", 4_250).unwrap();
        assert_eq!(world.hold_of(id).amount_minor(), 4_750);
        world.refund_told(id, Source::Query, done_with(5_000, payer, settled));
        let refund = world.the_refund(id);
        assert_eq!((refund.payer_back_minor, refund.settled_back_minor), (Some(payer), Some(settled)));
        assert_eq!(world.balance(AccountKind::PendingSettlement), pending);
        assert_eq!(world.balance(AccountKind::Held), 0);
        assert_eq!(world.exceptions(), ["refund_mismatch open"]);
    }
    // More than the merchant has is owed by it.
    let mut world = world();
    let attempt_id = world.discounted(8_500, 9_500);
    let id = world.refund(attempt_id, "R1", 8_500).unwrap();
    world.refund_told(id, Source::Query, done_with(PRICE, 8_600, PRICE));
    assert_eq!(world.of(Owner::Merchant(MERCHANT), AccountKind::RefundReceivable), -500);
    // Words that do not add up are told and not booked.
    let mut world = crate::parts::world();
    let attempt_id = world.discounted(8_500, 9_500);
    let id = world.refund(attempt_id, "R1", 8_500).unwrap();
    world.refund_told(id, Source::Query, done_with(PRICE, 9_000, 8_000));
    assert_eq!(world.the_refund(id).payer_back_minor, Some(8_500));
    assert_eq!(world.exceptions(), ["refund_mismatch open"]);
}

#[test]
fn an_order_paid_by_coupons_alone_has_nothing_to_refund() {
    let mut world = world();
    let attempt_id = world.discounted(0, PRICE);
    assert_eq!(world.payment_of(attempt_id).refundable_minor(), 0);
    let refusal = world.refund(attempt_id, "R1", 1).unwrap_err();
    assert!(matches!(refusal, Refusal::RefundExceedsRefundable { .. }), "{refusal:?}");
    // The same money once more is held for a person: there is nobody to give it back to.
    let payment_id = world.payment();
    let first = world.attempt(payment_id, Method::AlipayQr);
    world.told(first, Source::Reply, failed());
    world.told(first, Source::Callback, paid_with("txn-late", 0, PRICE));
    assert_eq!(world.balance(AccountKind::LateSuccess), PRICE);
    assert!(world.snapshot.refunds.iter().next().is_none());
}

#[test]
fn an_order_that_brings_no_money_at_all_is_left_to_a_person() {
    let mut world = world();
    let attempt_id = world.open(Method::AlipayQr);
    for source in [Source::Callback, Source::Query] {
        world.told(attempt_id, source, paid_with("txn", 0, 0));
        assert_eq!(world.the_attempt(attempt_id).disposition, None);
        assert_eq!(world.exceptions(), ["amount_mismatch open"]);
    }
}

#[derive(Debug, Clone)]
enum Step {
    Refund(i64),
    Cancel(usize),
    Fail(usize),
    /// Done, and by how much the channel's words differ from what is expected.
    Done(usize, i64, i64),
    Again,
}

fn step() -> impl Strategy<Value = Step> {
    let which = || 0_usize..6;
    let off = || prop::sample::select(vec![0_i64, 0, 0, -1, 1, -200, 200]);
    prop_oneof![
        4 => prop::sample::select(vec![1_i64, 7, 999, 3_333, 8_500]).prop_map(Step::Refund),
        1 => which().prop_map(Step::Cancel),
        2 => which().prop_map(Step::Fail),
        4 => (which(), off(), off()).prop_map(|(which, payer, settled)| Step::Done(which, payer, settled)),
        1 => Just(Step::Again),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
    /// The kit checks every invariant after each step; the merchant's accounts are square in the end.
    #[test]
    fn shares_add_up_in_any_order(
        steps in prop::collection::vec(step(), 1..40),
        (payer, settled) in prop::sample::select(vec![(PRICE, PRICE), (8_500, 9_500), (9_999, PRICE), (8_501, 8_501), (1, 2)]),
    ) {
        let mut world = world();
        let payment_id = world.parted(vec![
            part(PartKind::Coupon, PartFunder::Tenant, 997),
            part(PartKind::Advance, PartFunder::Channel, 13),
            part(PartKind::Coupon, PartFunder::Merchant, 5),
        ]).unwrap();
        let attempt_id = world.attempt(payment_id, Method::AlipayQr);
        world.told(attempt_id, Source::Query, paid_with("txn", payer, settled));
        let mut refunds = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Refund(minor) => refunds.extend(world.refund(attempt_id, &format!("R{number}"), minor)),
                Step::Again => {
                    let left = world.payment_of(attempt_id).refundable_minor();
                    refunds.extend(world.refund(attempt_id, &format!("R{number}"), left));
                }
                Step::Cancel(which) => if let Some(id) = refunds.get(which) { let _ = world.cancel(*id); },
                Step::Fail(which) => if let Some(id) = refunds.get(which).copied() {
                    world.refund_told(id, Source::Query, refund_failed());
                },
                Step::Done(which, payer, settled) => if let Some(id) = refunds.get(which).copied() {
                    let refund = world.the_refund(id).clone();
                    let (order, got) = (refund.order_minor, refund.amount_minor + payer);
                    let finding = done_with(order, got, refund.settled_minor() + settled);
                    world.refund_told(id, Source::Query, finding);
                },
            }
        }
        let open = |world: &World| world.snapshot.refunds.iter()
            .find(|row| matches!(row.status, RefundState::Approved | RefundState::Processing))
            .map(|row| (row.id, row.order_minor));
        while let Some((id, order_minor)) = open(&world) {
            world.refund_told(id, Source::Query, done(order_minor));
        }
        let payment = world.payment_of(attempt_id).clone();
        let returned: i64 = payment.parts_back().first().copied().unwrap_or(0);
        prop_assert_eq!(world.of(Owner::Tenant, AccountKind::CouponReceivable), returned - 997);
        prop_assert_eq!(world.balance(AccountKind::Held), 0);
    }
}
