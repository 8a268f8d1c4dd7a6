//! One language's messages, by area and name.

use std::collections::BTreeMap;

use serde_json::Value;

/// A file that is no catalog.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {what}")]
pub struct CatalogueError {
    place: String,
    what: String,
}

impl CatalogueError {
    pub(crate) fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }

    pub(crate) fn within(self, language: &str) -> Self {
        Self { place: format!("texts/{language}.json, {}", self.place), what: self.what }
    }
}

/// What is said in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The same whatever the numbers are.
    Text(String),
    /// A form for each plural category (`one`, `other` …).
    Plural(BTreeMap<String, String>),
}

impl Message {
    /// Every form that it has, with its plural category if it has any.
    pub fn forms(&self) -> Vec<(Option<&str>, &str)> {
        match self {
            Self::Text(text) => vec![(None, text)],
            Self::Plural(forms) => {
                forms.iter().map(|(category, text)| (Some(category.as_str()), text.as_str())).collect()
            }
        }
    }
}

/// One language's messages: area, then name. The order is that of the names, the same in every language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// The messages of each area.
    pub areas: BTreeMap<String, BTreeMap<String, Message>>,
}

impl Catalogue {
    /// Reads a file.
    ///
    /// # Errors
    /// It is not JSON, or not of the shape `{area: {name: text | {category: text}}}`.
    pub fn parse(json: &str) -> Result<Self, CatalogueError> {
        let value: Value = serde_json::from_str(json).map_err(|error| CatalogueError::new("", error.to_string()))?;
        let mut areas = BTreeMap::new();
        for (area, messages) in as_object(&value, "the file")? {
            check_name(area, area)?;
            let mut kept = BTreeMap::new();
            for (name, message) in as_object(messages, area)? {
                let place = format!("{area}.{name}");
                check_name(name, &place)?;
                kept.insert(name.clone(), Self::message(message, &place)?);
            }
            areas.insert(area.clone(), kept);
        }
        Ok(Self { areas })
    }

    fn message(value: &Value, place: &str) -> Result<Message, CatalogueError> {
        if let Value::String(text) = value {
            return Ok(Message::Text(plain_text(text, place)?));
        }
        let forms = as_object(value, place)?.iter().map(|(category, text)| {
            let text = text.as_str().ok_or_else(|| CatalogueError::new(place, "a form must be a text"))?;
            Ok((category.clone(), plain_text(text, place)?))
        });
        Ok(Message::Plural(forms.collect::<Result<_, CatalogueError>>()?))
    }

    /// The message of this name.
    pub fn get(&self, area: &str, name: &str) -> Option<&Message> {
        self.areas.get(area)?.get(name)
    }

    /// Every message with its area and name, in order.
    pub fn messages(&self) -> impl Iterator<Item = (&str, &str, &Message)> {
        self.areas.iter().flat_map(|(area, messages)| {
            messages.iter().map(move |(name, message)| (area.as_str(), name.as_str(), message))
        })
    }
}

fn as_object<'a>(value: &'a Value, place: &str) -> Result<&'a serde_json::Map<String, Value>, CatalogueError> {
    value.as_object().ok_or_else(|| CatalogueError::new(place, "must be an object"))
}

/// Areas and messages become modules and functions.
fn check_name(name: &str, place: &str) -> Result<(), CatalogueError> {
    let fits = name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_');
    if fits { Ok(()) } else { Err(CatalogueError::new(place, "a name is written in snake_case")) }
}

fn plain_text(text: &str, place: &str) -> Result<String, CatalogueError> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(CatalogueError::new(place, "a text is neither empty nor has line breaks or tabs"));
    }
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let inside = after.split_once('}').filter(|(inside, _)| Placeholder::parse(inside).is_some());
        let Some((_, after)) = inside.filter(|_| !before.contains('}')) else {
            return Err(CatalogueError::new(place, format!("`{text}` has a brace that is no placeholder")));
        };
        rest = after;
    }
    if rest.contains('}') {
        return Err(CatalogueError::new(place, format!("`{text}` has a brace that is no placeholder")));
    }
    Ok(text.to_owned())
}

