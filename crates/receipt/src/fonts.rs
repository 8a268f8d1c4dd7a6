//! Which font draws which character: Noto Sans from this program for Latin, Greek and Cyrillic, whatever the system has
//! for the rest.

use std::path::PathBuf;
use std::sync::Arc;

use parley::FontContext;
use parley::fontique::{Blob, Collection, CollectionOptions, FamilyId, FontInfoOverride, SourceCache};

use crate::content::Han;

/// A name that no font of the system has: theirs must not mix with ours.
pub(crate) const OWN: &str = "Receipt Sans";
/// Not for running text, if there is anything else.
const ODD: [&str; 8] = ["Mono", "Condensed", "Display", "Symbols", "Math", "Looped", " UI", "Serif"];
/// Have every character and draw none of them, or draw them as pictures. `Colo` is both spellings of "color".
const USELESS: [&str; 3] = ["Colo", "Last Resort", "Adobe Blank"];

/// Spaces that no text of a receipt holds, and their widths in sizes: glyphs that draw nothing.
const SPACES: [(char, f32); 7] = [
    ('\u{200a}', 0.1),
    ('\u{2006}', 0.167),
    ('\u{2005}', 0.25),
    ('\u{2004}', 0.333),
    ('\u{2000}', 0.5),
    ('\u{2007}', 0.572),
    ('\u{2001}', 1.0),
];

/// A glyph that draws nothing, so wide.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Space {
    pub(crate) glyph: u32,
    pub(crate) width: f32,
}

/// The fonts of this program and of the system, known by name; read when they are needed.
#[derive(Clone)]
pub struct Fonts {
    collection: Collection,
    files: SourceCache,
    /// The system's, best first.
    families: Vec<(String, FamilyId)>,
}

impl std::fmt::Debug for Fonts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fonts").field("families", &self.families.len()).finish_non_exhaustive()
    }
}

impl Fonts {
    /// Looks through the folders and what is below them; one that is not there is passed over. Opens every file in them
    /// for a moment.
    pub fn in_folders(folders: &[PathBuf]) -> Self {
        let mut collection = Collection::new(CollectionOptions { shared: false, system_fonts: false });
        collection.load_fonts_from_paths(folders);
        let names: Vec<String> = collection.family_names().map(str::to_owned).collect();
        let mut families: Vec<_> = names
            .into_iter()
            .filter(|name| !USELESS.iter().any(|useless| name.contains(useless)))
            .filter_map(|name| collection.family_id(&name).map(|id| (name, id)))
            .collect();
        families.sort_by_cached_key(|(name, _)| (font_rank(name), name.clone()));
        for data in [notosans::REGULAR_TTF, notosans::BOLD_TTF] {
            let own = FontInfoOverride { family_name: Some(OWN), width: None, style: None, weight: None, axes: None };
            collection.register_fonts(Blob::new(Arc::new(data)), Some(own));
        }
        Self { collection, files: SourceCache::new_shared(), families }
    }

    /// Where this system keeps its fonts.
    pub fn system_folders() -> Vec<PathBuf> {
        let mut folders: Vec<PathBuf> = [
            "/usr/share/fonts",
            "/usr/local/share/fonts",
            "/System/Library/Fonts",
            "/Library/Fonts",
            "C:\\Windows\\Fonts",
        ]
        .map(PathBuf::from)
        .into();
        folders.extend(std::env::home_dir().map(|home| home.join(".local/share/fonts")));
        folders
    }

    /// How many families of the system were found.
    pub fn families(&self) -> usize {
        self.families.len()
    }

    /// A context of one's own for one receipt.
    pub(crate) fn context(&self) -> FontContext {
        FontContext { collection: self.collection.clone(), source_cache: self.files.clone() }
    }

    /// Our plain font, its place in the data, and its spaces.
    pub(crate) fn spaces(&self) -> Option<(Blob<u8>, u32, Vec<Space>)> {
        let mut context = self.context();
        let font = context.collection.family_by_name(OWN)?.default_font()?.clone();
        let data = font.load(Some(&mut context.source_cache))?;
        let charmap = font.charmap_index().charmap(data.as_ref())?;
        let space = |(space, width)| Some(Space { glyph: charmap.map(space)?, width });
        let spaces = SPACES.into_iter().filter_map(space).collect();
        Some((data.clone(), font.index(), spaces))
    }

