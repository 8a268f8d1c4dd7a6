//! Builds the product: the page into dist/, the server through cargo, both at once.

pub(crate) mod development;
mod embed;
mod imports;
mod page;
pub(crate) mod trunk;
mod wasm;

use crate::{
    arguments::UnknownArguments,
    budgets, install, process,
    steps::{self, Steps},
    workspace,
};
pub(crate) use embed::EMBED_NAMES;
pub(crate) use wasm::Program;

use anyhow::{Context, Result};
use std::{
    collections::hash_map::DefaultHasher,
    fs,
    hash::{Hash, Hasher},
    path::PathBuf,
    process::{Child, Command},
    time::Instant,
};

/// What the page is made of; anything else may change without building it again.
const PAGE_SOURCES: [&str; 16] = [
    "src",
    "style",
    "public",
    "crates/domain",
    "crates/contract",
    "crates/catalogue",
    "build.rs",
    "xtask/src",
    ".cargo/config.toml",
    "Cargo.toml",
    "Cargo.lock",
    "index.html",
    "pay.html",
    "embed.html",
    "balance.html",
    "kit.html",
];
/// dist/ is emptied by every build, so this file vanishes with the build that it describes.
const STAMP: &str = ".built-from";
/// The same for the kit.
const KIT_STAMP: &str = ".kit-built-from";

pub(crate) fn run_build(arguments: &[String]) -> Result<()> {
    let test_seams = match arguments {
        [] => false,
        [flag] if flag == "--test-seams" => true,
        _ => return Err(UnknownArguments::new(arguments).into()),
    };
    install::ensure_installed(&install::for_build()?)?;
    Steps::of(1).step("the page and the server, in release", || build_product(test_seams))?;
    println!("\n{}\n{}", workspace::server_binary()?.display(), workspace::dist_folder().display());
    Ok(())
}

/// `cargo xtask page`: for those who work on the page and restart a server that they have.
pub(crate) fn run_page(arguments: &[String]) -> Result<()> {
    let with_kit = match arguments {
        [] => false,
        [flag] if flag == "--kit" => true,
        _ => return Err(UnknownArguments::new(arguments).into()),
    };
    install::ensure_installed(&install::for_build()?)?;
    let mut steps = Steps::of(if with_kit { 2 } else { 1 });
    steps.step("the page, in release", page_if_changed)?;
    budgets::check_budgets()?;
    if with_kit {
        steps.step("the kit, shown at /kit", build_kit)?;
    }
    Ok(())
}

/// Puts the kit into dist/, until the product is built again.
pub(crate) fn build_kit() -> Result<()> {
    let stamp = page_fingerprint()?;
    let file = workspace::dist_folder().join(KIT_STAMP);
    if fs::read_to_string(&file).is_ok_and(|built| built == stamp) {
        return Ok(());
    }
    page::add_kit()?;
    fs::write(&file, stamp).with_context(|| format!("{} could not be written", file.display()))
}

/// Leaves `target/release/nexis-billing` and `dist/`. The seams are a cargo feature of the server alone, so both
/// variants keep their compiled dependencies and changing over costs one crate.
pub(crate) fn build_product(test_seams: bool) -> Result<()> {
    let mut server = process::spawn_command(&mut server_build(test_seams))?;
    let page = page_if_changed();
    // The server's compiler is waited for in any case: it must not go on behind the back of an error.
    let outcome = finish_server(&mut server);
    page.and(outcome)
}

fn server_build(test_seams: bool) -> Command {
    let mut command = workspace::cargo_command();
    command.args(["build", "--release", "--locked", "--package", "billing-server", "--bin", "nexis-billing"]);
    if test_seams {
        command.args(["--features", "test-seams"]);
    }
    command
}

fn finish_server(server: &mut Child) -> Result<()> {
    process::check_status("cargo build of the server", process::wait_for_end(server)?)
}

/// Builds the page unless dist/ already holds exactly these sources.
pub(crate) fn page_if_changed() -> Result<()> {
    let stamp = page_fingerprint()?;
    let file = workspace::dist_folder().join(STAMP);
    if fs::read_to_string(&file).is_ok_and(|built| built == stamp) {
        return page::remove_kit();
    }
    let started = Instant::now();
    page::make_page(embed::make_embed)?;
    fs::write(&file, stamp).with_context(|| format!("{} could not be written", file.display()))?;
    println!("the page is built ({})", steps::format_seconds(started.elapsed()));
    Ok(())
}

/// `stem-<16 hexadecimal digits>.extension`: a name that never stands for other contents.
fn name_of_contents(stem: &str, extension: &str, contents: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    contents.hash(&mut hasher);
    format!("{stem}-{:016x}.{extension}", hasher.finish())
}

/// A number that changes with every byte that the page is built from.
fn page_fingerprint() -> Result<String> {
    let mut hasher = DefaultHasher::new();
    process::capture_output(Command::new("rustc").arg("-vV"))?.hash(&mut hasher);
    std::env::var_os("RUSTFLAGS").hash(&mut hasher);
    for file in page_sources()? {
        workspace::relative_path(&file).hash(&mut hasher);
        fs::read(&file).with_context(|| format!("{} could not be read", file.display()))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// Every file that the page is built from.
pub(crate) fn page_sources() -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for source in PAGE_SOURCES {
        let path = workspace::root_folder().join(source);
        if path.is_file() { files.push(path) } else { files.extend(workspace::files_below(&path)?) }
    }
    Ok(files)
}
