//! Cheques over the API: the register, and what each step does to the payment.

use crate::bed::{Setup, TestApp, fresh_key, got, order};
use serde_json::{Value, json};
use tk_app::store::{Engine, Source, verify};
use tk_domain::audit::Origin;
use tk_domain::cheque::{Cheque, DecideClearing};
use tk_domain::id::{ChequeId, TypedId};
use tk_domain::moment::{DAY_US, date_text, shanghai_day};
use tk_domain::transfer::Verdict;

struct Register {
    app: TestApp,
    counter: String,
}

impl Register {
    async fn each() -> Vec<Self> {
        let mut registers = Vec::new();
        for app in TestApp::each(Setup::default()).await {
            app.shop().await;
            registers.push(Self { counter: crate::counter::counter(&app).await, app });
        }
        registers
    }

    fn today(&self) -> i64 {
        shanghai_day(self.app.app.now_us())
    }

    async fn payment(&self, order_no: &str) -> String {
        let mut body = order(order_no, 10_000);
        body["expires_at"] = json!(format!("{}T12:00:00+08:00", date_text(self.today() + 20)));
        text(&self.app.post("/v1/payments", &body).await.expect(201)["id"])
    }

    fn body(&self, payment: &str, cheque_no: &str) -> Value {
        json!({
            "counter": self.counter, "payment": payment, "bank": "ICBC", "cheque_no": cheque_no,
            "amount": 10_000, "issued_on": date_text(self.today()), "actor": "出纳",
        })
    }

    async fn received(&self, order_no: &str, cheque_no: &str) -> (String, String) {
        let payment = self.payment(order_no).await;
        let body = self.body(&payment, cheque_no);
        let cheque = self.app.post("/v1/cheques", &body).await.expect(201);
        assert_eq!((cheque["status"].clone(), cheque["made_by"].clone()), (json!("received"), json!("出纳")));
        (payment, text(&cheque["id"]))
    }

    async fn step(&self, cheque: &str, step: &str, body: &Value) -> crate::bed::Got {
        self.app.post(&format!("/v1/cheques/{cheque}/{step}"), body).await
    }

    /// Another person agrees, as the console will let him.
    async fn agree(&self, cheque: &str) {
        let key = (self.app.tenant_id, ChequeId::parse(cheque).unwrap());
        let asked = self.app.app.reader().get::<Cheque>(&key).await.unwrap().unwrap();
        let decide = DecideClearing {
            tenant_id: key.0,
            rows: (asked.payment_id, asked.id),
            seen: asked.content_hash(),
            verdict: Verdict::Approve,
            by: "会计".to_owned(),
            origin: Origin::system(),
        };
        self.app.app.submit(decide).await.unwrap();
    }

