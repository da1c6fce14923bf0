use super::*;

/// Runs calls one after the other and compares what each says.
fn story(alipay: &mut Seller, steps: &[(CoreCall, &str)]) {
    for (number, (call, expected)) in steps.iter().enumerate() {
        let answer = alipay.execute(START_US, call);
        assert_eq!(said(&answer), *expected, "step {number}: {call:?}");
    }
}

#[test]
fn trade_exists_only_once_the_payer_opens_it() {
    for call in [CoreCall::Page(order(100)), CoreCall::Wap(order(100)), CoreCall::Precreate(order(100))] {
        let mut alipay = seller();
        story(&mut alipay, &[(call, "10000"), (query(), "ACQ.TRADE_NOT_EXIST")]);
        story(&mut alipay, &[(CoreCall::Close(TradeRef::out(TRADE)), "ACQ.TRADE_NOT_EXIST")]);
        alipay.open(START_US, TRADE).unwrap();
        story(&mut alipay, &[(query(), "WAIT_BUYER_PAY")]);
        alipay.pay(START_US, TRADE).unwrap();
        story(&mut alipay, &[(query(), "TRADE_SUCCESS")]);
        assert_eq!(alipay.pay(START_US, TRADE), Err(PayerRefusal::AlreadyPaid));
    }
    let mut alipay = seller();
    story(&mut alipay, &[(CoreCall::Create(order(100)), "10000"), (query(), "WAIT_BUYER_PAY")]);
}

#[test]
fn a_number_stands_for_one_amount() {
    let creators: [fn(Order) -> CoreCall; 4] =
        [CoreCall::Create, CoreCall::Page, CoreCall::Wap, CoreCall::Precreate];
    for creator in creators {
        let mut alipay = seller();
        let first = alipay.execute(START_US, &creator(order(100)));
        assert_eq!(alipay.execute(START_US, &creator(order(100))), first, "the same again");
        story(&mut alipay, &[(creator(order(101)), "ACQ.CONTEXT_INCONSISTENT")]);
        alipay.pay(START_US, TRADE).unwrap();
        story(&mut alipay, &[(creator(order(100)), "ACQ.TRADE_HAS_SUCCESS")]);
        story(&mut alipay, &[(refund(100, "R1"), "10000"), (creator(order(100)), "ACQ.TRADE_HAS_CLOSE")]);
    }
}

#[test]
fn orders_that_break_field_rules_are_refused() {
    let broken: [fn(&mut Order); 11] = [
        |order| order.out_trade_no = String::new(),
        |order| order.out_trade_no = "A".repeat(65),
        |order| order.out_trade_no = "A-1".to_owned(),
        |order| order.total_fen = 0,
        |order| order.total_fen = 10_000_000_001,
        |order| order.subject = String::new(),
        |order| order.subject = "a&b".to_owned(),
        |order| order.subject = "茶".repeat(257),
        |order| order.timeout_us = Some(MINUTE_US - 1),
        |order| order.qr_timeout_us = Some(15 * DAY_US + 1),
        |order| order.time_expire_us = Some(START_US),
    ];
    for (number, spoil) in broken.iter().enumerate() {
        let mut bad = order(100);
        spoil(&mut bad);
        let answer = seller().execute(START_US, &CoreCall::Precreate(bad));
        assert_eq!(said(&answer), "ACQ.INVALID_PARAMETER", "rule {number}");
    }
}

