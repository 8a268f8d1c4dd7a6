//! Holds that the page's words come out of its catalog: no message without a place, no English written into a view;
//! and that a browser's translator is let at no words but those that survive it.

use crate::workspace;
use anyhow::{Context, Result};
use billing_catalogue::{Catalogue, ENGLISH, MAILS, is_looked_up};
use std::fs;

/// What is no English: names, and what programs read.
const NO_WORDS: [&str; 3] = ["Nexis", "Intl", "UTC"];
/// What keys are called by browsers.
const KEYS: [&str; 10] =
    ["ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "PageDown", "PageUp", "Home", "End", "Enter", "T"];
/// The documents of the page.
const DOCUMENTS: [&str; 5] = ["index.html", "pay.html", "embed.html", "balance.html", "kit.html"];
/// The area whose messages are said by the scripts of a host's page, which name them in quotes.
const EMBED: &str = "embed";
/// The one part that sets its text in a way that a translator cannot cut off.
const PROSE: &str = "src/ui/prose.rs";
/// The page of the kit in development builds: its readers are those who read the code.
const STORIES: &str = "src/stories";
/// Attributes that people read or hear.
const READ_ATTRIBUTES: [&str; 9] =
    ["aria-label", "label", "title", "heading", "hint", "placeholder", "alt", "summary", "caption"];

/// Every message that nobody says and every word that is no message, one sentence each; empty when all is well.
pub(crate) fn find_untranslated() -> Result<Vec<String>> {
    let mut pages = Vec::new();
    for file in workspace::files_below(&workspace::root_folder().join("src"))? {
        let text = fs::read_to_string(&file).with_context(|| format!("{} could not be read", file.display()))?;
        let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
        pages.push((workspace::relative_path(&file), code));
    }
    let mut scripts = String::new();
    for file in workspace::files_below(&workspace::root_folder().join("public"))? {
        if file.extension().is_some_and(|extension| extension == "js") {
            scripts += &fs::read_to_string(&file)?;
        }
    }
    // What the build writes into the element itself.
    scripts += &super::build::EMBED_NAMES.map(|name| format!("\"{name}\"")).concat();
    let mut found = find_unused(&ENGLISH.read()?, &pages, &scripts);
    found.extend(find_translatable(&pages));
    for document in DOCUMENTS {
        let text = fs::read_to_string(workspace::root_folder().join(document))?;
        if !text.contains("<body translate=\"no\">") {
            found.push(format!("{document}: its body lets a translator replace figures; say translate=\"no\""));
        }
    }
    let product = pages.iter().filter(|(path, _)| !path.starts_with(STORIES));
    found.extend(
        product.flat_map(|(path, code)| find_written(code).into_iter().map(move |what| format!("{path}: {what}"))),
    );
    Ok(found)
}

/// Parts that let a translator in without surviving it: every one that does not go through the one component that does.
fn find_translatable(pages: &[(String, String)]) -> Vec<String> {
    let opened = pages.iter().filter(|(path, code)| path != PROSE && code.contains("translate=\"yes\""));
    opened.map(|(path, _)| format!("{path}: what may be translated goes through ui::prose")).collect()
}

/// Messages that no file names; `scripts` is the text of those that no program of the page is made of.
fn find_unused(english: &Catalogue, pages: &[(String, String)], scripts: &str) -> Vec<String> {
    let said = |area: &str, name: &str| {
        if area == EMBED {
            return scripts.contains(&format!("\"{name}\""));
        }
        let path = format!("texts::{area}::{name}");
        pages.iter().any(|(_, code)| {
            code.match_indices(&path).any(|(at, _)| {
                let rest = code.get(at + path.len()..).unwrap_or_default();
                let rest = rest.strip_prefix("_template").unwrap_or(rest);
                !rest.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_')
            })
        })
    };
    let messages = english.messages().filter(|(area, ..)| !is_looked_up(area) && *area != MAILS);
    let unsaid = messages.filter(|(area, name, _)| !said(area, name));
    unsaid.map(|(area, name, _)| format!("texts/en.json: {area}.{name} is said nowhere in src/ or public/")).collect()
}

/// Words that stand in a view or begin like a sentence.
fn find_written(code: &str) -> Vec<String> {
    let found = string_literals(code).into_iter().filter(|(_, text)| !KEYS.contains(text)).filter(|(before, text)| {
        let words = NO_WORDS.iter().fold((*text).to_owned(), |text, name| text.replace(name, ""));
        // An escape is no letter of a word: `\u{a0}`.
        let mut parts = words.split("\\u{");
        let first = parts.next().unwrap_or_default().to_owned();
        let words = parts.fold(first, |all, part| all + part.split_once('}').map_or(part, |(_, rest)| rest));
        has_letters(&words) && (is_in_view(before) || is_sentence(&words))
    });
    found.map(|(_, text)| format!("\"{text}\" is not in the catalogue")).collect()
}

fn has_letters(text: &str) -> bool {
    // What stands in braces is filled in.
    let mut outside = text.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest));
    outside.any(|part| part.contains(char::is_alphabetic))
}

