//! Hostile and broken messages: each is refused for the reason named.

use tillkeeper_formats::cert::CertError;
use tillkeeper_formats::charset::CharsetError;
use tillkeeper_formats::form::ParamsError;
use tillkeeper_formats::keys::{SignatureError, SigningKey};
use tillkeeper_formats::unionpay::message::FieldError;
use tillkeeper_formats::unionpay::notify::{self, NotifyError};
use tillkeeper_formats::unionpay::reply::{self, ReplyError};
use tillkeeper_formats::unionpay::request::{self, RequestError};
use tillkeeper_formats::unionpay::sensitive::{EncryptionKey, SensitiveError};
use tillkeeper_formats::unionpay::sign::{Hash, SharedKey, Signer};
use tillkeeper_formats::unionpay::trust::{Roots, Signatory, TrustError, Verifier};
use tillkeeper_formats::unionpay::{Charset, Params, amount, braces, sensitive, time};

use crate::desk::{self, AT_US, form, key_text};

/// 2027-01-01 in Beijing, when the self-signed certificate is valid as well.
const LATER_US: i64 = 1_798_732_800_000_000;

fn fields() -> Params {
    form(&[
        ("version", "5.1.0"),
        ("encoding", "UTF-8"),
        ("merId", "777290058110048"),
        ("txnType", "01"),
        ("orderId", "T1"),
        ("txnTime", "20261121120000"),
        ("txnAmt", "1000"),
        ("respCode", "00"),
        ("respMsg", "成功[0000000]"),
    ])
}

fn changed(name: &str, value: &str) -> Params {
    let mut params = fields();
    params.remove(name);
    params.insert(name, value).unwrap();
    params
}

fn notified(params: &Params, certificate: &str) -> Vec<u8> {
    notify::encode(params, &desk::gateway_signer(), Some(&key_text(certificate))).unwrap()
}

fn decode(body: &[u8]) -> Result<notify::Notification, NotifyError> {
    notify::decode(body, &desk::verifier(), LATER_US)
}

fn untrusted(error: TrustError) -> Result<notify::Notification, NotifyError> {
    Err(NotifyError::Trust(error))
}

#[test]
fn only_a_certificate_of_the_configured_authorities_is_believed() {
    assert!(decode(&notified(&fields(), "gateway.cer")).is_ok());
    for (certificate, error) in [
        ("selfsigned.cer", CertError::Untrusted),
        ("forged.cer", CertError::Untrusted),
        ("other_ca.cer", CertError::Untrusted),
        ("expired.cer", CertError::OutsideValidity),
    ] {
        assert_eq!(decode(&notified(&fields(), certificate)), untrusted(error.into()), "{certificate}");
    }
    // An authority brought along by the message is no authority.
    let both = key_text("forged.cer") + &key_text("merchant.cer");
    let body = notify::encode(&fields(), &desk::gateway_signer(), Some(&both)).unwrap();
    assert_eq!(decode(&body), untrusted(CertError::TooLarge.into()));
    let other =
        Roots::new(&key_text("merchant.cer"), &key_text("merchant.cer"), Signatory::TestGateway).unwrap();
    let read = notify::decode(&notified(&fields(), "gateway.cer"), &Verifier::Certificates(other), AT_US);
    assert_eq!(read, untrusted(CertError::Untrusted.into()));
}

#[test]
fn the_signatory_must_be_unionpay_and_the_certificate_valid_now() {
    let body = notified(&fields(), "named.cer");
    let strict = Verifier::Certificates(desk::roots(Signatory::UnionPay));
    assert!(notify::decode(&body, &strict, AT_US).is_ok());
    assert!(decode(&body).is_ok());
    assert_eq!(decode(&notified(&fields(), "stranger.cer")), untrusted(TrustError::NameForeign));
    assert_eq!(decode(&notified(&fields(), "merchant.cer")), untrusted(TrustError::NameForeign));
    let before_all = 1_500_000_000_000_000;
    let early = notify::decode(&notified(&fields(), "gateway.cer"), &desk::verifier(), before_all);
    assert_eq!(early, untrusted(CertError::OutsideValidity.into()));
    let years_us = 18 * 365 * 86_400_000_000_i64;
    let late = notify::decode(&notified(&fields(), "gateway.cer"), &desk::verifier(), LATER_US + years_us);
    assert_eq!(late, untrusted(CertError::OutsideValidity.into()));
}

