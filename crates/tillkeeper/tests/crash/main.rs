//! kill -9 of the real binary under load, on both engines: nothing acknowledged is lost, nothing is done twice, and
//! in the end the merchant's journal, the books, the channel's truth and the webhook sink are equal.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on ends there; its figures are printed"
)]

mod channel;
mod database;
mod heal;
mod journal;
mod journey;
mod merchant;
mod parting;
mod reckoning;
mod sink;
mod storage;
mod town;

use database::Database;
use journey::{Dice, Traffic};
use merchant::Merchant;
use reckoning::Reckoning;
use serde_json::{Value, json};
use sink::Sink;
use std::sync::Arc;
use town::{Process, Town, until};

/// Kills per engine where `TILLKEEPER_CRASH_CYCLES` does not say.
const CYCLES_DEFAULT: u64 = 6;
/// Between two lives of a server clocks move by so much, so that what a dead worker had leased comes due.
const BETWEEN_LIVES_S: u32 = 61;

fn cycles() -> u64 {
    let set = std::env::var("TILLKEEPER_CRASH_CYCLES").ok();
    set.map_or(CYCLES_DEFAULT, |text| text.parse().expect("TILLKEEPER_CRASH_CYCLES is a number"))
}

/// The dice of a run: chance decides when to kill, and the seed is printed.
fn dice() -> Dice {
    let set = std::env::var("TILLKEEPER_CRASH_SEED").ok().and_then(|text| text.parse().ok());
    let seed = set.unwrap_or_else(|| u64::from(std::process::id()));
    println!("TILLKEEPER_CRASH_SEED={seed}");
    Dice(seed)
}

/// Everybody who takes part in a run.
struct Run {
    town: Town,
    merchant: Merchant,
    sink: Arc<Sink>,
    traffic: Traffic,
    dice: Dice,
}

impl Run {
    async fn begin(database: Database, servers: usize) -> Self {
        let town = Town::found(database, servers);
        let sink = Sink::open(&town.directory.path().join("sink.journal")).await;
        let merchant = Merchant::settle(&town, &sink).await;
        let mut dice = dice();
        town.channel.set_faults(&trouble(dice.below(1 << 40))).await;
        let traffic = Traffic::begin(&town, &merchant, dice.below(u64::MAX));
        Self { town, merchant, sink, traffic, dice }
    }

    /// Waits until so many requests were sent or answered since now.
    async fn noted(&self, lines: u64) {
        let goal = self.merchant.journal.lines() + lines;
        until("the load goes on", async || {
            assert!(!self.traffic.failed(), "a journey failed\n{}", self.town.log_tail());
            (self.merchant.journal.lines() >= goal).then_some(())
        })
        .await;
    }

    /// A server's life that ends at a moment drawn by chance.
    async fn killed_at_random(&mut self) {
        let server = self.town.start(0, None).await;
        let lines = 40 + self.dice.below(260);
        self.noted(lines).await;
        server.kill();
    }

    /// A server's life that ends by itself at a named point.
    async fn killed_at(&mut self, (point, passes): (&str, u64)) {
        let passes = passes + self.dice.below(passes);
        let server = self.town.start(0, Some(&format!("{point}:{passes}"))).await;
        let status = server.end().await;
        assert!(!status.success(), "{point} ends the process: {status}");
    }

    async fn between_lives(&self) {
        self.town.verify();
        self.town.advance(BETWEEN_LIVES_S).await;
    }

    /// Faults off, everything settled, everything compared.
    async fn reckon(self, what: &str) {
        let Self { town, merchant, sink, traffic, .. } = self;
        town.channel.set_faults(&json!({})).await;
        sink.stop_stumbling();
        let last = town.start(0, None).await;
        let journeys = traffic.end().await;
        last.kill();
        let (server, rounds) = heal::heal(&town, &merchant).await;
        let sums = Reckoning::read(&town, &merchant).await.hold(&sink);
        town.verify();
        server.kill();
        let faults = town.channel.fault_counts().await;
        println!(
            "{what}: {journeys} journeys, {sums:?}, {} requests repeated, {} deliveries, healed in {rounds} rounds, faults {faults}",
            merchant.repeats(),
            sink.received(),
        );
        assert!(sums.succeeded > 0 && sums.refunds_asked > 0, "the run shows something");
        town.database.drop().await;
    }
}

/// Channel faults by chance: lost before and after the effect, late, unreadable; notifications doubled, reordered, late
/// or never, wrong, forged.
fn trouble(seed: u64) -> Value {
    json!({ "rates": { "seed": seed, "late_max_us": 4_000_000, "ppm": {
        "fault-1": 40_000, "fault-2": 60_000, "fault-3": 30_000, "fault-4": 60_000, "fault-5": 100_000,
        "fault-6": 50_000, "fault-7": 100_000, "fault-8": 30_000, "fault-9": 60_000,
    } } })
}

const POINTS: [(&str, u64); 4] = [
    ("after_commit_before_reply", 30),
    ("after_commit_before_channel", 8),
    ("mid_batch", 30),
    ("after_channel_before_commit", 8),
];

async fn lives(run: &mut Run) {
    for cycle in 0..cycles() {
        let point = POINTS[usize::try_from(cycle / 2 % 4).unwrap()];
        match cycle % 3 {
            0 => run.killed_at_random().await,
            1 => run.killed_at(point).await,
            _ => run.killed_at(POINTS[usize::try_from((cycle / 2 + 2) % 4).unwrap()]).await,
        }
        run.between_lives().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_survives_every_kill() {
    let mut run = Run::begin(Database::Sqlite, 1).await;
    lives(&mut run).await;
    run.reckon("sqlite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_survives_every_kill() {
    let Some(database) = Database::postgres().await else { return };
    let mut run = Run::begin(database, 1).await;
    lives(&mut run).await;
    run.reckon("postgres").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_sessions_may_end_at_any_moment() {
    let Some(database) = Database::postgres().await else { return };
    let run = Run::begin(database, 1).await;
    let server = run.town.start(0, None).await;
    let mut ended = 0;
    for _ in 0..cycles() * 2 {
        run.noted(40).await;
        ended += run.town.database.terminate_sessions().await;
    }
    run.noted(60).await;
    println!("{ended} sessions ended");
    assert!(ended > 0);
    server.kill();
    run.between_lives().await;
    run.reckon("postgres sessions").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_on_one_postgres_survive_each_other() {
    let Some(database) = Database::postgres().await else { return };
    let mut run = Run::begin(database, 2).await;
    let mut servers: Vec<Option<Process>> =
        vec![Some(run.town.start(0, None).await), Some(run.town.start(1, None).await)];
    for cycle in 0..cycles() {
        let number = usize::try_from(cycle % 2).unwrap();
        let lines = 40 + run.dice.below(120);
        run.noted(lines).await;
        servers[number].take().unwrap().kill();
        // The other goes on alone.
        run.noted(40).await;
        servers[number] = Some(run.town.start(number, None).await);
    }
    servers.into_iter().flatten().for_each(Process::kill);
    run.between_lives().await;
    run.reckon("two servers").await;
}
