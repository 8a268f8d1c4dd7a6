//! Which tests have passed on exactly these sources: those of a package, and those of the screens. A second run does no work
//! twice. A fresh clone, like CI's, knows of none, and whatever a test may read counts as a source.

use crate::{build, install, process, workspace};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, hash_map::DefaultHasher},
    fs,
    hash::{Hash, Hasher},
    path::{Path, PathBuf},
    process::Command,
};

/// What every package is built from besides its own folder.
const SHARED: [&str; 6] =
    ["Cargo.toml", "Cargo.lock", ".cargo/config.toml", ".config/nextest.toml", "rust-toolchain.toml", "clippy.toml"];
/// What tests read that is no part of a package they depend on.
const READ_BY_TESTS: [(&str, &str); 2] =
    [("billing-payments", "tests/stripe-oracles"), ("billing-server", "tests/oidc-judge")];
/// Its tests look at the whole tree.
const NEVER: [&str; 1] = ["xtask"];
const FILE: &str = "proven-tests.json";
/// Beside the packages: the browser tests that look at what the page makes of the demo's data.
pub(super) const SCREENS: &str = "screens";
/// The package whose sources are the page's.
const PAGE: &str = "nexis-billing-app";

/// Tests that passed, and how many they were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    fingerprint: String,
    pub(super) passed: u64,
}

/// What is known of the packages of this workspace, and of the screens.
/// See docs/decisions/0073-remember-passing-packages.md.
pub(super) struct Proven {
    /// As the sources are now; what is never remembered is left out.
    fingerprints: BTreeMap<String, String>,
    known: BTreeMap<String, Proof>,
}

impl Proven {
    pub(super) fn read() -> Result<Self> {
        let known = fs::read_to_string(proof_file()?).ok().and_then(|text| serde_json::from_str(&text).ok());
        Ok(Self { fingerprints: package_fingerprints()?, known: known.as_ref().map(read_proofs).unwrap_or_default() })
    }

    /// The packages that have nothing new to show, with the number of tests that passed.
    pub(super) fn unchanged_packages(&self) -> BTreeMap<&str, u64> {
        self.unchanged().filter(|(name, _)| *name != SCREENS).collect()
    }

    /// The number of tests of the screens, if they have nothing new to show.
    pub(super) fn unchanged_screens(&self) -> Option<u64> {
        self.unchanged().find(|(name, _)| *name == SCREENS).map(|(_, passed)| passed)
    }

    fn unchanged(&self) -> impl Iterator<Item = (&str, u64)> {
        let same = |name: &str, proof: &Proof| self.fingerprints.get(name) == Some(&proof.fingerprint);
        self.known
            .iter()
            .filter(move |(name, proof)| same(name, proof))
            .map(|(name, proof)| (name.as_str(), proof.passed))
    }

    /// Notes those whose tests all passed, and forgets those of which one did not.
    pub(super) fn note(&mut self, passed: &BTreeMap<String, u64>, failed: &BTreeSet<String>) -> Result<()> {
        for (name, count) in passed {
            if let Some(fingerprint) = self.fingerprints.get(name) {
                self.known.insert(name.clone(), Proof { fingerprint: fingerprint.clone(), passed: *count });
            }
        }
        self.known.retain(|name, _| !failed.contains(name));
        let known = self.known.iter();
        let document: serde_json::Map<String, Value> = known
            .map(|(name, proof)| (name.clone(), json!({"fingerprint": proof.fingerprint, "passed": proof.passed})))
            .collect();
        let path = proof_file()?;
        fs::write(&path, Value::Object(document).to_string())
            .with_context(|| format!("{} could not be written", path.display()))
    }
}

fn proof_file() -> Result<PathBuf> {
    Ok(workspace::target_dir()?.join(FILE))
}

fn read_proofs(document: &Value) -> BTreeMap<String, Proof> {
    let entries = document.as_object().into_iter().flatten();
    let read = |proof: &Value| {
        Some(Proof { fingerprint: proof["fingerprint"].as_str()?.to_owned(), passed: proof["passed"].as_u64()? })
    };
    entries.filter_map(|(name, proof)| Some((name.clone(), read(proof)?))).collect()
}

/// Of every package and all of the workspace's that it depends on, in tests too.
fn package_fingerprints() -> Result<BTreeMap<String, String>> {
    let metadata = workspace::cargo_metadata()?;
    let packages = metadata["packages"].as_array().context("`cargo metadata` lists no packages")?;
    let compiler = process::capture_output(Command::new("rustc").arg("-vV"))?;
    let mut found = BTreeMap::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        if NEVER.contains(&name) {
            continue;
        }
        let mut hasher = DefaultHasher::new();
        compiler.hash(&mut hasher);
        std::env::var_os("RUSTFLAGS").hash(&mut hasher);
        for file in source_files(&dependency_closure(name, packages), packages)? {
            workspace::relative_path(&file).hash(&mut hasher);
            fs::read(&file).with_context(|| format!("{} could not be read", file.display()))?.hash(&mut hasher);
        }
        found.insert(name.to_owned(), format!("{:016x}", hasher.finish()));
    }
    let screens = screens_fingerprint(found.get(PAGE).context("the workspace has no page")?)?;
    found.insert(SCREENS.to_owned(), screens);
    Ok(found)
}

