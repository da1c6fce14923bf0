//! Every case of the Alipay vectors, read and written.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a failed step fails the test"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tillkeeper_formats::alipay::bill::{self, FundBill, Limits, TradeBill};
use tillkeeper_formats::alipay::keys::{SignatureError, SigningKey, VerifyingKey};
use tillkeeper_formats::alipay::notify::{self, Notice, NotifyError, TradeStatus};
use tillkeeper_formats::alipay::params::{self, Params};
use tillkeeper_formats::alipay::request::{self, Call, CertSerials, Envelope};
use tillkeeper_formats::alipay::response::{self, PlatformKeys, ResponseError};
use tillkeeper_formats::alipay::{Charset, amount, cert, time};

fn vector_path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name)
}

fn bytes_of(name: &str) -> Vec<u8> {
    fs::read(vector_path(name)).expect(name)
}

fn text_of(name: &str) -> String {
    String::from_utf8(bytes_of(name)).expect(name)
}

fn vector(name: &str) -> Value {
    serde_json::from_str(&text_of(name)).expect(name)
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}"))
}

fn signing_key(name: &str) -> SigningKey {
    SigningKey::from_pem(&text_of(&format!("keys/{name}.pem"))).expect(name)
}

fn public_key(name: &str) -> VerifyingKey {
    VerifyingKey::from_public_pem(&text_of(&format!("keys/{name}.pub.pem"))).expect(name)
}

fn params_of(case: &Value) -> Params {
    let mut params = Params::new();
    for (name, value) in case["params"].as_object().expect("params") {
        params.insert(name, value.as_str().expect("text")).expect(name);
    }
    params
}

/// Runs every case of a vector file and reports how many there were.
fn each_case(file: &str, expected: usize, mut run: impl FnMut(&Value)) {
    let vector = vector(file);
    let cases = vector["cases"].as_array().expect("cases");
    for case in cases {
        run(case);
    }
    println!("{file}: {} cases", cases.len());
    assert_eq!(cases.len(), expected, "{file}");
}

#[test]
fn every_request_is_signed_as_the_sdks_sign_it() {
    let keys = [signing_key("alipay_app.pkcs8"), signing_key("alipay_app.pkcs1")];
    let public = public_key("alipay_app");
    each_case("alipay_request_sign.json", 12, |case| {
        let given = params_of(case);
        assert_eq!(params::request_string(&given), text(case, "string_to_sign"));
        let call = Call {
            method: text(&case["params"], "method").to_owned(),
            biz_content: serde_json::from_str(given.get("biz_content").unwrap()).unwrap(),
            notify_url: given.get("notify_url").map(str::to_owned),
            return_url: given.get("return_url").map(str::to_owned),
            app_auth_token: given.get("app_auth_token").map(str::to_owned),
        };
        let envelope = Envelope {
            app_id: given.get("app_id").unwrap().to_owned(),
            charset: Charset::Utf8,
            timestamp_us: time::parse_us(given.get("timestamp").unwrap()).unwrap(),
            serials: given.get("app_cert_sn").map(|serial| CertSerials {
                app_cert_sn: serial.to_owned(),
                alipay_root_cert_sn: given.get("alipay_root_cert_sn").unwrap().to_owned(),
            }),
        };
        for key in &keys {
            let signed = request::sign_request(&envelope, &call, key).unwrap();
            assert_eq!(signed.get("sign"), Some(text(case, "signature")));
            assert_eq!(request::form_body(&signed).unwrap(), text(case, "urlencoded_body"));
        }
        let received =
            params::parse_urlencoded(text(case, "urlencoded_body").as_bytes(), Charset::Utf8).unwrap();
        let verified = request::verify_request(&received, &public).unwrap();
        assert_eq!((verified.call, verified.envelope), (call, envelope));
    });
}

