//! What stands in a host's page: the app's document for a frame, the balance alone, and the element that holds them.

use super::page::{self, BOOTSTRAP, NAME, PartName};
use crate::{process, workspace};
use anyhow::{Context, Result};
use billing_catalogue::{Catalogue, ENGLISH, Message, OTHERS};
use serde_json::{Map, Value, json};
use std::{fs, path::Path};

/// The area of the catalogue that the scripts speak.
const AREA: &str = "embed";
/// Of it, what the two frames are called, in the element's order.
pub(crate) const EMBED_NAMES: [&str; 2] = ["title", "balance"];
/// The element, under the address that hosts write into their pages.
const ELEMENT: &str = "embed/v1.js";

/// Leaves in dist/ the two documents with their scripts and styles, and the element. `app` are the parts of the app.
pub(super) fn make_embed(work: &Path, dist: &Path, app: &[PartName]) -> Result<()> {
    for folder in [work.join(AREA), dist.join(AREA)] {
        fs::create_dir_all(&folder).with_context(|| format!("{} could not be made", folder.display()))?;
    }
    let texts = embed_texts()?;
    let mut parts = app.to_vec();
    for (address, stem, extension) in [("/embed-loader.js", "embed", "js"), ("/embed.css", "embed", "css")] {
        parts.push((address, make_part(address, stem, extension, work, dist, &texts)?));
    }
    page::write_document("embed.html", &parts, &[BOOTSTRAP, NAME], dist)?;
    let mut parts = Vec::new();
    for (address, stem, extension) in [("/balance.js", "balance", "js"), ("/balance.css", "balance", "css")] {
        parts.push((address, make_part(address, stem, extension, work, dist, &texts)?));
    }
    page::write_document("balance.html", &parts, &[NAME], dist)?;
    bundle_part(ELEMENT, &work.join(ELEMENT), &texts)?;
    page::copy_file(&work.join(ELEMENT), &dist.join(ELEMENT))
}

fn make_part(
    address: &'static str,
    stem: &str,
    extension: &str,
    work: &Path,
    dist: &Path,
    texts: &Value,
) -> Result<String> {
    let name = address.trim_start_matches('/');
    bundle_part(name, &work.join(name), texts)?;
    page::place_part(stem, extension, &work.join(name), dist)
}

/// This file of public/ with all that it imports, small.
fn bundle_part(name: &str, to: &Path, texts: &Value) -> Result<()> {
    let mut esbuild = page::esbuild_command(&workspace::root_folder().join("public").join(name), to)?;
    let names: Map<String, Value> = texts
        .as_object()
        .into_iter()
        .flatten()
        .map(|(language, words)| (language.clone(), json!(EMBED_NAMES.map(|name| &words[name]))))
        .collect();
    esbuild.args(["--bundle", "--format=esm"]);
    esbuild.arg(format!("--define:NAMES={}", Value::Object(names)));
    process::run_command(esbuild.arg(format!("--define:EMBED_TEXTS={texts}")))
}

/// `{"de":{"title":"…"}}`, as public/embed/language.js wants it.
fn embed_texts() -> Result<Value> {
    let mut all = Map::new();
    for source in [ENGLISH].iter().chain(&OTHERS) {
        let file = workspace::root_folder().join(format!("crates/catalogue/texts/{}.json", source.language));
        let catalogue = Catalogue::parse(&page::read_text(&file)?).with_context(|| workspace::relative_path(&file))?;
        let messages = catalogue.areas.get(AREA).into_iter().flatten();
        let words: Map<String, Value> = messages
            .filter_map(|(name, message)| match message {
                Message::Text(text) => Some((name.clone(), Value::from(text.as_str()))),
                Message::Plural(_) => None,
            })
            .collect();
        all.insert(source.language.to_owned(), Value::Object(words));
    }
    Ok(Value::Object(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_the_words_that_the_scripts_say() {
        let texts = embed_texts().unwrap();
        assert_eq!(texts.as_object().unwrap().len(), 1 + OTHERS.len());
        for (language, words) in texts.as_object().unwrap() {
            for name in EMBED_NAMES.iter().chain(&["loading", "try_again", "gone", "unavailable", "ended"]) {
                assert!(words[name].as_str().is_some_and(|text| !text.is_empty()), "{language}: {name}");
            }
        }
    }

    #[test]
    fn the_documents_of_this_tree_name_what_is_built() {
        for (document, addresses) in [
            ("embed.html", &[page::WASM, page::SCRIPT, page::STYLE, "/embed-loader.js", "/embed.css"][..]),
            ("balance.html", &["/balance.js", "/balance.css"]),
        ] {
            let html = page::read_text(&workspace::root_folder().join(document)).unwrap();
            for address in addresses {
                page::rename_address(&html, address, "x").unwrap();
            }
        }
    }
}
