//! The transfer desk over the API: statements, codes, matches of every shape, slips and returns.

use crate::bed::{Got, KeyPlan, Setup, TestApp, fresh_key, got, order};
use serde_json::{Value, json};
use std::fmt::Write as _;
use tk_app::store::{Engine, Source, verify};
use tk_domain::access::Scope;
use tk_domain::id::{BankLineId, ReturnId, TypedId};
use tk_domain::transfer::{BankLine, DecideBankLine, DecideReturn, TransferReturn, Verdict};
use tk_simulator::bank::{Bank, FileFormat, Habits, Payer, Slip, mistyped, statement};

const HEADER: &str = "交易日期,借方发生额,贷方发生额,余额,对方户名,对方账号,摘要,流水号\n";

pub struct Desk {
    pub app: TestApp,
    account: String,
}

impl Desk {
    pub async fn each() -> Vec<Self> {
        let mut desks = Vec::new();
        for app in TestApp::each(Setup::default()).await {
            app.shop().await;
            let account = app.post("/v1/channel_accounts", &bank_account()).await.expect(201);
            desks.push(Self { account: account["id"].as_str().unwrap().to_owned(), app });
        }
        desks
    }

    /// A payment that awaits a transfer, with its code.
    pub async fn awaiting(&self, order_no: &str, amount: i64) -> (String, String) {
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
    pub async fn statement(&self, lines: &[(i64, &str, &str, &str)]) -> Value {
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

    pub async fn match_all(&self) -> Value {
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

    pub async fn line(&self, number: &str) -> Value {
        let lines = self.app.get("/v1/bank_transfers").await.expect(200);
        let found = lines["data"].as_array().unwrap().iter().find(|line| line["bank_ref"] == number);
        found.unwrap_or_else(|| panic!("no line {number}")).clone()
    }
}

pub fn bank_account() -> Value {
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
        let refund = desk.app.post("/v1/refunds", &refund).await.expect(201);
        assert_eq!(
            (refund["status"].clone(), refund["route"].clone()),
            (json!("pending_approval"), json!("original_offline"))
        );
        let kinds = desk.app.get("/v1/events").await.expect(200);
        for kind in ["bank_transfer.received", "bank_transfer.matched", "payment.succeeded"] {
            assert!(kinds.to_string().contains(kind), "{kind}");
        }
        sound(&desk.app).await;
    }
}

/// Every invariant of a live database holds, where the harness can read it a second time.
pub async fn sound(app: &TestApp) {
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
        let returns = format!("{path}/returns");
        let asked = desk.app.post(&returns, &give_back).await.expect(202);
        assert_eq!(
            (asked["status"].clone(), asked["amount"].clone()),
            (json!("pending_approval"), json!(4_000))
        );
        desk.app.post(&returns, &give_back).await.refused(409, "bank_line_not_open");
        desk.app.post(&matches, &body(1)).await.refused(409, "bank_line_not_open");
        decide_return(&desk.app, &asked).await;
        assert_eq!(desk.line("N1").await["return_status"], "approved");
        assert_eq!(desk.app.get(&returns).await.expect(200)["data"][0]["decided_by"], "复核");
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

/// The second person's half of a return, which the console will offer.
pub async fn decide_return(app: &TestApp, asked: &Value) {
    let id = ReturnId::parse(asked["id"].as_str().unwrap()).unwrap();
    let row: TransferReturn = app.app.reader().get(&(app.tenant_id, id)).await.unwrap().unwrap();
    let command = DecideReturn {
        tenant_id: app.tenant_id,
        return_id: id,
        bank_line_id: row.bank_line_id,
        refund: row.refund_id.zip(row.match_id),
        verdict: Verdict::Approve,
        seen: row.content_hash(),
        by: "复核".to_owned(),
        origin: tk_domain::audit::Origin::system(),
    };
    app.app.submit(command).await.unwrap();
}

/// A CSV of one day: money in above zero, money out below, with the balance before the first line.
fn day(opening: i64, lines: &[(i64, &str, &str, &str)]) -> String {
    let mut text = HEADER.to_owned();
    let mut balance = opening;
    let yuan = |minor: i64| format!("{}.{:02}", minor / 100, minor % 100);
    for (amount, payer, remark, number) in lines {
        balance += amount;
        let (out, come) =
            if *amount < 0 { (yuan(-amount), String::new()) } else { (String::new(), yuan(*amount)) };
        writeln!(text, "20261120,{out},{come},{},{payer},6222{payer},{remark},{number}", yuan(balance))
            .unwrap();
    }
    text
}

impl Desk {
    pub async fn day(&self, opening: i64, lines: &[(i64, &str, &str, &str)]) -> Value {
        self.upload("csv", day(opening, lines)).await.expect(201)
    }

    async fn matters(&self) -> String {
        self.app.get("/v1/exceptions?status=open").await.expect(200).to_string()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credit_taken_back_in_its_own_statement_pays_nothing() {
    for desk in Desk::each().await {
        let (payment, code) = desk.awaiting("T-1", 10_000).await;
        desk.day(0, &[(10_000, "张三", &code, "N1"), (-10_000, "张三", "冲正", "N2")]).await;
        assert_eq!(desk.match_all().await["matched"], 0);
        assert_eq!(desk.status(&payment).await, "awaiting_transfer");
        let line = desk.line("N1").await;
        assert_eq!(
            (line["amount_unmatched"].clone(), line["amount_linked"].clone()),
            (json!(0), json!(10_000))
        );
        assert_eq!(desk.line("N2").await["link"], "reversal");
        assert!(!desk.matters().await.contains("reversal_unlinked"));
        sound(&desk.app).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reversal_after_the_match_is_told_and_one_that_is_not_sure_waits() {
    for desk in Desk::each().await {
        let (payment, code) = desk.awaiting("T-1", 10_000).await;
        desk.day(0, &[(10_000, "张三", &code, "N1")]).await;
        assert_eq!(desk.match_all().await["matched"], 1);
        desk.day(10_000, &[(-10_000, "张三", "错账冲正", "N2")]).await;
        let matters = desk.matters().await;
        assert!(matters.contains("transfer_reversed") && matters.contains(&payment), "{matters}");
        let told = desk.app.get("/v1/events").await.expect(200).to_string();
        assert!(told.contains("payment.reversed") && told.contains("bank_transfer.reversed"), "{told}");
        let paid = desk.app.get(&format!("/v1/payments/{payment}")).await.expect(200);
        assert_eq!(
            (paid["status"].clone(), paid["amount_reversed"].clone()),
            (json!("succeeded"), json!(10_000))
        );
        assert_eq!(paid["amount_refundable"], 0);
        let (other, second) = desk.awaiting("T-2", 500).await;
        let lines =
            [(500, "李四", second.as_str(), "N3"), (500, "王五", "无", "N4"), (-500, "", "冲正", "N5")];
        desk.day(0, &lines).await;
        let done = desk.match_all().await;
        assert_eq!(
            (done["matched"].clone(), done["likely"][0]["certainty"].clone()),
            (json!(0), json!("likely"))
        );
        assert!(done["likely"][0]["reasons"].to_string().contains("contested"), "{done}");
        assert!(desk.matters().await.contains("reversal_unlinked"));
        let taken = desk.line("N4").await["id"].clone();
        let path = format!("/v1/bank_transfers/{}/links", desk.line("N5").await["id"].as_str().unwrap());
        let link = |kind: &str, to: &Value| json!({ "kind": kind, "to": to, "actor": "经办" });
        desk.app.post(&path, &link("proof", &taken)).await.refused(400, "field_malformed");
        desk.app.post(&path, &link("slip", &taken)).await.refused(409, "bank_line_not_open");
        desk.app.post(&path, &link("reversal", &json!("btr_1"))).await.refused(404, "not_found");
        desk.app.post(&path, &link("reversal", &taken)).await.expect(200);
        assert_eq!(desk.match_all().await["matched"], 1);
        assert_eq!(desk.status(&other).await, "succeeded");
        sound(&desk.app).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_is_refunded_by_two_persons_and_proven_by_the_statement() {
    for desk in Desk::each().await {
        let (payment, code) = desk.awaiting("T-1", 10_000).await;
        desk.day(0, &[(10_000, "张三", &code, "N1")]).await;
        desk.match_all().await;
        let body = |number: &str, amount: i64| json!({ "payment": payment, "merchant_refund_no": number, "amount": amount });
        let refund = desk.app.post("/v1/refunds", &body("R1", 4_000)).await.expect(201);
        let line = format!("/v1/bank_transfers/{}", desk.line("N1").await["id"].as_str().unwrap());
        let ask = json!({ "refund": refund["id"], "reason": "退保", "actor": "经办" });
        let asked = desk.app.post(&format!("{line}/returns"), &ask).await.expect(202);
        decide_return(&desk.app, &asked).await;
        let status = || async {
            let path = format!("/v1/refunds/{}", refund["id"].as_str().unwrap());
            desk.app.get(&path).await.expect(200)["status"].clone()
        };
        assert_eq!(status().await, "approved", "decided is not done");
        let out = json!({ "kind": "return", "to": asked["id"], "actor": "经办" });
        desk.day(10_000, &[(-4_000, "别人", "退保", "N2")]).await;
        assert_eq!(status().await, "approved", "money that went to somebody else proves nothing by itself");
        let path = format!("/v1/bank_transfers/{}/links", desk.line("N2").await["id"].as_str().unwrap());
        desk.app.post(&path, &out).await.expect(200);
        assert_eq!(status().await, "succeeded");
        let paid = desk.app.get(&format!("/v1/payments/{payment}")).await.expect(200);
        assert_eq!(
            (paid["amount_refunded"].clone(), paid["amount_refundable"].clone()),
            (json!(4_000), json!(6_000))
        );
        desk.app.post("/v1/refunds", &body("R2", 6_001)).await.refused(422, "refund_exceeds_refundable");
        sound(&desk.app).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slip_and_the_banks_line_under_another_number_are_one_money() {
    for desk in Desk::each().await {
        let (payment, code) = desk.awaiting("T-1", 4_000).await;
        let slip = json!({
            "channel_account": desk.account, "amount": 4_000, "booked_date": "2026-11-19", "bank_ref": "slip 7",
            "payer_name": "张三", "payer_account": "6222张三", "remark": code,
            "slip": { "name": "a.jpg", "sha256": "ab".repeat(32) }, "actor": "经办",
        });
        let entered = desk.app.post("/v1/bank_transfers", &slip).await.expect(202);
        decide(&desk.app, &entered, "复核").await;
        assert_eq!(desk.match_all().await["matched"], 1);
        assert_eq!(desk.status(&payment).await, "succeeded");
        let unproven = format!("/v1/bank_transfers?unproven=true&channel_account={}", desk.account);
        assert_eq!(desk.app.get(&unproven).await.expect(200)["data"].as_array().unwrap().len(), 1);
        desk.day(0, &[(4_000, "张三", &code, "N1")]).await;
        assert!(desk.app.get(&unproven).await.expect(200)["data"].as_array().unwrap().is_empty());
        assert!(desk.unmatched().await.is_empty(), "the same money is there once");
        assert_eq!(desk.line("N1").await["linked_to"], entered["id"]);
        sound(&desk.app).await;
    }
}

/// From the order to the event, with a bank that keeps its own books and payers who mistype.
#[tokio::test(flavor = "multi_thread")]
async fn money_that_payers_send_at_the_bank_reaches_the_order() {
    for desk in Desk::each().await {
        let mut bank = Bank::new(1, Habits::default());
        bank.open("110902233410801", "华元财险").unwrap();
        // 2026-11-20 12:00 in Shanghai.
        let noon_us = 1_795_147_200_000_000;
        let day = 20_777;
        let payer =
            |at: usize| Payer { name: format!("张{at}"), account: format!("622202020001234567{at}") };
        let mut awaited = Vec::new();
        for (at, slip) in [Slip::Words, Slip::Dash, Slip::FullWidth, Slip::Swapped].into_iter().enumerate() {
            let (payment, code) = desk.awaiting(&format!("T-{at}"), 10_000).await;
            let remark = mistyped(&code, slip);
            bank.arrive("110902233410801", (&payer(at), 10_000), &remark, noon_us).unwrap();
            awaited.push((payment, slip));
        }
        let file =
            |bank: &Bank, format| statement(bank, ("110902233410801", day), format, noon_us * 2).unwrap();
        assert_eq!(desk.upload("csv", file(&bank, FileFormat::Csv)).await.expect(201)["new"], 4);
        for (format, word) in [(FileFormat::Camt053, "camt053"), (FileFormat::Mt940, "mt940")] {
            let again = desk.upload(word, file(&bank, format)).await.expect(201);
            assert_eq!(again["new"], 0, "{word}: the same lines in another format");
        }
        desk.match_all().await;
        for (payment, slip) in &awaited {
            let paid = if *slip == Slip::Swapped { "awaiting_transfer" } else { "succeeded" };
            assert_eq!(desk.status(payment).await, paid, "{slip:?}");
        }
        let told = desk.app.get("/v1/events").await.expect(200).to_string();
        assert_eq!(told.matches("payment.succeeded").count(), 3);
        let first = bank.bookings("110902233410801").unwrap()[0].number;
        bank.take_back("110902233410801", first, noon_us + 1).unwrap();
        desk.upload("camt053", file(&bank, FileFormat::Camt053)).await.expect(201);
        assert!(desk.app.get("/v1/events").await.expect(200).to_string().contains("payment.reversed"));
        sound(&desk.app).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_lines_without_numbers_are_told_apart_by_the_statements_they_came_in() {
    for desk in Desk::each().await {
        let same = (500, "张三", "", "");
        assert_eq!(desk.day(0, &[same]).await["new"], 1, "the morning");
        assert_eq!(desk.day(500, &[same]).await["new"], 1, "the afternoon begins where the morning closed");
        assert_eq!(desk.day(500, &[same]).await["new"], 0, "the afternoon again");
        assert_eq!(desk.day(0, &[same]).await["new"], 0, "the morning again");
        assert_eq!(desk.day(0, &[same, same]).await["new"], 0, "the whole day");
        assert_eq!(desk.day(0, &[same, same, same]).await["new"], 1, "the whole day and one more");
        assert!(!desk.matters().await.contains("statement_gap"));
        desk.day(9_000, &[(1, "李四", "", "N9")]).await;
        assert!(desk.matters().await.contains("statement_gap"));
        sound(&desk.app).await;
    }
}

/// An account that is emptied during the day: the balance of its morning comes back.
#[tokio::test(flavor = "multi_thread")]
async fn a_balance_that_comes_back_books_no_line_twice_and_hides_none() {
    for desk in Desk::each().await {
        let (came, swept) = ((500, "张三", "", ""), (-500, "归集户", "", ""));
        assert_eq!(desk.day(0, &[came]).await["new"], 1, "the morning");
        assert_eq!(desk.day(500, &[swept]).await["new"], 1, "the sweep");
        assert!(!desk.matters().await.contains("statement_overlap"));
        assert_eq!(desk.day(0, &[came]).await["new"], 0, "the morning again, or the same once more");
        assert_eq!(desk.matters().await.matches("statement_overlap").count(), 1, "a person looks which");
        assert_eq!(desk.day(500, &[swept]).await["new"], 0, "the sweep again");
        assert_eq!(desk.day(0, &[came, swept]).await["new"], 0, "the whole day, or as much once more");
        assert_eq!(desk.matters().await.matches("statement_overlap").count(), 3);
        assert_eq!(desk.day(0, &[(300, "李四", "", "N7")]).await["new"], 1, "what has a number is sure");
        sound(&desk.app).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_lines_than_the_statements_of_a_day_tell_of_are_shown() {
    for desk in Desk::each().await {
        assert_eq!(desk.day(0, &[(500, "张三", "保费", "")]).await["new"], 1);
        assert!(!desk.matters().await.contains("statement_overlap"));
        // The bank words the same line otherwise, and nothing but the day's balance tells that it is one.
        assert_eq!(desk.day(0, &[(500, "张三", "保费 回单9", "")]).await["new"], 1);
        let list = desk.app.get("/v1/exceptions?status=open").await.expect(200);
        let told = list["data"].as_array().unwrap().iter().find(|row| row["kind"] == "statement_overlap");
        let told = told.unwrap_or_else(|| panic!("nobody is told: {list}"));
        let lines = (&told["detail"]["statements_lines"], &told["detail"]["booked_lines"]);
        assert_eq!((lines, &told["amount"]), ((&json!(1), &json!(2)), &json!(500)));
        sound(&desk.app).await;
    }
}

/// Neither statement says that the other's line is another one; what they brought together does.
#[tokio::test(flavor = "multi_thread")]
async fn the_afternoon_before_the_morning_loses_no_line_unseen() {
    for desk in Desk::each().await {
        let same = (500, "张三", "", "");
        assert_eq!(desk.day(500, &[same]).await["new"], 1, "the afternoon");
        assert!(!desk.matters().await.contains("statement_overlap"));
        desk.day(0, &[same]).await;
        let list = desk.app.get("/v1/exceptions?status=open").await.expect(200);
        let told = list["data"].as_array().unwrap().iter().find(|row| row["kind"] == "statement_overlap");
        let told = told.unwrap_or_else(|| panic!("nobody is told: {list}"));
        let lines = (&told["detail"]["statements_lines"], &told["detail"]["booked_lines"]);
        assert_eq!((lines, &told["amount"]), ((&json!(2), &json!(1)), &json!(500)));
        let later = (700, "李四", "", "");
        assert_eq!(desk.day(0, &[same, same, later]).await["new"], 2, "the day up to a later hour brings it");
        assert!(!desk.matters().await.contains("statement_overlap"), "and closes the matter");
        sound(&desk.app).await;
    }
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
