//! Hostile and broken bank files: each is refused for the reason named, and nothing of it is kept.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failed step fails the test")]

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use tillkeeper_formats::bank::amount::{self, AmountError, NumberStyle};
use tillkeeper_formats::bank::csv::{self, Mapping};
use tillkeeper_formats::bank::pain001::{self, Version};
use tillkeeper_formats::bank::{
    BankError, Direction, Encoding, FILE_MAX_BYTES, LineKind, camt053, decode_text, mt940, pain002,
};

fn bill(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/bills").join(name);
    fs::read(path).expect(name)
}

fn text(name: &str) -> String {
    String::from_utf8(bill(name)).expect(name)
}

fn camt() -> String {
    text("camt.053.001.08.xml")
}

fn camt_error(text: &str) -> BankError {
    camt053::read_statements(text.as_bytes()).expect_err("refused")
}

#[test]
fn documents_with_types_entities_or_instructions_are_refused() {
    let bomb = "<!DOCTYPE Document [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>";
    for dtd in [
        "<!DOCTYPE Document SYSTEM \"file:///etc/passwd\">",
        "<!DOCTYPE Document [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>",
        "<!DOCTYPE Document PUBLIC \"a\" \"http://127.0.0.1/x\">",
        bomb,
    ] {
        let hostile = camt().replacen("<Document", &format!("{dtd}<Document"), 1);
        assert_eq!(camt_error(&hostile), BankError::DtdForbidden);
        let order = text("pain.001.001.03.xml").replacen("<Document", &format!("{dtd}<Document"), 1);
        assert_eq!(pain001::read_initiation(order.as_bytes()), Err(BankError::DtdForbidden));
        let report = text("pain.002.001.03.xml").replacen("<Document", &format!("{dtd}<Document"), 1);
        assert_eq!(pain002::read_report(report.as_bytes()), Err(BankError::DtdForbidden));
    }
    for reference in ["&x;", "&lol;", "&#0;", "&#x1F;", "&#xFFFFFF;"] {
        let hostile = camt().replacen("李四", reference, 1);
        assert!(
            matches!(camt_error(&hostile), BankError::XmlForbidden { what: "entities", .. }),
            "{reference}"
        );
    }
    let instructed = camt().replacen("<GrpHdr>", "<?php echo 1 ?><GrpHdr>", 1);
    assert!(matches!(camt_error(&instructed), BankError::XmlForbidden { .. }));
    let escaped = camt().replacen("李四", "A&amp;B&#20843;", 1);
    assert_eq!(camt053::read_statements(escaped.as_bytes()).unwrap()[0].lines[0].party_name, "A&B八");
}

#[test]
fn deep_wide_cut_and_doubled_documents_are_refused() {
    let deep =
        camt().replacen("<GrpHdr>", &format!("<GrpHdr>{}{}", "<a>".repeat(5_000), "</a>".repeat(5_000)), 1);
    assert!(matches!(camt_error(&deep), BankError::Limit { what: "depth", .. }));
    let long = camt().replacen("李四", &"长".repeat(600), 1);
    assert!(matches!(camt_error(&long), BankError::Limit { .. }));
    let whole = camt();
    for cut in (0..whole.len()).filter(|at| whole.is_char_boundary(*at)).step_by(37) {
        assert!(camt053::read_statements(&whole.as_bytes()[..cut]).is_err(), "cut at {cut}");
    }
    let amounts = "<Amt Ccy=\"CNY\">88.88</Amt>";
    for (once, twice) in [
        (amounts, "<Amt Ccy=\"CNY\">88.88</Amt><Amt Ccy=\"CNY\">1.00</Amt>"),
        ("<Sts><Cd>BOOK</Cd></Sts>", "<Sts><Cd>BOOK</Cd></Sts><Sts><Cd>PDNG</Cd></Sts>"),
        ("<Id>20261120-001</Id>", "<Id>20261120-001</Id><Id>x</Id>"),
    ] {
        let doubled = camt().replacen(once, twice, 1);
        assert!(matches!(camt_error(&doubled), BankError::Repeated { .. }), "{once}");
    }
    let attribute = camt().replacen("Ccy=\"CNY\"", "Ccy=\"CNY\" Ccy=\"USD\"", 1);
    assert!(matches!(camt_error(&attribute), BankError::Malformed { .. }));
    assert!(matches!(camt_error(&format!("{whole}<Document/>")), BankError::AfterEnd { .. }));
    assert_eq!(
        camt_error(&whole.replace("camt.053.001.08", "pain.001.001.08")),
        BankError::WrongKind("camt.053.001.")
    );
    // An element of another namespace is not ours, whatever its name.
    let foreign =
        camt().replacen(amounts, &format!("<Amt xmlns=\"urn:other\" Ccy=\"CNY\">1.00</Amt>{amounts}"), 1);
    assert_eq!(camt053::read_statements(foreign.as_bytes()).unwrap()[0].lines[1].amount_minor, 8_888);
}

