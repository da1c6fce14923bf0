//! The remittance code 支付标识码: eight digits that the payer writes into the transfer's remark.

use crate::id::{PaymentId, TypedId};
use sha2::{Digest, Sha256};
use std::fmt;

/// Digits of a code, the check digit last.
const DIGITS: usize = 8;
/// The most codes looked for in one text.
const CODES_MAX: usize = 16;
/// The modulus of the check: a prime above every weight and every difference of two digits.
const MODULUS: u32 = 11;
/// How many codes may be tried for one attempt before the account counts as full.
pub const CANDIDATES: u8 = 8;

/// Eight digits whose sum, each weighted by its place from 1 to 8, is divisible by 11.
///
/// One wrong digit changes the sum by weight × difference, and two digits that change places by difference of
/// weights × difference of digits. All these factors lie between 1 and 9, so that neither product is a multiple of
/// the prime 11: both mistakes are always caught, whichever places they concern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RemittanceCode([u8; DIGITS]);

impl RemittanceCode {
    /// The code that begins with these seven digits; one in eleven beginnings has none.
    #[must_use]
    pub fn with_beginning(number: u32) -> Option<Self> {
        let mut digits = [0_u8; DIGITS];
        let mut rest = number;
        for digit in digits.iter_mut().take(DIGITS.saturating_sub(1)).rev() {
            *digit = u8::try_from(rest.checked_rem(10)?).ok()?;
            rest = rest.checked_div(10)?;
        }
        if rest != 0 {
            return None;
        }
        (0..=9).find_map(|check| {
            digits[DIGITS - 1] = check;
            let code = Self(digits);
            code.is_sound().then_some(code)
        })
    }

    /// Reads eight digits; a code whose check fails is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; DIGITS] = text.as_bytes().try_into().ok()?;
        let mut digits = [0_u8; DIGITS];
        for (digit, byte) in digits.iter_mut().zip(bytes) {
            *digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        }
        let code = Self(digits);
        code.is_sound().then_some(code)
    }

    /// The codes that the next attempt of a payment may be given, in order of preference; the first that is free is
    /// taken.
    pub fn candidates(payment: PaymentId, attempts_count: i64) -> impl Iterator<Item = Self> {
        (0_u8..u8::MAX)
            .filter_map(move |turn| {
                let mut hash = Sha256::new();
                hash.update(b"remittance code");
                hash.update(payment.id128().0);
                hash.update(attempts_count.to_be_bytes());
                hash.update([turn]);
                let digest = hash.finalize();
                let number = digest.iter().take(4).fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte));
                Self::with_beginning(number.checked_rem(10_000_000)?)
            })
            .take(usize::from(CANDIDATES))
    }

    /// The sound codes in a text, in order, each once: eight digits together, or four and four with a blank or dash
    /// between, that are no part of a longer number.
    #[must_use]
    pub fn find_in(text: &str) -> Vec<Self> {
        let mut codes: Vec<Self> = Vec::new();
        let mut before: Option<Run> = None;
        for run in runs(text) {
            let joined =
                before.take().filter(|first| first.joins(&run)).map(|first| first.digits + &run.digits);
            let alone = (run.digits.len() == DIGITS).then(|| run.digits.clone());
            if let Some(code) = joined.or(alone).and_then(|digits| Self::parse(&digits)) {
                if !codes.contains(&code) && codes.len() < CODES_MAX {
                    codes.push(code);
                }
            } else {
                before = Some(run);
            }
        }
        codes
    }

    /// The code as it is shown: four digits, a blank, four digits.
    #[must_use]
    pub fn spaced(&self) -> String {
        let text = self.to_string();
        text.split_at_checked(4).map(|(first, second)| format!("{first} {second}")).unwrap_or(text)
    }

    fn is_sound(self) -> bool {
        let weighted =
            self.0.iter().zip(1_u32..).map(|(digit, weight)| u32::from(*digit).saturating_mul(weight));
        weighted.sum::<u32>().checked_rem(MODULUS) == Some(0)
    }
}

impl fmt::Display for RemittanceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|digit| write!(f, "{digit}"))
    }
}

/// Digits that stand together, and what stands before them.
struct Run {
    digits: String,
    /// The letters between the run before and this one.
    gap: String,
}

impl Run {
    fn joins(&self, next: &Self) -> bool {
        let short = self.digits.len() == 4 && next.digits.len() == 4;
        short && matches!(next.gap.as_str(), " " | "-" | "－" | "\u{3000}" | " - " | "  " | "_")
    }
}

fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut gap = String::new();
    let mut inside = false;
    for letter in text.chars() {
        let digit = match letter {
            '0'..='9' => Some(letter),
            // Full-width digits, as Chinese input methods write them.
            '０'..='９' => u32::from(letter).checked_sub(0xFEE0).and_then(char::from_u32),
            _ => None,
        };
        match (digit, runs.last_mut()) {
            (Some(digit), Some(run)) if inside => run.digits.push(digit),
            (Some(digit), _) => {
                runs.push(Run { digits: digit.to_string(), gap: std::mem::take(&mut gap) });
                inside = true;
            }
            (None, _) => {
                gap.push(letter);
                inside = false;
            }
        }
    }
    runs
}
