//! The decimal digits of every script, and those in circles, brackets and small print (Unicode 16, `Numeric_Type` Decimal
//! and Digit).

/// First character, its value, how many follow one another.
const RUNS: &[(u32, u8, u8)] = &[
    (0x30, 0, 10),
    (0xb2, 2, 2),
    (0xb9, 1, 1),
    (0x660, 0, 10),
    (0x6f0, 0, 10),
    (0x7c0, 0, 10),
    (0x966, 0, 10),
    (0x9e6, 0, 10),
    (0xa66, 0, 10),
    (0xae6, 0, 10),
    (0xb66, 0, 10),
    (0xbe6, 0, 10),
    (0xc66, 0, 10),
    (0xce6, 0, 10),
    (0xd66, 0, 10),
    (0xde6, 0, 10),
    (0xe50, 0, 10),
    (0xed0, 0, 10),
    (0xf20, 0, 10),
    (0x1040, 0, 10),
    (0x1090, 0, 10),
    (0x1369, 1, 9),
    (0x17e0, 0, 10),
    (0x1810, 0, 10),
    (0x1946, 0, 10),
    (0x19d0, 0, 10),
    (0x19da, 1, 1),
    (0x1a80, 0, 10),
    (0x1a90, 0, 10),
    (0x1b50, 0, 10),
    (0x1bb0, 0, 10),
    (0x1c40, 0, 10),
    (0x1c50, 0, 10),
    (0x2070, 0, 1),
    (0x2074, 4, 6),
    (0x2080, 0, 10),
    (0x2460, 1, 9),
    (0x2474, 1, 9),
    (0x2488, 1, 9),
    (0x24ea, 0, 1),
    (0x24f5, 1, 9),
    (0x24ff, 0, 1),
    (0x2776, 1, 9),
    (0x2780, 1, 9),
    (0x278a, 1, 9),
    (0xa620, 0, 10),
    (0xa8d0, 0, 10),
    (0xa900, 0, 10),
    (0xa9d0, 0, 10),
    (0xa9f0, 0, 10),
    (0xaa50, 0, 10),
    (0xabf0, 0, 10),
    (0xff10, 0, 10),
    (0x104a0, 0, 10),
    (0x10a40, 1, 4),
    (0x10d30, 0, 10),
    (0x10e60, 1, 9),
    (0x11052, 1, 9),
    (0x11066, 0, 10),
    (0x110f0, 0, 10),
    (0x11136, 0, 10),
    (0x111d0, 0, 10),
    (0x112f0, 0, 10),
    (0x11450, 0, 10),
    (0x114d0, 0, 10),
    (0x11650, 0, 10),
    (0x116c0, 0, 10),
    (0x11730, 0, 10),
    (0x118e0, 0, 10),
    (0x11950, 0, 10),
    (0x11c50, 0, 10),
    (0x11d50, 0, 10),
    (0x11da0, 0, 10),
    (0x16a60, 0, 10),
    (0x16ac0, 0, 10),
    (0x16b50, 0, 10),
    (0x1d7ce, 0, 10),
    (0x1d7d8, 0, 10),
    (0x1d7e2, 0, 10),
    (0x1d7ec, 0, 10),
    (0x1d7f6, 0, 10),
    (0x1e140, 0, 10),
    (0x1e2f0, 0, 10),
    (0x1e950, 0, 10),
    (0x1f100, 0, 1),
    (0x1f101, 0, 10),
    (0x1fbf0, 0, 10),
];

/// The value of a digit in any script.
pub(super) fn digit_value(one: char) -> Option<u8> {
    if one.is_ascii() {
        return one.is_ascii_digit().then(|| one as u8 - b'0');
    }
    let code = u32::from(one);
    let index = RUNS.partition_point(|(first, ..)| *first <= code).checked_sub(1)?;
    let (first, value, count) = RUNS.get(index)?;
    let offset = u8::try_from(code - first).ok()?;
    // Lazily: beyond the run the sum may be more than a byte holds.
    (offset < *count).then(|| value + offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_sorted_and_hold_no_value_above_nine() {
        assert!(RUNS.is_sorted());
        assert!(RUNS.iter().all(|(_, value, count)| value + count <= 10));
    }

    #[test]
    fn digits_of_other_scripts_have_their_value() {
        for (text, digits) in [("٤٢", [4, 2]), ("４２", [4, 2]), ("४२", [4, 2]), ("④②", [4, 2]), ("𝟒²", [4, 2])]
        {
            assert_eq!(text.chars().filter_map(digit_value).collect::<Vec<_>>(), digits, "{text}");
        }
        assert!("aＡ½Ⅳ四\u{10b3f}\u{10ffff}".chars().all(|one| digit_value(one).is_none()));
    }
}
