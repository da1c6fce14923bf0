//! Hostile and broken files: each is refused for the reason named.

use tillkeeper_formats::archive::{ArchiveError, Entry, Limits, write_archive};
use tillkeeper_formats::unionpay::batch::{self, BatchError, ResultFile};
use tillkeeper_formats::unionpay::content::{self, ContentError};
use tillkeeper_formats::unionpay::settlement::{self, SettlementError, Signed, TradeRow};

use crate::desk::{AT_US, bytes_of};

const ZM: &str = "INN26112088ZM_777290058110048";

#[test]
fn contents_are_refused_when_damaged_cut_off_or_bombs() {
    let packed = content::pack(b"20261121000001|156|10").unwrap();
    assert_eq!(content::unpack("%%", 100), Err(ContentError::NotBase64));
    assert_eq!(content::unpack("AAAA", 100), Err(ContentError::Damaged));
    assert_eq!(content::unpack("", 100), Err(ContentError::Truncated));
    assert_eq!(content::unpack(&packed, 20), Err(ContentError::TooLarge));
    assert_eq!(content::unpack(&packed, 21).unwrap().len(), 21);
    let chunks = packed.len() / 4;
    for cut in 1..chunks {
        let read = content::unpack(&packed[..cut * 4], 100);
        assert!(matches!(read, Err(ContentError::Truncated | ContentError::Damaged)), "{cut}: {read:?}");
    }
    assert_eq!(content::unpack(&packed[..chunks / 2 * 4], 100), Err(ContentError::Truncated));
    let bomb = content::pack(&vec![b'0'; 32 << 20]).unwrap();
    assert!(bomb.len() < 64 * 1024);
    assert_eq!(content::unpack(&bomb, usize::MAX), Err(ContentError::TooLarge));
}

#[test]
fn bytes_after_the_stream_are_refused() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let mut bytes = STANDARD.decode(content::pack(b"x").unwrap()).unwrap();
    bytes.push(0);
    assert_eq!(content::unpack(&STANDARD.encode(bytes), 100), Err(ContentError::Damaged));
}

#[test]
fn batch_files_must_agree_with_their_heads() {
    let read = |text: &str| batch::read_request(text.as_bytes());
    let rows = "orderId|txnAmt\n1|10\n2|10\n";
    assert_eq!(read(&format!("5.0.0|20|2||\n{rows}")).unwrap().table.rows.len(), 2);
    assert_eq!(read(&format!("5.0.0|21|2||\n{rows}")), Err(BatchError::Total("totalAmount")));
    assert_eq!(read(&format!("5.0.0|20|3||\n{rows}")), Err(BatchError::Total("totalNumber")));
    assert_eq!(read(&format!("5.0.0|20|2|\n{rows}")), Err(BatchError::Head));
    assert_eq!(read("5.0.0|20|2||"), Err(BatchError::Head));
    assert_eq!(read("5.0.0|0|0||\norderId|orderId\n"), Err(BatchError::Titles));
    assert_eq!(read("5.0.0|10|1||\norderId|txnAmt\n1|10|\n"), Err(BatchError::CellCount { line: 3 }));
    assert_eq!(read("5.0.0|10|1||\norderId|txnAmt\n1|10.0\n"), Err(BatchError::Amount { line: 3 }));
    assert_eq!(read("5.0.0|-1|1||\norderId|txnAmt\n1|10\n"), Err(BatchError::Head));
    assert_eq!(batch::read_request(b"\xff"), Err(BatchError::NotUtf8));
    let mut file = read(&format!("5.0.0|20|2||\n{rows}")).unwrap();
    file.table.rows[0][0] = "1|2".to_owned();
    assert_eq!(batch::write_request(&file), Err(BatchError::Unwritable));
}

#[test]
fn batch_results_are_whole_refusals_or_rows_with_right_totals() {
    let refused = ResultFile::Refused { code: "12".to_owned(), message: "重复批次".to_owned() };
    assert_eq!(batch::read_result("respCode|respMsg\n12|重复批次\n".as_bytes()), Ok(refused.clone()));
    assert_eq!(batch::read_result("12|重复批次".as_bytes()), Ok(refused));
    let rows = "respCode|txnAmt\n00|10\n51|10\n";
    let with = |head: &str| batch::read_result(format!("{head}\n{rows}").as_bytes());
    assert!(with("5.0.0|20|2|||10|1||").is_ok());
    assert_eq!(with("5.0.0|20|2|||20|1||"), Err(BatchError::Total("successAmount")));
    assert_eq!(with("5.0.0|20|2|||10|2||"), Err(BatchError::Total("successCount")));
}

fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let entries: Vec<_> = entries
        .iter()
        .map(|(name, bytes)| Entry { name: (*name).to_owned(), bytes: bytes.to_vec() })
        .collect();
    write_archive(&entries, AT_US).unwrap()
}

