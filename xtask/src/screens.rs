//! Takes pictures of every screen for looking at, and the one that the README shows.

use crate::{build, install, process, steps::Steps, suite, workspace};
use anyhow::{Result, bail};
use std::{env, fs, path::PathBuf};

/// The README's picture must stay light enough to be cloned by everybody.
const PICTURE_LIMIT_BYTES: u64 = 300_000;

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let folder = match arguments {
        [] => env::temp_dir().join("shots"),
        [folder] => PathBuf::from(folder),
        _ => bail!("usage: cargo xtask screens [FOLDER]"),
    };
    install::ensure(&install::for_build()?)?;
    install::ensure(&install::for_browser())?;
    fs::create_dir_all(&folder)?;
    let mut steps = Steps::of(2);
    steps.step("the product with test seams, in release", || build::product(true))?;
    let picture = workspace::root().join("docs/billing.png");
    let mut shots = suite::playwright(&["--config=screens.config.ts"])?;
    shots.env("NEXIS_BILLING_SHOTS", &folder).env("NEXIS_BILLING_PICTURE", &picture);
    steps.step("pictures", || process::run(&mut shots))?;
    let bytes = fs::metadata(&picture)?.len();
    if bytes > PICTURE_LIMIT_BYTES {
        bail!("{} has {bytes} bytes, the limit is {PICTURE_LIMIT_BYTES}", workspace::relative(&picture));
    }
    println!("\n{}\n{} ({bytes} bytes)", folder.display(), picture.display());
    Ok(())
}
