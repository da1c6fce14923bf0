use super::*;

/// Totals of the ledger equal totals of the trades, and the balance is what moved.
fn assert_books_tie(alipay: &Seller, opening_fen: i64) {
    let truth = alipay.truth();
    let sum = |pick: fn(&TruthTrade) -> i64| truth.trades.iter().map(pick).sum::<i64>();
    assert_eq!(truth.paid_fen, sum(|trade| trade.paid_fen));
    assert_eq!(truth.refunded_fen, sum(|trade| trade.refunded_fen));
    assert_eq!(truth.fee_fen, sum(|trade| trade.fee_fen));
    assert_eq!(truth.fee_returned_fen, sum(|trade| trade.fee_returned_fen));
    let moved = truth.paid_fen - truth.refunded_fen - truth.fee_fen + truth.fee_returned_fen;
    assert_eq!(truth.balance_fen, opening_fen + moved);
    assert_eq!(truth.balance_fen, alipay.ledger().iter().map(|line| line.amount_fen).sum::<i64>());
}

#[test]
fn fee_is_rounded_half_up_and_wholly_returned() {
    // 0.6 % of 83 fen is 0.498, of 84 fen 0.504, of 250 fen 1.5
    for (total_fen, fee_fen) in [(83, 0), (84, 1), (250, 2), (10_000, 60)] {
        let mut alipay = paid(total_fen);
        assert_eq!(alipay.truth().fee_fen, fee_fen, "fee of {total_fen}");
        for (number, fen) in
            [("R1", total_fen / 3), ("R2", total_fen / 3), ("R3", total_fen - total_fen / 3 * 2)]
        {
            alipay.execute(START_US, &refund(fen, number));
            assert_books_tie(&alipay, 1_000_000);
        }
        assert_eq!(alipay.truth().fee_returned_fen, fee_fen, "returned of {total_fen}");
        assert_eq!(alipay.truth().balance_fen, 1_000_000);
    }
}

#[test]
fn bill_rows_are_the_ledger_of_the_day() {
    let mut alipay = paid(10_000);
    alipay.execute(START_US + DAY_US, &refund(4_000, "R1"));
    let first = alipay.bill(beijing_day(START_US));
    let second = alipay.bill(beijing_day(START_US + DAY_US));
    let rows = |bill: &DayBill| {
        let rows = bill.trade_rows.iter();
        rows.map(|row| (row.kind, row.amount_fen, row.fee_fen)).collect::<Vec<_>>()
    };
    assert_eq!(rows(&first), [(TradeRowKind::Payment, 10_000, 60)]);
    assert_eq!(rows(&second), [(TradeRowKind::Refund, 4_000, 24)]);
    let funds = |bill: &DayBill| bill.fund_rows.iter().map(|row| row.amount_fen).collect::<Vec<_>>();
    assert_eq!(funds(&first), [10_000, -60]);
    assert_eq!(funds(&second), [-4_000, 24]);
    assert_eq!(second.fund_rows[1].balance_fen, alipay.truth().balance_fen);
}

#[test]
fn restored_events_give_the_same_truth_and_rules() {
    let config = CoreConfig { keeps_events: true, opening_balance_fen: 5, ..CoreConfig::default() };
    let mut alipay = Seller::new(config.clone());
    alipay.execute(START_US, &CoreCall::Precreate(order(10_000)));
    alipay.pay(START_US, TRADE).unwrap();
    alipay.execute(START_US, &refund(3_333, "R1"));
    let other = Order { out_trade_no: "T2".to_owned(), ..order(1) };
    alipay.execute(START_US, &CoreCall::Create(other.clone()));
    alipay.execute(START_US, &CoreCall::Cancel(TradeRef::out("T2")));
    let events = alipay.drain_events();
    assert!(alipay.drain_events().is_empty());

    let mut again = Seller::new(config);
    for event in &events {
        let line = serde_json::to_string(event).unwrap();
        again.restore(&serde_json::from_str(&line).unwrap());
    }
    assert_eq!(again.truth(), alipay.truth());
    assert_eq!(again.ledger(), alipay.ledger());
    assert_eq!(said(&again.execute(START_US, &refund(6_668, "R2"))), "ACQ.REASON_TRADE_REFUND_FEE_ERR");
    assert_eq!(said(&again.execute(START_US, &CoreCall::Create(other))), "ACQ.TRADE_HAS_CLOSE");
    let third = Order { out_trade_no: "T3".to_owned(), ..order(1) };
    again.execute(START_US, &CoreCall::Create(third));
    assert_ne!(again.trade("T3").unwrap().trade_no, again.trade("T2").unwrap().trade_no);
}

#[test]
fn same_seed_same_story_under_all_faults() {
    let run = |seed: u64| {
        let mut alipay = seller();
        let kinds = [
            FaultKind::LostBefore,
            FaultKind::AnswerLost,
            FaultKind::LateEffect,
            FaultKind::Unreadable,
            FaultKind::Duplicated,
            FaultKind::Reordered,
            FaultKind::NotifyLate,
            FaultKind::WrongContent,
            FaultKind::Forged,
            FaultKind::Lie,
            FaultKind::Trouble,
            FaultKind::NoCap,
            FaultKind::BadBill,
        ];
        let rate_of = |kind| if kind == FaultKind::NoCap { 500_000 } else { 60_000 };
        let ppm = kinds.into_iter().map(|kind| (kind, rate_of(kind))).collect();
        alipay
            .set_faults(FaultPlan { scripts: vec![], rates: Some(Rates { seed, ppm, ..Rates::default() }) });
        let mut heard_all = Vec::new();
        let mut dice = Dice::new(seed);
        for number in 0..1_000_i64 {
            let now_us = START_US + number * MINUTE_US;
            let name = format!("T{}", dice.below(60));
            let mut order = order(10_000);
            order.out_trade_no.clone_from(&name);
            let trade = TradeRef::out(&name);
            let request = Some(format!("R{}", dice.below(3)));
            let call = match dice.below(6) {
                0 | 1 => CoreCall::Precreate(order),
                2 => CoreCall::Query(trade),
                3 => CoreCall::Refund(RefundCall {
                    trade,
                    refund_fen: 5_000,
                    out_request_no: request,
                    returns: Vec::new(),
                }),
                4 => CoreCall::RefundQuery(RefundQueryCall { trade, out_request_no: request }),
                _ => CoreCall::Cancel(trade),
            };
            heard_all.push(heard(&alipay.handle(now_us, &call)));
            let _paid = alipay.pay(now_us, &name);
            heard_all.push(format!("{:?}", alipay.due_notifications(now_us)));
            assert_books_tie(&alipay, 1_000_000);
        }
        alipay.bill(beijing_day(START_US));
        (heard_all, alipay.truth(), alipay.fault_counters().clone(), kinds)
    };
    let (heard_first, truth, counters, kinds) = run(7);
    assert_eq!((heard_first, truth, counters.clone(), kinds), run(7));
    for kind in kinds {
        assert!(counters.of(kind) > 0, "{kind:?} never happened: {counters:?}");
    }
    assert_ne!(run(7).0, run(8).0);
}
