//! The two papers of the world.

/// What it is printed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paper {
    /// 210 × 297 mm, ISO 216.
    #[default]
    A4,
    /// 8.5 × 11 inches, ANSI.
    Letter,
}

/// Lengths of a page in points (1/72 inch), from its upper left corner.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measures {
    pub(crate) width: f32,
    pub(crate) height: f32,
    /// Left and right, and what stays free at the top.
    pub(crate) margin: f32,
    /// Below the last line; the footer stands in it.
    pub(crate) foot: f32,
}

impl Paper {
    pub(crate) const fn measures(self) -> Measures {
        match self {
            // 22 mm at the sides.
            Self::A4 => Measures { width: 595.276, height: 841.89, margin: 62.36, foot: 79.37 },
            // 7/8 inch.
            Self::Letter => Measures { width: 612.0, height: 792.0, margin: 63.0, foot: 76.0 },
        }
    }
}

impl Measures {
    /// What lies between the margins.
    pub(crate) const fn inner(self) -> f32 {
        self.width - 2.0 * self.margin
    }

    /// No line goes below.
    pub(crate) const fn bottom(self) -> f32 {
        self.height - self.foot
    }
}
