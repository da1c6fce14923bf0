//! One serving process per data directory.

use crate::failure::OpenError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

/// The lock of a data directory, held until dropped; the system lets go of it when the process dies.
#[derive(Debug)]
pub struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Takes `DIR/lock`, making the directory if it is not there.
    pub fn take(directory: &Path) -> Result<Self, OpenError> {
        std::fs::create_dir_all(directory)?;
        let path = directory.join("lock");
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0)?;
                write!(file, "{}", std::process::id())?;
                Ok(Self { _file: file })
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Best effort: the number only helps to find the process.
                let _ = file.read_to_string(&mut holder);
                Err(OpenError::Locked(format!(
                    "another tillkeeper process (pid {}) works on {}; SQLite has one writer, so stop it first",
                    if holder.is_empty() { "unknown" } else { &holder },
                    directory.display()
                )))
            }
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}
