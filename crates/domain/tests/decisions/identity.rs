//! Who pays: what must be proven before an attempt, and what proves it.

use crate::kit::{CONTRACT, PRICE, TENANT, World, contract, merchant, product};
use tk_domain::audit::{Act, Actor, Origin};
use tk_domain::channel_account::Method;
use tk_domain::id::{
    ApiKeyId, Id128, IdentityCheckId, IdentityPhotoId, IdentityPolicyId, PayerId, PaymentId, TypedId,
};
use tk_domain::identity::{
    AddIdentityPhoto, AskOtherWay, DecideIdentityReview, Element, FaceWay, IdentityCheck, IdentityFinding,
    IdentityLevel, IdentityPolicy, IdentityPolicyTerms, IdentityStatus, OpenIdentityCheck, PhotoKind,
    PhotoSide, ReadIdentityPhoto, RequestIdentityReview, SaveIdentityPolicy, SendIdentityCheck, Sending,
    TakeIdentityReport,
};
use tk_domain::moment::{DAY_US, MINUTE_US};
use tk_domain::payment::CreatePayment;
use tk_domain::product::Product;
use tk_domain::refusal::Refusal;
use tk_money::Amount;

const ZHANG: PayerId = PayerId(Id128([41; 16]));
const LI: PayerId = PayerId(Id128([42; 16]));
const QR: Method = Method::AlipayQr;

pub fn policy(name_from: Option<i64>, face_from: Option<i64>) -> IdentityPolicy {
    IdentityPolicy {
        tenant_id: TENANT,
        id: IdentityPolicyId(TENANT.0),
        name_from_minor: name_from,
        face_from_minor: face_from,
        consent_version: "2026-11".to_owned(),
        provider: Some("{}".to_owned()),
        credentials: Some(vec![1]),
        version: 1,
    }
}

fn world(name_from: i64, face_from: i64) -> World {
    let mut world = World::new();
    world.snapshot.identity_policies.load(policy(Some(name_from), Some(face_from)));
    world
}

fn ordered(world: &mut World, payer_id: Option<PayerId>, minor: i64) -> PaymentId {
    let order = CreatePayment { payer_id, amount: Amount::fen(minor), ..world.order() };
    world.run(&order).unwrap().payment.id
}

fn begin(world: &World, payment_id: PaymentId, level: IdentityLevel, payer_id: PayerId) -> OpenIdentityCheck {
    let number = u8::try_from(world.snapshot.identity_checks.iter().count()).unwrap();
    OpenIdentityCheck {
        tenant_id: TENANT,
        check_id: IdentityCheckId(Id128([100 + number; 16])),
        payment_id,
        level,
        elements: vec![Element::Name, Element::IdNumber],
        payer_id,
        masked: "{}".to_owned(),
        sealed: vec![1, 2, 3],
        consent_version: "2026-11".to_owned(),
        sending: Sending::Now,
        origin: Origin::system(),
    }
}

fn told(world: &World, check: &IdentityCheck, finding: IdentityFinding) -> TakeIdentityReport {
    let (check_id, payment_id) = (check.id, check.payment_id);
    TakeIdentityReport { tenant_id: TENANT, check_id, payment_id, finding, asked_at_us: world.now_us }
}

fn proven(world: &mut World, payment_id: PaymentId, level: IdentityLevel, payer_id: PayerId) {
    let command = begin(world, payment_id, level, payer_id);
    let mut check = world.run(&command).unwrap();
    if level == IdentityLevel::Face {
        photos(world, &check);
        check = world.run(&send(&check)).unwrap();
    }
    let report = told(world, &check, IdentityFinding::Passed);
    assert_eq!(world.run(&report).unwrap().status, IdentityStatus::Passed);
}

fn photo(check: &IdentityCheck, number: u8, side: PhotoSide) -> AddIdentityPhoto {
    AddIdentityPhoto {
        tenant_id: TENANT,
        check_id: check.id,
        photo_id: IdentityPhotoId(Id128([number; 16])),
        side,
        kind: PhotoKind::Jpeg,
        sealed: vec![7; 10],
        size_bytes: 9,
        origin: Origin::system(),
    }
}

