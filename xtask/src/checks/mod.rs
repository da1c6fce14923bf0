//! One file per rule. A rule over files that do not exist yet finds nothing and bites when they appear.

mod absolute_paths;
mod crate_arrows;
mod file_lengths;
mod floats;
mod forbidden_packages;
mod fuzz_targets;
mod licences;
mod links;
mod locale_keys;
mod marks;
mod names;
mod page_texts;
mod readme_pair;
mod refusal_docs;
mod sql_home;
mod sql_keys;
mod sql_locks;
mod tokio_home;

use crate::tree::{Finding, Tree};

/// A rule of the house: a word for it, and the search for what breaks it.
pub struct Check {
    pub name: &'static str,
    pub run: fn(&Tree) -> Vec<Finding>,
}

pub const CHECKS: &[Check] = &[
    Check { name: "crate-arrows", run: crate_arrows::run },
    Check { name: "forbidden-packages", run: forbidden_packages::run },
    Check { name: "licences", run: licences::run },
    Check { name: "file-lengths", run: file_lengths::run },
    Check { name: "names", run: names::run },
    Check { name: "marks", run: marks::run },
    Check { name: "floats", run: floats::run },
    Check { name: "tokio-home", run: tokio_home::run },
    Check { name: "sql-home", run: sql_home::run },
    Check { name: "sql-keys", run: sql_keys::run },
    Check { name: "sql-locks", run: sql_locks::run },
    Check { name: "page-texts", run: page_texts::run },
    Check { name: "locale-keys", run: locale_keys::run },
    Check { name: "refusal-docs", run: refusal_docs::run },
    Check { name: "fuzz-targets", run: fuzz_targets::run },
    Check { name: "absolute-paths", run: absolute_paths::run },
    Check { name: "readme-pair", run: readme_pair::run },
    Check { name: "links", run: links::run },
];

/// Runs a check over files made up by a test and gives each finding as `path:line`.
#[cfg(test)]
fn found(run: fn(&Tree) -> Vec<Finding>, files: &[(&str, &str)]) -> Vec<String> {
    run(&Tree::of(files)).into_iter().map(|finding| format!("{}:{}", finding.path, finding.line)).collect()
}
