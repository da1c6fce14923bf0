//! Payments by the payer's bar code: money may move without the payer seeing anything of ours.

use crate::kit::{
    CONTRACT, PRICE, TENANT, World, code, contract, failed, merchant, paid, product, unclear, undone,
};
use tk_domain::audit::Origin;
use tk_domain::channel_account::{ChannelAccount, Method};
use tk_domain::id::Id128;
use tk_domain::instruction::InstructionKind;
use tk_domain::moment::{DAY_US, MINUTE_US};
use tk_domain::payment::{
    AttemptStatus, ChannelPayer, Disposition, PayerRecord, PaymentStatus, StartAttempt, Started,
    UseOauthState,
};
use tk_domain::refusal::Refusal;
use tk_domain::report::{PaymentFinding, Source};

#[test]
fn a_refusal_of_the_first_send_is_final() {
    let mut world = World::new();
    let id = world.open(Method::AlipayBarcode);
    world.told(id, Source::Reply, failed());
    assert_eq!(world.the_attempt(id).status, AttemptStatus::Failed);
}

#[test]
fn a_refusal_of_a_repeated_send_proves_nothing_because_the_first_may_have_taken_the_money() {
    let mut world = World::new();
    let id = world.open(Method::AlipayBarcode);
    assert_eq!(world.claim(id), InstructionKind::Pay, "the first sender died before its answer came");
    assert_eq!(world.instruction(id).tries, 2);
    world.told(id, Source::Reply, failed());
    assert_eq!(world.the_attempt(id).status, AttemptStatus::Unknown);
    assert_eq!(world.next(id), "query+5");
    world.claim(id);
    world.told(id, Source::Query, paid("txn"));
    assert_eq!(world.payment_of(id).status, PaymentStatus::Succeeded);
}

#[test]
fn a_code_refused_at_the_second_send_is_asked_about_because_the_first_may_have_been_shown_and_paid() {
    for method in [Method::AlipayQr, Method::AlipayPage, Method::AlipayWap] {
        let mut world = World::new();
        let id = world.open(method);
        world.claim(id);
        world.told(id, Source::Reply, failed());
        assert_eq!(world.the_attempt(id).status, AttemptStatus::Unknown, "{method}");
        world.told(id, Source::Query, paid("txn"));
        assert_eq!(world.payment_of(id).status, PaymentStatus::Succeeded, "{method}");
    }
}

#[test]
fn what_somebody_may_have_begun_is_asked_about_where_beginning_it_again_could_be_refused() {
    for (method, after_us, kind) in [
        (Method::AlipayBarcode, 0, InstructionKind::Query),
        (Method::AlipayQr, 0, InstructionKind::Pay),
        (Method::AlipayQr, DAY_US, InstructionKind::Query),
    ] {
        let mut world = World::new();
        let id = world.open(method);
        world.after(after_us);
        let said = |world: &World| world.the_attempt(id).kind_to_say(world.instruction(id), world.now_us);
        assert_eq!(said(&world), InstructionKind::Pay, "{method}: nobody else had it");
        world.claim(id);
        assert_eq!(said(&world), kind, "{method}");
    }
}

#[test]
fn a_slow_refusal_ends_no_order_that_another_sender_has_opened() {
    let mut world = World::new();
    let id = world.open(Method::AlipayQr);
    world.claim(id);
    world.told(id, Source::Reply, code());
    world.told(id, Source::Reply, failed());
    assert_eq!(world.the_attempt(id).status, AttemptStatus::RequiresAction);
    world.told(id, Source::Query, paid("txn"));
    assert_eq!(world.payment_of(id).status, PaymentStatus::Succeeded);
}

#[test]
fn a_waiting_payer_is_asked_about_every_five_seconds_for_a_minute_and_then_cancelled() {
    let mut world = World::new();
    let id = world.open(Method::AlipayBarcode);
    let start_us = world.now_us;
    world.told(id, Source::Reply, PaymentFinding::InProgress);
    while world.instruction(id).kind == InstructionKind::Query {
        world.now_us = world.instruction(id).due_at_us;
        world.told(id, Source::Query, PaymentFinding::WaitingPayer);
    }
    assert_eq!(world.next(id), "cancel+0");
    assert!(world.now_us - start_us <= MINUTE_US);
    world.told(id, Source::Reply, PaymentFinding::Closed);
    assert_eq!(world.the_attempt(id).status, AttemptStatus::Closed);
    assert_eq!(world.payment_of(id).status, PaymentStatus::RequiresMethod);
}