fn photos(world: &mut World, check: &IdentityCheck) {
    world.run(&photo(check, 1, PhotoSide::Front)).unwrap();
    world.run(&photo(check, 2, PhotoSide::Back)).unwrap();
}

fn send(check: &IdentityCheck) -> SendIdentityCheck {
    let face = FaceWay::HandedOver;
    SendIdentityCheck { tenant_id: TENANT, check_id: check.id, face, origin: Origin::system() }
}

fn required(level: IdentityLevel) -> Refusal {
    Refusal::IdentityRequired { level }
}

#[test]
fn a_way_other_than_the_face_is_asked_for_once_there_are_photos_and_proves_nothing() {
    let mut world = world(PRICE, PRICE);
    let payment_id = ordered(&mut world, None, PRICE);
    let payer_id = PayerId(Id128([1; 16]));
    let command = begin(&world, payment_id, IdentityLevel::Face, payer_id);
    let check = world.run(&command).unwrap();
    let ask = AskOtherWay { tenant_id: TENANT, check_id: check.id, payment_id, origin: Origin::system() };
    assert_eq!(world.run(&ask).unwrap_err(), Refusal::IdentityNotOpen, "there is nothing to look at");
    photos(&mut world, &check);
    let elsewhere = AskOtherWay { payment_id: PaymentId(Id128([9; 16])), ..ask.clone() };
    assert_eq!(world.run(&elsewhere).unwrap_err(), Refusal::NotFound { what: "identity_check" });
    let asked = world.run(&ask).unwrap();
    assert_eq!((asked.status, asked.other_way_at_us), (IdentityStatus::Created, Some(world.now_us)));
    assert_eq!(world.run(&ask).unwrap().other_way_at_us, asked.other_way_at_us);
    assert_eq!(world.start(payment_id, QR).unwrap_err(), required(IdentityLevel::Face));
}

#[test]
fn the_payer_s_way_to_the_provider_s_own_page_is_written_down() {
    let mut world = world(PRICE, PRICE);
    let payment_id = ordered(&mut world, None, PRICE);
    let check = begin(&world, payment_id, IdentityLevel::Face, PayerId(Id128([1; 16])));
    let check = world.run(&check).unwrap();
    photos(&mut world, &check);
    let brought = SendIdentityCheck { face: FaceWay::Brought, ..send(&check) };
    assert_eq!(world.decide(&brought).map(|decision| decision.reply.handed_over_at_us), Ok(None));
    assert_eq!(world.run(&send(&check)).unwrap().handed_over_at_us, Some(world.now_us));
}

#[test]
fn nobody_is_asked_below_the_threshold_and_everybody_from_it_on() {
    let mut world = world(PRICE, 2 * PRICE);
    // Each is somebody else: what one payer paid on a day adds up.
    let payer = |number| PayerId(Id128([number; 16]));
    let cases = [
        (PRICE - 1, None, payer(1)),
        (PRICE, Some(IdentityLevel::RealName), payer(2)),
        (2 * PRICE - 1, Some(IdentityLevel::RealName), payer(3)),
        (2 * PRICE, Some(IdentityLevel::Face), payer(4)),
    ];
    for (minor, level, payer_id) in cases {
        let payment_id = ordered(&mut world, None, minor);
        let started = world.start(payment_id, QR);
        match level {
            None => assert!(started.is_ok(), "{minor}"),
            Some(level) => {
                assert_eq!(started.unwrap_err(), required(level), "{minor}");
                proven(&mut world, payment_id, level, payer_id);
                assert!(world.start(payment_id, QR).is_ok(), "{minor}");
            }
        }
    }
}

#[test]
fn the_stricter_of_product_and_tenant_counts() {
    let strict = Product { identity_name_from_minor: Some(PRICE / 2), ..product() };
    let mut world = World::with(merchant(), strict, contract(CONTRACT));
    let payment_id = ordered(&mut world, None, PRICE / 2);
    assert_eq!(world.start(payment_id, QR).unwrap_err(), required(IdentityLevel::RealName));
    world.snapshot.identity_policies.load(policy(None, Some(PRICE / 2)));
    assert_eq!(world.start(payment_id, QR).unwrap_err(), required(IdentityLevel::Face));
}

