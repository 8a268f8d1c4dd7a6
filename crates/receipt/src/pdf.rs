//! The laid-out sheet as a PDF: subset fonts, text that can be copied, and tags for screen readers.

use std::collections::HashMap;
use std::num::NonZeroU16;
use std::ops::Range;

use krilla::Document;
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, SpanTag, TableHeaderScope, Tag, TagGroup, TagKind, TagTree,
};
use krilla::text::{Font, GlyphId, KrillaGlyph};
use parley::layout::Run;
use skrifa::instance::{LocationRef, Size};
use skrifa::outline::DrawSettings;
use skrifa::outline::pen::SvgPen;
use skrifa::{FontRef, MetadataProvider as _};

use crate::DrawError;
use crate::content::{Moment, Receipt};
use crate::fonts::{Fonts, OWN, Space};
use crate::sheet::{PageItem, Role, Sheet};
use crate::typeset::{Ink, Paragraph};

const LANGUAGE: &str = "en";
const TITLE_LEVEL: NonZeroU16 = NonZeroU16::MIN;
const HEADING_LEVEL: NonZeroU16 = NonZeroU16::MIN.saturating_add(1);

/// Characters that have a glyph of their own in some fonts.
const INVISIBLE: [char; 9] =
    ['\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{a0}', '\u{2009}', '\u{200a}', '\u{feff}'];

/// The fonts of a file.
struct Embedded {
    /// By the identity of their data and their place in it; each with a glyph that draws nothing and is no space.
    fonts: HashMap<(u64, u32), (Font, Option<GlyphId>)>,
    own: Font,
    spaces: Vec<Space>,
}

pub(crate) fn write_pdf(receipt: &Receipt, sheet: &Sheet, fonts: &Fonts) -> Result<Vec<u8>, DrawError> {
    let mut document = Document::new();
    let mut fonts = Embedded::new(fonts)?;
    let mut marks: Vec<Vec<Identifier>> = sheet.paragraphs.iter().map(|_| Vec::new()).collect();
    for items in &sheet.pages {
        let settings = PageSettings::from_wh(sheet.measures.width, sheet.measures.height).ok_or(DrawError::Paper)?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for item in items {
            match *item {
                PageItem::Rule { left, right, y, weight, ink } => {
                    draw_rule(&mut surface, [left, y, right, y + weight], ink);
                }
                PageItem::Line { paragraph, line, x, baseline } => {
                    let (text, role) = &sheet.paragraphs[paragraph];
                    let artifact = *role == Role::Footer;
                    let made = draw_line(&mut surface, &mut fonts, text, line, (x, baseline), artifact)?;
                    marks[paragraph].extend(made);
                }
            }
        }
        surface.finish();
        page.finish();
    }
    document.set_metadata(document_metadata(receipt));
    document.set_tag_tree(build_tags(sheet, marks));
    document.finish().map_err(|error| DrawError::Pdf(format!("{error:?}")))
}

fn document_metadata(receipt: &Receipt) -> Metadata {
    let Moment { year, month, day, hour, minute, second } = receipt.paid_at;
    let date = DateTime::new(year).month(month).day(day).hour(hour).minute(minute).second(second);
    Metadata::new()
        .title(format!("Receipt {}", receipt.number))
        .authors(vec![receipt.seller.name.clone()])
        .language(LANGUAGE.to_owned())
        .creation_date(date.utc_offset_hour(0).utc_offset_minute(0))
        // The library would make one of the contents; this one stays when a refund changes them.
        .document_id(receipt.number.clone())
}

fn ink_fill(ink: Ink) -> Fill {
    let color = match ink {
        Ink::Strong => rgb::Color::new(0x17, 0x1a, 0x1f),
        Ink::Quiet => rgb::Color::new(0x5f, 0x66, 0x70),
        Ink::Hair => rgb::Color::new(0xd0, 0xd4, 0xda),
        Ink::Warning => rgb::Color::new(0x92, 0x4a, 0x00),
    };
    Fill { paint: color.into(), ..Fill::default() }
}

fn draw_rule(surface: &mut Surface<'_>, [left, top, right, bottom]: [f32; 4], ink: Ink) {
    let Some(area) = Rect::from_ltrb(left, top, right, bottom) else { return };
    let mut path = PathBuilder::new();
    path.push_rect(area);
    let Some(path) = path.finish() else { return };
    surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
    surface.set_fill(Some(ink_fill(ink)));
    surface.draw_path(&path);
    surface.end_tagged();
}

