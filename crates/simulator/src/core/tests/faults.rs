use super::*;

fn with_fault(mut alipay: Seller, fault: Fault) -> Seller {
    alipay.set_faults(FaultPlan { scripts: vec![Script::once(TRADE, fault)], rates: None });
    alipay
}

fn assert_counted(alipay: &Seller, kind: FaultKind, times: u64) {
    assert_eq!(alipay.fault_counters().of(kind), times, "{:?}", alipay.fault_counters());
}

#[test]
fn lost_answers_differ_in_their_effect() {
    let table = [
        (Fault::LostBefore, FaultKind::LostBefore, "lost None", 0),
        (Fault::LostAfter, FaultKind::AnswerLost, "lost Done", 30),
        (Fault::LandsLate { after_us: MINUTE_US }, FaultKind::LateEffect, "lost Later", 0),
        (Fault::SystemError { effect: Effect::None }, FaultKind::Unreadable, "isp.unknow-error", 0),
        (Fault::SystemError { effect: Effect::Done }, FaultKind::Unreadable, "isp.unknow-error", 30),
        (
            Fault::Unreadable { garble: Garble::Truncated, effect: Effect::Done },
            FaultKind::Unreadable,
            "Truncated Done",
            30,
        ),
        (
            Fault::Unreadable { garble: Garble::ServerError, effect: Effect::None },
            FaultKind::Unreadable,
            "ServerError None",
            0,
        ),
        (Fault::Limited, FaultKind::Trouble, "isv.app-call-limited", 0),
        (Fault::Slow { after_us: SECOND_US }, FaultKind::Trouble, "10000", 30),
    ];
    for (fault, kind, expected, refunded_fen) in table {
        let mut alipay = with_fault(paid(100), fault);
        assert_eq!(heard(&alipay.handle(START_US, &refund(30, "R1"))), expected, "{fault:?}");
        assert_eq!(alipay.truth().refunded_fen, refunded_fen, "{fault:?}");
        assert_counted(&alipay, kind, 1);
        assert_eq!(heard(&alipay.handle(START_US, &refund(30, "R1"))), "10000", "the retry after {fault:?}");
        assert_eq!(alipay.truth().refunded_fen, 30, "{fault:?}");
        alipay.advance(START_US + DAY_US);
        assert_eq!(alipay.truth().refunded_fen, 30, "late landing after the retry of {fault:?}");
    }
}

#[test]
fn late_effects_land_after_a_query_saw_nothing() {
    let mut alipay = with_fault(seller(), Fault::LandsLate { after_us: MINUTE_US });
    alipay.handle(START_US, &bar_code(100, "280000000000000001"));
    assert_eq!(heard(&alipay.handle(START_US + MINUTE_US - 1, &query())), "ACQ.TRADE_NOT_EXIST");
    assert_eq!(heard(&alipay.handle(START_US + MINUTE_US, &query())), "TRADE_SUCCESS");

    let mut alipay = with_fault(seller(), Fault::LandsAfterQuery);
    alipay.handle(START_US, &bar_code(100, "280000000000000001"));
    assert_eq!(heard(&alipay.handle(START_US, &query())), "ACQ.TRADE_NOT_EXIST");
    assert_eq!(heard(&alipay.handle(START_US, &query())), "TRADE_SUCCESS");
    assert_counted(&alipay, FaultKind::LateEffect, 1);
}

#[test]
fn accepted_refund_may_land_later_or_never() {
    let fund_change = |delivery: Delivery| {
        let Delivery::Answered(CoreAnswer { node: Node::Refund(node), .. }) = delivery else {
            panic!("not a refund")
        };
        node.fund_change
    };
    let mut alipay = with_fault(paid(100), Fault::RefundLater { after_us: MINUTE_US });
    assert_eq!(fund_change(alipay.handle(START_US, &refund(30, "R1"))), FundChange::No);
    assert_eq!(alipay.truth().refunded_fen, 0);
    alipay.advance(START_US + MINUTE_US);
    assert_eq!(alipay.truth().refunded_fen, 30);

    let mut alipay = with_fault(paid(100), Fault::FalseSuccess);
    assert_eq!(fund_change(alipay.handle(START_US, &refund(30, "R1"))), FundChange::Yes);
    alipay.advance(START_US + DAY_US);
    assert_eq!(alipay.truth().refunded_fen, 0);
    assert_counted(&alipay, FaultKind::Lie, 1);
}

