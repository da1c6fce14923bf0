use super::*;
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    #[serde(rename = "amount")]
    _amount: Option<MinorUnits>,
    #[serde(rename = "lines")]
    _lines: Option<Vec<Order>>,
}

fn refused(body: &str) -> (&'static str, String) {
    let problem = from_slice::<Order>(body.as_bytes()).unwrap_err();
    let body = problem.body(crate::locale::Locale::En, "req_1");
    (problem.code(), body.errors[0].pointer.clone())
}

#[test]
fn a_pointer_leads_to_the_field() {
    let at = |pointer: &str| pointer.to_owned();
    assert_eq!(refused(r#"{"lines":[{},{"amount":"1"}]}"#), ("amount_invalid", at("#/lines/1/amount")));
    assert_eq!(refused(r#"{"lines":[{"other":1}]}"#), ("unknown_field", at("#/lines/0/other")));
    assert_eq!(refused(r#"{"a/b~c":1}"#), ("unknown_field", at("#/a~1b~0c")));
    assert_eq!(
        refused(r#"{"lines":[{"amount":1,"amount":1}]}"#),
        ("field_duplicate", at("#/lines/0/amount"))
    );
    assert_eq!(refused(r#"{"lines":[{"x":{"Track-2":1}}]}"#), ("field_forbidden", at("#/lines/0/x/Track-2")));
    assert_eq!(refused(r#"{"lines":{}}"#), ("field_malformed", at("#/lines")));
}

#[test]
fn names_that_only_resemble_forbidden_ones_pass() {
    for name in ["tracking", "pinned", "spin", "tracks_sold", "opinion", "cvs"] {
        let value: Result<Value, _> = from_slice(format!(r#"{{"{name}":1}}"#).as_bytes());
        assert!(value.is_ok(), "{name}");
    }
    for name in ["cvv", "CVN2", "pin", "PIN-block", "track1", "track_2", "track2_data", "magstripe"] {
        let value: Result<Value, _> = from_slice(format!(r#"{{"{name}":1}}"#).as_bytes());
        assert_eq!(value.unwrap_err().code(), "field_forbidden", "{name}");
    }
}

#[test]
fn times_carry_an_offset() {
    assert_eq!(rfc3339_us("2026-08-27T11:00:00+08:00"), Some(1_787_799_600_000_000));
    assert_eq!(rfc3339_us("2026-08-27T03:00:00Z"), Some(1_787_799_600_000_000));
    for text in ["", "2026-08-27", "2026-08-27T11:00:00", "2026-13-01T00:00:00Z", "now"] {
        assert_eq!(rfc3339_us(text), None, "{text}");
    }
}
