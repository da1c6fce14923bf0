//! Nothing committed depends on where one machine keeps its files.

use crate::tree::{File, Finding, Tree};

const FOLDERS: &[&str] = &["tmp", "root", "home", "work"];

pub fn run(tree: &Tree) -> Vec<Finding> {
    tree.files.iter().filter(|file| !file.has_extension("lock")).flat_map(machine_paths).collect()
}

fn machine_paths(file: &File) -> Vec<Finding> {
    let lines = file.text.lines().enumerate().filter_map(|(at, line)| Some((at + 1, machine_folder(line)?)));
    lines
        .map(|(line, folder)| Finding::new(file, line, format!("/{folder}/… is a path of one machine")))
        .collect()
}

/// A folder at the root, where a path can begin.
fn machine_folder(line: &str) -> Option<&'static str> {
    FOLDERS.iter().copied().find(|folder| {
        let path = format!("/{folder}/");
        line.match_indices(&path)
            .any(|(at, _)| at == 0 || line[..at].ends_with(['"', '\'', ' ', '`', '=', '(', ':', '<', '>']))
    })
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::checks::found;

    #[test]
    fn a_path_at_the_root_is_found_and_a_part_of_an_address_is_not() {
        let path = |folder: &str| {
            format!("let a = 1;\nopen(\"/{folder}/x\");\nlet b = \"https://a.example/{folder}/x\";\n")
        };
        for folder in super::FOLDERS {
            assert_eq!(found(run, &[("a.rs", &path(folder))]), ["a.rs:2"]);
        }
    }
}
