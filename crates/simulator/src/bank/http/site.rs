//! One bank that people, scripts and a direct link reach at once.

use super::faults::BankFault;
use crate::bank::journal::BankJournal;
use crate::bank::{Bank, BankRefusal, FileFormat, day_of_us, statement};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tk_formats::keys::SigningKey;

/// Unix microseconds, as the caller reads them.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The most faults that wait.
const FAULTS_MAX: usize = 100;

/// What a site is made from.
pub struct BankConfig {
    /// Its books.
    pub bank: Bank,
    /// Its time.
    pub clock: Clock,
    /// Whoever brings this is given statements.
    pub token: String,
    /// Signs each file, where there is one.
    pub key: Option<SigningKey>,
    /// Keeps the books across restarts.
    pub journal: Option<PathBuf>,
    /// Where files are dropped, in a folder per account.
    pub files: Option<PathBuf>,
}

impl fmt::Debug for BankConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BankConfig").field("journal", &self.journal).finish_non_exhaustive()
    }
}

/// What all requests share.
pub struct BankSite {
    kept: Mutex<Kept>,
    clock: Clock,
    advanced_us: AtomicI64,
    pub(super) token: String,
    pub(super) key: Option<SigningKey>,
    pub(super) files: Option<PathBuf>,
}

struct Kept {
    bank: Bank,
    journal: Option<BankJournal>,
    faults: Vec<BankFault>,
    /// The file that each account was given before.
    given: BTreeMap<String, Vec<u8>>,
}

impl fmt::Debug for BankSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BankSite").finish_non_exhaustive()
    }
}

/// Why a site did not open.
#[derive(Debug, thiserror::Error)]
pub enum BankSiteError {
    /// The journal cannot be read.
    #[error("the bank's journal failed: {0}")]
    Journal(#[from] std::io::Error),
}

impl BankSite {
    /// Opens a site and takes its journal back in.
    pub fn open(config: BankConfig) -> Result<Arc<Self>, BankSiteError> {
        let mut bank = config.bank;
        let journal = match config.journal {
            None => None,
            Some(path) => {
                let (journal, events) = BankJournal::open(&path)?;
                for event in events {
                    bank.restore(event);
                }
                bank.keep_events();
                Some(journal)
            }
        };
        Ok(Arc::new(Self {
            kept: Mutex::new(Kept { bank, journal, faults: Vec::new(), given: BTreeMap::new() }),
            clock: config.clock,
            advanced_us: AtomicI64::new(0),
            token: config.token,
            key: config.key,
            files: config.files,
        }))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bank's time, Unix microseconds.
    #[must_use]
    pub fn now_us(&self) -> i64 {
        (self.clock)().saturating_add(self.advanced_us.load(Ordering::SeqCst))
    }

    /// Moves the bank's time forward.
    pub fn advance_clock(&self, by_us: i64) {
        self.advanced_us.fetch_add(by_us.max(0), Ordering::SeqCst);
    }

    /// Works on the books; what changed is on disk before this answers.
    pub fn with<R>(&self, work: impl FnOnce(&mut Bank, i64) -> R) -> R {
        let now_us = self.now_us();
        let mut kept = self.kept();
        let done = work(&mut kept.bank, now_us);
        let events = kept.bank.take_events();
        if let Some(Err(error)) = kept.journal.as_mut().map(|journal| journal.append(&events)) {
            tracing::error!(%error, "the bank's journal could not be written");
        }
        done
    }

    /// Puts faults before the next questions, one each; whether there was room for them.
    pub fn add_faults(&self, mut faults: Vec<BankFault>) -> bool {
        let mut kept = self.kept();
        let room = kept.faults.len().saturating_add(faults.len()) <= FAULTS_MAX;
        if room {
            kept.faults.append(&mut faults);
        }
        room
    }

    /// Faults that wait, the next one first.
    #[must_use]
    pub fn faults(&self) -> Vec<BankFault> {
        self.kept().faults.clone()
    }

    /// Forgets all faults that wait.
    pub fn clear_faults(&self) {
        self.kept().faults.clear();
    }

    pub(super) fn next_fault(&self) -> Option<BankFault> {
        let mut kept = self.kept();
        (!kept.faults.is_empty()).then(|| kept.faults.remove(0))
    }

    /// The statement of a day; nothing where the whole day is wanted and it is not over.
    pub(super) fn file(
        &self,
        (account, day): (&str, i64),
        format: FileFormat,
        wholly: bool,
    ) -> Result<Option<Vec<u8>>, BankRefusal> {
        let now_us = self.now_us();
        let today = day_of_us(now_us);
        if day > today || (wholly && day >= today) {
            return Ok(None);
        }
        statement(&self.kept().bank, (account, day), format, now_us).map(Some)
    }

    /// The statement of a date as far as it goes; nothing of days to come.
    pub fn statement_on(
        &self,
        account: &str,
        date: jiff::civil::Date,
        format: FileFormat,
    ) -> Result<Option<Vec<u8>>, BankRefusal> {
        match super::files::day_number(date) {
            Some(day) => self.file((account, day), format, false),
            None => Ok(None),
        }
    }

    /// Puts the statement of a day into the folder of its account, whole at once; false where there is none.
    pub fn drop_statement(
        &self,
        whose: (&str, i64),
        format: FileFormat,
        name: &str,
    ) -> Result<bool, BankRefusal> {
        super::files::drop_file(self, whose, (format, name))
    }

    /// The file that this account was given before; this one is remembered for the next time.
    pub(super) fn given_before(&self, account: &str, bytes: &[u8]) -> Option<Vec<u8>> {
        self.kept().given.insert(account.to_owned(), bytes.to_vec())
    }
}
