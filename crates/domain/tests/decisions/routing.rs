//! Which contract takes a payment, and why the others do not.

use crate::kit::{MERCHANT, PRICE, PRODUCT, World, contract, product};
use tk_domain::channel_account::{ChannelAccount, Method};
use tk_domain::id::{ChannelAccountId, Id128, PartnerId};
use tk_domain::payment::Payment;
use tk_domain::product::{Product, Terminal};
use tk_domain::routing::{Demand, DropReason, method_allowed, offers, route};
use tk_money::Currency;

fn id(number: u8) -> ChannelAccountId {
    ChannelAccountId(Id128([number; 16]))
}

fn a_payment() -> Payment {
    let mut world = World::new();
    let id = world.payment();
    world.the_payment(id).clone()
}

#[test]
fn each_reason_drops_its_candidate_and_the_first_by_priority_then_age_is_chosen() {
    let base = || contract(id(1));
    let list = |text: &str| Some(format!("[\"{text}\"]"));
    let cases: Vec<(ChannelAccount, Option<DropReason>)> = vec![
        (ChannelAccount { enabled: false, ..base() }, Some(DropReason::Disabled)),
        (ChannelAccount { methods: "[\"alipay_page\"]".to_owned(), ..base() }, Some(DropReason::Method)),
        (ChannelAccount { methods: "not json".to_owned(), ..base() }, Some(DropReason::Method)),
        (ChannelAccount { currency: Currency::Usd, ..base() }, Some(DropReason::Currency)),
        (ChannelAccount { merchants: list("mch_other"), ..base() }, Some(DropReason::Merchant)),
        (ChannelAccount { products: list("prd_other"), ..base() }, Some(DropReason::Product)),
        (ChannelAccount { partner_id: Some(PartnerId(Id128([8; 16]))), ..base() }, Some(DropReason::Partner)),
        (ChannelAccount { amount_max_minor: PRICE - 1, ..base() }, Some(DropReason::Amount)),
        (ChannelAccount { amount_min_minor: PRICE + 1, ..base() }, Some(DropReason::Amount)),
        (ChannelAccount { merchants: list(&MERCHANT.to_string()), ..base() }, None),
        (ChannelAccount { products: list(&PRODUCT.to_string()), ..base() }, None),
    ];
    let demand = Demand::of(&a_payment());
    for (account, dropped) in cases {
        let decision = route([&account].into_iter(), Method::AlipayQr, &demand);
        assert_eq!(
            decision.candidates.first().and_then(|candidate| candidate.dropped),
            dropped,
            "{account:?}"
        );
        assert_eq!(decision.chosen.is_some(), dropped.is_none());
    }
    let accounts = [ChannelAccount { priority: 2, ..contract(id(1)) }, contract(id(3)), contract(id(2))];
    let decision = route(accounts.iter(), Method::AlipayQr, &demand);
    assert_eq!(decision.chosen, Some(id(2)));
    let dropped: Vec<_> = decision.candidates.iter().map(|candidate| candidate.dropped).collect();
    assert_eq!(dropped, [Some(DropReason::Priority), Some(DropReason::Priority), None]);
}

#[test]
fn a_method_needs_both_the_product_and_the_order_system_and_groups_stand_for_their_methods() {
    let cases = [
        (None, None, true),
        (Some("[\"alipay\"]"), None, true),
        (Some("[\"wechat\"]"), None, false),
        (None, Some("[\"alipay_qr\"]"), true),
        (Some("[\"alipay_qr\"]"), Some("[\"alipay_page\"]"), false),
        (Some("[]"), None, false),
    ];
    for (by_product, by_order, allowed) in cases {
        let product = Product { methods_allow: by_product.map(str::to_owned), ..product() };
        let payment = Payment { methods_allow: by_order.map(str::to_owned), ..a_payment() };
        assert_eq!(
            method_allowed(&product, &payment, Method::AlipayQr),
            allowed,
            "{by_product:?} {by_order:?}"
        );
    }
}

#[test]
fn the_cashier_offers_what_a_contract_carries_and_says_what_is_not_available_now() {
    let payment = a_payment();
    let off = ChannelAccount { enabled: false, ..contract(id(1)) };
    let offered = |accounts: &[ChannelAccount]| -> Vec<(Method, bool, Option<DropReason>)> {
        let offers = offers(&product(), &payment, Terminal::Pc, accounts);
        offers.into_iter().map(|offer| (offer.method, offer.available, offer.reason)).collect()
    };
    assert_eq!(offered(&[]), []);
    let disabled = Some(DropReason::Disabled);
    let closed = [(Method::AlipayQr, false, disabled), (Method::AlipayPage, false, disabled)];
    assert_eq!(offered(std::slice::from_ref(&off)), closed);
    let open = [(Method::AlipayQr, true, None), (Method::AlipayPage, true, None)];
    assert_eq!(offered(&[off, contract(id(2))]), open);
}
