//! Photos that cameras make: what is kept of them, and what is refused.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step fails the test")]

extern crate tillkeeper_formats as tk_formats;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use proptest::prelude::*;
use std::io::Write;
use tk_formats::photo::{PHOTO_MAX_BYTES, PhotoError, PhotoFormat, crc, stripped};

const GPS: &[u8] = b"GPSLatitude 39.9042 GPSLongitude 116.4074 Owner Zhang San";

fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    [&[0xFF, marker], length.as_slice(), body].concat()
}

/// A grey baseline JPEG of the given size: one table each, every block's difference and coefficients zero.
fn jpeg(width: u16, height: u16, extra: &[Vec<u8>]) -> Vec<u8> {
    let mut file = vec![0xFF, 0xD8];
    file.extend(extra.iter().flatten());
    file.extend(segment(0xDB, &[&[0_u8][..], &[1; 64]].concat()));
    let (w, h) = (width.to_be_bytes(), height.to_be_bytes());
    file.extend(segment(0xC0, &[8, h[0], h[1], w[0], w[1], 1, 1, 0x11, 0]));
    // One code of length 1 for "no difference", and one for "end of block".
    let one_code = |class: u8| [&[class, 1][..], &[0; 15], &[0]].concat();
    file.extend(segment(0xC4, &one_code(0x00)));
    file.extend(segment(0xC4, &one_code(0x10)));
    file.extend(segment(0xDA, &[1, 1, 0x00, 0, 63, 0]));
    // Two bits a block, both zero.
    let blocks = usize::from(width.div_ceil(8)) * usize::from(height.div_ceil(8));
    file.extend(vec![0_u8; blocks.div_ceil(4)]);
    file.extend([0xFF, 0xD9]);
    file
}

fn chunk(name: [u8; 4], body: &[u8]) -> Vec<u8> {
    let named = [name.as_slice(), body].concat();
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [length.as_slice(), &named, &crc(&named).to_be_bytes()].concat()
}

fn png(width: u32, height: u32, extra: &[Vec<u8>]) -> Vec<u8> {
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([8, 0, 0, 0, 0]);
    let row = vec![0_u8; usize::try_from(width.min(2_000) + 1).unwrap()];
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..height.min(2_000) {
        packed.write_all(&row).unwrap();
    }
    let mut file = vec![0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A];
    file.extend(chunk(*b"IHDR", &header));
    file.extend(extra.iter().flatten());
    file.extend(chunk(*b"IDAT", &packed.finish().unwrap()));
    file.extend(chunk(*b"IEND", b""));
    file
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn a_jpeg_loses_exif_gps_comments_and_whatever_is_behind_its_end() {
    let exif = [b"Exif\0\0".as_slice(), GPS].concat();
    let extra = [
        segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
        segment(0xE1, &exif),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>Owner Zhang San</x:xmpmeta>"),
        segment(0xED, b"Photoshop 3.0\0Zhang San"),
        segment(0xFE, b"comment of Zhang San"),
    ];
    let mut file = jpeg(640, 480, &extra);
    file.extend(b"trailing video of Zhang San");
    assert!(holds(&file, b"GPSLatitude"));
    let photo = stripped(&file).unwrap();
    assert_eq!((photo.format, photo.width, photo.height), (PhotoFormat::Jpeg, 640, 480));
    assert_eq!(photo.bytes, jpeg(640, 480, &[]), "exactly the picture is left");
    for word in [b"Zhang San".as_slice(), b"GPS", b"Exif", b"xmp"] {
        assert!(!holds(&photo.bytes, word));
    }
    assert_eq!(stripped(&photo.bytes).unwrap(), photo);
    let adobe = segment(0xEE, b"Adobe\0\x64\0\0\0\0\x01");
    let coloured = jpeg(640, 480, &[adobe]);
    assert_eq!(stripped(&coloured).unwrap().bytes, coloured, "how colours are meant is part of the picture");
}

#[test]
fn a_png_loses_texts_times_and_exif() {
    let extra = [
        chunk(*b"tEXt", b"Author\0Zhang San"),
        chunk(*b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0Zhang San"),
        chunk(*b"eXIf", GPS),
        chunk(*b"tIME", &[7, 0xEA, 11, 22, 5, 0, 0]),
    ];
    let mut file = png(300, 200, &extra);
    file.extend(b"behind the end: Zhang San");
    let photo = stripped(&file).unwrap();
    assert_eq!((photo.format, photo.width, photo.height), (PhotoFormat::Png, 300, 200));
    assert_eq!(photo.bytes, png(300, 200, &[]));
    assert!(!holds(&photo.bytes, b"Zhang San") && !holds(&photo.bytes, b"GPS"));
}

#[test]
fn what_is_no_photo_or_no_readable_size_is_refused() {
    let wrong_sum = {
        let mut file = png(300, 200, &[]);
        file[20] ^= 1;
        file
    };
    let cases: Vec<(Vec<u8>, PhotoError)> = vec![
        (Vec::new(), PhotoError::NotAPhoto),
        (b"%PDF-1.7".to_vec(), PhotoError::NotAPhoto),
        (b"\x7fELF named front.jpg".to_vec(), PhotoError::NotAPhoto),
        (b"<svg onload=alert(1)>".to_vec(), PhotoError::NotAPhoto),
        (vec![0; PHOTO_MAX_BYTES + 1], PhotoError::TooLarge),
        (png(50_000, 50_000, &[]), PhotoError::Dimensions),
        (jpeg(50_000, 600, &[]), PhotoError::Dimensions),
        (jpeg(199, 600, &[]), PhotoError::Dimensions),
        (wrong_sum, PhotoError::Damaged("a chunk with a wrong sum")),
        (
            png(300, 200, &[chunk(*b"XXXX", b"")]),
            PhotoError::Damaged("a critical chunk of another kind of PNG"),
        ),
        (
            jpeg(640, 480, &[segment(0xC9, b"arithmetic")]),
            PhotoError::Damaged("a segment of another kind of JPEG"),
        ),
    ];
    for (bytes, error) in cases {
        assert_eq!(stripped(&bytes), Err(error));
    }
    let whole = jpeg(640, 480, &[]);
    for length in [3, 10, 100, whole.len() - 2] {
        assert!(matches!(stripped(&whole[..length]), Err(PhotoError::Damaged(_))), "{length}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(start in 0_usize..2, bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let head = if start == 0 { jpeg(640, 480, &[])[..20].to_vec() } else { png(300, 200, &[])[..40].to_vec() };
        let _ = stripped(&[head, bytes].concat());
    }
}
