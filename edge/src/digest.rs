//! SHA-256 of bytes at once or as they arrive.

use chatkeep_core::digest;
use wasm_bindgen::prelude::*;

/// SHA-256 of `bytes`, 64 lower-case hexadecimal characters.
#[wasm_bindgen]
pub fn sha256(bytes: &[u8]) -> String {
    digest::hex(&digest::sha256(bytes))
}

/// Lower-case hexadecimal, two characters a byte.
#[wasm_bindgen]
pub fn hex(bytes: &[u8]) -> String {
    digest::hex(bytes)
}

/// SHA-256 of bytes that arrive in pieces.
#[wasm_bindgen]
#[derive(Default)]
pub struct Hasher(digest::Hasher);

#[wasm_bindgen]
impl Hasher {
    /// A hasher that has read no bytes.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all pieces, 64 lower-case hexadecimal characters. Frees the hasher.
    pub fn finish(self) -> String {
        digest::hex(&self.0.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_and_whole_agree_in_hexadecimal() {
        let mut hasher = Hasher::new();
        hasher.update(b"a");
        hasher.update(b"");
        hasher.update(b"bc");
        let whole = sha256(b"abc");
        assert_eq!(hasher.finish(), whole);
        assert_eq!(
            whole,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
