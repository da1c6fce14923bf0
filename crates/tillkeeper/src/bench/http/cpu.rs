//! CPU time: of the server's process, and of the RSA work that the channel's protocol forces on it.

use anyhow::Context;
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256};

/// Linux counts the times of a process in hundredths of a second (`USER_HZ`).
const TICK_US: u64 = 10_000;
/// Signatures made for one measurement.
const ROUNDS: u32 = 400;
/// About the length of a signed request.
const CONTENT_BYTES: usize = 900;

/// User and system time of a process so far, microseconds.
pub fn process_us(pid: u32) -> anyhow::Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // Fields 14 and 15, counted after the name in parentheses, which may hold spaces.
    let (_, fields) = stat.rsplit_once(')').context("no process name in stat")?;
    let mut times = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
    let mut next = || anyhow::Ok(times.next().context("stat is short")??);
    Ok(next()?.saturating_add(next()?).saturating_mul(TICK_US))
}

/// CPU time of the calling thread so far, nanoseconds.
fn thread_ns() -> anyhow::Result<u64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(stat.split_whitespace().next().context("schedstat is empty")?.parse()?)
}

/// What RSA-2048 with SHA-256 costs on this machine now, microseconds of CPU.
#[derive(Debug, Clone, Copy)]
pub struct Rsa {
    pub sign_us: f64,
    pub verify_us: f64,
}

impl Rsa {
    /// Signs and verifies with parsed keys in this thread.
    pub fn measure() -> anyhow::Result<Self> {
        let pair = KeyPair::generate(KeySize::Rsa2048)?;
        let public = pair.public_key().as_der()?;
        let public = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public.as_ref())?;
        let (random, content) = (SystemRandom::new(), vec![b'a'; CONTENT_BYTES]);
        let mut signature = vec![0; pair.public_modulus_len()];
        let begun = thread_ns()?;
        for _ in 0..ROUNDS {
            pair.sign(&RSA_PKCS1_SHA256, &random, &content, &mut signature)?;
        }
        let signed = thread_ns()?;
        for _ in 0..ROUNDS {
            public.verify_sig(&content, &signature)?;
        }
        let verified = thread_ns()?;
        Ok(Self { sign_us: each_us(signed - begun), verify_us: each_us(verified - signed) })
    }

    /// The mean of two measurements, before and after the load.
    pub fn mean(self, other: Self) -> Self {
        Self {
            sign_us: f64::midpoint(self.sign_us, other.sign_us),
            verify_us: f64::midpoint(self.verify_us, other.verify_us),
        }
    }

    /// One payment: the request signed, and so many messages of the channel verified.
    pub fn payment_us(self, verified: f64) -> f64 {
        verified.mul_add(self.verify_us, self.sign_us)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn each_us(total_ns: u64) -> f64 {
    total_ns as f64 / f64::from(ROUNDS) / 1_000.0
}
