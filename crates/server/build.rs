//! Writes the constructors for the sentences that the server sends to people, and its mails (crates/catalogue).

use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=../catalogue/texts");
    let folder = env::var("OUT_DIR")?;
    let languages = [&[billing_catalogue::ENGLISH], billing_catalogue::OTHERS.as_slice()].concat();
    fs::write(Path::new(&folder).join("mails.rs"), billing_catalogue::write_mails(&languages)?)?;
    let source = billing_catalogue::write_constructors(&billing_catalogue::ENGLISH.read()?)?;
    fs::write(Path::new(&folder).join("messages.rs"), source)?;
    Ok(())
}