/// What is filled in for a placeholder, and with it how a page writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// `{card}`: as it is.
    Text,
    /// `{minimum:amount}`: a decimal, in the digits and marks of the reader's locale.
    Amount,
    /// `{maximum:count}`: a whole number, in the digits and marks of the reader's locale.
    Count,
}

/// What stands between braces: `minimum:amount`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placeholder<'a> {
    /// The name inside the braces, such as `minimum`.
    pub name: &'a str,
    /// What is filled in.
    pub kind: ParameterKind,
}

impl<'a> Placeholder<'a> {
    /// `None` for what is no placeholder.
    fn parse(inside: &'a str) -> Option<Self> {
        let (name, kind) = match inside.split_once(':') {
            None => (inside, ParameterKind::Text),
            Some((name, "amount")) => (name, ParameterKind::Amount),
            Some((name, "count")) => (name, ParameterKind::Count),
            Some(_) => return None,
        };
        check_name(name, name).is_ok().then_some(Self { name, kind })
    }
}

/// What stands between braces, each name once, in the order in which they appear.
pub fn typed_placeholders(text: &str) -> Vec<Placeholder<'_>> {
    let mut found: Vec<Placeholder<'_>> = Vec::new();
    for part in text.split('{').skip(1) {
        let inside = part.split_once('}').map_or(part, |(inside, _)| inside);
        let Some(placeholder) = Placeholder::parse(inside) else { continue };
        if found.iter().all(|known| known.name != placeholder.name) {
            found.push(placeholder);
        }
    }
    found
}

/// The names between braces, each once, in the order in which they appear.
pub fn placeholders(text: &str) -> Vec<&str> {
    typed_placeholders(text).into_iter().map(|placeholder| placeholder.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_with_its_plurals() {
        let catalogue =
            Catalogue::parse(r#"{"a":{"b":"x {y}","c":{"one":"{count} z","other":"{count} zs"}}}"#).unwrap();
        assert_eq!(catalogue.get("a", "b"), Some(&Message::Text("x {y}".to_owned())));
        assert_eq!(catalogue.get("a", "c").unwrap().forms().len(), 2);
        assert_eq!(catalogue.messages().map(|(_, name, _)| name).collect::<Vec<_>>(), ["b", "c"]);
    }

    #[test]
    fn what_is_no_catalogue_is_refused_with_the_place() {
        for (json, place) in [
            ("[]", "the file"),
            (r#"{"a":1}"#, "a"),
            (r#"{"a":{"b":1}}"#, "a.b"),
            (r#"{"a":{"b":""}}"#, "a.b"),
            (r#"{"a":{"b":"x\ny"}}"#, "a.b"),
            (r#"{"a":{"b":"x {y"}}"#, "a.b"),
            (r#"{"a":{"b":"x} y"}}"#, "a.b"),
            (r#"{"a":{"b":"{}"}}"#, "a.b"),
            (r#"{"a":{"b":"{x:date}"}}"#, "a.b"),
            (r#"{"A":{}}"#, "A"),
            (r#"{"a":{"b c":"x"}}"#, "a.b c"),
        ] {
            let error = Catalogue::parse(json).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{place}: ")), "{json}: {error}");
        }
    }

    #[test]
    fn placeholders_come_once_and_in_order() {
        assert_eq!(placeholders("{b} and {a}, {b}"), ["b", "a"]);
        assert_eq!(placeholders("none"), Vec::<&str>::new());
        let typed = typed_placeholders("{least:amount} of {what}, {least:amount} or {most:count}");
        let kinds: Vec<_> = typed.iter().map(|placeholder| (placeholder.name, placeholder.kind)).collect();
        let expected =
            [("least", ParameterKind::Amount), ("what", ParameterKind::Text), ("most", ParameterKind::Count)];
        assert_eq!(kinds, expected);
    }
}
