//! Packages that must not be built in: other SQL layers, second TLS or crypto stacks, unsuitable licences.

use crate::tree::{Finding, Tree};

const FORBIDDEN: &[(&str, &str)] = &[
    ("sqlx", "the store has its own SQL layer"),
    ("sqlx-core", "the store has its own SQL layer"),
    ("diesel", "the store has its own SQL layer"),
    ("sea-orm", "the store has its own SQL layer"),
    ("postgres", "the synchronous client cannot pipeline; use tokio-postgres"),
    ("openssl", "aws-lc-rs is the one crypto library"),
    ("openssl-sys", "aws-lc-rs is the one crypto library"),
    ("native-tls", "rustls is the one TLS library"),
    ("ring", "aws-lc-rs is the one crypto library"),
    ("rsa", "its private-key operations are not constant-time; use aws-lc-rs"),
    ("rust_decimal", "money is i64 minor units; see tk-money"),
    ("bigdecimal", "money is i64 minor units; see tk-money"),
    ("chrono", "jiff is the one calendar library"),
];

pub fn run(tree: &Tree) -> Vec<Finding> {
    let used = tree.packages.iter();
    let hits = used.filter_map(|package| FORBIDDEN.iter().find(|(name, _)| *name == package.name));
    let finding = |(name, reason): &(&str, &str)| Finding {
        path: "Cargo.lock".to_owned(),
        line: line_in_lock(tree, name),
        message: format!(
            "{name} is forbidden: {reason} (`cargo tree --workspace -i {name}` says who asks for it)"
        ),
    };
    hits.map(finding).collect()
}

fn line_in_lock(tree: &Tree, name: &str) -> usize {
    let wanted = format!("name = \"{name}\"");
    let lock = tree.file("Cargo.lock").map_or("", |file| file.text.as_str());
    lock.lines().position(|line| line == wanted).map_or(1, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::tree::{Package, Tree};

    #[test]
    fn a_forbidden_package_is_found_with_its_line_in_the_lock_file() {
        let mut tree =
            Tree::of(&[("Cargo.lock", "[[package]]\nname = \"serde\"\n[[package]]\nname = \"sqlx\"\n")]);
        tree.packages =
            ["serde", "sqlx"].map(|name| Package { name: name.into(), licence: "MIT".into() }).into();
        let findings = run(&tree);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].line, 4);
        assert!(findings[0].message.contains("sqlx is forbidden"));
    }
}
