use super::*;
use crate::audit::Act;
use crate::id::Id128;
use crate::refusal::Refusal;
use crate::trial::{TENANT, Trial, origin};
use tk_money::Rate;

fn create(code: &str) -> CreateMerchant {
    CreateMerchant {
        tenant_id: TENANT,
        code: code.to_owned(),
        name: "平安财险".to_owned(),
        fee: FeeSnapshot { rate: Rate::from_ppm(6_000).unwrap(), ..FeeSnapshot::default() },
        counted: 0,
        legal_entity: None,
        phone: None,
        origin: origin(),
    }
}

fn update(id: MerchantId) -> UpdateMerchant {
    UpdateMerchant {
        tenant_id: TENANT,
        merchant_id: id,
        name: None,
        fee: None,
        enabled: None,
        legal_entity: None,
        phone: None,
        origin: origin(),
    }
}

#[test]
fn a_phone_is_what_a_payer_can_dial() {
    let mut trial = Trial::new();
    let with = |code: &str, told: &str| CreateMerchant { phone: Some(told.to_owned()), ..create(code) };
    for (place, told) in ["95500", "400-000-0000", "+86 10 8888 0000", "(010) 8888-0000"].iter().enumerate() {
        let merchant = trial.run(&with(&format!("m{place}"), told)).unwrap();
        assert_eq!(merchant.phone.as_deref(), Some(*told));
    }
    let long = "1".repeat(33);
    let wrong = ["12", "", "95500 ext", "86+10", "-95500", "95500-", "９５５００", "<b>95500</b>", &long];
    for told in wrong {
        let refused = trial.run(&with("x", told)).unwrap_err();
        assert!(matches!(refused, Refusal::FieldInvalid { param: "phone", .. }), "{told}");
    }
    let merchant = trial.run(&create("pnc")).unwrap();
    let told = UpdateMerchant { phone: Some(Some("95500".to_owned())), ..update(merchant.id) };
    assert_eq!(trial.run(&told).unwrap().phone.as_deref(), Some("95500"));
    let renamed = UpdateMerchant { name: Some("新名".to_owned()), ..update(merchant.id) };
    assert_eq!(trial.run(&renamed).unwrap().phone.as_deref(), Some("95500"), "what is absent stays");
    assert_eq!(trial.run(&UpdateMerchant { phone: Some(None), ..update(merchant.id) }).unwrap().phone, None);
    assert_eq!(phone::dialled("+86 (10) 8888-0000"), "+861088880000");
}

#[test]
fn a_code_names_one_merchant_for_ever() {
    let mut trial = Trial::new();
    let merchant = trial.run(&create("pnc")).unwrap();
    assert!(merchant.enabled);
    assert_eq!(trial.run(&create("pnc")).unwrap_err(), Refusal::CodeTaken { param: "code" });
    trial.run(&create("life")).unwrap();
    assert_eq!(trial.snapshot.merchants.iter().count(), 2);
    assert_eq!(trial.acts(), [Act::MerchantWrite, Act::MerchantWrite]);
}

#[test]
fn a_full_tenant_gets_no_more_merchants() {
    let full = CreateMerchant { counted: MERCHANTS_MAX, ..create("one_more") };
    let refusal = Trial::new().run(&full).unwrap_err();
    assert_eq!(refusal, Refusal::LimitReached { what: "merchants", max: MERCHANTS_MAX });
}

#[test]
fn fee_terms_are_checked_at_creation_and_at_change() {
    let bad = [
        FeeSnapshot { fixed_minor: -1, ..FeeSnapshot::default() },
        FeeSnapshot { min_minor: Some(-1), ..FeeSnapshot::default() },
        FeeSnapshot { max_minor: Some(-1), ..FeeSnapshot::default() },
        FeeSnapshot { min_minor: Some(5), max_minor: Some(4), ..FeeSnapshot::default() },
    ];
    for fee in bad {
        let mut trial = Trial::new();
        let refused = trial.run(&CreateMerchant { fee, ..create("pnc") }).unwrap_err();
        assert!(matches!(refused, Refusal::FieldInvalid { param: "fee", .. }), "{fee:?}");
        let merchant = trial.run(&create("pnc")).unwrap();
        let change = UpdateMerchant { fee: Some(fee), ..update(merchant.id) };
        assert!(trial.run(&change).is_err(), "{fee:?}");
    }
}

#[test]
fn a_change_touches_only_what_it_names_and_nothing_is_recorded_for_no_change() {
    let mut trial = Trial::new();
    let merchant = trial.run(&create("pnc")).unwrap();
    let off = trial.run(&UpdateMerchant { enabled: Some(false), ..update(merchant.id) }).unwrap();
    assert_eq!((off.enabled, off.name.as_str(), off.fee), (false, "平安财险", merchant.fee));
    trial.run(&update(merchant.id)).unwrap();
    assert_eq!(trial.acts().len(), 2);
    let unknown = trial.run(&update(MerchantId(Id128([9; 16])))).unwrap_err();
    assert_eq!(unknown, Refusal::NotFound { what: "merchant" });
}
