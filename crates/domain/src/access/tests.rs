use super::*;
use crate::audit::Act;
use crate::id::Id128;
use crate::refusal::Refusal;
use crate::trial::{NOW_US, TENANT, Trial, origin};

fn app(trial: &mut Trial) -> App {
    let command = CreateApp {
        tenant_id: TENANT,
        name: "core system".to_owned(),
        merchant_id: None,
        partner_id: None,
        requires_signature: false,
        counted: 0,
        origin: origin(),
    };
    trial.run(&command).unwrap()
}

fn key(app_id: AppId) -> CreateApiKey {
    CreateApiKey {
        tenant_id: TENANT,
        api_key_id: ApiKeyId(Id128([3; 16])),
        app_id,
        prefix: "tk_test_demo_abcd".to_owned(),
        secret_hash: vec![5; 32],
        terms: KeyTerms {
            scopes: vec![Scope::PaymentsRead, Scope::PaymentsWrite],
            ip_allow: None,
            signature: None,
            rate_per_s: 100,
        },
        counted: 0,
        origin: origin(),
    }
}

#[test]
fn an_app_belongs_to_a_merchant_that_exists() {
    let command = CreateApp {
        tenant_id: TENANT,
        name: "core system".to_owned(),
        merchant_id: Some(MerchantId(Id128([8; 16]))),
        partner_id: None,
        requires_signature: true,
        counted: 0,
        origin: origin(),
    };
    assert_eq!(Trial::new().run(&command).unwrap_err(), Refusal::NotFound { what: "merchant" });
    let full = CreateApp { merchant_id: None, counted: APPS_MAX, ..command };
    assert_eq!(Trial::new().run(&full).unwrap_err().code(), "limit_reached");
}

#[test]
fn an_app_can_be_switched_off() {
    let mut trial = Trial::new();
    let app = app(&mut trial);
    let terms = AppTerms { enabled: Some(false), ..AppTerms::default() };
    let off = trial.run(&UpdateApp { tenant_id: TENANT, app_id: app.id, terms, origin: origin() }).unwrap();
    assert_eq!((off.enabled, off.name.as_str()), (false, "core system"));
    assert_eq!(trial.acts(), [Act::AppWrite, Act::AppWrite]);
}

#[test]
fn a_key_needs_an_app_a_scope_and_a_rate() {
    let mut trial = Trial::new();
    let missing = trial.run(&key(AppId(Id128([7; 16])))).unwrap_err();
    assert_eq!(missing, Refusal::NotFound { what: "app" });
    let app = app(&mut trial);
    let mut bare = key(app.id);
    bare.terms.scopes.clear();
    assert!(matches!(trial.run(&bare), Err(Refusal::FieldInvalid { param: "scopes", .. })));
    let mut still = key(app.id);
    still.terms.rate_per_s = 0;
    assert!(matches!(trial.run(&still), Err(Refusal::FieldInvalid { param: "rate_per_s", .. })));
    let full = CreateApiKey { counted: API_KEYS_MAX, ..key(app.id) };
    assert_eq!(trial.run(&full).unwrap_err().code(), "limit_reached");
}

#[test]
fn a_key_is_revoked_once_and_only_through_its_own_app() {
    let mut trial = Trial::new();
    let app = app(&mut trial);
    let made = trial.run(&key(app.id)).unwrap();
    let revoke = RevokeApiKey { tenant_id: TENANT, app_id: app.id, api_key_id: made.id, origin: origin() };
    let foreign = RevokeApiKey { app_id: AppId(Id128([7; 16])), ..revoke.clone() };
    assert_eq!(trial.run(&foreign).unwrap_err(), Refusal::NotFound { what: "api_key" });
    assert_eq!(trial.run(&revoke).unwrap().revoked_at_us, Some(NOW_US));
    trial.run(&revoke).unwrap();
    assert_eq!(trial.acts(), [Act::AppWrite, Act::ApiKeyCreate, Act::ApiKeyRevoke]);
    let detail = &trial.snapshot.appended.audits[1].detail;
    assert!(!detail.contains("hash"), "{detail}");
}
