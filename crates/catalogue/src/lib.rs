//! The page's words in every language. English is what the program is written with; the other languages are files that a
//! browser loads when it needs them.
//!
//! `texts/<language>.json` holds areas, and in each its messages: a text with `{placeholders}`, or, where a number decides
//! about the form, one text for each plural category of the language (`{count}` is the number).
//!
//! Three areas say what comes from the server, which writes English: for the page they are no functions and weigh nothing
//! in English. Of these, `server` gives the server its constructors ([`write_constructors`]): its English says of each placeholder
//! what is filled in (`{minimum:amount}`).

mod check;
mod compact;
mod constructors;
mod functions;
mod mails;
mod message;

pub use check::find_complaints;
pub use compact::write_compact;
pub use constructors::write_constructors;
pub use functions::write_functions;
pub use mails::write_mails;
pub use message::{Catalogue, CatalogueError, Message, ParameterKind, Placeholder, placeholders, typed_placeholders};

/// The file of one language.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// The language's code, such as `de` (BCP 47).
    pub language: &'static str,
    /// What its speakers call it.
    pub name: &'static str,
    /// The file's text, JSON.
    pub json: &'static str,
}

/// The area of the sentences that the server sends with their code.
pub const SERVER: &str = "server";
/// The area of the mails that the server writes in the reader's language: nothing of it is in the page.
pub const MAILS: &str = "mails";
/// The areas whose messages are found by a code that the server sends: the message's name.
/// See docs/decisions/0068-translated-page-english-server.md.
const BY_CODE: [&str; 3] = ["fields", "problems", SERVER];

/// Whether the messages of this area are looked up by their code while the page runs, and are no functions.
pub fn is_looked_up(area: &str) -> bool {
    BY_CODE.contains(&area)
}

/// The language that the program itself is written in.
pub const ENGLISH: Source = Source { language: "en", name: "English", json: include_str!("../texts/en.json") };

/// The languages that are loaded when they are needed.
pub const OTHERS: [Source; 4] = [
    Source { language: "de", name: "Deutsch", json: include_str!("../texts/de.json") },
    Source { language: "es", name: "Español", json: include_str!("../texts/es.json") },
    Source { language: "ja", name: "日本語", json: include_str!("../texts/ja.json") },
    Source { language: "ar", name: "العربية", json: include_str!("../texts/ar.json") },
];

impl Source {
    /// What the file holds.
    ///
    /// # Errors
    /// The file is no catalog.
    pub fn read(&self) -> Result<Catalogue, CatalogueError> {
        Catalogue::parse(self.json).map_err(|error| error.within(self.language))
    }
}
