//! The ZIP around bills: entry names are GBK without the UTF-8 flag.

use std::io::{Cursor, Read as _, Write as _};

use zip::read::ZipFile;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::beijing;
use crate::charset::{Charset, CharsetError};

/// Below this size an entry's expansion ratio does not matter, in bytes.
const RATIO_FREE_BYTES: u64 = 1024 * 1024;

/// Why an archive was refused or could not be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// The bytes are not a complete ZIP archive, or an entry fails its checksum.
    #[error("archive is damaged or cut off: {0}")]
    Damaged(String),
    /// The archive, an entry or its expansion ratio is over a limit.
    #[error("archive is over the limit on {0}")]
    Limit(&'static str),
    /// The archive holds an encrypted entry.
    #[error("archive is encrypted")]
    Encrypted,
    /// A name or the time does not fit the format.
    #[error("archive cannot hold this {0}")]
    Unwritable(&'static str),
}

impl From<CharsetError> for ArchiveError {
    fn from(_: CharsetError) -> Self {
        Self::Unwritable("name")
    }
}

/// Limits on what an archive may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest archive, in bytes.
    pub archive_bytes: usize,
    /// The most entries.
    pub entries: usize,
    /// The most bytes all entries may have together once expanded.
    pub expanded_bytes: u64,
    /// The highest ratio of expanded to packed bytes of an entry over 1 MiB.
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { archive_bytes: 128 << 20, entries: 8, expanded_bytes: 512 << 20, ratio: 200 }
    }
}

/// One file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The file name.
    pub name: String,
    /// The expanded content.
    pub bytes: Vec<u8>,
}

/// Expands every file of an archive within the limits.
pub fn read_archive(bytes: &[u8], limits: &Limits) -> Result<Vec<Entry>, ArchiveError> {
    if bytes.len() > limits.archive_bytes {
        return Err(ArchiveError::Limit("archive size"));
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    if archive.len() > limits.entries {
        return Err(ArchiveError::Limit("entry count"));
    }
    let mut left = limits.expanded_bytes;
    let mut entries = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        if archive.by_index_raw(index).map_err(damaged)?.encrypted() {
            return Err(ArchiveError::Encrypted);
        }
        let file = archive.by_index(index).map_err(damaged)?;
        if !file.is_dir() {
            // The packed size is only claimed; no entry can be longer than the archive.
            let packed = file.compressed_size().min(bytes.len() as u64);
            let entry = read_entry(file, left, packed.saturating_mul(limits.ratio))?;
            left = left.saturating_sub(entry.bytes.len() as u64);
            entries.push(entry);
        }
    }
    Ok(entries)
}

/// Packs the files with GBK names and one modification time (UTC microseconds, written as GMT+8).
pub fn write_archive(entries: &[Entry], modified_at_us: i64) -> Result<Vec<u8>, ArchiveError> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for entry in entries {
        let name = Charset::Gbk.encode(&entry.name)?;
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(dos_time(modified_at_us)?)
            .unix_permissions(0o600)
            .name(&name);
        writer.start_file_with_options(options).map_err(damaged)?;
        writer.write_all(&entry.bytes).map_err(|error| damaged(ZipError::Io(error)))?;
    }
    Ok(writer.finish().map_err(damaged)?.into_inner())
}

fn read_entry<R: std::io::Read>(
    mut file: ZipFile<'_, R>,
    left: u64,
    by_ratio: u64,
) -> Result<Entry, ArchiveError> {
    let name = decode_name(file.name_raw());
    let by_ratio = by_ratio.max(RATIO_FREE_BYTES);
    let allowed = left.min(by_ratio);
    let mut bytes = Vec::new();
    file.by_ref()
        .take(allowed.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| damaged(ZipError::Io(error)))?;
    if bytes.len() as u64 > allowed {
        let what = if left <= by_ratio { "expanded size" } else { "expansion ratio" };
        return Err(ArchiveError::Limit(what));
    }
    Ok(Entry { name, bytes })
}

fn decode_name(raw: &[u8]) -> String {
    std::str::from_utf8(raw)
        .map(str::to_owned)
        .or_else(|_| Charset::Gbk.decode(raw).map(std::borrow::Cow::into_owned))
        .unwrap_or_else(|_| String::from_utf8_lossy(raw).into_owned())
}

fn dos_time(at_us: i64) -> Result<DateTime, ArchiveError> {
    let wrong = || ArchiveError::Unwritable("modification time");
    let at = beijing::civil(at_us).ok_or_else(wrong)?;
    let small = |part: i8| u8::try_from(part).map_err(|_| wrong());
    let year = u16::try_from(at.year()).map_err(|_| wrong())?;
    DateTime::from_date_and_time(
        year,
        small(at.month())?,
        small(at.day())?,
        small(at.hour())?,
        small(at.minute())?,
        small(at.second())?,
    )
    .map_err(|_| wrong())
}

#[expect(clippy::needless_pass_by_value, reason = "passed to map_err as it is")]
fn damaged(error: ZipError) -> ArchiveError {
    ArchiveError::Damaged(error.to_string())
}