#[test]
fn a_success_heard_of_during_a_cancel_waits_for_the_outcome_of_the_cancel() {
    for (outcome, status, payment_status) in [
        (PaymentFinding::Closed, AttemptStatus::Closed, PaymentStatus::Closed),
        (PaymentFinding::CloseRefused, AttemptStatus::Succeeded, PaymentStatus::Succeeded),
    ] {
        let mut world = World::new();
        let id = world.open(Method::AlipayBarcode);
        world.told(id, Source::Reply, unclear());
        world.close(world.the_attempt(id).payment_id).unwrap();
        assert_eq!(world.claim(id), InstructionKind::Cancel);
        world.told(id, Source::Callback, paid("txn"));
        world.told(id, Source::Query, PaymentFinding::WaitingPayer);
        assert_eq!(world.the_attempt(id).status, AttemptStatus::Unknown, "a cancel gives paid money back");
        world.told(id, Source::Reply, unclear());
        assert_eq!(world.claim(id), InstructionKind::Cancel, "an unanswered cancel is repeated");
        world.told(id, Source::Callback, paid("txn"));
        world.told(id, Source::Reply, outcome);
        if status == AttemptStatus::Succeeded {
            assert_eq!(world.claim(id), InstructionKind::Query);
            world.told(id, Source::Query, paid("txn"));
        }
        assert_eq!((world.the_attempt(id).status, world.payment_of(id).status), (status, payment_status));
        assert_eq!(world.exceptions(), Vec::<String>::new());
    }
}

#[test]
fn an_order_unknown_to_the_channel_is_cancelled_and_asked_about_until_it_can_no_longer_be_paid() {
    let mut world = World::new();
    let id = world.open(Method::AlipayBarcode);
    world.told(id, Source::Reply, unclear());
    let mut said = Vec::new();
    while world.the_attempt(id).status.open() {
        let kind = world.claim(id);
        said.push(kind);
        let source = if kind == InstructionKind::Query { Source::Query } else { Source::Reply };
        world.told(id, source, PaymentFinding::NotFound);
        assert!(said.len() < 100, "ends");
    }
    assert!(said.contains(&InstructionKind::Cancel));
    assert!(world.now_us > world.the_attempt(id).channel_expires_at_us + 5 * MINUTE_US);
    assert_eq!(world.payment_of(id).status, PaymentStatus::RequiresMethod);
}

#[test]
fn bar_codes_have_the_form_of_their_wallet_and_other_methods_have_none() {
    let mut world = World::new();
    let payment_id = world.payment();
    let cases: [(Method, Option<&str>, bool); 12] = [
        (Method::AlipayBarcode, Some("281234567890123456"), true),
        (Method::AlipayBarcode, Some("251234567890123"), false),
        (Method::AlipayBarcode, Some("2512345678901234"), true),
        (Method::AlipayBarcode, Some("301234567890123456789012"), true),
        (Method::AlipayBarcode, Some("3012345678901234567890123"), false),
        (Method::AlipayBarcode, Some("241234567890123456"), false),
        (Method::AlipayBarcode, Some("28123456789012345x"), false),
        (Method::AlipayBarcode, Some("２８1234567890123"), false),
        (Method::AlipayBarcode, None, false),
        (Method::AlipayQr, Some("281234567890123456"), false),
        (Method::AlipayQr, Some("anything"), false),
        (Method::AlipayQr, None, true),
    ];
    for (method, auth_code, fits) in cases {
        let command = StartAttempt {
            tenant_id: TENANT,
            payment_id,
            method,
            auth_code: auth_code.map(str::to_owned),
            payer: tk_domain::transfer::ExpectedPayer::default(),
            known_as: None,
            card: None,
            payer_ip: None,
            return_url: None,
            lease_us: 0,
            origin: Origin::system(),
        };
        let decided = world.decide(&command).map(|_| ());
        let expected = if fits { Ok(()) } else { Err(Refusal::AuthCodeInvalid) };
        assert_eq!(decided, expected, "{method} {auth_code:?}");
    }
}

fn known_as(openid: &str) -> ChannelPayer {
    let record = PayerRecord { masked: "{}".to_owned(), sealed: openid.as_bytes().to_vec() };
    ChannelPayer { record, sealed: format!("sealed {openid}"), mark: Some(format!("mark {openid}")) }
}

