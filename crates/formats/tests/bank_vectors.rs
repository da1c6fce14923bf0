//! Every file of the bank vectors: one day of one account and one batch of payments, in each format.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failed step fails the test")]

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tillkeeper_formats::bank::amount::{NumberStyle, parse_unsigned};
use tillkeeper_formats::bank::pain001::{self, Initiation, Version};
use tillkeeper_formats::bank::pain002::{self, Meaning};
use tillkeeper_formats::bank::{Direction, Encoding, LineKind, Statement, camt053, csv, mt940};

const DAY: i64 = 20_777; // 2026-11-20

fn bytes_of(name: &str) -> Vec<u8> {
    fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name)).expect(name)
}

fn bill(name: &str) -> Vec<u8> {
    bytes_of(&format!("bills/{name}"))
}

fn vector() -> Value {
    serde_json::from_slice(&bytes_of("bank_files.json")).unwrap()
}

fn fen(value: &Value) -> i64 {
    parse_unsigned(value.as_str().unwrap(), NumberStyle::POINT).unwrap()
}

/// What a format can carry: MT940 has neither Chinese names nor references for charges.
struct Carries {
    names: bool,
    bank_refs: bool,
    end_to_end_ids: bool,
}

fn check_day(statement: &Statement, carries: &Carries) {
    let vector = vector();
    let expected = &vector["statement"];
    assert_eq!(statement.opening_minor, Some(fen(&expected["opening"])));
    assert_eq!(statement.closing_minor, Some(fen(&expected["closing"])));
    assert_eq!(statement.currency.code(), expected["currency"]);
    let entries = expected["entries"].as_array().unwrap();
    assert_eq!(statement.lines.len(), entries.len());
    for (line, entry) in statement.lines.iter().zip(entries) {
        assert_eq!(line.amount_minor, fen(&entry["amount"]));
        let credit = entry["cd"] == "CRDT";
        assert_eq!(line.direction, if credit { Direction::Credit } else { Direction::Debit });
        assert_eq!((line.kind, line.booked_day), (LineKind::Plain, DAY));
        if carries.names {
            assert_eq!(line.party_name, entry["party"].as_str().unwrap_or_default());
            assert!(line.remark.contains(entry["remittance"].as_str().unwrap()));
        }
        if carries.bank_refs {
            assert!(line.bank_ref.ends_with(entry["bank_ref"].as_str().unwrap()));
        }
        if carries.end_to_end_ids {
            let id = entry["end_to_end_id"].as_str().unwrap();
            assert_eq!(line.end_to_end_id, if id == "NOTPROVIDED" { "" } else { id });
        }
    }
}

#[test]
fn every_statement_says_the_same_day() {
    let iso = Carries { names: true, bank_refs: true, end_to_end_ids: true };
    for name in ["camt.053.001.02.xml", "camt.053.001.08.xml"] {
        let statements = camt053::read_statements(&bill(name)).expect(name);
        assert_eq!((statements.len(), statements[0].sequence), (1, Some(325)));
        assert_eq!(statements[0].account, "110902233410801");
        check_day(&statements[0], &iso);
    }
    let swift = Carries { names: false, bank_refs: true, end_to_end_ids: true };
    for name in ["mt940_plain.sta", "mt940_swift_blocks.txt"] {
        let statements = mt940::read_statements(&bill(name), Encoding::Auto).expect(name);
        assert_eq!((statements.len(), statements[0].sequence), (1, Some(325)));
        assert_eq!(statements[0].account, "110902233410801");
        assert_eq!(statements[0].lines[0].party_name, "LI SI");
        assert_eq!(statements[0].lines[1].remark, "20261120 SETTLEMENT");
        check_day(&statements[0], &swift);
    }
    println!("4 statements in ISO 20022 and MT940");
}

