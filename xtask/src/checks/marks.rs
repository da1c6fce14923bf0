//! Nothing unfinished is committed, and no test is switched off or empty.

use crate::tree::{File, Finding, Tree};

/// Written in two parts so that this file does not find itself.
const MARKS: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("#[ig", "nore"),
    concat!("#[should", "_panic]"),
    concat!("assert!(", "true"),
];

pub fn run(tree: &Tree) -> Vec<Finding> {
    let sources = tree.files.iter().filter(|file| {
        ["rs", "html", "js", "css", "sql", "ftl", "toml", "sh", "py", "md"]
            .iter()
            .any(|extension| file.has_extension(extension))
    });
    sources.flat_map(marked_lines).collect()
}

fn marked_lines(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, line) in file.text.lines().enumerate() {
        if let Some(mark) = MARKS.iter().find(|mark| line.contains(**mark)) {
            findings.push(Finding::new(
                file,
                at + 1,
                format!("{mark} left behind: finish it or write an issue"),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{MARKS, run};
    use crate::checks::found;

    #[test]
    fn every_mark_is_found() {
        for mark in MARKS {
            let text = format!("fn a() {{}}\n// {mark}\n");
            assert_eq!(found(run, &[("crates/a/src/lib.rs", &text)]), ["crates/a/src/lib.rs:2"]);
        }
        assert!(found(run, &[("a.rs", "// all done\n")]).is_empty());
    }
}