#[test]
fn sums_currencies_and_fractions_of_statements_are_checked() {
    let other = camt().replacen("299088.28", "299088.29", 1);
    assert!(matches!(
        camt_error(&other),
        BankError::BalanceMismatch { expected_minor: 29_908_828, found_minor: 29_908_829, .. }
    ));
    let fraction = camt().replacen(">88.88<", ">88.885<", 1);
    assert!(matches!(camt_error(&fraction), BankError::Fraction { .. }));
    assert!(camt053::read_statements(camt().replacen(">88.88<", ">88.88000<", 1).as_bytes()).is_ok());
    for wrong in [
        "-88.88",
        "+88.88",
        "8,8.88",
        "88.",
        ".88",
        "8e1",
        "８８.88",
        "0",
        "0.00",
        "",
        "99999999999999999999",
    ] {
        let hostile = camt().replacen(">88.88<", &format!(">{wrong}<"), 1);
        assert!(matches!(camt_error(&hostile), BankError::Field { .. }), "{wrong}");
    }
    let dollars = camt().replacen("<Amt Ccy=\"CNY\">88.88", "<Amt Ccy=\"USD\">88.88", 1);
    assert!(matches!(camt_error(&dollars), BankError::Currency { .. }));
    let yen = camt().replace("CNY", "JPY");
    assert!(matches!(camt_error(&yen), BankError::Currency { .. }));
    let unbalanced = camt().replacen("<Cd>CLBD</Cd>", "<Cd>ITBD</Cd>", 1);
    assert!(matches!(camt_error(&unbalanced), BankError::Missing { what: "Bal", .. }));
    let pending = camt().replacen("<Sts><Cd>BOOK</Cd></Sts>", "<Sts><Cd>PDNG</Cd></Sts>", 1);
    let pending = pending.replacen("299088.28", "300088.28", 1);
    let statement = &camt053::read_statements(pending.as_bytes()).unwrap()[0];
    assert_eq!((statement.lines.len(), statement.pending_count), (2, 1));
}

#[test]
fn batches_and_reversals_of_statements_keep_their_sums() {
    let start = camt().find("<TxDtls>").unwrap();
    let end = camt().find("</NtryDtls>").unwrap();
    let detail = |amount: &str| camt()[start..end].replacen("1000.00", amount, 1);
    let batch = |first: &str, second: &str| {
        let mut text = camt();
        text.replace_range(start..end, &(detail(first) + &detail(second)));
        camt053::read_statements(text.as_bytes())
    };
    let lines = &batch("400.00", "600.00").unwrap()[0].lines;
    assert_eq!((lines[0].amount_minor, lines[1].amount_minor, lines.len()), (40_000, 60_000, 4));
    assert_ne!(lines[0].bank_ref, lines[1].bank_ref, "each payment of a batch can be told apart");
    assert_eq!(batch("400.00", "600.01"), Err(BankError::TotalMismatch("Ntry/Amt")));
    let returned = camt().replacen("<RmtInf><Ustrd>20261120", "<RtrInf/><RmtInf><Ustrd>20261120", 1);
    assert_eq!(camt053::read_statements(returned.as_bytes()).unwrap()[0].lines[1].kind, LineKind::Returned);
    let reversed = camt().replacen(
        "</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>",
        "</Amt><CdtDbtInd>CRDT</CdtDbtInd><RvslInd>true</RvslInd><Sts>",
        1,
    );
    let lines = camt053::read_statements(reversed.as_bytes()).unwrap().remove(0).lines;
    assert!(lines.iter().any(|line| line.kind == LineKind::Reversal && line.direction == Direction::Credit));
}

