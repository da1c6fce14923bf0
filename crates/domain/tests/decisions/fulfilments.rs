//! Pay before issue: what is announced and on which fact, and never both policy and refund.

use crate::kit::{CONTRACT, PRICE, TENANT, World, contract, merchant, paid, product};
use tk_domain::audit::Origin;
use tk_domain::channel_account::Method;
use tk_domain::fulfilment::{
    ConfirmMoney, Fulfilment, FulfilmentStatus, OpenRefund, ReportFulfilment, Reported,
};
use tk_domain::id::{AttemptId, PaymentId, RefundId};
use tk_domain::ledger::AccountKind;
use tk_domain::payment::{CreatePayment, Item, ItemRefund, RefundStatus, UpdatePayment};
use tk_domain::product::{IssueOn, Product, ProductLimits};
use tk_domain::refund::{CreateRefund, Refund, RefundRoute, RefundState};
use tk_domain::refusal::Refusal;
use tk_domain::report::Source;

fn world(issue_on: IssueOn) -> World {
    let limits = ProductLimits { issue_within_s: Some(3_600), pay_within_s: Some(86_400) };
    World::with(merchant(), Product { issue_on, limits, ..product() }, contract(CONTRACT))
}

impl World {
    fn with_policy(&mut self) -> PaymentId {
        let order = self.order();
        let order = CreatePayment { fulfilment: Some(r#"{"proposal_no":"T1"}"#.to_owned()), ..order };
        self.run(&order).unwrap().payment.id
    }

    /// A payment with a policy to issue, collected.
    fn paid_policy(&mut self) -> (PaymentId, AttemptId) {
        let payment_id = self.with_policy();
        let attempt_id = self.attempt(payment_id, Method::AlipayQr);
        self.told(attempt_id, Source::Callback, paid(&format!("txn-{attempt_id}")));
        (payment_id, attempt_id)
    }

    fn report_policy(&mut self, payment_id: PaymentId, reported: Reported) -> Result<Fulfilment, Refusal> {
        let of_payment = |row: &&tk_domain::refund::Refund| row.payment_id == payment_id;
        let open = self.snapshot.refunds.iter().filter(of_payment).filter(|row| !row.status.terminal());
        let refunds = open.map(|row| OpenRefund { refund_id: row.id, attempt_id: row.attempt_id }).collect();
        self.report_seeing(payment_id, reported, refunds)
    }

    fn report_seeing(
        &mut self,
        payment_id: PaymentId,
        reported: Reported,
        refunds: Vec<OpenRefund>,
    ) -> Result<Fulfilment, Refusal> {
        self.run(&ReportFulfilment {
            tenant_id: TENANT,
            payment_id,
            reported,
            item: None,
            policy_no: Some("P-1".to_owned()),
            refunds,
            origin: Origin::system(),
        })
    }

    fn confirm(&mut self, payment_id: PaymentId, fact: IssueOn) -> Fulfilment {
        let origin = Origin::system();
        self.run(&ConfirmMoney { tenant_id: TENANT, payment_id, fact, origin }).unwrap()
    }

    fn policy(&self, payment_id: PaymentId) -> &Fulfilment {
        self.snapshot.fulfilments.get(&(TENANT, payment_id)).unwrap()
    }

    fn last_body(&self) -> serde_json::Value {
        serde_json::from_str(&self.snapshot.appended.events.last().unwrap().body).unwrap()
    }
}

#[test]
fn the_announcement_says_on_which_fact_it_rests() {
    let mut world = world(IssueOn::ChannelSuccess);
    let (payment, _) = world.paid_policy();
    assert_eq!(world.events(payment), ["payment.created", "payment.succeeded", "payment.issuable"]);
    let body = world.last_body();
    assert_eq!(
        (&body["data"]["rests_on"], &body["data"]["status"]),
        (&"channel_success".into(), &"announced".into())
    );
    assert_eq!(world.policy(payment).due_at_us, Some(world.now_us + 3_600_000_000));
    let plain = world.payment();
    assert!(world.snapshot.fulfilments.get(&(TENANT, plain)).is_none(), "no policy, no row");
}

#[test]
fn what_waits_for_reconciliation_is_announced_by_nothing_less() {
    for (issue_on, less, enough) in [
        (IssueOn::Reconciled, IssueOn::ChannelSuccess, IssueOn::Reconciled),
        (IssueOn::Reconciled, IssueOn::ChannelSuccess, IssueOn::Settled),
        (IssueOn::Settled, IssueOn::Reconciled, IssueOn::Settled),
    ] {
        let mut world = world(issue_on);
        let unpaid = world.with_policy();
        assert_eq!(world.confirm(unpaid, enough).status, FulfilmentStatus::Awaiting, "no money, no policy");
        let (payment, _) = world.paid_policy();
        assert_eq!(world.events(payment), ["payment.created", "payment.succeeded"]);
        assert_eq!(world.confirm(payment, less).status, FulfilmentStatus::Awaiting);
        let row = world.confirm(payment, enough);
        assert_eq!((row.status, row.rests_on), (FulfilmentStatus::Announced, Some(enough)));
        world.confirm(payment, enough);
        assert_eq!(world.events(payment), ["payment.created", "payment.succeeded", "payment.issuable"]);
    }
}

#[test]
fn a_refund_before_the_issue_stops_it() {
    let mut world = world(IssueOn::Settled);
    let (payment, attempt) = world.paid_policy();
    world.refund(attempt, "R1", 100).unwrap();
    world.refund(attempt, "R2", 100).unwrap();
    assert_eq!(world.events(payment), ["payment.created", "payment.succeeded", "payment.issue_stopped"]);
    assert_eq!(
        world.confirm(payment, IssueOn::Settled).status,
        FulfilmentStatus::Awaiting,
        "stopped for good"
    );
    assert_eq!(
        world.report_policy(payment, Reported::Cancelled).unwrap().status,
        FulfilmentStatus::Cancelled
    );
    world.refund(attempt, "R3", 100).unwrap();
}

#[test]
fn an_issue_withdraws_refunds_that_were_not_sent() {
    let mut world = world(IssueOn::ChannelSuccess);
    let (payment, attempt) = world.paid_policy();
    let (first, second) =
        (world.refund(attempt, "R1", 100).unwrap(), world.refund(attempt, "R2", 50).unwrap());
    assert_eq!(world.report_seeing(payment, Reported::Issued, vec![]), Err(Refusal::RefundsChanged));
    let row = world.report_policy(payment, Reported::Issued).unwrap();
    assert_eq!((row.status, row.policy_no.as_deref()), (FulfilmentStatus::Issued, Some("P-1")));
    for refund in [first, second] {
        assert_eq!(world.the_refund(refund).status, RefundState::Cancelled);
        assert_eq!(world.next(refund), "done", "nothing is said to the channel");
    }
    assert_eq!((world.balance(AccountKind::Held), world.balance(AccountKind::PendingSettlement)), (0, PRICE));
    assert!(world.exceptions().is_empty(), "nothing was given back");
    assert_eq!(world.refund(attempt, "R3", 100), Err(Refusal::PolicyIssued));
    world.report_policy(payment, Reported::Issued).unwrap();
    assert_eq!(world.report_policy(payment, Reported::Cancelled), Err(Refusal::FulfilmentConflict));
    assert_eq!(
        world.report_policy(payment, Reported::Surrendered).unwrap().status,
        FulfilmentStatus::Surrendered
    );
    assert_eq!(world.report_policy(payment, Reported::Issued), Err(Refusal::FulfilmentConflict));
}

#[test]
fn an_issue_beside_a_refund_that_staff_may_have_sent_calls_a_person() {
    let mut world = world(IssueOn::ChannelSuccess);
    let (payment, attempt) = world.paid_policy();
    let id = world.refund(attempt, "R1", 100).unwrap();
    let by_staff = Refund { route: RefundRoute::OriginalOffline, ..world.the_refund(id).clone() };
    world.snapshot.refunds.put(by_staff);
    world.report_policy(payment, Reported::Issued).unwrap();
    assert_eq!(world.the_refund(id).status, RefundState::Approved, "only the bank's line ends it");
    assert_eq!(world.balance(AccountKind::Held), 100);
    assert_eq!(world.exceptions(), ["issued_and_refunded open"]);
}

#[test]
fn an_issue_beside_a_refund_that_was_sent_calls_a_person() {
    let mut world = world(IssueOn::ChannelSuccess);
    let (payment, attempt) = world.paid_policy();
    let refund = world.refund(attempt, "R1", 100).unwrap();
    let unsent = world.refund(attempt, "R2", 50).unwrap();
    world.claim(refund);
    world.report_policy(payment, Reported::Issued).unwrap();
    assert_eq!(world.the_refund(refund).status, RefundState::Approved, "only evidence ends what was sent");
    assert_eq!(world.the_refund(unsent).status, RefundState::Cancelled);
    assert_eq!(world.exceptions(), ["issued_and_refunded open"]);
    assert_eq!(world.the_payment(payment).refund_status, RefundStatus::None);
}

#[test]
fn a_policy_issued_before_its_money_is_late_by_its_own_limit() {
    let mut world = world(IssueOn::ChannelSuccess);
    let payment = world.with_policy();
    let row = world.report_policy(payment, Reported::Issued).unwrap();
    assert_eq!(row.due_at_us, Some(world.now_us + 86_400_000_000));
    let attempt = world.attempt(payment, Method::AlipayQr);
    world.told(attempt, Source::Callback, paid("txn"));
    let row = world.policy(payment);
    assert_eq!((row.status, row.due_at_us), (FulfilmentStatus::Issued, None), "paid at last");
    assert_eq!(world.events(payment), ["payment.created", "payment.succeeded"], "issued already");
    let other = world.payment();
    assert_eq!(world.report_policy(other, Reported::Issued), Err(Refusal::NotFound { what: "fulfilment" }));
}

#[test]
fn whether_there_is_a_policy_is_settled_when_the_payment_is_made() {
    let mut world = world(IssueOn::ChannelSuccess);
    let update = |payment_id, facts: Option<&str>| UpdatePayment {
        tenant_id: TENANT,
        payment_id,
        metadata: None,
        fulfilment: Some(facts.map(str::to_owned)),
        origin: Origin::system(),
    };
    let (payment_id, attempt_id) = world.paid_policy();
    world.report_policy(payment_id, Reported::Issued).unwrap();
    let refused = world.run(&update(payment_id, None)).unwrap_err();
    assert!(matches!(refused, Refusal::FieldInvalid { param: "fulfilment", .. }));
    let corrected = world.run(&update(payment_id, Some(r#"{"proposal_no":"T2"}"#))).unwrap();
    assert_eq!(corrected.fulfilment.as_deref(), Some(r#"{"proposal_no":"T2"}"#));
    let refund = world.refund_of(attempt_id, "R-1", PRICE);
    assert_eq!(world.run(&refund).unwrap_err(), Refusal::PolicyIssued, "never both");
    let plain = world.payment();
    let refused = world.run(&update(plain, Some("{}"))).unwrap_err();
    assert!(
        matches!(refused, Refusal::FieldInvalid { param: "fulfilment", .. }),
        "nothing would announce it"
    );
}

/// Two covers, each with a policy of its own, and a tax; collected.
fn two_policies(world: &mut World) -> (PaymentId, AttemptId) {
    let item = |amount, collected_for: Option<&str>| Item {
        name: "交强险".to_owned(),
        amount,
        quantity: None,
        unit_price: None,
        kind: None,
        policy_no: None,
        splittable: false,
        merchant_order_no: None,
        collected_for: collected_for.map(str::to_owned),
    };
    let items = vec![item(6_000, None), item(PRICE - 7_000, None), item(1_000, Some("税务局"))];
    let fulfilment = Some(r#"{"proposal_no":"T1"}"#.to_owned());
    let order = CreatePayment { items, fulfilment, ..world.order() };
    let payment_id = world.run(&order).unwrap().payment.id;
    let attempt_id = world.attempt(payment_id, Method::AlipayQr);
    world.told(attempt_id, Source::Callback, paid(&format!("txn-{attempt_id}")));
    (payment_id, attempt_id)
}

impl World {
    fn report_item(
        &mut self,
        payment_id: PaymentId,
        (item, reported): (usize, Reported),
    ) -> Result<Fulfilment, Refusal> {
        let open = self.snapshot.refunds.iter().filter(|row| !row.status.terminal());
        let refunds = open.map(|row| OpenRefund { refund_id: row.id, attempt_id: row.attempt_id }).collect();
        self.run(&ReportFulfilment {
            tenant_id: TENANT,
            payment_id,
            reported,
            item: Some(item),
            policy_no: Some(format!("P-{item}")),
            refunds,
            origin: Origin::system(),
        })
    }

    fn refund_item(
        &mut self,
        attempt_id: AttemptId,
        number: &str,
        (item, amount_minor): (usize, i64),
    ) -> Result<RefundId, Refusal> {
        let items = vec![ItemRefund { item, amount_minor }];
        let command = CreateRefund { items, ..self.refund_of(attempt_id, number, amount_minor) };
        self.run(&command).map(|created| created.refund.id)
    }
}

#[test]
fn each_item_has_a_policy_of_its_own_and_only_what_no_policy_stands_for_is_refunded() {
    let mut world = world(IssueOn::ChannelSuccess);
    let (payment, attempt) = two_policies(&mut world);
    let row = world.report_item(payment, (0, Reported::Issued)).unwrap();
    assert_eq!((row.status, row.items().len()), (FulfilmentStatus::Issued, 3));
    assert_eq!(world.report_item(payment, (0, Reported::Issued)).unwrap(), row, "told again");
    assert_eq!(world.refund_item(attempt, "R1", (0, 1)), Err(Refusal::PolicyIssued));
    assert_eq!(world.refund(attempt, "R1", PRICE), Err(Refusal::PolicyIssued), "the whole has it too");
    let refund = world.refund_item(attempt, "R2", (1, 500)).unwrap();
    world.refund_item(attempt, "R3", (2, 1_000)).unwrap();
    assert!(world.events(payment).contains(&"payment.issue_stopped".to_owned()));
    // The second policy is issued all the same: what was not sent of it is withdrawn, the tax goes back.
    world.report_item(payment, (1, Reported::Issued)).unwrap();
    assert_eq!(world.the_refund(refund).status, RefundState::Cancelled);
    assert_eq!(world.the_payment(payment).items_back(), [0, 0, 1_000]);
    assert_eq!(world.exceptions(), Vec::<String>::new());
    let row = world.report_item(payment, (0, Reported::Surrendered)).unwrap();
    assert_eq!(row.status, FulfilmentStatus::Issued, "one policy still stands");
    let row = world.report_item(payment, (1, Reported::Surrendered)).unwrap();
    assert_eq!(row.status, FulfilmentStatus::Surrendered);
}

#[test]
fn an_item_issued_although_its_money_was_sent_back_calls_a_person_and_another_does_not() {
    let mut world = world(IssueOn::ChannelSuccess);
    let (payment, attempt) = two_policies(&mut world);
    let refund = world.refund_item(attempt, "R1", (1, 500)).unwrap();
    world.claim(refund);
    world.report_item(payment, (0, Reported::Issued)).unwrap();
    assert_eq!(world.exceptions(), Vec::<String>::new());
    world.report_item(payment, (1, Reported::Issued)).unwrap();
    assert_eq!(world.exceptions(), ["issued_and_refunded open"]);
    assert_ne!(world.the_refund(refund).status, RefundState::Cancelled);
}

#[test]
fn reports_of_items_and_of_the_whole_do_not_mix_and_none_is_cancelled_until_all_are() {
    let mut world = world(IssueOn::ChannelSuccess);
    let (payment, _) = two_policies(&mut world);
    let refused = [(2, Reported::Issued), (3, Reported::Issued)];
    for told in refused {
        let refused = world.report_item(payment, told).unwrap_err();
        assert!(matches!(refused, Refusal::FieldInvalid { param: "item", .. }), "{refused:?}");
    }
    assert_eq!(world.report_item(payment, (0, Reported::Surrendered)), Err(Refusal::FulfilmentConflict));
    let row = world.report_item(payment, (0, Reported::Cancelled)).unwrap();
    assert_eq!(row.status, FulfilmentStatus::Announced);
    assert_eq!(world.report_item(payment, (0, Reported::Issued)), Err(Refusal::FulfilmentConflict));
    assert_eq!(world.report_policy(payment, Reported::Issued), Err(Refusal::FulfilmentConflict));
    let row = world.report_item(payment, (1, Reported::Cancelled)).unwrap();
    assert_eq!(row.status, FulfilmentStatus::Cancelled);
    let (whole, _) = two_policies(&mut world);
    world.report_policy(whole, Reported::Issued).unwrap();
    assert_eq!(world.report_item(whole, (0, Reported::Cancelled)), Err(Refusal::FulfilmentConflict));
}

#[test]
fn money_that_comes_after_the_policy_has_ended_is_collected_and_announces_nothing() {
    for ended in [Reported::Surrendered, Reported::Cancelled] {
        let mut world = world(IssueOn::ChannelSuccess);
        let payment = world.with_policy();
        if ended == Reported::Surrendered {
            world.report_policy(payment, Reported::Issued).unwrap();
        }
        let before = world.report_policy(payment, ended).unwrap().status;
        let attempt = world.attempt(payment, Method::AlipayQr);
        world.told(attempt, Source::Callback, paid("txn-late"));
        let row = world.policy(payment);
        assert_eq!((row.status, row.rests_on, row.due_at_us), (before, None, None));
        assert!(row.paid_at_us.is_some());
        assert!(!world.events(payment).contains(&"payment.issuable".to_owned()));
    }
}

#[test]
fn a_tax_that_goes_back_stops_no_policy_and_each_refund_of_an_item_stops_its_own() {
    let mut world = world(IssueOn::ChannelSuccess);
    let (payment, attempt) = two_policies(&mut world);
    let stops =
        |world: &World| world.events(payment).iter().filter(|kind| *kind == "payment.issue_stopped").count();
    world.refund_item(attempt, "R1", (2, 1_000)).unwrap();
    assert_eq!((stops(&world), world.policy(payment).stopped_at_us), (0, None));
    world.refund_item(attempt, "R2", (0, 6_000)).unwrap();
    world.refund_item(attempt, "R3", (1, 1)).unwrap();
    assert_eq!(stops(&world), 2);
}
