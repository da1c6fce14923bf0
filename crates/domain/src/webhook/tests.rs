use super::*;
use crate::id::{Id128, WebhookEndpointId};
use crate::refusal::Refusal;
use crate::trial::{TENANT, Trial, origin};

fn create(number: u8) -> CreateWebhookEndpoint {
    CreateWebhookEndpoint {
        tenant_id: TENANT,
        webhook_endpoint_id: WebhookEndpointId(Id128([number; 16])),
        url: "https://shop.example/hooks".to_owned(),
        terms: EndpointTerms::default(),
        secret: b"first".to_vec(),
        origin: origin(),
    }
}

#[test]
fn a_tenant_has_at_most_fifty_endpoints() {
    let mut trial = Trial::new();
    for number in 0..50 {
        trial.run(&create(number)).unwrap();
    }
    let refusal = trial.run(&create(99)).unwrap_err();
    assert_eq!(refusal, Refusal::LimitReached { what: "webhook_endpoints", max: 50 });
}

#[test]
fn rotation_keeps_the_secret_before_and_acts_show_neither() {
    let mut trial = Trial::new();
    let endpoint = trial.run(&create(1)).unwrap();
    let rotate = RotateWebhookSecret {
        tenant_id: TENANT,
        webhook_endpoint_id: endpoint.id,
        secret: b"second".to_vec(),
        origin: origin(),
    };
    let rotated = trial.run(&rotate).unwrap();
    assert_eq!(
        (rotated.secret.as_slice(), rotated.previous_secret.as_deref()),
        (b"second".as_slice(), Some(b"first".as_slice()))
    );
    assert!(trial.snapshot.appended.audits.iter().all(|audit| !audit.detail.contains("first")));
}

#[test]
fn a_test_event_goes_to_one_endpoint_whatever_it_wants() {
    let mut trial = Trial::new();
    let kinds = Some(Some("[\"refund.succeeded\"]".to_owned()));
    let terms = EndpointTerms { kinds, ..EndpointTerms::default() };
    let wanted = trial.run(&CreateWebhookEndpoint { terms, ..create(1) }).unwrap();
    trial.run(&create(2)).unwrap();
    let send = SendTestEvent { tenant_id: TENANT, webhook_endpoint_id: wanted.id, origin: origin() };
    let event = trial.run(&send).unwrap();
    let deliveries: Vec<_> = trial.snapshot.deliveries.iter().collect();
    assert_eq!(deliveries.len(), 1);
    assert_eq!((deliveries[0].endpoint_id, deliveries[0].event_id), (wanted.id, event.id));
}

#[test]
fn an_endpoint_switched_off_gets_no_test() {
    let mut trial = Trial::new();
    let endpoint = trial.run(&create(1)).unwrap();
    let terms = EndpointTerms { enabled: Some(false), ..EndpointTerms::default() };
    let off = UpdateWebhookEndpoint {
        tenant_id: TENANT,
        webhook_endpoint_id: endpoint.id,
        terms,
        origin: origin(),
    };
    trial.run(&off).unwrap();
    let send = SendTestEvent { tenant_id: TENANT, webhook_endpoint_id: endpoint.id, origin: origin() };
    assert!(matches!(trial.run(&send), Err(Refusal::FieldInvalid { param: "enabled", .. })));
}

#[test]
fn a_replaced_address_that_is_gone_speaks_for_itself_only() {
    let mut trial = Trial::new();
    let endpoint = trial.run(&create(1)).unwrap();
    let send = SendTestEvent { tenant_id: TENANT, webhook_endpoint_id: endpoint.id, origin: origin() };
    trial.run(&send).unwrap();
    let delivery_id = trial.snapshot.deliveries.iter().next().unwrap().id;
    let gone = |url: &str| TakeDeliveryOutcome {
        tenant_id: TENANT,
        delivery_id,
        outcome: DeliveryOutcome::Gone { url: url.to_owned() },
    };
    let later = trial.run(&gone("https://old.example/hooks")).unwrap();
    assert_eq!((later.status, later.last_status), (DeliveryStatus::Pending, Some(410)));
    let enabled = |trial: &Trial| trial.snapshot.webhook_endpoints.iter().next().unwrap().enabled;
    assert!(enabled(&trial));
    let dead = trial.run(&gone(&endpoint.url)).unwrap();
    assert_eq!(dead.status, DeliveryStatus::Dead);
    assert!(!enabled(&trial));
    let audit = trial.snapshot.appended.audits.last().unwrap();
    assert!(audit.detail.contains("410"), "switching off is written down: {}", audit.detail);
}
