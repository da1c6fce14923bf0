//! The bank's books on disk: one JSON line per account and booking, synced before the answer leaves.

use super::Booking;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;

/// One change of the books.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum BankEvent {
    /// An account was opened.
    Opened {
        /// Its number.
        account: String,
        /// The name on it.
        name: String,
    },
    /// Something was booked.
    Booked {
        /// On which account.
        account: String,
        /// What.
        booking: Booking,
    },
}

/// An open journal; it only grows.
#[derive(Debug)]
pub struct BankJournal {
    file: File,
}

impl BankJournal {
    /// Opens or makes the file and gives back what it holds; a torn last line is cut off.
    pub fn open(path: &Path) -> io::Result<(Self, Vec<BankEvent>)> {
        let file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
        let mut reader = BufReader::new(&file);
        let (mut events, mut whole_bytes, mut text) = (Vec::new(), 0_u64, Vec::new());
        loop {
            text.clear();
            let read = reader.read_until(b'\n', &mut text)?;
            if read == 0 || text.last() != Some(&b'\n') {
                break;
            }
            events.push(serde_json::from_slice(&text)?);
            whole_bytes = whole_bytes.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        }
        file.set_len(whole_bytes)?;
        Ok((Self { file }, events))
    }

    /// Appends the changes and waits until they are on disk.
    pub fn append(&mut self, events: &[BankEvent]) -> io::Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let mut text = Vec::new();
        for event in events {
            serde_json::to_writer(&mut text, event)?;
            text.push(b'\n');
        }
        self.file.write_all(&text)?;
        self.file.sync_data()
    }
}