#[test]
fn every_csv_says_the_same_day() {
    let cases = [
        ("bank_ccb_corp_shape.gbk.csv", "ccb_corporate", true, true, "110902233410801"),
        ("bank_cn_debit_credit.gbk.csv", "debit_credit", true, true, ""),
        ("bank_cn_signflag.utf8bom.csv", "sign_flag", true, true, "110902233410801"),
        ("bank_cmb_debit_shape.gbk.csv", "cmb_debit", false, false, ""),
    ];
    for (name, profile, names, bank_refs, account) in cases {
        let mapping = csv::profile(profile).expect(profile);
        let statement = csv::read_statement(&bill(name), &mapping).expect(name);
        assert_eq!(statement.account, account, "{name}");
        check_day(&statement, &Carries { names, bank_refs, end_to_end_ids: false });
    }
    let timed =
        csv::read_statement(&bill("bank_cmb_debit_shape.gbk.csv"), &csv::profile("cmb_debit").unwrap());
    let at_us = DAY * 86_400_000_000 + (9 * 3600 + 35 * 60 + 12 - 8 * 3600) * 1_000_000;
    assert_eq!(timed.unwrap().lines[0].booked_at_us, Some(at_us));
    println!("4 statements in CSV");
}

fn initiation(name: &str) -> Initiation {
    pain001::read_initiation(&bill(name)).expect(name)
}

#[test]
fn payment_orders_are_read_and_written_the_same() {
    let vector = vector();
    for (name, version) in [("pain.001.001.03.xml", Version::V03), ("pain.001.001.09.xml", Version::V09)] {
        let read = initiation(name);
        let payments = vector["payments"].as_array().unwrap();
        assert_eq!(read.count(), payments.len());
        for (transfer, payment) in read.batches[0].transfers.iter().zip(payments) {
            assert_eq!(transfer.end_to_end_id, payment["end_to_end_id"]);
            assert_eq!(transfer.amount_minor, fen(&payment["amount"]));
            assert_eq!(transfer.creditor_name, payment["name"]);
            assert_eq!(transfer.creditor_account, payment["account"]);
            assert_eq!(transfer.creditor_bic.as_deref(), payment["bic"].as_str());
            assert_eq!(transfer.cnaps.as_deref(), payment["cnaps"].as_str());
            assert_eq!(transfer.remittance, payment["remittance"]);
        }
        let written = pain001::write_initiation(&read, version).unwrap();
        assert_eq!(pain001::read_initiation(&written).unwrap(), read);
        // Blanks between elements aside, the writer makes the very bytes that the schema was checked with.
        let squeezed = |bytes: &[u8]| -> String {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            text.lines().map(str::trim).collect()
        };
        assert_eq!(squeezed(&written), squeezed(&bill(name)));
    }
}

#[test]
fn status_reports_say_what_became_of_each_transfer() {
    let vector = vector();
    for name in ["pain.002.001.03.xml", "pain.002.001.12.xml"] {
        let report = pain002::read_report(&bill(name)).expect(name);
        assert_eq!(report.original_message_id, "BATCH20261120001");
        for (id, expected) in vector["pain002_expected"].as_object().unwrap() {
            let meaning = match expected.as_str().unwrap() {
                "succeeded" => Meaning::Succeeded,
                "failed" => Meaning::Failed,
                _ => Meaning::Processing,
            };
            assert_eq!(report.meaning_of(id), Some(meaning), "{name} {id}");
        }
        assert_eq!(report.meaning_of("P202611200009"), None, "a transfer not named keeps its status");
        let failed = report.batches[0].transfers[1].status.as_ref().unwrap();
        assert_eq!((failed.reason.as_str(), failed.information.as_str()), ("AC01", "收款账号不存在"));
    }
}

#[test]
fn every_file_of_the_vectors_is_read_here() {
    let listed: Vec<String> = vector()["files"].as_object().unwrap().keys().cloned().collect();
    let source = include_str!("bank_vectors.rs");
    for name in &listed {
        assert!(source.contains(name.as_str()), "{name} is read by no test");
    }
    println!("{} files", listed.len());
}
