//! Remarks as payers write them.

use crate::core::Dice;

/// One way of writing a code otherwise than it was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slip {
    /// Words around it.
    Words,
    /// A dash in its middle.
    Dash,
    /// Digits of an input method's full width.
    FullWidth,
    /// Two digits that stand beside each other change places: the code is no code any more.
    Swapped,
    /// Forgotten altogether.
    Nothing,
}

impl Slip {
    /// Draws one.
    pub fn draw(dice: &mut Dice) -> Option<Self> {
        let all = [Self::Words, Self::Dash, Self::FullWidth, Self::Swapped, Self::Nothing];
        all.get(usize::try_from(dice.below(5)).ok()?).copied()
    }
}

/// The remark as a payer writes it who makes this slip.
#[must_use]
pub fn mistyped(remark: &str, slip: Slip) -> String {
    let half = remark.char_indices().nth(remark.chars().count() / 2).map_or(0, |(at, _)| at);
    let (first, second) = remark.split_at_checked(half).unwrap_or((remark, ""));
    match slip {
        Slip::Words => format!("保费{remark}谢谢"),
        Slip::Dash => format!("{}-{}", first.trim(), second.trim()),
        Slip::FullWidth => remark.chars().map(wide).collect(),
        Slip::Swapped => swapped(remark),
        Slip::Nothing => String::new(),
    }
}

fn wide(letter: char) -> char {
    let digit = letter.is_ascii_digit();
    digit.then(|| char::from_u32(u32::from(letter).saturating_add(0xFEE0))).flatten().unwrap_or(letter)
}

/// The first two unequal neighbours change places.
fn swapped(remark: &str) -> String {
    let mut letters: Vec<char> = remark.chars().collect();
    let differs = |pair: &[char]| pair.first() != pair.last() && pair.iter().all(char::is_ascii_digit);
    if let Some(at) = letters.windows(2).position(differs) {
        letters.swap(at, at.saturating_add(1));
    }
    letters.into_iter().collect()
}
