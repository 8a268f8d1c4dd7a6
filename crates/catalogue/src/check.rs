//! What a language lacks beside English.

use std::collections::BTreeSet;

use crate::message::{Catalogue, Message, ParameterKind, placeholders, typed_placeholders};

/// The plural categories of whole numbers in a language (CLDR). Spanish has `many` for millions; `other` does for it.
fn plural_categories(language: &str) -> &'static [&'static str] {
    match language {
        "ja" => &["other"],
        "ar" => &["zero", "one", "two", "few", "many", "other"],
        _ => &["one", "other"],
    }
}

/// Everything that is missing, left over or different in kind, one sentence each; empty when the language is complete.
pub fn find_complaints(language: &str, english: &Catalogue, other: &Catalogue) -> Vec<String> {
    let mut found = Vec::new();
    for (area, name, message) in english.messages() {
        match other.get(area, name) {
            None => found.push(format!("{language}: {area}.{name} is missing")),
            Some(theirs) => found.extend(
                find_differences(language, message, theirs)
                    .into_iter()
                    .map(|what| format!("{language}: {area}.{name} {what}")),
            ),
        }
    }
    let left_over = other.messages().filter(|(area, name, _)| english.get(area, name).is_none());
    found.extend(left_over.map(|(area, name, _)| format!("{language}: {area}.{name} is not in English any more")));
    found
}

fn find_differences(language: &str, english: &Message, theirs: &Message) -> Vec<String> {
    let mut found = Vec::new();
    let wanted = placeholder_names(english);
    match (english, theirs) {
        (Message::Text(_), Message::Plural(_)) => found.push("has plural forms, English has none".to_owned()),
        (Message::Plural(_), Message::Text(_)) => found.push("needs plural forms".to_owned()),
        (Message::Plural(_), Message::Plural(forms)) => {
            let has: BTreeSet<&str> = forms.keys().map(String::as_str).collect();
            let needs: BTreeSet<&str> = plural_categories(language).iter().copied().collect();
            if has != needs {
                found.push(format!("has the forms {has:?}, the language has {needs:?}"));
            }
        }
        (Message::Text(_), Message::Text(_)) => {}
    }
    for (category, text) in theirs.forms() {
        let has: BTreeSet<&str> = placeholders(text).into_iter().collect();
        if typed_placeholders(text).iter().any(|placeholder| placeholder.kind != ParameterKind::Text) {
            found.push("says what is filled in, which English does".to_owned());
        }
        // A form for exactly one or two may say so in a word.
        let may_lack = |name: &str| name == "count" && category.is_some_and(|category| category != "other");
        if let Some(name) = wanted.iter().find(|name| !has.contains(*name) && !may_lack(name)) {
            found.push(format!("does not say {{{name}}}"));
        }
        if let Some(name) = has.iter().find(|name| !wanted.contains(*name)) {
            found.push(format!("says {{{name}}}, which English does not"));
        }
    }
    found
}

fn placeholder_names(message: &Message) -> BTreeSet<&str> {
    message.forms().into_iter().flat_map(|(_, text)| placeholders(text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue(message: &str) -> Catalogue {
        Catalogue::parse(&format!(r#"{{"a":{{"b":{message}}}}}"#)).unwrap()
    }

    #[test]
    fn a_complete_language_has_no_complaint() {
        let english = catalogue(r#"{"one":"{count} line of {whom}","other":"{count} lines of {whom}"}"#);
        assert!(find_complaints("ja", &english, &catalogue(r#"{"other":"{whom}の{count}行"}"#)).is_empty());
        let german = catalogue(r#"{"one":"eine Zeile von {whom}","other":"{count} Zeilen von {whom}"}"#);
        assert!(find_complaints("de", &english, &german).is_empty());
    }

    #[test]
    fn each_lack_is_named() {
        let english = catalogue(r#"{"one":"{count} line of {whom}","other":"{count} lines of {whom}"}"#);
        for (other, words) in [
            (r#""x {count} {whom}""#, "needs plural forms"),
            (r#"{"other":"{count} {whom}"}"#, "the language has"),
            (r#"{"one":"{count} {whom}","other":"{whom}"}"#, "does not say {count}"),
            (r#"{"one":"{count}","other":"{count} {whom}"}"#, "does not say {whom}"),
            (r#"{"one":"{count} {whom}","other":"{count} {whom} {who}"}"#, "says {who}"),
        ] {
            let found = find_complaints("de", &english, &catalogue(other));
            assert!(found.iter().any(|one| one.contains(words)), "{other}: {found:?}");
        }
        let plain = catalogue(r#""x""#);
        assert_eq!(find_complaints("de", &plain, &Catalogue::default()), ["de: a.b is missing"]);
        assert_eq!(find_complaints("de", &Catalogue::default(), &plain), ["de: a.b is not in English any more"]);
        assert!(
            find_complaints("de", &plain, &catalogue(r#"{"one":"x","other":"y"}"#))[0].contains("English has none")
        );
    }

    #[test]
    fn only_english_says_what_is_filled_in_and_only_of_the_servers_sentences() {
        let english = catalogue(r#""{n:count} lines""#);
        assert!(find_complaints("de", &english, &catalogue(r#""{n} Zeilen""#)).is_empty());
        let found = find_complaints("de", &english, &catalogue(r#""{n:count} Zeilen""#));
        assert!(found[0].contains("says what is filled in"), "{found:?}");
        for (area, name, message) in
            crate::ENGLISH.read().unwrap().messages().filter(|(area, ..)| *area != crate::SERVER)
        {
            let forms = message.forms();
            let mut placeholders = forms.iter().flat_map(|(_, text)| typed_placeholders(text));
            assert!(placeholders.all(|placeholder| placeholder.kind == ParameterKind::Text), "{area}.{name}");
        }
    }

    #[test]
    fn every_language_of_this_tree_is_complete() {
        let english = crate::ENGLISH.read().unwrap();
        for source in crate::OTHERS {
            let found = find_complaints(source.language, &english, &source.read().unwrap());
            assert!(found.is_empty(), "{}", found.join("\n"));
        }
    }
}