fn read_zm(bytes: &[u8]) -> Result<settlement::SettlementFile, SettlementError> {
    settlement::read_zip(&zipped(&[(ZM, bytes)]), &Limits::default())
}

#[test]
fn records_are_refused_when_cut_shifted_or_of_others() {
    let genuine = bytes_of("bills/unionpay_INN26112088ZM_777290058110048");
    assert_eq!(read_zm(&genuine).unwrap().trades.len(), 4);
    assert_eq!(read_zm(&genuine[..genuine.len() - 2]), Err(SettlementError::Truncated));
    assert_eq!(read_zm(&genuine[..609 + 100]), Err(SettlementError::Truncated));
    let mut short = genuine.clone();
    short.remove(0);
    assert_eq!(read_zm(&short), Err(SettlementError::Length { line: 1 }));
    let mut shifted = genuine.clone();
    shifted[609 + 65] = b'0';
    assert_eq!(read_zm(&shifted), Err(SettlementError::Separator { line: 2, column: "txn_amt" }));
    let mut letters = genuine.clone();
    letters[66] = b'x';
    assert_eq!(read_zm(&letters), Err(SettlementError::Cell { line: 1, column: "txn_amt" }));
    let mut side = genuine.clone();
    side[166] = b'X';
    assert_eq!(read_zm(&side), Err(SettlementError::Cell { line: 1, column: "fee" }));
    let mut broken = genuine.clone();
    broken[112] = 0xff;
    assert_eq!(read_zm(&broken), Err(SettlementError::Cell { line: 1, column: "order_id" }));
    let mut other = genuine.clone();
    other[293] = b'8';
    assert_eq!(read_zm(&other), Err(SettlementError::MerchantForeign { line: 1 }));
    let mut edition = genuine.clone();
    for at in [508, 541, 555] {
        edition[at] = b'9';
    }
    assert_eq!(read_zm(&edition).unwrap().trades[0].amount_fen, 1000);
}

#[test]
fn archives_must_hold_one_set_of_files_of_one_merchant_and_day() {
    let zm = bytes_of("bills/unionpay_INN26112088ZM_777290058110048");
    let read = |entries: &[(&str, &[u8])]| settlement::read_zip(&zipped(entries), &Limits::default());
    assert_eq!(read(&[]), Err(SettlementError::EntryMissing("ZM")));
    assert_eq!(read(&[("INN26112088ZM_../1", &zm)]), Err(SettlementError::EntryMissing("ZM")));
    let twice = read(&[(ZM, &zm), ("INN26112188ZM_777290058110048", &zm)]);
    assert_eq!(twice, Err(SettlementError::EntryMissing("ZM")));
    let other_day = read(&[(ZM, &zm), ("INN26112188ZME_777290058110048", b"")]);
    assert_eq!(other_day, Err(SettlementError::NamesDiffer));
    assert_eq!(
        read(&[(ZM, &zm), ("RD201026112001_777290058110048", b"\xff\xff")]),
        Err(SettlementError::Summary)
    );
    assert!(read(&[(ZM, &zm), ("PED_777290058110048", b"x")]).is_ok());
    let bomb = zipped(&[(ZM, &vec![b'0'; 8 << 20])]);
    let refused = settlement::read_zip(&bomb, &Limits::default());
    assert_eq!(refused, Err(SettlementError::Archive(ArchiveError::Limit("expansion ratio"))));
    let whole = bytes_of("bills/unionpay_777290058110048_1120_00.zip");
    for cut in 0..whole.len() {
        assert!(settlement::read_zip(&whole[..cut], &Limits::default()).is_err(), "cut at {cut}");
    }
}

#[test]
fn rows_that_do_not_fit_their_columns_are_not_written() {
    let row =
        |texts: &[(&'static str, &str)]| TradeRow::new(texts, 100, Signed::Debit(1), Signed::Credit(99));
    let base = [("query_id", "202611201000011234568"), ("mer_id", "777290058110048")];
    let made = row(&base).unwrap();
    assert_eq!((made.amount_fen, made.net), (100, Signed::Credit(99)));
    assert_eq!(row(&[("no_such", "1")]), Err(SettlementError::Unwritable("no_such")));
    assert!(matches!(row(&base[..1]), Err(SettlementError::Cell { column: "mer_id", .. })));
    let file = |order: &str| settlement::SettlementFile {
        mer_id: "777290058110048".to_owned(),
        day: "261120".to_owned(),
        trades: vec![row(&[base[0], base[1], ("order_id", order)]).unwrap()],
        errors: Vec::new(),
        summary: None,
    };
    assert!(settlement::write_zip(&file("T1"), AT_US).is_ok());
    for order in ["x".repeat(33), "a\nb".to_owned(), "😀".to_owned()] {
        let refused = settlement::write_zip(&file(&order), AT_US);
        assert_eq!(refused, Err(SettlementError::Unwritable("order_id")), "{order:?}");
    }
}
