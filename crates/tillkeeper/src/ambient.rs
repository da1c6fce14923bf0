//! The clock and the random bits of the operating system: the only place that reads them.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use tk_app::Ambient;

/// The operating system's clock, moved by an offset that only the demo sets, and its random bits.
#[derive(Debug, Default)]
pub struct SystemAmbient {
    offset_us: AtomicI64,
    random: SystemRandom,
}

impl SystemAmbient {
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
        let mut bytes = [0_u8; 16];
        if self.random.fill(&mut bytes).is_err() {
            // Guessable identifiers must never leave: without the system's randomness nothing goes on.
            std::process::abort();
        }
        u128::from_be_bytes(bytes)
    }
}
