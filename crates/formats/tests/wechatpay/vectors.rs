//! Every case of the vectors, read and written.

use crate::material::{
    AT_S, NONCE, NOW_US, PUBLIC_KEY_ID, SERIAL, both_modes, bytes_of, headers_of, public_key, secret,
    signature_of, signing_key, text, text_of, vector,
};
use serde_json::Value;
use tillkeeper_formats::wechatpay::authorization::{self, Request, Signer};
use tillkeeper_formats::wechatpay::bill::fund::{read_fund_sheet, write_fund_sheet};
use tillkeeper_formats::wechatpay::bill::trade::{read_trade_sheet, write_trade_sheet};
use tillkeeper_formats::wechatpay::bill::{
    Limits, TradeRow, TradeRowState, TradeSheet, check_sha1, gunzip, gzip, sha1_hex,
};
use tillkeeper_formats::wechatpay::field::{FieldOpener, FieldSealer};
use tillkeeper_formats::wechatpay::order::{RefundState, TradeState, parse_order, parse_refund};
use tillkeeper_formats::wechatpay::reply::Reply;
use tillkeeper_formats::wechatpay::{callback, certificates, pay_sign, reply, signature};

#[test]
fn every_request_is_authorized_to_the_byte_and_read_back() {
    let cases = vector("wechat_request_sign.json");
    let (mchid, serial_no) = (text(&cases, "mchid"), text(&cases, "serial_no"));
    let (key, public) = (signing_key("wechat_merchant"), public_key("wechat_merchant"));
    let requests = cases["requests"].as_array().unwrap();
    assert_eq!(requests.len(), 14);
    for case in requests {
        let name = text(case, "name");
        let (nonce, at_s) = (text(case, "nonce_str"), text(case, "timestamp").parse().unwrap());
        let request = Request {
            method: text(case, "method"),
            target: text(case, "url_path"),
            body: text(case, "body"),
        };
        let wanted = text(case, "string_to_sign");
        assert_eq!(authorization::string_to_sign(&request, at_s, nonce), wanted, "{name}");
        let signer = Signer { mchid, serial_no, key: &key, at_s, nonce };
        let header = authorization::authorize(&request, &signer).unwrap();
        assert_eq!(header, text(case, "authorization"), "{name}");
        let parsed = authorization::parse(&header).unwrap();
        assert_eq!((parsed.mchid.as_str(), parsed.serial_no.as_str()), (mchid, serial_no), "{name}");
        assert_eq!(parsed.signature, text(case, "signature"), "{name}");
        parsed.verify(&request, &public).unwrap();
    }
}

#[test]
fn both_pay_signatures_are_made_to_the_byte() {
    let cases = vector("wechat_request_sign.json");
    let key = signing_key("wechat_merchant");
    let prepay_id = "wx201410272009395522657a690389285100";
    let [jsapi, app] = cases["pay_signatures"].as_array().unwrap().as_slice() else { panic!("two") };
    let made = pay_sign::jsapi("wxd678efh567hg6787", prepay_id, &key, AT_S, NONCE).unwrap();
    assert_eq!(made["paySign"], jsapi["paySign"]);
    let package = made["package"].as_str().unwrap();
    let signed = pay_sign::string_to_sign("wxd678efh567hg6787", AT_S, NONCE, package);
    assert_eq!(signed, text(jsapi, "string_to_sign"));
    let made = pay_sign::app(("wxd678efh567hg6787", "1900000001"), prepay_id, &key, AT_S, NONCE).unwrap();
    assert_eq!(made["sign"], app["paySign"]);
    assert_eq!((&made["partnerid"], &made["package"]), (&"1900000001".into(), &"Sign=WXPay".into()));
}

