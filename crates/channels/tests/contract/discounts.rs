use crate::bench::{Bench, paid_as_it_is, say_refund};
use crate::rows::{attempt, refund};
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::payment::Discount;
use tk_domain::refund::Shares;
use tk_domain::report::{Borne, RefundFinding};
use tk_money::Amount;

/// Of 10.00 the channel puts up 1.50 and the merchant bears 0.50; two refunds give all of it back.
pub async fn a_discount_granted_inside_the_channel_is_told_and_taken_back_in_proportion(bench: &impl Bench) {
    let Some(_) = bench.capabilities().discounts else { return };
    let row = attempt(bench.capabilities().methods[0].method, 1_000, 1);
    bench.coupon(&row, (150, 50)).await;
    let (mut row, borne) = paid_as_it_is(bench, row).await;
    assert_eq!(borne, Some(Borne { payer_minor: 800, settled_minor: 950 }));
    row.received_minor = 1_000;
    row.discount = Discount { settled_minor: 150, merchant_minor: 50, ..Discount::default() };
    for (payer, settled, order, serial) in [(400, 475, 500, 2), (400, 475, 500, 3)] {
        bench.advance(bench.capabilities().refund.unwrap().spacing_us);
        let mut back = refund(payer, serial);
        back.order_minor = order;
        back.shares = Shares {
            discount_minor: settled - payer,
            discount_merchant_minor: order - settled,
            ..Shares::default()
        };
        assert_eq!(say_refund(bench, Kind::Refund, &back, &row).await, RefundFinding::Accepted);
        let found = say_refund(bench, Kind::RefundQuery, &back, &row).await;
        let RefundFinding::Done { amount, borne, .. } = found else { panic!("{found:?}") };
        assert_eq!(amount, Amount::fen(order), "the order's amount went to the channel");
        assert_eq!(borne, Some(Borne { payer_minor: payer, settled_minor: settled }));
    }
    assert_eq!(bench.truth(&row).await.refunds.iter().map(|(_, fen)| fen).sum::<i64>(), 1_000);
}

/// Without a coupon nobody but the payer bears anything.
pub async fn an_order_without_a_discount_tells_of_none(bench: &impl Bench) {
    let row = attempt(bench.capabilities().methods[0].method, 1_000, 1);
    assert_eq!(paid_as_it_is(bench, row).await.1, None);
}
