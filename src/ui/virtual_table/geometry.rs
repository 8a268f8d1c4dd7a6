//! Which rows are in view, in whole pixels: a list may be longer than any element of a document can be.

/// The longest that the rows are in the document; a longer list is walked at the scroll bar's scale. Browsers lay out
/// at most 16 to 33 million pixels.
const LONGEST: i64 = 8_000_000;
/// Rows drawn before and behind those in view, where one stays or walks.
pub(crate) const SPARE: i64 = 8;
/// The first drawn row moves by so many at once.
const STEP: i64 = 4;
/// Up to so many views at once one is scrolling; farther is a jump along the bar.
const NEAR: i64 = 3;

/// The sizes of a list, in CSS pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Geometry {
    /// How many rows there are.
    pub(crate) rows: i64,
    /// How high each of them is, at least 1.
    pub(crate) row: i64,
    /// How high the part is in which rows are seen.
    pub(crate) view: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ScrollPosition {
    /// The scroll offset of the element.
    pub(crate) offset: i64,
    /// How many pixels of all rows lie above the view.
    pub(crate) top: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DrawnRows {
    /// Index of the first row.
    pub(crate) first: i64,
    /// Index behind the last row.
    pub(crate) end: i64,
    /// Empty space before them.
    pub(crate) before: i64,
    /// Empty space behind them.
    pub(crate) behind: i64,
}

impl Geometry {
    fn whole(&self) -> i64 {
        self.rows.max(0).saturating_mul(self.row.max(1))
    }

    /// How high all rows are in the document.
    fn canvas(&self) -> i64 {
        self.whole().min(LONGEST)
    }

    fn most_top(&self) -> i64 {
        (self.whole() - self.view).max(0)
    }

    fn most_offset(&self) -> i64 {
        (self.canvas() - self.view).max(0)
    }

    /// The offset that the scroll bar should have where so much lies above the view.
    fn offset_of(&self, top: i64) -> i64 {
        scale_rounded(top, self.most_offset(), self.most_top())
    }

    /// The element was scrolled. A short way is walked row by row, a jump leads to the same part of the list as of the bar.
    pub(crate) fn scrolled(&self, from: ScrollPosition, offset: i64) -> ScrollPosition {
        let offset = offset.clamp(0, self.most_offset());
        let way = offset - from.offset;
        let top = if self.canvas() == self.whole() {
            offset
        } else if offset == 0 {
            0
        } else if offset == self.most_offset() {
            self.most_top()
        } else if way.abs() <= NEAR * self.view {
            (from.top + way).clamp(0, self.most_top())
        } else {
            scale_rounded(offset, self.most_top(), self.most_offset())
        };
        ScrollPosition { offset, top }
    }

    /// From one position to the other none of the rows is the same.
    pub(crate) fn is_jump(&self, from: ScrollPosition, to: ScrollPosition) -> bool {
        (to.top - from.top).abs() > self.view
    }

    /// The same rows with the bar where it belongs: for a pause, and after the sizes have changed.
    pub(crate) fn settled(&self, position: ScrollPosition) -> ScrollPosition {
        let top = position.top.clamp(0, self.most_top());
        ScrollPosition { offset: self.offset_of(top), top }
    }

    /// Where the row is the first one in view.
    pub(crate) fn at(&self, index: i64) -> ScrollPosition {
        self.settled(ScrollPosition { offset: 0, top: index.max(0).saturating_mul(self.row) })
    }

    /// The position that shows the whole row and is nearest to the present one.
    pub(crate) fn showing(&self, index: i64, position: ScrollPosition) -> ScrollPosition {
        let (start, end) = (index.saturating_mul(self.row), (index + 1).saturating_mul(self.row));
        if start < position.top {
            self.at(index)
        } else if end > position.top + self.view {
            self.settled(ScrollPosition { offset: 0, top: end - self.view })
        } else {
            position
        }
    }

    /// The rows in view, first and behind the last.
    pub(crate) fn in_view(&self, position: ScrollPosition) -> (i64, i64) {
        let row = self.row.max(1);
        let first = (position.top / row).clamp(0, self.rows.max(0));
        let end = (position.top + self.view + row - 1) / row;
        (first, end.clamp(first, self.rows.max(0)))
    }

    /// What is drawn there, with this many rows more on either side.
    pub(crate) fn drawn(&self, position: ScrollPosition, spare: i64) -> DrawnRows {
        let row = self.row.max(1);
        let (first, end) = self.in_view(position);
        // Before the first row there must be room for it, and behind the last one.
        let room = (position.top - position.offset).max(0);
        let least = (room + row - 1) / row;
        let first = ((first - spare).max(0) / STEP * STEP).max(least.min(first));
        let before = (position.offset - position.top + first * row).max(0);
        let most = first + (self.canvas() - before) / row;
        let end = ((end + spare + STEP) / STEP * STEP).min(self.rows.max(0)).min(most.max(end));
        let behind = (self.canvas() - before - (end - first) * row).max(0);
        DrawnRows { first, end, before, behind }
    }
}

/// `value × to / from`, rounded; 0 of nothing.
fn scale_rounded(value: i64, to: i64, from: i64) -> i64 {
    if from <= 0 {
        return 0;
    }
    let (value, to, from) = (i128::from(value), i128::from(to), i128::from(from));
    i64::try_from((value * to + from / 2) / from).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LONG: Geometry = Geometry { rows: 1_000_000, row: 56, view: 640 };

    #[test]
    fn the_bar_reaches_both_ends_and_every_row() {
        assert_eq!(LONG.in_view(LONG.scrolled(ScrollPosition::default(), 0)).0, 0);
        let end = LONG.scrolled(ScrollPosition::default(), i64::MAX);
        assert_eq!(LONG.in_view(end).1, 1_000_000);
        assert_eq!(LONG.drawn(end, SPARE).behind, 0);
        let middle = LONG.scrolled(ScrollPosition::default(), end.offset / 2);
        assert!((middle.top / 56 - 499_994).abs() < 10, "{middle:?}");
    }

    #[test]
    fn a_short_way_moves_by_exactly_as_many_pixels_and_a_pause_moves_nothing() {
        let start = LONG.at(500_000);
        let walked = LONG.scrolled(start, start.offset + 100);
        assert_eq!(walked.top - start.top, 100);
        let rested = LONG.settled(walked);
        assert_eq!(rested.top, walked.top);
        assert_eq!(LONG.in_view(rested), LONG.in_view(walked));
    }

    #[test]
    fn a_short_list_is_scrolled_as_it_is() {
        let short = Geometry { rows: 30, row: 56, view: 640 };
        assert_eq!(short.scrolled(ScrollPosition::default(), 500), ScrollPosition { offset: 500, top: 500 });
        let few = Geometry { rows: 3, row: 56, view: 640 };
        assert_eq!(few.drawn(ScrollPosition::default(), SPARE), DrawnRows { first: 0, end: 3, before: 0, behind: 0 });
        assert_eq!(Geometry::default().drawn(ScrollPosition::default(), SPARE), DrawnRows::default());
    }

    proptest! {
        #[test]
        fn what_is_in_view_is_drawn_where_the_element_shows_it(
            rows in 0_i64..3_000_000, row in 20_i64..120, view in 100_i64..1500, spare in 0..=SPARE,
            jumps in prop::collection::vec(0_i64..9_000_000, 1..6),
            steps in prop::collection::vec(-900_i64..900, 0..20),
        ) {
            let geometry = Geometry { rows, row, view };
            let mut position = ScrollPosition::default();
            for jump in jumps {
                position = geometry.scrolled(position, jump);
                for step in &steps {
                    position = geometry.scrolled(position, position.offset + step);
                    let drawn = geometry.drawn(position, spare);
                    let (first, end) = geometry.in_view(position);
                    prop_assert!(drawn.first <= first && end <= drawn.end, "{position:?} {drawn:?}");
                    prop_assert!(drawn.end - drawn.first <= view / row + 2 + 2 * spare + 2 * STEP + 2);
                    // The first drawn row stands as far above the view as it should.
                    prop_assert_eq!(drawn.before - position.offset, drawn.first * row - position.top);
                    if rows > 0 && geometry.canvas() == geometry.whole() {
                        prop_assert_eq!(drawn.before + drawn.behind + (drawn.end - drawn.first) * row, geometry.canvas());
                    }
                    prop_assert!(geometry.settled(position).top == position.top);
                }
            }
        }

        #[test]
        fn any_row_can_be_shown(index in 0_i64..1_000_000, from in 0_i64..1_000_000) {
            let at = LONG.showing(index, LONG.at(from));
            prop_assert!(at.top <= index * 56 && (index + 1) * 56 <= at.top + 640);
        }
    }
}
