//! Every word of the page: one typed function for each message of crates/catalogue/texts/en.json, which answers in the
//! language that the page was started with.
//!
//! English stands in the program. Another language is a file that loader.js has fetched before the program starts; what
//! it lacks is said in English.
#![allow(dead_code, reason = "each of the two programs says a part of what can be said")]

use std::cell::OnceCell;

use crate::platform::language;

include!(concat!(env!("OUT_DIR"), "/texts.rs"));

thread_local! {
    /// The lines of the loaded language; empty in English. They live as long as the page.
    static LINES: OnceCell<Vec<&'static str>> = const { OnceCell::new() };
}

fn line(number: usize) -> Option<&'static str> {
    LINES.with(|lines| {
        let lines = lines.get_or_init(|| match language::words() {
            Some(words) => String::leak(words).split('\n').collect(),
            None => Vec::new(),
        });
        lines.get(number).copied().filter(|line| !line.is_empty())
    })
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
        let Some((name, after)) = after.split_once('}') else { break };
        out.push_str(values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value));
        rest = after;
    }
    out.push_str(rest);
    out
}

fn plural(number: usize, count: u64, one: &'static str, other: &'static str, values: &[(&str, &str)]) -> String {
    let template = line(number).and_then(|forms| form(forms, &language::plural_category(count)));
    let template = template.unwrap_or(if count == 1 { one } else { other });
    let mut all = vec![("count", language::whole(count))];
    all.extend(values.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let all: Vec<(&str, &str)> = all.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fill(template, &all)
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
    fn the_category_decides_about_the_form_and_other_stands_in() {
        let forms = "one=eins\tother=viele=mehr";
        assert_eq!(form(forms, "one"), Some("eins"));
        assert_eq!(form(forms, "few"), Some("viele=mehr"));
        assert_eq!(form("", "one"), None);
    }
}
