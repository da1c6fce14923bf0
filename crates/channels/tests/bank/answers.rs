//! What an answer proves: a statement as a whole, or why nothing of it may be taken.

use crate::{ACCOUNT, link, settings};
use serde_json::json;
use tillkeeper_channels::bank::call::Answer;
use tillkeeper_channels::bank::report::of_answer;
use tk_domain::bank_link::{Asking, PullTrouble, StatementKind};
use tk_simulator::bank::{Bank, FileFormat, Habits, Payer, Spoiled, spoil, statement};
use tk_simulator::keys::pair::Pair;

/// 2026-11-20 12:00 in Shanghai.
const NOON_US: i64 = 1_795_147_200_000_000;
const DAY: i64 = 20_777;

fn file(format: FileFormat) -> Vec<u8> {
    let mut bank = Bank::new(1, Habits::default());
    bank.open(ACCOUNT, "华元财险").unwrap();
    let payer = Payer { name: "张三".to_owned(), account: "6222".to_owned() };
    for amount in [10_000, 250, 70] {
        bank.arrive(ACCOUNT, (&payer, amount), "保费", NOON_US).unwrap();
    }
    statement(&bank, (ACCOUNT, DAY), format, NOON_US + 1).unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "as the adapter takes it")]
fn asked(day: i64) -> Option<Asking> {
    Some(Asking { day, kind: StatementKind::Intraday })
}

fn plain(bytes: Vec<u8>) -> Answer {
    Answer::File { bytes, signature: None }
}

const FORMATS: [(FileFormat, &str); 3] =
    [(FileFormat::Camt053, "camt053"), (FileFormat::Mt940, "mt940"), (FileFormat::Csv, "csv")];

#[test]
fn a_sound_file_is_taken_whole_and_known_again_by_its_hash() {
    for (format, word) in FORMATS {
        let link = link(&settings(word));
        let bytes = file(format);
        let brought = of_answer(&link, asked(DAY), &plain(bytes.clone())).unwrap();
        assert_eq!(brought.statement.lines.len(), 3, "{word}");
        let again = of_answer(&link, asked(DAY), &plain(bytes.clone())).unwrap();
        assert_eq!(brought.hash, again.hash);
        let other = of_answer(&link, asked(DAY - 1), &plain(bytes)).unwrap_err();
        assert_eq!(other.trouble, PullTrouble::OtherDay, "{word}: days that were not asked for");
    }
}

#[test]
fn a_final_file_that_tells_only_of_earlier_days_is_not_the_days() {
    for (format, word) in FORMATS {
        let link = link(&settings(word));
        let told = |day, kind| of_answer(&link, Some(Asking { day, kind }), &plain(file(format)));
        assert!(told(DAY, StatementKind::Final).is_ok(), "{word}");
        let other = told(DAY + 1, StatementKind::Final).unwrap_err();
        assert_eq!(other.trouble, PullTrouble::OtherDay, "{word}");
        assert!(
            told(DAY + 1, StatementKind::Intraday).is_ok(),
            "{word}: of a day that goes on nothing is over"
        );
    }
}

#[test]
fn a_spoiled_file_is_refused_as_a_whole() {
    for (format, word) in FORMATS {
        let link = link(&settings(word));
        // This bank's CSV names neither account nor currency.
        let unnamed = [Spoiled::OtherAccount, Spoiled::OtherCurrency];
        let nothing = |spoiled| format == FileFormat::Csv && unnamed.contains(&spoiled);
        for spoiled in Spoiled::ALL.into_iter().filter(|spoiled| !nothing(*spoiled)) {
            let bytes = spoil(&file(format), (format, ACCOUNT), spoiled);
            assert_ne!(bytes, file(format), "{word} {spoiled:?}");
            let trouble = of_answer(&link, asked(DAY), &plain(bytes)).map_err(|nothing| nothing.trouble);
            match (format, spoiled) {
                // Nothing in such a file shows it: the next day's balance does, and the books know the account's currency.
                (FileFormat::Csv, Spoiled::LostRow) | (_, Spoiled::OtherCurrency) => {
                    assert!(trouble.is_ok(), "{word} {spoiled:?}");
                }
                (_, Spoiled::OtherAccount) => {
                    assert_eq!(trouble.unwrap_err(), PullTrouble::OtherAccount, "{word}");
                }
                _ => assert_eq!(trouble.unwrap_err(), PullTrouble::Unreadable, "{word} {spoiled:?}"),
            }
        }
    }
}

