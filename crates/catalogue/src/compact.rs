//! The file that a browser loads for a language: one line a message, in the order of the typed functions.

use crate::message::{Catalogue, Message};
use crate::{BY_CODE, BY_WORDS};

/// The lines. A message with plural forms is `category=text` for each, with tabs between them; what a language lacks is an
/// empty line, for which English stands in. A message that is looked up stands behind its key and a tab: the code, or the
/// English words.
pub fn compact(english: &Catalogue, other: &Catalogue) -> String {
    let line = |(area, name, message): (&str, &str, &Message)| match (other.get(area, name), message) {
        (Some(Message::Text(text)), _) if BY_CODE.contains(&area) => format!("{name}\t{text}"),
        (Some(Message::Text(text)), Message::Text(words)) if area == BY_WORDS => format!("{words}\t{text}"),
        (Some(Message::Text(text)), _) => text.clone(),
        (Some(Message::Plural(forms)), _) => {
            forms.iter().map(|(category, text)| format!("{category}={text}")).collect::<Vec<_>>().join("\t")
        }
        (None, _) => String::new(),
    };
    english.messages().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_up_stands_behind_its_key() {
        let english = Catalogue::parse(r#"{"problems":{"gone":"Gone."},"server":{"x":"At most {n}."}}"#).unwrap();
        let other = Catalogue::parse(r#"{"problems":{"gone":"Weg."},"server":{"x":"Höchstens {n}."}}"#).unwrap();
        assert_eq!(compact(&english, &other), "gone\tWeg.\nAt most {n}.\tHöchstens {n}.");
    }

    #[test]
    fn lines_stand_in_the_order_of_english() {
        let english = Catalogue::parse(r#"{"b":{"x":"1"},"a":{"z":{"one":"1","other":"2"},"y":"3"}}"#).unwrap();
        let other = Catalogue::parse(r#"{"a":{"z":{"one":"I","other":"II"},"y":"III"}}"#).unwrap();
        assert_eq!(compact(&english, &other), "III\none=I\tother=II\n");
    }
}