/// Of the page, the browser that draws it, and everything the browser tests are made of.
fn screens_fingerprint(page: &str) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    page.hash(&mut hasher);
    if let Some(chromium) = install::chromium_program() {
        process::capture_output(Command::new(chromium).arg("--version")).unwrap_or_default().hash(&mut hasher);
    }
    for file in workspace::files_below(&workspace::browser_tests())?.into_iter().filter(|file| is_source(file)) {
        workspace::relative_path(&file).hash(&mut hasher);
        fs::read(&file).with_context(|| format!("{} could not be read", file.display()))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// The package and the members that it is built from.
fn dependency_closure<'a>(name: &'a str, packages: &'a [Value]) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = vec![name];
    while let Some(next) = open.pop() {
        if !found.insert(next) {
            continue;
        }
        let package = packages.iter().find(|package| package["name"].as_str() == Some(next));
        let dependencies = package.and_then(|package| package["dependencies"].as_array()).into_iter().flatten();
        open.extend(dependencies.filter(|one| !one["path"].is_null()).filter_map(|one| one["name"].as_str()));
    }
    found
}

fn source_files(names: &BTreeSet<&str>, packages: &[Value]) -> Result<Vec<PathBuf>> {
    let mut files = BTreeSet::new();
    let mut add = |path: PathBuf| -> Result<()> {
        if path.is_file() {
            files.insert(path);
        } else {
            files.extend(workspace::files_below(&path)?.into_iter().filter(|file| is_source(file)));
        }
        Ok(())
    };
    for shared in SHARED {
        add(workspace::root_folder().join(shared))?;
    }
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        if !names.contains(name) {
            continue;
        }
        let manifest = package["manifest_path"].as_str().map(PathBuf::from).unwrap_or_default();
        match manifest.parent() {
            // The page is the root package: its folder is the whole tree.
            Some(folder) if folder == workspace::root_folder() => {
                build::page_sources()?.into_iter().try_for_each(&mut add)?;
            }
            Some(folder) => add(folder.to_path_buf())?,
            None => {}
        }
        for (_, read) in READ_BY_TESTS.iter().filter(|(reader, _)| *reader == name) {
            add(workspace::root_folder().join(read))?;
        }
    }
    Ok(files.into_iter().filter(|file| file.is_file()).collect())
}

fn is_source(file: &Path) -> bool {
    !file.components().any(|part| {
        ["target", "node_modules", "generated", "test-results"].iter().any(|left| part.as_os_str() == *left)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proven(now: &str, before: &str) -> Proven {
        Proven {
            fingerprints: [("billing-store".to_owned(), now.to_owned())].into(),
            known: [("billing-store".to_owned(), Proof { fingerprint: before.to_owned(), passed: 7 })].into(),
        }
    }

    #[test]
    fn only_the_same_sources_have_been_proven() {
        assert_eq!(proven("a", "a").unchanged_packages(), [("billing-store", 7)].into());
        assert!(proven("a", "b").unchanged_packages().is_empty());
        assert_eq!(proven("a", "a").unchanged_screens(), None);
    }

    #[test]
    fn what_a_package_is_built_from_counts_with_it() {
        let packages = [
            json!({"name": "server", "dependencies": [{"name": "store", "path": "/x"}, {"name": "tokio", "path": null}]}),
            json!({"name": "store", "dependencies": [{"name": "domain", "path": "/y", "kind": "dev"}]}),
            json!({"name": "domain", "dependencies": []}),
        ];
        assert_eq!(dependency_closure("server", &packages), ["domain", "server", "store"].into());
        assert_eq!(dependency_closure("domain", &packages), ["domain"].into());
    }

    #[test]
    fn the_fingerprint_of_the_page_is_none_of_the_stores() {
        let now = package_fingerprints().unwrap();
        assert!(now[PAGE] != now["billing-store"] && !now.contains_key("xtask"));
    }

    #[test]
    fn the_screens_are_those_of_one_page() {
        assert_eq!(screens_fingerprint("a").unwrap(), screens_fingerprint("a").unwrap());
        assert_ne!(screens_fingerprint("a").unwrap(), screens_fingerprint("b").unwrap());
    }

    #[test]
    fn an_unreadable_note_proves_nothing() {
        assert!(read_proofs(&json!({"billing-store": {"fingerprint": "a"}, "billing-domain": 3})).is_empty());
        assert_eq!(read_proofs(&json!({"billing-store": {"fingerprint": "a", "passed": 5}})).len(), 1);
    }
}
