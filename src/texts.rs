//! Every word of the page: one typed function for each message of crates/catalogue/texts/en.json, which answers in the
//! language that the page was started with.
//!
//! English stands in the program. Another language is a file that loader.js has fetched before the program starts; what
//! it lacks is said in English.
#![allow(dead_code, reason = "each of the two programs says a part of what can be said")]

use std::cell::OnceCell;
use std::ops::Range;

use crate::platform::{intl, language};

include!(concat!(env!("OUT_DIR"), "/texts.rs"));

thread_local! {
    /// The lines of the loaded language; empty in English. They live as long as the page.
    static LINES: OnceCell<Vec<&'static str>> = const { OnceCell::new() };
}

fn with_lines<T>(read: impl FnOnce(&[&'static str]) -> T) -> T {
    LINES.with(|lines| {
        read(lines.get_or_init(|| match language::loaded_words() {
            Some(words) => String::leak(words).split('\n').collect(),
            None => Vec::new(),
        }))
    })
}

fn line(number: usize) -> Option<&'static str> {
    with_lines(|lines| lines.get(number).copied().filter(|line| !line.is_empty()))
}

/// The code of the page's language, `de`; `None` in English.
pub(crate) fn other_language() -> Option<String> {
    with_lines(|lines| (!lines.is_empty()).then(language::language_code))
}

/// Key and text of each line of an area that is looked up; none in English.
fn looked_up(area: Range<usize>) -> Vec<(&'static str, &'static str)> {
    with_lines(|lines| lines.get(area).unwrap_or_default().iter().filter_map(|line| line.split_once('\t')).collect())
}

/// What the page's language says for this code of the server ([`PROBLEMS`], [`FIELDS`]); `None` in English, which the
/// server speaks itself, and for a code that is not known.
pub(crate) fn of_code(area: Range<usize>, code: &str) -> Option<&'static str> {
    looked_up(area).into_iter().find(|(known, _)| *known == code).map(|(_, text)| text)
}

/// What the page's language says for these English words of the server; `None` in English and for words that are not known.
/// See docs/decisions/0068-translated-page-english-server.md.
pub(crate) fn of_words(words: &str) -> Option<String> {
    let matching =
        looked_up(SERVER).into_iter().filter_map(|(template, text)| Some((template, text, matched(template, words)?)));
    // Of those that fit, the one that says most itself.
    let (_, text, found) = matching.max_by_key(|(template, ..)| template.len())?;
    let found: Vec<_> = found.into_iter().map(|(name, value)| (name, intl::format_number(value))).collect();
    let found: Vec<_> = found.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Some(fill(text, &found))
}

/// The server's words in the page's language, as far as it knows them.
pub(crate) fn heard(words: &str) -> String {
    of_words(words).unwrap_or_else(|| words.to_owned())
}

/// What stands in `text` for each `{name}` of the template; `None` when it is another text.
fn matched<'a>(template: &'a str, text: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    let mut found = Vec::new();
    let (before, mut rest) = template.split_once('{').unwrap_or((template, ""));
    let mut text = text.strip_prefix(before)?;
    while let Some((name, after)) = rest.split_once('}') {
        let Some((literal, next)) = after.split_once('{') else {
            // The last words stand at the end, not where they come first: an amount has a point too.
            found.push((name, text.strip_suffix(after)?));
            return Some(found);
        };
        let (value, after) = text.split_at(text.find(literal)?);
        found.push((name, value));
        text = after.strip_prefix(literal)?;
        rest = next;
    }
    text.is_empty().then_some(found)
}

fn text(number: usize, english: &'static str) -> &'static str {
    line(number).unwrap_or(english)
}

/// The template with each `{name}` replaced.
pub(crate) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else { return out };
        out.push_str(values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value));
        rest = after;
    }
    out.push_str(rest);
    out
}

fn say(number: usize, english: &'static str, values: &[&str]) -> String {
    fill(text(number, english), &named(english, values))
}

/// Each value with its name, in the order in which English names them; `count` is none of them.
fn named<'a>(english: &'static str, values: &[&'a str]) -> Vec<(&'static str, &'a str)> {
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
    let template = line(number).and_then(|forms| form(forms, &language::plural_category(count)));
    let template = template.unwrap_or(if count == 1 { one } else { other });
    let count = intl::format_count(count);
    let mut values = named(other, values);
    values.push(("count", &count));
    fill(template, &values)
}

/// The form of this category, else the one for any number.
fn form<'a>(forms: &'a str, category: &str) -> Option<&'a str> {
    let of = |wanted: &str| forms.split('\t').find_map(|form| form.split_once('=').filter(|(name, _)| *name == wanted));
    of(category).or_else(|| of("other")).map(|(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_filled_and_never_panics() {
        assert_eq!(fill("{a} and {b}, {a}", &[("a", "1"), ("b", "{a}")]), "1 and {a}, 1");
        assert_eq!(fill("{unknown}.", &[]), ".");
        assert_eq!(fill("broken {", &[]), "broken ");
    }

    #[test]
    fn values_come_in_the_order_of_english_each_once() {
        assert_eq!(say(usize::MAX, "{a}, {b} and {a}", &["1", "2"]), "1, 2 and 1");
        assert_eq!(plural(usize::MAX, 2, "one {x}", "{count} of {x}", &["them"]), "2 of them");
        assert_eq!(plural(usize::MAX, 1, "one of {x}", "{count} of {x}", &["them"]), "one of them");
    }

    #[test]
    fn a_text_is_recognised_by_its_template() {
        let of = |text| matched("At most {most} of {what}.", text);
        assert_eq!(of("At most 12.50 of it."), Some(vec![("most", "12.50"), ("what", "it")]));
        assert_eq!(matched("The end {x}", "The end 1"), Some(vec![("x", "1")]));
        assert_eq!(matched("Plain.", "Plain."), Some(Vec::new()));
        let range = Some(vec![("from", "10.00"), ("to", "5000.00")]);
        assert_eq!(matched("Enter {from} to {to}.", "Enter 10.00 to 5000.00."), range);
        for other in ["At most 1.", "At most 1 of it", "at most 1 of it.", "At most 1 of it. And more", ""] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn whatever_the_server_may_say_has_words_in_the_catalogue() {
        use billing_domain::{charge::DeclineCode, sandbox_cards::CARDS};
        let english = billing_catalogue::ENGLISH.read().unwrap();
        for code in billing_contract::ProblemCode::ALL {
            assert!(english.get("problems", code.as_str()).is_some(), "{}", code.as_str());
        }
        let sentences: Vec<&str> = english.areas["server"].values().map(|message| message.forms()[0].1).collect();
        let reasons = DeclineCode::ALL.iter().flat_map(|code| [code.sentence(), code.sentence_for_fixed_amount()]);
        for words in reasons.chain(CARDS.iter().map(|card| card.note)) {
            assert!(sentences.contains(&words), "{words}");
        }
    }

    #[test]
    fn in_english_the_server_speaks_for_itself() {
        assert_eq!(of_code(PROBLEMS, "gone"), None);
        assert_eq!(heard("Use another card."), "Use another card.");
    }

    #[test]
    fn the_category_decides_about_the_form_and_other_stands_in() {
        let forms = "one=eins\tother=viele=mehr";
        assert_eq!(form(forms, "one"), Some("eins"));
        assert_eq!(form(forms, "few"), Some("viele=mehr"));
        assert_eq!(form("", "one"), None);
    }
}
