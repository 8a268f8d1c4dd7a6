//! Every word of the page: one typed function for each message of crates/catalogue/texts/en.json, which answers in the
//! language that the page was started with.
//!
//! English stands in the program. Another language is a file that loader.js has fetched before the program starts; what
//! it lacks is said in English.
#![allow(dead_code, reason = "each of the two programs says a part of what can be said")]

use std::cell::RefCell;
use std::ops::Range;

use billing_contract::Message;
use billing_domain::TextMap;

use crate::platform::{intl, language};

include!(concat!(env!("OUT_DIR"), "/texts.rs"));

thread_local! {
    /// The lines of the loaded language, once they are asked for; empty in English. They live as long as the page.
    static LINES: RefCell<Option<Vec<&'static str>>> = const { RefCell::new(None) };
}

fn with_lines<T>(read: impl FnOnce(&[&'static str]) -> T) -> T {
    LINES.with_borrow_mut(|lines| {
        read(lines.get_or_insert_with(|| match language::loaded_words() {
            Some(words) => words.split('\n').collect(),
            None => Vec::new(),
        }))
    })
}

/// Speaks another language from now on, where there is one for this BCP 47 tag; answers whether it is another. What is on the
/// screen has to be drawn anew.
pub(crate) async fn change_language(tag: &str) -> bool {
    let changed = language::load_language(tag).await;
    if changed {
        LINES.set(None);
        intl::forget_formatters();
    }
    changed
}

fn find_line(number: usize) -> Option<&'static str> {
    with_lines(|lines| lines.get(number).copied().filter(|line| !line.is_empty()))
}

/// The code of the page's language, `de`; `None` in English.
pub(crate) fn other_language() -> Option<String> {
    with_lines(|lines| (!lines.is_empty()).then(language::language_code))
}

/// What the page's language says for this code of the server ([`PROBLEMS`], [`FIELDS`], [`SERVER`]); `None` in English,
/// which the server speaks itself, and for a code that is not known.
pub(crate) fn of_code(area: Range<usize>, code: &str) -> Option<&'static str> {
    with_lines(|lines| text_of(lines.get(area).unwrap_or_default(), code))
}

