use crate::bench::start;
use crate::rows::attempt;
use serde_json::json;
use tillkeeper_channels::{Bill, BillContent, BillFetchError};
use tk_domain::channel_account::Method;
use tk_domain::instruction::InstructionKind as Kind;
use tk_domain::payment::BrowserForm;
use tk_domain::report::PaymentFinding;

const BEIJING_US: i64 = 28_800_000_000;
const DAY_US: i64 = 86_400_000_000;

#[tokio::test]
async fn each_page_says_who_may_pay() {
    let bench = start().await;
    for (method, biz_type, serial) in [(Method::EbankB2c, "000201", 1), (Method::EbankB2b, "000202", 2)] {
        let action = bench.shown(&attempt(method, 8_800, serial)).await;
        let form = BrowserForm::parse(&action.value).unwrap();
        assert!(form.url.ends_with("/gateway/api/frontTransReq.do"));
        assert!(form.fields.contains(&("bizType".to_owned(), biz_type.to_owned())));
        assert!(bench.open(&action).await.1.contains("¥88.00"));
    }
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
