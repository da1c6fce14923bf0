//! `fileContent`: base64 of a zlib stream (unionpay.md §8, §9).

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::write::ZlibEncoder;
use flate2::{Compression, Decompress, FlushDecompress, Status};

/// Below this size a stream's expansion ratio does not matter, in bytes.
const RATIO_FREE_BYTES: usize = 1024 * 1024;
/// The highest ratio of expanded to packed bytes of a stream over 1 MiB.
const RATIO_MAX: usize = 200;
/// How much is expanded at a time, in bytes.
const CHUNK_BYTES: usize = 32 * 1024;

/// Why a file content was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// The text is not standard base64.
    #[error("file content is not valid base64")]
    NotBase64,
    /// The stream is damaged, or bytes follow after its end.
    #[error("file content is not one whole zlib stream")]
    Damaged,
    /// The stream ends before its data do.
    #[error("file content is cut off")]
    Truncated,
    /// The content expands to more than allowed.
    #[error("file content expands to more than allowed")]
    TooLarge,
}

/// Unpacks a file content of at most `max_bytes`.
pub fn unpack(text: &str, max_bytes: usize) -> Result<Vec<u8>, ContentError> {
    let packed = STANDARD.decode(text.trim()).map_err(|_| ContentError::NotBase64)?;
    let allowed = max_bytes.min(packed.len().saturating_mul(RATIO_MAX).max(RATIO_FREE_BYTES));
    let mut inflate = Decompress::new(true);
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut out = Vec::new();
    loop {
        let before = (inflate.total_in(), inflate.total_out());
        let rest = packed.get(position(before.0)..).unwrap_or_default();
        let status =
            inflate.decompress(rest, &mut chunk, FlushDecompress::None).map_err(|_| ContentError::Damaged)?;
        let grown = position(inflate.total_out() - before.1);
        if out.len().saturating_add(grown) > allowed {
            return Err(ContentError::TooLarge);
        }
        out.extend_from_slice(chunk.get(..grown).unwrap_or_default());
        match status {
            Status::StreamEnd if position(inflate.total_in()) == packed.len() => return Ok(out),
            Status::StreamEnd => return Err(ContentError::Damaged),
            Status::Ok | Status::BufError if before == (inflate.total_in(), inflate.total_out()) => {
                return Err(ContentError::Truncated);
            }
            Status::Ok | Status::BufError => {}
        }
    }
}

fn position(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// Packs a file content.
pub fn pack(bytes: &[u8]) -> Result<String, ContentError> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).map_err(|_| ContentError::Damaged)?;
    Ok(STANDARD.encode(encoder.finish().map_err(|_| ContentError::Damaged)?))
}
