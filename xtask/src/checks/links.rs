//! Every relative link and picture in the documents leads to a file of the project.

use crate::tree::{File, Finding, Tree};

pub fn run(tree: &Tree) -> Vec<Finding> {
    tree.files.iter().filter(|file| file.has_extension("md")).flat_map(|file| broken(tree, file)).collect()
}

fn broken(tree: &Tree, file: &File) -> Vec<Finding> {
    let (mut fenced, mut findings) = (false, Vec::new());
    for (at, line) in file.text.lines().enumerate() {
        fenced ^= line.trim_start().starts_with("```");
        let targets = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
        for target in targets.filter(|target| !fenced && is_relative(target)) {
            if !leads_somewhere(tree, &resolved(&file.path, target)) {
                findings.push(Finding::new(file, at + 1, format!("the link to {target} leads nowhere")));
            }
        }
    }
    findings
}

fn is_relative(target: &str) -> bool {
    !target.is_empty()
        && !target.starts_with('#')
        && !target.contains("://")
        && !target.starts_with("mailto:")
}

fn resolved(document: &str, target: &str) -> String {
    let target = target.split('#').next().unwrap_or(target);
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// A link may lead to a text, a picture or a folder.
fn leads_somewhere(tree: &Tree, path: &str) -> bool {
    let folder = format!("{path}/");
    tree.files.iter().any(|file| file.path == path || file.path.starts_with(&folder))
        || tree.has_other_file(path)
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::checks::found;

    #[test]
    fn a_link_to_nothing_is_found() {
        let text = "[a](docs/a.md#part) [b](docs) [c](https://a.example)\n[d](docs/gone.md)\n```\n[e](gone.md)\n```\n";
        let files = [("README.md", text), ("docs/a.md", "[up](../README.md)\n![p](shot.png)\n")];
        assert_eq!(found(run, &files), ["README.md:2", "docs/a.md:2"]);
    }
}
