//! What happened, as a hash over everything and as the last few lines.

use std::collections::VecDeque;
use tk_domain::id::Id128;

const KEPT: usize = 40;
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

#[derive(Debug, Clone, Copy)]
struct Line {
    step: u64,
    at_us: i64,
    word: &'static str,
    subject: Id128,
}

/// FNV-1a over every step, and the last forty steps.
#[derive(Debug)]
pub(crate) struct Trace {
    hash: u64,
    lines: VecDeque<Line>,
}

impl Default for Trace {
    fn default() -> Self {
        Self { hash: OFFSET, lines: VecDeque::with_capacity(KEPT) }
    }
}

impl Trace {
    pub(crate) fn note(&mut self, step: u64, at_us: i64, word: &'static str, subject: Id128) {
        self.feed(&at_us.to_be_bytes());
        self.feed(word.as_bytes());
        self.feed(&subject.0);
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(Line { step, at_us, word, subject });
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
    }

    pub(crate) const fn hash(&self) -> u64 {
        self.hash
    }

    pub(crate) fn last_lines(&self) -> Vec<String> {
        self.lines
            .iter()
            .map(|line| {
                let (seconds, micros) = (line.at_us.div_euclid(1_000_000), line.at_us.rem_euclid(1_000_000));
                format!("{:>6} {seconds}.{micros:06} {:<16} {}", line.step, line.word, line.subject.base32())
            })
            .collect()
    }
}
