//! `cargo run -p xtask -- tidy [CHECK...]`: the rules of the house that the compiler does not know.

mod checks;
mod rust_text;
mod sql_text;
mod tree;

use std::io::Write;
use std::process::ExitCode;

use checks::{CHECKS, Check};
use tree::Tree;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(fault) => {
            let _ = writeln!(std::io::stderr(), "xtask: {fault:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("tidy") => tidy(&arguments.collect::<Vec<_>>()),
        _ => anyhow::bail!("usage: xtask tidy [CHECK...]\nchecks: {}", names().join(" ")),
    }
}

fn tidy(wanted: &[String]) -> anyhow::Result<ExitCode> {
    if let Some(unknown) = wanted.iter().find(|name| !names().contains(&name.as_str())) {
        anyhow::bail!("no check '{unknown}'; the checks are: {}", names().join(" "));
    }
    let tree = Tree::load()?;
    let mut out = std::io::stdout().lock();
    let mut found = 0_usize;
    let chosen: Vec<&Check> = CHECKS
        .iter()
        .filter(|check| wanted.is_empty() || wanted.iter().any(|name| name == check.name))
        .collect();
    for check in &chosen {
        for finding in (check.run)(&tree) {
            found += 1;
            writeln!(out, "{}:{}: [{}] {}", finding.path, finding.line, check.name, finding.message)?;
        }
    }
    writeln!(out, "tidy: {} checks over {} files, {found} findings", chosen.len(), tree.files.len())?;
    Ok(if found == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn names() -> Vec<&'static str> {
    CHECKS.iter().map(|check| check.name).collect()
}
