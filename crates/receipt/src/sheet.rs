//! Where everything stands: pages of lines and rules, before anything is drawn.

use crate::paper::Measures;
use crate::typeset::{Ink, Paragraph};

/// What a paragraph is, for screen readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Title,
    Heading,
    Text,
    /// Says what stands in a table's column.
    ColumnHead {
        table: u16,
        row: u16,
    },
    /// Says what stands in a table's row.
    RowHead {
        table: u16,
        row: u16,
    },
    /// Stands in a table's row.
    Cell {
        table: u16,
        row: u16,
    },
    /// Part of the paper, not of what it says.
    Footer,
}

/// Something on a page.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PageItem {
    /// One line of a paragraph.
    Line {
        paragraph: usize,
        line: usize,
        x: f32,
        baseline: f32,
    },
    Rule {
        left: f32,
        right: f32,
        y: f32,
        weight: f32,
        ink: Ink,
    },
}

/// A height on a page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SheetPosition {
    pub(crate) page: usize,
    pub(crate) y: f32,
}

impl SheetPosition {
    /// So much further down. Space at the end of a page may go past it; what comes next begins a new one.
    pub(crate) fn down(self, by: f32) -> Self {
        Self { y: self.y + by, ..self }
    }

    /// The one that is further on.
    pub(crate) fn later(self, other: Self) -> Self {
        if (other.page, other.y) > (self.page, self.y) { other } else { self }
    }
}

pub(crate) struct Sheet {
    pub(crate) measures: Measures,
    pub(crate) paragraphs: Vec<(Paragraph, Role)>,
    pub(crate) pages: Vec<Vec<PageItem>>,
}

impl Sheet {
    pub(crate) fn new(measures: Measures) -> Self {
        Self { measures, paragraphs: Vec::new(), pages: vec![Vec::new()] }
    }

    /// The first line's upper edge.
    pub(crate) fn top(&self) -> SheetPosition {
        SheetPosition { page: 0, y: self.measures.margin }
    }

    /// Here if so much fits, else at the top of the next page.
    pub(crate) fn room(&self, place: SheetPosition, height: f32) -> SheetPosition {
        if place.y + height > self.measures.bottom() && place.y > self.measures.margin {
            SheetPosition { page: place.page + 1, y: self.measures.margin }
        } else {
            place
        }
    }

    /// Puts the lines of a paragraph one below the other, on the next page where this one ends; the place below them.
    pub(crate) fn put(&mut self, place: SheetPosition, x: f32, paragraph: Paragraph, role: Role) -> SheetPosition {
        let number = self.paragraphs.len();
        let mut place = place;
        let lines: Vec<_> = paragraph
            .layout
            .lines()
            .map(|line| {
                let metrics = line.metrics();
                (metrics.line_height, metrics.baseline - metrics.block_min_coord)
            })
            .collect();
        self.paragraphs.push((paragraph, role));
        for (line, (height, ascent)) in lines.into_iter().enumerate() {
            place = self.room(place, height);
            self.page(place.page).push(PageItem::Line { paragraph: number, line, x, baseline: place.y + ascent });
            place = place.down(height);
        }
        place
    }

    /// Puts a line at a fixed height, without looking whether it fits.
    pub(crate) fn pin(&mut self, place: SheetPosition, x: f32, paragraph: Paragraph, role: Role) {
        let number = self.paragraphs.len();
        let baseline = paragraph.layout.lines().next().map_or(0.0, |line| line.metrics().baseline);
        self.paragraphs.push((paragraph, role));
        let line = PageItem::Line { paragraph: number, line: 0, x, baseline: place.y + baseline };
        self.page(place.page).push(line);
    }

    /// Draws a rule from margin to margin.
    pub(crate) fn rule(&mut self, place: SheetPosition, weight: f32, ink: Ink) {
        let (left, right) = (self.measures.margin, self.measures.width - self.measures.margin);
        self.page(place.page).push(PageItem::Rule { left, right, y: place.y, weight, ink });
    }

    fn page(&mut self, page: usize) -> &mut Vec<PageItem> {
        if self.pages.len() <= page {
            self.pages.resize_with(page + 1, Vec::new);
        }
        // The line before made it.
        &mut self.pages[page]
    }
}