#[test]
fn small_payments_of_one_payer_add_up_over_the_shanghai_day() {
    let mut world = world(3 * PRICE, 30 * PRICE);
    for _ in 0..2 {
        let payment_id = ordered(&mut world, Some(ZHANG), PRICE);
        assert!(world.start(payment_id, QR).is_ok());
        assert!(world.start(payment_id, QR).is_ok(), "the same payment is counted once");
    }
    let third = ordered(&mut world, Some(ZHANG), PRICE);
    assert_eq!(world.start(third, QR).unwrap_err(), required(IdentityLevel::RealName));
    let of_another = ordered(&mut world, Some(LI), PRICE);
    assert!(world.start(of_another, QR).is_ok());
    let sum = world.snapshot.payer_sums.get(&(TENANT, ZHANG)).unwrap().amount_minor;
    assert_eq!(sum, 2 * PRICE, "what was refused is not counted");
    world.after(DAY_US);
    let next_day = ordered(&mut world, Some(ZHANG), PRICE);
    assert!(world.start(next_day, QR).is_ok());
}

#[test]
fn a_proof_is_of_one_payment_and_of_the_payer_named() {
    let mut world = world(PRICE, 30 * PRICE);
    let first = ordered(&mut world, Some(ZHANG), PRICE);
    let second = ordered(&mut world, Some(ZHANG), PRICE);
    let another = begin(&world, first, IdentityLevel::RealName, LI);
    assert!(matches!(world.run(&another).unwrap_err(), Refusal::FieldInvalid { param: "id_number", .. }));
    proven(&mut world, first, IdentityLevel::RealName, ZHANG);
    assert!(world.start(first, QR).is_ok());
    assert_eq!(world.start(second, QR).unwrap_err(), required(IdentityLevel::RealName));
}

#[test]
fn an_unknown_outcome_lets_nobody_through_and_stays_unknown_until_evidence() {
    let mut world = world(PRICE, 30 * PRICE);
    let payment_id = ordered(&mut world, None, PRICE);
    let command = begin(&world, payment_id, IdentityLevel::RealName, ZHANG);
    let check = world.run(&command).unwrap();
    assert_eq!(check.status, IdentityStatus::Processing);
    for finding in [IdentityFinding::Unclear, IdentityFinding::NotFound, IdentityFinding::Unclear] {
        let report = told(&world, &check, finding);
        assert_eq!(world.run(&report).unwrap().status, IdentityStatus::Unknown);
        assert_eq!(world.start(payment_id, QR).unwrap_err(), required(IdentityLevel::RealName));
        let again = begin(&world, payment_id, IdentityLevel::RealName, ZHANG);
        assert_eq!(world.run(&again).unwrap_err(), Refusal::IdentityInProgress);
        world.after(MINUTE_US);
    }
    let report = told(&world, &check, IdentityFinding::Passed);
    assert_eq!(world.run(&report).unwrap().status, IdentityStatus::Passed);
    let late = told(&world, &check, IdentityFinding::Failed { code: "x".to_owned() });
    assert_eq!(world.run(&late).unwrap().status, IdentityStatus::Passed, "an end is said once");
    assert!(world.start(payment_id, QR).is_ok());
}

#[test]
fn a_check_that_never_arrived_fails_only_when_asked_late_enough() {
    let mut world = world(PRICE, 30 * PRICE);
    let payment_id = ordered(&mut world, None, PRICE);
    let command = begin(&world, payment_id, IdentityLevel::RealName, ZHANG);
    let check = world.run(&command).unwrap();
    world.after(10 * MINUTE_US);
    let early = TakeIdentityReport {
        asked_at_us: world.now_us - MINUTE_US,
        ..told(&world, &check, IdentityFinding::NotFound)
    };
    assert_eq!(world.run(&early).unwrap().status, IdentityStatus::Unknown);
    let report = told(&world, &check, IdentityFinding::NotFound);
    let ended = world.run(&report).unwrap();
    assert_eq!((ended.status, ended.failure_code.as_deref()), (IdentityStatus::Failed, Some("not_received")));
    assert!(world.start(payment_id, QR).is_err());
}

