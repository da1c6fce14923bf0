//! Photos of documents: what is kept of one is a photo, is no longer, and has nothing left to take out.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tk_formats::photo::stripped;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(photo) = stripped(bytes) {
        assert!(photo.bytes.len() <= bytes.len());
        assert_eq!(stripped(&photo.bytes), Ok(photo));
    }
});
