//! The page as it is built while somebody works on it: each part alone and at once, nothing cut, nothing made small.

use super::page::{self, SCRIPT, STYLE, WASM};
use super::wasm::{self, Program};
use crate::workspace;
use anyhow::{Context, Result};
use std::{fs, path::PathBuf, process::Command};

/// Where the development server answers with what is built here.
pub(crate) const FOLDER: &str = "dev";

/// A program, compiled and bound.
pub(crate) struct DevCode {
    pub(crate) wasm: Vec<u8>,
    pub(crate) script: Vec<u8>,
}

/// The cargo command that compiles the program.
pub(crate) fn dev_compiler(program: Program) -> Command {
    wasm::development_compiler(program)
}

/// What the compiler left, bound to JavaScript and joined with public/loader.js.
pub(crate) fn bind_program(program: Program) -> Result<DevCode> {
    let folder = work_folder()?.join(program.stem());
    let wasm = wasm::bind_development(program, &folder)?;
    let names: Vec<_> =
        page::language_texts()?.into_iter().map(|(language, _)| (language, words_name(language))).collect();
    let script = page::bundle_script(&folder, &page::language_addresses(&names))?;
    Ok(DevCode { wasm: wasm::read_bytes(&wasm)?, script: wasm::read_bytes(&script)? })
}

/// The joined stylesheet of the program.
pub(crate) fn dev_stylesheet(program: Program) -> Result<String> {
    page::joined_style(program)
}

/// The words of every language but English, by file name.
pub(crate) fn text_files() -> Result<Vec<(String, String)>> {
    Ok(page::language_texts()?.into_iter().map(|(language, words)| (format!("{language}.txt"), words)).collect())
}

fn words_name(language: &str) -> String {
    format!("{FOLDER}/{language}.txt")
}

/// The document with the addresses of the development server, and with `script` as a further module.
pub(crate) fn dev_document(program: Program, version: &str, script: &str) -> Result<String> {
    let html = page::read_text(&workspace::root_folder().join(program.document()))?;
    name_parts(&page::without_trunk(&html), program.stem(), version, script)
}

fn name_parts(html: &str, stem: &str, version: &str, script: &str) -> Result<String> {
    let mut html = html.to_owned();
    for (address, extension) in [(WASM, "wasm"), (SCRIPT, "js"), (STYLE, "css")] {
        html = page::rename_address(&html, address, &format!("{FOLDER}/{stem}.{extension}?{version}"))?;
    }
    Ok(html.replacen("</head>", &format!("<script type=\"module\" src=\"{script}\"></script></head>"), 1))
}

/// A folder that a server can be started with: the documents, for it to put its data into, and what is copied as it is.
pub(crate) fn make_dist() -> Result<PathBuf> {
    let dist = work_folder()?.join("dist");
    fs::create_dir_all(&dist).with_context(|| format!("{} could not be made", dist.display()))?;
    let root = workspace::root_folder();
    for program in [Program::App, Program::Pay, Program::Kit] {
        page::copy_file(&root.join(program.document()), &dist.join(program.document()))?;
    }
    for name in page::COPIED {
        page::copy_file(&root.join("public").join(name), &dist.join(name))?;
    }
    Ok(dist)
}

fn work_folder() -> Result<PathBuf> {
    Ok(workspace::target_dir()?.join("dev"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_names_the_files_of_the_development_server_and_its_script() {
        for program in [Program::App, Program::Pay, Program::Kit] {
            let html = dev_document(program, "v1", "/dev/reload.js?x").unwrap();
            let stem = program.stem();
            for extension in ["wasm", "js", "css"] {
                assert!(html.contains(&format!("\"/dev/{stem}.{extension}?v1\"")), "{html}");
            }
            assert!(html.contains("<script type=\"module\" src=\"/dev/reload.js?x\"></script></head>"));
        }
    }
}
