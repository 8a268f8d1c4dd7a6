//! Writes the typed functions for the page's words (crates/catalogue), and for the server the words of every other language.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, error::Error, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=crates/catalogue");
    let folder = PathBuf::from(env::var("OUT_DIR")?);
    let english = billing_catalogue::ENGLISH.read()?;
    fs::write(folder.join("texts.rs"), billing_catalogue::write_functions(&english))?;
    let mut words =
        "/// The words of each language but English, one message a line, by the language's code.\n".to_owned();
    writeln!(words, "const WORDS: [(&str, &str); {}] = [", billing_catalogue::OTHERS.len())?;
    for source in billing_catalogue::OTHERS {
        let lines = billing_catalogue::write_compact(&english, &source.read()?);
        writeln!(words, "    ({:?}, {lines:?}),", source.language)?;
    }
    words.push_str("];\n");
    let codes: Vec<&str> =
        [billing_catalogue::ENGLISH].iter().chain(&billing_catalogue::OTHERS).map(|source| source.language).collect();
    write!(
        words,
        "/// The codes of the languages that the page speaks.\npub(crate) const LANGUAGES: [&str; {}] = {codes:?};\n",
        codes.len()
    )?;
    fs::write(folder.join("words.rs"), words)?;
    Ok(())
}