#[test]
fn every_response_is_verified_over_its_raw_bytes_and_written_back() {
    let key = signing_key("alipay_platform.pkcs8");
    let by_key = PlatformKeys::PublicKey(public_key("alipay_platform"));
    let serial = cert::serial_number(&text_of("keys/alipay_platform.cer.pem")).unwrap();
    let certificate = VerifyingKey::from_certificate_pem(&text_of("keys/alipay_platform.cer.pem")).unwrap();
    let by_serial = PlatformKeys::Certificates(BTreeMap::from([(serial.clone(), certificate)]));
    each_case("alipay_response_verify.json", 9, |case| {
        let body = text(case, "body").as_bytes();
        let Some(node) = case["node"].as_str() else {
            let refused = response::decode("alipay.trade.query", body, Charset::Utf8, &by_key);
            assert!(matches!(refused, Err(ResponseError::UnsignedError { .. })), "{refused:?}");
            return;
        };
        let method = node.strip_suffix("_response").unwrap().replace('_', ".");
        let answer = response::decode(&method, body, Charset::Utf8, &by_key);
        if case["valid"] == false {
            assert_eq!(answer, Err(ResponseError::Signature(SignatureError::Mismatch)));
            return;
        }
        let expected: Value = serde_json::from_str(text(case, "signed_content")).unwrap();
        let answer = answer.unwrap();
        assert_eq!(Value::Object(answer.node.clone()), expected);
        assert_eq!(answer.code, text(&expected, "code"));
        let with_serial = text(case, "body").contains("alipay_cert_sn");
        let checked = response::decode(&method, body, Charset::Utf8, &by_serial);
        assert_eq!(checked.is_ok(), with_serial);
        let written =
            response::encode(&method, &expected, &key, with_serial.then_some(serial.as_str()), Charset::Utf8);
        // The writer never escapes slashes, so only bodies without escapes come back byte for byte.
        let written = written.unwrap();
        if !text(case, "body").contains("\\/") {
            assert_eq!(String::from_utf8_lossy(&written), text(case, "body"));
        }
        assert_eq!(response::decode(&method, &written, Charset::Utf8, &by_key), Ok(answer));
    });
}

#[test]
fn every_notification_is_verified_and_written_back() {
    let (key, public) = (signing_key("alipay_platform.pkcs8"), public_key("alipay_platform"));
    each_case("alipay_notify.json", 6, |case| {
        let body = text(case, "form_body").as_bytes();
        let given = params_of(case);
        assert_eq!(params::notify_string(&given), text(case, "string_to_sign"));
        let read = notify::decode(body, None, &public);
        if case["valid"] == false {
            assert_eq!(read, Err(NotifyError::Signature(SignatureError::Mismatch)));
            return;
        }
        let read = read.unwrap();
        assert_eq!(read.params, given);
        assert_eq!(notify::encode(&given, &key).unwrap(), body);
        match read.notice {
            Notice::Trade(trade) => {
                assert_eq!(trade.trade_status.word(), given.get("trade_status").unwrap());
                assert_eq!(amount::format_fen(trade.total_amount_fen), given.get("total_amount").unwrap());
                assert_eq!(trade.gmt_refund_us.is_some(), given.get("gmt_refund").is_some());
                assert_eq!(trade.refund_fee_fen.map(amount::format_fen).as_deref(), given.get("refund_fee"));
            }
            Notice::Message(message) => {
                assert_eq!(message.msg_method, given.get("msg_method").unwrap());
                assert_eq!(message.sent_at_us, 1_795_233_665_000_000);
                assert_eq!(message.biz_content["status"], "SUCCESS");
            }
            Notice::Other { notify_type } => panic!("{notify_type}"),
        }
    });
    assert_eq!(TradeStatus::parse("TRADE_SUCCESS"), Some(TradeStatus::Success));
}

#[test]
fn every_certificate_serial_is_computed_as_the_sdks_compute_it() {
    each_case("alipay_cert_sn.json", 3, |case| {
        let pem = text_of(text(case, "file"));
        let serial =
            if case["root"] == true { cert::root_serial_number(&pem) } else { cert::serial_number(&pem) };
        assert_eq!(serial.unwrap(), text(case, "sn"));
    });
}

fn expected_trade_cells(bill: &TradeBill) -> Vec<Value> {
    let columns = vector("alipay_bills.json")["trade_columns"].as_array().unwrap().clone();
    cells_by_column(&bill::trade::write_detail(bill).unwrap(), &columns)
}

/// Reads the written file with nothing but a split, so that the reader is not its own witness.
fn cells_by_column(file: &[u8], columns: &[Value]) -> Vec<Value> {
    let text = Charset::Gbk.decode(file).unwrap().into_owned();
    let lines = text.lines().filter(|line| !line.starts_with('#')).skip(1);
    lines
        .map(|line| {
            let cells = line.split(',').map(|cell| Value::from(cell.trim_matches('\t')));
            columns.iter().map(|column| column.as_str().unwrap().to_owned()).zip(cells).collect()
        })
        .collect()
}