#[test]
fn the_gateway_can_be_down_for_a_time() {
    let mut alipay = with_fault(paid(100), Fault::Down { for_us: MINUTE_US });
    for _ in 0..2 {
        assert_eq!(heard(&alipay.handle(START_US, &query())), "lost None");
    }
    assert_eq!(heard(&alipay.handle(START_US + MINUTE_US, &query())), "TRADE_SUCCESS");
    assert_counted(&alipay, FaultKind::Trouble, 2);
}

#[test]
fn queries_lie_and_only_lies_count() {
    for (fault, told) in
        [(Fault::QueryStale, "WAIT_BUYER_PAY"), (Fault::QueryNotFound, "ACQ.TRADE_NOT_EXIST")]
    {
        let mut alipay = with_fault(paid(100), fault);
        assert_eq!(heard(&alipay.handle(START_US, &query())), told);
        assert_eq!(heard(&alipay.handle(START_US, &query())), "TRADE_SUCCESS");
        assert_counted(&alipay, FaultKind::Lie, 1);
        let mut honest = with_fault(seller(), fault);
        assert_eq!(heard(&honest.handle(START_US, &query())), "ACQ.TRADE_NOT_EXIST");
        assert_counted(&honest, FaultKind::Lie, 0);
    }
    let mut early = with_fault(seller(), Fault::QuerySuccess);
    early.execute(START_US, &CoreCall::Create(order(100)));
    assert_eq!(heard(&early.handle(START_US, &query())), "TRADE_SUCCESS");
    assert_eq!(early.truth().paid_fen, 0);

    let mut alipay = with_fault(paid(100), Fault::QueryStale);
    alipay.execute(START_US, &refund(30, "R1"));
    let answer = alipay.handle(START_US, &refund_query("R1"));
    assert!(
        matches!(answer, Delivery::Answered(CoreAnswer { node: Node::RefundQuery(node), .. }) if node.refund_status.is_none())
    );
}

#[test]
fn without_a_cap_more_goes_back_than_came() {
    let mut alipay = with_fault(paid(100), Fault::NoRefundCap);
    assert_eq!(heard(&alipay.handle(START_US, &refund(101, "R1"))), "10000");
    assert_eq!(alipay.truth().refunded_fen, 101);
    assert_counted(&alipay, FaultKind::NoCap, 1);
    let mut modest = with_fault(paid(100), Fault::NoRefundCap);
    modest.handle(START_US, &refund(100, "R1"));
    assert_counted(&modest, FaultKind::NoCap, 0);
}

fn posts_of(fault: Fault, until_us: i64) -> (Vec<Notification>, Seller) {
    let mut alipay = with_fault(seller(), fault);
    alipay.execute(START_US, &CoreCall::Precreate(order(100)));
    alipay.pay(START_US, TRADE).unwrap();
    (alipay.due_notifications(until_us), alipay)
}

#[test]
fn notifications_are_duplicated_late_or_never_sent() {
    let (posts, alipay) = posts_of(Fault::NotifyDuplicated { copies: 3 }, START_US);
    assert_eq!(posts.len(), 3);
    assert!(posts.iter().all(|post| *post == posts[0]));
    assert_counted(&alipay, FaultKind::Duplicated, 1);

    let (posts, mut alipay) = posts_of(Fault::NotifyLate { after_us: 3 * DAY_US }, START_US + 3 * DAY_US - 1);
    assert_eq!(posts, []);
    assert_eq!(alipay.due_notifications(START_US + 3 * DAY_US).len(), 1);
    assert_counted(&alipay, FaultKind::NotifyLate, 1);

    let (posts, alipay) = posts_of(Fault::NotifyNever, START_US + 30 * DAY_US);
    assert_eq!(posts, []);
    assert_counted(&alipay, FaultKind::NotifyLate, 1);
}

#[test]
fn a_refund_is_told_before_its_payment() {
    let (posts, mut alipay) = posts_of(Fault::NotifyReordered, START_US);
    assert_eq!(posts, []);
    alipay.execute(START_US + SECOND_US, &refund(30, "R1"));
    let mut order = Vec::new();
    for second in 1..=3 {
        let posts = alipay.due_notifications(START_US + second * SECOND_US);
        order.extend(posts.into_iter().map(|post| post.fields.out_biz_no));
    }
    assert_eq!(order, [Some("R1".to_owned()), None]);
    assert_counted(&alipay, FaultKind::Reordered, 1);
}

