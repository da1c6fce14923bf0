//! A QR code as the path of an SVG.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};

/// Modules kept white around the code (ISO/IEC 18004 asks for four).
const QUIET: usize = 4;

/// A code ready for `<svg viewBox="0 0 {side} {side}"><path d="{path}"/></svg>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// Modules along one side, with the white border.
    pub side: usize,
    /// The dark modules, one rectangle per run.
    pub path: String,
}

/// The code of a text; nothing where it does not fit into any code.
pub fn code(text: &str) -> Option<Code> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    let colors = code.to_colors();
    let mut path = String::new();
    for (row, line) in colors.chunks(width).enumerate() {
        let mut column = 0;
        while column < width {
            let run = line[column..].iter().take_while(|color| **color == Color::Dark).count();
            if run > 0 {
                // Writing into a string cannot fail.
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", column + QUIET, row + QUIET);
            }
            column += run.max(1);
        }
    }
    Some(Code { side: width + 2 * QUIET, path })
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn the_path_covers_exactly_the_dark_modules() {
        let text = "https://qr.alipay.com/bax03431ljhokirwl38f00a7";
        let expected = qrcode::QrCode::with_error_correction_level(text, qrcode::EcLevel::M).unwrap();
        let drawn = code(text).unwrap();
        assert_eq!(drawn.side, expected.width() + 8);
        let dark = expected.to_colors().iter().filter(|color| **color == qrcode::Color::Dark).count();
        let runs = drawn.path.split('M').skip(1);
        let covered: usize = runs
            .map(|run| run.split_once('h').unwrap().1.split_once('v').unwrap().0.parse::<usize>().unwrap())
            .sum();
        assert_eq!(covered, dark);
    }

    #[test]
    fn a_text_too_long_for_any_code_gives_none() {
        assert_eq!(code(&"x".repeat(5_000)), None);
    }
}
