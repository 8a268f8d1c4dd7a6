//! What Trunk leaves beside the document, made into the parts that the document names, so that `trunk serve` shows the page
//! that the release is.

use super::page::{self, SCRIPT, STYLE, WASM};
use super::wasm::Program;
use crate::workspace;
use anyhow::{Context, Result, bail};
use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// Trunk's settings, and the chore that they name.
const SETTINGS: &str = "Trunk.toml";
const CHORE: &str = "command_arguments = [\"run\", \"--quiet\", \"--package\", \"xtask\", \"--\", \"trunk\"]";
/// The line of the document that Trunk reads.
const MARK: &str = "data-trunk";

/// `cargo xtask trunk`: Trunk calls it after each build, with the folder that it is about to show.
pub(crate) fn run_trunk(arguments: &[String]) -> Result<()> {
    let staging = env::var_os("TRUNK_STAGING_DIR").filter(|_| arguments.is_empty());
    let Some(staging) = staging else {
        bail!("`trunk serve` calls this chore (Trunk.toml); by hand it has nothing to do")
    };
    finish_build(&PathBuf::from(staging), &workspace::target_dir()?.join("trunk-work"))
}

fn finish_build(staging: &Path, work: &Path) -> Result<()> {
    let (program, bin) = (Program::App, Program::App.bin());
    if work.exists() {
        fs::remove_dir_all(work).with_context(|| format!("{} could not be emptied", work.display()))?;
    }
    for file in workspace::files_below(staging)? {
        // The script that starts the Wasm, under the name by which public/loader.js knows it, and what it imports.
        let path = file.strip_prefix(staging)?;
        let name = if path == Path::new(&format!("{bin}.js")) { Path::new("app.js") } else { path };
        if name.extension().is_some_and(|extension| extension == "js") {
            let to = work.join(name);
            fs::create_dir_all(to.parent().unwrap_or(work))?;
            page::copy_file(&file, &to)?;
        }
    }
    fs::rename(staging.join(format!("{bin}_bg.wasm")), in_folder(staging, WASM)).context("Trunk left no Wasm")?;
    let mut names = Vec::new();
    for (language, words) in page::language_texts()? {
        let name = format!("{language}.txt");
        fs::write(staging.join(&name), words)?;
        names.push((language, name));
    }
    page::copy_file(&page::bundle_script(work, &page::language_addresses(&names))?, &in_folder(staging, SCRIPT))?;
    fs::write(in_folder(staging, STYLE), page::joined_style(program)?)?;
    let document = staging.join(program.document());
    // The server's part: who the operator is. The data of the first screen is asked for by the app itself.
    let html = page::without_trunk(&page::read_text(&document)?).replace("<!--name-->", "Nexis");
    fs::write(&document, html).with_context(|| format!("{} could not be written", document.display()))
}

fn in_folder(folder: &Path, address: &str) -> PathBuf {
    folder.join(address.trim_start_matches('/'))
}

/// Where what Trunk shows would not be what the release is; empty when they name the same parts.
/// See docs/decisions/0070-page-build.md.
pub(crate) fn find_differences() -> Result<Vec<String>> {
    let root = workspace::root_folder();
    let read = |name: &str| page::read_text(&root.join(name));
    let version = workspace::locked_version("wasm-bindgen")?;
    Ok(compare_settings(&read(SETTINGS)?, &read(Program::App.document())?, &version))
}

/// One document for both leaves nothing to differ but what Trunk reads in it, and what its settings say.
fn compare_settings(settings: &str, document: &str, wasm_bindgen: &str) -> Vec<String> {
    let app = Program::App;
    let mut found = Vec::new();
    for line in [
        format!("target = \"{}\"", app.document()),
        format!("wasm_bindgen = \"{wasm_bindgen}\""),
        "inject_scripts = false".to_owned(),
        "filehash = false".to_owned(),
        CHORE.to_owned(),
    ] {
        if !settings.lines().any(|own| own.trim() == line) {
            found.push(format!("{SETTINGS}: the line `{line}` is missing"));
        }
    }
    let marked: Vec<&str> = document.lines().filter(|line| line.contains(MARK)).map(str::trim).collect();
    let wanted = format!("<link data-trunk rel=\"rust\" data-bin=\"{}\">", app.bin());
    if marked != [wanted.as_str()] {
        found.push(format!("{}: Trunk must find this line and no other of its own: {wanted}", app.document()));
    }
    for address in [WASM, SCRIPT, STYLE] {
        if page::rename_address(document, address, "x").is_err() {
            found.push(format!("{}: {address} must be named exactly once", app.document()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> (String, String, String) {
        let read = |name: &str| page::read_text(&workspace::root_folder().join(name)).unwrap();
        (read(SETTINGS), read("index.html"), workspace::locked_version("wasm-bindgen").unwrap())
    }

    #[test]
    fn trunk_and_the_release_name_the_same_parts() {
        assert_eq!(find_differences().unwrap(), [""; 0]);
    }

    #[test]
    fn whatever_would_make_them_differ_is_found() {
        let (settings, document, version) = tree();
        assert_eq!(
            compare_settings(&settings.replace("\"index.html\"\ndist", "\"trunk.html\"\ndist"), &document, &version)
                .len(),
            1
        );
        assert_eq!(compare_settings(&settings, &document, "0.2.999").len(), 1);
        assert_eq!(compare_settings(&settings.replace("\"trunk\"]", "\"page\"]"), &document, &version).len(), 1);
        assert_eq!(compare_settings(&settings, &document.replace("billing-app\"", "billing-pay\""), &version).len(), 1);
        assert_eq!(compare_settings(&settings, &document.replace("/app.css", "/trunk.css"), &version).len(), 1);
        let further = document.replace("</head>", "<link data-trunk rel=\"css\" href=\"style/base.css\">\n</head>");
        assert_eq!(compare_settings(&settings, &further, &version).len(), 1);
    }
}
