//! `cargo xtask dev --measure`: how long it takes until a browser shows an edit, by a browser that waits for it.

use crate::{process, suite, workspace};
use anyhow::{Context, Result};
use std::{fs, path::PathBuf};

/// What tests/browser/dev/loop.ts edits. It takes its edits back itself; whatever stops it, they are taken back here.
const EDITED: [&str; 3] =
    ["src/pages/settings/billing/balance.rs", "crates/catalogue/texts/en.json", "style/pages/billing/balance.css"];

/// Measures on the development server at `address`; the table goes to the terminal.
pub(super) fn measure_edits(address: &str) -> Result<()> {
    let _originals = Originals::keep()?;
    let mut measure = suite::playwright_command(&workspace::server_binary()?, &["--config=dev.config.ts"])?;
    process::run_command(measure.env("NEXIS_BILLING_DEV", address))
}

/// The edited files as they were; back in their place when this is dropped.
struct Originals(Vec<(PathBuf, Vec<u8>)>);

impl Originals {
    fn keep() -> Result<Self> {
        let read = |path: &str| {
            let file = workspace::root_folder().join(path);
            let bytes = fs::read(&file).with_context(|| format!("{path} could not be read"))?;
            Ok((file, bytes))
        };
        EDITED.iter().map(|path| read(path)).collect::<Result<_>>().map(Self)
    }
}

impl Drop for Originals {
    fn drop(&mut self) {
        for (file, bytes) in &self.0 {
            // Written only where it differs: a new date alone would be another edit.
            if fs::read(file).is_ok_and(|now| now == *bytes) {
                continue;
            }
            if let Err(error) = fs::write(file, bytes) {
                println!("{} could not be put back: {error}", workspace::relative_path(file));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edited_file_is_as_before_when_the_measurement_ends() {
        let file = std::env::temp_dir().join(format!("nexis-billing-original-{}", std::process::id()));
        fs::write(&file, "edited").unwrap();
        drop(Originals(vec![(file.clone(), b"as it was".to_vec())]));
        assert_eq!(fs::read(&file).unwrap(), b"as it was");
        fs::remove_file(&file).unwrap();
    }
}