#[test]
fn declared_encodings_are_believed_and_checked() {
    let gbk = encoding_gbk(&camt());
    assert!(
        matches!(camt053::read_statements(&gbk), Err(BankError::Charset { .. })),
        "GBK where UTF-8 is declared"
    );
    let declared = encoding_gbk(&camt().replacen("encoding=\"UTF-8\"", "encoding='GBK'", 1));
    assert_eq!(camt053::read_statements(&declared).unwrap()[0].lines[0].party_name, "李四");
    let unknown = camt().replacen("UTF-8", "UTF-7", 1);
    assert_eq!(camt_error(&unknown), BankError::CharsetUnknown);
    assert_eq!(camt053::read_statements(b"\xFF\xFE<\0?\0"), Err(BankError::CharsetUnknown));
    let file = bill("bank_ccb_corp_shape.gbk.csv");
    assert!(matches!(decode_text(&file, Encoding::Utf8), Err(BankError::Charset { line: 1 })));
    assert!(decode_text(&file, Encoding::Auto).unwrap().contains("李四"));
    assert_eq!(decode_text(b"ok\n\x7fELF\x01", Encoding::Auto), Err(BankError::NotText { line: 2 }));
    assert_eq!(decode_text(b"a\nb\n\x81", Encoding::Gbk), Err(BankError::Charset { line: 3 }));
    assert_eq!(decode_text(&vec![b' '; FILE_MAX_BYTES + 1], Encoding::Auto), Err(BankError::TooLarge));
}

fn encoding_gbk(text: &str) -> Vec<u8> {
    encoding_rs::GBK.encode(text).0.into_owned()
}

fn mapping() -> Mapping {
    csv::profile("debit_credit").unwrap()
}

const HEADER: &str = "交易日期,借方发生额,贷方发生额,余额,摘要,流水号\n";

fn csv_of(rows: &str) -> Result<usize, BankError> {
    csv::read_statement(format!("{HEADER}{rows}").as_bytes(), &mapping())
        .map(|statement| statement.lines.len())
}

#[test]
fn broken_tables_name_their_line() {
    assert_eq!(csv_of("20261120,,1.00,1.00,a,1\n20261120,,2.00,3.00,b,2\n"), Ok(2));
    assert_eq!(csv_of("20261120,,2.00,3.00,b,2\n20261120,,1.00,1.00,a,1\n"), Ok(2), "newest first");
    let cases: [(&str, BankError); 14] = [
        (
            "20261120,,1.00,1.00,a,1\n20261120,,2.00,4.00,b,2\n",
            BankError::BalanceMismatch { line: 3, expected_minor: 300, found_minor: 400 },
        ),
        ("20261120,,1.001,1.00,a,1\n", BankError::Fraction { line: 2, what: "amount" }),
        ("20261120,1.00,1.00,1.00,a,1\n", BankError::Repeated { line: 2, what: "amount" }),
        ("20261120,0.00,,1.00,a,1\n", BankError::Missing { line: 2, what: "amount" }),
        ("20261120,,\"1,00.00\",1.00,a,1\n", BankError::Field { line: 2, what: "amount" }),
        ("20261120,,1e3,1.00,a,1\n", BankError::Field { line: 2, what: "amount" }),
        ("20261131,,1.00,1.00,a,1\n", BankError::Field { line: 2, what: "date" }),
        ("2026112,,1.00,1.00,a,1\n", BankError::Field { line: 2, what: "date" }),
        ("20261120,,1.00,1.00,a\n", BankError::CellCount { line: 2 }),
        ("20261120,,1.00,1.00,a,1,extra\n", BankError::CellCount { line: 2 }),
        ("20261120,,1.00,1.00,\"a,1\n", BankError::Truncated("closing quote")),
        ("20261120,,1.00,1.00,\"a\"b,1\n", BankError::Malformed { line: 2 }),
        ("合计,,1.00\n20261120,,1.00,1.00,a,1\n", BankError::AfterEnd { line: 3 }),
        ("20261120,,99999999999999999.99,1.00,a,1\n", BankError::Field { line: 2, what: "amount" }),
    ];
    for (rows, error) in cases {
        assert_eq!(csv_of(rows), Err(error), "{rows}");
    }
    let quoted = csv_of("20261120,,1.00,1.00,\"two\nlines \"\"and\"\" more\",1\n20261120,x,2.00,3.00,b,2\n");
    assert_eq!(quoted, Err(BankError::Field { line: 4, what: "amount" }), "lines inside quotes are counted");
    assert_eq!(csv::read_statement(b"a,b\n1,2\n", &mapping()), Err(BankError::Truncated("header")));
    let twice = "交易日期,交易日期,借方发生额,贷方发生额,余额\n";
    assert!(matches!(csv::read_statement(twice.as_bytes(), &mapping()), Err(BankError::Repeated { .. })));
}

