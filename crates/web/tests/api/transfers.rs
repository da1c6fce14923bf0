//! The transfer desk over the API: statements, codes, matches of every shape, slips and returns.

use crate::bed::{Got, KeyPlan, Setup, TestApp, fresh_key, got, order};
use serde_json::{Value, json};
use std::fmt::Write as _;
use tk_app::store::{Engine, Source, verify};
use tk_domain::access::Scope;
use tk_domain::id::{BankLineId, TypedId};
use tk_domain::transfer::{BankLine, DecideBankLine, Verdict};

const HEADER: &str = "交易日期,借方发生额,贷方发生额,余额,对方户名,对方账号,摘要,流水号\n";

struct Desk {
    app: TestApp,
    account: String,
}

impl Desk {
    async fn each() -> Vec<Self> {
        let mut desks = Vec::new();
        for app in TestApp::each(Setup::default()).await {
            app.shop().await;
            let account = app.post("/v1/channel_accounts", &bank_account()).await.expect(201);
            desks.push(Self { account: account["id"].as_str().unwrap().to_owned(), app });
        }
        desks
    }

    /// A payment that awaits a transfer, with its code.
    async fn awaiting(&self, order_no: &str, amount: i64) -> (String, String) {
        self.awaiting_from(order_no, amount, &json!({})).await
    }

    async fn awaiting_from(&self, order_no: &str, amount: i64, payer: &Value) -> (String, String) {
        let payment = self.app.post("/v1/payments", &order(order_no, amount)).await.expect(201);
        let id = payment["id"].as_str().unwrap().to_owned();
        let body = json!({ "method": "bank_transfer", "payer": payer });
        let attempt = self.app.post(&format!("/v1/payments/{id}/attempts"), &body).await.expect(201);
        assert_eq!(attempt["action"]["kind"], "transfer");
        (id, attempt["action"]["value"].as_str().unwrap().to_owned())
    }

    async fn upload(&self, format: &str, bytes: impl Into<reqwest::Body>) -> Got {
        let path = format!(
            "/v1/bank_transfers/statements?channel_account={}&format={format}&actor=jingban",
            self.account
        );
        got(self.app.request("POST", &path).header("idempotency-key", fresh_key()).body(bytes)).await
    }

    /// Lines of money in, each with its payer, remark and number.
    async fn statement(&self, lines: &[(i64, &str, &str, &str)]) -> Value {
        let mut text = HEADER.to_owned();
        let mut balance = 0;
        for (amount, payer, remark, number) in lines {
            balance += amount;
            let yuan = |minor: i64| format!("{}.{:02}", minor / 100, minor % 100);
            let (amount, balance) = (yuan(*amount), yuan(balance));
            writeln!(text, "20261120,,{amount},{balance},{payer},6222{payer},{remark},{number}").unwrap();
        }
        self.upload("csv", text).await.expect(201)
    }

    async fn match_all(&self) -> Value {
        let body = json!({ "channel_account": self.account, "actor": "jingban" });
        self.app.post("/v1/bank_transfers/matching", &body).await.expect(200)
    }

    async fn unmatched(&self) -> Vec<Value> {
        let path = format!("/v1/bank_transfers?unmatched=true&channel_account={}", self.account);
        self.app.get(&path).await.expect(200)["data"].as_array().unwrap().clone()
    }

    async fn status(&self, payment: &str) -> String {
        let payment = self.app.get(&format!("/v1/payments/{payment}")).await.expect(200);
        payment["status"].as_str().unwrap().to_owned()
    }

    async fn line(&self, number: &str) -> Value {
        let lines = self.app.get("/v1/bank_transfers").await.expect(200);
        let found = lines["data"].as_array().unwrap().iter().find(|line| line["bank_ref"] == number);
        found.unwrap_or_else(|| panic!("no line {number}")).clone()
    }
}

