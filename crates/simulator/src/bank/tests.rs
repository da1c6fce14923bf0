//! The bank's truth, its habits, and that each of its files tells what its books say.

use super::{Bank, BankRefusal, FileFormat, Habits, Nature, Payer, Slip, mistyped, statement};
use tk_formats::bank::{Direction, Encoding, LineKind, Statement, camt053, csv, mt940};

const ACCOUNT: &str = "110902233410801";
/// 2026-11-20 12:00 in Shanghai.
const NOON_US: i64 = 1_795_147_200_000_000;
const DAY_US: i64 = 86_400_000_000;
const DAY: i64 = (NOON_US + 8 * 3_600_000_000) / DAY_US;

fn payer() -> Payer {
    Payer { name: "张三".to_owned(), account: "6222020200012345678".to_owned() }
}

fn bank(habits: Habits) -> Bank {
    let mut bank = Bank::new(7, habits);
    bank.open(ACCOUNT, "华元财险").unwrap();
    bank
}

fn read(bank: &Bank, format: FileFormat, (day, now_us): (i64, i64)) -> Statement {
    let bytes = statement(bank, (ACCOUNT, day), format, now_us).unwrap();
    match format {
        FileFormat::Csv => csv::read_statement(&bytes, &csv::profile("debit_credit").unwrap()).unwrap(),
        FileFormat::Camt053 => camt053::read_statements(&bytes).unwrap().remove(0),
        FileFormat::Mt940 => mt940::read_statements(&bytes, Encoding::Auto).unwrap().remove(0),
    }
}

#[test]
fn every_file_tells_what_the_books_say() {
    let mut bank = bank(Habits::default());
    let first = bank.arrive(ACCOUNT, (&payer(), 10_000), "保费 1234", NOON_US).unwrap()[0];
    bank.arrive(ACCOUNT, (&payer(), 250), "谢谢", NOON_US + 1).unwrap();
    bank.take_back(ACCOUNT, first, NOON_US + 2).unwrap();
    let out = bank.send(ACCOUNT, (&payer(), 100), "退款", NOON_US + 3).unwrap();
    bank.come_back(ACCOUNT, out, NOON_US + 4).unwrap();
    assert_eq!(bank.take_back(ACCOUNT, first, NOON_US), Err(BankRefusal::NoBooking), "once");
    assert_eq!(bank.come_back(ACCOUNT, first, NOON_US), Err(BankRefusal::NoBooking), "it came in");
    assert_eq!(bank.send(ACCOUNT, (&payer(), 251), "", NOON_US), Err(BankRefusal::Amount));
    assert_eq!(bank.balance_fen(ACCOUNT), Ok(250));
    for format in [FileFormat::Csv, FileFormat::Camt053, FileFormat::Mt940] {
        let told = read(&bank, format, (DAY, NOON_US + DAY_US));
        let amounts: Vec<i64> = told
            .lines
            .iter()
            .map(
                |line| {
                    if line.direction == Direction::Debit { -line.amount_minor } else { line.amount_minor }
                },
            )
            .collect();
        assert_eq!(amounts, [10_000, 250, -10_000, -100, 100], "{format:?}");
        assert_eq!((told.opening_minor, told.closing_minor), (Some(0), Some(250)), "{format:?}");
        assert!(told.lines[0].remark.contains("1234"), "{format:?}");
        assert!(told.lines.iter().all(|line| line.bank_ref.starts_with("BR")), "{format:?}");
        if format != FileFormat::Csv {
            assert_eq!(told.lines[2].kind, LineKind::Reversal, "{format:?}");
            assert_eq!(told.lines[4].kind, LineKind::Returned, "{format:?}");
        }
    }
}

#[test]
fn late_items_come_on_the_next_day_and_balances_follow_on() {
    let mut bank = bank(Habits { late_ppm: 1_000_000, ..Habits::default() });
    bank.arrive(ACCOUNT, (&payer(), 500), "1", NOON_US).unwrap();
    bank.habits = Habits::default();
    bank.arrive(ACCOUNT, (&payer(), 70), "2", NOON_US + 1).unwrap();
    let today = read(&bank, FileFormat::Camt053, (DAY, NOON_US + 2));
    assert_eq!((today.lines.len(), today.closing_minor), (1, Some(70)));
    let next = read(&bank, FileFormat::Camt053, (DAY + 1, NOON_US + 2 * DAY_US));
    assert_eq!((next.lines.len(), next.opening_minor, next.closing_minor), (1, Some(70), Some(570)));
}

#[test]
fn habits_happen_by_the_dice_and_change_no_sum() {
    let habits =
        Habits { split_ppm: 500_000, mistyped_ppm: 500_000, reversed_ppm: 200_000, ..Habits::default() };
    let run = || {
        let mut bank = bank(habits);
        for at in 0..200 {
            bank.arrive(ACCOUNT, (&payer(), 1_000), "1234 5678", NOON_US + at).unwrap();
        }
        bank.bookings(ACCOUNT).unwrap().to_vec()
    };
    let rows = run();
    assert_eq!(rows, run(), "the same seed does the same");
    let plain: i64 = rows.iter().filter(|row| row.nature == Nature::Plain).map(|row| row.signed_fen).sum();
    assert_eq!(plain, 200_000);
    assert!(rows.iter().any(|row| row.reverses.is_some()) && rows.iter().any(|row| row.remark.is_empty()));
    assert_eq!(mistyped("1234 5678", Slip::Dash), "1234-5678");
    assert_eq!(mistyped("1234", Slip::FullWidth), "１２３４");
    assert_eq!(mistyped("1123", Slip::Swapped), "1213");
}
