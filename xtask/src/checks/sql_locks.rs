//! A locking read names one tenant by equality; a distributed PostgreSQL accepts no other.

use crate::rust_text::RustText;
use crate::tree::{File, Finding, Tree};

/// Fragments that the dialect adds to a statement written elsewhere; the check looks at that statement.
const LOCK_MARKS: &[&str] = &["FOR UPDATE", "FOR NO KEY UPDATE", "FOR SHARE", "{for_update", "{lock"];

pub fn run(tree: &Tree) -> Vec<Finding> {
    let sources = tree.sources_of("store").filter(|file| !file.is_test());
    sources.flat_map(unbound_locks).collect()
}

fn unbound_locks(file: &File) -> Vec<Finding> {
    let scanned = RustText::scan(&file.text);
    let unbound = scanned.production_literals().filter(|literal| {
        let text = squeezed(&literal.text);
        LOCK_MARKS.iter().any(|mark| text.contains(mark))
            && !text.contains("tenant_id = ")
            && !is_fragment(&text)
    });
    unbound.map(|literal| Finding::new(file, literal.line, "a locking read without `tenant_id = `")).collect()
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
}