#[test]
fn payment_after_the_channel_expiry_is_refused() {
    let minute = Some(MINUTE_US);
    let orders = [
        Order { time_expire_us: Some(START_US + MINUTE_US), ..order(100) },
        Order { timeout_us: minute, ..order(100) },
        Order { qr_timeout_us: minute, ..order(100) },
    ];
    for order in orders {
        let mut opened = seller();
        opened.execute(START_US, &CoreCall::Precreate(order.clone()));
        opened.open(START_US, TRADE).unwrap();
        assert_eq!(opened.pay(START_US + MINUTE_US, TRADE), Err(PayerRefusal::Closed));
        assert_eq!(said(&opened.execute(START_US + MINUTE_US, &query())), "TRADE_CLOSED");
        opened = seller();
        opened.execute(START_US, &CoreCall::Precreate(order));
        opened.open(START_US, TRADE).unwrap();
        assert_eq!(opened.pay(START_US + MINUTE_US - 1, TRADE), Ok(()));
    }
    let mut unopened = seller();
    unopened.execute(START_US, &CoreCall::Page(Order { time_expire_us: Some(START_US + 1), ..order(100) }));
    assert_eq!(unopened.open(START_US + 1, TRADE).unwrap_err(), PayerRefusal::Expired);
    assert_eq!(said(&unopened.execute(START_US + 1, &query())), "ACQ.TRADE_NOT_EXIST");
}

#[test]
fn bar_code_answers_by_amount_code_and_payer() {
    let code = "280000000000000001";
    let mut alipay = seller();
    story(&mut alipay, &[(bar_code(99_999, code), "10000"), (query(), "TRADE_SUCCESS")]);
    story(&mut alipay, &[(bar_code(99_999, "280000000000000002"), "ACQ.TRADE_HAS_SUCCESS")]);

    let mut alipay = seller();
    story(&mut alipay, &[(bar_code(100_000, code), "10003"), (bar_code(100_000, code), "10003")]);
    story(&mut alipay, &[(query(), "WAIT_BUYER_PAY")]);
    alipay.decline(START_US, TRADE).unwrap();
    story(&mut alipay, &[(query(), "TRADE_CLOSED"), (bar_code(100_000, code), "ACQ.TRADE_HAS_CLOSE")]);

    let mut alipay = seller();
    alipay.set_barcode_reply(TRADE, BarcodeReply::NoMoney);
    story(
        &mut alipay,
        &[(bar_code(1, code), "ACQ.BUYER_BALANCE_NOT_ENOUGH"), (query(), "ACQ.TRADE_NOT_EXIST")],
    );

    for bad in
        ["", "2800000000000001234567890", "240000000000000001", "310000000000000001", "28000000000000000x"]
    {
        let answer = seller().execute(START_US, &bar_code(1, bad));
        assert_eq!(said(&answer), "ACQ.PAYMENT_AUTH_CODE_INVALID", "{bad}");
    }
    let mut alipay = seller();
    story(&mut alipay, &[(bar_code(1, code), "10000")]);
    let second = Order { out_trade_no: "T2".to_owned(), ..order(1) };
    let reuse = CoreCall::Pay(BarcodePay { order: second, auth_code: code.to_owned() });
    story(&mut alipay, &[(reuse, "ACQ.PAYMENT_AUTH_CODE_INVALID")]);
}

#[test]
fn only_unpaid_trades_close() {
    let close = || CoreCall::Close(TradeRef::out(TRADE));
    let mut alipay = seller();
    story(&mut alipay, &[(close(), "ACQ.TRADE_NOT_EXIST"), (CoreCall::Create(order(1)), "10000")]);
    story(&mut alipay, &[(close(), "10000"), (close(), "ACQ.REASON_TRADE_STATUS_INVALID")]);
    story(&mut alipay, &[(query(), "TRADE_CLOSED")]);
    story(&mut paid(100), &[(close(), "ACQ.TRADE_STATUS_ERROR"), (query(), "TRADE_SUCCESS")]);
}

#[test]
fn cancel_closes_or_refunds_and_repeats_itself() {
    let cancel =
        |alipay: &mut Seller, now_us| alipay.execute(now_us, &CoreCall::Cancel(TradeRef::out(TRADE)));
    let action = |answer: &CoreAnswer| {
        let Node::Cancel(node) = &answer.node else { panic!("not {}", stringify!(Cancel)) };
        node.action
    };
    assert_eq!(action(&cancel(&mut seller(), START_US)), None);

    let mut unpaid = seller();
    unpaid.execute(START_US, &CoreCall::Create(order(100)));
    for _ in 0..2 {
        assert_eq!(action(&cancel(&mut unpaid, START_US)), Some(CancelAction::Close));
    }
    let mut alipay = paid(100);
    for _ in 0..2 {
        assert_eq!(action(&cancel(&mut alipay, START_US)), Some(CancelAction::Refund));
        assert_eq!(alipay.truth().refunded_fen, 100);
    }
    let late = cancel(&mut paid(100), START_US + DAY_US + 1);
    assert_eq!(said(&late), "ACQ.TRADE_CANCEL_TIME_OUT");
    let mut refunded = paid(100);
    refunded.execute(START_US, &refund(1, "R1"));
    assert_eq!(said(&cancel(&mut refunded, START_US)), "ACQ.CANCEL_NOT_ALLOWED");
}

