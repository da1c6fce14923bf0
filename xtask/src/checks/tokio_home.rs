//! In `app` only the workers know the asynchronous runtime; use cases are plain functions.

use crate::rust_text::RustText;
use crate::tree::{File, Finding, Tree};

pub fn run(tree: &Tree) -> Vec<Finding> {
    let outside = tree
        .sources_of("app")
        .filter(|file| !file.is_test() && !file.path.starts_with("crates/app/src/workers"));
    outside.flat_map(tokio_lines).collect()
}

fn tokio_lines(file: &File) -> Vec<Finding> {
    let scanned = RustText::scan(&file.text);
    let uses =
        |line: &str| line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "tokio");
    let lines = scanned.production().filter(|(_, line)| uses(line));
    lines.map(|(line, _)| Finding::new(file, line, "tokio outside app::workers")).collect()
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::checks::found;

    #[test]
    fn tokio_is_found_outside_the_workers() {
        let text = "// tokio\nuse tokio::sync::mpsc;\n#[cfg(test)]\nmod tests {\n use tokio::test;\n}\n";
        let files = [("crates/app/src/payment/create.rs", text), ("crates/app/src/workers/ask.rs", text)];
        assert_eq!(found(run, &files), ["crates/app/src/payment/create.rs:2"]);
    }
}
