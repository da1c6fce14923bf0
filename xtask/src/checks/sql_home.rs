//! SQL is written in `store` and nowhere else.

use crate::rust_text::{Literal, RustText};
use crate::tree::{File, Finding, Tree};

/// Words that make a statement when they stand in one literal in this order.
const STATEMENTS: &[&[&str]] = &[
    &["SELECT ", " FROM "],
    &["INSERT INTO "],
    &["UPDATE ", " SET "],
    &["DELETE FROM "],
    &["CREATE TABLE "],
    &["ALTER TABLE "],
    &["DROP TABLE "],
];

pub fn run(tree: &Tree) -> Vec<Finding> {
    let outside = tree
        .rust_files()
        .filter(|file| file.crate_name().is_some_and(|name| name != "store") && !file.is_test());
    outside.flat_map(statements).collect()
}

fn statements(file: &File) -> Vec<Finding> {
    let scanned = RustText::scan(&file.text);
    let sql = scanned.production_literals().filter(|literal| is_sql(literal));
    sql.map(|literal| Finding::new(file, literal.line, "SQL outside crates/store")).collect()
}

fn is_sql(literal: &Literal) -> bool {
    let text = format!("{} ", literal.text.replace('\n', " "));
    STATEMENTS.iter().any(|words| {
        let mut rest = Some(text.as_str());
        for word in *words {
            rest = rest.and_then(|text| text.find(word).map(|at| &text[at + word.len() - 1..]));
        }
        rest.is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::checks::found;

    #[test]
    fn statements_are_found_outside_store_and_prose_is_not() {
        let text = "const A: &str = \"SELECT id\\n FROM payments\";\nconst B: &str = \"UPDATE x SET y = 1\";\n\
                    // DELETE FROM x\nconst C: &str = \"select a method from the list\";\n";
        let files =
            [("crates/web/src/a.rs", text), ("crates/store/src/a.rs", text), ("crates/web/tests/a.rs", text)];
        assert_eq!(found(run, &files), ["crates/web/src/a.rs:1", "crates/web/src/a.rs:2"]);
    }
}
