//! Bill files: what was accepted and written once is read and written the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tk_formats::alipay::bill;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(read) = bill::trade::read_detail(bytes) {
        if let Ok(written) = bill::trade::write_detail(&read) {
            let again = bill::trade::read_detail(&written).expect("own file");
            assert_eq!(bill::trade::write_detail(&again), Ok(written));
        }
    }
    if let Ok(read) = bill::fund::read_detail(bytes) {
        let _ = bill::fund::check_summary(&read, bytes);
        if let Ok(written) = bill::fund::write_detail(&read) {
            let again = bill::fund::read_detail(&written).expect("own file");
            assert_eq!(bill::fund::write_detail(&again), Ok(written));
        }
    }
});