#[test]
fn a_message_cannot_choose_how_it_is_verified() {
    let shared = SharedKey::new(Hash::Sha256, "979da4cfccbae7923641daa5dd7047c2");
    let body = notify::encode(&fields(), &Signer::Shared(shared.clone()), None).unwrap();
    assert_eq!(decode(&body), untrusted(TrustError::MethodRefused));
    let by_key = Verifier::Shared(shared.clone());
    assert!(notify::decode(&body, &by_key, AT_US).is_ok());
    let by_certificate = notified(&fields(), "gateway.cer");
    assert_eq!(notify::decode(&by_certificate, &by_key, AT_US), untrusted(TrustError::MethodRefused));
    let sm3 = Verifier::Shared(SharedKey::new(Hash::Sm3, "979da4cfccbae7923641daa5dd7047c2"));
    assert_eq!(notify::decode(&body, &sm3, AT_US), untrusted(TrustError::MethodRefused));
    let other = Verifier::Shared(SharedKey::new(Hash::Sha256, "another"));
    let mismatch = TrustError::Signature(SignatureError::Mismatch);
    assert_eq!(notify::decode(&body, &other, AT_US), untrusted(mismatch));
    assert!(!format!("{shared:?}").contains("979d"));
}

#[test]
fn unsigned_half_signed_and_resigned_messages_are_refused() {
    let body = notified(&fields(), "gateway.cer");
    let text = String::from_utf8(body).unwrap();
    let (unsigned, _) = text.split_once("&signature=").unwrap();
    assert_eq!(decode(unsigned.as_bytes()), untrusted(TrustError::SignatureMissing));
    assert_eq!(decode(format!("{unsigned}&signature=").as_bytes()), untrusted(TrustError::SignatureMissing));
    let without = notify::encode(&fields(), &desk::gateway_signer(), None).unwrap();
    assert_eq!(decode(&without), untrusted(TrustError::CertificateMissing));
    // Signed by a stranger's key under the genuine certificate.
    let thief = Signer::Certificate {
        key: SigningKey::from_pem(&key_text("merchant.pkcs8")).unwrap(),
        cert_id: String::new(),
    };
    let body = notify::encode(&fields(), &thief, Some(&key_text("gateway.cer"))).unwrap();
    assert_eq!(decode(&body), untrusted(TrustError::Signature(SignatureError::Mismatch)));
    let garbage = text.replace("BEGIN+CERTIFICATE", "BEGIN+NOTHING");
    assert_eq!(decode(garbage.as_bytes()), untrusted(CertError::NotPem.into()));
}

#[test]
fn a_name_twice_a_broken_escape_or_too_much_is_refused() {
    let text = String::from_utf8(notified(&fields(), "gateway.cer")).unwrap();
    let twice = format!("{text}&txnAmt=1");
    let duplicate = |name: &str| ParamsError::Duplicate(name.to_owned());
    assert_eq!(decode(twice.as_bytes()), Err(duplicate("txnAmt").into()));
    assert_eq!(decode(format!("{text}&txn%41mt=1").as_bytes()), Err(duplicate("txnAmt").into()));
    assert_eq!(decode(format!("{text}&signature=x").as_bytes()), Err(duplicate("signature").into()));
    assert_eq!(decode(b"a=%zz"), Err(ParamsError::BrokenEscape.into()));
    assert_eq!(decode(&vec![b'a'; 300_000]), Err(ParamsError::TooLarge.into()));
    let raw = reply::encode(&fields(), &desk::gateway_signer(), Some(&key_text("gateway.cer"))).unwrap();
    let raw = String::from_utf8(raw).unwrap();
    let twice = reply::decode(format!("{raw}&txnAmt=1").as_bytes(), &desk::verifier(), AT_US);
    assert_eq!(twice, Err(duplicate("txnAmt").into()));
}

