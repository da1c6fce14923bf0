use super::*;
use std::collections::BTreeSet;
use tk_money::Amount;

/// The codes of every refusal of the domain, read from where they are declared.
fn refusal_codes() -> Vec<&'static str> {
    let source = include_str!("../../../domain/src/refusal.rs");
    let arms =
        source.split_once("pub const fn code").unwrap().1.split_once("pub const fn retryable").unwrap().0;
    arms.lines().filter_map(|line| line.split_once("=> \"")?.1.split('"').next()).collect()
}

#[test]
fn every_code_is_told_in_both_languages() {
    let codes: BTreeSet<&str> =
        refusal_codes().into_iter().chain(Code::ALL.iter().map(|code| code.word())).collect();
    assert!(codes.len() > 60, "{codes:?}");
    for code in codes {
        let key = format!("problem-{}", code.replace('_', "-"));
        let texts: Vec<String> = Locale::ALL.iter().map(|locale| text(*locale, &key, &[])).collect();
        assert!(texts.iter().all(|text| *text != key), "{key} has no text");
        assert_ne!(texts[0], texts[1], "{key}");
    }
}

#[test]
fn every_code_is_documented() {
    let page = include_str!("../../../../docs/refusals.md");
    for code in refusal_codes().into_iter().chain(Code::ALL.iter().map(|code| code.word())) {
        assert!(page.contains(&format!("| `{code}` |")), "{code} is missing in docs/refusals.md");
    }
}

#[test]
fn sentences_name_the_sums() {
    let refusal = Refusal::RefundExceedsRefundable {
        refundable: Amount::fen(128_640),
        requested: Amount::fen(200_000),
    };
    let body = Problem::from(refusal).body(Locale::ZhCn, "req_1");
    assert_eq!(body.detail, "可退 ¥1,286.40，请求 ¥2,000.00");
    assert_eq!((body.status, body.code, body.retryable), (422, "refund_exceeds_refundable", false));
    assert_eq!(body.r#type, "https://docs.tillkeeper.example/problems/refund-exceeds-refundable");
    assert_eq!(body.errors[0].pointer, "#/amount");
    for refusal in [
        Refusal::AmountOutOfRange { min: Amount::fen(1), max: Amount::fen(5) },
        Refusal::InsufficientBalance { available: Amount::fen(1), short: Amount::fen(5) },
        Refusal::TooManyAttempts { max: 7 },
        Refusal::TooManyRefunds { max: 7 },
        Refusal::LimitReached { what: "apps", max: 7 },
    ] {
        let body = Problem::from(refusal.clone()).body(Locale::En, "req_1");
        assert!(
            !body.detail.starts_with("problem-") && !body.detail.contains('{'),
            "{refusal}: {}",
            body.detail
        );
    }
}

#[test]
fn failures_say_nothing_of_their_cause() {
    let causes = [
        (
            Failure::Unavailable("disk /var/lib full".to_owned()),
            503,
            "storage_unavailable",
            MoneyState::Unknown,
        ),
        (Failure::Fault("SELECT * FROM payments".to_owned()), 500, "internal", MoneyState::Unknown),
        (Failure::Overloaded { retry_after_s: 3 }, 503, "overloaded", MoneyState::NotMoved),
    ];
    for (failure, status, code, money_state) in causes {
        let problem = Problem::from(failure);
        let body = serde_json::to_string(&problem.body(Locale::En, "req_1")).unwrap();
        assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
        assert_eq!(problem.money_state, money_state, "{code}");
        assert!(!body.contains("disk") && !body.contains("SELECT"), "{body}");
    }
}
