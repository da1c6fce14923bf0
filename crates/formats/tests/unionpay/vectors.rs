//! Every case of the vectors, read and written.

use serde_json::Value;
use tillkeeper_formats::archive::Limits;
use tillkeeper_formats::keys::SignatureError;
use tillkeeper_formats::keys::SigningKey;
use tillkeeper_formats::unionpay::batch::{self, ResultFile};
use tillkeeper_formats::unionpay::message::Message;
use tillkeeper_formats::unionpay::request::{self, Merchant};
use tillkeeper_formats::unionpay::sensitive::{self, DecryptionKey, EncryptionKey};
use tillkeeper_formats::unionpay::settlement::{self, Signed};
use tillkeeper_formats::unionpay::sign::{self, Hash, Signer};
use tillkeeper_formats::unionpay::trust::{Signatory, TrustError, Verifier, cert_id};
use tillkeeper_formats::unionpay::{Charset, amount, content, notify, reply, time};

use crate::desk::{self, AT_US, bytes_of, key_text, params_of, text, vector};

fn each_case(file: &str, expected: usize, mut run: impl FnMut(&Value)) {
    let vector = vector(file);
    let cases = vector["cases"].as_array().expect("cases");
    cases.iter().for_each(&mut run);
    println!("{file}: {} cases", cases.len());
    assert_eq!(cases.len(), expected, "{file}");
}

fn signer_of(method: &str) -> (Signer, Merchant) {
    match method {
        "11" => {
            let key = desk::shared(Hash::Sha256);
            (Signer::Shared(key.clone()), Merchant::Shared(key))
        }
        "12" => {
            let key = desk::shared(Hash::Sm3);
            (Signer::Shared(key.clone()), Merchant::Shared(key))
        }
        _ => (desk::merchant_signer(), desk::merchant()),
    }
}

#[test]
fn every_request_is_signed_byte_for_byte_as_the_sdk_signs_it() {
    each_case("unionpay_request_sign.json", 15, |case| {
        let given = params_of(&case["params"]);
        assert_eq!(sign::string_to_sign(&given), text(case, "string_to_sign"));
        if let Some(digest) = case["digest_hex"].as_str() {
            assert_eq!(sign::certificate_digest(text(case, "string_to_sign").as_bytes()), digest);
        }
        let (signer, merchant) = signer_of(given.get("signMethod").unwrap());
        let ours = ["version", "encoding", "signMethod", "certId", "signature"];
        let fields: Vec<_> = given.iter().filter(|(name, _)| !ours.contains(name)).collect();
        let sealed = request::seal(&fields, &signer, Charset::Utf8).unwrap();
        assert_eq!(sealed.get("signature"), Some(text(case, "signature")), "{}", case["name"]);
        let body = request::form_body(&sealed).unwrap();
        assert_eq!(body, text(case, "form_body"));
        let read = request::verify(text(case, "form_body").as_bytes(), &merchant).unwrap();
        assert_eq!(read, sealed);
        assert_eq!(request::form_body(&read).unwrap(), body);
    });
}

#[test]
fn both_encodings_of_the_key_sign_alike_and_the_certificate_gives_its_number() {
    let pkcs1 = SigningKey::from_pem(&key_text("merchant.pkcs1")).unwrap();
    assert_eq!(pkcs1.sign(b"x"), desk::merchant_key().sign(b"x"));
    assert_eq!(cert_id(&key_text("merchant.cer")).unwrap(), desk::CERT_ID);
}

#[test]
fn every_reply_and_notification_is_believed_or_not_as_the_sdk_does() {
    let (verifier, signer) = (desk::verifier(), desk::gateway_signer());
    let certificate = key_text("gateway.cer");
    each_case("unionpay_response_verify.json", 9, |case| {
        let (body, given) = (text(case, "body").as_bytes(), params_of(&case["params"]));
        assert_eq!(sign::string_to_sign(&given), text(case, "string_to_sign"));
        let is_reply = text(case, "kind") == "sync";
        let read = if is_reply {
            reply::decode(body, &verifier, AT_US).map_err(|error| error.to_string())
        } else {
            notify::decode(body, &verifier, AT_US).map(|read| read.message).map_err(|error| error.to_string())
        };
        if case["valid"] == Value::Bool(false) {
            assert_eq!(read, Err(SignatureError::Mismatch.to_string()));
            return;
        }
        let message = read.unwrap();
        assert_eq!(message.params, given, "{}", case["name"]);
        check_fields(&message, &case["params"]);
        let written = if is_reply {
            reply::encode(&given, &signer, Some(&certificate)).unwrap()
        } else {
            notify::encode(&given, &signer, Some(&certificate)).unwrap()
        };
        assert_eq!(String::from_utf8(written).unwrap(), text(case, "body"), "{}", case["name"]);
    });
}

fn check_fields(message: &Message, params: &Value) {
    assert_eq!(message.resp_code, text(params, "respCode"));
    assert_eq!(message.order_id.as_deref(), params["orderId"].as_str());
    assert_eq!(message.query_id.as_deref(), params["queryId"].as_str());
    assert_eq!(message.orig_resp_code.as_deref(), params["origRespCode"].as_str());
    let fen = message.txn_amt_fen.map(|fen| amount::format_fen(fen).unwrap());
    assert_eq!(fen.as_deref(), params["txnAmt"].as_str());
    let at = message.txn_time_us.map(|at_us| time::format_us(at_us).unwrap());
    assert_eq!(at.as_deref(), params["txnTime"].as_str());
}

