//! Photos of documents: told by their content, bounded, and without whatever a camera wrote beside the picture.
//!
//! Nothing is decoded. A JPEG (ITU T.81 annex B) and a PNG (W3C PNG section 5) are rows of named segments; those that
//! make the picture are kept, and all others, where position, time, owner and thumbnails stand, are left out.

/// The largest photo taken, bytes.
pub const PHOTO_MAX_BYTES: usize = 5 * 1024 * 1024;
/// The longest side of a photo, pixels.
pub const SIDE_MAX_PX: u32 = 12_000;
/// The shortest side on which a document can be read, pixels.
pub const SIDE_MIN_PX: u32 = 200;

const PNG_SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A];

/// What a photo is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhotoFormat {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
}

/// A photo that holds nothing but its picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    /// What it is.
    pub format: PhotoFormat,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Why bytes are no photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhotoError {
    /// More than [`PHOTO_MAX_BYTES`].
    #[error("the photo has more than {PHOTO_MAX_BYTES} bytes")]
    TooLarge,
    /// Neither JPEG nor PNG by its content.
    #[error("neither JPEG nor PNG")]
    NotAPhoto,
    /// It ends early or its parts do not fit together.
    #[error("the photo is damaged: {0}")]
    Damaged(&'static str),
    /// A side is shorter than [`SIDE_MIN_PX`] or longer than [`SIDE_MAX_PX`].
    #[error("a side is outside {SIDE_MIN_PX} to {SIDE_MAX_PX} pixels")]
    Dimensions,
}

/// Reads a photo and leaves out everything but the picture.
pub fn stripped(bytes: &[u8]) -> Result<Photo, PhotoError> {
    if bytes.len() > PHOTO_MAX_BYTES {
        return Err(PhotoError::TooLarge);
    }
    let (format, (width, height), bytes) = if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        let (size, kept) = jpeg(bytes)?;
        (PhotoFormat::Jpeg, size, kept)
    } else if bytes.starts_with(&PNG_SIGNATURE) {
        let (size, kept) = png(bytes)?;
        (PhotoFormat::Png, size, kept)
    } else {
        return Err(PhotoError::NotAPhoto);
    };
    let fits = |side: u32| (SIDE_MIN_PX..=SIDE_MAX_PX).contains(&side);
    if fits(width) && fits(height) {
        Ok(Photo { format, width, height, bytes })
    } else {
        Err(PhotoError::Dimensions)
    }
}

type Sized = ((u32, u32), Vec<u8>);

/// Markers of tables, frames and scans; `APPn` and `COM` are none of them. Adobe's `APP14` says how colours are meant.
const fn makes_the_picture(marker: u8) -> bool {
    matches!(marker, 0xC0..=0xC2 | 0xC4 | 0xDA | 0xDB | 0xDD)
}

