//! A telephone number as a merchant prints it.

/// The most characters of a telephone number.
pub const PHONE_MAX: usize = 32;
/// The fewest digits: a short number such as that of an insurer's hotline.
const DIGITS_MIN: usize = 3;
/// The most digits (ITU-T E.164), and a few of an extension.
const DIGITS_MAX: usize = 20;

/// Whether a text is a telephone number: digits, grouped by single spaces, hyphens or brackets, a `+` only in front.
#[must_use]
pub fn well_formed(text: &str) -> bool {
    let rest = text.strip_prefix('+').unwrap_or(text);
    let digits = rest.chars().filter(char::is_ascii_digit).count();
    let fits = |letter: char| letter.is_ascii_digit() || " -()".contains(letter);
    let ends = rest.starts_with(|letter: char| letter.is_ascii_digit() || letter == '(')
        && rest.ends_with(|letter: char| letter.is_ascii_digit());
    text.len() <= PHONE_MAX && rest.chars().all(fits) && ends && (DIGITS_MIN..=DIGITS_MAX).contains(&digits)
}

/// The digits to dial, with the `+` in front if there is one.
#[must_use]
pub fn dialled(text: &str) -> String {
    text.chars().filter(|letter| letter.is_ascii_digit() || *letter == '+').collect()
}
