use crate::bench::{Bench, paid, say_refund};
use crate::rows::{DAY_US, refund};
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::report::RefundFinding;

const BEIJING_US: i64 = 28_800_000_000;

pub async fn every_bill_equals_the_truth(bench: &impl Bench) {
    let spacing_us = bench.capabilities().refund.unwrap().spacing_us;
    let mut truth = Vec::new();
    for (fen, serial) in [(100, 1), (8_888, 2), (1, 3)] {
        let row = paid(bench, fen, serial).await;
        truth.push((row.out_no.clone(), String::new(), fen));
        if fen > 99 {
            let back = refund(fen / 2, serial);
            bench.advance(spacing_us);
            assert_eq!(say_refund(bench, Kind::Refund, &back, &row).await, RefundFinding::Accepted);
            truth.push((row.out_no, back.out_no, -(fen / 2)));
        }
    }
    truth.sort();
    let day = (bench.now_us() + BEIJING_US).div_euclid(DAY_US);
    for terms in bench.capabilities().bills {
        assert_eq!(bench.bill(terms, day).await.unwrap_err(), "none");
    }
    let ready_after_us = bench.capabilities().bills.iter().map(|terms| terms.ready_after_us).max().unwrap();
    let ready_us = (day + 1) * DAY_US - BEIJING_US + ready_after_us;
    bench.advance(ready_us - bench.now_us());
    for terms in bench.capabilities().bills {
        let mut rows = bench.bill(terms, day).await.unwrap();
        rows.sort();
        assert_eq!(rows, truth, "{}", terms.word);
    }
}

pub async fn a_day_without_business_has_no_bill(bench: &impl Bench) {
    paid(bench, 100, 1).await;
    let day = (bench.now_us() + BEIJING_US).div_euclid(DAY_US);
    for terms in bench.capabilities().bills {
        assert_eq!(bench.bill(terms, day - 1).await.unwrap_err(), "none");
    }
}