#[test]
fn the_bytes_must_be_in_the_charset_they_declare() {
    let mut gbk = fields();
    gbk.remove("encoding");
    gbk.insert("encoding", "GBK").unwrap();
    let genuine = notified(&gbk, "gateway.cer");
    assert_eq!(decode(&genuine).unwrap().message.resp_msg, "成功[0000000]");
    let text = String::from_utf8(genuine).unwrap();
    let as_utf8 = text.replace("encoding=GBK", "encoding=UTF-8");
    assert_eq!(decode(as_utf8.as_bytes()), Err(ParamsError::Charset(CharsetError::Malformed).into()));
    assert_eq!(decode(b"encoding=latin1"), Err(CharsetError::Unknown.into()));
    let raw = reply::encode(&gbk, &desk::gateway_signer(), Some(&key_text("gateway.cer"))).unwrap();
    assert!(reply::decode(&raw, &desk::verifier(), AT_US).is_ok());
    let at = raw.windows(3).position(|part| part == b"GBK").unwrap();
    let lied = [&raw[..at], b"UTF-8", &raw[at + 3..]].concat();
    assert_eq!(reply::parse(&lied), Err(CharsetError::Malformed.into()));
    // The charset that decides must be the message's own and not one hidden inside another value.
    assert_eq!(
        reply::parse(b"reserved={a=1&encoding=GBK&b=2}&encoding=UTF-8"),
        Err(CharsetError::Unknown.into())
    );
}

#[test]
fn replies_split_only_outside_brackets() {
    let pairs = |body: &[u8]| {
        let (params, _) = reply::parse(body).unwrap();
        params.iter().map(|(name, value)| format!("{name}|{value}")).collect::<Vec<_>>()
    };
    assert_eq!(pairs(b"a={b=1&c=2}&d=[x&y]&e==&f="), ["a|{b=1&c=2}", "d|[x&y]", "e|=", "f|"]);
    assert_eq!(pairs(b"a={b=[1}&c=2]\r\n"), ["a|{b=[1}", "c|2]"]);
    assert_eq!(pairs(b"a={b&c=1"), ["a|{b&c=1"]);
    assert_eq!(reply::parse(b" \r\n"), Err(ReplyError::Empty));
    assert_eq!(reply::parse(b""), Err(ReplyError::Empty));
    assert_eq!(reply::parse(b"<html>"), Err(ReplyError::NotPairs));
    assert_eq!(reply::parse(b"a=1&&b=2"), Err(ReplyError::NotPairs));
    assert_eq!(reply::parse(b"=1"), Err(ReplyError::Params(ParamsError::EmptyName)));
    assert_eq!(reply::parse(&vec![b'a'; reply::BODY_MAX_BYTES + 1]), Err(ReplyError::TooLarge));
    let verifier = desk::verifier();
    let unsigned = reply::decode(b"respCode=00&signMethod=01", &verifier, AT_US);
    assert_eq!(unsigned, Err(ReplyError::Trust(TrustError::SignatureMissing)));
}

