use super::*;
use crate::audit::Act;
use crate::refusal::Refusal;
use crate::trial::{TENANT, Trial, origin};

fn create(code: &str, terms: ProductTerms) -> CreateProduct {
    let code = code.to_owned();
    CreateProduct { tenant_id: TENANT, code, partner_id: None, terms, counted: 0, origin: origin() }
}

#[test]
fn defaults_fill_what_is_not_said() {
    let mut trial = Trial::new();
    let named = ProductTerms { name: Some("商业车险".to_owned()), ..ProductTerms::default() };
    let product = trial.run(&create("motor", named)).unwrap();
    assert_eq!((product.amount_min_minor, product.expires_after_s), (1, 7_200));
    assert_eq!((product.issue_on, product.stray_money), (IssueOn::ChannelSuccess, StrayMoney::Refund));
    assert_eq!(trial.acts(), [Act::ProductWrite]);
    let again = trial.run(&create("motor", ProductTerms::default())).unwrap_err();
    assert_eq!(again, Refusal::CodeTaken { param: "code" });
}

#[test]
fn bounds_are_checked() {
    let cases = [
        ("amount_min", ProductTerms { amount_min_minor: Some(0), ..ProductTerms::default() }),
        ("amount_max", ProductTerms { amount_max_minor: Some(0), ..ProductTerms::default() }),
        ("amount_max", ProductTerms { amount_max_minor: Some(i64::MAX), ..ProductTerms::default() }),
        ("expires_after_s", ProductTerms { expires_after_s: Some(59), ..ProductTerms::default() }),
        ("expires_after_s", ProductTerms { expires_after_s: Some(2_592_001), ..ProductTerms::default() }),
    ];
    for (field, terms) in cases {
        let mut trial = Trial::new();
        let refusal = trial.run(&create("motor", terms.clone())).unwrap_err();
        assert!(matches!(refusal, Refusal::FieldInvalid { param, .. } if param == field), "{field}");
        let product = trial.run(&create("motor", ProductTerms::default())).unwrap();
        let change = UpdateProduct { tenant_id: TENANT, product_id: product.id, terms, origin: origin() };
        assert!(trial.run(&change).is_err(), "{field}");
    }
}

#[test]
fn a_list_of_methods_can_be_set_and_lifted() {
    let mut trial = Trial::new();
    let product = trial.run(&create("motor", ProductTerms::default())).unwrap();
    let mut change = |methods_allow| {
        let terms = ProductTerms { methods_allow: Some(methods_allow), ..ProductTerms::default() };
        let command = UpdateProduct { tenant_id: TENANT, product_id: product.id, terms, origin: origin() };
        trial.run(&command).unwrap().methods_allow
    };
    assert_eq!(change(Some("[\"alipay\"]".to_owned())).as_deref(), Some("[\"alipay\"]"));
    assert_eq!(change(None), None);
}

#[test]
fn a_full_tenant_gets_no_more_products() {
    let full = CreateProduct { counted: PRODUCTS_MAX, ..create("one_more", ProductTerms::default()) };
    assert_eq!(Trial::new().run(&full).unwrap_err().code(), "limit_reached");
}
