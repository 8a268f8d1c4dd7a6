//! The file that a browser loads for a language: one line a message, in the order of the typed functions.

use crate::message::{Catalogue, Message, ParameterKind, typed_placeholders};
use crate::{MAILS, is_looked_up};

/// The lines. A message with plural forms is `category=text` for each, with tabs between them; what a language lacks is an
/// empty line, for which English stands in. A message that is looked up stands behind its code and a tab; its numbers are
/// marked: `{minimum:}`.
pub fn write_compact(english: &Catalogue, other: &Catalogue) -> String {
    let line = |(area, name, message): (&str, &str, &Message)| match (other.get(area, name), message) {
        (Some(Message::Text(text)), Message::Text(english)) if is_looked_up(area) => {
            format!("{name}\t{}", with_numbers_marked(text, english))
        }
        (Some(Message::Text(text)), _) => text.clone(),
        (Some(Message::Plural(forms)), _) => {
            forms.iter().map(|(category, text)| format!("{category}={text}")).collect::<Vec<_>>().join("\t")
        }
        (None, _) => String::new(),
    };
    english.messages().filter(|(area, ..)| *area != MAILS).map(line).collect::<Vec<_>>().join("\n")
}

/// Only English says what is filled in, and English is not loaded.
fn with_numbers_marked(text: &str, english: &str) -> String {
    let numbers = typed_placeholders(english).into_iter().filter(|one| one.kind != ParameterKind::Text);
    numbers.fold(text.to_owned(), |text, number| {
        text.replace(&format!("{{{}}}", number.name), &format!("{{{}:}}", number.name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_up_stands_behind_its_code_and_says_what_is_a_number() {
        let english = r#"{"problems":{"gone":"Gone."},"server":{"x":"At most {n:count} of {m}."}}"#;
        let other = r#"{"problems":{"gone":"Weg."},"server":{"x":"Von {m} höchstens {n}."}}"#;
        let lines = write_compact(&Catalogue::parse(english).unwrap(), &Catalogue::parse(other).unwrap());
        assert_eq!(lines, "gone\tWeg.\nx\tVon {m} höchstens {n:}.");
    }

    #[test]
    fn lines_stand_in_the_order_of_english() {
        let english = Catalogue::parse(r#"{"b":{"x":"1"},"a":{"z":{"one":"1","other":"2"},"y":"3"}}"#).unwrap();
        let other = Catalogue::parse(r#"{"a":{"z":{"one":"I","other":"II"},"y":"III"}}"#).unwrap();
        assert_eq!(write_compact(&english, &other), "III\none=I\tother=II\n");
    }
}
