//! The server's sentences as Rust: a constructor for each, an argument for each placeholder. What the catalog does not have
//! cannot be sent, and no parameter forgotten; one that nobody calls is dead code to the compiler.

use std::fmt::Write;

use crate::SERVER;
use crate::message::{Catalogue, CatalogueError, Message, ParameterKind, typed_placeholders};

/// The source text: `impl UserMessage`, and every code as `CODES`. The module that includes it has `UserMessage::new(code,
/// english, parameters)`, `Priced` for amounts and the trait `Count` for whole numbers.
///
/// # Errors
/// A sentence has plural forms: English is rendered by the server, which knows no languages' rules.
pub fn write_constructors(english: &Catalogue) -> Result<String, CatalogueError> {
    let mut functions = String::new();
    let mut codes = String::new();
    for (code, message) in english.areas.get(SERVER).into_iter().flatten() {
        let Message::Text(text) = message else {
            return Err(CatalogueError::new(format!("{SERVER}.{code}"), "must be a plain text"));
        };
        functions.push_str(&write_constructor(code, text));
        // Writing into a string never fails.
        let _ = write!(codes, "{code:?}, ");
    }
    Ok(format!(
        "/// Every code.\npub(crate) const CODES: &[&str] = &[{codes}];\n\nimpl UserMessage {{\n{functions}}}\n"
    ))
}

fn write_constructor(code: &str, text: &str) -> String {
    let placeholders = typed_placeholders(text);
    let arguments = placeholders.iter().map(|one| {
        let kind = match one.kind {
            ParameterKind::Text => "&str",
            ParameterKind::Amount => "Priced",
            ParameterKind::Count => "impl Count",
        };
        format!("{}: {kind}", one.name)
    });
    let parameters = placeholders.iter().map(|one| format!("({0:?}, {0}.to_string())", one.name));
    format!(
        "    /// `{text}`\n    pub(crate) fn {code}({}) -> Self {{ Self::new({code:?}, {text:?}, vec![{}]) }}\n",
        arguments.collect::<Vec<_>>().join(", "),
        parameters.collect::<Vec<_>>().join(", "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(server: &str) -> Result<String, CatalogueError> {
        write_constructors(&Catalogue::parse(&format!(r#"{{"other":{{"z":"x"}},"server":{server}}}"#)).unwrap())
    }

    #[test]
    fn each_sentence_of_the_server_becomes_a_constructor_with_typed_parameters() {
        let source =
            source(r#"{"at_most":"At most {most:count} of {what}, for {sum:amount}.","gone":"Gone."}"#).unwrap();
        assert!(source.contains(r#"CODES: &[&str] = &["at_most", "gone", ]"#), "{source}");
        assert!(source.contains("fn at_most(most: impl Count, what: &str, sum: Priced) -> Self"), "{source}");
        assert!(source.contains(r#"vec![("most", most.to_string()), ("what", what.to_string()), "#), "{source}");
        assert!(source.contains(r#"fn gone() -> Self { Self::new("gone", "Gone.", vec![]) }"#), "{source}");
        assert!(!source.contains("fn z("), "{source}");
    }

    #[test]
    fn a_sentence_of_the_server_has_no_plural_forms() {
        let error = source(r#"{"x":{"one":"{count} y","other":"{count} ys"}}"#).unwrap_err().to_string();
        assert!(error.starts_with("server.x: "), "{error}");
    }
}