#[test]
fn amounts_and_times_are_read_strictly() {
    for text in
        ["", "-1", "+1", "1.0", "1.00", "1e3", "0x10", " 1", "1 ", "１００", "1,000", "1234567890123", "1\n"]
    {
        assert!(amount::parse_fen(text).is_err(), "{text:?}");
        let read = decode(&notified(&changed("txnAmt", text), "gateway.cer"));
        if !text.is_empty() {
            assert_eq!(read, Err(FieldError::Invalid("txnAmt").into()), "{text:?}");
        }
    }
    assert_eq!(amount::parse_fen("999999999999"), Ok(999_999_999_999));
    assert!(amount::format_fen(-1).is_err() && amount::format_fen(1_000_000_000_000).is_err());
    assert_eq!(time::parse_us("19700101080000"), Ok(0));
    for text in [
        "",
        "2026112112000",
        "20261121120060",
        "20260229000000",
        "2026112112000０",
        "20261121 12000",
        "-0261121120000",
    ] {
        assert!(time::parse_us(text).is_err(), "{text:?}");
    }
    assert!(time::format_us(i64::MAX).is_err());
    assert_eq!(time::month_day(AT_US).unwrap(), "1121");
    for name in ["orderId", "txnTime", "txnType", "respCode"] {
        let mut params = fields();
        params.remove(name);
        assert_eq!(
            decode(&notified(&params, "gateway.cer")),
            Err(FieldError::Missing(name).into()),
            "{name}"
        );
    }
}

#[test]
fn requests_of_others_or_changed_ones_are_refused() {
    let given = [("merId", "777290058110048"), ("txnAmt", " 1000 "), ("frontUrl", ""), ("orderId", "T1")];
    let sealed = request::seal(&given, &desk::merchant_signer(), Charset::Utf8).unwrap();
    assert_eq!((sealed.get("txnAmt"), sealed.get("frontUrl")), (Some("1000"), None));
    let body = request::form_body(&sealed).unwrap();
    assert!(request::verify(body.as_bytes(), &desk::merchant()).is_ok());
    let changed = body.replace("txnAmt=1000", "txnAmt=1");
    let mismatch = RequestError::Trust(TrustError::Signature(SignatureError::Mismatch));
    assert_eq!(request::verify(changed.as_bytes(), &desk::merchant()), Err(mismatch.clone()));
    let other = body.replace(desk::CERT_ID, "1");
    let refused = RequestError::Trust(TrustError::MethodRefused);
    assert_eq!(request::verify(other.as_bytes(), &desk::merchant()), Err(refused));
    let twice = request::seal(&[("merId", "1"), ("merId", "2")], &desk::merchant_signer(), Charset::Utf8);
    assert!(twice.is_err());
    let unknown = request::seal(&[("subMerAbbr", "𠮷😀")], &desk::merchant_signer(), Charset::Gbk);
    assert!(unknown.is_err());
}

#[test]
fn pairs_in_braces_keep_their_structure() {
    assert_eq!(braces::write(&[("a", "1"), ("b", "x=y")]).unwrap(), "{a=1&b=x=y}");
    for (name, value) in [("", "1"), ("a", "1&b=2"), ("a", "}"), ("a=b", "1"), ("a", "{")] {
        assert!(braces::write(&[(name, value)]).is_err(), "{name:?} {value:?}");
    }
    for text in ["", "{", "a=1", "{a=1&a=2}", "{a}", "{{a=1}}", "{=1}"] {
        assert!(braces::read(text).is_err(), "{text:?}");
    }
    assert_eq!(braces::read("{}").unwrap(), []);
    let key = EncryptionKey::from_certificate_pem(&key_text("enc.cer")).unwrap();
    assert_eq!(key.encrypt(&"1".repeat(246)), Err(SensitiveError::TooLong));
    let smuggled = sensitive::customer_info(&[("smsCode", "1&pin=2")], Some(&key));
    assert_eq!(smuggled, Err(SensitiveError::Unwritable));
    assert_eq!(sensitive::read_customer_info("%%", None), Err(SensitiveError::Unreadable));
    let info = sensitive::customer_info(&[("phoneNo", "13552535506")], Some(&key)).unwrap();
    let open = sensitive::read_customer_info(&info, None).unwrap();
    assert_eq!(open.len(), 1);
    assert!(open.iter().all(|(name, value)| name == "encryptedInfo" && !value.contains("1355")));
}
