//! Writes the constructors for the sentences that the server sends to people (crates/catalogue).

use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=../catalogue/texts/en.json");
    let source = billing_catalogue::write_constructors(&billing_catalogue::ENGLISH.read()?)?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("messages.rs"), source)?;
    Ok(())
}
