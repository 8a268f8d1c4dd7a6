//! Short names for what the Wasm imports: wasm-bindgen's own carry 16 digits each, in the Wasm and in its script, which
//! no compression can take away (4.5 KB of the first load).

use anyhow::{Result, anyhow, bail};
use std::collections::HashMap;
use wasm_encoder::{
    ImportSection, Module,
    reencode::{Error, Reencode},
};

/// How wasm-bindgen's names begin. Others belong to what loads the later parts.
const OURS: [&str; 2] = ["__wbg_", "__wbindgen_"];

/// The Wasm and its script with short names. A name that the script does not write exactly once keeps its length.
pub(super) fn shorten_names(wasm: &[u8], script: &str) -> Result<(Vec<u8>, String)> {
    let mut written = HashMap::new();
    for word in split_words(script) {
        *written.entry(word).or_insert(0_usize) += 1;
    }
    let mut renaming = Renaming { once: |name: &str| written.get(name) == Some(&1), short: HashMap::new() };
    let mut module = Module::new();
    let outcome = renaming.parse_core_module(&mut module, wasmparser::Parser::new(0), wasm);
    outcome.map_err(|error| anyhow!("the imports of the Wasm could not be renamed: {error}"))?;
    let short = renaming.short;
    if short.is_empty() {
        bail!("the Wasm imports nothing by a name of wasm-bindgen's: it would run into nothing");
    }
    let script = split_words(script).map(|word| short.get(word).map_or(word, String::as_str)).collect();
    Ok((module.finish(), script))
}

struct Renaming<F> {
    once: F,
    short: HashMap<String, String>,
}

impl<F: Fn(&str) -> bool> Reencode for Renaming<F> {
    type Error = std::convert::Infallible;

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: wasmparser::ImportSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        for import in section.into_imports() {
            let import = import?;
            let kind = self.entity_type(import.ty)?;
            let ours = OURS.iter().any(|start| import.name.starts_with(start)) && (self.once)(import.name);
            let next = format!("_{:x}", self.short.len());
            let name = if ours { self.short.entry(import.name.to_owned()).or_insert(next) } else { import.name };
            imports.import(import.module, name, kind);
        }
        Ok(())
    }
}

/// The script cut into identifiers and what stands between them; joined again it is the script.
fn split_words(script: &str) -> impl Iterator<Item = &str> {
    let in_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '$';
    let mut rest = script;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = rest.find(|letter| in_word(letter) != in_word(first)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{EntityType, TypeSection};

    fn importing(names: &[&str]) -> Vec<u8> {
        let mut module = Module::new();
        let mut types = TypeSection::new();
        types.ty().function([], []);
        module.section(&types);
        let mut imports = ImportSection::new();
        for name in names {
            imports.import("./app_bg.js", name, EntityType::Function(0));
        }
        module.section(&imports);
        module.finish()
    }

    #[test]
    fn the_wasm_and_its_script_agree_on_the_short_names() {
        let wasm = importing(&["__wbg_log_0123456789abcdef", "__wasm_split_load_x"]);
        let script = "({ __wbg_log_0123456789abcdef: (text) => log(text), __wbg_log_0: 1 });";
        let (wasm, script) = shorten_names(&wasm, script).unwrap();
        assert_eq!(wasm, importing(&["_0", "__wasm_split_load_x"]));
        assert_eq!(script, "({ _0: (text) => log(text), __wbg_log_0: 1 });");
    }

    #[test]
    fn a_name_that_the_script_uses_twice_is_left_alone() {
        let wasm = importing(&["__wbg_a_1", "__wbg_b_2"]);
        let (wasm, script) = shorten_names(&wasm, "__wbg_a_1 __wbg_a_1 __wbg_b_2").unwrap();
        assert_eq!((wasm, script.as_str()), (importing(&["__wbg_a_1", "_0"]), "__wbg_a_1 __wbg_a_1 _0"));
        assert!(shorten_names(&importing(&["__wbg_c_3"]), "nothing").is_err());
    }
}
