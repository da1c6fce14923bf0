//! What is held against whoever brings statements: over HTTP, through the simulated bank.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde_json::json;
use tillkeeper_channels::bank::folder::{Became, waiting};
use tillkeeper_channels::bank::report::{Brought, NothingBrought, of_answer};
use tillkeeper_channels::bank::{Format, Link};
use tillkeeper_channels::{Adapters, Deadlines, Environment, Limits};
use tk_domain::bank_link::{Asking, PullTrouble, StatementKind};
use tk_domain::id::ChannelAccountId;
use tk_domain::moment::{DAY_US, shanghai_day};
use tk_simulator::bank::http::{BankConfig, BankFault, BankSite, router};
use tk_simulator::bank::{Bank, FileFormat, Habits, Payer, Spoiled};
use tk_simulator::keys::pair::Pair;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const ACCOUNT: &str = "110902233410801";
const TOKEN: &str = "kit";
/// 2026-11-20 12:00 in Shanghai.
const NOON_US: i64 = 1_795_147_200_000_000;
/// How long this kit waits for an answer.
const PATIENCE: Duration = Duration::from_millis(400);

/// A bank on a free port, and what a link to it is made from.
pub struct BankBench {
    base: String,
    site: Arc<BankSite>,
    moved_us: Arc<AtomicI64>,
    key: Pair,
    files: tempfile::TempDir,
    serving: JoinHandle<()>,
}

impl Drop for BankBench {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl BankBench {
    pub async fn start() -> Self {
        let key = Pair::generate().unwrap();
        let moved_us = Arc::new(AtomicI64::new(0));
        let files = tempfile::tempdir().unwrap();
        let mut bank = Bank::new(5, Habits::default());
        bank.open(ACCOUNT, "华元财险").unwrap();
        let clock = Arc::clone(&moved_us);
        let site = BankSite::open(BankConfig {
            bank,
            clock: Arc::new(move || NOON_US + clock.load(Ordering::SeqCst)),
            token: TOKEN.to_owned(),
            key: Some(tk_formats::keys::SigningKey::from_pem(&key.private_pem).unwrap()),
            journal: None,
            files: Some(files.path().to_owned()),
        })
        .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let routes = router(Arc::clone(&site));
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { base, site, moved_us, key, files, serving }
    }

    fn link_with(&self, format: Format, token: &str, statement_key: &str) -> Link {
        let settings = json!({
            "account_no": ACCOUNT, "account_name": "华元财险", "bank_name": "测试银行",
            "direct_link": {
                "road": "https", "url": format!("{}/bank", self.base), "format": format, "keeper": "王会计",
                "statement_key": statement_key,
            },
        });
        let secrets = json!({ "token": token }).to_string();
        Link::open((&settings.to_string(), &secrets), Environment::Test).unwrap()
    }

    fn link(&self, format: Format) -> Link {
        self.link_with(format, TOKEN, &self.key.public_pem)
    }

    fn arrive(&self, amount: i64) {
        let payer = Payer { name: "张三".to_owned(), account: "6222".to_owned() };
        self.site.with(|bank, now| bank.arrive(ACCOUNT, (&payer, amount), "保费", now)).unwrap();
    }

    fn today(&self) -> i64 {
        shanghai_day(NOON_US + self.moved_us.load(Ordering::SeqCst))
    }

    async fn ask(&self, link: &Link, asking: Asking) -> Result<Brought, NothingBrought> {
        let deadlines = Deadlines { connect: PATIENCE, total: PATIENCE, download: PATIENCE };
        let limits = Limits { deadlines, ..Limits::default() };
        let adapters = Adapters::new(Environment::Test, limits).unwrap();
        let answer = adapters.ask_bank(link, ChannelAccountId::default(), asking, NOON_US).await;
        of_answer(link, Some(asking), &answer)
    }

    async fn so_far(&self, format: Format) -> Result<Brought, NothingBrought> {
        self.ask(&self.link(format), Asking { day: self.today(), kind: StatementKind::Intraday }).await
    }

