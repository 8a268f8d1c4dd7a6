//! The laid-out sheet as a PDF: subset fonts, text that can be copied, and tags for those who hear it read.

use std::collections::HashMap;
use std::num::NonZeroU16;

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

use crate::content::{Moment, Receipt};
use crate::sheet::{Item, Role, Sheet};
use crate::typeset::{Ink, Paragraph};
use crate::DrawError;

const LANGUAGE: &str = "en";
const TITLE_LEVEL: NonZeroU16 = NonZeroU16::MIN;
const HEADING_LEVEL: NonZeroU16 = NonZeroU16::MIN.saturating_add(1);

/// Fonts by the identity of their data and their place in the file.
type Embedded = HashMap<(u64, u32), Font>;

/// Writes the file.
pub(crate) fn write(receipt: &Receipt, sheet: &Sheet) -> Result<Vec<u8>, DrawError> {
    let mut document = Document::new();
    let mut fonts = Embedded::new();
    let mut marks: Vec<Vec<Identifier>> = sheet.paragraphs.iter().map(|_| Vec::new()).collect();
    for items in &sheet.pages {
        let settings = PageSettings::from_wh(sheet.measures.width, sheet.measures.height).ok_or(DrawError::Paper)?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for item in items {
            match *item {
                Item::Rule { left, right, y, weight, ink } => rule(&mut surface, [left, y, right, y + weight], ink),
                Item::Line { paragraph, line, x, baseline } => {
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
    document.set_metadata(metadata(receipt));
    document.set_tag_tree(tags(sheet, marks));
    document.finish().map_err(|error| DrawError::Pdf(format!("{error:?}")))
}

fn metadata(receipt: &Receipt) -> Metadata {
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

fn fill(ink: Ink) -> Fill {
    let color = match ink {
        Ink::Strong => rgb::Color::new(0x17, 0x1a, 0x1f),
        Ink::Quiet => rgb::Color::new(0x5f, 0x66, 0x70),
        Ink::Hair => rgb::Color::new(0xd0, 0xd4, 0xda),
        Ink::Warning => rgb::Color::new(0x92, 0x4a, 0x00),
    };
    Fill { paint: color.into(), ..Fill::default() }
}

fn rule(surface: &mut Surface<'_>, [left, top, right, bottom]: [f32; 4], ink: Ink) {
    let Some(area) = Rect::from_ltrb(left, top, right, bottom) else { return };
    let mut path = PathBuilder::new();
    path.push_rect(area);
    let Some(path) = path.finish() else { return };
    surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
    surface.set_fill(Some(fill(ink)));
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
        let font = embed(fonts, &run, &paragraph.text)?;
        for piece in pieces(&run) {
            let start = Point::from_xy(x, baseline);
            let advance: f32 = piece.glyphs.iter().map(|glyph| glyph.x_advance).sum();
            x += advance * run.font_size();
            surface.set_fill(Some(fill(piece.ink(paragraph))));
            // A box says nothing: what it stands for is written beside it.
            let actual = if piece.missing { paragraph.text.get(piece.range()) } else { None };
            let tag = if artifact {
                ContentTag::Artifact(Artifact::with_kind(ArtifactType::PaginationOther))
            } else {
                ContentTag::Span(SpanTag::empty().with_actual_text(actual))
            };
            let mark = surface.start_tagged(tag);
            surface.draw_glyphs(start, &piece.glyphs, font.clone(), &paragraph.text, run.font_size(), false);
            surface.end_tagged();
            if !artifact {
                marks.push(mark);
            }
        }
    }
    Ok(marks)
}

/// Glyphs side by side that are all there, or all missing.
struct Piece {
    glyphs: Vec<KrillaGlyph>,
    missing: bool,
    style: u16,
}

impl Piece {
    fn range(&self) -> std::ops::Range<usize> {
        let start = self.glyphs.iter().map(|glyph| glyph.text_range.start).min().unwrap_or_default();
        start..self.glyphs.iter().map(|glyph| glyph.text_range.end).max().unwrap_or_default()
    }

    fn ink(&self, paragraph: &Paragraph) -> Ink {
        paragraph.layout.styles().get(usize::from(self.style)).map_or(Ink::Strong, |style| style.brush)
    }
}

/// The glyphs of a run in the order they are seen in, each with the text it stands for.
fn pieces(run: &Run<'_, Ink>) -> Vec<Piece> {
    let size = run.font_size();
    let mut pieces: Vec<Piece> = Vec::new();
    for cluster in run.visual_clusters() {
        let range = cluster.text_range();
        if cluster.is_ligature_continuation() {
            // It has no glyph of its own; whichever neighbour has one stands for its text too.
            if let Some(glyph) = pieces.last_mut().and_then(|piece| piece.glyphs.last_mut()) {
                let before = glyph.text_range.clone();
                glyph.text_range = before.start.min(range.start)..before.end.max(range.end);
            }
            continue;
        }
        for glyph in cluster.glyphs() {
            let missing = glyph.id == 0;
            let id = GlyphId::new(glyph.id);
            let drawn = KrillaGlyph::new(
                id,
                glyph.advance / size,
                glyph.x / size,
                glyph.y / size,
                0.0,
                range.clone(),
                None,
            );
            match pieces.last_mut().filter(|piece| piece.missing == missing) {
                Some(piece) => piece.glyphs.push(drawn),
                None => pieces.push(Piece { glyphs: vec![drawn], missing, style: cluster.style_index() }),
            }
        }
    }
    pieces
}

fn embed(fonts: &mut Embedded, run: &Run<'_, Ink>, text: &str) -> Result<Font, DrawError> {
    let (data, id) = run.font().data.clone().into_raw_parts();
    let key = (id, run.font().index);
    if let Some(font) = fonts.get(&key) {
        return Ok(font.clone());
    }
    let font = Font::new(data.into(), key.1).ok_or_else(|| DrawError::Font(text.to_owned()))?;
    fonts.insert(key, font.clone());
    Ok(font)
}

/// The tree of what everything is, in the order of reading.
fn tags(sheet: &Sheet, marks: Vec<Vec<Identifier>>) -> TagTree {
    let mut tree = TagTree::new().with_lang(Some(LANGUAGE.to_owned()));
    let mut tables: Vec<(u16, TableRows)> = Vec::new();
    for ((_, role), marks) in sheet.paragraphs.iter().zip(marks) {
        let group = |kind: TagKind| {
            let mut group = TagGroup::new(kind);
            marks.into_iter().for_each(|mark| group.push(mark));
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
                tables.drain(..).for_each(|(_, rows)| tree.push(rows.group()));
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
    tables.into_iter().for_each(|(_, rows)| tree.push(rows.group()));
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
        self.0.into_iter().for_each(|(_, row)| table.push(row));
        table
    }
}
