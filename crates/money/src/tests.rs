use crate::{Amount, AmountError, Currency, Rate, Rounding, SplitError, proportion, split_by_weights};
use proptest::prelude::*;

#[test]
fn amounts_add_only_within_a_currency_and_without_overflow() {
    let one = Amount::fen(1);
    assert_eq!(one.checked_add(Amount::fen(2)), Ok(Amount::fen(3)));
    assert_eq!(Amount::fen(i64::MAX).checked_add(one), Err(AmountError::Overflow));
    assert_eq!(one.checked_sub(Amount::new(1, Currency::Usd)), Err(AmountError::CurrencyMismatch));
    assert_eq!(Amount::fen(i64::MAX).checked_mul(2), Err(AmountError::Overflow));
}

#[test]
fn amounts_are_shown_with_two_decimals_and_groups() {
    let cases = [
        (0, "¥0.00"),
        (1, "¥0.01"),
        (123_456, "¥1,234.56"),
        (-100, "-¥1.00"),
        (100_000_000, "¥1,000,000.00"),
    ];
    for (fen, shown) in cases {
        assert_eq!(Amount::fen(fen).display(), shown);
    }
    assert_eq!(Amount::fen(-123_456).decimal(), "-1234.56");
    assert_eq!(Amount::fen(i64::MIN).decimal(), "-92233720368547758.08");
}

#[test]
fn rates_read_and_print_as_decimals() {
    for (text, ppm) in [("0", 0), ("0.0060", 6_000), ("0.000001", 1), ("1", 1_000_000)] {
        assert_eq!(text.parse::<Rate>().map(Rate::ppm), Ok(ppm));
    }
    for text in ["", "-0.1", "1.1", "0.0000001", "1e-3", "+0.1", ".5", "０.1"] {
        assert!(text.parse::<Rate>().is_err(), "{text}");
    }
    assert_eq!(Rate::from_ppm(6_000).map(|rate| rate.to_string()), Ok("0.0060".to_owned()));
    assert_eq!(Rate::from_ppm(1).map(|rate| rate.to_string()), Ok("0.000001".to_owned()));
}

#[test]
fn rounding_is_the_one_named() {
    for (rounding, expected) in [(Rounding::HalfUp, 3), (Rounding::Down, 2), (Rounding::Up, 3)] {
        assert_eq!(proportion(5, 1, 2, rounding), Ok(expected));
    }
    assert_eq!(proportion(-5, 1, 2, Rounding::HalfUp), Ok(-3));
    assert_eq!(proportion(7, 1, 3, Rounding::HalfUp), Ok(2));
    assert_eq!(proportion(1, 1, 0, Rounding::HalfUp), Err(AmountError::Overflow));
    assert_eq!(proportion(i64::MAX, i64::MAX, 1, Rounding::Down), Err(AmountError::Overflow));
}

#[test]
fn bad_weights_are_refused() {
    assert_eq!(split_by_weights(10, &[]), Err(SplitError::Weights));
    assert_eq!(split_by_weights(10, &[0, 0]), Err(SplitError::Weights));
    assert_eq!(split_by_weights(10, &[1, -1]), Err(SplitError::Weights));
    assert_eq!(split_by_weights(-1, &[1]), Err(SplitError::Overflow));
}

proptest! {
    #[test]
    fn parts_always_sum_to_the_whole(
        whole in 0_i64..=i64::MAX,
        weights in prop::collection::vec(0_i64..1_000_000, 1..20),
    ) {
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        let parts = split_by_weights(whole, &weights).unwrap();
        prop_assert_eq!(parts.iter().map(|part| i128::from(*part)).sum::<i128>(), i128::from(whole));
        prop_assert!(parts.iter().zip(&weights).all(|(part, weight)| *part >= 0 && (*weight > 0 || *part == 0)));
    }

    #[test]
    fn a_full_proportion_is_the_whole(amount in any::<i64>(), whole in 1_i64..=i64::MAX) {
        prop_assert_eq!(proportion(amount, whole, whole, Rounding::HalfUp), Ok(amount));
    }
}
