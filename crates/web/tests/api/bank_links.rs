//! Bank direct links over the API: a transfer at a bank that speaks HTTP pays its order, and no bad file changes a thing.

use crate::bed::{Setup, TestApp, fresh_key, got, order};
use serde_json::{Value, json};
use std::sync::Arc;
use tk_app::store::{Engine, Source, verify};
use tk_domain::bank_link::{BankLink, PullTrouble, StatementKind};
use tk_domain::id::{ChannelAccountId, TypedId};
use tk_domain::moment::{date_text, shanghai_day};
use tk_simulator::bank::http::{BankConfig, BankFault, BankSite, router};
use tk_simulator::bank::{Bank, FileFormat, Habits, Payer, Spoiled, spoil};
use tokio::net::TcpListener;

const ACCOUNT: &str = "110902233410801";
const TOKEN: &str = "bank-token-1";
const DAY_US: i64 = 86_400_000_000;

/// A server, a bank beside it and an account that is linked.
struct Linked {
    app: TestApp,
    bank: Arc<BankSite>,
    base: String,
    account: String,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Linked {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn payer(name: &str) -> Payer {
    Payer { name: name.to_owned(), account: format!("6222{name}") }
}

fn account(base: &str, format: &str) -> Value {
    json!({
        "channel": "bank_direct", "name": "基本户", "methods": ["bank_transfer"],
        "settings": {
            "account_no": ACCOUNT, "account_name": "华元财险", "bank_name": "测试银行北京分行",
            "direct_link": {
                "road": "https", "url": format!("{base}/bank"), "format": format, "keeper": "王会计",
                "every_s": 3_600,
            },
        },
        "credentials": { "token": TOKEN },
    })
}

impl Linked {
    async fn each(format: &str, workers: bool) -> Vec<Self> {
        let mut all = Vec::new();
        for app in TestApp::each(Setup { workers, ..Setup::default() }).await {
            all.push(Self::of(app, format).await);
        }
        all
    }

    async fn of(app: TestApp, format: &str) -> Self {
        app.advance_to_noon();
        app.shop().await;
        let host = Arc::clone(&app.host);
        let mut bank = Bank::new(3, Habits::default());
        bank.open(ACCOUNT, "华元财险").unwrap();
        let config = BankConfig {
            bank,
            clock: Arc::new(move || tk_app::Ambient::now_us(host.as_ref())),
            token: TOKEN.to_owned(),
            key: None,
            journal: None,
            files: Some(app.files.path().join("pnc")),
        };
        let bank = BankSite::open(config).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let routes = router(Arc::clone(&bank));
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let made = app.post("/v1/channel_accounts", &account(&base, format)).await.expect(201);
        let account = made["id"].as_str().unwrap().to_owned();
        Self { app, bank, base, account, serving }
    }

    fn arrive(&self, amount: i64, name: &str, remark: &str) -> u64 {
        self.bank.with(|bank, now| bank.arrive(ACCOUNT, (&payer(name), amount), remark, now)).unwrap()[0]
    }

    /// Asks as the worker does.
    async fn pull(&self) -> (BankLink, usize) {
        let id = ChannelAccountId::parse(&self.account).unwrap();
        let link = self.app.app.reader().get::<BankLink>(&(self.app.tenant_id, id)).await.unwrap().unwrap();
        let pulled = self.app.app.pull_statement(&link).await.unwrap();
        (pulled.link, pulled.new)
    }

    /// The same account, whose statements now come into a folder.
    async fn by_folder(&self) {
        let settings = json!({
            "account_no": ACCOUNT, "account_name": "华元财险", "bank_name": "测试银行北京分行",
            "direct_link": { "road": "folder", "format": "camt053", "keeper": "王会计", "every_s": 3_600 },
        });
        let path = format!("/v1/channel_accounts/{}", self.account);
        let changed = json!({ "settings": settings });
        let request = self.app.request("PATCH", &path).header("idempotency-key", fresh_key());
        got(request.json(&changed)).await.expect(200);
        assert_eq!(self.link().await["road"], "folder");
    }

    fn today(&self) -> i64 {
        shanghai_day(tk_app::Ambient::now_us(self.app.host.as_ref()))
    }

    /// The bank puts the statement of a day into the folder, under its date.
    fn drop_day(&self, day: i64) -> String {
        let name = format!("{}.xml", date_text(day));
        assert!(self.bank.drop_statement((ACCOUNT, day), FileFormat::Camt053, &name).unwrap());
        name
    }

    fn filed(&self, name: &str) -> std::path::PathBuf {
        self.app.files.path().join("pnc").join(ACCOUNT).join(name)
    }

    async fn open_matters(&self) -> Vec<Value> {
        let open = self.app.get("/v1/exceptions?status=open").await.expect(200);
        open["data"].as_array().unwrap().clone()
    }

    async fn awaiting(&self, order_no: &str, amount: i64) -> (String, String) {
        let payment = self.app.post("/v1/payments", &order(order_no, amount)).await.expect(201);
        let id = payment["id"].as_str().unwrap().to_owned();
        let body = json!({ "method": "bank_transfer" });
        let attempt = self.app.post(&format!("/v1/payments/{id}/attempts"), &body).await.expect(201);
        (id, attempt["action"]["value"].as_str().unwrap().to_owned())
    }

    async fn status(&self, payment: &str) -> String {
        let payment = self.app.get(&format!("/v1/payments/{payment}")).await.expect(200);
        payment["status"].as_str().unwrap().to_owned()
    }

    async fn lines(&self) -> usize {
        let lines = self.app.get("/v1/bank_transfers?limit=100").await.expect(200);
        lines["data"].as_array().unwrap().len()
    }

    async fn link(&self) -> Value {
        self.app.get(&format!("/v1/bank_links/{}", self.account)).await.expect(200)
    }

    /// Looks again and again until it is so.
    async fn until(&self, so: impl AsyncFn(&Self) -> bool) {
        while !so(self).await {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    async fn sound(&self) {
        let Some(directory) = self.app.directory() else { return };
        if self.app.app.reader().engine() == Engine::Sqlite {
            let report = verify(&Source::Sqlite(directory.to_owned())).await.unwrap();
            assert!(report.holds(), "{report}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_at_the_bank_pays_its_order_in_every_format() {
    for format in ["camt053", "mt940", "csv"] {
        for linked in Linked::each(format, false).await {
            let (payment, code) = linked.awaiting("L-1", 10_000).await;
            linked.arrive(10_000, "ZHANG SAN", &format!("PREMIUM {code}"));
            linked.arrive(77, "LI SI", "THANKS");
            assert_eq!(linked.pull().await.1, 2, "{format}");
            assert_eq!(linked.status(&payment).await, "succeeded", "{format}");
            assert_eq!(linked.pull().await.1, 0, "{format}: the same file again changes nothing");
            linked.arrive(5, "WANG", "MORE");
            assert_eq!(linked.pull().await.1, 1, "{format}: only what is new");
            linked.app.advance(DAY_US);
            let (link, new) = linked.pull().await;
            assert_eq!(
                (new, link.trouble),
                (0, None),
                "{format}: the final statement tells of the same lines"
            );
            assert_eq!(
                link.asking(tk_app::Ambient::now_us(linked.app.host.as_ref())).unwrap().kind,
                StatementKind::Intraday
            );
            linked.sound().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_bad_file_changes_anything_and_each_says_why() {
    for linked in Linked::each("camt053", false).await {
        linked.arrive(500, "ZHANG", "A");
        linked.pull().await;
        linked.arrive(700, "LI", "B");
        let spoiled = |wrong| BankFault::File { wrong };
        for (fault, trouble) in [
            (BankFault::Down, PullTrouble::Unreachable),
            (BankFault::Cut, PullTrouble::Unreachable),
            (BankFault::TurnedAway, PullTrouble::TurnedAway),
            (BankFault::Late, PullTrouble::NotYet),
            (spoiled(Spoiled::Truncated), PullTrouble::Unreadable),
            (spoiled(Spoiled::Garbage), PullTrouble::Unreadable),
            (spoiled(Spoiled::DoubledRows), PullTrouble::Unreadable),
            (spoiled(Spoiled::WrongTotal), PullTrouble::Unreadable),
            (spoiled(Spoiled::OtherAccount), PullTrouble::OtherAccount),
            (spoiled(Spoiled::OtherCurrency), PullTrouble::Unreadable),
        ] {
            assert!(linked.bank.add_faults(vec![fault]));
            let (link, new) = linked.pull().await;
            assert_eq!((link.trouble, new), (Some(trouble), 0), "{fault:?}");
            assert_eq!(linked.lines().await, 1, "{fault:?}");
            let told = linked.link().await;
            assert_eq!(told["trouble"], trouble.word());
            assert!(!told["trouble_detail"].as_str().unwrap().is_empty());
        }
        let open = linked.app.get("/v1/exceptions?status=open").await.expect(200);
        assert_eq!(open["data"][0]["kind"], "statement_refused");
        assert_eq!(open["data"][0]["detail"]["keeper"], "王会计");
        linked.arrive(5, "WANG", "C");
        linked.bank.add_faults(vec![BankFault::SameFile]);
        let (link, new) = linked.pull().await;
        assert_eq!((link.trouble, new), (None, 1), "the file of the time before does not know of the last");
        assert_eq!(linked.pull().await.1, 1);
        assert_eq!(linked.link().await["failures"], 0);
        let open = linked.app.get("/v1/exceptions?status=open").await.expect(200);
        assert_eq!(open["data"].as_array().unwrap().len(), 0);
        linked.sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_does_not_follow_on_has_the_one_before_asked_for_again() {
    for linked in Linked::each("csv", false).await {
        linked.arrive(500, "ZHANG", "A");
        linked.arrive(300, "LI", "B");
        linked.app.advance(DAY_US);
        // A CSV without its last row is sound in itself: only the next day's balance shows what is missing.
        linked.bank.add_faults(vec![BankFault::File { wrong: Spoiled::LostRow }]);
        assert_eq!(linked.pull().await.1, 1);
        linked.arrive(40, "WANG", "C");
        let (link, _) = linked.pull().await;
        assert_eq!(link.trouble, Some(PullTrouble::Gap));
        assert_eq!(linked.lines().await, 1, "nothing of a statement after a gap is taken");
        assert_eq!(linked.pull().await.1, 1, "the day before once more");
        let (link, new) = linked.pull().await;
        assert_eq!((link.trouble, new), (None, 1));
        linked.sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_balance_in_a_sound_file_is_found_and_put_right_over_days_without_lines() {
    for linked in Linked::each("csv", false).await {
        linked.arrive(500, "ZHANG", "A");
        linked.app.advance(DAY_US);
        // The one row of a CSV has nothing to disagree with: only a later balance shows that its own is wrong.
        linked.bank.add_faults(vec![BankFault::File { wrong: Spoiled::WrongTotal }]);
        assert_eq!(linked.pull().await.1, 1);
        linked.app.advance(DAY_US);
        assert_eq!(linked.pull().await.0.trouble, None, "a day without lines");
        linked.arrive(40, "WANG", "C");
        let (link, _) = linked.pull().await;
        assert_eq!(link.trouble, Some(PullTrouble::Gap));
        for _ in 0..2 {
            assert_eq!(linked.pull().await.1, 0, "the days from the last lines on, once more");
        }
        let (link, new) = linked.pull().await;
        assert_eq!((link.trouble, new, linked.lines().await), (None, 1, 2));
        linked.sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worker_asks_by_itself_and_at_once_when_told_to() {
    for linked in Linked::each("mt940", true).await {
        linked
            .until(async |linked| {
                let link = linked.link().await;
                link["asked_next_at"].as_str() > link["heard_at"].as_str()
            })
            .await;
        linked.arrive(900, "ZHANG", "A");
        let path = format!("/v1/bank_links/{}/questions", linked.account);
        linked.app.post(&path, &json!({})).await.expect(202);
        linked.until(async |linked| linked.lines().await == 1).await;
        linked.sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_checked_when_written_and_shown_to_their_tenant_only() {
    for linked in Linked::each("camt053", false).await {
        let listed = linked.app.get("/v1/bank_links?status=active").await.expect(200);
        assert_eq!(listed["data"][0]["keeper"], "王会计");
        let wrong = |path: &str, value: Value| {
            let mut body = account(&linked.base, "camt053");
            *body.pointer_mut(path).unwrap() = value;
            body
        };
        let link = "/settings/direct_link";
        for (body, pointer) in [
            (wrong(&format!("{link}/url"), json!("http://bank.example/x")), "#/settings/direct_link/url"),
            (wrong(&format!("{link}/url"), json!("https://bank.example/x?y")), "#/settings/direct_link/url"),
            (wrong(&format!("{link}/keeper"), json!("")), "#/settings/direct_link/keeper"),
            (wrong(&format!("{link}/every_s"), json!(0)), "#/settings/direct_link/every_s"),
            (wrong("/credentials", json!({})), "#/credentials/token"),
            (wrong("/credentials/token", json!("two words")), "#/credentials/token"),
        ] {
            let refused = linked.app.post("/v1/channel_accounts", &body).await.expect(400);
            assert!(refused.to_string().contains(pointer), "{pointer}: {refused}");
        }
        let shown = linked.app.get(&format!("/v1/channel_accounts/{}", linked.account)).await.expect(200);
        assert!(!shown.to_string().contains(TOKEN));
        let (_, key) = linked.app.other_tenant("other").await;
        let request = linked.app.client.get(format!("{}/v1/bank_links/{}", linked.app.base, linked.account));
        got(request.bearer_auth(key).header("x-request", fresh_key())).await.refused(404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_the_folder_pays_its_order_and_a_bad_one_is_put_aside() {
    for linked in Linked::each("camt053", false).await {
        linked.by_folder().await;
        let (payment, code) = linked.awaiting("F-1", 10_000).await;
        linked.arrive(10_000, "ZHANG SAN", &format!("PREMIUM {code}"));
        assert_eq!(linked.pull().await.1, 0, "an empty folder is no trouble");
        let name = linked.drop_day(linked.today());
        let whole = std::fs::read(linked.filed(&format!("incoming/{name}"))).unwrap();
        let (link, new) = linked.pull().await;
        assert_eq!((link.trouble, new), (None, 1));
        assert_eq!(linked.status(&payment).await, "succeeded");
        assert!(linked.filed(&format!("done/{name}")).exists());
        for (wrong, trouble) in [
            (Spoiled::Truncated, PullTrouble::Unreadable),
            (Spoiled::DoubledRows, PullTrouble::Unreadable),
            (Spoiled::WrongTotal, PullTrouble::Unreadable),
            (Spoiled::OtherAccount, PullTrouble::OtherAccount),
        ] {
            let name = format!("{wrong:?}.xml");
            let bytes = spoil(&whole, (FileFormat::Camt053, ACCOUNT), wrong);
            std::fs::write(linked.filed(&format!("incoming/{name}")), bytes).unwrap();
            std::fs::write(linked.filed(&format!("incoming/{name}.ok")), "").unwrap();
            let (link, new) = linked.pull().await;
            assert_eq!((link.trouble, new, linked.lines().await), (Some(trouble), 0, 1), "{wrong:?}");
            assert!(linked.filed(&format!("refused/{name}.reason.txt")).exists(), "{wrong:?}");
        }
        assert_eq!(linked.open_matters().await[0]["kind"], "statement_refused");
        linked.arrive(5, "WANG", "C");
        linked.drop_day(linked.today());
        let (link, new) = linked.pull().await;
        assert_eq!((link.trouble, new), (None, 1), "the same name again, with one row more");
        assert_eq!(linked.open_matters().await.len(), 0);
        linked.sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_does_not_follow_on_waits_for_the_one_between() {
    for linked in Linked::each("camt053", false).await {
        linked.by_folder().await;
        linked.arrive(100, "ZHANG", "A");
        linked.drop_day(linked.today());
        linked.pull().await;
        linked.app.advance(DAY_US);
        linked.arrive(200, "LI", "B");
        let between = linked.today();
        linked.app.advance(DAY_US);
        linked.arrive(300, "WANG", "C");
        let last = linked.drop_day(linked.today());
        let (link, new) = linked.pull().await;
        assert_eq!((link.trouble, new), (Some(PullTrouble::Gap), 0));
        assert!(linked.filed(&format!("incoming/{last}")).exists(), "it waits");
        linked.drop_day(between);
        let (link, new) = linked.pull().await;
        assert_eq!((link.trouble, new, linked.lines().await), (None, 2, 3));
        linked.sound().await;
    }
}
