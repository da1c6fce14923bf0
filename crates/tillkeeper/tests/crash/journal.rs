//! What the merchant knows: every request before it is sent and every answer, synced to disk.

use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file that only grows, line by line, each synced before anything goes on.
pub struct Journal {
    path: PathBuf,
    file: Mutex<File>,
    lines: AtomicU64,
}

impl Journal {
    pub fn open(path: &Path) -> Self {
        let file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        Self { path: path.to_owned(), file: Mutex::new(file), lines: AtomicU64::new(0) }
    }

    pub fn note(&self, line: &Value) {
        let mut file = self.file.lock().unwrap();
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
        file.sync_data().unwrap();
        self.lines.fetch_add(1, Ordering::SeqCst);
    }

    pub fn sent(&self, kind: &str, key: &str, body: &Value) {
        self.note(&json!({ "sent": kind, "key": key, "body": body }));
    }

    pub fn answered(&self, kind: &str, key: &str, (status, body): (u16, &Value)) {
        self.note(&json!({ "answered": kind, "key": key, "status": status, "body": body }));
    }

    pub fn lines(&self) -> u64 {
        self.lines.load(Ordering::SeqCst)
    }

    /// Everything noted, as the disk has it.
    pub fn read(&self) -> Vec<Value> {
        let lines = BufReader::new(File::open(&self.path).unwrap()).lines();
        lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
    }
}