fn bank_account() -> Value {
    json!({
        "channel": "bank_direct", "name": "基本户", "methods": ["bank_transfer"],
        "settings": { "account_no": "110902233410801", "account_name": "华元财险", "bank_name": "测试银行北京分行" },
        "credentials": {},
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_with_its_code_pays_the_order() {
    for desk in Desk::each().await {
        let (payment, code) = desk.awaiting("T-1", 10_000).await;
        assert_eq!(desk.status(&payment).await, "awaiting_transfer");
        let remark = format!("保费 {} {}", &code[..4], &code[4..]);
        let lines = [(10_000, "张三", remark.as_str(), "N1"), (77, "李四", "谢谢", "N2")];
        let taken = desk.statement(&lines).await;
        assert_eq!((taken["lines"].clone(), taken["new"].clone()), (json!(2), json!(2)));
        let again = desk.statement(&lines).await;
        assert_eq!(
            (again["new"].clone(), again["known"].clone()),
            (json!(0), json!(2)),
            "told twice, booked once"
        );
        let done = desk.match_all().await;
        assert_eq!((done["matched"].clone(), done["lines"].clone()), (json!(1), json!(2)));
        assert_eq!(desk.status(&payment).await, "succeeded");
        assert_eq!(desk.match_all().await["matched"], 0, "again does only what is left");
        let left = desk.unmatched().await;
        assert_eq!((left.len(), left[0]["amount_unmatched"].clone()), (1, json!(77)));
        let line = desk.line("N1").await;
        assert!(!line.to_string().contains("张三"), "the payer's name is no part of the answer");
        let matches =
            desk.app.get(&format!("/v1/bank_transfers/{}/matches", line["id"].as_str().unwrap())).await;
        let matches = matches.expect(200);
        assert_eq!(matches["data"][0]["reasons"], json!(["code", "amount"]));
        assert_eq!(matches["data"][0]["made_by"], "jingban");
        let cancel = format!(
            "/v1/bank_transfers/{}/matches/{}/cancellation",
            line["id"].as_str().unwrap(),
            matches["data"][0]["id"].as_str().unwrap()
        );
        let body = json!({ "reason": "mistake", "actor": "jingban" });
        desk.app.post(&cancel, &body).await.refused(409, "match_final");
        let refund = json!({ "payment": payment, "merchant_refund_no": "R1", "amount": 100 });
        desk.app.post("/v1/refunds", &refund).await.refused(422, "refund_window_closed");
        let kinds = desk.app.get("/v1/events").await.expect(200);
        for kind in ["bank_transfer.received", "bank_transfer.matched", "payment.succeeded"] {
            assert!(kinds.to_string().contains(kind), "{kind}");
        }
        sound(&desk.app).await;
    }
}

/// Every invariant of a live database holds, where the harness can read it a second time.
async fn sound(app: &TestApp) {
    if app.app.reader().engine() != Engine::Sqlite {
        return;
    }
    let Some(directory) = app.directory() else { return };
    let report = verify(&Source::Sqlite(directory.to_owned())).await.unwrap();
    assert!(report.holds(), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_sums_and_payers_are_matched_and_the_rest_waits() {
    for desk in Desk::each().await {
        let (part, code) = desk.awaiting("T-1", 10_000).await;
        let (one, first) = desk.awaiting("T-2", 3_000).await;
        let (two, second) = desk.awaiting("T-3", 4_000).await;
        let payer = json!({ "name": "王 五", "account": "6222 王五" });
        let (known, _) = desk.awaiting_from("T-4", 5_500, &payer).await;
        let sum = format!("{first} {second}");
        desk.statement(&[
            (4_000, "张三", &code, "N1"),
            (7_000, "李四", &sum, "N2"),
            (5_500, "王五", "无", "N3"),
            (6_500, "张三", &code, "N4"),
        ])
        .await;
        let done = desk.match_all().await;
        for payment in [&part, &one, &two] {
            assert_eq!(desk.status(payment).await, "succeeded", "{done}");
        }
        let left = |line: Value| line["amount_unmatched"].as_i64().unwrap();
        let over = left(desk.line("N1").await) + left(desk.line("N4").await);
        assert_eq!(over, 500, "what is too much stays in suspense");
        let likely = done["likely"].as_array().unwrap();
        assert!(likely.iter().all(|one| one["certainty"] == "likely"));
        let line = desk.line("N3").await;
        let path = format!("/v1/bank_transfers/{}", line["id"].as_str().unwrap());
        let candidates = desk.app.get(&format!("{path}/candidates")).await.expect(200);
        let known_status = desk.status(&known).await;
        if known_status != "succeeded" {
            assert!(candidates["data"][0]["score"].as_i64().unwrap() > 0, "{candidates}");
            let body = json!({ "payment": known, "actor": "jingban" });
            desk.app.post(&format!("{path}/matches"), &body).await.expect(201);
        }
        assert_eq!(desk.status(&known).await, "succeeded");
        sound(&desk.app).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_matches_undoes_and_gives_back() {
    for desk in Desk::each().await {
        let (payment, _) = desk.awaiting("T-1", 10_000).await;
        desk.statement(&[(4_000, "张三", "无", "N1")]).await;
        let line = desk.line("N1").await;
        let path = format!("/v1/bank_transfers/{}", line["id"].as_str().unwrap());
        let body = |amount: i64| json!({ "payment": payment, "amount": amount, "actor": "经办" });
        let matches = format!("{path}/matches");
        desk.app.post(&matches, &body(4_001)).await.refused(422, "match_exceeds_open");
        desk.app
            .post(&matches, &json!({ "payment": payment, "amount": 1 }))
            .await
            .refused(400, "field_missing");
        let made = desk.app.post(&matches, &body(4_000)).await.expect(201);
        let page = desk.app.client.get(cashier(&desk.app, &payment).await).send().await.unwrap();
        let page = page.text().await.unwrap();
        assert!(page.contains("¥40.00") && page.contains("¥60.00"), "received and left: {page}");
        let cancel = format!("{matches}/{}/cancellation", made["id"].as_str().unwrap());
        let reason = json!({ "reason": "wrong order", "actor": "经办" });
        assert_eq!(desk.app.post(&cancel, &reason).await.expect(200)["status"], "undone");
        let give_back = json!({ "reason": "not ours", "actor": "经办" });
        let asked = desk.app.post(&format!("{path}/return"), &give_back).await.expect(202);
        assert_eq!(
            (asked["return_status"].clone(), asked["amount_returned"].clone()),
            (json!("pending_approval"), json!(4_000))
        );
        desk.app.post(&format!("{path}/return"), &give_back).await.refused(409, "bank_line_not_open");
        desk.app.post(&matches, &body(1)).await.refused(409, "bank_line_not_open");
        decide(&desk.app, &line, "复核").await;
        assert_eq!(desk.line("N1").await["return_status"], "approved");
        sound(&desk.app).await;
    }
}

async fn cashier(app: &TestApp, payment: &str) -> String {
    let payment = app.get(&format!("/v1/payments/{payment}")).await.expect(200);
    payment["cashier_url"].as_str().unwrap().to_owned()
}

/// The second person's half, which the console will offer.
async fn decide(app: &TestApp, line: &Value, by: &str) {
    let id = BankLineId::parse(line["id"].as_str().unwrap()).unwrap();
    let row: BankLine = app.app.reader().get(&(app.tenant_id, id)).await.unwrap().unwrap();
    let command = DecideBankLine {
        tenant_id: app.tenant_id,
        bank_line_id: id,
        verdict: Verdict::Approve,
        seen: row.content_hash(),
        by: by.to_owned(),
        origin: tk_domain::audit::Origin::system(),
    };
    app.app.submit(command).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slip_waits_and_meets_the_banks_own_line() {
    for desk in Desk::each().await {
        let slip = json!({
            "channel_account": desk.account, "amount": 4_000, "booked_date": "2026-11-20", "bank_ref": "N1",
            "payer_name": "张三", "slip": { "name": "a.jpg", "sha256": "ab".repeat(32) }, "actor": "经办",
        });
        let entered = desk.app.post("/v1/bank_transfers", &slip).await.expect(202);
        assert_eq!(
            (entered["status"].clone(), entered["source"].clone()),
            (json!("pending_approval"), json!("manual"))
        );
        assert!(desk.unmatched().await.is_empty(), "it is in no book yet");
        desk.app.post("/v1/bank_transfers", &slip).await.refused(422, "statement_invalid");
        decide(&desk.app, &entered, "复核").await;
        assert_eq!(desk.unmatched().await.len(), 1);
        let taken = desk.statement(&[(4_000, "张三", "无", "N1")]).await;
        assert_eq!(taken["known"], 1);
        let left = desk.unmatched().await;
        assert_eq!((left.len(), left[0]["source"].clone()), (1, json!("statement")), "booked once");
        for (field, value) in
            [("booked_date", json!("2026-13-01")), ("booked_date", json!("2999-01-01")), ("actor", json!(""))]
        {
            let mut wrong = slip.clone();
            wrong[field] = value;
            desk.app.post("/v1/bank_transfers", &wrong).await.refused(400, "field_malformed");
        }
        sound(&desk.app).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_wrong_change_nothing() {
    let desk = Desk::each().await.remove(0);
    let line = "20261120,,1.00,1.00,a,1,b,N1\n";
    let bad = format!("{HEADER}{line}20261120,,1.00,3.00,a,1,b,N2\n");
    let refused = desk.upload("csv", bad).await;
    refused.refused(422, "statement_invalid");
    assert!(refused.json()["errors"][0]["detail"].as_str().unwrap().contains("line 3"), "{}", refused.text);
    let dtd = "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><Document/>";
    desk.upload("camt053", dtd).await.refused(422, "xml_dtd_forbidden");
    desk.upload("csv", vec![0x7f, b'E', b'L', b'F', 1]).await.refused(415, "file_type");
    desk.upload("mt940", ":20:A\r\n:25:999\r\n:28C:1\r\n:60F:C261120CNY0,\r\n:62F:C261120CNY0,\r\n")
        .await
        .refused(422, "statement_invalid");
    desk.upload("xlsx", "x").await.refused(400, "parameter_invalid");
    let huge = vec![b' '; 50 * 1024 * 1024 + 1];
    desk.upload("csv", huge).await.refused(413, "file_too_large");
    assert!(desk.app.get("/v1/bank_transfers").await.expect(200)["data"].as_array().unwrap().is_empty());
    let whole = format!("{HEADER}{line}");
    let path = format!("/v1/bank_transfers/statements?channel_account={}&format=csv&actor=a", desk.account);
    let send =
        |body: String| got(desk.app.request("POST", &path).header("idempotency-key", "same").body(body));
    let first = send(whole.clone()).await;
    let second = send(whole.clone()).await;
    assert_eq!(
        (first.text.clone(), second.headers["idempotent-replayed"].to_str().unwrap()),
        (second.text.clone(), "true")
    );
    send(whole.replace("N1", "N9")).await.refused(422, "idempotency_key_reused");
    assert_eq!(desk.unmatched().await.len(), 1);
    let mut settings = bank_account();
    settings["settings"]["account_no"] = json!("1");
    desk.app.post("/v1/channel_accounts", &settings).await.refused(400, "field_malformed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_needs_its_own_scopes_and_the_whole_tenant() {
    let desk = Desk::each().await.remove(0);
    let plan = KeyPlan { scopes: vec![Scope::BankTransfersRead], ..KeyPlan::default() };
    let (_, reader) = desk.app.new_key(desk.app.tenant_id, &plan).await;
    desk.app.get_as(&reader, "/v1/bank_transfers").await.expect(200);
    let body = json!({ "channel_account": desk.account, "actor": "a" });
    desk.app.post_as(&reader, "/v1/bank_transfers/matching", &body).await.refused(403, "scope_missing");
    let plan = KeyPlan { scopes: vec![Scope::PaymentsRead], ..KeyPlan::default() };
    let (_, other) = desk.app.new_key(desk.app.tenant_id, &plan).await;
    desk.app.get_as(&other, "/v1/bank_transfers").await.refused(403, "scope_missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_account_amount_and_code_without_script() {
    let desk = Desk::each().await.remove(0);
    let (payment, code) = desk.awaiting("T-1", 428_640).await;
    let url = cashier(&desk.app, &payment).await;
    for (language, word) in [("zh-CN", "支付标识码"), ("en", "Code for the remark")] {
        let page = desk.app.client.get(&url).header("accept-language", language).send().await.unwrap();
        let page = page.text().await.unwrap();
        for part in [
            word,
            "华元财险",
            "1109 0223 3410 801",
            "测试银行北京分行",
            "¥4,286.40",
            &format!("{} {}", &code[..4], &code[4..]),
        ] {
            assert!(page.contains(part), "{language}: {part}");
        }
    }
}
