//! What is held against whoever brings statements: over HTTP, through the simulated bank.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tillkeeper_channels::bank::folder::{Became, Waiting, waiting};
use tillkeeper_channels::bank::report::{Brought, NothingBrought, of_answer};
use tillkeeper_channels::bank::{Format, Link};
use tillkeeper_channels::{Adapters, Deadlines, Environment, Limits};
use tk_domain::bank_link::{Asking, PullTrouble, StatementKind};
use tk_domain::id::ChannelAccountId;
use tk_domain::moment::{DAY_US, shanghai_day};
use tk_simulator::bank::http::{BankConfig, BankFault, BankSite, router};
use tk_simulator::bank::{Bank, FileFormat, Habits, Payer, Spoiled};
use tk_simulator::keys::pair::Pair;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

const AUTHORITY: &str = include_str!("../tls/authority.pem");
const STRANGER: &str = include_str!("../tls/stranger.pem");
const SERVER: &str = include_str!("../tls/server.pem");
const EXPIRED: &str = include_str!("../tls/expired.pem");
const SERVER_KEY: &str = include_str!("../tls/server.key.pem");
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

/// A server behind TLS.
struct Secured {
    url: String,
    serving: JoinHandle<()>,
}

impl Drop for Secured {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Accepts who finishes the handshake; the others went away because they did not believe us.
struct Guarded {
    tcp: TcpListener,
    tls: TlsAcceptor,
}

impl axum::serve::Listener for Guarded {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (tcp, from) = self.tcp.accept().await.unwrap();
            if let Ok(secured) = self.tls.accept(tcp).await {
                return (secured, from);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

fn open(settings: &Value, token: &str) -> Link {
    let secrets = json!({ "token": token }).to_string();
    Link::open((&settings.to_string(), &secrets), Environment::Test).unwrap()
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

    fn settings(&self, format: Format) -> Value {
        json!({
            "account_no": ACCOUNT, "account_name": "华元财险", "bank_name": "测试银行",
            "direct_link": {
                "road": "https", "url": format!("{}/bank", self.base), "format": format, "keeper": "王会计",
                "statement_key": self.key.public_pem,
            },
        })
    }

    fn link(&self, format: Format) -> Link {
        open(&self.settings(format), TOKEN)
    }

    /// The same bank behind TLS with this certificate, on another port.
    async fn secure(&self, certificate: &str) -> Secured {
        let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(SERVER_KEY.as_bytes()).unwrap();
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/bank", tcp.local_addr().unwrap());
        let listener = Guarded { tcp, tls: TlsAcceptor::from(Arc::new(config)) };
        let routes = router(Arc::clone(&self.site));
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Secured { url, serving }
    }

    /// What comes of asking a server, believing this authority or, without one, those that everybody believes.
    async fn believing(&self, server: &Secured, authority: Option<&str>) -> Result<Brought, NothingBrought> {
        let mut settings = self.settings(Format::Camt053);
        settings["direct_link"]["url"] = json!(server.url);
        if let Some(authority) = authority {
            settings["direct_link"]["ca_certificate"] = json!(authority);
        }
        let asking = Asking { day: self.today(), kind: StatementKind::Intraday };
        self.ask(&open(&settings, TOKEN), asking).await
    }

    fn folder(&self) -> PathBuf {
        self.files.path().join(ACCOUNT)
    }

    /// Whole files that wait, if files count as whole when their marker stands beside them.
    fn waiting(&self) -> Vec<Waiting> {
        waiting(&self.folder(), (i64::MAX, 0)).unwrap()
    }

    fn drop_day(&self, name: &str) {
        let whose = (ACCOUNT, self.today());
        assert!(self.site.drop_statement(whose, FileFormat::Camt053, name).unwrap());
    }

    /// Puts a file of our own there, with its marker.
    fn put(&self, name: &str, bytes: &[u8]) {
        let incoming = self.folder().join("incoming");
        std::fs::create_dir_all(&incoming).unwrap();
        std::fs::write(incoming.join(name), bytes).unwrap();
        std::fs::write(incoming.join(format!("{name}.ok")), "").unwrap();
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
    let mut settings = bench.settings(Format::Camt053);
    settings["direct_link"]["statement_key"] = json!(Pair::generate().unwrap().public_pem);
    let asking = Asking { day: bench.today(), kind: StatementKind::Intraday };
    let nothing = bench.ask(&open(&settings, TOKEN), asking).await.unwrap_err();
    assert_eq!(nothing.trouble, PullTrouble::Forged);
}

pub async fn forged_a_server_of_another_authority_is_not_believed(bench: &BankBench) {
    bench.arrive(100);
    let server = bench.secure(SERVER).await;
    assert_eq!(bench.believing(&server, Some(AUTHORITY)).await.unwrap().statement.lines.len(), 1);
    for authority in [Some(STRANGER), None] {
        let nothing = bench.believing(&server, authority).await.unwrap_err();
        assert_eq!(nothing.trouble, PullTrouble::Forged);
        assert!(nothing.detail.contains("certificate"), "{}", nothing.detail);
    }
    let expired = bench.secure(EXPIRED).await;
    let nothing = bench.believing(&expired, Some(AUTHORITY)).await.unwrap_err();
    assert_eq!(nothing.trouble, PullTrouble::Forged);
}

pub async fn reordered_a_file_of_a_later_day_is_refused(bench: &BankBench) {
    let day = bench.today();
    bench.arrive(100);
    bench.moved_us.store(DAY_US, Ordering::SeqCst);
    bench.arrive(50);
    assert!(bench.so_far(Format::Camt053).await.is_ok());
    bench.site.add_faults(vec![BankFault::SameFile]);
    let link = bench.link(Format::Camt053);
    let whole = Asking { day, kind: StatementKind::Final };
    assert_eq!(bench.ask(&link, whole).await.unwrap_err().trouble, PullTrouble::OtherDay);
    assert_eq!(bench.ask(&link, whole).await.unwrap().statement.lines.len(), 1);
}

pub async fn time_out_a_slow_or_absent_bank_proves_nothing(bench: &BankBench) {
    let slow = BankFault::Slow { after_ms: 2_000 };
    assert_eq!(bench.through(slow).await, PullTrouble::Unreachable);
    assert_eq!(bench.through(BankFault::Down).await, PullTrouble::Unreachable);
    assert_eq!(bench.through(BankFault::Late).await, PullTrouble::NotYet);
}

pub async fn a_wrong_token_is_turned_away(bench: &BankBench) {
    let link = open(&bench.settings(Format::Camt053), "other");
    let asking = Asking { day: bench.today(), kind: StatementKind::Intraday };
    assert_eq!(bench.ask(&link, asking).await.unwrap_err().trouble, PullTrouble::TurnedAway);
}

/// By the folder into which the bank puts its files.
pub mod dropped {
    use super::{
        BankBench, Became, FileFormat, Format, PullTrouble, Spoiled, json, of_answer, open, waiting,
    };

    pub async fn a_file_is_taken_once(bench: &BankBench) {
        bench.arrive(100);
        assert!(bench.waiting().is_empty());
        bench.drop_day("day.xml");
        let file = bench.waiting().remove(0);
        let brought = of_answer(&bench.link(Format::Camt053), None, &file.read()).unwrap();
        assert_eq!(brought.statement.lines.len(), 1);
        file.put_aside(Became::Taken).unwrap();
        assert!(bench.waiting().is_empty());
    }

    pub async fn truncated_a_file_that_is_being_written_is_not_seen(bench: &BankBench) {
        bench.arrive(100);
        bench.drop_day("day.xml");
        let incoming = bench.folder().join("incoming");
        std::fs::rename(incoming.join("day.xml"), incoming.join("day.xml.part")).unwrap();
        assert!(waiting(&bench.folder(), (0, i64::MAX)).unwrap().is_empty());
        std::fs::rename(incoming.join("day.xml.part"), incoming.join("day.xml")).unwrap();
        std::fs::remove_file(incoming.join("day.xml.ok")).unwrap();
        assert!(bench.waiting().is_empty(), "neither marked nor left alone for long");
        assert_eq!(waiting(&bench.folder(), (0, i64::MAX)).unwrap().len(), 1);
    }

    pub async fn reordered_files_are_read_in_the_order_of_their_names(bench: &BankBench) {
        for name in ["20261121.xml", "20261119.xml", "20261120.xml"] {
            bench.put(name, b"x");
        }
        let names: Vec<String> = bench.waiting().into_iter().map(|file| file.name).collect();
        assert_eq!(names, ["20261119.xml", "20261120.xml", "20261121.xml"]);
    }

    pub async fn duplicate_a_file_dropped_again_is_known_again(bench: &BankBench) {
        bench.arrive(100);
        let link = bench.link(Format::Camt053);
        let mut hashes = Vec::new();
        for _ in 0..2 {
            bench.drop_day("day.xml");
            let file = bench.waiting().remove(0);
            hashes.push(of_answer(&link, None, &file.read()).unwrap().hash);
            file.put_aside(Became::Taken).unwrap();
        }
        assert_eq!(hashes.first(), hashes.last());
        assert!(bench.folder().join("done/2-day.xml").exists(), "both are kept");
    }

    pub async fn forged_a_file_without_the_bank_s_signature_is_refused(bench: &BankBench) {
        bench.arrive(100);
        bench.drop_day("day.xml");
        let signed = bench.waiting().remove(0);
        std::fs::remove_file(bench.folder().join("incoming/day.xml.sig")).unwrap();
        let nothing = of_answer(&bench.link(Format::Camt053), None, &signed.read()).unwrap_err();
        assert_eq!(nothing.trouble, PullTrouble::Forged);
    }

    pub async fn garbage_and_wrong_sums_are_put_aside_with_their_reason(bench: &BankBench) {
        bench.arrive(100);
        bench.arrive(70);
        bench.drop_day("day.xml");
        let whole = std::fs::read(bench.folder().join("incoming/day.xml")).unwrap();
        bench.waiting().remove(0).put_aside(Became::Taken).unwrap();
        let mut settings = bench.settings(Format::Camt053);
        settings["direct_link"]["statement_key"] = json!(null);
        let link = open(&settings, super::TOKEN);
        let wrong = [Spoiled::Garbage, Spoiled::Truncated, Spoiled::DoubledRows, Spoiled::WrongTotal];
        for (number, wrong) in wrong.into_iter().enumerate() {
            let name = format!("wrong{number}.xml");
            let format = (FileFormat::Camt053, super::ACCOUNT);
            bench.put(&name, &tk_simulator::bank::spoil(&whole, format, wrong));
            let file = bench.waiting().remove(0);
            let nothing = of_answer(&link, None, &file.read()).unwrap_err();
            assert_eq!(nothing.trouble, PullTrouble::Unreadable, "{wrong:?}");
            file.put_aside(Became::Refused(&nothing.to_string())).unwrap();
            assert!(bench.folder().join(format!("refused/{name}.reason.txt")).exists(), "{wrong:?}");
        }
        assert!(bench.waiting().is_empty());
    }
}
