//! The clock and the random bits of the operating system: the only place that reads them.

use anyhow::{Context as _, ensure};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use std::cell::RefCell;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use tk_app::Ambient;

/// The operating system's clock, moved by an offset that only the demo and tests set, and its random bits.
#[derive(Debug, Default)]
pub struct SystemAmbient {
    offset_us: AtomicI64,
}

/// Random bytes of one thread that nobody has been given yet: drawing many at once costs little more than drawing few.
struct Drawn {
    bytes: [u8; 1_024],
    given: usize,
}

impl Drawn {
    const NONE: Self = Self { bytes: [0; 1_024], given: 1_024 };

    fn take(&mut self) -> u128 {
        if self.given == self.bytes.len() {
            if SystemRandom::new().fill(&mut self.bytes).is_err() {
                // Guessable identifiers must never leave: without the system's randomness nothing goes on.
                std::process::abort();
            }
            self.given = 0;
        }
        let mut taken = [0_u8; 16];
        let next = self.bytes.iter_mut().skip(self.given).take(taken.len());
        for (to, from) in taken.iter_mut().zip(next) {
            // Nothing that was given away stays in memory.
            *to = std::mem::take(from);
        }
        self.given += taken.len();
        u128::from_be_bytes(taken)
    }
}

thread_local! {
    static DRAWN: RefCell<Drawn> = const { RefCell::new(Drawn::NONE) };
}

impl SystemAmbient {
    /// A clock ahead by `TILLKEEPER_CLOCK_AHEAD_S` seconds, so that crash tests need not wait for timers; a live
    /// installation refuses to start with it.
    pub fn from_environment(live: bool) -> anyhow::Result<Self> {
        let ambient = Self::default();
        if let Ok(text) = std::env::var("TILLKEEPER_CLOCK_AHEAD_S") {
            ensure!(
                !live,
                "TILLKEEPER_CLOCK_AHEAD_S is a debug flag; a live installation does not start with it"
            );
            let ahead_s: u32 = text.parse().context("TILLKEEPER_CLOCK_AHEAD_S must be whole seconds")?;
            ambient.set_offset_us(i64::from(ahead_s).saturating_mul(1_000_000));
        }
        Ok(ambient)
    }

    /// Moves this clock forward, microseconds; the demo's lab does.
    pub fn advance(&self, by_us: i64) {
        self.offset_us.fetch_add(by_us.max(0), Ordering::SeqCst);
    }

    /// Sets how far this clock stands from the system's, microseconds; the demo's history is made with it.
    pub fn set_offset_us(&self, offset_us: i64) {
        self.offset_us.store(offset_us, Ordering::SeqCst);
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn system_now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

impl Ambient for SystemAmbient {
    fn now_us(&self) -> i64 {
        system_now_us().saturating_add(self.offset_us.load(Ordering::SeqCst))
    }

    fn bits(&self) -> u128 {
        DRAWN.with_borrow_mut(Drawn::take)
    }
}
