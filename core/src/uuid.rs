//! UUIDs. Version 7 (RFC 9562 section 5.7) is ordered by time, so new keys go to the end of an index. Version 8
//! (section 5.8) is computed from a digest or from an id of another form.

/// A UUID version 7 from the 48-bit Unix time in milliseconds and 74 random bits. Version and variant replace six bits of
/// `random`.
pub fn v7(unix_ms: u64, random: [u8; 10]) -> [u8; 16] {
    let time = unix_ms.to_be_bytes();
    let mut id = [0; 16];
    id[..6].copy_from_slice(&time[2..]);
    id[6..].copy_from_slice(&random);
    id[6] = 0x70 | (id[6] & 0x0f);
    id[8] = 0x80 | (id[8] & 0x3f);
    id
}

/// A UUID version 8 (RFC 9562 section 5.8) from the first bits of a digest.
pub fn v8(digest: &[u8; 32]) -> [u8; 16] {
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    id[6] = 0x80 | (id[6] & 0x0f);
    id[8] = 0x80 | (id[8] & 0x3f);
    id
}

/// The UUID for an id in another form, such as a nanoid: 122 bits of its SHA-256, so always the same UUID.
pub fn of_name(name: &str) -> [u8; 16] {
    let mut hasher = crate::digest::Hasher::new();
    // The prefix keeps these UUIDs apart from those of other digests.
    hasher.update(b"chatkeep.id:");
    hasher.update(name.as_bytes());
    v8(&hasher.finish())
}

/// The usual form: 8-4-4-4-12 lower-case hexadecimal.
pub fn format(id: &[u8; 16]) -> String {
    let hex = crate::digest::hex(id);
    [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ]
    .join("-")
}

/// Reads the usual form, in either case. Returns `None` for any other text.
pub fn parse(text: &str) -> Option<[u8; 16]> {
    let bytes = text.as_bytes();
    if bytes.len() != 36 {
        return None;
    }
    let mut id = [0; 16];
    let mut nibbles = 0;
    for (position, &byte) in bytes.iter().enumerate() {
        if matches!(position, 8 | 13 | 18 | 23) {
            if byte != b'-' {
                return None;
            }
            continue;
        }
        let value = u8::try_from(char::from(byte).to_digit(16)?).ok()?;
        let slot = id.get_mut(nibbles / 2)?;
        *slot = *slot << 4 | value;
        nibbles += 1;
    }
    Some(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_example_of_rfc_9562_appendix_a6() {
        let random = [0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f];
        let id = v7(0x017F_22E2_79B0, random);
        assert_eq!(format(&id), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    }

    #[test]
    fn a_name_always_has_the_same_uuid_version_8() {
        // printf 'chatkeep.id:%s' V1StGXR8_Z5jdHi6B-myT | sha256sum
        let id = format(&of_name("V1StGXR8_Z5jdHi6B-myT"));
        assert_eq!(id, "3618d206-0ef5-849e-a636-859ec7d41214");
        assert_ne!(of_name("a"), of_name("b"));
    }

    #[test]
    fn other_text_is_not_read_as_a_uuid() {
        for text in [
            "",
            "017f22e279b07cc398c4dc0c0c07398f",
            "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn written_and_read_back(id: [u8; 16]) {
            prop_assert_eq!(parse(&format(&id)), Some(id));
            prop_assert_eq!(parse(&format(&id).to_uppercase()), Some(id));
        }

        #[test]
        fn any_text_is_read_without_panic(text: String) {
            let _ = parse(&text);
        }
    }
}
