//! What a product says about its payments: fields of its own by version, and periods of regular premium.

use crate::bed::{Setup, TestApp, order};
use serde_json::{Value, json};

async fn fields(app: &TestApp, fields: Value) -> Value {
    app.patch("/v1/products/motor", &json!({ "ext_fields": fields })).await.expect(200)
}

fn with_ext(order_no: &str, ext: &Value) -> Value {
    let mut body = order(order_no, 1_000);
    body["ext"] = ext.clone();
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_of_a_product_are_held_to_the_version_they_were_written_for() {
    for app in TestApp::each(Setup::default()).await {
        app.shop().await;
        let plate = json!({ "values": { "plate_no": "京A12345" } });
        app.post("/v1/payments", &with_ext("E-0", &plate)).await.refused(422, "field_invalid");
        let first = json!([
            { "name": "plate_no", "kind": "text", "required": true },
            { "name": "use", "kind": "text", "values": ["private", "taxi"] },
            { "name": "first_day", "kind": "date" },
            { "name": "tax", "kind": "amount" },
        ]);
        assert_eq!(fields(&app, first.clone()).await["ext_schemas"][0]["version"], 1);
        assert_eq!(fields(&app, first).await["ext_schemas"].as_array().unwrap().len(), 1, "nothing new");
        app.post("/v1/payments", &order("E-1", 1_000)).await.refused(422, "ext_invalid");
        for (name, value) in [
            ("plate_no", json!(7)),
            ("use", json!("rental")),
            ("first_day", json!("2026-02-29")),
            ("first_day", json!("2026-2-9")),
            ("tax", json!(-1)),
            ("tax", json!(1.5)),
            ("colour", json!("red")),
        ] {
            let mut values = json!({ "plate_no": "京A12345" });
            values[name] = value;
            let got = app.post("/v1/payments", &with_ext("E-1", &json!({ "values": values }))).await;
            got.refused(422, "ext_invalid");
            assert!(got.text.contains(&format!("#/ext/values/{name}")), "{}", got.text);
        }
        let made = app.post("/v1/payments", &with_ext("E-1", &plate)).await.expect(201);
        assert_eq!(made["ext"], json!({ "version": 1, "values": { "plate_no": "京A12345" } }));
        let second = json!([
            { "name": "plate_no", "kind": "text", "required": true },
            { "name": "seats", "kind": "integer", "required": true },
        ]);
        assert_eq!(fields(&app, second).await["ext_schemas"][1]["version"], 2);
        app.post("/v1/payments", &with_ext("E-2", &plate)).await.refused(422, "ext_invalid");
        let old = json!({ "version": 1, "values": { "plate_no": "京A12345", "use": "taxi" } });
        assert_eq!(app.post("/v1/payments", &with_ext("E-2", &old)).await.expect(201)["ext"]["version"], 1);
        let new = json!({ "values": { "plate_no": "京A12345", "seats": 5 } });
        assert_eq!(app.post("/v1/payments", &with_ext("E-3", &new)).await.expect(201)["ext"]["version"], 2);
        let unknown = json!({ "version": 9, "values": {} });
        app.post("/v1/payments", &with_ext("E-4", &unknown)).await.refused(422, "field_invalid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_keeps_its_kind_and_says_what_it_holds() {
    for app in TestApp::each(Setup::default()).await {
        app.shop().await;
        fields(&app, json!([{ "name": "seats", "kind": "integer" }])).await;
        for bad in [
            json!([{ "name": "seats", "kind": "text" }]),
            json!([{ "name": "attribute1", "kind": "text" }]),
            json!([{ "name": "Seats", "kind": "integer" }]),
            json!([{ "name": "a", "kind": "integer", "values": ["1"] }]),
            json!([{ "name": "a", "kind": "text" }, { "name": "a", "kind": "text" }]),
        ] {
            let body = json!({ "ext_fields": bad });
            app.patch("/v1/products/motor", &body).await.refused(422, "ext_invalid");
        }
        let many: Vec<Value> =
            (0..33).map(|at| json!({ "name": format!("f_{at}"), "kind": "text" })).collect();
        let body = json!({ "ext_fields": many });
        app.patch("/v1/products/motor", &body).await.refused(422, "limit_reached");
    }
}

fn instalment(order_no: &str, number: i64) -> Value {
    let mut body = order(order_no, 1_000);
    body["instalment"] = json!({ "policy_no": "L-1", "number": number });
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_period_is_collected_once() {
    for app in TestApp::each(Setup::default()).await {
        app.shop().await;
        app.post("/v1/payments", &instalment("P-0", 1)).await.refused(422, "field_invalid");
        let regular = json!({ "premium": "regular", "instalment_methods": ["cash"] });
        let product = app.patch("/v1/products/motor", &regular).await.expect(200);
        assert_eq!(product["instalment_methods"], json!(["cash"]));
        app.post("/v1/payments", &order("P-0", 1_000)).await.refused(422, "field_invalid");
        app.post("/v1/payments", &instalment("P-0", 0)).await.refused(422, "field_invalid");
        let first = app.post("/v1/payments", &instalment("P-1", 1)).await.expect(201);
        assert_eq!(first["instalment"], json!({ "policy_no": "L-1", "number": 1 }));
        let taken = app.post("/v1/payments", &instalment("P-2", 1)).await;
        taken.refused(409, "instalment_taken");
        assert!(taken.text.contains(first["id"].as_str().unwrap()), "{}", taken.text);
        let path = format!("/v1/payments/{}/closure", first["id"].as_str().unwrap());
        app.post(&path, &json!({})).await.expect(200);
        let again = app.post("/v1/payments", &instalment("P-2", 1)).await.expect(201);
        let counter = crate::counter::counter(&app).await;
        let shift = json!({ "counter": counter, "cashier": "甲", "float": 0 });
        let shift = app.post("/v1/shifts", &shift).await.expect(201)["id"].clone();
        let take = |payment: &Value, method: &str| {
            let slip =
                (method != "cash").then(|| json!({ "terminal": "T1", "number": format!("N-{method}") }));
            json!({ "shift": shift, "payment": payment["id"], "method": method, "amount": 1_000, "actor": "甲",
                "slip": slip })
        };
        app.post("/v1/counter_takings", &take(&again, "pos")).await.expect(201);
        let taken = app.post("/v1/payments", &instalment("P-3", 1)).await;
        taken.refused(409, "instalment_taken");
        assert!(taken.text.contains("has collected it"), "{}", taken.text);
        let second = app.post("/v1/payments", &instalment("P-3", 2)).await.expect(201);
        app.post("/v1/counter_takings", &take(&second, "kiosk")).await.refused(422, "channel_not_available");
        app.post("/v1/counter_takings", &take(&second, "cash")).await.expect(201);
        let refund = json!({ "payment": again["id"], "merchant_refund_no": "R1", "amount": 1_000 });
        let refund = app.post("/v1/refunds", &refund).await.expect(201);
        app.post("/v1/payments", &instalment("P-4", 1)).await.refused(409, "instalment_taken");
        let back = json!({ "shift": shift, "refund": refund["id"], "actor": "甲",
            "slip": { "terminal": "T1", "number": "N2" } });
        app.post("/v1/counter_refunds", &back).await.expect(201);
        app.post("/v1/payments", &instalment("P-4", 1)).await.expect(201);
    }
}