/// A method, what the payer brought, and what the channel is told or why not.
type AtWechat = (Method, Option<&'static str>, Option<&'static str>, Result<&'static str, Refusal>);

#[test]
fn wechat_wants_to_know_its_payer() {
    let all = r#"["wechat_jsapi","wechat_h5","wechat_native"]"#.to_owned();
    let mut world = World::with(merchant(), product(), ChannelAccount { methods: all, ..contract(CONTRACT) });
    let payment_id = world.payment();
    let ip = Some("203.0.113.7");
    let unknown = Refusal::ChannelNotAvailable;
    let nowhere = Refusal::FieldInvalid { param: "payer_ip", reason: "the channel asks where the payer is" };
    let cases: [AtWechat; 6] = [
        (Method::WechatJsapi, None, ip, Err(unknown)),
        (Method::WechatJsapi, Some("oPayer"), None, Ok("sealed")),
        (Method::WechatH5, Some("oPayer"), None, Err(nowhere)),
        (Method::WechatH5, None, ip, Ok("203.0.113.7")),
        (Method::WechatNative, None, None, Ok("auth_code")),
        (Method::WechatNative, None, ip, Ok("auth_code")),
    ];
    // The address of the order system's server is nobody's address at the channel.
    let server = Origin { ip: Some("198.51.100.9".to_owned()), ..Origin::system() };
    for (method, openid, payer_ip, said) in cases {
        let command = StartAttempt {
            tenant_id: TENANT,
            payment_id,
            method,
            auth_code: None,
            payer: tk_domain::transfer::ExpectedPayer::default(),
            known_as: openid.map(known_as),
            card: None,
            payer_ip: payer_ip.map(str::to_owned),
            return_url: None,
            lease_us: 0,
            origin: server.clone(),
        };
        match (world.decide(&command), said) {
            (Ok(started), Ok(text)) => {
                let changes = format!("{:?}", started.changes);
                assert!(
                    changes.contains(text) && !changes.contains("client_ip\\\":\\\"198"),
                    "{text}: {changes}"
                );
            }
            (otherwise, said) => {
                assert_eq!(otherwise.map(|_| ()), Err(said.expect_err("it was refused")), "{method}");
            }
        }
    }
}

#[test]
fn a_state_is_used_once_and_only_while_the_payment_waits() {
    let mut world = World::new();
    let payment_id = world.payment();
    let with = |number: u8| UseOauthState {
        tenant_id: TENANT,
        payment_id,
        state_id: Id128([number; 16]),
        origin: Origin::system(),
    };
    assert_eq!(world.run(&with(1)), Ok(()));
    assert_eq!(world.run(&with(1)), Err(Refusal::OauthStateInvalid));
    assert_eq!(world.run(&with(2)), Ok(()));
    world.close(payment_id).unwrap();
    assert_eq!(world.run(&with(3)), Err(Refusal::OrderClosed));
    assert_eq!(world.run(&with(1)), Err(Refusal::OrderClosed), "the money line is about the order");
}

#[test]
fn a_success_heard_of_after_a_cancel_is_asked_about_afresh_and_booked_only_if_it_still_stands() {
    let mut world = World::new();
    let id = world.open(Method::AlipayBarcode);
    world.told(id, Source::Reply, unclear());
    for _ in 0..40 {
        world.claim(id);
        world.told(id, Source::Query, unclear());
    }
    world.close(world.the_attempt(id).payment_id).unwrap();
    world.told(id, Source::Reply, PaymentFinding::Closed);
    world.told(id, Source::Callback, paid("txn"));
    assert_eq!(world.next(id), "query+1");
    world.claim(id);
    world.told(id, Source::Query, unclear());
    assert_eq!(world.next(id), "query+10", "an unclear answer is not the last word");
    world.claim(id);
    world.told(id, Source::Query, PaymentFinding::NotFound);
    assert_eq!(world.next(id), "query+20", "nor is a stale one, which the callback contradicts");
    world.claim(id);
    world.told(id, Source::Query, PaymentFinding::Closed);
    assert_eq!((world.next(id).as_str(), world.snapshot.appended.entries.len()), ("done", 0));
}

/// Waits in vain for the payer, cancels, and hears that the cancel gave back what had just been paid.
fn cancelled_after_payment(fee_returned: bool) -> World {
    let terms = ChannelAccount { fee_returned, ..contract(CONTRACT) };
    let mut world = World::with(merchant(), product(), terms);
    let id = world.open(Method::AlipayBarcode);
    world.told(id, Source::Reply, unclear());
    world.close(world.the_attempt(id).payment_id).unwrap();
    assert_eq!(world.claim(id), InstructionKind::Cancel);
    world.told(id, Source::Reply, undone());
    assert_eq!(world.the_attempt(id).status, AttemptStatus::Closed);
    assert_eq!(world.payment_of(id).status, PaymentStatus::Closed);
    let entries = world.snapshot.appended.entries.len();
    for (source, finding) in
        [(Source::Query, undone()), (Source::Callback, paid("txn")), (Source::Query, PaymentFinding::Closed)]
    {
        world.told(id, source, finding);
    }
    assert_eq!(world.snapshot.appended.entries.len(), entries, "never a second entry");
    assert_eq!(world.the_attempt(id).undone_minor, PRICE);
    world
}

#[test]
fn a_cancel_that_gives_money_back_costs_the_fee_that_the_channel_keeps() {
    use tk_domain::ledger::AccountKind;
    let keeping = cancelled_after_payment(false);
    let kinds = [AccountKind::ChannelReceivable, AccountKind::FeeCost, AccountKind::PendingSettlement];
    assert_eq!(kinds.map(|kind| keeping.balance(kind)), [30, -30, 0]);
    let lines: Vec<String> = keeping
        .last_entry()
        .lines()
        .iter()
        .map(|line| format!("{} {} {}", line.side, line.account.kind, line.amount_minor))
        .collect();
    let expected = ["debit channel_receivable 9970", "debit fee_cost 30", "credit channel_receivable 10000"];
    assert_eq!(lines, expected);
    let returning = cancelled_after_payment(true);
    assert_eq!(kinds.map(|kind| returning.balance(kind)), [0, 0, 0]);
}

#[test]
fn a_cancel_heard_of_after_the_end_is_booked_then() {
    let mut world = World::new();
    let id = world.open(Method::AlipayBarcode);
    world.told(id, Source::Reply, unclear());
    world.close(world.the_attempt(id).payment_id).unwrap();
    world.claim(id);
    world.told(id, Source::Reply, PaymentFinding::Closed);
    world.told(id, Source::Bill, undone());
    assert_eq!(
        (world.the_attempt(id).undone_minor, world.last_entry().kind),
        (PRICE, tk_domain::ledger::EntryKind::Undone)
    );
}

#[test]
fn a_booked_success_that_the_channel_gives_back_is_shown_to_a_person() {
    let mut world = World::new();
    let id = world.open(Method::AlipayBarcode);
    world.paid(id);
    world.told(id, Source::Query, undone());
    assert_eq!(world.exceptions(), ["success_contradicted open"]);
    assert_eq!(world.the_attempt(id).undone_minor, 0);
}

#[test]
fn an_order_is_good_for_its_own_payer_and_another_has_it_closed_first() {
    let all = r#"["wechat_jsapi","wechat_native"]"#.to_owned();
    let mut world = World::with(merchant(), product(), ChannelAccount { methods: all, ..contract(CONTRACT) });
    let payment_id = world.payment();
    let by = |openid: Option<&str>| StartAttempt {
        tenant_id: TENANT,
        payment_id,
        method: Method::WechatJsapi,
        auth_code: None,
        payer: tk_domain::transfer::ExpectedPayer::default(),
        known_as: openid.map(known_as),
        payer_ip: None,
        card: None,
        return_url: None,
        lease_us: 0,
        origin: Origin::system(),
    };
    let Started::New { attempt: first, .. } = world.run(&by(Some("oFirst"))).unwrap() else {
        panic!("not new")
    };
    assert_eq!(first.payer_mark.as_deref(), Some("mark oFirst"));
    for same in [Some("oFirst"), None] {
        let Started::Existing { attempt, .. } = world.run(&by(same)).unwrap() else { panic!("not the same") };
        assert_eq!(attempt.id, first.id);
    }
    world.claim(first.id);
    world.told(first.id, Source::Reply, code());
    let Started::ClosingEarlier { attempt, .. } = world.run(&by(Some("oSecond"))).unwrap() else {
        panic!("two orders at once")
    };
    assert_eq!((attempt.id, world.next(first.id)), (first.id, "close+0".to_owned()));
    assert!(matches!(world.run(&by(Some("oSecond"))), Err(Refusal::AttemptInProgress { .. })));
    world.told(first.id, Source::Reply, PaymentFinding::Closed);
    let Started::New { attempt: second, .. } = world.run(&by(Some("oSecond"))).unwrap() else {
        panic!("not new")
    };
    assert_eq!(second.payer_mark.as_deref(), Some("mark oSecond"));
    // Paid all the same before it was closed: the second is a duplicate, parked and refunded.
    world.told(second.id, Source::Callback, paid("txn-2"));
    world.told(first.id, Source::Callback, paid("txn-1"));
    assert_eq!(world.the_attempt(first.id).disposition, Some(Disposition::Duplicate));
}
