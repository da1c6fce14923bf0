//! `multipart/form-data` as browsers send it (RFC 7578): a bounded body to its fields, nothing decoded, nothing guessed.

/// The most fields of one form.
pub const FIELDS_MAX: usize = 16;
/// The longest boundary (RFC 2046 section 5.1.1).
const BOUNDARY_MAX_BYTES: usize = 70;
/// The longest head of a field, bytes.
const HEAD_MAX_BYTES: usize = 1_024;

/// One field of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'b> {
    /// Its name.
    pub name: &'b str,
    /// Whether it is a file; what the file is called is not read.
    pub file: bool,
    /// Its bytes.
    pub value: &'b [u8],
}

/// Why a form was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MultipartError {
    /// The content type names no boundary that may be one.
    #[error("no boundary")]
    Boundary,
    /// The body is not parts between boundaries to the last one.
    #[error("the form is not whole")]
    Broken,
    /// A part has no readable name.
    #[error("a field without a name")]
    Nameless,
    /// A name occurs twice.
    #[error("a field occurs twice")]
    Duplicate,
    /// There are more than [`FIELDS_MAX`] fields.
    #[error("too many fields")]
    TooMany,
}

/// The boundary that a `Content-Type` names.
pub fn boundary(content_type: &str) -> Result<&str, MultipartError> {
    let rest = content_type.strip_prefix("multipart/form-data;").ok_or(MultipartError::Boundary)?;
    let named = rest.split(';').find_map(|part| part.trim().strip_prefix("boundary="));
    let named = named.ok_or(MultipartError::Boundary)?.trim_matches('"');
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
    let fits = (1..=BOUNDARY_MAX_BYTES).contains(&named.len()) && named.bytes().all(plain);
    if fits { Ok(named) } else { Err(MultipartError::Boundary) }
}

/// The fields of a form, each name at most once.
pub fn parse<'b>(body: &'b [u8], boundary: &str) -> Result<Vec<Field<'b>>, MultipartError> {
    let delimiter = format!("\r\n--{boundary}");
    // The first delimiter has no line end of its own before it.
    let first = delimiter.as_bytes().get(2..).unwrap_or_default();
    let mut rest = body.strip_prefix(first).ok_or(MultipartError::Broken)?;
    let mut fields: Vec<Field<'b>> = Vec::new();
    loop {
        if rest.starts_with(b"--") {
            return Ok(fields);
        }
        if fields.len() >= FIELDS_MAX {
            return Err(MultipartError::TooMany);
        }
        let part = rest.strip_prefix(b"\r\n").ok_or(MultipartError::Broken)?;
        let end = find(part, delimiter.as_bytes()).ok_or(MultipartError::Broken)?;
        let (part, after) = part.split_at(end);
        let field = field(part)?;
        if fields.iter().any(|known| known.name == field.name) {
            return Err(MultipartError::Duplicate);
        }
        fields.push(field);
        rest = after.get(delimiter.len()..).ok_or(MultipartError::Broken)?;
    }
}

fn field(part: &[u8]) -> Result<Field<'_>, MultipartError> {
    let window = part.get(..part.len().min(HEAD_MAX_BYTES)).unwrap_or(part);
    let end = find(window, b"\r\n\r\n").ok_or(MultipartError::Broken)?;
    let (head, value) = part.split_at(end);
    let value = value.get(4..).unwrap_or_default();
    let head = std::str::from_utf8(head).map_err(|_| MultipartError::Nameless)?;
    let told = head.split("\r\n").find_map(|line| {
        let (name, told) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-disposition").then_some(told)
    });
    let told = told.ok_or(MultipartError::Nameless)?;
    let name = told.split_once(" name=\"").and_then(|(_, rest)| rest.split_once('"'));
    let (name, _) = name.filter(|(name, _)| !name.is_empty()).ok_or(MultipartError::Nameless)?;
    Ok(Field { name, file: told.contains(" filename=\""), value })
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0_usize;
    while let Some(at) = bytes.get(from..)?.iter().position(|byte| *byte == first) {
        let at = from.saturating_add(at);
        if bytes.get(at..)?.starts_with(wanted) {
            return Some(at);
        }
        from = at.saturating_add(1);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Field, MultipartError, boundary, parse};

    fn form(parts: &[&str]) -> Vec<u8> {
        let mut body = String::new();
        for part in parts {
            body.extend(["--XX\r\n", part, "\r\n"]);
        }
        body.push_str("--XX--\r\n");
        body.into_bytes()
    }

    #[test]
    fn fields_and_files_come_out_as_they_went_in() {
        let body = form(&[
            "Content-Disposition: form-data; name=\"csrf\"\r\n\r\nabc",
            "Content-Disposition: form-data; name=\"front\"; filename=\"a name=\"\r\nContent-Type: image/jpeg\r\n\r\n\r\n--X\r\n",
            "content-disposition: form-data; name=\"back\"; filename=\"\"\r\n\r\n",
        ]);
        let fields = parse(&body, "XX").unwrap();
        assert_eq!(fields[0], Field { name: "csrf", file: false, value: b"abc" });
        assert_eq!(fields[1], Field { name: "front", file: true, value: b"\r\n--X\r\n" });
        assert_eq!(fields[2], Field { name: "back", file: true, value: b"" });
        assert_eq!(parse(b"--XX--", "XX"), Ok(Vec::new()));
    }

    #[test]
    fn what_is_not_whole_or_not_clear_is_refused() {
        let named = "Content-Disposition: form-data; name=\"a\"\r\n\r\n1";
        let whole = form(&[named]);
        for cut in 1..whole.len() - 4 {
            assert_eq!(parse(&whole[..cut], "XX"), Err(MultipartError::Broken), "{cut}");
        }
        assert_eq!(parse(&form(&[named, named]), "XX"), Err(MultipartError::Duplicate));
        assert_eq!(parse(&form(&["X: y\r\n\r\n1"]), "XX"), Err(MultipartError::Nameless));
        assert_eq!(
            parse(&form(&["Content-Disposition: form-data; name=\"\"\r\n\r\n"]), "XX"),
            Err(MultipartError::Nameless)
        );
        let many: Vec<String> = (0..20).map(|at| named.replace("\"a\"", &format!("\"a{at}\""))).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(parse(&form(&many), "XX"), Err(MultipartError::TooMany));
        assert_eq!(parse(b"no form", "XX"), Err(MultipartError::Broken));
        let long = format!("Content-Disposition: form-data; name=\"a\"\r\nX: {}\r\n\r\n1", "y".repeat(2_000));
        assert_eq!(parse(&form(&[&long]), "XX"), Err(MultipartError::Broken));
    }

    #[test]
    fn a_boundary_is_named_by_the_content_type() {
        assert_eq!(
            boundary("multipart/form-data; boundary=----WebKitFormBoundary7MA4"),
            Ok("----WebKitFormBoundary7MA4")
        );
        assert_eq!(boundary("multipart/form-data; charset=utf-8; boundary=\"a b\""), Ok("a b"));
        for wrong in [
            "text/plain",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=a\u{e9}",
        ] {
            assert_eq!(boundary(wrong), Err(MultipartError::Boundary), "{wrong}");
        }
        assert_eq!(
            boundary(&format!("multipart/form-data; boundary={}", "a".repeat(71))),
            Err(MultipartError::Boundary)
        );
    }
}
