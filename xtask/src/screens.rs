//! Takes pictures: of every screen for looking at, the one that the README shows, and the picture book in docs/screens/.

mod picture_book;

use crate::{arguments::UnknownArguments, build, install, process, steps::Steps, suite, workspace};
use anyhow::{Result, bail};
use std::{env, fs, path::Path, path::PathBuf};

/// The README's picture must stay light enough to be cloned by everybody.
const PICTURE_LIMIT_BYTES: u64 = 300_000;

pub(crate) fn run_screens(arguments: &[String]) -> Result<()> {
    let folder = match arguments {
        [] => env::temp_dir().join("shots"),
        [flag] if flag == "--renew" => return renew_book(),
        [folder] if !folder.starts_with('-') => PathBuf::from(folder),
        _ => return Err(UnknownArguments::new(arguments).into()),
    };
    let mut steps = build_photographed()?;
    take_pictures(&folder, &mut steps)
}

/// The product that is photographed, built; the pictures are the second step.
fn build_photographed() -> Result<Steps> {
    install::ensure_installed(&install::for_build()?)?;
    install::ensure_installed(&install::for_browser())?;
    let mut steps = Steps::of(2);
    steps.step("the product with test seams, in release", || build::build_product(true))?;
    Ok(steps)
}

fn take_pictures(folder: &Path, steps: &mut Steps) -> Result<()> {
    fs::create_dir_all(folder)?;
    let picture = workspace::root_folder().join("docs/billing.png");
    let mut shots = suite::playwright_command(&workspace::server_binary()?, &["--config=screens.config.ts"])?;
    shots.env("NEXIS_BILLING_SHOTS", folder).env("NEXIS_BILLING_PICTURE", &picture);
    steps.step("pictures", || process::run_command(&mut shots))?;
    let bytes = fs::metadata(&picture)?.len();
    if bytes > PICTURE_LIMIT_BYTES {
        bail!("{} has {bytes} bytes, the limit is {PICTURE_LIMIT_BYTES}", workspace::relative_path(&picture));
    }
    println!("\n{}\n{} ({bytes} bytes)", folder.display(), picture.display());
    Ok(())
}

/// The test that judges the pictures takes those anew that look different, and those that are missing.
fn renew_book() -> Result<()> {
    install::ensure_installed(&[install::for_pictures()])?;
    let mut steps = build_photographed()?;
    picture_book::drop_stale()?;
    let mut shots = suite::playwright_command(
        &workspace::server_binary()?,
        &["pictures.spec.ts", "--project=desktop", "--project=phone"],
    )?;
    shots.args(["--update-snapshots=changed", "--reporter=line"]);
    steps.step("pictures", || process::run_command(&mut shots))?;
    picture_book::shrink_pictures()?;
    picture_book::write_index()?;
    println!("\nLook at what changed before you commit it: git diff --stat docs/screens");
    Ok(())
}