    async fn status(&self, payment: &str) -> Value {
        self.app.get(&format!("/v1/payments/{payment}")).await.expect(200)["status"].clone()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cheque_pays_when_it_is_cleared_and_not_when_it_bounces() {
    for register in Register::each().await {
        let (paid, cheque) = register.received("Q-1", "12345678").await;
        assert_eq!(register.status(&paid).await, "processing");
        let actor = json!({ "actor": "出纳" });
        register.step(&cheque, "clearance", &actor).await.refused(409, "cheque_step_unfit");
        register.step(&cheque, "presentation", &actor).await.expect(200);
        let asked = register.step(&cheque, "clearance", &actor).await.expect(200);
        assert_eq!(
            (&asked["status"], &asked["clearing_asked_by"]),
            (&json!("pending_approval"), &json!("出纳"))
        );
        assert_eq!(register.status(&paid).await, "processing");
        register.agree(&cheque).await;
        assert_eq!(register.status(&paid).await, "succeeded");
        let (unpaid, bounced) = register.received("Q-2", "12345679").await;
        register.step(&bounced, "presentation", &actor).await.expect(200);
        let back = json!({ "reason": "存款不足", "actor": "出纳" });
        assert_eq!(register.step(&bounced, "return", &back).await.expect(200)["reason"], "存款不足");
        assert_eq!(register.status(&unpaid).await, "requires_method");
        let listed = register.app.get("/v1/cheques?status=bounced").await.expect(200);
        let listed = listed["data"].as_array().unwrap().clone();
        assert_eq!((listed.len(), listed[0]["id"].clone()), (1, json!(bounced)));
        let read = register.app.get(&format!("/v1/cheques/{cheque}")).await.expect(200);
        assert_eq!(read["status"], "cleared");
        let events = register.app.get("/v1/events").await.expect(200).to_string();
        for kind in ["cheque.received", "cheque.presented", "cheque.cleared", "cheque.bounced"] {
            assert!(events.contains(kind), "{kind}");
        }
        sound(&register.app).await;
    }
}

pub async fn sound(app: &TestApp) {
    let Some(directory) = app.directory() else { return };
    if app.app.reader().engine() == Engine::Sqlite {
        let report = verify(&Source::Sqlite(directory.to_owned())).await.unwrap();
        assert!(report.holds(), "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cheque_that_does_not_fit_is_refused() {
    let register = Register::each().await.remove(0);
    let (payment, cheque) = register.received("Q-1", "12345678").await;
    let body = register.body(&payment, "12345678");
    register.app.post("/v1/cheques", &body).await.expect(200);
    let other = register.payment("Q-2").await;
    let mut body = register.body(&other, "12345678");
    register.app.post("/v1/cheques", &body).await.refused(409, "cheque_used");
    body["cheque_no"] = json!("123");
    register.app.post("/v1/cheques", &body).await.refused(422, "field_invalid");
    body["cheque_no"] = json!("87654321");
    body["amount"] = json!(9_999);
    register.app.post("/v1/cheques", &body).await.refused(422, "amount_out_of_range");
    body["amount"] = json!(10_000);
    body["issued_on"] = json!(date_text(register.today() - 11));
    register.app.post("/v1/cheques", &body).await.refused(422, "cheque_expired");
    body["issued_on"] = json!("2026-02-30");
    register.app.post("/v1/cheques", &body).await.refused(400, "field_malformed");
    register.app.advance(11 * DAY_US);
    register.step(&cheque, "presentation", &json!({ "actor": "出纳" })).await.refused(422, "cheque_expired");
    let back = json!({ "reason": "已过期", "actor": "出纳" });
    assert_eq!(register.step(&cheque, "cancellation", &back).await.expect(200)["status"], "withdrawn");
    assert_eq!(register.status(&payment).await, "requires_method");
    sound(&register.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_line_of_a_statement_clears_a_cheque() {
    for register in Register::each().await {
        let (paid, cheque) = register.received("Q-1", "12345678").await;
        let actor = json!({ "actor": "出纳" });
        register.step(&cheque, "presentation", &actor).await.expect(200);
        let account =
            register.app.post("/v1/channel_accounts", &crate::transfers::bank_account()).await.expect(201);
        let day = date_text(register.today()).replace('-', "");
        let text = format!(
            "交易日期,借方发生额,贷方发生额,余额,对方户名,对方账号,摘要,流水号\n{day},,100.00,100.00,张三,6222,支票入账,N1\n"
        );
        let path = format!(
            "/v1/bank_transfers/statements?channel_account={}&format=csv&actor=x",
            account["id"].as_str().unwrap()
        );
        let request = register.app.request("POST", &path).header("idempotency-key", fresh_key()).body(text);
        got(request).await.expect(201);
        let lines = register.app.get("/v1/bank_transfers").await.expect(200);
        let body = json!({ "actor": "出纳", "bank_transfer": lines["data"][0]["id"] });
        let cleared = register.step(&cheque, "clearance", &body).await.expect(200);
        assert_eq!(
            (&cleared["status"], &cleared["bank_transfer"]),
            (&json!("cleared"), &lines["data"][0]["id"])
        );
        assert_eq!(register.status(&paid).await, "succeeded");
        let left = register.app.get("/v1/bank_transfers").await.expect(200);
        assert_eq!(left["data"][0]["amount_unmatched"], 0);
        sound(&register.app).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_paper_is_received_again_after_it_was_given_back_or_had_bounced() {
    for register in Register::each().await {
        let (payment, first) = register.received("C-AGAIN", "00000031").await;
        let body = register.body(&payment, "00000031");
        assert_eq!(
            register.app.post("/v1/cheques", &body).await.expect(200)["id"],
            json!(first),
            "one cheque"
        );
        register
            .step(&first, "cancellation", &json!({ "reason": "mistyped", "actor": "出纳" }))
            .await
            .expect(200);
        let second = text(&register.app.post("/v1/cheques", &body).await.expect(201)["id"]);
        register.step(&second, "presentation", &json!({ "actor": "出纳" })).await.expect(200);
        register.step(&second, "return", &json!({ "reason": "no cover", "actor": "出纳" })).await.expect(200);
        let other = register.payment("C-OTHER").await;
        let third = register.app.post("/v1/cheques", &register.body(&other, "00000031")).await.expect(201);
        assert_eq!(third["status"], "received");
        register.app.post("/v1/cheques", &body).await.refused(409, "cheque_used");
        let Some(directory) = register.app.directory() else { continue };
        let report = verify(&Source::Sqlite(directory.to_owned())).await.unwrap();
        assert!(report.holds(), "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cheque_cleared_by_two_persons_whose_money_the_bank_took_back_is_the_merchants_to_bear() {
    for register in Register::each().await {
        let (paid, cheque) = register.received("Q-1", "12345678").await;
        let actor = json!({ "actor": "出纳" });
        register.step(&cheque, "presentation", &actor).await.expect(200);
        register.step(&cheque, "clearance", &actor).await.expect(200);
        register.agree(&cheque).await;
        assert_eq!(register.status(&paid).await, "succeeded");
        let account =
            register.app.post("/v1/channel_accounts", &crate::transfers::bank_account()).await.expect(201);
        let day = date_text(register.today()).replace('-', "");
        let text = format!(
            "交易日期,借方发生额,贷方发生额,余额,对方户名,对方账号,摘要,流水号\n{day},,100.00,100.00,张三,6222,支票入账,N1\n{day},100.00,,0.00,张三,6222,冲正,N2\n"
        );
        let path = format!(
            "/v1/bank_transfers/statements?channel_account={}&format=csv&actor=x",
            account["id"].as_str().unwrap()
        );
        let request = register.app.request("POST", &path).header("idempotency-key", fresh_key()).body(text);
        got(request).await.expect(201);
        let lines = register.app.get("/v1/bank_transfers").await.expect(200);
        let line = |number: &str| {
            let lines = lines["data"].as_array().unwrap().iter();
            lines.clone().find(|line| line["bank_ref"] == number).unwrap().clone()
        };
        assert_eq!(line("N2")["link"], "reversal");
        // Whoever names the line that shows the cheque's money shows that it did not stay.
        let body = json!({ "actor": "出纳", "bank_transfer": line("N1")["id"] });
        let shown = register.step(&cheque, "clearance", &body).await.expect(200);
        assert_eq!((&shown["status"], &shown["bank_transfer"]), (&json!("cleared"), &line("N1")["id"]));
        let payment = register.app.get(&format!("/v1/payments/{paid}")).await.expect(200);
        assert_eq!((&payment["status"], &payment["amount_reversed"]), (&json!("succeeded"), &json!(10_000)));
        let matters = register.app.get("/v1/exceptions?status=open").await.expect(200).to_string();
        assert!(matters.contains("transfer_reversed"), "{matters}");
        let told = register.app.get("/v1/events").await.expect(200).to_string();
        assert!(told.contains("payment.reversed"), "{told}");
        sound(&register.app).await;
    }
}