#[test]
fn the_trade_bill_reads_as_expected_and_writes_back_byte_for_byte() {
    let vector = vector("alipay_bills.json");
    let zip = bytes_of("bills/alipay_trade_20261120.csv.zip");
    let bill = bill::trade::read_zip(&zip, &Limits::default()).unwrap();
    assert_eq!(bill.rows.len(), 4);
    assert_eq!(bill.head.account, "20881011179556110156");
    assert_eq!(bill.head.to_us - bill.head.from_us, 86_400_000_000);
    assert_eq!(bill.rows.iter().map(bill::TradeRow::directed_received_fen).sum::<i64>(), 8899);
    assert_eq!(Value::Array(expected_trade_cells(&bill)), vector["expected_trade_rows"]);
    let detail = bytes_of("bills/alipay_trade_detail.gbk.csv");
    let summary = bytes_of("bills/alipay_trade_summary.gbk.csv");
    assert_eq!(bill::trade::read_detail(&detail).unwrap(), bill);
    assert_eq!(bill::trade::write_detail(&bill).unwrap(), detail);
    assert_eq!(bill::trade::write_summary(&bill).unwrap(), summary);
    bill::trade::check_summary(&bill, &summary).unwrap();
    let written = bill::trade::write_zip(&bill).unwrap();
    assert_eq!(bill::trade::read_zip(&written, &Limits::default()).unwrap(), bill);
    let entries = bill::read_archive(&zip, &Limits::default()).unwrap();
    assert_eq!(bill::read_archive(&written, &Limits::default()).unwrap(), entries);
    let names: Vec<_> = entries.iter().map(|entry| Value::from(entry.name.as_str())).collect();
    assert_eq!(Value::Array(names), vector["zip_entry_names"]["trade"]);
    assert_gbk_names(&written, "业务明细");
}

#[test]
fn the_fund_bill_reads_as_expected_and_writes_back_byte_for_byte() {
    let vector = vector("alipay_bills.json");
    let zip = bytes_of("bills/alipay_signcustomer_20261120.csv.zip");
    let bill: FundBill = bill::fund::read_zip(&zip, &Limits::default()).unwrap();
    assert_eq!(bill.rows.len(), 3);
    assert_eq!(bill.rows.iter().map(bill::FundRow::change_fen).sum::<i64>(), 7947);
    let detail = bytes_of("bills/alipay_signcustomer_detail.gbk.csv");
    assert_eq!(bill::fund::read_detail(&detail).unwrap(), bill);
    let written_detail = bill::fund::write_detail(&bill).unwrap();
    assert_eq!(written_detail, detail);
    let expected = vector["expected_signcustomer_rows"].as_array().unwrap();
    let columns: Vec<_> =
        expected[0].as_object().unwrap().keys().map(|name| Value::from(name.as_str())).collect();
    assert_eq!(&cells_by_column(&written_detail, &columns), expected);
    let written = bill::fund::write_zip(&bill).unwrap();
    let entries = bill::read_archive(&zip, &Limits::default()).unwrap();
    assert_eq!(bill::read_archive(&written, &Limits::default()).unwrap(), entries);
    let names: Vec<_> = entries.iter().map(|entry| Value::from(entry.name.as_str())).collect();
    assert_eq!(Value::Array(names), vector["zip_entry_names"]["signcustomer"]);
    assert_gbk_names(&written, "账务明细");
}

/// The local header must carry the GBK bytes of the name and not the UTF-8 flag (bit 11).
fn assert_gbk_names(zip: &[u8], kind: &str) {
    let raw = Charset::Gbk.encode(kind).unwrap();
    assert!(zip.windows(raw.len()).any(|window| window == &*raw));
    let flags = u16::from_le_bytes([zip[6], zip[7]]);
    assert_eq!(flags & 0x0800, 0);
}

#[test]
fn a_platform_certificate_is_trusted_only_through_the_configured_root() {
    const AT_US: i64 = 1_795_233_665_000_000;
    let pem = |name: &str| text_of(&format!("keys/{name}.cer.pem"));
    let chain = pem("alipay_platform") + &pem("alipay_ca");
    cert::check_chain(&chain, &pem("alipay_root"), AT_US).unwrap();
    cert::check_chain(&pem("alipay_platform"), &(pem("alipay_root") + &pem("alipay_ca")), AT_US).unwrap();
    let untrusted = Err(cert::CertError::Untrusted);
    assert_eq!(cert::check_chain(&pem("alipay_platform"), &pem("alipay_root"), AT_US), untrusted);
    assert_eq!(cert::check_chain(&chain, &pem("alipay_app"), AT_US), untrusted);
    let outside = Err(cert::CertError::OutsideValidity);
    assert_eq!(cert::check_chain(&chain, &pem("alipay_root"), 0), outside);
    let dates = cert::validity(&pem("alipay_platform")).unwrap();
    assert_eq!((dates.not_before_us, dates.not_after_us), (1_704_067_200_000_000, 2_335_219_200_000_000));
    assert_eq!(cert::check_chain(&chain, &pem("alipay_root"), dates.not_after_us + 1), outside);
}
