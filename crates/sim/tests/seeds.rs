//! The simulation itself: seeds hold, traces repeat, sweeps hold, planted bugs are caught.

use tillkeeper_sim::{Options, Summary, run, trace_hash};

fn seeds(start: u64, seeds: u64, sweep: u64) -> Summary {
    run(&Options { seeds, start, sweep, planted: false })
}

fn assert_whole(summary: &Summary) {
    assert!(summary.violations.is_empty(), "{:#?}", summary.violations.first());
    assert_eq!((summary.fen_lost, summary.fen_created, summary.fen_unexplained), (0, 0, 0));
    assert_eq!(summary.failing_seeds, 0);
}

#[test]
fn seeds_hold_every_invariant_and_meet_every_fault() {
    let summary = seeds(1, 200, 0);
    assert_whole(&summary);
    assert!(summary.payments > 1_000 && summary.refunds > 500, "too little happened: {summary:?}");
    for number in (1..=12).chain([14, 16, 17, 18, 19, 23, 24, 25]) {
        let struck = summary.faults.get(&format!("fault-{number}")).copied().unwrap_or(0);
        assert!(struck > 0, "fault-{number} never struck");
    }
    assert!(summary.forged_refused > 0 && summary.late_successes > 0 && summary.shares > 100);
    assert!(summary.shares_by_channel > 50, "{} shares by channels", summary.shares_by_channel);
    assert!(summary.shares_given_up > 10, "{} shares were given up", summary.shares_given_up);
    assert!(summary.shares_back > 10, "{} shares came back ahead of refunds", summary.shares_back);
    let with = (summary.shares_with_refunds, summary.shares_kept);
    assert!(with.0 > 10 && with.1 > 0, "shares back with refunds, and kept: {with:?}");
}

#[test]
fn every_signing_channel_pays_refunds_and_meets_every_fault_of_a_channel() {
    let summary = seeds(1, 200, 0);
    for channel in ["alipay", "wechatpay", "unionpay"] {
        let counts = &summary.channels[channel];
        let what = ["attempts", "paid", "refunds_done"].map(str::to_owned);
        let faults = (1..=11).chain([25]).map(|number| format!("fault-{number}"));
        for word in what.into_iter().chain(faults) {
            assert!(counts.get(&word).is_some_and(|count| *count > 0), "{channel} never saw {word}");
        }
    }
    assert!(summary.switched > 0, "no payer went on at another channel");
}

#[test]
fn the_hall_sees_cash_cards_deposits_cheques_and_what_goes_wrong_with_them() {
    let summary = seeds(1, 100, 0);
    assert_whole(&summary);
    for what in [
        "shifts",
        "shifts_exact",
        "shifts_over_or_short",
        "cash_takings",
        "card_takings",
        "kiosk_takings",
        "voids",
        "refunds_handed_back",
        "refunds_refused",
        "mixed_bills",
        "draws",
        "draws_refused",
        "draws_undone",
        "draws_by_channel",
        "draws_by_channel_refused",
        "cash_deposits_matched",
        "cheques",
        "cheques_bounced",
        "cheques_taken_back",
        "cheques_cleared_by_line",
        "cheques_proven_later",
        "clearings_decided",
        "reversals_of_cleared",
        "reversals_before_clearing",
        "cards_found",
        "codes_asked",
        "card_payments",
        "codes_lost",
        "codes_wrong",
        "codes_right",
        "identity_passed",
        "identity_failed",
        "identity_unknown",
        "identity_not_received",
    ] {
        assert!(summary.hall.get(what).is_some_and(|count| *count > 3), "{what} in {:?}", summary.hall);
    }
}

#[test]
fn the_same_seed_leaves_the_same_trace() {
    for seed in [3, 77, 4_242] {
        assert_eq!(trace_hash(seed), trace_hash(seed));
    }
    assert_ne!(trace_hash(3), trace_hash(4));
}

#[test]
fn a_crash_after_any_event_loses_nothing() {
    let summary = seeds(6, 2, 2);
    assert_whole(&summary);
    assert!(summary.crash_points > 100, "only {} points", summary.crash_points);
}

#[test]
fn seeds_that_once_failed_hold() {
    let corpus = include_str!("../corpus.txt");
    let lines = corpus.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    for line in lines {
        let seed = line.split(' ').next().and_then(|word| word.parse().ok()).expect("a seed");
        assert_whole(&seeds(seed, 1, 0));
    }
}

#[cfg(not(feature = "planted"))]
#[test]
fn the_plain_build_has_no_planted_bugs() {
    let summary = run(&Options { seeds: 1, start: 1, sweep: 0, planted: true });
    assert_eq!((summary.planted, summary.planted_caught), (0, 0));
}

#[cfg(feature = "planted")]
#[test]
fn every_planted_bug_is_caught() {
    let summary = run(&Options { seeds: 1, start: 1, sweep: 0, planted: true });
    assert!(summary.planted >= 56);
    let survivors = summary.catches.iter().filter(|catch| catch.caught_after.is_none());
    let survivors: Vec<&str> = survivors.map(|catch| catch.bug.as_str()).collect();
    assert!(survivors.is_empty(), "{survivors:?} survived");
}
