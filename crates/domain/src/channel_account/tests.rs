use super::*;
use crate::id::Id128;
use crate::refusal::Refusal;
use crate::trial::{TENANT, Trial, origin};

fn create(number: u8, terms: ChannelAccountTerms) -> CreateChannelAccount {
    CreateChannelAccount {
        tenant_id: TENANT,
        partner_id: None,
        channel_account_id: ChannelAccountId(Id128([number; 16])),
        channel: Channel::Alipay,
        payee_app: "2021000000000001".to_owned(),
        payee_merchant: "2088000000000001".to_owned(),
        collects: crate::channel_account::Collects::Own,
        terms,
        origin: origin(),
    }
}

fn sealed() -> ChannelAccountTerms {
    ChannelAccountTerms { credentials: Some(b"sealed secret".to_vec()), ..ChannelAccountTerms::default() }
}

#[test]
fn an_account_needs_credentials_and_its_act_shows_none() {
    let mut trial = Trial::new();
    let refusal = trial.run(&create(1, ChannelAccountTerms::default())).unwrap_err();
    assert_eq!(refusal, Refusal::FieldInvalid { param: "credentials", reason: "missing" });
    trial.run(&create(1, sealed())).unwrap();
    let act = trial.snapshot.appended.audits.first().unwrap();
    assert!(act.detail.contains("\"credentials_changed\":true"));
    assert!(!act.detail.contains("sealed secret"));
}

#[test]
fn a_tenant_has_at_most_two_hundred() {
    let mut trial = Trial::new();
    for number in 0..200 {
        trial.run(&create(number, sealed())).unwrap();
    }
    let refusal = trial.run(&create(250, sealed())).unwrap_err();
    assert_eq!(refusal, Refusal::LimitReached { what: "channel_accounts", max: 200 });
}

#[test]
fn bounds_are_checked() {
    let cases = [
        ("amount_min", ChannelAccountTerms { amount_min_minor: Some(-1), ..sealed() }),
        ("amount_max", ChannelAccountTerms { amount_max_minor: Some(0), ..sealed() }),
        ("priority", ChannelAccountTerms { priority: Some(1_001), ..sealed() }),
        ("refund_window_days", ChannelAccountTerms { refund_window_days: Some(-1), ..sealed() }),
    ];
    for (field, terms) in cases {
        let refusal = Trial::new().run(&create(1, terms)).unwrap_err();
        assert!(matches!(refusal, Refusal::FieldInvalid { param, .. } if param == field), "{field}");
    }
}

#[test]
fn a_change_keeps_the_credentials_unless_new_ones_come() {
    let mut trial = Trial::new();
    let account = trial.run(&create(1, sealed())).unwrap();
    let mut change = |terms| {
        let id = account.id;
        let command =
            UpdateChannelAccount { tenant_id: TENANT, channel_account_id: id, terms, origin: origin() };
        trial.run(&command).unwrap()
    };
    let off = change(ChannelAccountTerms { enabled: Some(false), ..ChannelAccountTerms::default() });
    assert_eq!((off.enabled, off.credentials.as_slice()), (false, b"sealed secret".as_slice()));
    let rekeyed =
        ChannelAccountTerms { credentials: Some(b"other".to_vec()), ..ChannelAccountTerms::default() };
    assert_eq!(change(rekeyed).credentials, b"other");
}

#[test]
fn a_bank_account_has_one_contract() {
    let bank = |number, account: &str| CreateChannelAccount {
        channel: Channel::BankDirect,
        payee_app: String::new(),
        payee_merchant: account.to_owned(),
        ..create(number, sealed())
    };
    let mut trial = Trial::new();
    trial.run(&bank(1, "6222000000000001")).unwrap();
    trial.run(&bank(2, "6222000000000002")).unwrap();
    let refusal = trial.run(&bank(3, "6222000000000001")).unwrap_err();
    assert!(matches!(refusal, Refusal::FieldInvalid { param: "settings", .. }), "{refusal:?}");
}