#[test]
fn a_production_contract_does_not_believe_the_test_gateway() {
    let strict = Verifier::Certificates(desk::roots(Signatory::UnionPay));
    each_case("unionpay_response_verify.json", 9, |case| {
        let body = text(case, "body").as_bytes();
        let error = if text(case, "kind") == "sync" {
            reply::decode(body, &strict, AT_US).unwrap_err().to_string()
        } else {
            notify::decode(body, &strict, AT_US).unwrap_err().to_string()
        };
        assert_eq!(error, TrustError::NameForeign.to_string());
    });
}

#[test]
fn sensitive_fields_open_with_the_private_key_and_travel_both_ways() {
    let vector = vector("unionpay_request_sign.json");
    let given = &vector["encryption"];
    let secret = DecryptionKey::from_pem(&key_text("enc.pkcs8")).unwrap();
    let public = EncryptionKey::from_certificate_pem(&key_text("enc.cer")).unwrap();
    assert_eq!(public.cert_id, text(&given["accNo"], "encryptCertId"));
    assert_eq!(secret.decrypt(text(&given["accNo"], "value")).unwrap(), text(&given["accNo"], "plain"));
    let again = public.encrypt(text(&given["accNo"], "plain")).unwrap();
    assert_eq!(secret.decrypt(&again).unwrap(), text(&given["accNo"], "plain"));

    let plain = given["customerInfo"]["plain_fields"].as_object().unwrap();
    let fields: Vec<_> = plain.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
    assert_eq!(sensitive::customer_info(&fields, None).unwrap(), text(&given["customerInfo"], "value"));

    let opened =
        sensitive::read_customer_info(text(&given["customerInfoWithEncrypt"], "value"), Some(&secret))
            .unwrap();
    let plain = given["customerInfoWithEncrypt"]["plain_fields"].as_object().unwrap();
    for (name, value) in &opened {
        if name != "pin" {
            assert_eq!(Some(value.as_str()), plain[name].as_str(), "{name}");
        }
    }
    assert_eq!(opened.len(), plain.len());
    let open: Vec<_> = opened
        .iter()
        .filter(|(name, _)| name != "pin")
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let written = sensitive::customer_info(&open, Some(&public)).unwrap();
    let read = sensitive::read_customer_info(&written, Some(&secret)).unwrap();
    assert_eq!(read.len(), open.len());
    assert!(read.iter().all(|(name, value)| open.contains(&(name, value))));
}

#[test]
fn batch_files_are_read_and_written() {
    let vector = vector("unionpay_batch_file.json");
    let request = text(&vector, "request_file");
    let plain = content::unpack(text(&vector, "request_fileContent"), 1 << 20).unwrap();
    assert_eq!(plain, request.as_bytes());
    let file = batch::read_request(&plain).unwrap();
    assert_eq!(batch::write_request(&file).unwrap(), request.as_bytes());
    assert_eq!(file.table.cell(&file.table.rows[1], "customerNm"), Some("互联网"));
    let packed = content::pack(request.as_bytes()).unwrap();
    assert_eq!(content::unpack(&packed, 1 << 20).unwrap(), request.as_bytes());

    let result = content::unpack(text(&vector, "result_fileContent"), 1 << 20).unwrap();
    assert_eq!(result, text(&vector, "result_file").as_bytes());
    let file = batch::read_result(&result).unwrap();
    assert_eq!(batch::write_result(&file).unwrap(), result);
    let ResultFile::Rows { table, .. } = file else { panic!("refused") };
    assert_eq!(table.cell(&table.rows[1], "respCode"), Some("51"));
}

#[test]
fn the_settlement_file_is_read_and_written_byte_for_byte() {
    let vector = vector("unionpay_settlement_file.json");
    let message = reply::decode(text(&vector, "reply_body").as_bytes(), &desk::verifier(), AT_US).unwrap();
    assert_eq!(message.params, params_of(&vector["reply_params"]));
    let limits = Limits::default();
    let file = settlement::from_content(message.text("fileContent").unwrap(), &limits).unwrap();
    assert_eq!((file.mer_id.as_str(), file.day.as_str()), ("777290058110048", "261120"));
    let expected = vector["expected_rows"].as_array().unwrap();
    assert_eq!(file.trades.len(), expected.len());
    for (row, expected) in file.trades.iter().zip(expected) {
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(row.text(name), value.as_str(), "{name}");
        }
    }
    let refund = &file.trades[3];
    assert_eq!((refund.txn_type(), refund.amount_fen), ("04", 300));
    assert_eq!((refund.fee, refund.settle), (Signed::Credit(2), Signed::Debit(298)));
    assert_eq!(refund.orig_query_id(), file.trades[0].query_id());
    let totals = file.totals().unwrap();
    assert_eq!((totals.rows, totals.fee_gain_fen, totals.settle_gain_fen), (4, -537, 88_975));
    assert!(file.summary.as_deref().unwrap().contains("889.75"));

    let zip = settlement::write_zip(&file, AT_US).unwrap();
    assert_eq!(settlement::read_zip(&zip, &limits).unwrap(), file);
    let names =
        ["INN26112088ZM_777290058110048", "INN26112088ZME_777290058110048", "RD201026112001_777290058110048"];
    for entry in tillkeeper_formats::archive::read_archive(&zip, &limits).unwrap() {
        assert!(names.contains(&entry.name.as_str()));
        assert_eq!(entry.bytes, bytes_of(&format!("bills/unionpay_{}", entry.name)), "{}", entry.name);
    }
    let packed = settlement::file_content(&file, AT_US).unwrap();
    assert_eq!(settlement::from_content(&packed, &limits).unwrap(), file);
    assert_eq!(
        settlement::read_zip(&bytes_of("bills/unionpay_777290058110048_1120_00.zip"), &limits).unwrap(),
        file
    );
    assert_eq!(text(&vector["no_file_reply"], "respCode"), "98");
}