#[test]
fn totals_reversals_and_other_accounts_of_tables_are_seen() {
    let file = decode_text(&bill("bank_cmb_debit_shape.gbk.csv"), Encoding::Auto).unwrap().into_owned();
    let cmb = csv::profile("cmb_debit").unwrap();
    let read = |text: &str| csv::read_statement(text.as_bytes(), &cmb);
    assert!(read(&file).is_ok());
    assert_eq!(read(&file.replace("1000.60", "1000.61")), Err(BankError::TotalMismatch("footer")));
    assert_eq!(read(&file.replace("2 笔", "3 笔")), Err(BankError::TotalMismatch("footer")));
    let cut = file.find("\"# 收入合计").unwrap();
    assert_eq!(read(&file[..cut]), Err(BankError::Truncated("footer total")));
    let rows = "20261120,,100.00,100.00,a,1\n20261120,,-100.00,0.00,冲正,2\n";
    let statement = csv::read_statement(format!("{HEADER}{rows}").as_bytes(), &mapping()).unwrap();
    let reversed = &statement.lines[1];
    assert_eq!(
        (reversed.direction, reversed.kind, reversed.amount_minor),
        (Direction::Debit, LineKind::Reversal, 10_000)
    );
    let flags = String::from_utf8(bill("bank_cn_signflag.utf8bom.csv")).unwrap();
    let mixed = flags.replacen("110902233410801\t,2026-11-20 10", "110902233410802\t,2026-11-20 10", 1);
    assert_eq!(
        csv::read_statement(mixed.as_bytes(), &csv::profile("sign_flag").unwrap()),
        Err(BankError::WrongAccount)
    );
    let unknown = flags.replacen("收入", "待定", 1);
    assert!(matches!(
        csv::read_statement(unknown.as_bytes(), &csv::profile("sign_flag").unwrap()),
        Err(BankError::Field { what: "flag", .. })
    ));
}

#[test]
fn mappings_that_cannot_work_are_refused() {
    type Spoil = fn(&mut Mapping);
    let spoiled: [(&str, Spoil); 7] = [
        ("separator", |mapping| mapping.separator = '1'),
        ("numbers", |mapping| mapping.numbers = NumberStyle { decimal: '.', thousands: Some('.') }),
        ("date", |mapping| mapping.date.patterns = vec!["yyyyMM".to_owned()]),
        ("date", |mapping| mapping.date.patterns = vec!["yyyy-MM-dd MM".to_owned()]),
        ("date", |mapping| mapping.date.patterns.clear()),
        ("balances", |mapping| mapping.balance.0.clear()),
        ("names", |mapping| mapping.remarks.0 = vec![String::new()]),
    ];
    for (what, spoil) in spoiled {
        let mut mapping = mapping();
        spoil(&mut mapping);
        assert_eq!(mapping.check(), Err(BankError::Mapping(what)));
        assert_eq!(csv::read_statement(HEADER.as_bytes(), &mapping), Err(BankError::Mapping(what)));
    }
    assert!(serde_json::from_str::<Mapping>("{\"date\":{\"names\":[\"a\"],\"patterns\":[]},\"amounts\":{\"signed\":{\"amount\":[\"b\"]}},\"fee\":1}").is_err());
}

