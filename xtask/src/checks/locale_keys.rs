//! Every text exists in both languages.

use std::collections::BTreeMap;

use crate::tree::{File, Finding, Tree};

const LOCALES: [&str; 2] = ["zh-CN", "en"];

pub fn run(tree: &Tree) -> Vec<Finding> {
    let files: Vec<&File> = tree.files.iter().filter(|file| file.has_extension("ftl")).collect();
    let texts = LOCALES.map(|locale| keys_of(&files, locale));
    let mut findings = Vec::new();
    for (here, there) in [(0, 1), (1, 0)] {
        for (key, (file, line)) in &texts[here] {
            if !texts[there].contains_key(key) {
                findings.push(Finding::new(file, *line, format!("'{key}' is missing in {}", LOCALES[there])));
            }
        }
    }
    findings
}

/// Message names, and `name.attribute` for attributes, with where they stand; the same folder-less for both locales.
fn keys_of<'a>(files: &[&'a File], locale: &str) -> BTreeMap<String, (&'a File, usize)> {
    let mut keys = BTreeMap::new();
    for file in files.iter().filter(|file| file.parts().contains(&locale)) {
        let mut message = "";
        for (at, line) in file.text.lines().enumerate() {
            let Some((name, _)) = line.split_once('=') else { continue };
            let name = name.trim_end();
            let key = if let Some(attribute) = name.trim_start().strip_prefix('.') {
                format!("{message}.{attribute}")
            } else if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '-') && !name.contains(' ') {
                message = name;
                name.to_owned()
            } else {
                continue;
            };
            keys.insert(key, (*file, at + 1));
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::checks::found;

    #[test]
    fn a_text_of_one_language_only_is_found() {
        let zh = "# note = x\npay = 支付\n    .title = 标题\nonly-zh = 甲\n    a = b in the text\n";
        let en = "pay = Pay\nonly-en = A\n";
        let files = [("crates/web/locales/en/cashier.ftl", en), ("crates/web/locales/zh-CN/cashier.ftl", zh)];
        let expected = [
            "crates/web/locales/zh-CN/cashier.ftl:4",
            "crates/web/locales/zh-CN/cashier.ftl:3",
            "crates/web/locales/en/cashier.ftl:2",
        ];
        assert_eq!(found(run, &files), expected);
    }
}