#[test]
fn a_face_needs_both_sides_and_no_more_than_four_photos() {
    let mut world = world(PRICE, PRICE);
    let payment_id = ordered(&mut world, None, PRICE);
    let command = begin(&world, payment_id, IdentityLevel::Face, ZHANG);
    let check = world.run(&command).unwrap();
    assert_eq!(check.status, IdentityStatus::Created);
    let refused = world.run(&send(&check)).unwrap_err();
    assert!(matches!(refused, Refusal::FieldInvalid { param: "photos", .. }));
    for number in 1..=4 {
        world.run(&photo(&check, number, PhotoSide::Front)).unwrap();
    }
    assert!(matches!(world.run(&send(&check)).unwrap_err(), Refusal::FieldInvalid { param: "photos", .. }));
    let fifth = world.run(&photo(&check, 5, PhotoSide::Back)).unwrap_err();
    assert_eq!(fifth, Refusal::LimitReached { what: "identity_photos", max: 4 });
}

#[test]
fn what_a_check_begins_with_is_checked() {
    let mut world = world(PRICE, PRICE);
    let payment_id = ordered(&mut world, None, PRICE);
    let good = begin(&world, payment_id, IdentityLevel::RealName, ZHANG);
    let cases = [
        ("elements", OpenIdentityCheck { elements: vec![Element::Name], ..good.clone() }),
        ("consent_version", OpenIdentityCheck { consent_version: "2025".to_owned(), ..good.clone() }),
    ];
    for (field, command) in cases {
        let refused = world.run(&command).unwrap_err();
        assert!(matches!(refused, Refusal::FieldInvalid { param, .. } if param == field), "{field}");
    }
    for count in 0..6 {
        let command = begin(&world, payment_id, IdentityLevel::RealName, ZHANG);
        let begun = world.run(&command);
        if count == 5 {
            assert_eq!(begun.unwrap_err(), Refusal::LimitReached { what: "identity_checks", max: 5 });
            continue;
        }
        let report = told(&world, &begun.unwrap(), IdentityFinding::Failed { code: "differs".to_owned() });
        world.run(&report).unwrap();
    }
    world.after(3 * DAY_US);
    let late = begin(&world, payment_id, IdentityLevel::RealName, ZHANG);
    assert_eq!(world.run(&late).unwrap_err(), Refusal::OrderClosed);
}

#[test]
fn another_way_than_the_face_takes_two_persons_and_no_key() {
    let mut world = world(PRICE, PRICE);
    let payment_id = ordered(&mut world, None, PRICE);
    let command = begin(&world, payment_id, IdentityLevel::Face, ZHANG);
    let check = world.run(&command).unwrap();
    let ask = RequestIdentityReview {
        tenant_id: TENANT,
        check_id: check.id,
        reason: "无法使用人脸".to_owned(),
        maker: "王五".to_owned(),
        origin: Origin::system(),
    };
    assert_eq!(world.run(&ask).unwrap_err(), Refusal::IdentityNotOpen, "photos come first");
    photos(&mut world, &check);
    let waiting = world.run(&ask).unwrap();
    assert_eq!(waiting.status, IdentityStatus::PendingApproval);
    assert_eq!(world.start(payment_id, QR).unwrap_err(), required(IdentityLevel::Face));
    let decide = |checker: &str, verdict: IdentityStatus, actor: Actor| DecideIdentityReview {
        tenant_id: TENANT,
        check_id: check.id,
        payment_id,
        content_hash: waiting.content_hash(),
        verdict,
        checker: checker.to_owned(),
        origin: Origin { actor, request_id: None, ip: None },
    };
    let key = Actor::ApiKey(ApiKeyId(Id128([1; 16])));
    for (checker, actor) in [("王五", Actor::System), (" 王 五 ", Actor::System), ("赵六", key)] {
        let refused = world.run(&decide(checker, IdentityStatus::Passed, actor)).unwrap_err();
        assert_eq!(refused, Refusal::SecondPersonRequired, "{checker}");
    }
    let other = DecideIdentityReview {
        content_hash: vec![0; 32],
        ..decide("赵六", IdentityStatus::Passed, Actor::System)
    };
    assert_eq!(world.run(&other).unwrap_err(), Refusal::NotResolvable);
    let approved = world.run(&decide("赵六", IdentityStatus::Passed, Actor::System)).unwrap();
    assert_eq!(approved.status, IdentityStatus::Passed);
    let again = world.run(&decide("赵六", IdentityStatus::Rejected, Actor::System)).unwrap_err();
    assert_eq!(again, Refusal::ApprovalConsumed);
    assert!(world.start(payment_id, QR).is_ok());
}