fn mt(text: &str) -> Result<usize, BankError> {
    mt940::read_statements(text.as_bytes(), Encoding::Auto)
        .map(|all| all.iter().map(|one| one.lines.len()).sum())
}

#[test]
fn broken_swift_statements_are_refused() {
    let plain = text("mt940_plain.sta");
    assert_eq!(mt(&plain), Ok(3));
    let cases: [(&str, &str); 12] = [
        ("C88,88", "C88.88"),
        ("C88,88", "C88,881"),
        ("C88,88", "C0,00"),
        ("C88,88", "X88,88"),
        ("2611201120C", "2613201120C"),
        ("2611201120C", "2611201340C"),
        (":62F:C261120CNY299088,28", ":62F:C261120CNY299088,29"),
        (":62F:C261120CNY", ":62F:C261120USD"),
        (":25:CMBCCNBS/110902233410801", ":25:CMBCCNBS/1\r\n:25:CMBCCNBS/2"),
        (":28C:325/1", ":28C:x"),
        (":60F:C261119CNY300000,00\r\n", ""),
        ("NTRFALI", "ZTRFALI"),
    ];
    for (from, to) in cases {
        assert!(plain.contains(from), "{from}");
        assert!(mt(&plain.replacen(from, to, 1)).is_err(), "{to}");
    }
    let blocks = text("mt940_swift_blocks.txt");
    assert_eq!(mt(&blocks.replace("-}", "")), Err(BankError::Truncated("-}")));
    for end in ["\r\n:62F:", "\r\n:86:BANK"] {
        assert!(mt(&plain[..plain.find(end).unwrap()]).is_err(), "cut before {end}");
    }
    assert_eq!(mt("hello\n"), Err(BankError::WrongKind("MT940")));
    assert_eq!(mt(""), Err(BankError::Truncated(":62F:")));
}

#[test]
fn swift_pages_chain_and_reversals_turn_round() {
    let page = |first: &str, opening: &str, line: &str, last: &str, closing: &str| {
        format!(
            ":20:A\r\n:25:1\r\n:28C:7/1\r\n:60{first}:C261120CNY{opening}\r\n:61:{line}\r\n:62{last}:C261120CNY{closing}\r\n"
        )
    };
    let one = page("F", "10,", "261120C5,NTRFNONREF//R1", "M", "15,");
    let two = page("M", "15,", "261231 0101RC2,NTRFNONREF//R2".replace(' ', "").as_str(), "F", "13,");
    let all = mt940::read_statements(format!("{one}{two}").as_bytes(), Encoding::Utf8).unwrap();
    assert_eq!((all.len(), all[0].opening_minor, all[0].closing_minor), (1, Some(1_000), Some(1_300)));
    let reversed = &all[0].lines[1];
    assert_eq!((reversed.direction, reversed.kind), (Direction::Debit, LineKind::Reversal));
    assert_eq!(reversed.booked_day - reversed.value_day.unwrap(), 1, "booked after the new year");
    assert_eq!(mt(&one), Err(BankError::Truncated(":62F:")));
    assert_eq!(mt(&two), Err(BankError::Truncated(":60F:")));
    let gap = page("M", "14,", "261120D1,NTRFNONREF", "F", "13,");
    assert!(matches!(mt(&format!("{one}{gap}")), Err(BankError::BalanceMismatch { .. })));
    let gbk = encoding_gbk(&page("F", "0,", "261120C5,NTRFNONREF\r\n:86:?20投保款?32张三", "F", "5,"));
    let line = &mt940::read_statements(&gbk, Encoding::Gbk).unwrap()[0].lines[0];
    assert_eq!((line.party_name.as_str(), line.remark.as_str()), ("张三", "投保款"));
}