    /// What comes of asking while this goes wrong; afterwards asking works.
    async fn through(&self, fault: BankFault) -> PullTrouble {
        self.site.add_faults(vec![fault]);
        let trouble = self.so_far(Format::Camt053).await.unwrap_err().trouble;
        assert!(self.so_far(Format::Camt053).await.is_ok(), "after {fault:?}");
        trouble
    }
}

const FORMATS: [Format; 3] = [Format::Camt053, Format::Mt940, Format::Csv];

pub async fn every_format_tells_what_the_bank_booked(bench: &BankBench) {
    for amount in [10_000, 250] {
        bench.arrive(amount);
    }
    for format in FORMATS {
        let told = bench.so_far(format).await.unwrap().statement;
        let amounts: Vec<i64> = told.lines.iter().map(|line| line.amount_minor).collect();
        assert_eq!(amounts, [10_000, 250], "{format:?}");
        assert_eq!((told.opening_minor, told.closing_minor), (Some(0), Some(10_250)), "{format:?}");
    }
}

pub async fn a_day_so_far_and_the_whole_day_tell_of_the_same_lines(bench: &BankBench) {
    let day = bench.today();
    bench.arrive(100);
    let so_far = bench.so_far(Format::Camt053).await.unwrap().statement;
    bench.arrive(200);
    bench.moved_us.store(DAY_US, Ordering::SeqCst);
    let whole = Asking { day, kind: StatementKind::Final };
    let whole = bench.ask(&bench.link(Format::Camt053), whole).await.unwrap().statement;
    assert_eq!(whole.lines.first(), so_far.lines.first());
    assert_eq!(whole.lines.len(), 2);
}

pub async fn a_whole_day_that_is_not_over_is_not_there_yet(bench: &BankBench) {
    let asking = Asking { day: bench.today(), kind: StatementKind::Final };
    let nothing = bench.ask(&bench.link(Format::Camt053), asking).await.unwrap_err();
    assert_eq!(nothing.trouble, PullTrouble::NotYet);
}

pub async fn duplicate_the_same_file_is_known_again(bench: &BankBench) {
    bench.arrive(100);
    let first = bench.so_far(Format::Mt940).await.unwrap();
    bench.arrive(50);
    bench.site.add_faults(vec![BankFault::SameFile]);
    assert_eq!(bench.so_far(Format::Mt940).await.unwrap().hash, first.hash);
    assert_ne!(bench.so_far(Format::Mt940).await.unwrap().hash, first.hash);
}

pub async fn late_an_item_comes_with_the_day_on_which_it_is_shown(bench: &BankBench) {
    let late = |ppm| bench.site.with(|bank, _| bank.habits = Habits { late_ppm: ppm, ..Habits::default() });
    late(1_000_000);
    bench.arrive(100);
    late(0);
    bench.arrive(50);
    assert_eq!(bench.so_far(Format::Camt053).await.unwrap().statement.lines.len(), 1);
    bench.moved_us.store(DAY_US, Ordering::SeqCst);
    let next = bench.so_far(Format::Camt053).await.unwrap().statement;
    assert_eq!((next.lines[0].amount_minor, next.opening_minor), (100, Some(50)));
}

pub async fn garbage_and_wrong_sums_are_refused_as_a_whole(bench: &BankBench) {
    bench.arrive(100);
    bench.arrive(70);
    for wrong in [Spoiled::Garbage, Spoiled::DoubledRows, Spoiled::WrongTotal, Spoiled::LostRow] {
        assert_eq!(bench.through(BankFault::File { wrong }).await, PullTrouble::Unreadable, "{wrong:?}");
    }
    let wrong = Spoiled::OtherAccount;
    assert_eq!(bench.through(BankFault::File { wrong }).await, PullTrouble::OtherAccount);
}

pub async fn doubled_rows_that_come_to_nothing_are_refused_too(bench: &BankBench) {
    bench.arrive(100);
    let taken_back = |bank: &mut Bank, now| bank.take_back(ACCOUNT, 1, now);
    bench.site.with(taken_back).unwrap();
    let wrong = Spoiled::DoubledRows;
    assert_eq!(bench.through(BankFault::File { wrong }).await, PullTrouble::Unreadable);
}

pub async fn truncated_a_file_brings_nothing(bench: &BankBench) {
    bench.arrive(100);
    let wrong = Spoiled::Truncated;
    assert_eq!(bench.through(BankFault::File { wrong }).await, PullTrouble::Unreadable);
    assert_eq!(bench.through(BankFault::Cut).await, PullTrouble::Unreachable);
}

pub async fn forged_a_file_of_somebody_else_is_refused(bench: &BankBench) {
    bench.arrive(100);
    assert_eq!(bench.through(BankFault::Forged).await, PullTrouble::Forged);
    let stranger = bench.link_with(Format::Camt053, TOKEN, &Pair::generate().unwrap().public_pem);
    let asking = Asking { day: bench.today(), kind: StatementKind::Intraday };
    assert_eq!(bench.ask(&stranger, asking).await.unwrap_err().trouble, PullTrouble::Forged);
}

pub async fn time_out_a_slow_or_absent_bank_proves_nothing(bench: &BankBench) {
    let slow = BankFault::Slow { after_ms: 2_000 };
    assert_eq!(bench.through(slow).await, PullTrouble::Unreachable);
    assert_eq!(bench.through(BankFault::Down).await, PullTrouble::Unreachable);
    assert_eq!(bench.through(BankFault::Late).await, PullTrouble::NotYet);
}

pub async fn a_wrong_token_is_turned_away(bench: &BankBench) {
    let link = bench.link_with(Format::Camt053, "other", &bench.key.public_pem);
    let asking = Asking { day: bench.today(), kind: StatementKind::Intraday };
    assert_eq!(bench.ask(&link, asking).await.unwrap_err().trouble, PullTrouble::TurnedAway);
}

pub async fn a_dropped_file_is_taken_once_it_is_whole(bench: &BankBench) {
    bench.arrive(100);
    let link = bench.link(Format::Camt053);
    let folder = bench.files.path().join(ACCOUNT);
    assert!(waiting(&folder, (i64::MAX, 0)).unwrap().is_empty());
    assert!(bench.site.drop_statement((ACCOUNT, bench.today()), FileFormat::Camt053, "day.xml").unwrap());
    let file = waiting(&folder, (i64::MAX, 0)).unwrap().remove(0);
    assert_eq!(of_answer(&link, None, &file.read()).unwrap().statement.lines.len(), 1);
    file.put_aside(Became::Taken).unwrap();
    assert!(waiting(&folder, (i64::MAX, 0)).unwrap().is_empty());
    std::fs::write(folder.join("incoming/forged.xml"), std::fs::read(folder.join("done/day.xml")).unwrap())
        .unwrap();
    let forged = waiting(&folder, (0, i64::MAX)).unwrap().remove(0);
    assert_eq!(of_answer(&link, None, &forged.read()).unwrap_err().trouble, PullTrouble::Forged);
}
