//! Writes the typed functions for the page's words (crates/catalogue).

use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=crates/catalogue");
    let source = billing_catalogue::write_functions(&billing_catalogue::ENGLISH.read()?);
    fs::write(Path::new(&env::var("OUT_DIR")?).join("texts.rs"), source)?;
    Ok(())
}