#[test]
fn a_photo_is_read_by_a_named_person_for_a_reason_that_stays() {
    let mut world = world(PRICE, PRICE);
    let payment_id = ordered(&mut world, None, PRICE);
    let command = begin(&world, payment_id, IdentityLevel::Face, ZHANG);
    let check = world.run(&command).unwrap();
    photos(&mut world, &check);
    let read = |reason: &str, by: &str| ReadIdentityPhoto {
        tenant_id: TENANT,
        check_id: check.id,
        photo_id: IdentityPhotoId(Id128([1; 16])),
        reason: reason.to_owned(),
        by: by.to_owned(),
        origin: Origin::system(),
    };
    assert!(world.run(&read(" ", "王五")).is_err() && world.run(&read("复核", "")).is_err());
    let foreign =
        ReadIdentityPhoto { check_id: IdentityCheckId::from_id128(Id128([3; 16])), ..read("a", "b") };
    assert_eq!(world.run(&foreign).unwrap_err(), Refusal::NotFound { what: "identity_photo" });
    assert_eq!(world.run(&read("复核", "王五")).unwrap().sealed, vec![7; 10]);
    let last = world.snapshot.appended.audits.last().unwrap();
    assert_eq!(last.act, Act::IdentityPhotoRead);
    assert!(last.detail.contains("王五") && last.detail.contains("复核"));
}

#[test]
fn thresholds_are_amounts_in_order() {
    let mut world = World::new();
    let save = |name: Option<i64>, face: Option<i64>| SaveIdentityPolicy {
        tenant_id: TENANT,
        terms: IdentityPolicyTerms {
            name_from_minor: Some(name),
            face_from_minor: Some(face),
            ..IdentityPolicyTerms::default()
        },
        by: "王五".to_owned(),
        origin: Origin::system(),
    };
    for (name, face, fits) in [
        (Some(1), Some(1), true),
        (None, Some(5), true),
        (Some(5), None, true),
        (Some(0), None, false),
        (None, Some(-1), false),
        (Some(6), Some(5), false),
    ] {
        assert_eq!(world.run(&save(name, face)).is_ok(), fits, "{name:?} {face:?}");
    }
}

#[test]
fn a_face_stays_with_whose_it_is() {
    let mut world = world(1, 2);
    let payment_id = ordered(&mut world, None, PRICE);
    proven(&mut world, payment_id, IdentityLevel::Face, PayerId(Id128([1; 16])));
    let level = |world: &World| world.snapshot.payment_identities.get(&(TENANT, payment_id)).unwrap().level;
    assert_eq!(level(&world), Some(IdentityLevel::Face));
    proven(&mut world, payment_id, IdentityLevel::RealName, PayerId(Id128([1; 16])));
    assert_eq!(level(&world), Some(IdentityLevel::Face), "what one payer proved stays proven");
    proven(&mut world, payment_id, IdentityLevel::RealName, PayerId(Id128([2; 16])));
    assert_eq!(level(&world), Some(IdentityLevel::RealName), "another payer has shown no face");
}