#[test]
fn every_reply_is_judged_as_the_vector_says() {
    let cases = vector("wechat_response_verify.json");
    let keys = both_modes();
    let cases = cases["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 6);
    for case in cases {
        let (name, body) = (text(case, "name"), text(case, "body"));
        let status = u16::try_from(case["http_status"].as_u64().unwrap()).unwrap();
        let headers = headers_of(case);
        let read = reply::decode(status, signature_of(&headers), body.as_bytes(), &keys, NOW_US);
        let signed = matches!(read, Ok(Reply::Done { .. }));
        assert_eq!(signed, case["valid"].as_bool().unwrap(), "{name}: {read:?}");
        if signed {
            let key = signing_key("wechat_platform");
            let serial = &headers["wechatpay-serial"];
            let made = signature::sign(body.as_bytes(), &key, serial, AT_S, NONCE).unwrap();
            for (header, value) in made {
                assert_eq!(headers[header], value, "{name}");
            }
        }
        if let Ok(Reply::Refused(refusal)) = read {
            assert_eq!((refusal.status, refusal.code.as_str()), (404, "ORDER_NOT_EXIST"), "{name}");
        }
    }
}

#[test]
fn every_callback_opens_or_is_refused_as_the_vector_says() {
    let cases = vector("wechat_callback.json");
    let keys = both_modes();
    let cases = cases["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 10);
    let mut opened = 0;
    for case in cases {
        let name = text(case, "name");
        let headers = headers_of(case);
        let body = text(case, "body").as_bytes();
        let read = signature_of(&headers)
            .map_err(callback::CallbackError::from)
            .and_then(|headers| callback::decode(&headers, body, &keys, &secret(), NOW_US));
        assert_eq!(read.is_ok(), case["valid"].as_bool().unwrap(), "{name}: {read:?}");
        let Ok(notice) = read else { continue };
        opened += 1;
        let plain: Value = serde_json::from_str(text(case, "plaintext")).unwrap();
        assert_eq!(Value::Object(notice.resource.clone()), plain, "{name}");
        let written = callback::encode(&notice, "", &secret(), "fdasflkja484").unwrap();
        let headers = crate::material::signed(written.as_bytes(), AT_S);
        let again =
            callback::decode(&signature_of(&headers).unwrap(), written.as_bytes(), &keys, &secret(), NOW_US);
        assert_eq!(again, Ok(notice.clone()), "{name}");
        typed(name, &notice);
    }
    assert_eq!(opened, 7);
}

fn typed(name: &str, notice: &callback::Notice) {
    match notice.event_type.as_str() {
        "TRANSACTION.SUCCESS" if notice.original_type == "transaction" => {
            let order = parse_order(&notice.resource).unwrap();
            assert_eq!((order.trade_state, order.total_fen), (TradeState::Success, Some(100)), "{name}");
            assert_eq!(order.success_at_us, Some(NOW_US), "{name}");
            assert_eq!(order.currency.as_deref(), Some("CNY"), "{name}");
        }
        "REFUND.SUCCESS" | "REFUND.ABNORMAL" | "REFUND.CLOSED" => {
            let refund = parse_refund(&notice.resource).unwrap();
            let wanted = match notice.event_type.as_str() {
                "REFUND.SUCCESS" => (RefundState::Success, 30),
                "REFUND.ABNORMAL" => (RefundState::Abnormal, 10),
                _ => (RefundState::Closed, 10),
            };
            assert_eq!((refund.state, refund.refund_fen), wanted, "{name}");
        }
        _ => {}
    }
}

#[test]
fn the_certificates_open_and_verify_the_reply_that_brought_them() {
    let case = vector("wechat_certificates.json");
    let body = text(&case, "body").as_bytes();
    let found = certificates::decode(body, &secret()).unwrap();
    let [certificate] = found.as_slice() else { panic!("one certificate") };
    assert_eq!(certificate.pem, text(&case, "plaintext"));
    assert_eq!(certificate.serial_no, SERIAL);
    let keys = certificates::platform_keys(&found).unwrap();
    let headers = headers_of(&case);
    signature_of(&headers).unwrap().verify(body, &keys, NOW_US).unwrap();
    let written =
        certificates::encode(&[(certificate.clone(), "0123456789ab".to_owned())], &secret()).unwrap();
    assert_eq!(certificates::decode(written.as_bytes(), &secret()), Ok(found));
}

#[test]
fn sensitive_fields_open_with_the_platform_key() {
    let case = vector("wechat_sensitive_field.json");
    let opener = FieldOpener::from_pkcs8_pem(&text_of("keys/wechat_platform.pkcs8.pem")).unwrap();
    assert_eq!(opener.open(text(&case, "ciphertext")).unwrap(), text(&case, "plaintext"));
    let by_certificate = FieldSealer::from_certificate_pem(&text_of("keys/wechat_platform.cer.pem")).unwrap();
    let by_key = FieldSealer::from_public_pem(&text_of("keys/wechat_platform.pub.pem")).unwrap();
    for sealer in [by_certificate, by_key] {
        let (first, second) = (sealer.seal("张三").unwrap(), sealer.seal("张三").unwrap());
        assert_ne!(first, second);
        assert_eq!(opener.open(&first).as_deref(), Ok("张三"));
    }
}

#[test]
fn every_bill_is_read_and_written_to_the_byte() {
    let case = vector("wechat_bills.json");
    for (name, facts) in case["files"].as_object().unwrap() {
        let plain = bytes_of(&format!("bills/{name}"));
        let packed = bytes_of(&format!("bills/{name}.gz"));
        assert_eq!(gunzip(&packed, &Limits::default()).unwrap(), plain, "{name}");
        check_sha1(&plain, text(facts, "sha1_plain")).unwrap();
        assert_eq!(sha1_hex(&packed), text(facts, "sha1_gzip"), "{name}");
        assert_eq!(gunzip(&gzip(&plain).unwrap(), &Limits::default()).unwrap(), plain, "{name}");
        let written = match name.as_str() {
            "wechat_fundflowbill_BASIC.csv" => write_fund_sheet(&read_fund_sheet(&plain).unwrap()),
            other => {
                let sheet = [TradeSheet::Success, TradeSheet::Refund, TradeSheet::All]
                    .into_iter()
                    .find(|sheet| other.contains(sheet.word()));
                write_trade_sheet(&read_trade_sheet(&plain, sheet.unwrap()).unwrap())
            }
        };
        let written = written.unwrap();
        if name.contains("_lf_nobom") {
            let text = String::from_utf8(written).unwrap().replace('\r', "");
            assert_eq!(text.trim_start_matches('\u{feff}').as_bytes(), plain, "{name}");
        } else {
            assert_eq!(written, plain, "{name}");
        }
    }
}

#[test]
fn the_rows_of_the_bills_are_the_expected_ones() {
    let case = vector("wechat_bills.json");
    let bill = read_trade_sheet(&bytes_of("bills/wechat_tradebill_ALL.csv"), TradeSheet::All).unwrap();
    let expected = case["expected_rows"].as_array().unwrap();
    assert_eq!(bill.rows.len(), expected.len());
    for (row, want) in bill.rows.iter().zip(expected) {
        assert_eq!(row.transaction_id, text(want, "微信订单号"));
        assert_eq!(row.description, text(want, "商品名称"));
        assert_eq!(row.attach, text(want, "商户数据包"));
        let state = if text(want, "交易状态") == "REFUND" {
            TradeRowState::Refund
        } else {
            TradeRowState::Success
        };
        assert_eq!(row.state, state);
    }
    let directed: Vec<i64> = bill.rows.iter().map(TradeRow::directed_fen).collect();
    assert_eq!(directed, [100, 88_800, 1, -30, -88_800, -5]);
    let funds = read_fund_sheet(&bytes_of("bills/wechat_fundflowbill_BASIC.csv")).unwrap();
    let changes: Vec<i64> = funds.rows.iter().map(|row| row.change_fen).collect();
    assert_eq!(changes, [100, -1, -30, -10]);
    assert_eq!(funds.rows.len(), case["expected_fund_rows"].as_array().unwrap().len());
}

#[test]
fn a_key_of_either_mode_is_named_by_its_own_identifier() {
    let keys = both_modes();
    assert_eq!(keys.serials().collect::<Vec<_>>(), [SERIAL, PUBLIC_KEY_ID]);
    assert!(keys.last_expiry_us().unwrap() > NOW_US);
}
