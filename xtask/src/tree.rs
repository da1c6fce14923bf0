//! The files under check, read once: what git tracks and what is new and not ignored.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

/// All text files, and the packages that the build really uses.
pub struct Tree {
    pub files: Vec<File>,
    /// Paths of pictures and other files that are no text.
    pub others: Vec<String>,
    pub packages: Vec<Package>,
}

/// One text file, its path relative to the root and with `/`.
pub struct File {
    pub path: String,
    pub text: String,
}

/// One package of the build, with its licence expression.
pub struct Package {
    pub name: String,
    pub licence: String,
}

/// One broken rule, at a line that counts from 1.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    pub path: String,
    pub line: usize,
    pub message: String,
}

impl Finding {
    pub fn new(file: &File, line: usize, message: impl Into<String>) -> Self {
        Self { path: file.path.clone(), line, message: message.into() }
    }
}

impl File {
    /// The path's parts, the last without its extension.
    pub fn parts(&self) -> Vec<&str> {
        let stem = self.path.rsplit_once('.').map_or(self.path.as_str(), |(stem, _)| stem);
        stem.split('/').collect()
    }

    pub fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }

    /// The crate's folder name, for files under `crates/`.
    pub fn crate_name(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }

    /// Whether the whole file is only compiled for tests or benches.
    pub fn is_test(&self) -> bool {
        let parts = self.parts();
        parts.iter().any(|part| matches!(*part, "tests" | "benches" | "fuzz_targets"))
            || parts.last().is_some_and(|stem| stem.ends_with("_tests"))
    }
}

impl Tree {
    pub fn load() -> anyhow::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies in the root")?;
        let listed = output(root, "git", &["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
        let (mut files, mut others) = (Vec::new(), Vec::new());
        for path in listed.split('\0').filter(|path| !path.is_empty()) {
            // A file deleted since git listed it is neither.
            let Ok(bytes) = std::fs::read(root.join(path)) else { continue };
            match String::from_utf8(bytes) {
                Ok(text) => files.push(File { path: path.to_owned(), text }),
                Err(_) => others.push(path.to_owned()),
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { files, others, packages: packages(root)? })
    }

    pub fn rust_files(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.has_extension("rs"))
    }

    /// Rust files of one crate's `src`.
    pub fn sources_of<'a>(&'a self, crate_name: &'a str) -> impl Iterator<Item = &'a File> {
        self.rust_files().filter(move |file| {
            file.crate_name() == Some(crate_name) && file.path.split('/').nth(2) == Some("src")
        })
    }

    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    pub fn has_other_file(&self, path: &str) -> bool {
        self.others.iter().any(|other| other == path)
    }

    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let files = files
            .iter()
            .map(|(path, text)| File { path: (*path).to_owned(), text: (*text).to_owned() })
            .collect();
        Self { files, others: Vec::new(), packages: Vec::new() }
    }
}

/// `cargo tree` names what is built here; the lock file also names what no feature asks for.
fn packages(root: &Path) -> anyhow::Result<Vec<Package>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let arguments =
        ["tree", "--locked", "--workspace", "-e", "normal,build,dev", "--prefix", "none", "-f", "{p}|{l}"];
    let mut packages = Vec::new();
    for line in output(root, &cargo, &arguments)?.lines().filter(|line| !line.is_empty()) {
        let (package, licence) =
            line.split_once('|').with_context(|| format!("cargo tree wrote {line:?}"))?;
        let name = package.split(' ').next().unwrap_or(package).to_owned();
        let licence = licence.trim_end_matches(" (*)").to_owned();
        packages.push(Package { name, licence });
    }
    ensure!(!packages.is_empty(), "cargo tree named no package");
    packages.sort_by(|a, b| (&a.name, &a.licence).cmp(&(&b.name, &b.licence)));
    packages.dedup_by(|a, b| a.name == b.name && a.licence == b.licence);
    Ok(packages)
}

fn output(root: &Path, program: &str, arguments: &[&str]) -> anyhow::Result<String> {
    let done = Command::new(program).args(arguments).current_dir(root).output();
    let done = done.with_context(|| format!("{program} does not start"))?;
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "{program} {} failed: {}", arguments.join(" "), said.trim());
    Ok(String::from_utf8(done.stdout)?)
}
