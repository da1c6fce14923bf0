use super::*;
use axum::extract::ConnectInfo;
use std::net::SocketAddr;
use std::sync::Arc;
use tk_domain::id::{ApiKeyId, AppId, Id128};
use tk_domain::key::IdempotencyName;

#[test]
fn a_new_key_reads_back_and_shows_little() {
    let (key, shown) = new_key(false, "pnc", (u128::MAX, 1));
    let read = KeyText::parse(&key).unwrap();
    assert_eq!((read.live, read.tenant_code, read.whole), (false, "pnc", key.as_str()));
    assert!(shown.chars().count() < 30 && !key.contains(&shown), "{shown}");
    assert!(KeyText::parse(&new_key(true, "a-b", (0, 0)).0).unwrap().live);
}

#[test]
fn malformed_keys_are_nothing() {
    let random = "0".repeat(52);
    let wrong = [
        String::new(),
        "tk_test_".to_owned(),
        format!("tk_test__{random}"),
        format!("tk_prod_pnc_{random}"),
        format!("tk_test_PNC_{random}"),
        format!("tk_test_pnc_{random}0"),
        format!("tk_test_pnc_{}É", &random[..50]),
        format!("tk_test_p c_{random}"),
        format!("tk_test_{}_{random}", "c".repeat(33)),
    ];
    for text in wrong {
        assert_eq!(KeyText::parse(&text), None, "{text}");
    }
}

#[test]
fn blocks_hold_their_addresses() {
    let cases = [
        ("10.1.0.0/16", "10.1.255.255", true),
        ("10.1.0.0/16", "10.2.0.0", false),
        ("10.1.2.3", "10.1.2.3", true),
        ("10.1.2.3", "10.1.2.4", false),
        ("0.0.0.0/0", "203.0.113.9", true),
        ("2001:db8::/32", "2001:db8::1", true),
        ("2001:db8::/32", "2001:db9::1", false),
        ("10.0.0.0/8", "::ffff:10.0.0.1", true),
        ("10.0.0.0/8", "::1", false),
    ];
    for (block, ip, held) in cases {
        assert_eq!(Block::parse(block).unwrap().holds(ip.parse().unwrap()), held, "{block} {ip}");
    }
    for text in
        ["", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/+8", "example.com"]
    {
        assert_eq!(Block::parse(text), None, "{text}");
    }
}

fn parts(peer: &str, forwarded: &[&str]) -> Parts {
    let mut request = axum::http::Request::builder();
    for line in forwarded {
        request = request.header("x-forwarded-for", *line);
    }
    let mut parts = request.body(()).unwrap().into_parts().0;
    parts.extensions.insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
    parts
}

#[test]
fn forwarding_is_believed_from_trusted_proxies_only() {
    let trusted: Vec<IpAddr> = vec!["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
    let cases: [(&str, &[&str], &str); 7] = [
        ("203.0.113.1:1", &["192.0.2.1"], "203.0.113.1"),
        ("10.0.0.1:1", &["192.0.2.1"], "192.0.2.1"),
        ("10.0.0.1:1", &["198.51.100.9, 192.0.2.1, 10.0.0.2"], "192.0.2.1"),
        ("10.0.0.1:1", &["198.51.100.9", "192.0.2.1"], "192.0.2.1"),
        ("10.0.0.1:1", &["192.0.2.1, nonsense"], "10.0.0.1"),
        ("10.0.0.1:1", &[], "10.0.0.1"),
        ("[::ffff:10.0.0.1]:1", &["192.0.2.1"], "192.0.2.1"),
    ];
    for (connection, forwarded, expected) in cases {
        let found = peer(&parts(connection, forwarded), &trusted);
        assert_eq!(found, expected.parse::<IpAddr>().unwrap(), "{connection} {forwarded:?}");
    }
}

#[test]
fn a_rate_lets_a_burst_of_a_second_through_and_then_one_at_a_time() {
    let gate = Gate::default();
    let key = ApiKeyId(Id128([1; 16]));
    let through = (0..100).filter(|_| gate.over_rate(key, 10, 0).is_none()).count();
    assert_eq!(through, 10);
    assert_eq!(gate.over_rate(key, 10, 0), Some(1));
    assert_eq!(gate.over_rate(key, 10, 100_000), None);
    assert!(gate.over_rate(key, 10, 100_000).is_some());
    assert_eq!(gate.over_rate(ApiKeyId(Id128([2; 16])), 10, 0), None);
}

#[test]
fn one_request_of_a_name_is_under_way_at_a_time() {
    let gate = Arc::new(Gate::default());
    let name =
        IdempotencyName { tenant_id: TenantId::default(), app_id: AppId::default(), key: "k".to_owned() };
    let first = gate.enter(name.clone());
    assert!(first.is_some() && gate.enter(name.clone()).is_none());
    drop(first);
    assert!(gate.enter(name).is_some());
}

#[test]
fn the_form_of_the_specification_is_read() {
    // RFC 9421 section 2.5, example, with the parameters that we ask for.
    let input = "sig1=(\"@method\" \"@target-uri\" \"content-digest\");created=1618884473;keyid=\"test-key\";nonce=\"b3k2\"";
    let read = ParsedSignature::read(input, "sig1=:AAEC:").unwrap();
    assert_eq!(read.covered, ["@method", "@target-uri", "content-digest"]);
    assert_eq!(
        (read.created_s, read.key_id.as_str(), read.nonce.as_deref()),
        (1_618_884_473, "test-key", Some("b3k2"))
    );
    assert_eq!(format!("sig1={}", read.parameters), input);
    assert_eq!(read.signature, [0, 1, 2]);
}
