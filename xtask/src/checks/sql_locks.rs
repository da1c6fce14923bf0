//! A locking read names one tenant by equality; a distributed PostgreSQL accepts no other.

use crate::rust_text::RustText;
use crate::tree::{File, Finding, Tree};

/// Fragments that the dialect adds to a statement written elsewhere; the check looks at that statement.
const LOCK_MARKS: &[&str] =
    &["FOR UPDATE", "FOR NO KEY UPDATE", "FOR SHARE", "{for_update", "{lock", "{skip"];

/// How many lines a statement may lie from the call that adds its lock.
const REACH: usize = 8;

pub fn run(tree: &Tree) -> Vec<Finding> {
    let sources = tree.sources_of("store").filter(|file| !file.is_test());
    sources.flat_map(unbound_locks).collect()
}

fn unbound_locks(file: &File) -> Vec<Finding> {
    let scanned = RustText::scan(&file.text);
    let texts: Vec<(usize, String)> =
        scanned.production_literals().map(|literal| (literal.line, squeezed(&literal.text))).collect();
    let written = texts.iter().filter(|(_, text)| locks(text) && !names_tenant(text) && !is_fragment(text));
    let added = scanned.production().filter(|(_, code)| adds_lock(code)).map(|(line, _)| line);
    let unbound = added
        .filter(|line| !texts.iter().any(|(at, text)| at.abs_diff(*line) <= REACH && names_tenant(text)));
    let lines = written.map(|(line, _)| *line).chain(unbound);
    lines.map(|line| Finding::new(file, line, "a locking read without `tenant_id = `")).collect()
}

fn locks(text: &str) -> bool {
    LOCK_MARKS.iter().any(|mark| text.contains(mark))
}

fn names_tenant(text: &str) -> bool {
    text.contains("tenant_id = ")
}

/// A call of the dialect's clause, as an argument of the statement that stands near it.
fn adds_lock(code: &str) -> bool {
    code.contains("skip_locked(") && !code.contains("fn skip_locked(")
}

/// The dialect's own definition of the clause holds no statement.
fn is_fragment(text: &str) -> bool {
    text.trim().starts_with("FOR ") && !text.contains("SELECT") && !text.contains("FROM")
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ") + " "
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::checks::found;

    #[test]
    fn a_lock_over_several_tenants_is_found() {
        let text = "const A: &str = \"SELECT x FROM a WHERE tenant_id IN (?1) FOR UPDATE\";\n\
                    const B: &str = \"SELECT x FROM a WHERE tenant_id  =\n ?1 AND id = ?2 ORDER BY id FOR UPDATE\";\n\
                    fn c() { format!(\"SELECT x FROM a WHERE id = ?1{for_update}\") }\nconst D: &str = \" FOR UPDATE SKIP LOCKED\";\n";
        let path = "crates/store/src/payment.rs";
        assert_eq!(found(run, &[(path, text)]), [format!("{path}:1"), format!("{path}:4")]);
    }

    #[test]
    fn a_lock_added_by_the_dialect_needs_the_tenant_near_it() {
        let call = "format!(\"SELECT x FROM a WHERE {} {}\", due, dialect.skip_locked())\n";
        let text = format!(
            "fn skip_locked() {{}}\n{call}{}const A: &str = \"tenant_id = ?1\";\n{call}",
            "\n".repeat(20)
        );
        let path = "crates/store/src/due.rs";
        assert_eq!(found(run, &[(path, &text)]), [format!("{path}:2")]);
    }
}
