//! The page as it is built while somebody works on it: each part alone and at once, nothing cut, nothing made small.

use super::page::{self, SCRIPT, STYLE, WASM};
use super::wasm::{self, Program};
use crate::workspace;
use anyhow::{Context, Result};
use std::{fs, path::PathBuf, process::Command};

/// Where the development server answers with what is built here.
pub(crate) const FOLDER: &str = "dev";

/// A program, compiled and bound.
pub(crate) struct Code {
    pub(crate) wasm: Vec<u8>,
    pub(crate) script: Vec<u8>,
}

/// The cargo command that compiles the program.
pub(crate) fn compiler(program: Program) -> Command {
    wasm::development_compiler(program)
}

/// What the compiler left, bound to JavaScript and joined with public/loader.js.
pub(crate) fn bind(program: Program) -> Result<Code> {
    let folder = work()?.join(program.stem());
    let wasm = wasm::bind_development(program, &folder)?;
    let names: Vec<_> = page::words()?.into_iter().map(|(language, _)| (language, words_name(language))).collect();
    let script = page::script(&folder, &page::addresses(&names))?;
    Ok(Code { wasm: wasm::read(&wasm)?, script: wasm::read(&script)? })
}

/// The joined stylesheet of the program.
pub(crate) fn stylesheet(program: Program) -> Result<String> {
    page::joined_style(program)
}

/// The words of every language but English, by file name.
pub(crate) fn words() -> Result<Vec<(String, String)>> {
    Ok(page::words()?.into_iter().map(|(language, words)| (format!("{language}.txt"), words)).collect())
}

fn words_name(language: &str) -> String {
    format!("{FOLDER}/{language}.txt")
}

/// The document with the addresses of the development server, and with `script` as a further module.
pub(crate) fn document(program: Program, version: &str, script: &str) -> Result<String> {
    let html = page::read(&workspace::root().join(program.document()))?;
    named(&page::without_trunk(&html), program.stem(), version, script)
}

fn named(html: &str, stem: &str, version: &str, script: &str) -> Result<String> {
    let mut html = html.to_owned();
    for (address, extension) in [(WASM, "wasm"), (SCRIPT, "js"), (STYLE, "css")] {
        html = page::renamed(&html, address, &format!("{FOLDER}/{stem}.{extension}?{version}"))?;
    }
    Ok(html.replacen("</head>", &format!("<script type=\"module\" src=\"{script}\"></script></head>"), 1))
}

/// A folder that a server can be started with: the documents, for it to put its data into, and what is copied as it is.
pub(crate) fn dist() -> Result<PathBuf> {
    let dist = work()?.join("dist");
    fs::create_dir_all(&dist).with_context(|| format!("{} could not be made", dist.display()))?;
    let root = workspace::root();
    for program in [Program::App, Program::Pay, Program::Kit] {
        page::copy(&root.join(program.document()), &dist.join(program.document()))?;
    }
    for name in page::COPIED {
        page::copy(&root.join("public").join(name), &dist.join(name))?;
    }
    Ok(dist)
}

fn work() -> Result<PathBuf> {
    Ok(workspace::target_dir()?.join("dev"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_names_the_files_of_the_development_server_and_its_script() {
        for program in [Program::App, Program::Pay, Program::Kit] {
            let html = document(program, "v1", "/dev/reload.js?x").unwrap();
            let stem = program.stem();
            for extension in ["wasm", "js", "css"] {
                assert!(html.contains(&format!("\"/dev/{stem}.{extension}?v1\"")), "{html}");
            }
            assert!(html.contains("<script type=\"module\" src=\"/dev/reload.js?x\"></script></head>"));
        }
    }
}