fn jpeg(bytes: &[u8]) -> Result<Sized, PhotoError> {
    let damaged = |what| PhotoError::Damaged(what);
    let mut kept = vec![0xFF, 0xD8];
    let mut size = None;
    let mut scans = 0_u32;
    let mut rest = bytes.get(2..).unwrap_or_default();
    loop {
        let (marker, after) = match rest {
            [0xFF, 0xFF, ..] => {
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            [0xFF, 0xD9, ..] => break,
            [0xFF, marker, after @ ..] => (*marker, after),
            _ => return Err(damaged("no marker where one must be")),
        };
        let length = after.first_chunk::<2>().map(|pair| usize::from(u16::from_be_bytes(*pair)));
        let length = length.filter(|length| *length >= 2).ok_or(damaged("a segment without length"))?;
        let body = after.get(..length).ok_or(damaged("a segment that ends early"))?;
        rest = after.get(length..).unwrap_or_default();
        let colours = marker == 0xEE && length == 14 && body.get(2..7) == Some(b"Adobe".as_slice());
        if makes_the_picture(marker) || colours {
            kept.extend_from_slice(&[0xFF, marker]);
            kept.extend_from_slice(body);
        } else if !matches!(marker, 0xE0..=0xEF | 0xFE) {
            return Err(damaged("a segment of another kind of JPEG"));
        }
        if matches!(marker, 0xC0..=0xC2) {
            size = frame(body);
            if size.is_none() {
                return Err(damaged("a frame without size"));
            }
        }
        if marker == 0xDA {
            let data = entropy_coded(rest).ok_or(damaged("a scan that ends early"))?;
            kept.extend_from_slice(data);
            rest = rest.get(data.len()..).unwrap_or_default();
            scans += 1;
        }
    }
    kept.extend_from_slice(&[0xFF, 0xD9]);
    match size {
        Some(size) if scans > 0 => Ok((size, kept)),
        Some(_) | None => Err(damaged("no picture in it")),
    }
}

/// Height and width behind the length and the precision of a frame.
fn frame(body: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| {
        let pair: [u8; 2] = body.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(u32::from(u16::from_be_bytes(pair)))
    };
    Some((number(5)?, number(3)?))
}

/// The data of a scan, up to the next marker; `FF00` and restarts are part of it.
fn entropy_coded(rest: &[u8]) -> Option<&[u8]> {
    let marker = |pair: &[u8]| matches!(pair, [0xFF, after] if !matches!(after, 0x00 | 0xD0..=0xD7 | 0xFF));
    let ends = rest.windows(2).position(marker)?;
    rest.get(..ends)
}

/// Chunks that make the picture; text, time, colour profile and EXIF are none of them.
const PNG_CHUNKS: [&[u8; 4]; 5] = [b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"];

fn png(bytes: &[u8]) -> Result<Sized, PhotoError> {
    let damaged = |what| PhotoError::Damaged(what);
    let mut kept = PNG_SIGNATURE.to_vec();
    let mut size = None;
    let mut data = 0_usize;
    let mut rest = bytes.get(PNG_SIGNATURE.len()..).unwrap_or_default();
    loop {
        let length = rest.first_chunk::<4>().map(|four| u32::from_be_bytes(*four));
        let length = length.and_then(|length| usize::try_from(length).ok()).ok_or(damaged("no chunk"))?;
        let end = length.checked_add(12).ok_or(damaged("a chunk without end"))?;
        let chunk = rest.get(..end).ok_or(damaged("a chunk that ends early"))?;
        let (named, sum) = chunk
            .get(4..)
            .and_then(|tail| tail.split_at_checked(length.saturating_add(4)))
            .ok_or(damaged("a chunk that ends early"))?;
        if sum != crc(named).to_be_bytes().as_slice() {
            return Err(damaged("a chunk with a wrong sum"));
        }
        let name: [u8; 4] = *named.first_chunk().ok_or(damaged("a chunk without name"))?;
        let first = size.is_none();
        if first != (&name == b"IHDR") {
            return Err(damaged("the header is not the first chunk"));
        }
        if first {
            size = named.get(4..12).and_then(dimensions);
            size.ok_or(damaged("a header without size"))?;
        }
        if PNG_CHUNKS.contains(&&name) {
            kept.extend_from_slice(chunk);
        } else if name.first().is_some_and(u8::is_ascii_uppercase) {
            return Err(damaged("a critical chunk of another kind of PNG"));
        }
        data += if &name == b"IDAT" { length } else { 0 };
        if &name == b"IEND" {
            break;
        }
        rest = rest.get(end..).unwrap_or_default();
    }
    match size {
        Some(size) if data > 0 => Ok((size, kept)),
        Some(_) | None => Err(damaged("no picture in it")),
    }
}

fn dimensions(eight: &[u8]) -> Option<(u32, u32)> {
    let (width, height) = eight.split_at_checked(4)?;
    Some((u32::from_be_bytes(*width.first_chunk()?), u32::from_be_bytes(*height.first_chunk()?)))
}

/// The sum of a chunk (PNG annex D: CRC-32 of ISO 3309).
#[must_use]
pub fn crc(bytes: &[u8]) -> u32 {
    let step = |sum: u32, byte: &u8| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xEDB8_8320 & (sum & 1).wrapping_neg()))
    };
    !bytes.iter().fold(u32::MAX, step)
}
