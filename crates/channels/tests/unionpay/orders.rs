use crate::bench::{evidence, start};
use crate::rows::{MINUTE_US, attempt};
use serde_json::json;
use tillkeeper_channels::{Bill, BillContent, BillFetchError};
use tk_domain::channel_account::Method;
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::payment::BrowserForm;
use tk_domain::report::PaymentFinding;
use tk_money::Amount;

const BEIJING_US: i64 = 28_800_000_000;
const DAY_US: i64 = 86_400_000_000;

#[tokio::test]
async fn both_pages_collect_the_amount_and_the_query_proves_it() {
    let bench = start().await;
    for (method, biz_type, serial) in [(Method::EbankB2c, "000201", 1), (Method::EbankB2b, "000202", 2)] {
        let row = attempt(method, 8_800, serial);
        let action = bench.shown(&row).await;
        let form = BrowserForm::parse(&action.value).unwrap();
        assert!(form.url.ends_with("/gateway/api/frontTransReq.do"));
        assert!(form.fields.contains(&("bizType".to_owned(), biz_type.to_owned())));
        let (status, page) = bench.open(&action).await;
        assert_eq!((status, page.contains("¥ 88.00"), page.contains("保单 P1")), (200, true, true));
        assert!(bench.pay(&row).await);
        let evidence = evidence(bench.say(Kind::Query, &row).await);
        assert_eq!((evidence.amount, evidence.paid_at_us), (Amount::fen(8_800), Some(bench.now_us())));
        assert_eq!(evidence.channel_txn_no.len(), 21);
    }
    assert_eq!(bench.balance_fen().await, 17_600);
}

#[tokio::test]
async fn an_order_is_not_known_before_it_is_paid_and_nothing_closes_it() {
    let bench = start().await;
    let row = attempt(Method::EbankB2c, 100, 1);
    let action = bench.shown(&row).await;
    assert_eq!(bench.say(Kind::Query, &row).await, PaymentFinding::NotFound);
    bench.open(&action).await;
    for kind in [Kind::Query, Kind::Close] {
        assert_eq!(bench.say(kind, &row).await, PaymentFinding::NotFound, "{kind}");
    }
    assert!(bench.pay(&row).await);
    // A close is a question here, so that a paid order answers it with its payment.
    evidence(bench.say(Kind::Close, &row).await);
}

#[tokio::test]
async fn the_same_order_twice_collects_once_and_ends_with_its_time() {
    let bench = start().await;
    let row = attempt(Method::EbankB2c, 100, 1);
    let (first, second) = (bench.shown(&row).await, bench.shown(&row).await);
    assert_eq!(first, second);
    assert_eq!((bench.open(&first).await.0, bench.open(&second).await.0), (200, 200));
    assert!(bench.pay(&row).await);
    assert!(!bench.pay(&row).await);
    assert_eq!(bench.open(&first).await.0, 400);
    let (late, unopened) = (attempt(Method::EbankB2c, 100, 2), attempt(Method::EbankB2c, 100, 3));
    let (action, other) = (bench.shown(&late).await, bench.shown(&unopened).await);
    bench.open(&action).await;
    bench.advance(15 * MINUTE_US);
    assert!(!bench.pay(&late).await);
    assert_eq!(bench.open(&other).await.0, 410);
    for row in [late, unopened] {
        assert_eq!(bench.say(Kind::Query, &row).await, PaymentFinding::NotFound);
    }
    assert_eq!(bench.balance_fen().await, 100);
}

#[tokio::test]
async fn a_payer_who_refuses_fails_the_order() {
    let bench = start().await;
    let row = attempt(Method::EbankB2c, 100, 1);
    bench.open(&bench.shown(&row).await).await;
    assert_eq!(bench.control(&format!("orders/{}/decline", row.out_no), &json!({})).await.0, 200);
    let failed = bench.say(Kind::Query, &row).await;
    assert!(matches!(&failed, PaymentFinding::Failed { code, .. } if code == "51"), "{failed:?}");
}

#[tokio::test]
async fn a_changed_form_opens_nothing() {
    let bench = start().await;
    let row = attempt(Method::EbankB2c, 100, 1);
    let mut action = bench.shown(&row).await;
    action.value = action.value.replace("\"100\"", "\"1\"");
    let (status, page) = bench.open(&action).await;
    assert_eq!((status, page.contains("9100004")), (400, true));
    assert!(!bench.pay(&row).await);
}

#[tokio::test]
async fn the_settlement_file_equals_the_truth() {
    let bench = start().await;
    let row = bench.paid(8_888, 1).await;
    let back = crate::rows::refund(888, 2);
    bench.say_refund(Kind::Refund, &back, &row).await;
    let day = (bench.now_us() + BEIJING_US).div_euclid(DAY_US);
    let fetch = |day| bench.adapters.fetch_bill(&bench.contract, BillContent::Trades, day, bench.now_us());
    assert_eq!(fetch(day).await, Err(BillFetchError::None));
    bench.advance(DAY_US);
    let Ok(Bill::Unionpay(file)) = fetch(day).await else { panic!("no file") };
    let rows: Vec<_> = file.trades.iter().map(|row| (row.order_id(), row.amount_fen)).collect();
    assert_eq!(rows, [(back.out_no.as_str(), 888), (row.out_no.as_str(), 8_888)]);
    assert_eq!(Some(file.trades[0].orig_query_id()), row.channel_txn_no.as_deref());
    assert_eq!(file.totals().unwrap().settle_gain_fen, (8_888 - 53) - (888 - 5));
    assert_eq!(fetch(day - 1).await, Err(BillFetchError::None));
}
