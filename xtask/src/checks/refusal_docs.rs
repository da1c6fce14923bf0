//! Every refusal's wire code is explained in docs/refusals.md.

use crate::rust_text::RustText;
use crate::tree::{File, Finding, Tree};

const DOCUMENT: &str = "docs/refusals.md";

pub fn run(tree: &Tree) -> Vec<Finding> {
    let document = tree.file(DOCUMENT).map_or("", |file| file.text.as_str());
    let sources = tree
        .sources_of("domain")
        .filter(|file| file.path.ends_with("refusal.rs") || file.path.contains("/refusal/"));
    sources.filter(|file| !file.is_test()).flat_map(|file| undocumented(file, document)).collect()
}

fn undocumented(file: &File, document: &str) -> Vec<Finding> {
    let scanned = RustText::scan(&file.text);
    let codes = scanned.production_literals().filter(|literal| is_wire_code(&literal.text));
    let missing = codes.filter(|literal| !document.contains(&format!("`{}`", literal.text)));
    missing
        .map(|literal| {
            Finding::new(file, literal.line, format!("`{}` is not explained in {DOCUMENT}", literal.text))
        })
        .collect()
}

fn is_wire_code(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::checks::found;

    #[test]
    fn a_code_without_an_explanation_is_found() {
        let rust =
            "match self {\n A => \"order_closed\",\n B => \"amount_invalid\",\n C => \"a sentence\",\n}\n";
        let files =
            [("crates/domain/src/refusal.rs", rust), ("docs/refusals.md", "| `order_closed` | 409 |\n")];
        assert_eq!(found(run, &files), ["crates/domain/src/refusal.rs:3"]);
        assert_eq!(found(run, &files[..1]).len(), 2);
    }
}
