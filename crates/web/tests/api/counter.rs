//! The counter over the API: a cashier's day from the float to the line of the bank account.

use crate::bed::{KeyPlan, Setup, TestApp, order};
use serde_json::{Value, json};
use tk_app::store::{Engine, Source, verify};
use tk_domain::access::Scope;
use tk_domain::counter::{CounterMovement, DecideVoid};
use tk_domain::id::{MovementId, TypedId};
use tk_domain::transfer::Verdict;

struct Desk {
    app: TestApp,
    counter: String,
}

impl Desk {
    async fn each(setup: Setup) -> Vec<Self> {
        let mut desks = Vec::new();
        for app in TestApp::each(setup).await {
            app.shop().await;
            desks.push(Self { counter: counter(&app).await, app });
        }
        desks
    }

    async fn shift(&self) -> String {
        let body = json!({ "counter": self.counter, "cashier": "收银员甲", "float": 5_000 });
        text(&self.app.post("/v1/shifts", &body).await.expect(201)["id"])
    }

    async fn payment(&self, order_no: &str, amount: i64) -> String {
        text(&self.app.post("/v1/payments", &order(order_no, amount)).await.expect(201)["id"])
    }

    #[expect(clippy::unused_self, reason = "it reads as an act at this desk")]
    fn taking(&self, (shift, payment): (&str, &str), method: &str, amount: i64) -> Value {
        let mut body = json!({
            "shift": shift, "payment": payment, "method": method, "amount": amount, "actor": "收银员甲",
        });
        if method != "cash" {
            body["slip"] = json!({ "terminal": "T-01", "number": format!("N{}", amount) });
        }
        body
    }

    async fn take(&self, rows: (&str, &str), method: &str, amount: i64) -> Value {
        self.app.post("/v1/counter_takings", &self.taking(rows, method, amount)).await.expect(201)
    }

    async fn status(&self, payment: &str) -> Value {
        self.app.get(&format!("/v1/payments/{payment}")).await.expect(200)["status"].clone()
    }

