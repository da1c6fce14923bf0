//! Names that say nothing are not given to files, folders, modules or types.

use crate::rust_text::RustText;
use crate::tree::{File, Finding, Tree};

const EMPTY_WORDS: &[&str] = &[
    "util", "utils", "helper", "helpers", "common", "manager", "managers", "service", "services", "impl",
    "impls", "base",
];
const EMPTY_ENDINGS: &[&str] = &["Util", "Utils", "Helper", "Helpers", "Manager", "Service", "Impl", "Base"];

pub fn run(tree: &Tree) -> Vec<Finding> {
    tree.files.iter().flat_map(path_words).chain(tree.rust_files().flat_map(item_names)).collect()
}

fn path_words(file: &File) -> Vec<Finding> {
    let words = file.parts().into_iter().flat_map(|part| part.split(['_', '-', '.']));
    let empty = words.filter(|word| EMPTY_WORDS.contains(word));
    empty
        .map(|word| {
            Finding::new(file, 1, format!("'{word}' in the path says nothing: use a term of GLOSSARY.md"))
        })
        .collect()
}

fn item_names(file: &File) -> Vec<Finding> {
    let scanned = RustText::scan(&file.text);
    let lines = scanned.code.lines().enumerate();
    let empty = lines.filter_map(|(at, line)| Some((at + 1, empty_item(line)?)));
    empty
        .map(|(line, name)| {
            Finding::new(file, line, format!("'{name}' says nothing: use a term of GLOSSARY.md"))
        })
        .collect()
}

/// The name that this line gives to a module or type, if it is an empty one.
fn empty_item(line: &str) -> Option<&str> {
    let words = line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    let mut keyword = "";
    for word in words {
        let empty = match keyword {
            "mod" => word.split('_').any(|part| EMPTY_WORDS.contains(&part)),
            "struct" | "enum" | "trait" | "type" => EMPTY_ENDINGS.iter().any(|ending| word.ends_with(ending)),
            _ => false,
        };
        if empty {
            return Some(word);
        }
        keyword = word;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::checks::found;

    #[test]
    fn empty_names_of_files_modules_and_types_are_found() {
        let files = [
            ("crates/a/src/utils.rs", ""),
            ("crates/a/src/common/mod.rs", ""),
            ("crates/a/src/base64.rs", "fn impl_base() {}\nimpl A for B {}\n"),
            (
                "crates/a/src/lib.rs",
                "mod http_helpers;\npub struct PaymentService;\n// mod utils;\nmod payment;\n",
            ),
        ];
        let expected = [
            "crates/a/src/utils.rs:1",
            "crates/a/src/common/mod.rs:1",
            "crates/a/src/lib.rs:1",
            "crates/a/src/lib.rs:2",
        ];
        assert_eq!(found(run, &files), expected);
    }
}