#[test]
fn payment_orders_that_do_not_add_up_are_refused() {
    let order = text("pain.001.001.09.xml");
    let read = |text: &str| pain001::read_initiation(text.as_bytes()).err();
    assert_eq!(
        read(&order.replacen("<NbOfTxs>3", "<NbOfTxs>4", 1)),
        Some(BankError::TotalMismatch("NbOfTxs"))
    );
    assert_eq!(read(&order.replacen("251000.51", "251000.52", 1)), Some(BankError::TotalMismatch("CtrlSum")));
    let twice = order.replace("P202611200002", "P202611200001");
    assert_eq!(read(&twice), Some(BankError::Unwritable("EndToEndId")));
    let mut initiation = pain001::read_initiation(order.as_bytes()).unwrap();
    initiation.batches[0].transfers[0].creditor_name = "甲<&>\"'".to_owned();
    let written = pain001::write_initiation(&initiation, Version::V09).unwrap();
    assert_eq!(pain001::read_initiation(&written).unwrap(), initiation);
    for (spoil, what) in [
        ((|order| order.message_id = "x".repeat(36)) as fn(&mut pain001::Initiation), "MsgId"),
        (|order| order.batches[0].transfers[0].amount_minor = 0, "InstdAmt"),
        (|order| order.batches[0].transfers[0].remittance = "a\nb".to_owned(), "RmtInf"),
        (|order| order.batches[0].transfers[0].cnaps = Some("12".to_owned()), "MmbId"),
        (|order| order.batches[0].debtor_bic = "bic".to_owned(), "DbtrAgt"),
        (|order| order.batches.clear(), "NbOfTxs"),
    ] {
        let mut spoiled = initiation.clone();
        spoil(&mut spoiled);
        assert_eq!(pain001::write_initiation(&spoiled, Version::V03), Err(BankError::Unwritable(what)));
    }
    initiation.batches[0].transfers[1].amount_minor = i64::MAX;
    assert_eq!(pain001::write_initiation(&initiation, Version::V03), Err(BankError::Overflow));
}

#[test]
fn numbers_are_read_in_their_declared_style_only() {
    let grouped = NumberStyle::POINT_GROUPED;
    for (text, minor) in [
        ("1,234,567.89", 123_456_789),
        ("0.1", 10),
        ("12", 1_200),
        ("1.00000", 100),
        ("-1,000.00", -100_000),
        ("+1", 100),
    ] {
        assert_eq!(amount::parse_signed(text, grouped), Ok(minor), "{text}");
    }
    for text in
        ["", "-", "1,23.00", "1,2345.00", ",123.00", "1,,234.00", "1.2.3", "1.", ".5", "1 000.00", "1.000000"]
    {
        assert_eq!(amount::parse_signed(text, grouped), Err(AmountError::Malformed), "{text}");
    }
    assert_eq!(amount::parse_signed("1,000.00", NumberStyle::POINT), Err(AmountError::Malformed));
    let german = NumberStyle { decimal: ',', thousands: Some('.') };
    assert_eq!(amount::parse_signed("1.234,50", german), Ok(123_450));
    assert_eq!(amount::parse_signed("1.005", grouped), Err(AmountError::Fraction));
    assert_eq!(amount::parse_signed("92233720368547758.08", grouped), Err(AmountError::TooLarge));
    assert_eq!(amount::parse_comma("300000,"), Ok(30_000_000));
    assert_eq!(amount::parse_comma("300000"), Err(AmountError::Malformed));
}

#[test]
fn very_many_rows_and_cells_are_refused() {
    let mut wide = HEADER.to_owned();
    wide.push_str(&"x,".repeat(200));
    assert!(matches!(
        csv::read_statement(wide.as_bytes(), &mapping()),
        Err(BankError::Limit { line: 2, .. })
    ));
    let long = format!("{HEADER}{}", "x".repeat(70_000));
    let refused = csv::read_statement(long.as_bytes(), &mapping());
    assert!(matches!(refused, Err(BankError::Limit { .. })), "{refused:?}");
    let mut preamble = String::new();
    for at in 0..100 {
        writeln!(preamble, "title {at}").unwrap();
    }
    let Err(error) = csv::read_statement((preamble + HEADER).as_bytes(), &mapping()) else {
        panic!("refused")
    };
    assert_eq!(error, BankError::Truncated("header"));
}
