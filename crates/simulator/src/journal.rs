//! The truth on disk: one JSON line per change, synced before the answer leaves.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::core::TruthEvent;

/// One journalled change and the application it belongs to.
#[derive(Debug, Serialize, Deserialize)]
pub struct Line {
    pub app_id: String,
    pub event: TruthEvent,
}

/// An open journal; it only grows.
#[derive(Debug)]
pub struct Journal {
    file: File,
}

impl Journal {
    /// Opens or makes the file and gives back what it holds; a torn last line is cut off.
    pub fn open(path: &Path) -> io::Result<(Self, Vec<Line>)> {
        let file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
        let (lines, whole_bytes) = read_lines(&file)?;
        file.set_len(whole_bytes)?;
        Ok((Self { file }, lines))
    }

    /// Appends the changes and waits until they are on disk.
    pub fn append(&mut self, app_id: &str, events: Vec<TruthEvent>) -> io::Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let mut text = Vec::new();
        for event in events {
            serde_json::to_writer(&mut text, &Line { app_id: app_id.to_owned(), event })?;
            text.push(b'\n');
        }
        self.file.write_all(&text)?;
        self.file.sync_data()
    }
}

fn read_lines(file: &File) -> io::Result<(Vec<Line>, u64)> {
    let mut reader = BufReader::new(file);
    let mut lines = Vec::new();
    let mut whole_bytes = 0_u64;
    let mut text = Vec::new();
    loop {
        text.clear();
        let read = reader.read_until(b'\n', &mut text)?;
        if read == 0 || text.last() != Some(&b'\n') {
            return Ok((lines, whole_bytes));
        }
        lines.push(serde_json::from_slice(&text)?);
        whole_bytes = whole_bytes.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
    }
}
