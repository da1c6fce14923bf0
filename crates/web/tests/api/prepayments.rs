//! Deposits 预交金 over the API: paid by any way, drawn as they are used up, and what is left goes back.

use crate::bed::{KeyPlan, Setup, TestApp, order};
use crate::counter::counter;
use serde_json::{Value, json};
use tk_domain::access::Scope;

fn with_channel() -> Setup {
    Setup { sandbox: true, workers: true, ..Setup::default() }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn deposit(order_no: &str, amount: i64) -> Value {
    let mut body = order(order_no, amount);
    body["prepayment"] = json!("ZY-20261122-7");
    body
}

/// 300.00 in cash and 200.00 by code for one stay.
async fn admitted(app: &TestApp) -> (Value, [String; 2]) {
    app.shop().await;
    app.contract().await;
    let counter = counter(app).await;
    let shift = json!({ "counter": counter, "cashier": "收银员甲", "float": 0 });
    let shift = text(&app.post("/v1/shifts", &shift).await.expect(201)["id"]);
    let cash = app.post("/v1/payments", &deposit("D-1", 30_000)).await.expect(201);
    let taking = json!({
        "shift": shift, "payment": cash["id"], "method": "cash", "amount": 30_000, "actor": "收银员甲",
    });
    app.post("/v1/counter_takings", &taking).await.expect(201);
    let code = app.post("/v1/payments", &deposit("D-2", 20_000)).await.expect(201);
    let path = format!("/v1/payments/{}", text(&code["id"]));
    let attempt = app.post(&format!("{path}/attempts"), &json!({ "method": "alipay_qr" })).await.expect(201);
    app.control(attempt["out_no"].as_str().unwrap(), "pay").await;
    app.until(&path, "status", "succeeded").await;
    let stay = app.get(&format!("/v1/prepayments/{}", text(&code["prepayment"]))).await.expect(200);
    (stay, [text(&cash["id"]), text(&code["id"])])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stay_is_prepaid_drawn_and_settled_with_the_patient() {
    for app in TestApp::each(with_channel()).await {
        let (stay, [cash, code]) = admitted(&app).await;
        assert_eq!((stay["balance"].clone(), stay["drawn"].clone()), (json!(50_000), json!(0)));
        let path = format!("/v1/prepayments/{}", text(&stay["id"]));
        let draw =
            |number: &str, amount: i64| json!({ "draw_no": number, "amount": amount, "actor": "住院处" });
        let draws = format!("{path}/draws");
        let first = app.post(&draws, &draw("W-1", 12_000)).await.expect(201);
        assert_eq!(app.post(&draws, &draw("W-1", 12_000)).await.expect(201)["id"], first["id"]);
        app.post(&draws, &draw("W-1", 1)).await.refused(409, "code_taken");
        app.post(&draws, &draw("W-2", 38_001)).await.refused(422, "insufficient_balance");
        app.post(&draws, &draw("W-2", 0)).await.refused(422, "field_invalid");
        let wrong = app.post(&draws, &draw("W-3", 500)).await.expect(201);
        let back = json!({ "reason": "项目录错", "actor": "住院处" });
        let back = app.post(&format!("{draws}/{}/reversal", text(&wrong["id"])), &back).await.expect(200);
        assert_eq!((back["status"].clone(), back["reason"].clone()), (json!("undone"), json!("项目录错")));
        // The patient leaves: 380.00 remain, of which the code's 200.00 go back to the wallet.
        let refund = json!({ "payment": code, "merchant_refund_no": "T-1", "amount": 20_000 });
        let refund = text(&app.post("/v1/refunds", &refund).await.expect(201)["id"]);
        app.until(&format!("/v1/refunds/{refund}"), "status", "succeeded").await;
        let more = json!({ "payment": cash, "merchant_refund_no": "T-2", "amount": 18_001 });
        app.post("/v1/refunds", &more).await.refused(422, "insufficient_balance");
        let read = app.get(&path).await.expect(200);
        assert_eq!((read["balance"].clone(), read["drawn"].clone()), (json!(18_000), json!(12_000)));
        let listed = app.get("/v1/prepayments?account_no=ZY-20261122-7").await.expect(200);
        assert_eq!((listed["data"][0].clone(), listed["data"][1].is_null()), (read, true));
        let of_stay = app.get(&format!("/v1/payments?prepayment={}", text(&stay["id"]))).await.expect(200);
        assert_eq!(of_stay["data"].as_array().unwrap().len(), 2);
        let told = app.get(&draws).await.expect(200);
        assert_eq!(
            (told["data"][0]["draw_no"].clone(), told["data"].as_array().unwrap().len()),
            (json!("W-3"), 2)
        );
        crate::cheques::sound(&app).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stay_is_nobody_elses() {
    let app = TestApp::start_with(with_channel()).await;
    let (stay, _) = admitted(&app).await;
    let path = format!("/v1/prepayments/{}", text(&stay["id"]));
    let (_, stranger) = app.other_tenant("other").await;
    app.get_as(&stranger, &path).await.refused(404, "not_found");
    let draw = json!({ "draw_no": "W-1", "amount": 1, "actor": "住院处" });
    app.post_as(&stranger, &format!("{path}/draws"), &draw).await.refused(404, "not_found");
    let plan = KeyPlan { scopes: vec![Scope::PaymentsRead, Scope::PaymentsWrite], ..KeyPlan::default() };
    let (_, weak) = app.new_key(app.tenant_id, &plan).await;
    app.get_as(&weak, &path).await.refused(403, "scope_missing");
    app.post_as(&weak, &format!("{path}/draws"), &draw).await.refused(403, "scope_missing");
    let mut body = deposit("D-9", 100);
    body["parts"] = json!([{ "kind": "coupon", "funder": "merchant", "amount": 10, "reference": "C" }]);
    app.post("/v1/payments", &body).await.refused(422, "field_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_found_by_each_order_that_it_pays() {
    for app in TestApp::each(Setup::default()).await {
        app.shop().await;
        let mut body = order("MAIN-1", 300);
        body["items"] = json!([
            { "name": "挂号", "amount": 100, "merchant_order_no": "PART-1" },
            { "name": "检查", "amount": 200, "merchant_order_no": "PART-2" },
        ]);
        let payment = app.post("/v1/payments", &body).await.expect(201);
        for number in ["MAIN-1", "PART-1", "PART-2"] {
            let path =
                format!("/v1/payments?merchant={}&merchant_order_no={number}", text(&body["merchant"]));
            let found = app.get(&path).await.expect(200);
            assert_eq!(
                (found["data"][0]["id"].clone(), found["has_more"].clone()),
                (payment["id"].clone(), json!(false))
            );
        }
        let path = format!("/v1/payments?merchant={}&merchant_order_no=PART-3", text(&body["merchant"]));
        assert_eq!(app.get(&path).await.expect(200)["data"], json!([]));
        app.get("/v1/payments?merchant_order_no=MAIN-1").await.refused(400, "field_missing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hospitals_bill_is_paid_in_part_and_its_bank_bears_the_fee() {
    for app in TestApp::each(with_channel()).await {
        app.shop().await;
        app.contract().await;
        let bank = json!({ "code": "bank", "name": "合作银行", "kind": "unlicensed", "actor": "王五" });
        let bank = text(&app.post("/v1/partners", &bank).await.expect(201)["id"]);
        let hospital = json!({
            "code": "hospital", "name": "市一医院",
            "fee": { "rate": "0.0060", "returned": true, "bearer": "bank" },
        });
        let hospital = app.post("/v1/merchants", &hospital).await.expect(201);
        assert_eq!(hospital["fee"]["bearer"], json!(bank));
        let mut nobody =
            json!({ "code": "other", "name": "另一家", "fee": { "rate": "0", "bearer": "nobody" } });
        app.post("/v1/merchants", &nobody).await.refused(404, "not_found");
        nobody["fee"]["bearer"] = json!(bank);
        app.post("/v1/merchants", &nobody).await.expect(201);
        let mut body = order("B-1", 30_000);
        body["merchant"] = json!("hospital");
        body["bill"] = json!({ "total": 100_000, "elsewhere": [
            { "by": "medical_fund", "amount": 60_000, "reference": "YB-1" },
            { "by": "medical_account", "amount": 10_000 },
        ] });
        let payment = app.post("/v1/payments", &body).await.expect(201);
        assert_eq!(payment["bill"]["elsewhere"][0]["reference"], "YB-1");
        let page = reqwest::get(payment["cashier_url"].as_str().unwrap()).await.unwrap();
        let page = page.text().await.unwrap();
        assert!(page.contains("1,000.00") && page.contains("700.00") && page.contains("300.00"), "{page}");
        let path = format!("/v1/payments/{}", text(&payment["id"]));
        let attempt =
            app.post(&format!("{path}/attempts"), &json!({ "method": "alipay_qr" })).await.expect(201);
        app.control(attempt["out_no"].as_str().unwrap(), "pay").await;
        app.until(&path, "status", "succeeded").await;
        let owed = app.get("/v1/accounts?kind=merchant_fee_receivable").await.expect(200);
        let owed: Vec<(Value, Value)> = owed["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|account| (account["owner"].clone(), account["balance"].clone()))
            .collect();
        assert_eq!(owed, [(json!(bank), json!(-180))]);
        let more = json!({ "payment": payment["id"], "merchant_refund_no": "R-1", "amount": 30_001 });
        app.post("/v1/refunds", &more).await.refused(422, "refund_exceeds_refundable");
        body["merchant_order_no"] = json!("B-2");
        body["bill"]["total"] = json!(99_999);
        app.post("/v1/payments", &body).await.refused(422, "field_invalid");
        crate::cheques::sound(&app).await;
    }
}
