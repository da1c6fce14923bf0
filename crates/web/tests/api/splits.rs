//! Splits over the API.

use crate::bed::{KeyPlan, Setup, TestApp, order};
use crate::channel_callbacks::Channels;
use serde_json::{Value, json};
use tk_app::store::{Source, verify};
use tk_domain::access::Scope;
use tk_domain::audit::Origin;
use tk_domain::id::TypedId;
use tk_domain::split::{AbandonmentDecided, DecideAbandonment};
use tk_domain::transfer::Verdict;

fn with_channel() -> Setup {
    Setup { sandbox: true, workers: true, ..Setup::default() }
}

/// A shop whose merchant has a sister of the same legal entity and a stranger beside it.
async fn family(app: &TestApp) -> [String; 2] {
    app.shop().await;
    app.contract().await;
    let entity = json!({ "legal_entity": "91310000MA1" });
    app.patch("/v1/merchants/pnc", &entity).await.expect(200);
    let mut ids = Vec::new();
    for (code, entity) in [("sister", Some("91310000MA1")), ("stranger", None)] {
        let mut body = json!({ "code": code, "name": code });
        if let Some(entity) = entity {
            body["legal_entity"] = json!(entity);
        }
        let made = app.post("/v1/merchants", &body).await.expect(201);
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    ids.try_into().unwrap()
}

fn with(order_no: &str, splits: &Value) -> Value {
    let mut body = order(order_no, 10_000);
    body["splits"] = splits.clone();
    body
}

async fn pay(app: &TestApp, id: &str) -> String {
    let path = format!("/v1/payments/{id}/attempts");
    let attempt = app.post(&path, &json!({ "method": "alipay_qr" })).await.expect(201);
    let out_no = attempt["out_no"].as_str().unwrap();
    app.control(out_no, "pay").await;
    app.until(&format!("/v1/payments/{id}"), "status", "succeeded").await;
    out_no.to_owned()
}

async fn pending(app: &TestApp, merchant: &str) -> i64 {
    let list = app.get(&format!("/v1/accounts?merchant={merchant}")).await.expect(200);
    let kind = |row: &&Value| row["kind"] == "pending_settlement";
    list["data"].as_array().unwrap().iter().find(kind).map_or(0, |row| row["balance"].as_i64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_divided_and_a_refund_takes_it_back() {
    for app in TestApp::each(with_channel()).await {
        let [sister, _] = family(&app).await;
        let made =
            app.post("/v1/payments", &with("S-1", &json!([{ "merchant": "sister", "rate": "0.4" }]))).await;
        let made = made.expect(201);
        assert_eq!(made["splits"]["shares"][0]["rate_ppm"], 400_000);
        let id = made["id"].as_str().unwrap().to_owned();
        pay(&app, &id).await;
        let list = app.get(&format!("/v1/splits?payment={id}")).await.expect(200);
        let split = &list["data"][0];
        assert_eq!(
            (&split["status"], &split["mode"], &split["amount"]),
            (&json!("succeeded"), &json!("books"), &json!(4_000))
        );
        assert_eq!(split["shares"][0]["merchant"], json!(sister));
        let one = app.get(&format!("/v1/splits/{}", split["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(&one, split);
        assert_eq!(pending(&app, &sister).await, 4_000);
        let more = json!({ "merchant_split_no": "N-1", "splits": [{ "merchant": sister, "amount": 1_000 }] });
        let path = format!("/v1/payments/{id}/splits");
        let second = app.post(&path, &more).await.expect(201);
        assert_eq!(app.post(&path, &more).await.expect(200)["id"], second["id"]);
        assert_eq!(pending(&app, &sister).await, 5_000);
        let refund = json!({ "payment": id, "merchant_refund_no": "R-1", "amount": 5_000 });
        let refund = app.post("/v1/refunds", &refund).await.expect(201);
        assert_eq!(pending(&app, &sister).await, 2_500);
        let path = format!("/v1/refunds/{}", refund["id"].as_str().unwrap());
        app.until(&path, "status", "succeeded").await;
        let after = app.get(&format!("/v1/splits/{}", second["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(
            (&after["shares"][0]["amount_returned"], &after["shares"][0]["amount_returning"]),
            (&json!(500), &json!(0))
        );
        assert!(app.get("/v1/events").await.expect(200).to_string().contains("split.succeeded"));
        let Some(directory) = app.directory() else { continue };
        let report = verify(&Source::Sqlite(directory.to_owned())).await.unwrap();
        assert!(report.holds(), "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_divided_that_must_not_be() {
    for app in TestApp::each(with_channel()).await {
        let [sister, stranger] = family(&app).await;
        let cases = [
            (json!([{ "merchant": "sister", "amount": 10_001 }]), 422, "split_exceeds_amount"), // B07
            (json!([{ "merchant": stranger, "amount": 1 }]), 422, "split_needs_channel"),
            (json!([{ "merchant": "nobody", "amount": 1 }]), 404, "not_found"),
            (json!([{ "receiver": "spr_x", "amount": 1 }]), 404, "not_found"),
            (json!([{ "merchant": "sister" }]), 422, "field_invalid"),
            (json!([{ "merchant": "sister", "amount": 1.5 }]), 400, "amount_not_integer"),
            (json!([{ "merchant": "sister", "rate": "1.1" }]), 400, "field_malformed"),
            (json!([{ "merchant": "sister", "amount": 1, "note": 1 }]), 400, "unknown_field"),
            (json!([{ "merchant": "sister", "amount": 1, "item": 0 }]), 422, "field_invalid"),
        ];
        for (splits, status, code) in cases {
            let got = app.post("/v1/payments", &with("S-2", &splits)).await;
            got.refused(status, code);
        }
        let own = json!([{ "merchant": sister, "amount": 1 }]);
        let scopes = vec![Scope::PaymentsWrite, Scope::PaymentsRead];
        let (_, unable) = app.new_key(app.tenant_id, &KeyPlan { scopes, ..KeyPlan::default() }).await;
        app.post_as(&unable, "/v1/payments", &with("S-3", &own)).await.refused(403, "scope_missing");
        let payment = app.paid("S-4", 10_000).await;
        let path = format!("/v1/payments/{}/splits", payment["id"].as_str().unwrap());
        let body = json!({ "merchant_split_no": "N-1", "splits": own });
        // A key of the sister sees neither the payment nor its splits, and a key of another tenant nobody.
        let merchant_id = TypedId::parse(&sister);
        let (_, other) = app.new_key(app.tenant_id, &KeyPlan { merchant_id, ..KeyPlan::default() }).await;
        app.post_as(&other, &path, &body).await.refused(404, "not_found");
        let made = app.post(&path, &body).await.expect(201);
        let split = format!("/v1/splits/{}", made["id"].as_str().unwrap());
        app.get_as(&other, &split).await.refused(404, "not_found");
        assert_eq!(app.get_as(&other, "/v1/splits").await.expect(200)["data"], json!([]));
    }
}

/// Shares of 2,000 and 1,000 for these two.
fn to(receivers: [&str; 2]) -> Value {
    json!([{ "receiver": receivers[0], "amount": 2_000 }, { "receiver": receivers[1], "rate": "0.1" }])
}

/// A contract whose channel may pay three tenths of a payment to others.
async fn dividing(app: &TestApp) -> String {
    family(app).await;
    let list = app.get("/v1/channel_accounts").await.expect(200);
    let id = list["data"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/channel_accounts/{id}");
    let receiver = json!({ "channel_account": id, "kind": "user_id", "account": "2088000000000001" });
    app.post("/v1/split_receivers", &receiver).await.refused(422, "split_needs_channel");
    app.patch(&path, &json!({ "split_rate_max": "2" })).await.refused(400, "field_malformed");
    let changed = app.patch(&path, &json!({ "split_rate_max": "0.3" })).await.expect(200);
    assert!(changed["split_rate_max"].as_str().unwrap().starts_with("0.3"));
    id
}

/// A party that the channel has been asked to bind, and what it said.
async fn party(app: &TestApp, contract: &str, (account, status): (&str, &str)) -> String {
    party_by(app, contract, ("user_id", account, status)).await
}

async fn party_by(app: &TestApp, contract: &str, (kind, account, status): (&str, &str, &str)) -> String {
    let body = json!({ "channel_account": contract, "kind": kind, "account": account, "name": "Cheng" });
    let made = app.post("/v1/split_receivers", &body).await.expect(201);
    assert!(made["account"].as_str().unwrap().contains('*'), "the middle is hidden: {made}");
    let path = format!("/v1/split_receivers/{}", made["id"].as_str().unwrap());
    app.until(&path, "status", status).await;
    made["id"].as_str().unwrap().to_owned()
}

/// The split of a payment that pays this much, once it stands so; time passes meanwhile, as a channel needs it.
async fn until_split(app: &TestApp, payment: &str, (amount, status): (i64, &str)) -> Value {
    loop {
        let list = app.get(&format!("/v1/splits?payment={payment}")).await.expect(200);
        let rows = list["data"].as_array().unwrap();
        if let Some(row) = rows.iter().find(|row| row["amount"] == amount && row["status"] == status) {
            return row.clone();
        }
        app.advance(1_000_000);
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

async fn until_refunded(app: &TestApp, payment: &str, (number, amount): (&str, i64)) {
    until_refund_ends(app, payment, (number, amount, "succeeded")).await;
}

async fn until_refund_ends(
    app: &TestApp,
    payment: &str,
    (number, amount, status): (&str, i64, &str),
) -> Value {
    let body = json!({ "payment": payment, "merchant_refund_no": number, "amount": amount });
    let refund = app.post("/v1/refunds", &body).await.expect(201);
    let path = format!("/v1/refunds/{}", refund["id"].as_str().unwrap());
    loop {
        let refund = app.get(&path).await.expect(200);
        if refund["status"] == status {
            return refund;
        }
        app.advance(1_000_000);
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

/// What the channel holds of an order: receivers with fen and fen given back, and whether the rest waits.
async fn truth(app: &TestApp, out_no: &str) -> (Vec<(String, i64, i64)>, bool) {
    held(&app.truth().await, out_no)
}

fn held(truth: &Value, out_no: &str) -> (Vec<(String, i64, i64)>, bool) {
    let trade = truth["trades"].as_array().unwrap().iter().find(|trade| trade["out_trade_no"] == out_no);
    let trade = trade.unwrap();
    let shares = trade["shares"].as_array().unwrap().iter();
    let shares = shares
        .map(|one| (one[1].as_str().unwrap().to_owned(), one[2].as_i64().unwrap(), one[3].as_i64().unwrap()));
    let mut shares: Vec<_> = shares.collect();
    shares.sort();
    (shares, trade["kept"].as_bool().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_channel_pays_parties_and_a_refund_takes_it_back() {
    for app in TestApp::each(with_channel()).await {
        let contract = dividing(&app).await;
        let one = party(&app, &contract, ("2088000000000001", "bound")).await;
        let two = party(&app, &contract, ("2088000000000002", "bound")).await;
        let listed = app.get(&format!("/v1/split_receivers?channel_account={contract}")).await.expect(200);
        assert_eq!(listed["data"].as_array().unwrap().len(), 2);
        let made = app.post("/v1/payments", &with("C-1", &to([&one, &two]))).await.expect(201);
        let id = made["id"].as_str().unwrap().to_owned();
        let out_no = pay(&app, &id).await;
        assert_eq!(pending(&app, "pnc").await, 7_000);
        let split = until_split(&app, &id, (3_000, "succeeded")).await;
        assert_eq!((&split["mode"], &split["last"]), (&json!("channel"), &json!(true)));
        assert_eq!(split["shares"][1]["status"], "done");
        let accounts = |back: [i64; 2]| {
            vec![
                ("2088000000000001".to_owned(), 2_000, back[0]),
                ("2088000000000002".to_owned(), 1_000, back[1]),
            ]
        };
        assert_eq!(truth(&app, &out_no).await, (accounts([0, 0]), false));
        until_refunded(&app, &id, ("R-1", 5_000)).await;
        assert_eq!(truth(&app, &out_no).await.0, accounts([1_000, 500]));
        until_returned(&app, &id, [1_000, 500]).await;
        until_refunded(&app, &id, ("R-2", 5_000)).await;
        assert_eq!(truth(&app, &out_no).await.0, accounts([2_000, 1_000]));
        until_returned(&app, &id, [2_000, 1_000]).await;
        assert_eq!(pending(&app, "pnc").await, 0);
        let Some(directory) = app.directory() else { continue };
        let report = verify(&Source::Sqlite(directory.to_owned())).await.unwrap();
        assert!(report.holds(), "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_that_cannot_be_paid_is_the_merchants_and_the_rest_is_released() {
    for app in TestApp::each(with_channel()).await {
        let contract = dividing(&app).await;
        party(&app, &contract, ("unknown-1", "refused")).await;
        let one = party(&app, &contract, ("2088000000000001", "bound")).await;
        let shut = party(&app, &contract, ("closed-2", "bound")).await;
        let mut body = order("C-2", 10_000);
        body["split_later"] = json!(true);
        let id = app.post("/v1/payments", &body).await.expect(201)["id"].as_str().unwrap().to_owned();
        let out_no = pay(&app, &id).await;
        assert_eq!(truth(&app, &out_no).await, (vec![], true));
        let path = format!("/v1/payments/{id}/splits");
        let ask = |splits: &Value| json!({ "merchant_split_no": "N-1", "splits": splits, "last": true });
        let cases = [
            (json!([{ "receiver": one, "amount": 3_001 }]), "split_exceeds_amount"),
            (
                json!([{ "receiver": one, "amount": 1 }, { "merchant": "sister", "amount": 1 }]),
                "field_invalid",
            ),
            (json!([{ "receiver": one, "amount": 1 }, { "receiver": one, "amount": 1 }]), "field_invalid"),
        ];
        for (splits, code) in cases {
            app.post(&path, &ask(&splits)).await.refused(422, code);
        }
        app.post(&path, &ask(&to([&one, &shut]))).await.expect(201);
        let split = until_split(&app, &id, (3_000, "succeeded")).await;
        let statuses = |place: usize| split["shares"][place]["status"].as_str().unwrap().to_owned();
        assert_eq!((statuses(0), statuses(1)), ("done".to_owned(), "failed".to_owned()));
        assert_eq!(pending(&app, "pnc").await, 8_000);
        until_split(&app, &id, (0, "succeeded")).await;
        assert_eq!(truth(&app, &out_no).await, (vec![("2088000000000001".to_owned(), 2_000, 0)], false));
        let late = json!({ "merchant_split_no": "N-2", "splits": [{ "receiver": one, "amount": 1 }] });
        app.post(&path, &late).await.refused(409, "not_splittable");
        until_refunded(&app, &id, ("R-1", 10_000)).await;
        assert_eq!(truth(&app, &out_no).await.0, [("2088000000000001".to_owned(), 2_000, 2_000)]);
        let Some(directory) = app.directory() else { continue };
        let report = verify(&Source::Sqlite(directory.to_owned())).await.unwrap();
        assert!(report.holds(), "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_party_that_is_unbound_gets_no_more_shares() {
    for app in TestApp::each(with_channel()).await {
        let contract = dividing(&app).await;
        let one = party(&app, &contract, ("2088000000000001", "bound")).await;
        let path = format!("/v1/split_receivers/{one}");
        let ended = app.post(&format!("{path}/unbinding"), &json!({})).await.expect(200);
        assert_eq!((&ended["id"], &ended["status"]), (&json!(one), &json!("unbinding")));
        app.until(&path, "status", "unbound").await;
        let order = with("U-1", &json!([{ "receiver": one, "amount": 1_000 }]));
        app.post("/v1/payments", &order).await.refused(409, "receiver_not_bound");
        let unknown = format!("/v1/split_receivers/spr_{}/unbinding", "0".repeat(26));
        app.post(&unknown, &json!({})).await.refused(404, "not_found");
        assert_eq!(party(&app, &contract, ("2088000000000001", "bound")).await, one, "named again");
        app.post("/v1/payments", &order).await.expect(201);
    }
}

/// Until the channel has said of both shares of a payment how much came back of them.
async fn until_returned(app: &TestApp, payment: &str, minor: [i64; 2]) {
    loop {
        let list = app.get(&format!("/v1/splits?payment={payment}")).await.expect(200);
        let rows = list["data"].as_array().unwrap();
        let shares = rows.iter().find(|row| row["shares"].as_array().unwrap().len() == 2).unwrap();
        if [0, 1].map(|place| shares["shares"][place]["amount_returned"].as_i64().unwrap()) == minor {
            return;
        }
        app.advance(1_000_000);
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_that_alipay_did_not_take_back_is_the_merchants_to_bear() {
    for app in TestApp::each(with_channel()).await {
        let contract = dividing(&app).await;
        let one = party(&app, &contract, ("2088000000000001", "bound")).await;
        let keeps = party(&app, &contract, ("keeps-4", "bound")).await;
        let made = app.post("/v1/payments", &with("K-1", &to([&one, &keeps]))).await.expect(201);
        let id = made["id"].as_str().unwrap().to_owned();
        let out_no = pay(&app, &id).await;
        until_split(&app, &id, (3_000, "succeeded")).await;
        until_refunded(&app, &id, ("R-1", 5_000)).await;
        let told = |list: &Value| {
            list["data"].as_array().unwrap().iter().any(|row| row["kind"] == "split_not_returned")
        };
        while !told(&app.get(&format!("/v1/exceptions?payment={id}&status=open")).await.expect(200)) {
            app.advance(1_000_000);
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        until_returned(&app, &id, [1_000, 0]).await;
        let held = [("2088000000000001".to_owned(), 2_000, 1_000), ("keeps-4".to_owned(), 1_000, 0)];
        assert_eq!(truth(&app, &out_no).await.0, held);
        // Of the 5,000 that the payer has again one receiver gave 1,000 back.
        assert_eq!(pending(&app, "pnc").await, 7_000 - 5_000 + 1_000);
        let Some(directory) = app.directory() else { continue };
        let report = verify(&Source::Sqlite(directory.to_owned())).await.unwrap();
        assert!(report.holds(), "{report}");
    }
}

/// A shop whose payments come by WeChat Pay, which may divide three tenths of each, and the channel's side of it.
async fn by_wechat(app: &TestApp) -> (Channels, String) {
    app.shop().await;
    let channels = Channels::beside(app).await;
    let made = app.post("/v1/channel_accounts", &channels.wechatpay()).await.expect(201);
    let contract = made["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/channel_accounts/{contract}");
    app.patch(&path, &json!({ "split_rate_max": "0.3" })).await.expect(200);
    (channels, contract)
}

async fn pay_by_wechat(app: &TestApp, channels: &Channels, order: &Value) -> (String, String) {
    let made = app.post("/v1/payments", order).await.expect(201);
    let id = made["id"].as_str().unwrap().to_owned();
    let out_no = pay_made_by_wechat(app, channels, &id).await;
    (id, out_no)
}

async fn pay_made_by_wechat(app: &TestApp, channels: &Channels, id: &str) -> String {
    let path = format!("/v1/payments/{id}/attempts");
    let attempt = app.post(&path, &json!({ "method": "wechat_native" })).await.expect(201);
    let out_no = attempt["out_no"].as_str().unwrap().to_owned();
    let url = format!("{}/control/wechatpay/orders/{out_no}/pay", channels.base);
    let paid = app.client.post(url).json(&json!({})).send().await.unwrap();
    assert!(paid.status().is_success(), "{}", paid.text().await.unwrap());
    app.until(&format!("/v1/payments/{id}"), "status", "succeeded").await;
    out_no
}

async fn wechats_truth(app: &TestApp, channels: &Channels, out_no: &str) -> (Vec<(String, i64, i64)>, bool) {
    let url = format!("{}/control/wechatpay/truth", channels.base);
    held(&app.client.get(url).send().await.unwrap().json().await.unwrap(), out_no)
}

#[tokio::test(flavor = "multi_thread")]
async fn wechat_gives_every_share_back_before_its_refund_is_said() {
    for app in TestApp::each(with_channel()).await {
        let (channels, contract) = by_wechat(&app).await;
        let by_user = json!({ "channel_account": contract, "kind": "user_id", "account": "2088" });
        app.post("/v1/split_receivers", &by_user).await.refused(422, "field_invalid");
        let mut related = json!({ "channel_account": contract, "kind": "merchant_no", "account": "1900000013",
            "name": "Cheng", "relation": "custom" });
        app.post("/v1/split_receivers", &related).await.refused(422, "field_invalid");
        related["custom_relation"] = json!("维修厂");
        let made = app.post("/v1/split_receivers", &related).await.expect(201);
        assert_eq!((&made["relation"], &made["custom_relation"]), (&json!("custom"), &json!("维修厂")));
        app.until(&format!("/v1/split_receivers/{}", made["id"].as_str().unwrap()), "status", "bound").await;
        let one = party_by(&app, &contract, ("merchant_no", "1900000011", "bound")).await;
        let two = party_by(&app, &contract, ("merchant_no", "1900000012", "bound")).await;
        party_by(&app, &contract, ("merchant_no", "unknown-1", "refused")).await;
        let person = party_by(&app, &contract, ("open_id", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "bound")).await;
        let (id, out_no) = pay_by_wechat(&app, &channels, &with("X-1", &to([&one, &two]))).await;
        assert_eq!(wechats_truth(&app, &channels, &out_no).await, (vec![], true));
        let split = until_split(&app, &id, (3_000, "succeeded")).await;
        assert_eq!((&split["last"], &split["shares"][0]["returnable"]), (&json!(true), &json!(true)));
        let accounts = |back: [i64; 2]| {
            vec![("1900000011".to_owned(), 2_000, back[0]), ("1900000012".to_owned(), 1_000, back[1])]
        };
        assert_eq!(wechats_truth(&app, &channels, &out_no).await, (accounts([0, 0]), false));
        until_refunded(&app, &id, ("R-1", 5_000)).await;
        assert_eq!(wechats_truth(&app, &channels, &out_no).await.0, accounts([1_000, 500]));
        until_refunded(&app, &id, ("R-2", 5_000)).await;
        assert_eq!(wechats_truth(&app, &channels, &out_no).await.0, accounts([2_000, 1_000]));
        assert_eq!(pending(&app, "pnc").await, 0);
        // A person's share stays his.
        let (id, out_no) = pay_by_wechat(&app, &channels, &with("X-2", &to([&one, &person]))).await;
        let split = until_split(&app, &id, (3_000, "succeeded")).await;
        assert_eq!(split["shares"][1]["returnable"], json!(false));
        until_refunded(&app, &id, ("R-3", 5_000)).await;
        let (shares, _) = wechats_truth(&app, &channels, &out_no).await;
        assert_eq!(shares.iter().map(|share| share.2).collect::<Vec<_>>(), [1_000, 0]);
        let Some(directory) = app.directory() else { continue };
        let report = verify(&Source::Sqlite(directory.to_owned())).await.unwrap();
        assert!(report.holds(), "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_agreed_with_who_was_unbound_since_is_not_said_to_wechat_and_is_the_merchants() {
    for app in TestApp::each(with_channel()).await {
        let (channels, contract) = by_wechat(&app).await;
        let one = party_by(&app, &contract, ("merchant_no", "1900000011", "bound")).await;
        let two = party_by(&app, &contract, ("merchant_no", "1900000012", "bound")).await;
        let made = app.post("/v1/payments", &with("Z-1", &to([&one, &two]))).await.expect(201);
        let path = format!("/v1/split_receivers/{one}");
        app.post(&format!("{path}/unbinding"), &json!({})).await.expect(200);
        app.until(&path, "status", "unbound").await;
        // What was agreed stays agreed, and can be paid.
        let id = made["id"].as_str().unwrap().to_owned();
        let out_no = pay_made_by_wechat(&app, &channels, &id).await;
        let split = until_split(&app, &id, (3_000, "failed")).await;
        assert_eq!(split["shares"][0]["failure_code"], "RECEIVER_UNBOUND", "{split}");
        let matters = app.get(&format!("/v1/exceptions?payment={id}&status=open")).await.expect(200);
        assert!(matters.to_string().contains("split_failed"), "{matters}");
        // The rest is released, so that the merchant has its money.
        until_split(&app, &id, (0, "succeeded")).await;
        assert_eq!(wechats_truth(&app, &channels, &out_no).await, (vec![], false));
        assert_eq!(pending(&app, "pnc").await, 10_000);
        let Some(directory) = app.directory() else { continue };
        let report = verify(&Source::Sqlite(directory.to_owned())).await.unwrap();
        assert!(report.holds(), "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_that_wechat_does_not_give_back_fails_its_refund_and_is_the_merchants_to_bear() {
    for app in TestApp::each(with_channel()).await {
        let (channels, contract) = by_wechat(&app).await;
        let one = party_by(&app, &contract, ("merchant_no", "1900000011", "bound")).await;
        let keeps = party_by(&app, &contract, ("merchant_no", "keeps-4", "bound")).await;
        let (id, out_no) = pay_by_wechat(&app, &channels, &with("Y-1", &to([&one, &keeps]))).await;
        until_split(&app, &id, (3_000, "succeeded")).await;
        let failed = until_refund_ends(&app, &id, ("R-1", 5_000, "failed")).await;
        assert_eq!(failed["failure"]["code"], "SPLIT_RETURN_REFUSED");
        let back =
            |minor| (vec![("1900000011".to_owned(), 2_000, minor), ("keeps-4".to_owned(), 1_000, 0)], false);
        assert_eq!(wechats_truth(&app, &channels, &out_no).await, back(1_000));
        let list = app.get(&format!("/v1/splits?payment={id}")).await.expect(200);
        let shares = &list["data"][0]["shares"];
        assert_eq!((&shares[0]["amount_returned"], &shares[1]["returnable"]), (&json!(1_000), &json!(false)));
        assert_eq!(pending(&app, "pnc").await, 8_000);
        until_refunded(&app, &id, ("R-2", 5_000)).await;
        assert_eq!(wechats_truth(&app, &channels, &out_no).await, back(1_000));
        // The rest of the first share the merchant bears of its own will: a full refund takes nothing more back.
        let path = format!("/v1/splits/{}/waiver", list["data"][0]["id"].as_str().unwrap());
        let let_go = |receiver: &str| json!({ "receiver": receiver, "reason": "as agreed", "actor": "财务" });
        app.post(&path, &let_go(&format!("spr_{}", "0".repeat(26)))).await.refused(404, "not_found");
        let waived = app.post(&path, &let_go(&one)).await.expect(200);
        assert_eq!(waived["shares"][0]["returnable"], json!(false));
        let Some(directory) = app.directory() else { continue };
        let report = verify(&Source::Sqlite(directory.to_owned())).await.unwrap();
        assert!(report.holds(), "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_wechat_refuses_for_ever_is_given_up_by_two_persons() {
    for app in TestApp::each(with_channel()).await {
        let (channels, contract) = by_wechat(&app).await;
        let one = party_by(&app, &contract, ("merchant_no", "1900000011", "bound")).await;
        let dropped = party_by(&app, &contract, ("merchant_no", "dropped-5", "bound")).await;
        let (id, out_no) = pay_by_wechat(&app, &channels, &with("Z-1", &to([&one, &dropped]))).await;
        let list = app.get(&format!("/v1/splits?payment={id}")).await.expect(200);
        let path = format!("/v1/splits/{}", list["data"][0]["id"].as_str().unwrap());
        let give_up = |maker: &str| json!({ "reason": "closed", "evidence": "ticket 4711", "maker": maker });
        let asking = format!("{path}/abandonment");
        app.post(&asking, &give_up("经办")).await.refused(409, "not_abandonable");
        while app.get(&path).await.expect(200)["failure"].is_null() {
            app.advance(1_000_000);
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let refund = json!({ "payment": id, "merchant_refund_no": "R-1", "amount": 5_000 });
        let refund = app.post("/v1/refunds", &refund).await.expect(201);
        app.post(&asking, &json!({ "reason": "closed", "maker": "经办" }))
            .await
            .refused(400, "field_missing");
        let asked = app.post(&asking, &give_up("经办")).await.expect(202);
        assert_eq!(asked["abandonment"]["status"], "pending_approval");
        assert_eq!(asked["shares"][0]["status"], "pending");
        app.post(&asking, &give_up("another")).await.refused(409, "not_abandonable");
        let of_refund = format!("/v1/refunds/{}/abandonment", refund["id"].as_str().unwrap());
        let mut of_return = give_up("经办");
        of_return["receiver"] = json!(one);
        app.post(&of_refund, &of_return).await.refused(409, "not_abandonable");
        let decided = AbandonmentDecided {
            verdict: Verdict::Approve,
            seen: asked["abandonment"]["content_hash"].as_str().unwrap().to_owned(),
            by: "复核".to_owned(),
        };
        let split_id = TypedId::parse(asked["id"].as_str().unwrap()).unwrap();
        let (tenant_id, origin) = (app.tenant_id, Origin::system());
        app.app.submit(DecideAbandonment { tenant_id, split_id, decided, origin }).await.unwrap();
        app.advance(26 * 3_600_000_000);
        let failed = until_split(&app, &id, (3_000, "failed")).await;
        assert_eq!(failed["shares"][1]["failure_code"], "ABANDONED");
        assert_eq!(failed["abandonment"]["checker"], "复核");
        app.advance(3_600_000_000);
        app.until(&format!("/v1/refunds/{}", refund["id"].as_str().unwrap()), "status", "succeeded").await;
        until_split(&app, &id, (0, "succeeded")).await;
        assert_eq!(wechats_truth(&app, &channels, &out_no).await, (vec![], false));
        assert_eq!(pending(&app, "pnc").await, 5_000);
        let Some(directory) = app.directory() else { continue };
        let report = verify(&Source::Sqlite(directory.to_owned())).await.unwrap();
        assert!(report.holds(), "{report}");
    }
}
