//! No float comes near money.

use crate::rust_text::RustText;
use crate::tree::{File, Finding, Tree};

pub fn run(tree: &Tree) -> Vec<Finding> {
    ["money", "domain"].iter().flat_map(|name| tree.sources_of(name)).flat_map(float_lines).collect()
}

fn float_lines(file: &File) -> Vec<Finding> {
    let scanned = RustText::scan(&file.text);
    let is_float =
        |line: &str| line.split(|c: char| !c.is_alphanumeric()).any(|word| matches!(word, "f32" | "f64"));
    let lines = scanned.code.lines().enumerate().filter(|(_, line)| is_float(line));
    lines
        .map(|(at, _)| Finding::new(file, at + 1, "a float in money or domain: amounts are i64 minor units"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::checks::found;

    #[test]
    fn floats_are_found_in_money_and_domain_only() {
        let text = "// f64 here\nfn a(x: f64) {}\nlet y = 1.5_f32;\n";
        let files = [("crates/money/src/a.rs", text), ("crates/web/src/a.rs", text)];
        assert_eq!(found(run, &files), ["crates/money/src/a.rs:2", "crates/money/src/a.rs:3"]);
    }
}