/// Whether a literal behind this code is a text node or an attribute that people read.
fn is_in_view(before: &str) -> bool {
    let before = before.trim_end();
    let node = before.ends_with('>') && !before.ends_with("=>") && !before.ends_with("->");
    let attribute = before.strip_suffix('=').is_some_and(|before| {
        READ_ATTRIBUTES.iter().any(|name| {
            let rest = before.strip_suffix(name);
            rest.is_some_and(|rest| {
                !rest.ends_with(|letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_'))
            })
        })
    });
    node || attribute
}

/// A capital letter and a small one.
fn is_sentence(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(char::is_uppercase) && letters.next().is_some_and(char::is_lowercase)
}

/// Each string of the code with what stands before it on its line or, at the beginning of one, on the line above.
fn string_literals(code: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = code.get(from..).and_then(|rest| rest.find('"')).map(|at| from + at) {
        let line = code.get(..start).unwrap_or_default();
        let comment = line.rsplit('\n').next().is_some_and(|line| line.contains("//") && !line.contains("://"));
        if comment || line.ends_with('\'') || line.ends_with("'\\") {
            from = if comment {
                code.get(start..).and_then(|rest| rest.find('\n')).map_or(code.len(), |at| start + at)
            } else {
                start + 1
            };
            continue;
        }
        let end = end_of_literal(code, start + 1);
        found.push((line, code.get(start + 1..end).unwrap_or_default()));
        from = end + 1;
    }
    found
}

/// Where the string that begins here ends: at the first quote without a stroke before it.
fn end_of_literal(code: &str, begin: usize) -> usize {
    let mut escaped = false;
    for (at, letter) in code.get(begin..).unwrap_or_default().char_indices() {
        match letter {
            '"' if !escaped => return begin + at,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_in_a_view_is_found_wherever_it_stands() {
        for code in [
            r#"view! { <p>"Pay now"</p> }"#,
            "view! { <p>\n    \"pay now\"\n</p> }",
            r#"<nav aria-label="main">"#,
            r#"<Panel heading="Cards" />"#,
            r#"Bar::Low => "The balance is low","#,
            r#"format!("Expires {date}")"#,
            r#"<p>{name}</p>"of"<p>"#,
        ] {
            assert_eq!(find_written(code).len(), 1, "{code}");
        }
    }

    #[test]
    fn what_nobody_reads_as_english_passes() {
        for code in [
            r#"<p class="muted small">{texts::a::b()}" · "{name}</p>"#,
            r#"<TextField label=texts::a::b() name="card-name" />"#,
            r#"// He said "No more" here"#,
            "/// `\"Pay now\"`\nfn f() {}",
            r#"'"' => "x","#,
            r#"format!("{brand}\u{a0}••\u{a0}{last4}")"#,
            r#"Role::Owner => "owner","#,
            r#"<p>"Nexis"</p>"#,
        ] {
            assert_eq!(find_written(code), [""; 0], "{code}");
        }
    }

    #[test]
    fn this_tree_has_no_strays() {
        assert_eq!(find_untranslated().unwrap(), [""; 0]);
    }

    #[test]
    fn a_translator_is_let_in_by_one_component_only() {
        let page = |path: &str| (path.to_owned(), r#"<p translate="yes">{amount}</p>"#.to_owned());
        assert_eq!(find_translatable(&[page(PROSE)]), [""; 0]);
        assert_eq!(find_translatable(&[page("src/ui/money.rs")]).len(), 1);
    }

    #[test]
    fn a_message_that_nobody_says_is_found() {
        let english = Catalogue::parse(
            r#"{"a":{"pay":"x","pay_now":"y","who":"{name}","list":"z"},"embed":{"gone":"v","title":"u"},"problems":{"gone":"w"}}"#,
        );
        let code = "texts::a::pay_now(); woven(texts::a::who_template()); .map(texts::a::list)";
        let pages = [("src/x.rs".to_owned(), code.to_owned())];
        let found = find_unused(&english.unwrap(), &pages, r#"say("title")"#);
        let nowhere = |name: &str| format!("texts/en.json: {name} is said nowhere in src/ or public/");
        assert_eq!(found, [nowhere("a.pay"), nowhere("embed.gone")]);
    }
}
