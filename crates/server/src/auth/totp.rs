//! Codes that change with the time (RFC 6238: HMAC-SHA-1, six digits, 30 seconds), as every authenticator app shows them.

use billing_domain::Timestamp;
use ring::hmac;

/// Seconds of a step.
const STEP_SECONDS: i64 = 30;
/// Digits of a code.
const DIGITS: usize = 6;
/// Bytes of a secret: as many as the hash has (RFC 4226, section 4, R6).
pub(crate) const SECRET_BYTES: usize = 20;
/// RFC 4648, section 6.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The step of this moment.
pub(crate) fn step_at(now: Timestamp) -> i64 {
    now.seconds_since(Timestamp::from_micros(0)).div_euclid(STEP_SECONDS)
}

/// The step whose code this is, among the present one and its neighbors: clocks differ, and typing takes time.
pub(crate) fn find_step(secret: &[u8], code: &str, now: Timestamp) -> Option<i64> {
    let code = parse_code(code)?;
    let present = step_at(now);
    [present - 1, present, present + 1].into_iter().find(|step| code_at(secret, *step) == code)
}

/// Whether the text has the form of a code, with or without blanks in it.
pub(crate) fn is_code(text: &str) -> bool {
    parse_code(text).is_some()
}

fn parse_code(text: &str) -> Option<u32> {
    let digits: String = text.chars().filter(|character| !character.is_whitespace()).collect();
    let fits = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| digits.parse().ok()).flatten()
}

/// RFC 4226, section 5.3, of the number of a step.
fn code_at(secret: &[u8], step: i64) -> u32 {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let offset = usize::from(bytes.last().copied().unwrap_or_default() & 15);
    let word = bytes.get(offset..offset + 4).and_then(|four| four.try_into().ok()).unwrap_or_default();
    (u32::from_be_bytes(word) & 0x7fff_ffff) % 10_u32.pow(6)
}

/// In base 32 without padding, as apps take secrets.
pub(crate) fn encode_base32(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for group in bytes.chunks(5) {
        let mut word = [0; 8];
        for (to, from) in word.iter_mut().skip(3).zip(group) {
            *to = *from;
        }
        let bits = u64::from_be_bytes(word);
        let letters = (group.len() * 8).div_ceil(5);
        for place in 0..letters {
            let index = usize::try_from((bits >> (35 - 5 * place)) & 31).unwrap_or_default();
            out.extend(BASE32.get(index).map(|letter| char::from(*letter)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, cut to six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = b"12345678901234567890";
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let now = Timestamp::from_micros(seconds * 1_000_000);
            assert_eq!(find_step(secret, code, now), Some(seconds / 30), "{code}");
            assert_eq!(format!("{:06}", code_at(secret, seconds / 30)), code);
        }
    }

    #[test]
    fn one_step_to_either_side_is_taken_and_no_more() {
        let secret = b"12345678901234567890";
        let at = |step: i64| Timestamp::from_micros(step * 30_000_000);
        let code = format!("{:06}", code_at(secret, 1_000));
        for (step, taken) in [(998, false), (999, true), (1_000, true), (1_001, true), (1_002, false)] {
            assert_eq!(find_step(secret, &code, at(step)).is_some(), taken, "{step}");
        }
        let spaced = format!(" {} {} ", &code[..3], &code[3..]);
        assert_eq!(find_step(secret, &spaced, at(1_000)), Some(1_000));
        for wrong in ["", "12345", "1234567", "12345a", "+12345"] {
            assert!(!is_code(wrong), "{wrong}");
        }
    }

    /// RFC 4648, section 10, without its padding.
    #[test]
    fn base32_is_that_of_the_standard() {
        for (text, encoded) in [
            ("", ""),
            ("f", "MY"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(encode_base32(text.as_bytes()), encoded);
        }
    }
}
