//! Every parser of foreign bytes is fuzzed.

use crate::rust_text::RustText;
use crate::tree::{File, Finding, Tree};

pub fn run(tree: &Tree) -> Vec<Finding> {
    let fuzzed: Vec<(&str, String)> = targets(tree);
    let parsers = tree.sources_of("formats").filter(|file| !file.is_test());
    parsers.flat_map(|file| unfuzzed(file, &fuzzed)).collect()
}

/// Each target's file stem and code.
fn targets(tree: &Tree) -> Vec<(&str, String)> {
    let files = tree.rust_files().filter(|file| file.path.starts_with("fuzz/fuzz_targets/"));
    files
        .map(|file| (file.parts().last().copied().unwrap_or_default(), RustText::scan(&file.text).code))
        .collect()
}

fn unfuzzed(file: &File, fuzzed: &[(&str, String)]) -> Vec<Finding> {
    let scanned = RustText::scan(&file.text);
    let module =
        file.parts().into_iter().rev().find(|part| !matches!(*part, "mod" | "lib")).unwrap_or_default();
    let parsers = scanned.production().filter_map(|(line, code)| Some((line, parser(code)?)));
    let missing =
        parsers.filter(|(_, name)| !fuzzed.iter().any(|(stem, code)| reaches(stem, code, (module, name))));
    missing
        .map(|(line, name)| {
            Finding::new(file, line, format!("{module}::{name} has no target in fuzz/fuzz_targets"))
        })
        .collect()
}

/// The name of the public parser that this line begins.
fn parser(code: &str) -> Option<&str> {
    let name = code.trim_start().strip_prefix("pub fn ")?.split(['(', '<']).next()?;
    let verb = name.split('_').next()?;
    matches!(verb, "parse" | "decode" | "read").then_some(name)
}

/// A name of several words says by itself what is called; `parse` alone needs its module beside it.
fn reaches(stem: &str, code: &str, (module, name): (&str, &str)) -> bool {
    let called = code.contains(&format!("{name}("));
    let named = name.contains('_') || stem.contains(module) || code.contains(&format!("{module}::"));
    called && named
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::checks::found;

    #[test]
    fn a_parser_without_a_target_is_found() {
        let files = [
            ("crates/formats/src/alipay/notify.rs", "pub fn parse(bytes: &[u8]) {}\nfn parse_inner() {}\n"),
            (
                "crates/formats/src/alipay/bill.rs",
                "pub fn read_zip(bytes: &[u8]) {}\npub fn parse_line<T>() {}\n",
            ),
            (
                "fuzz/fuzz_targets/notify.rs",
                "fuzz_target!(|bytes: &[u8]| { let _ = alipay::notify::parse(bytes); });",
            ),
            (
                "fuzz/fuzz_targets/bill.rs",
                "fuzz_target!(|bytes: &[u8]| { let _ = read_zip(bytes); /* parse_line( */ });",
            ),
        ];
        assert_eq!(found(run, &files), ["crates/formats/src/alipay/bill.rs:2"]);
        assert_eq!(found(run, &files[..2]).len(), 3);
    }
}
