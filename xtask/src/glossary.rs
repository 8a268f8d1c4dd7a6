//! Holds that modules, types, functions and documents are named in the field's words: what the last table of
//! docs/GLOSSARY.md bans is refused.

use crate::workspace;
use anyhow::{Context, Result, bail};
use std::{
    fs,
    path::{Path, PathBuf},
};

const GLOSSARY: &str = "docs/GLOSSARY.md";
/// The heading of the table that is read here.
const BANNED_HEADING: &str = "## Words we do not use";
/// What an item begins with.
const ITEM_KEYWORDS: [&str; 9] = ["fn", "struct", "enum", "trait", "union", "type", "const", "static", "mod"];
/// Documents for readers. The changelog is history: it keeps the words of its day.
const DOCUMENTS: [&str; 3] = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"];

/// What the glossary bans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct BannedTerms {
    /// In names of items, each with what to say instead. `told` is a word of a name, `Slot` is a whole name.
    names: Vec<(String, String)>,
    /// In documents and comments, in small letters.
    phrases: Vec<(String, String)>,
}

/// Where names are still being changed; empty once they are.
const PENDING: [&str; 0] = [];

/// Every banned word of the tree, one sentence each; empty when there is none.
pub(crate) fn find_banned() -> Result<Vec<String>> {
    let root = workspace::root_folder();
    let read = |file: &Path| fs::read_to_string(file).with_context(|| format!("{} could not be read", file.display()));
    let banned = BannedTerms::parse(&read(&root.join(GLOSSARY))?)?;
    let mut found = Vec::new();
    for file in source_files()? {
        let path = workspace::relative_path(&file);
        if PENDING.iter().any(|folder| path.starts_with(folder)) {
            continue;
        }
        found.extend(banned.find_in_source(&path, &read(&file)?));
    }
    let mut documents: Vec<PathBuf> = DOCUMENTS.iter().map(|name| root.join(name)).collect();
    documents.extend(workspace::files_below(&root.join("docs"))?);
    for file in documents.into_iter().filter(|file| file.extension().is_some_and(|end| end == "md")) {
        let path = workspace::relative_path(&file);
        let text = read(&file)?;
        // The table itself names what it bans.
        let text = if path == GLOSSARY { text.split(BANNED_HEADING).next().unwrap_or_default() } else { &text };
        found.extend(banned.find_in_document(&path, text));
    }
    Ok(found)
}

/// The code that is shipped or run by hand. Tests are named by sentences, in which any word may be right.
fn source_files() -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in ["src", "crates", "xtask", "bench"] {
        files.extend(workspace::files_below(&workspace::root_folder().join(folder))?);
    }
    let skipped = ["tests", "target", "node_modules"];
    files.retain(|file| {
        let is_rust = file.extension().is_some_and(|end| end == "rs") && !file.ends_with("tests.rs");
        is_rust && !file.components().any(|part| skipped.iter().any(|name| part.as_os_str() == *name))
    });
    Ok(files)
}

impl BannedTerms {
    /// Reads the table `| not | but | refused in names | refused in texts |`: what stands in backquotes is refused.
    fn parse(glossary: &str) -> Result<Self> {
        let (_, table) = glossary
            .split_once(BANNED_HEADING)
            .with_context(|| format!("{GLOSSARY} has no heading \"{BANNED_HEADING}\""))?;
        let mut banned = Self::default();
        for row in table.lines().filter(|line| line.starts_with('|')) {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            let [_, instead, names, phrases] = cells[..] else {
                bail!("{GLOSSARY}: this row has not four cells: {row}")
            };
            let pair = |term: &str| (term.to_owned(), instead.to_owned());
            banned.names.extend(code_spans(names).map(pair));
            banned.phrases.extend(code_spans(phrases).map(|term| pair(&term.to_lowercase())));
        }
        if banned.names.is_empty() || banned.phrases.is_empty() {
            bail!("{GLOSSARY} bans nothing: its last table has lost its columns");
        }
        Ok(banned)
    }

    fn find_in_source(&self, path: &str, text: &str) -> Vec<String> {
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        let (mut code, mut comments) = (String::new(), String::new());
        for line in text.lines() {
            let (before, comment) = line.split_once("//").unwrap_or((line, ""));
            code.extend([before, "\n"]);
            comments.extend([comment, "\n"]);
        }
        let module = path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
        let mut found = Vec::new();
        for name in item_names(&code).chain([module]) {
            for (term, instead) in self.names.iter().filter(|(term, _)| is_in_name(term, name)) {
                found.push(format!("{path}: `{name}`: not `{term}` but {instead}"));
            }
        }
        found.extend(self.find_in_document(path, &comments));
        found.sort();
        found.dedup();
        found
    }

