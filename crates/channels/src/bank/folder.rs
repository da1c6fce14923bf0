//! A folder into which a bank puts files: only whole files are taken, and each is put aside with what became of it.
//!
//! ```text
//! <folder>/incoming/…   the bank writes here; `<name>.ok` beside a file, or a time without change, says it is whole
//! <folder>/done/…       taken
//! <folder>/refused/…    refused, with `<name>.reason.txt` beside it
//! ```
//!
//! Names come from the folder itself and never from a file's content; a link to elsewhere is not followed.

use super::call::Answer;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;
use tk_domain::bank_link::PullTrouble;
use tk_formats::bank::FILE_MAX_BYTES;

/// Files taken in one look; the others wait for the next.
const FILES_MAX: usize = 200;
/// Entries looked at in one look.
const ENTRIES_MAX: usize = 10_000;
/// The longest name, bytes: room is left for what is added to it.
const NAME_MAX_BYTES: usize = 200;
/// The longest signature file, bytes.
const SIGNATURE_MAX_BYTES: u64 = 8 * 1_024;
/// Files of the same name that are kept aside.
const SAME_NAME_MAX: usize = 1_000;
/// Ends of names under which other programs write what is not whole, and of what stands beside a file.
const NOT_FILES: [&str; 6] = ["part", "tmp", "filepart", "crdownload", "ok", "sig"];

/// A whole file that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its name.
    pub name: String,
    folder: PathBuf,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Became<'a> {
    /// All of it is in the books.
    Taken,
    /// Nothing of it is; why.
    Refused(&'a str),
}

/// Whole files in order of their names; the folder is made where it is missing.
pub fn waiting(folder: &Path, (quiet_us, now_us): (i64, i64)) -> io::Result<Vec<Waiting>> {
    let incoming = folder.join("incoming");
    for part in ["incoming", "done", "refused"] {
        fs::create_dir_all(folder.join(part))?;
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(&incoming)?.take(ENTRIES_MAX) {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if may_be_statement(&name) && whole(&incoming, &name, (quiet_us, now_us))? {
            names.push(name);
        }
    }
    names.sort_unstable();
    names.truncate(FILES_MAX);
    Ok(names.into_iter().map(|name| Waiting { name, folder: folder.to_owned() }).collect())
}

fn may_be_statement(name: &str) -> bool {
    let end = Path::new(name).extension().and_then(|end| end.to_str()).unwrap_or_default();
    let plain = name.len() <= NAME_MAX_BYTES && !name.starts_with('.') && !name.chars().any(char::is_control);
    plain && !NOT_FILES.contains(&end.to_ascii_lowercase().as_str())
}

fn whole(incoming: &Path, name: &str, (quiet_us, now_us): (i64, i64)) -> io::Result<bool> {
    let about = match fs::symlink_metadata(incoming.join(name)) {
        Ok(about) => about,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    if !about.is_file() {
        return Ok(false);
    }
    if incoming.join(format!("{name}.ok")).exists() {
        return Ok(true);
    }
    let changed = about.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let changed_us = i64::try_from(changed.as_micros()).unwrap_or(i64::MAX);
    Ok(now_us.saturating_sub(changed_us) >= quiet_us)
}

impl Waiting {
    fn path(&self) -> PathBuf {
        self.folder.join("incoming").join(&self.name)
    }

    fn beside(&self, end: &str) -> PathBuf {
        self.folder.join("incoming").join(format!("{}.{end}", self.name))
    }

    /// Reads the file, and the bank's signature in `<name>.sig` where there is one.
    #[must_use]
    pub fn read(&self) -> Answer {
        let signature = bounded(&self.beside("sig"), SIGNATURE_MAX_BYTES).ok().flatten();
        let signature = signature.and_then(|bytes| String::from_utf8(bytes).ok());
        match bounded(&self.path(), u64::try_from(FILE_MAX_BYTES).unwrap_or(u64::MAX)) {
            Ok(Some(bytes)) => Answer::File { bytes, signature },
            Ok(None) => Answer::none(PullTrouble::TooLarge, "the file is too large"),
            Err(error) => Answer::none(PullTrouble::Unreachable, error.to_string()),
        }
    }

    /// Moves the file to where it belongs now; a reason is written before that, so that no refused file lacks one.
    pub fn put_aside(&self, became: Became<'_>) -> io::Result<()> {
        let to = match became {
            Became::Taken => self.folder.join("done"),
            Became::Refused(_) => self.folder.join("refused"),
        };
        let name = free_name(&to, &self.name)?;
        if let Became::Refused(reason) = became {
            fs::write(to.join(format!("{name}.reason.txt")), format!("{reason}\n"))?;
        }
        // The marker goes first: left behind, it would call the next file of this name whole while it is written.
        match fs::remove_file(self.beside("ok")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        fs::rename(self.path(), to.join(&name))?;
        if fs::symlink_metadata(self.beside("sig")).is_ok_and(|about| about.is_file()) {
            fs::rename(self.beside("sig"), to.join(format!("{name}.sig")))?;
        }
        Ok(())
    }
}

/// A file of at most this size; nothing where it is larger.
fn bounded(path: &Path, max_bytes: u64) -> io::Result<Option<Vec<u8>>> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::Error::other("not a plain file"));
    }
    let mut bytes = Vec::new();
    let read = fs::File::open(path)?.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((u64::try_from(read).unwrap_or(u64::MAX) <= max_bytes).then_some(bytes))
}

/// A name under which nothing is kept yet: banks use the same names again.
fn free_name(folder: &Path, name: &str) -> io::Result<String> {
    let names = std::iter::once(name.to_owned()).chain((2..SAME_NAME_MAX).map(|at| format!("{at}-{name}")));
    for free in names {
        if fs::symlink_metadata(folder.join(&free)).is_err() {
            return Ok(free);
        }
    }
    Err(io::Error::other("too many files of this name are kept"))
}