/// Draws one line, run by run; a run has one font and one direction.
fn draw_line(
    surface: &mut Surface<'_>,
    fonts: &mut Embedded,
    paragraph: &Paragraph,
    line: usize,
    (x, baseline): (f32, f32),
    artifact: bool,
) -> Result<Vec<Identifier>, DrawError> {
    let Some(line) = paragraph.layout.get(line) else { return Ok(Vec::new()) };
    let mut marks = Vec::new();
    let mut x = x + line.metrics().offset;
    for run in line.runs() {
        let (font, blank) = fonts.of(&run, &paragraph.text)?;
        let glyphs = place_glyphs(&run, &paragraph.text, blank);
        surface.set_fill(Some(ink_fill(paragraph.ink)));
        let mark = surface.start_tagged(if artifact {
            ContentTag::Artifact(Artifact::with_kind(ArtifactType::PaginationOther))
        } else {
            ContentTag::Span(SpanTag::empty())
        });
        let size = run.font_size();
        for same in glyphs.chunk_by(|one, next| one.is_box == next.is_box) {
            let shapes: Vec<KrillaGlyph> = same.iter().map(|glyph| glyph.shape.clone()).collect();
            let start = Point::from_xy(x, baseline);
            surface.draw_glyphs(start, &shapes, font.clone(), &paragraph.text, size, same.iter().any(|it| it.is_box));
            // Programs leave out what a box stands for, so it is drawn as a shape and spaces say it.
            if same.iter().any(|glyph| glyph.is_box) {
                let blanks: Vec<KrillaGlyph> = shapes.iter().map(|shape| fonts.space(shape)).collect();
                surface.draw_glyphs(start, &blanks, fonts.own.clone(), &paragraph.text, size, false);
            }
            x += shapes.iter().map(|shape| shape.x_advance).sum::<f32>() * size;
        }
        surface.end_tagged();
        if !artifact {
            marks.push(mark);
        }
    }
    Ok(marks)
}

/// A glyph, and whether it is what the font draws for a character that it does not have.
struct Placed {
    shape: KrillaGlyph,
    is_box: bool,
}

impl From<KrillaGlyph> for Placed {
    fn from(shape: KrillaGlyph) -> Self {
        Self { is_box: shape.glyph_id.to_u32() == 0, shape }
    }
}

/// The glyphs of a run in the order they are seen in, each with the text that it stands for.
fn place_glyphs(run: &Run<'_, ()>, text: &str, blank: Option<GlyphId>) -> Vec<Placed> {
    let mut placed: Vec<Placed> = Vec::new();
    // Later letters of a ligature have no glyph: from right to left they are seen before the one that has it.
    let mut ahead: Option<Range<usize>> = None;
    for cluster in run.visual_clusters() {
        let range = cluster.text_range();
        if cluster.is_ligature_continuation() {
            match placed.last_mut().filter(|_| !run.is_rtl()) {
                Some(glyph) => glyph.shape.text_range = join_ranges(&glyph.shape.text_range, &range),
                None => ahead = Some(ahead.map_or_else(|| range.clone(), |before| join_ranges(&before, &range))),
            }
            continue;
        }
        let range = ahead.take().map_or_else(|| range.clone(), |ahead| join_ranges(&ahead, &range));
        let size = run.font_size();
        let shapes: Vec<KrillaGlyph> = cluster
            .glyphs()
            .map(|glyph| {
                let [advance, x, y] = [glyph.advance, glyph.x, glyph.y].map(|length| length / size);
                KrillaGlyph::new(GlyphId::new(glyph.id), advance, x, y, 0.0, range.clone(), None)
            })
            .collect();
        if run.is_rtl() {
            placed.extend(letter_by_letter(shapes, &range, text, blank).into_iter().map(Placed::from));
        } else {
            placed.extend(shapes.into_iter().map(Placed::from));
        }
    }
    placed
}

/// Programs turn right-to-left text around glyph by glyph, and the letters of a ligature or of an accented letter with
/// them. So each of these glyphs gets one letter, the last one first, and letters that are left over get a blank.
fn letter_by_letter(
    mut shapes: Vec<KrillaGlyph>,
    range: &Range<usize>,
    text: &str,
    blank: Option<GlyphId>,
) -> Vec<KrillaGlyph> {
    let letters: Vec<Range<usize>> = text
        .get(range.clone())
        .unwrap_or_default()
        .char_indices()
        .map(|(at, letter)| range.start + at..range.start + at + letter.len_utf8())
        .rev()
        .collect();
    if shapes.len() == letters.len() {
        for (shape, letter) in shapes.iter_mut().zip(letters) {
            shape.text_range = letter;
        }
    } else if let ([shape], Some((last, others)), Some(blank)) = (shapes.as_mut_slice(), letters.split_first(), blank) {
        shape.text_range = last.clone();
        let blank = |letter: &Range<usize>| KrillaGlyph::new(blank, 0.0, 0.0, 0.0, 0.0, letter.clone(), None);
        shapes.extend(others.iter().map(blank));
    }
    shapes
}

fn join_ranges(one: &Range<usize>, other: &Range<usize>) -> Range<usize> {
    one.start.min(other.start)..one.end.max(other.end)
}

