//! Text becomes lines of glyphs: direction, shaping, fallback and wrapping are parley's work.

use std::borrow::Cow;
use std::collections::BTreeSet;

use parley::style::{FontFamily, FontFamilyName, FontWeight, LineHeight, OverflowWrap, StyleProperty};
use parley::{Alignment, AlignmentOptions, FontContext, Layout, LayoutContext};

use crate::content::Han;
use crate::fonts::Fonts;

/// How dark it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    Strong,
    Quiet,
    Hair,
    /// What must not be overlooked.
    Warning,
}

/// What text looks like; lengths in points.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) size: f32,
    /// From one baseline to the next, in sizes.
    pub(crate) leading: f32,
    pub(crate) bold: bool,
    pub(crate) ink: Ink,
    /// Flush right, as figures are set.
    pub(crate) right: bool,
}

/// A piece of text, broken into lines.
pub(crate) struct Paragraph {
    pub(crate) text: String,
    pub(crate) ink: Ink,
    pub(crate) layout: Layout<()>,
}

impl Paragraph {
    pub(crate) fn height(&self) -> f32 {
        self.layout.height()
    }
}

pub(crate) struct Typesetter<'f> {
    fonts: &'f Fonts,
    han: Han,
    context: FontContext,
    layouts: LayoutContext<()>,
    missing: BTreeSet<char>,
}

impl<'f> Typesetter<'f> {
    pub(crate) fn new(fonts: &'f Fonts, han: Han) -> Self {
        Self { fonts, han, context: fonts.context(), layouts: LayoutContext::new(), missing: BTreeSet::new() }
    }

    /// Breaks the text into lines no longer than `width`, in the middle of a word where nothing else helps.
    pub(crate) fn set(&mut self, text: &str, style: Style, width: f32) -> Paragraph {
        let text: String = text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
        let (families, missing) = self.fonts.cover(&mut self.context, &text, self.han);
        self.missing.extend(missing);
        let families: Vec<_> = families.into_iter().map(|name| FontFamilyName::Named(Cow::Owned(name))).collect();
        let mut builder = self.layouts.ranged_builder(&mut self.context, &text, 1.0, false);
        builder.push_default(StyleProperty::FontFamily(FontFamily::List(Cow::Owned(families))));
        builder.push_default(StyleProperty::FontSize(style.size));
        builder.push_default(StyleProperty::FontWeight(if style.bold { FontWeight::BOLD } else { FontWeight::NORMAL }));
        builder.push_default(StyleProperty::LineHeight(LineHeight::FontSizeRelative(style.leading)));
        builder.push_default(StyleProperty::OverflowWrap(OverflowWrap::Anywhere));
        let mut layout = builder.build(&text);
        layout.break_all_lines(Some(width));
        let alignment = if style.right { Alignment::Right } else { Alignment::Left };
        layout.align(alignment, AlignmentOptions::default());
        Paragraph { text, ink: style.ink, layout }
    }

    /// Characters without a glyph, of everything that was set so far.
    pub(crate) fn missing(&self) -> Vec<char> {
        self.missing.iter().copied().collect()
    }
}
