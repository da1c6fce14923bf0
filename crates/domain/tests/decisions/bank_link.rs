//! Direct links: made with their contract, one day after the other, healed over gaps, and told of when silent.

use crate::kit::{CONTRACT, START_US, TENANT, World, contract, merchant, product};
use tk_domain::audit::Origin;
use tk_domain::bank_link::{
    AskBankNow, Asking, BankLink, LinkStatus, NotePull, PullOutcome, PullTrouble, StatementKind,
};
use tk_domain::channel_account::{Channel, ChannelAccount, ChannelAccountTerms, UpdateChannelAccount};
use tk_domain::id::{ChannelAccountId, Id128};
use tk_domain::moment::{DAY_US, HOUR_US, SECOND_US, shanghai_day};
use tk_domain::refusal::Refusal;

const BANK: ChannelAccountId = ChannelAccountId(Id128([5; 16]));
const LINK: &str = r#"{"account_no":"1","direct_link":{"road":"https","keeper":"王五","every_s":60}}"#;

fn world() -> World {
    let mut world = World::with(merchant(), product(), contract(CONTRACT));
    let account = ChannelAccount { channel: Channel::BankDirect, credentials: vec![1], ..contract(BANK) };
    world.snapshot.channel_accounts.load(account);
    world
}

fn linked() -> World {
    let mut world = world();
    world.change(ChannelAccountTerms { settings: Some(LINK.to_owned()), ..ChannelAccountTerms::default() });
    world
}

impl World {
    fn change(&mut self, terms: ChannelAccountTerms) {
        let origin = Origin::system();
        self.run(&UpdateChannelAccount { tenant_id: TENANT, channel_account_id: BANK, terms, origin })
            .unwrap();
    }

    fn link(&self) -> BankLink {
        self.snapshot.bank_links.get(&(TENANT, BANK)).unwrap().clone()
    }

    fn note(&mut self, outcome: PullOutcome) -> BankLink {
        self.run(&NotePull { tenant_id: TENANT, channel_account_id: BANK, outcome }).unwrap()
    }

    fn asked(&self) -> Asking {
        self.link().asking(self.now_us).unwrap()
    }

    fn brought(&mut self) -> BankLink {
        let asking = self.asked();
        self.note(PullOutcome::Taken { asking, hash: format!("{}", asking.day) })
    }

    fn trouble(&mut self, trouble: PullTrouble) -> BankLink {
        self.note(PullOutcome::Troubled { trouble, detail: "x".to_owned() })
    }

    fn broken(&mut self, ended_day: i64) -> BankLink {
        let asking = self.asked();
        self.note(PullOutcome::Broken { asking, ended_day, detail: "x".to_owned() })
    }

    fn link_events(&self) -> Vec<&'static str> {
        let events = self.snapshot.appended.events.iter();
        events.filter(|event| event.object == BANK.to_string()).map(|event| event.kind.word()).collect()
    }
}

#[test]
fn a_link_begins_with_its_contract_and_stops_with_it() {
    let mut world = world();
    world.change(ChannelAccountTerms { name: Some("x".to_owned()), ..ChannelAccountTerms::default() });
    assert!(world.snapshot.bank_links.get(&(TENANT, BANK)).is_none(), "no link without terms");
    let terms = || ChannelAccountTerms { settings: Some(LINK.to_owned()), ..ChannelAccountTerms::default() };
    world.change(terms());
    let link = world.link();
    assert_eq!(
        (link.status, link.keeper.as_str(), link.every_us),
        (LinkStatus::Active, "王五", 60 * SECOND_US)
    );
    assert_eq!(link.due_at_us, world.now_us);
    let today = shanghai_day(world.now_us);
    assert_eq!(world.asked(), Asking { day: today, kind: StatementKind::Intraday });
    world.change(ChannelAccountTerms { enabled: Some(false), ..ChannelAccountTerms::default() });
    assert_eq!(world.link().status, LinkStatus::Stopped);
    let stopped = world.link();
    let outcome = PullOutcome::Troubled { trouble: PullTrouble::Forged, detail: String::new() };
    assert_eq!(world.note(outcome), stopped, "who asked before it stopped changes nothing");
    let ask = AskBankNow { tenant_id: TENANT, channel_account_id: BANK, origin: Origin::system() };
    assert_eq!(world.run(&ask), Err(Refusal::NotFound { what: "bank_link" }));
    world.change(ChannelAccountTerms { enabled: Some(true), ..ChannelAccountTerms::default() });
    assert_eq!(world.link().status, LinkStatus::Active);
}