    fn find_in_document(&self, path: &str, text: &str) -> Vec<String> {
        let text = text.to_lowercase();
        let found = self.phrases.iter().filter(|(phrase, _)| has_phrase(&text, phrase));
        found.map(|(phrase, instead)| format!("{path}: not \"{phrase}\" but {instead} ({GLOSSARY})")).collect()
    }
}

/// What stands between backquotes.
fn code_spans(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The names that follow the keyword of an item.
fn item_names(code: &str) -> impl Iterator<Item = &str> {
    let mut words = code.split(|letter: char| !is_word(letter) && !letter.is_whitespace()).flat_map(|part| {
        let words: Vec<&str> = part.split_whitespace().collect();
        words.into_iter().map(Some).chain([None])
    });
    let mut before = None;
    std::iter::from_fn(move || {
        loop {
            let word = words.next()?;
            let is_name = before.is_some_and(|keyword| ITEM_KEYWORDS.contains(&keyword));
            before = word;
            if let Some(name) = word.filter(|name| is_name && !ITEM_KEYWORDS.contains(name)) {
                return Some(name);
            }
        }
    })
}

/// `Slot` is the whole name; `told` is one of its words, `by_hand` some that follow each other.
fn is_in_name(term: &str, name: &str) -> bool {
    if term.starts_with(char::is_uppercase) {
        return term == name;
    }
    let (wanted, words) = (words_of(term), words_of(name));
    words.windows(wanted.len()).any(|some| some == wanted)
}

/// `hear_line`, `HearLine` and `HEAR_LINE` are `hear` and `line`.
fn words_of(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    for part in name.split('_').filter(|part| !part.is_empty()) {
        let is_constant = !part.contains(char::is_lowercase);
        let mut word = String::new();
        for letter in part.chars() {
            if letter.is_uppercase() && !is_constant && !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            word.extend(letter.to_lowercase());
        }
        words.push(word);
    }
    words
}

/// Whether the text has the phrase as whole words.
fn has_phrase(text: &str, phrase: &str) -> bool {
    text.match_indices(phrase).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + phrase.len()..]);
        !before.ends_with(is_word) && !after.starts_with(is_word)
    })
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "# Glossary\n\nnudge\n\n## Words we do not use\n\n\
        | not | but | refused in names | refused in texts |\n|---|---|---|---|\n\
        | tell | notify | `tell`, `told` | |\n\
        | Slot | erased signal | `Slot` | |\n\
        | by hand | manual | `by_hand` | |\n\
        | hand-over link | payment link | | `hand-over link` |\n";

    fn sample() -> BannedTerms {
        BannedTerms::parse(SAMPLE).unwrap()
    }

    #[test]
    fn a_banned_word_is_found_in_every_kind_of_name() {
        for code in [
            "fn tell_tabs() {}",
            "pub(crate) async fn told(x: u8) {}",
            "struct WhatWasTold;",
            "enum Slot { A }",
            "const TOLD: u8 = 1;",
            "mod told;",
            "impl X { fn is_by_hand(&self) -> bool { true } }",
        ] {
            assert_eq!(sample().find_in_source("src/a.rs", code).len(), 1, "{code}");
        }
        assert_eq!(sample().find_in_source("src/told.rs", "").len(), 1, "a module is named by its file");
    }

    #[test]
    fn other_names_and_the_titles_of_tests_pass() {
        for code in [
            "fn retell() {} struct Slots; fn untold_riches() {}",
            "fn hand_by_id() {}",
            "/// The story is told below.\nfn show() {}",
            "#[cfg(test)]\nmod tests { fn nobody_is_told() {} }",
        ] {
            assert_eq!(sample().find_in_source("src/a.rs", code), [""; 0], "{code}");
        }
    }

    #[test]
    fn a_banned_phrase_is_found_in_documents_and_comments() {
        let text = "A Hand-over link works once.";
        assert_eq!(sample().find_in_document("README.md", text).len(), 1);
        assert_eq!(sample().find_in_source("src/a.rs", &format!("/// {text}\nfn show() {{}}")).len(), 1);
        assert_eq!(sample().find_in_document("README.md", "A payment link; hand-over links"), [""; 0]);
    }

    #[test]
    fn a_table_that_lost_its_columns_is_an_error() {
        assert!(BannedTerms::parse("# Glossary").is_err());
        assert!(BannedTerms::parse("## Words we do not use\n\n| not | but |\n|---|---|\n| a | b |\n").is_err());
    }

    #[test]
    fn this_tree_uses_the_words_of_the_glossary() {
        assert_eq!(find_banned().unwrap(), [""; 0]);
    }
}
