//! What must hold for any input to the bank readers: exact round trips, and no panic anywhere.

use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;
use tillkeeper_formats::bank::amount::{self, NumberStyle};
use tillkeeper_formats::bank::pain001::{self, Batch, Booking, Initiation, Priority, Transfer, Version};
use tillkeeper_formats::bank::{Encoding, camt053, csv, mt940, pain002};

const CAMT: &str = include_str!("vectors/bills/camt.053.001.08.xml");
const MT940: &str = include_str!("vectors/bills/mt940_plain.sta");

fn transfer() -> impl Strategy<Value = Transfer> {
    let name = "[a-zA-Z0-9<>&\"'（）测试]{1,20}";
    (name, "[0-9]{8,30}", 1..1_000_000_000_i64, prop::option::of("[0-9]{12}"), "[a-z<&测 ]{0,20}").prop_map(
        |(creditor_name, creditor_account, amount_minor, cnaps, remittance)| Transfer {
            instruction_id: "I1".to_owned(),
            end_to_end_id: String::new(),
            amount_minor,
            creditor_name,
            creditor_account,
            creditor_bic: Some("ICBKCNBJXXX".to_owned()),
            cnaps,
            remittance: remittance.trim().to_owned(),
        },
    )
}

fn initiation() -> impl Strategy<Value = Initiation> {
    (vec(transfer(), 1..20), any::<bool>(), 0..40_000_i64, 0..2_000_000_000_i64).prop_map(
        |(mut transfers, high, execution_day, second)| {
            for (at, transfer) in transfers.iter_mut().enumerate() {
                transfer.end_to_end_id = format!("P{at}");
            }
            let batch = Batch {
                id: "B1".to_owned(),
                priority: if high { Priority::High } else { Priority::Normal },
                booking: if high { Booking::Batch } else { Booking::Single },
                execution_day,
                debtor_name: "测试".to_owned(),
                debtor_account: "110902233410801".to_owned(),
                currency: tk_money::Currency::Cny,
                debtor_bic: "CMBCCNBSXXX".to_owned(),
                transfers,
            };
            Initiation {
                message_id: "M1".to_owned(),
                created_at_us: second * 1_000_000,
                initiator: "测试".to_owned(),
                batches: vec![batch],
            }
        },
    )
}

proptest! {
    #[test]
    fn amounts_come_back_as_they_were_written(minor in any::<i64>()) {
        prop_assume!(minor != i64::MIN);
        let written = amount::format_minor(minor, '.');
        prop_assert_eq!(amount::parse_signed(&written, NumberStyle::POINT), Ok(minor));
    }

    #[test]
    fn orders_come_back_as_they_were_written(order in initiation()) {
        for version in [Version::V03, Version::V09] {
            let written = pain001::write_initiation(&order, version).expect("a fitting order is written");
            prop_assert_eq!(&pain001::read_initiation(&written).expect("what is written is read"), &order);
        }
    }

    /// A changed byte either is refused or leaves a statement that still balances.
    #[test]
    fn spoiled_statements_never_unbalance(at in 0..CAMT.len(), byte in any::<u8>()) {
        let mut bytes = CAMT.as_bytes().to_vec();
        bytes[at] = byte;
        for statement in camt053::read_statements(&bytes).unwrap_or_default() {
            let sum: i64 = statement.lines.iter().map(tillkeeper_formats::bank::Line::signed_minor).sum();
            prop_assert_eq!(statement.opening_minor.map(|opening| opening + sum), statement.closing_minor);
        }
        let mut bytes = MT940.as_bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        for statement in mt940::read_statements(&bytes, Encoding::Auto).unwrap_or_default() {
            let sum: i64 = statement.lines.iter().map(tillkeeper_formats::bank::Line::signed_minor).sum();
            prop_assert_eq!(statement.opening_minor.map(|opening| opening + sum), statement.closing_minor);
        }
    }

    #[test]
    fn tables_of_any_amounts_are_read_exactly(amounts in vec((1..1_000_000_000_i64, any::<bool>()), 1..50)) {
        let mut text = "交易日期,借方发生额,贷方发生额,余额,摘要\n".to_owned();
        let mut balance = 0_i64;
        for (minor, credit) in &amounts {
            balance += if *credit { *minor } else { -*minor };
            let amount = amount::format_minor(*minor, '.');
            let (debit, credit) = if *credit { ("", amount.as_str()) } else { (amount.as_str(), "") };
            writeln!(text, "20261120,{debit},{credit},{},\"x,\"\"y\"\"\"", amount::format_minor(balance, '.')).expect("text");
        }
        let mapping = csv::profile("debit_credit").expect("profile");
        let statement = csv::read_statement(text.as_bytes(), &mapping).expect("a sound table is read");
        let read: Vec<i64> = statement.lines.iter().map(tillkeeper_formats::bank::Line::signed_minor).collect();
        let written: Vec<i64> = amounts.iter().map(|(minor, credit)| if *credit { *minor } else { -*minor }).collect();
        prop_assert_eq!(read, written);
        prop_assert_eq!(statement.closing_minor, Some(balance));
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in vec(any::<u8>(), 0..300), text in "(:[0-9]{2}[A-Z]?:|[<>/&;\"=,C0-9NTRF\n-]){0,80}") {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            let _ = camt053::read_statements(bytes);
            let _ = mt940::read_statements(bytes, Encoding::Auto);
            let _ = pain001::read_initiation(bytes);
            let _ = pain002::read_report(bytes);
            for name in ["ccb_corporate", "cmb_debit", "debit_credit", "sign_flag"] {
                let _ = csv::read_statement(bytes, &csv::profile(name).expect("profile"));
            }
        }
    }
}