#[test]
fn days_are_asked_for_in_turn_and_final_when_they_are_over() {
    let mut world = linked();
    let today = world.asked().day;
    let link = world.brought();
    assert_eq!((link.final_day, link.due_at_us), (today - 1, world.now_us + 60 * SECOND_US));
    // Sixteen hours later it is eight in the morning: the day is over, the grace as well.
    world.now_us = START_US + 16 * HOUR_US;
    assert_eq!(world.asked(), Asking { day: today, kind: StatementKind::Final });
    let link = world.brought();
    assert_eq!((link.final_day, world.asked().kind), (today, StatementKind::Intraday));
    // After days of rest each day comes in turn, without a pause between.
    world.now_us += 3 * DAY_US;
    for day in today + 1..today + 4 {
        assert_eq!(world.asked(), Asking { day, kind: StatementKind::Final });
        let due = world.brought().due_at_us;
        assert_eq!(due == world.now_us, day < today + 3, "{day}");
    }
    // The last statement once more changes nothing but that the bank was heard.
    let before = world.link();
    let asking = Asking { day: today + 3, kind: StatementKind::Final };
    let after = world.note(PullOutcome::Taken { asking, hash: "again".to_owned() });
    assert_eq!(after.final_day, before.final_day);
}

#[test]
fn trouble_backs_off_and_a_refused_file_tells_its_person_once() {
    let mut world = linked();
    let mut pauses = Vec::new();
    for _ in 0..9 {
        let link = world.trouble(PullTrouble::Unreachable);
        pauses.push((link.due_at_us - world.now_us) / SECOND_US);
    }
    assert_eq!(pauses, [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
    assert!(world.link_events().is_empty(), "a short silence is nobody's business");
    for _ in 0..3 {
        world.trouble(PullTrouble::Unreadable);
    }
    assert_eq!(world.link_events(), ["bank_link.refused"]);
    assert_eq!(world.exceptions(), ["statement_refused open"]);
    let link = world.brought();
    assert_eq!((link.failures, link.trouble, link.trouble_detail), (0, None, None));
    assert_eq!(world.link_events(), ["bank_link.refused", "bank_link.recovered"]);
    assert_eq!(world.exceptions(), ["statement_refused closed"]);
}

#[test]
fn a_day_of_silence_is_told_to_the_keeper_once() {
    let mut world = linked();
    for hour in 1..30 {
        world.now_us = START_US + hour * HOUR_US;
        world.trouble(if hour % 2 == 0 { PullTrouble::Unreachable } else { PullTrouble::NotYet });
        let told = usize::from(hour >= 24);
        assert_eq!(world.link_events().len(), told, "hour {hour}");
    }
    assert_eq!(world.exceptions(), ["bank_link_silent open"]);
    let event = world.snapshot.appended.events.iter().find(|event| event.object == BANK.to_string()).unwrap();
    assert!(event.body.contains("王五") && event.body.contains("\"bank_link.silent\""), "{}", event.body);
    world.brought();
    assert_eq!(world.link_events(), ["bank_link.silent", "bank_link.recovered"]);
}

#[test]
fn a_folder_that_stays_empty_is_silent_too() {
    let mut world = linked();
    world.note(PullOutcome::Filed);
    world.now_us += DAY_US - 1;
    world.note(PullOutcome::Nothing);
    assert!(world.exceptions().is_empty());
    world.now_us += 1;
    world.note(PullOutcome::Nothing);
    assert_eq!(world.exceptions(), ["bank_link_silent open"]);
}

#[test]
fn a_gap_has_the_statement_before_it_asked_for_again() {
    let mut world = linked();
    let first = world.asked().day;
    world.now_us += 3 * DAY_US;
    world.brought();
    world.brought();
    assert_eq!(world.asked().day, first + 2);
    let link = world.broken(first + 1);
    assert_eq!((link.gap_day, link.due_at_us > world.now_us), (Some(first + 2), true));
    assert_eq!(world.asked(), Asking { day: first + 1, kind: StatementKind::Final });
    let link = world.brought();
    assert_eq!((link.trouble, link.due_at_us), (Some(PullTrouble::Gap), world.now_us), "not healed yet");
    assert_eq!(world.exceptions(), ["statement_refused open"]);
    let again = world.broken(first + 1);
    assert_eq!(again.failures, 2, "and if it did not help, the pause grows");
    world.brought();
    let link = world.brought();
    assert_eq!((link.gap_day, link.failures, link.final_day), (None, 0, first + 2));
    assert_eq!(world.exceptions(), ["statement_refused closed"]);
}

#[test]
fn a_gap_after_days_without_lines_has_all_of_them_asked_for_again() {
    let mut world = linked();
    let first = world.asked().day;
    world.now_us += 4 * DAY_US;
    for _ in 0..3 {
        world.brought();
    }
    world.broken(first);
    for day in first..first + 3 {
        assert_eq!(world.asked(), Asking { day, kind: StatementKind::Final });
        assert_eq!(world.brought().trouble, Some(PullTrouble::Gap), "not healed yet");
    }
    let link = world.brought();
    assert_eq!((link.gap_day, link.trouble, link.final_day), (None, None, first + 3));
}

#[test]
fn asking_now_is_noted_and_asks_no_more_than_once() {
    let mut world = linked();
    world.brought();
    let ask = AskBankNow { tenant_id: TENANT, channel_account_id: BANK, origin: Origin::system() };
    assert_eq!(world.run(&ask).unwrap().due_at_us, world.now_us);
    let version = world.link().version;
    world.run(&ask).unwrap();
    assert_eq!(world.link().version, version);
}
