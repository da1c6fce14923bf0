//! Everything built in must be under a licence that lets anyone ship the binary.

use crate::tree::{Finding, Tree};

const PERMISSIVE: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "OpenSSL",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
];

pub fn run(tree: &Tree) -> Vec<Finding> {
    let bad = tree.packages.iter().filter(|package| !permits(&package.licence));
    bad.map(|package| Finding {
        path: "Cargo.lock".to_owned(),
        line: 1,
        message: format!(
            "{} is under {:?}, which is not on the permissive list",
            package.name, package.licence
        ),
    })
    .collect()
}

/// Whether an SPDX expression can be met by permissive licences alone; the old `/` means OR.
fn permits(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut reader = Reader { words: spaced.split_whitespace().collect(), at: 0 };
    let verdict = reader.any_of();
    verdict == Some(true) && reader.at == reader.words.len()
}

struct Reader<'a> {
    words: Vec<&'a str>,
    at: usize,
}

impl Reader<'_> {
    fn take(&mut self, word: &str) -> bool {
        let taken = self.words.get(self.at) == Some(&word);
        self.at += usize::from(taken);
        taken
    }

    /// `None` for text that is no expression.
    fn any_of(&mut self) -> Option<bool> {
        let mut verdict = self.all_of()?;
        while self.take("OR") {
            verdict |= self.all_of()?;
        }
        Some(verdict)
    }

    fn all_of(&mut self) -> Option<bool> {
        let mut verdict = self.one()?;
        while self.take("AND") {
            verdict &= self.one()?;
        }
        Some(verdict)
    }

    fn one(&mut self) -> Option<bool> {
        if self.take("(") {
            let verdict = self.any_of()?;
            return self.take(")").then_some(verdict);
        }
        let mut name = (*self.words.get(self.at)?).to_owned();
        self.at += 1;
        if self.take("WITH") {
            name = format!("{name} WITH {}", self.words.get(self.at)?);
            self.at += 1;
        }
        Some(PERMISSIVE.contains(&name.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::{permits, run};
    use crate::tree::{Package, Tree};

    #[test]
    fn expressions_are_judged_by_their_structure() {
        let good = [
            "MIT",
            "MIT/Apache-2.0",
            "Apache-2.0 / MIT",
            "Apache-2.0 OR GPL-2.0-only",
            "ISC AND (Apache-2.0 OR ISC) AND OpenSSL",
            "Apache-2.0 WITH LLVM-exception OR GPL-3.0",
        ];
        let bad = [
            "",
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "(MIT OR GPL-3.0) AND AGPL-3.0",
            "MIT)",
            "(MIT",
            "MIT MIT",
            "MPL-2.0",
        ];
        assert!(good.iter().all(|expression| permits(expression)));
        assert!(!bad.iter().any(|expression| permits(expression)));
    }

    #[test]
    fn a_package_under_another_licence_is_found() {
        let mut tree = Tree::of(&[]);
        tree.packages = vec![Package { name: "evalexpr".into(), licence: "AGPL-3.0-only".into() }];
        assert!(run(&tree)[0].message.contains("evalexpr"));
    }
}
