//! Which crate may depend on which: the whole list, nothing else is allowed.

use crate::tree::{File, Finding, Tree};

/// Crate, what it may use, and what its tests may use besides.
const ARROWS: &[(&str, &[&str], &[&str])] = &[
    (
        "tillkeeper",
        &["web", "app", "store", "channels", "simulator", "sim", "formats", "domain", "money"],
        &[],
    ),
    ("web", &["app", "domain", "money"], &["store", "channels", "simulator", "formats"]),
    ("app", &["store", "channels", "domain", "money"], &["simulator"]),
    ("store", &["domain", "money"], &[]),
    ("channels", &["formats", "domain", "money"], &["simulator"]),
    ("simulator", &["formats", "money"], &[]),
    ("sim", &["app", "store", "channels", "simulator", "domain", "money"], &[]),
    ("domain", &["money"], &[]),
    ("formats", &["money"], &[]),
    ("money", &[], &[]),
];

pub fn run(tree: &Tree) -> Vec<Finding> {
    let manifests = tree.files.iter().filter(|file| file.path.starts_with("crates/"));
    manifests.filter(|file| file.path.ends_with("/Cargo.toml")).flat_map(manifest).collect()
}

fn manifest(file: &File) -> Vec<Finding> {
    let name = file.crate_name().unwrap_or_default();
    let Some((_, used, in_tests)) = ARROWS.iter().find(|(known, ..)| *known == name) else {
        return vec![Finding::new(
            file,
            1,
            format!("crate {name} has no arrows in xtask/src/checks/crate_arrows.rs"),
        )];
    };
    let (mut findings, mut section) = (Vec::new(), String::new());
    for (at, line) in file.text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            line.clone_into(&mut section);
        }
        let Some(target) = dependency(line, &section) else { continue };
        let allowed =
            used.contains(&target) || section.contains("dev-dependencies") && in_tests.contains(&target);
        if !allowed {
            findings.push(Finding::new(file, at + 1, format!("{name} must not depend on {target}")));
        }
    }
    findings
}

/// The crate of ours that this line of a dependency section, or the section itself, names.
fn dependency<'a>(line: &'a str, section: &str) -> Option<&'a str> {
    if !section.contains("dependencies") {
        return None;
    }
    let key = line.rsplit_once("dependencies.").map_or(line, |(_, key)| key);
    let key = key.split(['=', '.', ']', ' ']).next()?.trim_matches('"');
    key.strip_prefix("tk-").or_else(|| key.strip_prefix("tillkeeper-"))
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::checks::found;

    #[test]
    fn an_arrow_that_is_not_listed_is_found_in_every_spelling() {
        let toml = "[package]\nname = \"x\"\n[dependencies]\ntk-money.workspace = true\ntk-store = { path = \"../store\" }\n\
                    [dependencies.tk-web]\nworkspace = true\n[dev-dependencies]\ntk-sim.workspace = true\n";
        let files = [("crates/domain/Cargo.toml", toml)];
        assert_eq!(
            found(run, &files),
            ["crates/domain/Cargo.toml:5", "crates/domain/Cargo.toml:6", "crates/domain/Cargo.toml:9"]
        );
    }

    #[test]
    fn tests_of_channels_may_play_against_the_simulator_but_channels_may_not() {
        let dev = "[dev-dependencies]\ntk-simulator.workspace = true\n";
        assert!(found(run, &[("crates/channels/Cargo.toml", dev)]).is_empty());
        let plain = "[dependencies]\ntk-simulator.workspace = true\n";
        assert_eq!(found(run, &[("crates/channels/Cargo.toml", plain)]).len(), 1);
    }

    #[test]
    fn a_crate_without_arrows_is_found() {
        assert_eq!(found(run, &[("crates/extra/Cargo.toml", "[package]\n")]), ["crates/extra/Cargo.toml:1"]);
    }
}
