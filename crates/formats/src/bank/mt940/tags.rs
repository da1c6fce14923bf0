//! The tags of MT940 files, blocks and line ends taken away.

use crate::bank::BankError;

const LINE_MAX_BYTES: usize = 1_024;
const FIELD_LINES_MAX: usize = 16;
const FIELDS_MAX: usize = 2_000_000;

/// One tag with its text; further lines are joined by `\n`.
#[derive(Debug)]
pub(super) struct Field<'t> {
    pub tag: &'t str,
    pub text: &'t str,
    pub line: usize,
    /// Where the text begins in the file, in bytes.
    start: usize,
}

/// The tags of a file in order.
pub(super) fn fields_of(text: &str) -> Result<Vec<Field<'_>>, BankError> {
    let mut fields: Vec<Field<'_>> = Vec::new();
    let mut block = Block::Outside;
    let mut offset = 0;
    for (at, whole) in text.split_inclusive('\n').enumerate() {
        let number = at + 1;
        let start = offset;
        offset += whole.len();
        let line = whole.trim_end_matches(['\r', '\n']);
        if line.len() > LINE_MAX_BYTES {
            return Err(BankError::Limit { line: number, what: "line" });
        }
        if let Some(next) = block.passes(line) {
            block = next;
        } else if let Some((tag, first)) = tag_of(line) {
            if fields.len() >= FIELDS_MAX {
                return Err(BankError::Limit { line: number, what: "fields" });
            }
            let start = start.saturating_add(line.len().saturating_sub(first.len()));
            fields.push(Field { tag, text: first, line: number, start });
        } else {
            extend(&mut fields, text, (start.saturating_add(line.len()), number))?;
        }
    }
    if matches!(block, Block::Inside) {
        return Err(BankError::Truncated("-}"));
    }
    if fields.first().is_some_and(|field| field.tag != "20") {
        return Err(BankError::WrongKind("MT940"));
    }
    Ok(fields)
}

/// Whether the text is inside a SWIFT block 4.
#[derive(Clone, Copy)]
enum Block {
    Outside,
    Inside,
}

impl Block {
    /// Where one stands after a line that only opens or ends a block; none if the line says something.
    fn passes(self, line: &str) -> Option<Self> {
        let opens = line.starts_with("{1:") && line.ends_with("{4:");
        match self {
            Self::Outside if opens => Some(Self::Inside),
            Self::Inside if line == "-}" || line.starts_with("-}{5:") => Some(Self::Outside),
            Self::Outside if matches!(line.trim(), "" | "-") => Some(Self::Outside),
            Self::Inside | Self::Outside => None,
        }
    }
}

/// `:NN:` or `:NNX:` at the beginning of a line.
fn tag_of(line: &str) -> Option<(&str, &str)> {
    let (tag, rest) = line.strip_prefix(':')?.split_once(':')?;
    let (digits, letter) = tag.split_at_checked(2)?;
    let letters =
        letter.is_empty() || (letter.len() == 1 && letter.bytes().all(|byte| byte.is_ascii_uppercase()));
    (digits.bytes().all(|byte| byte.is_ascii_digit()) && letters).then_some((tag, rest))
}

/// Lets the last field reach to the end of this line.
fn extend<'t>(
    fields: &mut [Field<'t>],
    text: &'t str,
    (end, number): (usize, usize),
) -> Result<(), BankError> {
    let field = fields.last_mut().ok_or(BankError::WrongKind("MT940"))?;
    if number.saturating_sub(field.line) > FIELD_LINES_MAX {
        return Err(BankError::Limit { line: number, what: "field" });
    }
    field.text = text.get(field.start..end).ok_or(BankError::Malformed { line: number })?;
    Ok(())
}
