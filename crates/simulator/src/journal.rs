//! The truth of the payment channels on disk: one JSON line per change, synced before the answer leaves.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::mem::take;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::core::TruthEvent;
use crate::unionpay::core::CardEvent;

/// One journalled change and whose it is.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    /// Of an application of Alipay or a merchant of WeChat Pay.
    Wallet { app_id: String, event: TruthEvent },
    /// Of a merchant of UnionPay.
    Cards { mer_id: String, event: CardEvent },
}

/// What a journal held when it was opened, until it is taken back in.
#[derive(Debug, Default)]
struct Held {
    wallets: Vec<(String, TruthEvent)>,
    cards: Vec<(String, CardEvent)>,
}

/// An open journal that the channels of one sandbox share; it only grows.
#[derive(Debug)]
pub struct Journal {
    file: Mutex<File>,
    held: Mutex<Held>,
}

impl Journal {
    /// Opens or makes the file and reads what it holds; a torn last line is cut off.
    pub fn open(path: &Path) -> io::Result<Arc<Self>> {
        let file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
        let (held, whole_bytes) = read_lines(&file)?;
        file.set_len(whole_bytes)?;
        Ok(Arc::new(Self { file: Mutex::new(file), held: Mutex::new(held) }))
    }

    /// Takes the changes of Alipay and WeChat Pay, oldest first; the second time there are none.
    pub(crate) fn take_wallets(&self) -> Vec<(String, TruthEvent)> {
        take(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner).wallets)
    }

    /// Takes the changes of UnionPay, oldest first; the second time there are none.
    pub(crate) fn take_cards(&self) -> Vec<(String, CardEvent)> {
        take(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner).cards)
    }

    /// Appends changes of an application and waits until they are on disk.
    pub(crate) fn append(&self, app_id: &str, events: Vec<TruthEvent>) -> io::Result<()> {
        let line = |event| Line::Wallet { app_id: app_id.to_owned(), event };
        self.write(events.into_iter().map(line))
    }

    /// Appends changes of a merchant of UnionPay and waits until they are on disk.
    pub(crate) fn append_cards(&self, mer_id: &str, events: Vec<CardEvent>) -> io::Result<()> {
        let line = |event| Line::Cards { mer_id: mer_id.to_owned(), event };
        self.write(events.into_iter().map(line))
    }

    fn write(&self, lines: impl Iterator<Item = Line>) -> io::Result<()> {
        let mut text = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut text, &line)?;
            text.push(b'\n');
        }
        if text.is_empty() {
            return Ok(());
        }
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&text)?;
        file.sync_data()
    }
}

fn read_lines(file: &File) -> io::Result<(Held, u64)> {
    let mut reader = BufReader::new(file);
    let mut held = Held::default();
    let mut whole_bytes = 0_u64;
    let mut text = Vec::new();
    loop {
        text.clear();
        let read = reader.read_until(b'\n', &mut text)?;
        if read == 0 || text.last() != Some(&b'\n') {
            return Ok((held, whole_bytes));
        }
        match serde_json::from_slice(&text)? {
            Line::Wallet { app_id, event } => held.wallets.push((app_id, event)),
            Line::Cards { mer_id, event } => held.cards.push((mer_id, event)),
        }
        whole_bytes = whole_bytes.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
    }
}