/// A transfer and the bank's taking it back, each told twice.
fn doubled_both_ways(numberless: bool, format: FileFormat) -> Vec<u8> {
    let mut bank = Bank::new(1, Habits { numberless, ..Habits::default() });
    bank.open(ACCOUNT, "华元财险").unwrap();
    let payer = Payer { name: "张三".to_owned(), account: "6222".to_owned() };
    let number = bank.arrive(ACCOUNT, (&payer, 10_000), "保费", NOON_US).unwrap().remove(0);
    bank.take_back(ACCOUNT, number, NOON_US).unwrap();
    let whole = statement(&bank, (ACCOUNT, DAY), format, NOON_US + 1).unwrap();
    spoil(&whole, (format, ACCOUNT), Spoiled::DoubledRows)
}

#[test]
fn doubles_that_come_to_nothing_are_proven_by_no_balance() {
    for (format, word) in FORMATS {
        let link = link(&settings(word));
        for numberless in [false, true] {
            let doubled = of_answer(&link, asked(DAY), &plain(doubled_both_ways(numberless, format)));
            assert_eq!(doubled.unwrap_err().trouble, PullTrouble::Unreadable, "{word} {numberless}");
        }
    }
}

#[test]
fn equal_rows_without_numbers_are_two_where_the_balance_needs_both() {
    let mut bank = Bank::new(1, Habits { numberless: true, ..Habits::default() });
    bank.open(ACCOUNT, "华元财险").unwrap();
    let payer = Payer { name: "张三".to_owned(), account: "6222".to_owned() };
    for _ in 0..2 {
        bank.arrive(ACCOUNT, (&payer, 10_000), "保费", NOON_US).unwrap();
    }
    for (format, word) in FORMATS {
        let bytes = statement(&bank, (ACCOUNT, DAY), format, NOON_US + 1).unwrap();
        let brought = of_answer(&link(&settings(word)), asked(DAY), &plain(bytes)).unwrap();
        assert_eq!(brought.statement.lines.len(), 2, "{word}");
    }
}

#[test]
fn where_the_bank_signs_a_file_without_its_signature_is_forged() {
    let (bank, stranger) = (Pair::generate().unwrap(), Pair::generate().unwrap());
    let signing = |pair: &Pair| tk_formats::keys::SigningKey::from_pem(&pair.private_pem).unwrap();
    let mut signed = settings("camt053");
    signed["direct_link"]["statement_key"] = json!(bank.public_pem);
    let link = link(&signed);
    let bytes = file(FileFormat::Camt053);
    let by = |pair: &Pair, bytes: &[u8]| Some(signing(pair).sign(bytes).unwrap());
    let trouble = |bytes: &[u8], signature: Option<String>| {
        of_answer(&link, asked(DAY), &Answer::File { bytes: bytes.to_vec(), signature })
            .map(drop)
            .map_err(|nothing| nothing.trouble)
    };
    assert_eq!(trouble(&bytes, by(&bank, &bytes)), Ok(()));
    assert_eq!(trouble(&bytes, None), Err(PullTrouble::Forged));
    assert_eq!(trouble(&bytes, Some("!!".to_owned())), Err(PullTrouble::Forged));
    assert_eq!(trouble(&bytes, by(&stranger, &bytes)), Err(PullTrouble::Forged));
    let mut changed = bytes.clone();
    let at = changed.iter().position(|byte| *byte == b'7').unwrap();
    changed[at] = b'9';
    assert_eq!(trouble(&changed, by(&bank, &bytes)), Err(PullTrouble::Forged));
}

#[test]
fn equal_rows_under_one_number_are_two_only_where_a_balance_says_so() {
    let head = "交易日期,借方发生额,贷方发生额,对方户名,对方账号,摘要,交易流水号\n";
    let row = "20261120,,1.00,张三,6222,保费,N1\n";
    let mut mapping = serde_json::to_value(tk_formats::bank::csv::profile("debit_credit").unwrap()).unwrap();
    mapping["balances"] = json!("kept");
    let mut unchecked = settings("csv");
    unchecked["csv_mapping"] = mapping;
    let link = link(&unchecked);
    let doubled = of_answer(&link, asked(DAY), &plain(format!("{head}{row}{row}").into_bytes())).unwrap_err();
    assert_eq!(doubled.trouble, PullTrouble::Unreadable);
    assert!(doubled.detail.contains("N1"), "{}", doubled.detail);
    let other = "20261120,,1.00,张三,6222,保费,N2\n";
    assert!(of_answer(&link, asked(DAY), &plain(format!("{head}{row}{other}").into_bytes())).is_ok());
}

#[test]
fn statuses_say_who_has_to_do_something() {
    for (status, trouble) in [
        (401, PullTrouble::TurnedAway),
        (404, PullTrouble::TurnedAway),
        (409, PullTrouble::NotYet),
        (500, PullTrouble::Unreachable),
        (302, PullTrouble::Unreachable),
    ] {
        let nothing = of_answer(&link(&settings("csv")), asked(DAY), &Answer::of_status(status)).unwrap_err();
        assert_eq!(nothing.trouble, trouble, "{status}");
    }
}
