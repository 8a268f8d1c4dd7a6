//! How well a color is seen beside another (WCAG 2.2), in integers.

/// A color of sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Color {
    red: u8,
    green: u8,
    blue: u8,
}

impl Color {
    /// The color of these channels.
    pub(crate) const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue }
    }

    /// `#rrggbb`
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
        Some(Self { red, green, blue })
    }

    /// The contrast ratio in hundredths: 100 (none) to 2,100 (black on white), rounded down.
    pub(crate) fn contrast(self, other: Self) -> u32 {
        let (one, two) = (self.luminance() + SCALE / 20, other.luminance() + SCALE / 20);
        u32::try_from(one.max(two) * 100 / one.min(two)).unwrap_or(u32::MAX)
    }

    /// Relative luminance in parts of [`SCALE`].
    fn luminance(self) -> u128 {
        (2_126 * to_linear(self.red) + 7_152 * to_linear(self.green) + 722 * to_linear(self.blue)) / 10_000
    }
}

/// WCAG 2.2, 1.4.3: text beside its background, in hundredths.
pub(crate) const LEAST_CONTRAST: u32 = 450;

const SCALE: u128 = 1_000_000;

/// The linear value of a channel, in parts of [`SCALE`]: `c / 12.92` below 0.04045, else `((c + 0.055) / 1.055) ^ 2.4`.
fn to_linear(channel: u8) -> u128 {
    let channel = u128::from(channel);
    if channel <= 10 {
        return channel * SCALE * 100 / (255 * 1_292);
    }
    // x = (channel / 255 + 0.055) / 1.055; x ^ 2.4 is x² times the fifth root of x².
    let (above, below) = (channel * 1_000 + 14_025, 269_025_u128);
    let square = |scale: u128| above * above * scale / (below * below);
    let root = fifth_root(square(SCALE.pow(4)) * SCALE);
    square(SCALE) * root / SCALE
}

/// The largest whole number whose fifth power is not more than this.
fn fifth_root(value: u128) -> u128 {
    let (mut low, mut high) = (0, 2 * SCALE);
    while low + 1 < high {
        let middle = u128::midpoint(low, high);
        if middle.pow(5) <= value { low = middle } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_those_of_the_published_examples() {
        let white = Color::new(255, 255, 255);
        for (color, hundredths) in [
            ("#000000", 2_100),
            ("#ffffff", 100),
            ("#767676", 454),
            ("#777777", 447),
            ("#ff0000", 399),
            ("#0000ff", 859),
        ] {
            assert_eq!(Color::parse(color).unwrap().contrast(white), hundredths, "{color}");
        }
    }

    #[test]
    fn only_six_digits_are_a_color() {
        for text in ["", "#", "#12345", "#1234567", "123456", "#12345g", "#+12345"] {
            assert_eq!(Color::parse(text), None, "{text}");
        }
    }
}
