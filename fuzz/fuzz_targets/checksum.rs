//! A checksum is 64 hexadecimal digits and is stored in lower case. Hexadecimal text is read back unchanged.

#![no_main]

use chatkeep_core::{digest, documents::document};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    assert_eq!(digest::unhex(&digest::hex(bytes)).as_deref(), Some(bytes));

    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let is_hexadecimal = text
        .chars()
        .all(|digit| "0123456789abcdefABCDEF".contains(digit));
    match digest::unhex(text) {
        Some(read) => {
            assert!(is_hexadecimal);
            assert_eq!(digest::hex(&read), text.to_lowercase());
        }
        None => assert!(!is_hexadecimal || text.len() % 2 == 1),
    }
    match document::checksum(text) {
        Ok(stored) => {
            assert!(is_hexadecimal && text.len() == 64);
            assert_eq!(stored, text.to_lowercase());
            assert_eq!(document::checksum(&stored).as_ref(), Ok(&stored));
        }
        Err(refusal) => {
            assert!(!is_hexadecimal || text.len() != 64);
            assert_eq!(
                refusal.message,
                "checksum must be 64 hexadecimal characters"
            );
        }
    }
});