    async fn sound(&self) {
        let Some(directory) = self.app.directory() else { return };
        if self.app.app.reader().engine() == Engine::Sqlite {
            let report = verify(&Source::Sqlite(directory.to_owned())).await.unwrap();
            assert!(report.holds(), "{report}");
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A counter that takes everything that counters take.
pub async fn counter(app: &TestApp) -> String {
    let body = json!({
        "channel": "counter", "name": "门诊一号窗口", "methods": ["cash", "pos", "kiosk", "cheque"],
        "fee_rate": "0.0038",
        "settings": { "place": "门诊一楼" }, "credentials": {},
    });
    text(&app.post("/v1/channel_accounts", &body).await.expect(201)["id"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_at_the_counter_ends_at_the_bank() {
    for desk in Desk::each(Setup::default()).await {
        let shift = desk.shift().await;
        let (cash, card) = (desk.payment("C-1", 10_000).await, desk.payment("C-2", 2_500).await);
        let mut body = desk.taking((&shift, &cash), "cash", 10_000);
        body["tendered"] = json!(10_050);
        let taken = desk.app.post("/v1/counter_takings", &body).await.expect(201);
        assert_eq!((taken["change"].clone(), taken["made_by"].clone()), (json!(50), json!("收银员甲")));
        assert_eq!(desk.status(&cash).await, "succeeded");
        desk.app.post("/v1/counter_takings", &body).await.refused(409, "already_paid");
        desk.take((&shift, &card), "pos", 2_500).await;
        let again = desk.taking((&shift, &card), "pos", 2_500);
        let known = desk.app.post("/v1/counter_takings", &again).await.expect(200);
        assert_eq!(known["slip_no"], "N2500", "the slip is known");
        let refund = json!({ "payment": cash, "merchant_refund_no": "R1", "amount": 4_000 });
        let refund = desk.app.post("/v1/refunds", &refund).await.expect(201);
        let body = json!({ "shift": shift, "refund": refund["id"], "actor": "收银员甲" });
        let out = desk.app.post("/v1/counter_refunds", &body).await.expect(201);
        assert_eq!((out["flow"].clone(), out["amount"].clone()), (json!("out"), json!(4_000)));
        let done = desk.app.get(&format!("/v1/refunds/{}", text(&refund["id"]))).await.expect(200);
        assert_eq!(done["status"], "succeeded");
        let listed = desk.app.get(&format!("/v1/counter_movements?shift={shift}")).await.expect(200);
        assert_eq!(listed["data"].as_array().unwrap().len(), 3);
        let closure = format!("/v1/shifts/{shift}/closure");
        let closed =
            desk.app.post(&closure, &json!({ "counted": 11_200, "actor": "组长" })).await.expect(200);
        assert_eq!(
            (closed["cash_expected"].clone(), closed["over_short"].clone()),
            (json!(11_000), json!(200))
        );
        assert_eq!(closed["totals"]["pos_in"], 2_500);
        let shifts = desk.app.get("/v1/shifts?status=closed&cashier=收银员甲").await.expect(200);
        assert_eq!(shifts["data"][0]["id"], shift);
        deposit(&desk, &text(&closed["counter_day"])).await;
        let accounts = desk.app.get("/v1/accounts?kind=cash_over_short").await.expect(200);
        assert_eq!(
            (accounts["data"][0]["owner"].clone(), accounts["data"][0]["balance"].clone()),
            (closed["cashier_id"].clone(), json!(200))
        );
        let events = desk.app.get("/v1/events").await.expect(200).to_string();
        assert!(events.contains("shift.closed") && events.contains("counter_day.closed"));
        desk.sound().await;
    }
}

/// Closes the day, brings its cash to the bank, and finds it on the statement.
async fn deposit(desk: &Desk, day: &str) {
    let path = format!("/v1/counter_days/{day}");
    let closed = desk.app.post(&format!("{path}/closure"), &json!({ "actor": "会计" })).await.expect(200);
    assert_eq!((closed["status"].clone(), closed["to_bank"].clone()), (json!("closed"), json!(6_200)));
    let bank = crate::tenants::bank_account(&desk.app).await;
    let body = json!({
        "counter_day": day, "bank_account": bank["id"], "amount": 6_201, "slip_no": "D-1", "actor": "出纳",
    });
    desk.app.post("/v1/cash_deposits", &body).await.refused(422, "deposit_exceeds_takings");
    let mut body = body;
    body["amount"] = json!(6_200);
    let made = desk.app.post("/v1/cash_deposits", &body).await.expect(201);
    let header = "交易日期,借方发生额,贷方发生额,余额,对方户名,对方账号,摘要,流水号\n";
    let statement = format!("{header}20261120,,62.00,62.00,现金,1,送存,N1\n");
    let upload =
        format!("/v1/bank_transfers/statements?channel_account={}&format=csv&actor=a", text(&bank["id"]));
    let key = crate::bed::fresh_key();
    let sent = desk.app.request("POST", &upload).header("idempotency-key", key).body(statement);
    crate::bed::got(sent).await.expect(201);
    let lines = desk.app.get("/v1/bank_transfers").await.expect(200);
    let body = json!({ "bank_transfer": lines["data"][0]["id"], "actor": "出纳" });
    let path = format!("/v1/cash_deposits/{}/match", text(&made["id"]));
    assert_eq!(desk.app.post(&path, &body).await.expect(200)["status"], "matched");
    let listed = desk.app.get("/v1/cash_deposits?status=matched").await.expect(200);
    assert_eq!(listed["data"][0]["bank_transfer"], lines["data"][0]["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taking_is_undone_by_a_second_person() {
    for desk in Desk::each(Setup::default()).await {
        let shift = desk.shift().await;
        let payment = desk.payment("V-1", 10_000).await;
        let taken = desk.take((&shift, &payment), "cash", 10_000).await;
        let path = format!("/v1/counter_movements/{}/cancellation", text(&taken["id"]));
        let body = json!({ "reason": "多收一笔", "actor": "收银员甲" });
        let asked = desk.app.post(&path, &body).await.expect(202);
        assert_eq!(asked["void_status"], "pending_approval");
        desk.app.post(&path, &body).await.refused(409, "not_voidable");
        let refund = desk.app.get(&format!("/v1/refunds/{}", text(&asked["void_refund"]))).await.expect(200);
        assert_eq!(
            (refund["status"].clone(), refund["origin"].clone()),
            (json!("pending_approval"), json!("void"))
        );
        let closure = format!("/v1/shifts/{shift}/closure");
        let count = json!({ "counted": 5_000, "actor": "组长" });
        desk.app.post(&closure, &count).await.refused(409, "voids_pending");
        approve(&desk.app, &asked).await;
        let undone = desk.app.get(&format!("/v1/counter_movements/{}", text(&taken["id"]))).await.expect(200);
        assert_eq!(
            (undone["void_status"].clone(), undone["decided_by"].clone()),
            (json!("approved"), json!("组长"))
        );
        let payment = desk.app.get(&format!("/v1/payments/{payment}")).await.expect(200);
        assert_eq!(
            (payment["status"].clone(), payment["refund_status"].clone()),
            (json!("succeeded"), json!("full"))
        );
        assert_eq!(desk.app.post(&closure, &count).await.expect(200)["over_short"], 0);
        desk.sound().await;
    }
}

/// The second person's half, which the console will offer.
async fn approve(app: &TestApp, asked: &Value) {
    let id = MovementId::parse(asked["id"].as_str().unwrap()).unwrap();
    let row: CounterMovement = app.app.reader().get(&(app.tenant_id, id)).await.unwrap().unwrap();
    let command = DecideVoid {
        tenant_id: app.tenant_id,
        rows: (row.shift_id, row.payment_id, row.attempt_id, row.void_refund_id.unwrap()),
        verdict: Verdict::Approve,
        seen: row.content_hash(),
        slip: None,
        by: "组长".to_owned(),
        origin: tk_domain::audit::Origin::system(),
    };
    app.app.submit(command).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_shown_before_is_closed_before_cash_is_taken() {
    for desk in Desk::each(Setup { sandbox: true, ..Setup::default() }).await {
        desk.app.contract().await;
        let shift = desk.shift().await;
        let payment = desk.payment("Q-1", 10_000).await;
        let attempts = format!("/v1/payments/{payment}/attempts");
        let attempt = desk.app.post(&attempts, &json!({ "method": "alipay_qr" })).await.expect(201);
        desk.app.control(attempt["out_no"].as_str().unwrap(), "open").await;
        let taking = desk.taking((&shift, &payment), "cash", 10_000);
        desk.app.post("/v1/counter_takings", &taking).await.expect(201);
        let listed = desk.app.get(&attempts).await.expect(200);
        let statuses: Vec<&Value> =
            listed["data"].as_array().unwrap().iter().map(|row| &row["status"]).collect();
        assert_eq!(statuses, ["succeeded", "closed"]);
        desk.app.post(&attempts, &json!({ "method": "cash" })).await.refused(409, "already_paid");
        desk.sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_and_changes_nothing() {
    let desk = Desk::each(Setup::default()).await.remove(0);
    let shift = desk.shift().await;
    let body = json!({ "counter": desk.counter, "cashier": "收银员甲", "float": 0 });
    desk.app.post("/v1/shifts", &body).await.refused(409, "shift_open");
    let payment = desk.payment("X-1", 10_000).await;
    let rows = (shift.as_str(), payment.as_str());
    desk.app
        .post("/v1/counter_takings", &desk.taking(rows, "cash", 9_999))
        .await
        .refused(422, "amount_out_of_range");
    let mut body = desk.taking(rows, "pos", 10_000);
    body["slip"] = json!({ "terminal": "T/1", "number": "1" });
    desk.app.post("/v1/counter_takings", &body).await.refused(422, "field_invalid");
    body["slip"] = Value::Null;
    desk.app.post("/v1/counter_takings", &body).await.refused(422, "field_invalid");
    desk.app
        .post(
            "/v1/counter_takings",
            &json!({ "shift": shift, "payment": payment, "method": "cash", "amount": 1 }),
        )
        .await
        .refused(400, "field_missing");
    let attempt = json!({ "method": "cash" });
    let path = format!("/v1/payments/{payment}/attempts");
    desk.app.post(&path, &attempt).await.refused(422, "channel_not_available");
    assert_eq!(desk.status(&payment).await, "requires_method");
    let plan = KeyPlan { scopes: vec![Scope::CounterRead], ..KeyPlan::default() };
    let (_, reader) = desk.app.new_key(desk.app.tenant_id, &plan).await;
    desk.app.get_as(&reader, "/v1/shifts").await.expect(200);
    desk.app.post_as(&reader, "/v1/shifts", &json!({})).await.refused(403, "scope_missing");
    let wrong = json!({
        "channel": "counter", "name": "x", "methods": ["cash"], "settings": { "a": 1 }, "credentials": {},
    });
    desk.app.post("/v1/channel_accounts", &wrong).await.refused(400, "field_malformed");
    desk.sound().await;
}
