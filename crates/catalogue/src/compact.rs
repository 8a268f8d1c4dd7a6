//! The file that a browser loads for a language: one line a message, in the order of the typed functions.

use crate::message::{Catalogue, Message};

/// The lines. A message with plural forms is `category=text` for each, with tabs between them; what a language lacks is an
/// empty line, for which English stands in.
pub fn compact(english: &Catalogue, other: &Catalogue) -> String {
    let line = |(area, name, _): (&str, &str, &Message)| match other.get(area, name) {
        Some(Message::Text(text)) => text.clone(),
        Some(Message::Plural(forms)) => {
            forms.iter().map(|(category, text)| format!("{category}={text}")).collect::<Vec<_>>().join("\t")
        }
        None => String::new(),
    };
    english.messages().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stand_in_the_order_of_english() {
        let english = Catalogue::parse(r#"{"b":{"x":"1"},"a":{"z":{"one":"1","other":"2"},"y":"3"}}"#).unwrap();
        let other = Catalogue::parse(r#"{"a":{"z":{"one":"I","other":"II"},"y":"III"}}"#).unwrap();
        assert_eq!(compact(&english, &other), "III\none=I\tother=II\n");
    }
}
