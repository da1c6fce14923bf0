//! Who brings a payer, through which contracts, and what stops it.

use crate::kit::{CONTRACT, PRODUCT, TENANT, World, contract, merchant, product};
use tk_domain::channel_account::{ChannelAccount, Method};
use tk_domain::id::{ChannelAccountId, Id128, PartnerId};
use tk_domain::moment::shanghai_day;
use tk_domain::partner::{Partner, PartnerKind};
use tk_domain::payment::{CreatePayment, Started};
use tk_domain::product::{Product, Terminal};
use tk_domain::refusal::Refusal;
use tk_domain::routing::offers;

const TRAVEL: PartnerId = PartnerId(Id128([8; 16]));
const SHOP: PartnerId = PartnerId(Id128([9; 16]));
const BOUND: ChannelAccountId = ChannelAccountId(Id128([7; 16]));

fn partner(id: PartnerId) -> Partner {
    Partner {
        tenant_id: TENANT,
        id,
        code: id.to_string(),
        name: "旅行社".to_owned(),
        kind: PartnerKind::Unlicensed,
        licence_no: None,
        licence_scope: None,
        licence_until_day: None,
        enabled: true,
        created_at_us: 0,
        version: 1,
    }
}

/// A general contract tried last and one bound to the travel agency tried first.
fn world(product: Product) -> World {
    let mut world = World::with(merchant(), product, ChannelAccount { priority: 9, ..contract(CONTRACT) });
    world.snapshot.channel_accounts.load(ChannelAccount { partner_id: Some(TRAVEL), ..contract(BOUND) });
    world.snapshot.partners.load(partner(TRAVEL));
    world.snapshot.partners.load(partner(SHOP));
    world
}

fn taken_by(world: &mut World, partner_id: Option<PartnerId>) -> ChannelAccountId {
    let order = CreatePayment { partner_id, ..world.order() };
    let payment = world.run(&order).unwrap().payment;
    assert_eq!(payment.partner_id, partner_id);
    let Started::New { attempt, .. } = world.start(payment.id, Method::AlipayQr).unwrap() else {
        panic!("no new attempt")
    };
    attempt.channel_account_id
}

#[test]
fn a_contract_bound_to_a_partner_takes_that_partner_s_payments_and_no_others() {
    let mut world = world(product());
    assert_eq!(taken_by(&mut world, Some(TRAVEL)), BOUND);
    assert_eq!(taken_by(&mut world, Some(SHOP)), CONTRACT);
    assert_eq!(taken_by(&mut world, None), CONTRACT);
}

#[test]
fn the_cashier_does_not_even_name_a_method_that_only_another_partner_has() {
    let mut world = World::new();
    let bound = ChannelAccount { partner_id: Some(TRAVEL), ..contract(BOUND) };
    for (partner_id, named) in [(Some(TRAVEL), 2), (Some(SHOP), 0), (None, 0)] {
        world.snapshot.partners.load(partner(TRAVEL));
        world.snapshot.partners.load(partner(SHOP));
        let order = CreatePayment { partner_id, ..world.order() };
        let payment = world.run(&order).unwrap().payment;
        let offered = offers(&product(), &payment, Terminal::Pc, std::slice::from_ref(&bound));
        assert_eq!(offered.len(), named, "{partner_id:?}");
    }
}

#[test]
fn a_product_of_a_partner_brings_its_partner_along_and_is_sold_through_no_other() {
    let mut world = world(Product { partner_id: Some(TRAVEL), ..product() });
    let order = world.order();
    let made = world.run(&order).unwrap().payment;
    assert_eq!(made.partner_id, Some(TRAVEL));
    let named = CreatePayment { partner_id: Some(TRAVEL), ..order.clone() };
    assert!(world.run(&named).unwrap().existing);
    let other = CreatePayment { partner_id: Some(SHOP), ..world.order() };
    assert_eq!(world.run(&other).unwrap_err(), Refusal::PartnerMismatch);
    let repeated = CreatePayment { partner_id: Some(SHOP), ..order };
    assert_eq!(world.run(&repeated).unwrap_err(), Refusal::OrderConflict);
    let nobody = CreatePayment { partner_id: Some(PartnerId::default()), ..world.order() };
    assert_eq!(world.run(&nobody).unwrap_err(), Refusal::PartnerMismatch);
}

#[test]
fn an_order_of_one_partner_is_not_told_to_another() {
    let mut world = world(product());
    let order = CreatePayment { partner_id: Some(TRAVEL), ..world.order() };
    world.run(&order).unwrap();
    for partner_id in [Some(SHOP), None] {
        let again = CreatePayment { partner_id, ..order.clone() };
        assert_eq!(world.run(&again).unwrap_err(), Refusal::OrderConflict);
    }
}

#[test]
fn an_expired_licence_stops_new_payments_and_new_attempts() {
    let mut world = world(product());
    let licensed = |day: i64, scope: Option<String>| Partner {
        kind: PartnerKind::Licensed,
        licence_no: Some("26110000000000800".to_owned()),
        licence_scope: scope,
        licence_until_day: Some(day),
        ..partner(TRAVEL)
    };
    let today = shanghai_day(world.now_us);
    world.snapshot.partners.put(licensed(today, Some(format!("[\"{PRODUCT}\"]"))));
    let order = CreatePayment { partner_id: Some(TRAVEL), ..world.order() };
    let payment = world.run(&order).unwrap().payment;
    world.snapshot.partners.put(licensed(today - 1, None));
    assert_eq!(world.start(payment.id, Method::AlipayQr).unwrap_err(), Refusal::PartnerLicenceExpired);
    let late = CreatePayment { partner_id: Some(TRAVEL), ..world.order() };
    assert_eq!(world.run(&late).unwrap_err(), Refusal::PartnerLicenceExpired);
    assert!(world.run(&order).unwrap().existing, "the order made before is still told");
    world.snapshot.partners.put(licensed(today, Some("[]".to_owned())));
    assert_eq!(world.run(&late).unwrap_err(), Refusal::PartnerLicenceScope);
    world.snapshot.partners.put(Partner { enabled: false, ..licensed(today, None) });
    assert_eq!(world.run(&late).unwrap_err(), Refusal::PartnerDisabled);
    world.snapshot.partners.put(licensed(today, None));
    assert!(world.start(payment.id, Method::AlipayQr).is_ok());
}
