//! The gzip of `tar_type=GZIP`, within limits, and the SHA-1 that announces a bill.

use std::io::{Read as _, Write as _};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;

use super::BillError;
use crate::wechatpay::hex_of;

/// Below this size the expansion ratio does not matter, bytes.
const RATIO_FREE_BYTES: u64 = 1024 * 1024;

/// Bounds of a packed bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest file, bytes.
    pub packed_bytes: usize,
    /// The largest content, bytes.
    pub plain_bytes: u64,
    /// The highest ratio of content to file over 1 MiB.
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { packed_bytes: 128 << 20, plain_bytes: 512 << 20, ratio: 200 }
    }
}

/// Expands a packed bill within the limits; cut-off files, wrong checksums and trailing bytes are refused.
pub fn gunzip(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, BillError> {
    if bytes.len() > limits.packed_bytes {
        return Err(BillError::TooLarge("packed bytes"));
    }
    let by_ratio = (bytes.len() as u64).saturating_mul(limits.ratio).max(RATIO_FREE_BYTES);
    let allowed = limits.plain_bytes.min(by_ratio);
    let mut plain = Vec::new();
    let mut reader = GzDecoder::new(bytes).take(allowed.saturating_add(1));
    reader.read_to_end(&mut plain).map_err(|_| BillError::Damaged)?;
    if plain.len() as u64 > allowed {
        return Err(BillError::TooLarge("expanded bytes"));
    }
    // The trailer is only checked at the very end, which a full `take` would not have reached.
    let rest = reader.into_inner().into_inner();
    if rest.is_empty() { Ok(plain) } else { Err(BillError::Damaged) }
}

/// Packs a bill, for the simulator.
pub fn gzip(plain: &[u8]) -> Result<Vec<u8>, BillError> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::default());
    let written = writer.write_all(plain).and_then(|()| writer.finish());
    written.map_err(|_| BillError::Unwritable("gzip"))
}

/// Compares the expanded content with the announced hash, whatever the case of its digits.
pub fn check_sha1(plain: &[u8], announced: &str) -> Result<(), BillError> {
    if sha1_hex(plain).eq_ignore_ascii_case(announced) { Ok(()) } else { Err(BillError::HashMismatch) }
}

/// SHA-1 in lower-case hexadecimal, as `hash_value` announces it.
pub fn sha1_hex(bytes: &[u8]) -> String {
    hex_of(digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref())
}
