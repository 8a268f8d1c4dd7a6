//! The one strict grammar in which decimal numbers are read and written: plain ASCII digits, one point, no exponent.
//!
//! `-?` digits (`.` digits)?, no sign `+`, no leading or trailing point, no spaces, no grouping, no other script's
//! digits. What is not exactly that is refused with the reason, never repaired.

use std::fmt;

/// The longest text that is looked at, in bytes; a longer one is refused unread.
pub const MAX_TEXT_BYTES: usize = 40;

/// Why a text is no decimal of the asked scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// The text is empty: nothing was entered.
    #[error("enter an amount")]
    Empty,
    /// Longer than [`MAX_TEXT_BYTES`] or outside the range of 64 bits.
    #[error("this number is too large")]
    TooLarge,
    /// A character that is not part of a plain decimal, or one in the wrong place.
    #[error("write the amount in digits")]
    Malformed,
    /// More digits behind the point than can be kept.
    #[error("too many digits behind the decimal point")]
    TooPrecise,
}

/// Reads `text` as an integer count of 10^-`scale` units. Digits behind the point beyond `scale` are refused, even zeros.
/// See docs/decisions/0001-integer-decimals.md.
pub fn parse_scaled(text: &str, scale: u32) -> Result<i64, DecimalError> {
    let Plain { negative, whole, fraction, missing } = Plain::read(text, scale)?;
    let mut value: i64 = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        // Built up on the negative side, where i64 has one value more.
        value =
            value.checked_mul(10).and_then(|v| v.checked_sub(i64::from(byte - b'0'))).ok_or(DecimalError::TooLarge)?;
    }
    let power = 10_i64.checked_pow(missing).ok_or(DecimalError::TooLarge)?;
    let value = value.checked_mul(power).ok_or(DecimalError::TooLarge)?;
    if negative { Ok(value) } else { value.checked_neg().ok_or(DecimalError::TooLarge) }
}

/// The same for numbers beyond 64 bits, such as prices with 18 digits behind the point.
pub fn parse_wide(text: &str, scale: u32) -> Result<i128, DecimalError> {
    let Plain { negative, whole, fraction, missing } = Plain::read(text, scale)?;
    let mut value: i128 = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        value =
            value.checked_mul(10).and_then(|v| v.checked_add(i128::from(byte - b'0'))).ok_or(DecimalError::TooLarge)?;
    }
    let power = 10_i128.checked_pow(missing).ok_or(DecimalError::TooLarge)?;
    let value = value.checked_mul(power).ok_or(DecimalError::TooLarge)?;
    Ok(if negative { -value } else { value })
}

/// A plain decimal taken apart: digits only, and by how many places the fraction is short of the scale.
struct Plain<'t> {
    negative: bool,
    whole: &'t str,
    fraction: &'t str,
    missing: u32,
}

impl<'t> Plain<'t> {
    fn read(text: &'t str, scale: u32) -> Result<Self, DecimalError> {
        if text.is_empty() {
            return Err(DecimalError::Empty);
        }
        if text.len() > MAX_TEXT_BYTES {
            return Err(if text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-') {
                DecimalError::TooLarge
            } else {
                DecimalError::Malformed
            });
        }
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return Err(DecimalError::Malformed),
            Some((whole, fraction)) => (whole, fraction),
            None => (digits, ""),
        };
        if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
            return Err(DecimalError::Malformed);
        }
        let given = u32::try_from(fraction.len()).map_err(|_| DecimalError::TooPrecise)?;
        let missing = scale.checked_sub(given).ok_or(DecimalError::TooPrecise)?;
        Ok(Self { negative, whole, fraction, missing })
    }
}

/// Writes an integer count of 10^-`scale` units with at least `min_digits` digits behind the point, more only as needed.
pub fn write_scaled(out: &mut impl fmt::Write, value: i64, scale: u32, min_digits: u32) -> fmt::Result {
    let magnitude = value.unsigned_abs();
    let power = 10_u64.pow(scale);
    let (whole, mut fraction) = (magnitude / power, magnitude % power);
    if value < 0 {
        out.write_char('-')?;
    }
    write!(out, "{whole}")?;
    let mut digits = scale;
    while digits > min_digits && fraction.is_multiple_of(10) {
        fraction /= 10;
        digits -= 1;
    }
    if digits > 0 { write!(out, ".{fraction:0width$}", width = digits as usize) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(value: i64, scale: u32, min_digits: u32) -> String {
        let mut out = String::new();
        write_scaled(&mut out, value, scale, min_digits).unwrap();
        out
    }

    #[test]
    fn only_plain_decimals_are_read() {
        for (text, expected) in [
            ("0", Ok(0)),
            ("12.5", Ok(12_500_000)),
            ("-0.000001", Ok(-1)),
            ("007", Ok(7_000_000)),
            ("", Err(DecimalError::Empty)),
            ("-", Err(DecimalError::Malformed)),
            (".5", Err(DecimalError::Malformed)),
            ("5.", Err(DecimalError::Malformed)),
            ("1e3", Err(DecimalError::Malformed)),
            ("NaN", Err(DecimalError::Malformed)),
            ("1,50", Err(DecimalError::Malformed)),
            ("５", Err(DecimalError::Malformed)),
            ("+1", Err(DecimalError::Malformed)),
            ("--1", Err(DecimalError::Malformed)),
            (" 1", Err(DecimalError::Malformed)),
            ("1.2.3", Err(DecimalError::Malformed)),
            ("0.0000001", Err(DecimalError::TooPrecise)),
            ("1.0000000", Err(DecimalError::TooPrecise)),
            ("9223372036854.775807", Ok(i64::MAX)),
            ("9223372036854.775808", Err(DecimalError::TooLarge)),
            ("-9223372036854.775808", Ok(i64::MIN)),
        ] {
            assert_eq!(parse_scaled(text, 6), expected, "{text:?}");
        }
        assert_eq!(parse_scaled(&"9".repeat(200), 6), Err(DecimalError::TooLarge));
        assert_eq!(parse_scaled(&"x".repeat(200), 6), Err(DecimalError::Malformed));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(value: i64, scale in 0_u32..=6, min in 0_u32..=6) {
            let text = written(value, scale, min.min(scale));
            prop_assert_eq!(parse_scaled(&text, scale), Ok(value));
        }

        #[test]
        fn both_widths_read_the_same(text in "-?[0-9]{0,12}(\\.[0-9]{0,8})?", scale in 0_u32..=8) {
            match (parse_scaled(&text, scale), parse_wide(&text, scale)) {
                (Err(DecimalError::TooLarge), Ok(wide)) => prop_assert!(i64::try_from(wide).is_err()),
                (narrow, wide) => prop_assert_eq!(narrow.map(i128::from), wide),
            }
        }

        #[test]
        fn agrees_with_rust_decimal(value: i64, scale in 0_u32..=6) {
            let theirs = rust_decimal::Decimal::new(value, scale);
            prop_assert_eq!(written(value, scale, scale), theirs.to_string());
        }

        #[test]
        fn arbitrary_text_never_panics(text in "\\PC{0,60}") {
            let _ = parse_scaled(&text, 6);
        }
    }
}
