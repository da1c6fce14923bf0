//! The two READMEs say the same: as many headings, at the same levels, in the same order.

use crate::tree::{File, Finding, Tree};

pub fn run(tree: &Tree) -> Vec<Finding> {
    let Some(english) = tree.file("README.md") else { return Vec::new() };
    let Some(chinese) = tree.file("README.zh-CN.md") else {
        return vec![Finding::new(english, 1, "README.zh-CN.md is missing beside it")];
    };
    let (wanted, given) = (headings(english), headings(chinese));
    let levels = |headings: &[(usize, usize)]| headings.iter().map(|(_, level)| *level).collect::<Vec<_>>();
    if levels(&wanted) == levels(&given) {
        return Vec::new();
    }
    let differs = wanted.iter().zip(&given).find(|(a, b)| a.1 != b.1).map(|(_, (line, _))| *line);
    let line = differs.or(given.last().map(|(line, _)| *line)).unwrap_or(1);
    let message =
        format!("{} headings, README.md has {}; levels and order must agree", given.len(), wanted.len());
    vec![Finding::new(chinese, line, message)]
}

/// Line and level of each heading; `#` inside fenced code is no heading.
fn headings(file: &File) -> Vec<(usize, usize)> {
    let (mut fenced, mut headings) = (false, Vec::new());
    for (at, line) in file.text.lines().enumerate() {
        fenced ^= line.trim_start().starts_with("```");
        let level = line.chars().take_while(|c| *c == '#').count();
        if !fenced && level > 0 && line[level..].starts_with(' ') {
            headings.push((at + 1, level));
        }
    }
    headings
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::checks::found;

    #[test]
    fn a_missing_or_shorter_translation_is_found() {
        let english = ("README.md", "# A\n```sh\n# no heading\n```\n## B\n## C\n");
        assert_eq!(found(run, &[english]), ["README.md:1"]);
        assert_eq!(found(run, &[english, ("README.zh-CN.md", "# 甲\n## 乙\n")]), ["README.zh-CN.md:2"]);
        assert!(found(run, &[english, ("README.zh-CN.md", "# 甲\n## 乙\n## 丙\n")]).is_empty());
        assert!(found(run, &[]).is_empty());
    }
}
