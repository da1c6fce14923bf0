//! A file is one room: at most 400 production lines, blank ones and tests not counted.

use crate::rust_text::RustText;
use crate::tree::{File, Finding, Tree};

const LINES_MAX: usize = 400;

pub fn run(tree: &Tree) -> Vec<Finding> {
    tree.rust_files().filter(|file| !file.is_test()).filter_map(too_long).collect()
}

fn too_long(file: &File) -> Option<Finding> {
    let scanned = RustText::scan(&file.text);
    let source: Vec<&str> = file.text.lines().collect();
    let written = scanned
        .production()
        .filter(|(line, _)| source.get(line - 1).is_some_and(|text| !text.trim().is_empty()));
    let count = written.count();
    let message = format!("{count} production lines, at most {LINES_MAX}: split it by purpose");
    (count > LINES_MAX).then(|| Finding::new(file, LINES_MAX, message))
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::checks::found;

    #[test]
    fn production_lines_count_and_blank_lines_and_tests_do_not() {
        let long = "fn a() {}\n".repeat(401);
        let tested = format!(
            "{}\n\n#[cfg(test)]\nmod tests {{\n{}}}\n",
            "fn a() {}\n".repeat(399),
            "fn b() {}\n".repeat(300)
        );
        let files = [
            ("crates/a/src/long.rs", long.as_str()),
            ("crates/a/src/tested.rs", &tested),
            ("crates/a/src/x/tests.rs", &long),
        ];
        assert_eq!(found(run, &files), ["crates/a/src/long.rs:400"]);
    }
}
