//! Builds the product: the page into dist/ through Trunk, the server through cargo, both at once.

use crate::{
    install, precompress, process,
    steps::{self, Steps},
    workspace,
};
use anyhow::{Context, Result, bail};
use std::{
    collections::hash_map::DefaultHasher,
    fs,
    hash::{Hash, Hasher},
    path::PathBuf,
    process::{Child, Command},
    time::Instant,
};

/// What the page is made of; anything else may change without building it again.
const PAGE_SOURCES: [&str; 11] = [
    "src",
    "style",
    "public",
    "crates/domain",
    "crates/contract",
    "xtask/src",
    ".cargo/config.toml",
    "Cargo.toml",
    "Cargo.lock",
    "Trunk.toml",
    "index.html",
];
/// Trunk empties dist/ on every build, so this file vanishes with the build that it describes.
const STAMP: &str = ".built-from";
/// Trunk's minifier drops comments; it leaves this element, which becomes [`BOOTSTRAP_COMMENT`].
const BOOTSTRAP_ELEMENT: &str = "name=bootstrap";
/// Where the server puts the session's `/billing` answer.
const BOOTSTRAP_COMMENT: &str = "<!--bootstrap-->";

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let test_seams = match arguments {
        [] => false,
        [flag] if flag == "--test-seams" => true,
        _ => bail!("usage: cargo xtask build [--test-seams]"),
    };
    install::ensure(&install::for_build()?)?;
    Steps::of(1).step("the page and the server, in release", || product(test_seams))?;
    println!("\n{}\n{}", workspace::server_binary()?.display(), workspace::dist().display());
    Ok(())
}

/// Leaves `target/release/nexis-billing` and `dist/`. The seams are a cargo feature of the server alone, so both
/// variants keep their compiled dependencies and changing over costs one crate.
pub(crate) fn product(test_seams: bool) -> Result<()> {
    let mut server = process::spawn(&mut server_build(test_seams))?;
    let page = page();
    // The server's compiler is waited for in any case: it must not go on behind the back of an error.
    let outcome = finish(&mut server);
    page.and(outcome)
}

fn server_build(test_seams: bool) -> Command {
    let mut command = workspace::cargo();
    command.args(["build", "--release", "--locked", "--package", "billing-server", "--bin", "nexis-billing"]);
    if test_seams {
        command.args(["--features", "test-seams"]);
    }
    command
}

fn finish(server: &mut Child) -> Result<()> {
    process::judge("cargo build of the server", process::wait(server)?)
}

/// Builds the page unless dist/ already holds exactly these sources.
fn page() -> Result<()> {
    let stamp = fingerprint()?;
    let file = workspace::dist().join(STAMP);
    if fs::read_to_string(&file).is_ok_and(|built| built == stamp) {
        return Ok(());
    }
    let started = Instant::now();
    let mut trunk = Command::new(install::trunk()?);
    trunk.args(["build", "--release", "--locked"]).current_dir(workspace::root());
    // A colourless progress log: two builds write to one terminal.
    trunk.env("PATH", install::search_path()?).env("NO_COLOR", "true").env("CARGO_TERM_PROGRESS_WHEN", "never");
    process::run(&mut trunk)?;
    mark_bootstrap()?;
    precompress::folder(&workspace::dist())?;
    fs::write(&file, stamp).with_context(|| format!("{} could not be written", file.display()))?;
    println!("the page is built ({})", steps::seconds(started.elapsed()));
    Ok(())
}

/// Puts the server's marker into the finished index.html.
fn mark_bootstrap() -> Result<()> {
    let file = workspace::dist().join("index.html");
    let html = fs::read_to_string(&file).context("Trunk left no dist/index.html")?;
    fs::write(&file, with_marker(&html)?).context("dist/index.html could not be written")
}

fn with_marker(html: &str) -> Result<String> {
    let Some((before, after)) = html.split_once(BOOTSTRAP_ELEMENT) else {
        bail!("index.html lost its <meta {BOOTSTRAP_ELEMENT}>: the server would have nowhere to put the balance")
    };
    let (Some(start), Some(end)) = (before.rfind('<'), after.find('>')) else {
        bail!("the <meta {BOOTSTRAP_ELEMENT}> of index.html is not an element")
    };
    Ok(format!("{}{BOOTSTRAP_COMMENT}{}", &before[..start], &after[end + 1..]))
}

/// A number that changes with every byte that the page is built from.
fn fingerprint() -> Result<String> {
    let mut hasher = DefaultHasher::new();
    process::capture(Command::new("rustc").arg("-vV"))?.hash(&mut hasher);
    std::env::var_os("RUSTFLAGS").hash(&mut hasher);
    for file in page_sources()? {
        workspace::relative(&file).hash(&mut hasher);
        fs::read(&file).with_context(|| format!("{} could not be read", file.display()))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn page_sources() -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for source in PAGE_SOURCES {
        let path = workspace::root().join(source);
        if path.is_file() { files.push(path) } else { files.extend(workspace::files_below(&path)?) }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marker_replaces_the_whole_element_and_nothing_else() {
        let minified = "<head><meta charset=utf-8><meta name=bootstrap><title>x</title></head>";
        let marked = with_marker(minified).unwrap();
        assert_eq!(marked, "<head><meta charset=utf-8><!--bootstrap--><title>x</title></head>");
    }

    #[test]
    fn a_page_without_a_place_for_the_balance_is_an_error() {
        assert!(with_marker("<head></head>").is_err());
    }
}
