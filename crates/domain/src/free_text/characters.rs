//! Characters that change what a text looks like without being seen themselves, or end a line where none may end.

/// Neither ink nor room: nobody sees it, and two texts that differ in it look the same (Unicode 16,
/// `Default_Ignorable_Code_Point` without variation selectors, and interlinear annotations).
const INVISIBLE: &[(u32, u32)] = &[
    (0xad, 0xad),
    (0x34f, 0x34f),
    (0x61c, 0x61c),
    (0x115f, 0x1160),
    (0x17b4, 0x17b5),
    (0x180b, 0x180f),
    (0x200b, 0x200f),
    (0x202a, 0x202e),
    (0x2060, 0x206f),
    (0x3164, 0x3164),
    (0xfeff, 0xfeff),
    (0xffa0, 0xffa0),
    (0xfff0, 0xfffb),
    (0x1bca0, 0x1bca3),
    (0x1d173, 0x1d17a),
    (0xe0000, 0xe00ff),
    (0xe01f0, 0xe0fff),
];
/// Line and paragraph separator.
const SEPARATORS: [char; 2] = ['\u{2028}', '\u{2029}'];
const ZERO_WIDTH_NON_JOINER: char = '\u{200c}';
const ZERO_WIDTH_JOINER: char = '\u{200d}';

/// A control character of C0 or C1, DEL included.
pub(super) fn is_control(one: char) -> bool {
    one.is_control()
}

pub(super) fn is_invisible(one: char) -> bool {
    !one.is_ascii() && (is_within(INVISIBLE, one) || SEPARATORS.contains(&one))
}

pub(super) fn is_line_separator(one: char) -> bool {
    SEPARATORS.contains(&one)
}

/// Stands on the character before it: an accent, the ring of a keycap, the choice of a glyph.
pub(super) fn is_mark_on_another(one: char) -> bool {
    is_within(
        &[(0x300, 0x36f), (0x1ab0, 0x1aff), (0x1dc0, 0x1dff), (0x20d0, 0x20ff), (0xfe00, 0xfe0f), (0xe0100, 0xe01ef)],
        one,
    )
}

/// Joiners belong between the letters of scripts that join theirs, and between the parts of an emoji (RFC 5892, A.1 and A.2,
/// in spirit); anywhere else they only hide something.
pub(super) fn is_honest_joiner(before: Option<char>, one: char, after: Option<char>) -> bool {
    let joined = |other: Option<char>| {
        other.is_some_and(|other| {
            !other.is_ascii()
                && !is_invisible(other)
                && !other.is_whitespace()
                && !other.is_control()
                && super::digits::digit_value(other).is_none()
        })
    };
    matches!(one, ZERO_WIDTH_JOINER | ZERO_WIDTH_NON_JOINER) && joined(before) && joined(after)
}

fn is_within(ranges: &[(u32, u32)], one: char) -> bool {
    let code = u32::from(one);
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&code))
}