impl Embedded {
    fn new(fonts: &Fonts) -> Result<Self, DrawError> {
        let unreadable = || DrawError::Font(OWN.to_owned());
        let (data, index, spaces) = fonts.spaces().ok_or_else(unreadable)?;
        let own = Font::new(data.into_raw_parts().0.into(), index).ok_or_else(unreadable)?;
        Ok(Self { fonts: HashMap::new(), own, spaces })
    }

    /// A space about as wide as the glyph, in its place and for its text.
    fn space(&self, shape: &KrillaGlyph) -> KrillaGlyph {
        let off = |space: &&Space| (space.width - shape.x_advance).abs();
        let nearest = self.spaces.iter().min_by(|one, other| off(one).total_cmp(&off(other)));
        let glyph_id = GlyphId::new(nearest.map_or(0, |space| space.glyph));
        KrillaGlyph { glyph_id, x_offset: 0.0, y_offset: 0.0, ..shape.clone() }
    }

    /// The font of a run of `text`, and its blank.
    fn of(&mut self, run: &Run<'_, ()>, text: &str) -> Result<(Font, Option<GlyphId>), DrawError> {
        let index = run.font().index;
        let (data, id) = run.font().data.clone().into_raw_parts();
        if let Some(known) = self.fonts.get(&(id, index)) {
            return Ok(known.clone());
        }
        let blank = find_blank((*data).as_ref(), index);
        let font = Font::new(data.into(), index).ok_or_else(|| DrawError::Font(text.to_owned()))?;
        self.fonts.insert((id, index), (font.clone(), blank));
        Ok((font, blank))
    }
}

/// A glyph that shaping does not ask for and that draws nothing: it can stand for any letter. Some fonts draw signs for
/// joiners, so it is not enough that the character is invisible.
fn find_blank(data: &[u8], index: u32) -> Option<GlyphId> {
    let font = FontRef::from_index(data, index).ok()?;
    let (charmap, outlines) = (font.charmap(), font.outline_glyphs());
    let space = charmap.map(' ');
    let is_empty = |glyph: &skrifa::GlyphId| {
        let mut path = SvgPen::new();
        let settings = DrawSettings::unhinted(Size::unscaled(), LocationRef::default());
        outlines.get(*glyph).is_some_and(|outline| outline.draw(settings, &mut path).is_ok())
            && path.to_string().is_empty()
    };
    let glyphs = INVISIBLE.into_iter().filter_map(|invisible| charmap.map(invisible));
    let glyph = glyphs.filter(|glyph| Some(*glyph) != space).find(is_empty)?;
    Some(GlyphId::new(glyph.to_u32()))
}

/// The tree of what everything is, in the order of reading.
fn build_tags(sheet: &Sheet, marks: Vec<Vec<Identifier>>) -> TagTree {
    let mut tree = TagTree::new().with_lang(Some(LANGUAGE.to_owned()));
    let mut tables: Vec<(u16, TableRows)> = Vec::new();
    for ((_, role), marks) in sheet.paragraphs.iter().zip(marks) {
        let group = |kind: TagKind| {
            let mut group = TagGroup::new(kind);
            for mark in marks {
                group.push(mark);
            }
            group
        };
        let (table, row, cell) = match *role {
            Role::Title => {
                tree.push(group(Tag::Hn(TITLE_LEVEL, None).into()));
                continue;
            }
            Role::Heading => {
                tree.push(group(Tag::Hn(HEADING_LEVEL, None).into()));
                continue;
            }
            Role::Text => {
                for (_, rows) in tables.drain(..) {
                    tree.push(rows.group());
                }
                tree.push(group(Tag::P.into()));
                continue;
            }
            Role::Footer => continue,
            Role::ColumnHead { table, row } => (table, row, group(Tag::TH(TableHeaderScope::Column).into())),
            Role::RowHead { table, row } => (table, row, group(Tag::TH(TableHeaderScope::Row).into())),
            Role::Cell { table, row } => (table, row, group(Tag::TD.into())),
        };
        if tables.last().is_none_or(|(number, _)| *number != table) {
            tables.push((table, TableRows::default()));
        }
        if let Some((_, rows)) = tables.last_mut() {
            rows.push(row, cell);
        }
    }
    for (_, rows) in tables {
        tree.push(rows.group());
    }
    tree
}

/// Rows of one table, as they come.
#[derive(Default)]
struct TableRows(Vec<(u16, TagGroup)>);

impl TableRows {
    fn push(&mut self, row: u16, cell: TagGroup) {
        match self.0.last_mut().filter(|(number, _)| *number == row) {
            Some((_, group)) => group.push(cell),
            None => self.0.push((row, TagGroup::with_children(Tag::TR, vec![cell.into()]))),
        }
    }

    fn group(self) -> TagGroup {
        let mut table = TagGroup::new(Tag::Table);
        for (_, row) in self.0 {
            table.push(row);
        }
        table
    }
}
