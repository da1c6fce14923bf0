//! Values made of pairs: `{name=value&name=value}` (unionpay.md §2 riskRateInfo, §4 customerInfo).

/// The text is not pairs in braces, or a name occurs twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("value is not pairs in braces")]
pub struct BracesError;

/// Writes pairs; refuses characters that would be read as structure.
pub fn write(pairs: &[(&str, &str)]) -> Result<String, BracesError> {
    let mut out = String::from("{");
    for (name, value) in pairs {
        if name.is_empty() || name.contains(['&', '=', '{', '}']) || value.contains(['&', '{', '}']) {
            return Err(BracesError);
        }
        if out.len() > 1 {
            out.push('&');
        }
        out.push_str(name);
        out.push('=');
        out.push_str(value);
    }
    out.push('}');
    Ok(out)
}

/// Reads pairs in their order.
pub fn read(text: &str) -> Result<Vec<(String, String)>, BracesError> {
    let inner = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).ok_or(BracesError)?;
    if inner.is_empty() {
        return Ok(Vec::new());
    }
    if inner.contains(['{', '}']) {
        return Err(BracesError);
    }
    let mut pairs: Vec<(String, String)> = Vec::new();
    for part in inner.split('&') {
        let (name, value) = part.split_once('=').ok_or(BracesError)?;
        if name.is_empty() || pairs.iter().any(|(known, _)| known == name) {
            return Err(BracesError);
        }
        pairs.push((name.to_owned(), value.to_owned()));
    }
    Ok(pairs)
}
