use super::*;
use crate::audit::Act;
use crate::id::{Id128, TypedId};
use crate::moment::DAY_US;
use crate::trial::{NOW_US, TENANT, Trial, origin};

const PRODUCT: ProductId = ProductId(Id128([4; 16]));

fn create(code: &str, kind: PartnerKind, terms: PartnerTerms) -> CreatePartner {
    let by = "王五".to_owned();
    CreatePartner { tenant_id: TENANT, code: code.to_owned(), kind, terms, counted: 0, by, origin: origin() }
}

fn licence(until_day: i64) -> PartnerTerms {
    PartnerTerms {
        licence_no: Some("26110000000000800".to_owned()),
        licence_until_day: Some(until_day),
        ..PartnerTerms::default()
    }
}

#[test]
fn a_licence_is_whole_or_absent() {
    let today = shanghai_day(NOW_US);
    let number_only = PartnerTerms { licence_until_day: None, ..licence(today) };
    let day_only = PartnerTerms { licence_no: None, ..licence(today) };
    let scope_only = PartnerTerms { licence_scope: Some(Some("[]".to_owned())), ..PartnerTerms::default() };
    let cases = [
        (PartnerKind::Licensed, licence(today), true),
        (PartnerKind::Licensed, number_only.clone(), false),
        (PartnerKind::Licensed, day_only.clone(), false),
        (PartnerKind::Licensed, PartnerTerms::default(), false),
        (PartnerKind::Unlicensed, PartnerTerms::default(), true),
        (PartnerKind::Unlicensed, number_only, false),
        (PartnerKind::Unlicensed, day_only, false),
        (PartnerKind::Unlicensed, scope_only, false),
    ];
    for (kind, terms, fits) in cases {
        let made = Trial::new().run(&create("travel", kind, terms.clone()));
        assert_eq!(made.is_ok(), fits, "{kind} {terms:?}");
    }
}

#[test]
fn a_partner_is_admitted_until_the_last_day_ends_and_for_what_its_licence_covers() {
    let today = shanghai_day(NOW_US);
    let mut trial = Trial::new();
    let partner = trial.run(&create("travel", PartnerKind::Licensed, licence(today))).unwrap();
    let end_of_day_us = (today + 1) * DAY_US - 8 * 3_600 * 1_000_000;
    assert_eq!(partner.admit(PRODUCT, end_of_day_us - 1), Ok(()));
    assert_eq!(partner.admit(PRODUCT, end_of_day_us), Err(Refusal::PartnerLicenceExpired));
    let scoped = |id: ProductId| Partner { licence_scope: Some(format!("[\"{id}\"]")), ..partner.clone() };
    assert_eq!(scoped(PRODUCT).admit(PRODUCT, NOW_US), Ok(()));
    let other = ProductId::from_id128(Id128([5; 16]));
    assert_eq!(scoped(other).admit(PRODUCT, NOW_US), Err(Refusal::PartnerLicenceScope));
    let unreadable = Partner { licence_scope: Some("x".to_owned()), ..partner.clone() };
    assert_eq!(unreadable.admit(PRODUCT, NOW_US), Err(Refusal::PartnerLicenceScope));
    let off = Partner { enabled: false, ..partner };
    assert_eq!(off.admit(PRODUCT, NOW_US), Err(Refusal::PartnerDisabled));
}

#[test]
fn changes_are_acts_of_a_named_person_and_codes_stay_unique() {
    let mut trial = Trial::new();
    let partner = trial.run(&create("shop", PartnerKind::Unlicensed, PartnerTerms::default())).unwrap();
    let again = trial.run(&create("shop", PartnerKind::Unlicensed, PartnerTerms::default()));
    assert_eq!(again.unwrap_err(), Refusal::CodeTaken { param: "code" });
    let update = |terms| UpdatePartner {
        tenant_id: TENANT,
        partner_id: partner.id,
        terms,
        by: "赵六".to_owned(),
        origin: origin(),
    };
    let off = PartnerTerms { enabled: Some(false), ..PartnerTerms::default() };
    assert!(!trial.run(&update(off.clone())).unwrap().enabled);
    trial.run(&update(off)).unwrap();
    assert!(trial.run(&update(licence(1))).is_err());
    assert_eq!(trial.acts(), [Act::PartnerWrite, Act::PartnerWrite]);
    let last = &trial.snapshot.appended.audits[1].detail;
    assert!(last.contains("赵六"), "{last}");
    let full = CreatePartner {
        counted: PARTNERS_MAX,
        ..create("more", PartnerKind::Unlicensed, PartnerTerms::default())
    };
    assert_eq!(trial.run(&full).unwrap_err().code(), "limit_reached");
}