#[test]
fn genuine_notifications_can_say_wrong_things() {
    let told = |fault| {
        let (posts, alipay) = posts_of(fault, START_US);
        assert_counted(&alipay, FaultKind::WrongContent, 1);
        assert_eq!(posts[0].seal, Seal::Genuine);
        let fields = &posts[0].fields;
        let config = CoreConfig::default();
        (fields.total_fen == 100, fields.app_id == config.app_id, fields.seller_id == config.seller_id)
    };
    assert_eq!(told(Fault::NotifyWrongAmount { delta_fen: 1 }), (false, true, true));
    assert_eq!(told(Fault::NotifyWrongApp), (true, false, true));
    assert_eq!(told(Fault::NotifyWrongSeller), (true, true, false));
}

#[test]
fn forgeries_come_for_trades_nobody_paid_and_only_once() {
    for seal in [Seal::WrongKey, Seal::Unsigned, Seal::Probe] {
        let mut alipay = with_fault(seller(), Fault::NotifyForged { seal });
        alipay.execute(START_US, &CoreCall::Precreate(order(100)));
        alipay.open(START_US, TRADE).unwrap();
        let posts = alipay.due_notifications(START_US);
        assert_eq!((posts.len(), posts[0].seal), (1, seal));
        assert_eq!(posts[0].fields.trade_status, TradeStatus::TradeSuccess);
        assert_eq!(alipay.truth().paid_fen, 0);
        assert_eq!(alipay.due_notifications(START_US + DAY_US), []);
        assert_counted(&alipay, FaultKind::Forged, 1);
    }
}

#[test]
fn bills_omit_double_and_invent_rows() {
    let table = [
        (Fault::BillOmits, FaultKind::Lie, 0),
        (Fault::BillDoubles, FaultKind::BadBill, 2),
        (Fault::BillAdds, FaultKind::BadBill, 2),
    ];
    for (fault, kind, rows) in table {
        let mut alipay = with_fault(paid(100), fault);
        let bill = alipay.bill(beijing_day(START_US));
        assert_eq!(bill.trade_rows.len(), rows, "{fault:?}");
        assert_eq!(alipay.bill(beijing_day(START_US)), bill, "a bill reads the same twice");
        assert_counted(&alipay, kind, 1);
    }
}

#[test]
fn scripts_choose_trade_method_and_occasion() {
    let mut alipay = paid(100);
    let script = Script {
        fault: Fault::LostBefore,
        out_trade_no: Some(TRADE.to_owned()),
        method: Some(Method::Query),
        skip: 1,
        times: Some(2),
    };
    let other = Script { out_trade_no: Some("T2".to_owned()), times: None, ..script.clone() };
    alipay.set_faults(FaultPlan { scripts: vec![other, script], rates: None });
    assert_eq!(heard(&alipay.handle(START_US, &refund(1, "R1"))), "10000");
    let heard_all: Vec<_> = (0..4).map(|_| heard(&alipay.handle(START_US, &query()))).collect();
    assert_eq!(heard_all, ["TRADE_SUCCESS", "lost None", "lost None", "TRADE_SUCCESS"]);
}

#[test]
fn a_payer_who_timed_out_may_still_pay() {
    let mut alipay = seller();
    alipay.execute(START_US, &CoreCall::Precreate(order(100)));
    alipay.time_out(START_US, TRADE, MINUTE_US).unwrap();
    assert_eq!(said(&alipay.execute(START_US, &query())), "WAIT_BUYER_PAY");
    alipay.advance(START_US + MINUTE_US);
    assert_eq!(alipay.truth().paid_fen, 100);

    let mut closed = seller();
    closed.execute(START_US, &CoreCall::Precreate(order(100)));
    closed.time_out(START_US, TRADE, MINUTE_US).unwrap();
    closed.execute(START_US, &CoreCall::Close(TradeRef::out(TRADE)));
    closed.advance(START_US + MINUTE_US);
    assert_eq!(closed.truth().paid_fen, 0);
}
