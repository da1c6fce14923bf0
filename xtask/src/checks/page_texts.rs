//! Words that people read stand in the locale files, not in templates and not in handlers.

use crate::rust_text::RustText;
use crate::tree::{File, Finding, Tree};

/// Names that are the same in every language.
const NAMES: &[&str] = &["Tillkeeper", "ID", "API", "CSV", "QR"];

pub fn run(tree: &Tree) -> Vec<Finding> {
    let templates =
        tree.files.iter().filter(|file| file.has_extension("html") && file.path.contains("/templates/"));
    let handlers = tree.sources_of("web").filter(|file| !file.is_test());
    templates.flat_map(template_words).chain(handlers.flat_map(handler_words)).collect()
}

fn template_words(file: &File) -> Vec<Finding> {
    let shown = shown_text(&file.text);
    let mut findings = Vec::new();
    for (at, (line, shown)) in file.text.lines().zip(shown.lines()).enumerate() {
        if line.chars().any(is_cjk) {
            findings.push(Finding::new(
                file,
                at + 1,
                "Chinese text in a template: move it to the locale files",
            ));
        } else if let Some(word) = shown.split(|c: char| !c.is_alphabetic()).find(|word| is_prose(word)) {
            findings.push(Finding::new(
                file,
                at + 1,
                format!("'{word}' in a template: move it to the locale files"),
            ));
        }
    }
    findings
}

fn handler_words(file: &File) -> Vec<Finding> {
    let scanned = RustText::scan(&file.text);
    let chinese = scanned.production_literals().filter(|literal| literal.text.chars().any(is_cjk));
    chinese
        .map(|literal| {
            Finding::new(file, literal.line, "Chinese text in a handler: move it to the locale files")
        })
        .collect()
}

fn is_prose(word: &str) -> bool {
    word.len() > 1 && !NAMES.contains(&word)
}

fn is_cjk(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{303f}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}')
}

/// What a browser would show: tags, template code, scripts and entities are blanked, line for line.
fn shown_text(html: &str) -> String {
    const HIDDEN: &[(&str, &str)] = &[
        ("{{", "}}"),
        ("{%", "%}"),
        ("{#", "#}"),
        ("<!--", "-->"),
        ("<script", "</script>"),
        ("<style", "</style>"),
        ("&", ";"),
    ];
    let mut shown = html.to_owned();
    for (opening, closing) in HIDDEN {
        shown = blanked(&shown, opening, closing);
    }
    blanked(&shown, "<", ">")
}

fn blanked(text: &str, opening: &str, closing: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(begin) = rest.find(opening) {
        let inside = &rest[begin + opening.len()..];
        let end = begin + opening.len() + inside.find(closing).map_or(inside.len(), |at| at + closing.len());
        out.push_str(&rest[..begin]);
        out.extend(rest[begin..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = &rest[end..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::checks::found;

    #[test]
    fn words_in_templates_and_handlers_are_found() {
        let html = "<title>{{ t(\"pay-title\") }}</title>\n<p class=\"money\">Pay now</p>\n<!-- note -->\n<b>支付</b>\n\
                    {% if paid %}<i>&nbsp;{{ amount }}</i>{% endif %}<script>var a\n= 1</script> Tillkeeper\n";
        let rust = "fn a() -> &'static str { \"支付成功\" }\n// 支付\nfn b() -> &'static str { \"paid\" }\n";
        let files = [
            ("crates/web/templates/cashier/choose.html", html),
            ("crates/web/src/cashier/choose.rs", rust),
            ("crates/simulator/src/wallet.rs", rust),
        ];
        let page = "crates/web/templates/cashier/choose.html";
        assert_eq!(
            found(run, &files),
            [format!("{page}:2"), format!("{page}:4"), "crates/web/src/cashier/choose.rs:1".into()]
        );
    }
}