#[test]
fn refunds_are_idempotent_by_number_and_capped() {
    let mut alipay = paid(100);
    story(
        &mut alipay,
        &[
            (refund(60, "R1"), "10000"),
            (refund(60, "R1"), "10000"),
            (refund(59, "R1"), "ACQ.DISCORDANT_REPEAT_REQUEST"),
            (refund(41, "R2"), "ACQ.REASON_TRADE_REFUND_FEE_ERR"),
            (refund(0, "R2"), "ACQ.INVALID_PARAMETER"),
            (query(), "TRADE_SUCCESS"),
            (refund(40, "R2"), "10000"),
            (query(), "TRADE_CLOSED"),
            (refund(1, "R3"), "ACQ.REASON_TRADE_REFUND_FEE_ERR"),
            (refund(40, "R2"), "10000"),
        ],
    );
    assert_eq!(alipay.truth().refunded_fen, 100);
}

#[test]
fn refund_says_whether_money_moved() {
    let mut alipay = paid(100);
    let told = |answer: CoreAnswer| {
        let Node::Refund(node) = answer.node else { panic!("not {}", stringify!(Refund)) };
        (node.fund_change, node.refund_fee_fen)
    };
    assert_eq!(told(alipay.execute(START_US, &refund(30, "R1"))), (FundChange::Yes, 30));
    assert_eq!(told(alipay.execute(START_US, &refund(30, "R1"))), (FundChange::No, 30));
    assert_eq!(told(alipay.execute(START_US, &refund(50, "R2"))), (FundChange::Yes, 80));
}

#[test]
fn refund_without_number_is_the_whole_trade() {
    let whole = |fen| {
        CoreCall::Refund(RefundCall {
            trade: TradeRef::out(TRADE),
            refund_fen: fen,
            out_request_no: None,
            returns: Vec::new(),
        })
    };
    let mut alipay = paid(100);
    story(&mut alipay, &[(whole(99), "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"), (whole(100), "10000")]);
    let answer = alipay.execute(START_US, &refund_query(TRADE));
    assert!(matches!(answer.node, Node::RefundQuery(node) if node.refund_fen == Some(100)));
}

#[test]
fn refunds_of_trades_that_cannot_be_refunded_are_refused() {
    story(&mut seller(), &[(refund(1, "R1"), "ACQ.TRADE_NOT_EXIST")]);
    let mut unpaid = seller();
    story(
        &mut unpaid,
        &[(CoreCall::Create(order(100)), "10000"), (refund(1, "R1"), "ACQ.TRADE_STATUS_ERROR")],
    );
    let mut old = paid(100);
    old.advance(START_US + 365 * DAY_US);
    story(&mut old, &[(query(), "TRADE_FINISHED"), (refund(1, "R1"), "ACQ.TRADE_HAS_FINISHED")]);

    let mut poor = Seller::new(CoreConfig::default());
    poor.execute(START_US, &CoreCall::Precreate(order(100)));
    poor.pay(START_US, TRADE).unwrap();
    story(&mut poor, &[(refund(100, "R1"), "10000")]);
    let mut kept = Seller::new(CoreConfig { fee_on_refund: FeeOnRefund::Kept, ..CoreConfig::default() });
    kept.execute(START_US, &CoreCall::Precreate(order(100)));
    kept.pay(START_US, TRADE).unwrap();
    story(&mut kept, &[(refund(100, "R1"), "ACQ.SELLER_BALANCE_NOT_ENOUGH")]);

    let mut hasty = Seller::new(CoreConfig { refund_gap_us: 3 * SECOND_US, ..CoreConfig::default() });
    hasty.execute(START_US, &CoreCall::Precreate(order(100)));
    hasty.pay(START_US, TRADE).unwrap();
    story(&mut hasty, &[(refund(1, "R1"), "10000"), (refund(1, "R2"), "ACQ.REFUND_CHARGE_ERROR")]);
    assert_eq!(said(&hasty.execute(START_US + 3 * SECOND_US, &refund(1, "R2"))), "10000");
}

