//! The server's mails about accounts as Rust: what it writes to people in their own language.

use std::fmt::Write;

use crate::message::{CatalogueError, Message};
use crate::{MAILS, Source};

/// The source text: `MAILS`, for each language its code and its texts by name, in the order of the names.
///
/// # Errors
/// A file is no catalogue, or a text has plural forms.
pub fn write_mails(sources: &[Source]) -> Result<String, CatalogueError> {
    let mut out =
        String::from("/// Each language's texts by name.\npub(crate) const MAILS: &[(&str, &[(&str, &str)])] = &[\n");
    for source in sources {
        let catalogue = source.read()?;
        // Writing into a string never fails.
        let _ = write!(out, "    ({:?}, &[", source.language);
        for (name, message) in catalogue.areas.get(MAILS).into_iter().flatten() {
            let Message::Text(text) = message else {
                return Err(CatalogueError::new(format!("{MAILS}.{name}"), "must be a plain text"));
            };
            let _ = write!(out, "({name:?}, {text:?}), ");
        }
        out.push_str("]),\n");
    }
    out.push_str("];\n");
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_brings_its_texts() {
        let german = Source { language: "de", name: "", json: r#"{"a":{"x":"1"},"mails":{"body":"Hallo {link}"}}"# };
        let source = write_mails(&[german]).unwrap();
        assert!(source.contains(r#"("de", &[("body", "Hallo {link}"), ])"#), "{source}");
        let plural = Source { json: r#"{"mails":{"body":{"one":"x","other":"y"}}}"#, ..german };
        assert!(write_mails(&[plural]).is_err());
    }
}
