//! Names that nobody else has, from the browser's cryptographic random source.

/// A version 4 UUID, for an idempotency key. Outside a secure context `randomUUID` is missing; there it is built from
/// random bytes.
pub(crate) fn new_uuid() -> String {
    let Some(crypto) = super::window::browser_window().and_then(|window| window.crypto().ok()) else {
        return String::new();
    };
    if js_sys::Reflect::has(&crypto, &"randomUUID".into()).unwrap_or(false) {
        return crypto.random_uuid();
    }
    let mut bytes = [0_u8; 16];
    if crypto.get_random_values_with_u8_array(&mut bytes).is_err() {
        return String::new();
    }
    from_bytes(bytes)
}

/// Any number below `bound`, to spread retries; 0 for a bound of 0 and where there is no random source.
pub(crate) fn random_below(bound: u32) -> u32 {
    let mut bytes = [0_u8; 4];
    if let Some(crypto) = super::window::browser_window().and_then(|window| window.crypto().ok()) {
        // Fails only for more than 64 KiB.
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    u32::from_le_bytes(bytes).checked_rem(bound).unwrap_or_default()
}

fn from_bytes(mut bytes: [u8; 16]) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.into_iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push(char::from(HEX[usize::from(byte >> 4)]));
        text.push(char::from(HEX[usize::from(byte & 15)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_a_version_4_uuid() {
        assert_eq!(from_bytes([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