#[test]
fn refund_query_has_no_status_until_the_refund_is_done() {
    let mut alipay = paid(100);
    let status = |answer: CoreAnswer| {
        let Node::RefundQuery(node) = answer.node else { panic!("not {}", stringify!(RefundQuery)) };
        node.refund_status
    };
    assert_eq!(status(alipay.execute(START_US, &refund_query("R1"))), None);
    alipay.execute(START_US, &refund(1, "R1"));
    assert_eq!(status(alipay.execute(START_US, &refund_query("R1"))), Some(RefundStatus::Success));
    let nobody = seller().execute(START_US, &refund_query("R1"));
    assert_eq!(said(&nobody), "ACQ.TRADE_NOT_EXIST");
}

#[test]
fn bills_exist_from_nine_the_next_morning() {
    let mut alipay = paid(100);
    let day = beijing_day(START_US);
    let bill = CoreCall::Bill(BillCall { kind: BillKind::Trade, day });
    let midnight_us = (day + 1) * DAY_US - 8 * 60 * MINUTE_US;
    let nine_us = midnight_us + 9 * 60 * MINUTE_US;
    assert_eq!(said(&alipay.execute(nine_us - 1, &bill)), "isp.bill_not_exist");
    assert_eq!(said(&alipay.execute(nine_us, &bill)), "10000");
    let empty = CoreCall::Bill(BillCall { kind: BillKind::Trade, day: day - 1 });
    assert_eq!(said(&alipay.execute(nine_us, &empty)), "isp.bill_not_exist");
}

#[test]
fn trade_number_wins_and_one_number_is_needed() {
    let mut alipay = paid(100);
    let trade_no = alipay.trade(TRADE).unwrap().trade_no.clone();
    let both = |out: Option<&str>, own: Option<&str>| TradeRef {
        out_trade_no: out.map(str::to_owned),
        trade_no: own.map(str::to_owned),
    };
    for (wanted, expected) in [
        (both(None, Some(&trade_no)), "TRADE_SUCCESS"),
        (both(Some("OTHER"), Some(&trade_no)), "TRADE_SUCCESS"),
        (both(Some(TRADE), Some("0")), "ACQ.TRADE_NOT_EXIST"),
        (both(None, None), "ACQ.INVALID_PARAMETER"),
    ] {
        assert_eq!(said(&alipay.execute(START_US, &CoreCall::Query(wanted.clone()))), expected, "{wanted:?}");
    }
    assert_eq!(said(&alipay.execute(START_US, &CoreCall::Cancel(both(None, None)))), "ACQ.INVALID_PARAMETER");
}

#[test]
fn what_was_released_is_not_divided() {
    let mut alipay = paid(100);
    let settle = |number: &str, fen: &[i64], finish: bool| {
        let share = |fen: &i64| ShareCall { account: "2088".to_owned(), amount_fen: *fen };
        CoreCall::Settle(SettleCall {
            trade: TradeRef::out(TRADE),
            out_request_no: number.to_owned(),
            shares: fen.iter().map(share).collect(),
            finish,
        })
    };
    let bind = CoreCall::Bind(BindCall { account: "2088".to_owned(), name: None });
    story(
        &mut alipay,
        &[
            (bind, "10000"),
            (settle("S1", &[10], false), "10000"),
            (settle("S2", &[], true), "10000"),
            (settle("S3", &[10], false), "ACQ.TRADE_STATUS_ERROR"),
            (settle("S1", &[10], false), "10000"),
            (settle("S4", &[], true), "10000"),
        ],
    );
}