    /// The families that together draw the text, ours first, and the characters that none of them has.
    pub(crate) fn cover(&self, context: &mut FontContext, text: &str, han: Han) -> (Vec<String>, Vec<char>) {
        let (mut chosen, mut missing) = (vec![OWN.to_owned()], Vec::new());
        let own: Vec<FamilyId> = context.collection.family_id(OWN).into_iter().collect();
        let mut ids = own;
        let mut ordered: Option<Vec<&(String, FamilyId)>> = None;
        for character in text.chars().filter(|character| is_drawn(*character)) {
            if missing.contains(&character) || ids.iter().any(|id| has_glyph(context, *id, character)) {
                continue;
            }
            let ordered = ordered.get_or_insert_with(|| self.in_order(text, han));
            match ordered.iter().find(|(_, id)| has_glyph(context, *id, character)) {
                Some((name, id)) => {
                    chosen.push(name.clone());
                    ids.push(*id);
                }
                None => missing.push(character),
            }
        }
        (chosen, missing)
    }

    /// Best first for this text: the same character is drawn differently in Japan and in Taiwan.
    fn in_order(&self, text: &str, han: Han) -> Vec<&(String, FamilyId)> {
        let region = font_region(text, han);
        let mut ordered: Vec<&(String, FamilyId)> = self.families.iter().collect();
        ordered.sort_by_key(|(name, _)| name.rsplit(' ').next() != Some(region));
        // The fonts of a region are for its own characters; all else stays in the order it had.
        ordered.sort_by_key(|(name, _)| font_rank(name));
        ordered
    }
}

/// Prefers fonts for running text: the lowest number wins.
fn font_rank(name: &str) -> u8 {
    let odd = ODD.iter().any(|odd| name.contains(odd));
    match (name.starts_with("Noto Sans"), name.starts_with("Noto")) {
        (true, _) if !odd => 0,
        (_, true) if !odd => 1,
        _ if !odd => 2,
        _ => 3,
    }
}

/// What the names of Noto's fonts for a region end with.
fn font_region(text: &str, han: Han) -> &'static str {
    if text.chars().any(|character| matches!(character, '\u{3040}'..='\u{30ff}')) {
        return "JP";
    }
    if text.chars().any(|character| matches!(character, '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7af}')) {
        return "KR";
    }
    match han {
        Han::Simplified => "SC",
        Han::Taiwan => "TC",
        Han::HongKong => "HK",
        Han::Japanese => "JP",
        Han::Korean => "KR",
    }
}

fn has_glyph(context: &mut FontContext, family: FamilyId, character: char) -> bool {
    let Some(family) = context.collection.family(family) else { return false };
    let Some(font) = family.default_font() else { return false };
    let Some(data) = font.load(Some(&mut context.source_cache)) else { return false };
    let charmap = font.charmap_index();
    charmap.charmap(data.as_ref()).and_then(|charmap| charmap.map(character)).is_some_and(|glyph| glyph != 0)
}

/// Joiners, direction marks and the like are in no font, and need none.
fn is_drawn(character: char) -> bool {
    !character.is_control()
        && !character.is_whitespace()
        && !matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_fonts_come_before_odd_ones() {
        let mut names = ["Unifont", "Noto Sans Mono", "Noto Serif Thai", "Noto Sans Thai", "Noto Naskh Arabic"];
        names.sort_by_key(|name| font_rank(name));
        assert_eq!(names, ["Noto Sans Thai", "Noto Naskh Arabic", "Unifont", "Noto Sans Mono", "Noto Serif Thai"]);
    }

    #[test]
    fn the_script_of_a_text_tells_how_its_chinese_characters_are_drawn() {
        assert_eq!(font_region("東京のカフェ", Han::Simplified), "JP");
        assert_eq!(font_region("서울 中央", Han::Japanese), "KR");
        assert_eq!(font_region("中央", Han::Taiwan), "TC");
    }

    #[test]
    fn what_every_receipt_needs_is_in_the_program() {
        let fonts = Fonts::in_folders(&[]);
        let text = "Receipt • · – − “ß” Ελληνικά Кириллица ČŠŽĐ Tiếng Việt ₹ € £ ¥ •• 4242 ()";
        assert_eq!(fonts.cover(&mut fonts.context(), text, Han::default()), (vec![OWN.to_owned()], vec![]));
        let (_, missing) = fonts.cover(&mut fonts.context(), "क\u{200d}क", Han::default());
        assert_eq!(missing, ['क']);
    }
}
