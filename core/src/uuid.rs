//! UUIDs. Version 7 (RFC 9562 section 5.7) is ordered by time, so that keys are appended to an index and not strewn over
//! it; version 8 (section 5.8) stands for a name that somebody else gave.

/// A UUID of the 48-bit Unix time in milliseconds and 74 random bits; of `random` the six bits
/// that version and variant take are ignored.
pub fn v7(unix_ms: u64, random: [u8; 10]) -> [u8; 16] {
    let time = unix_ms.to_be_bytes();
    let mut id = [0; 16];
    id[..6].copy_from_slice(&time[2..]);
    id[6..].copy_from_slice(&random);
    id[6] = 0x70 | (id[6] & 0x0f);
    id[8] = 0x80 | (id[8] & 0x3f);
    id
}

/// A UUID version 8 (RFC 9562 section 5.8): the first bits of a digest, the same for the same digest.
pub fn v8(digest: &[u8; 32]) -> [u8; 16] {
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    id[6] = 0x80 | (id[6] & 0x0f);
    id[8] = 0x80 | (id[8] & 0x3f);
    id
}

/// The UUID of an id in another form, such as a nanoid: the same one always, from 122 bits of its SHA-256.
pub fn of_name(name: &str) -> [u8; 16] {
    let mut hasher = crate::digest::Hasher::new();
    // No other use of SHA-256 here can give the same bits.
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

/// Reads the usual form, in either case; anything else is `None`.
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
    fn a_name_has_one_uuid_of_version_8() {
        // printf 'chatkeep.id:%s' V1StGXR8_Z5jdHi6B-myT | sha256sum
        let id = format(&of_name("V1StGXR8_Z5jdHi6B-myT"));
        assert_eq!(id, "3618d206-0ef5-849e-a636-859ec7d41214");
        assert_ne!(of_name("a"), of_name("b"));
    }

    #[test]
    fn what_is_not_a_uuid_is_refused() {
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
