//! SHA-256 (FIPS 180-4) of bytes at once or in pieces, and hexadecimal text.

use sha2::{Digest, Sha256};

/// The digest of `bytes`.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Lower-case hexadecimal, two characters a byte.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// Reads hexadecimal of either case. Returns `None` for any other text.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    // The full capacity at once: a vector that grows would leave a copy of a secret in freed memory.
    let mut bytes = Vec::with_capacity(text.len() / 2);
    for pair in pairs {
        let byte = pair.iter().try_fold(0, |byte, digit| {
            Some(byte << 4 | char::from(*digit).to_digit(16)?)
        });
        bytes.push(u8::try_from(byte?).ok()?);
    }
    Some(bytes)
}

/// A digest of bytes that arrive in pieces.
#[derive(Clone, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// A hasher that has read no bytes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all pieces.
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn digests_are_those_of_fips_180_4() {
        for (bytes, digest) in [
            (
                &b""[..],
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
            (
                &b"abc"[..],
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
        ] {
            assert_eq!(hex(&sha256(bytes)), digest);
        }
    }

    #[test]
    fn other_text_is_not_read_as_hexadecimal() {
        for text in ["0", "0g", "0x00", " 00", "é0"] {
            assert_eq!(unhex(text), None, "{text}");
        }
        assert_eq!(unhex("00fFa9"), Some(vec![0, 255, 0xa9]));
    }

    proptest! {
        #[test]
        fn hexadecimal_is_read_back(bytes: Vec<u8>) {
            prop_assert_eq!(unhex(&hex(&bytes)), Some(bytes));
        }

        #[test]
        fn pieces_and_whole_agree(bytes: Vec<u8>, cut in 0usize..2048) {
            let cut = cut.min(bytes.len());
            let mut hasher = Hasher::new();
            hasher.update(&bytes[..cut]);
            hasher.update(&bytes[cut..]);
            prop_assert_eq!(hasher.finish(), sha256(&bytes));
        }
    }
}