/// Each line is a code, a tab and its text.
fn text_of(lines: &[&'static str], code: &str) -> Option<&'static str> {
    lines.iter().filter_map(|line| line.split_once('\t')).find(|(known, _)| *known == code).map(|(_, text)| text)
}

/// A sentence of the server in the page's language; `None` in English and where the page is older than the sentence.
/// See docs/decisions/0068-translated-page-english-server.md.
pub(crate) fn find_translation(message: Option<&Message>) -> Option<String> {
    let message = message?;
    of_code(SERVER, &message.code).map(|text| fill_in(text, &message.params, intl::format_number))
}

/// The same, and the server's own English where there is none.
pub(crate) fn translate_sentence(english: &str, message: Option<&Message>) -> String {
    find_translation(message).unwrap_or_else(|| english.to_owned())
}

/// The text with each `{name}` replaced, and each `{name:}` by the number as the reader writes it.
fn fill_in(text: &str, params: &TextMap, write_number: impl Fn(&str) -> String) -> String {
    interpolate_values(text, |name| {
        let (name, number) = name.strip_suffix(':').map_or((name, false), |name| (name, true));
        let value = params.get(name).unwrap_or_default();
        if number { write_number(value) } else { value.to_owned() }
    })
}

fn find_text(number: usize, english: &'static str) -> &'static str {
    find_line(number).unwrap_or(english)
}

/// The template with each `{name}` replaced.
pub(crate) fn fill_values(template: &str, values: &[(&str, &str)]) -> String {
    interpolate_values(template, |name| {
        values.iter().find(|(known, _)| *known == name).map_or_else(String::new, |(_, value)| (*value).to_owned())
    })
}

fn interpolate_values(template: &str, value: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else { return out };
        out.push_str(&value(name));
        rest = after;
    }
    out.push_str(rest);
    out
}

fn say(number: usize, english: &'static str, values: &[&str]) -> String {
    fill_values(find_text(number, english), &name_values(english, values))
}

/// Each value with its name, in the order in which English names them; `count` is none of them.
fn name_values<'a>(english: &'static str, values: &[&'a str]) -> Vec<(&'static str, &'a str)> {
    let mut found: Vec<(&str, &str)> = Vec::with_capacity(values.len());
    for (name, _) in english.split('{').skip(1).filter_map(|part| part.split_once('}')) {
        if name != "count"
            && found.iter().all(|(known, _)| *known != name)
            && let Some(value) = values.get(found.len())
        {
            found.push((name, value));
        }
    }
    found
}

fn plural(number: usize, count: u64, one: &'static str, other: &'static str, values: &[&str]) -> String {
    let template = find_line(number).and_then(|forms| pick_form(forms, &language::plural_category(count)));
    let template = template.unwrap_or(if count == 1 { one } else { other });
    let count = intl::format_count(count);
    let mut values = name_values(other, values);
    values.push(("count", &count));
    fill_values(template, &values)
}

/// The form of this category, else the one for any number.
fn pick_form<'a>(forms: &'a str, category: &str) -> Option<&'a str> {
    let of = |wanted: &str| forms.split('\t').find_map(|form| form.split_once('=').filter(|(name, _)| *name == wanted));
    of(category).or_else(|| of("other")).map(|(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_filled_and_never_panics() {
        assert_eq!(fill_values("{a} and {b}, {a}", &[("a", "1"), ("b", "{a}")]), "1 and {a}, 1");
        assert_eq!(fill_values("{unknown}.", &[]), ".");
        assert_eq!(fill_values("broken {", &[]), "broken ");
    }

    #[test]
    fn values_come_in_the_order_of_english_each_once() {
        assert_eq!(say(usize::MAX, "{a}, {b} and {a}", &["1", "2"]), "1, 2 and 1");
        assert_eq!(plural(usize::MAX, 2, "one {x}", "{count} of {x}", &["them"]), "2 of them");
        assert_eq!(plural(usize::MAX, 1, "one of {x}", "{count} of {x}", &["them"]), "one of them");
    }

    #[test]
    fn a_sentence_of_the_server_is_found_by_its_code_and_filled_in_as_the_reader_writes_numbers() {
        let lines = ["above\tHöchstens {maximum:} für {card}.", "", "gone\tWeg."];
        let params = [("maximum", "12.50"), ("card", "Visa {maximum:}")];
        let params = params.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let text = text_of(&lines, "above").unwrap();
        let written = fill_in(text, &params, |number| number.replace('.', ","));
        assert_eq!(written, "Höchstens 12,50 für Visa {maximum:}.");
        assert_eq!(fill_in(text, &TextMap::default(), str::to_owned), "Höchstens  für .");
        assert_eq!((text_of(&lines, "gone"), text_of(&lines, "unknown")), (Some("Weg."), None));
    }

    #[test]
    fn every_code_of_a_problem_has_its_sentence() {
        let english = billing_catalogue::ENGLISH.read().unwrap();
        for code in billing_contract::ProblemCode::ALL {
            assert!(english.get("problems", code.as_str()).is_some(), "{}", code.as_str());
        }
    }

    #[test]
    fn in_english_the_server_speaks_for_itself() {
        let message = Message { code: "link_gone".to_owned(), params: TextMap::default() };
        assert_eq!(of_code(PROBLEMS, "gone"), None);
        assert_eq!(translate_sentence("Use another card.", Some(&message)), "Use another card.");
    }

    #[test]
    fn the_category_decides_about_the_form_and_other_stands_in() {
        let forms = "one=eins\tother=viele=mehr";
        assert_eq!(pick_form(forms, "one"), Some("eins"));
        assert_eq!(pick_form(forms, "few"), Some("viele=mehr"));
        assert_eq!(pick_form("", "one"), None);
    }
}
