//! Fetches what a fresh machine lacks, once; what cannot be fetched is named with the command that installs it.

mod cargo_tool;
mod node;
mod rust;
mod system;

use crate::{steps::Steps, workspace};
use anyhow::{Result, bail};
use std::{env, ffi::OsString, path::PathBuf};

pub(crate) use node::chromium_program;
pub(crate) use system::{is_root, postgres_bin};

/// Pinned beside the lock file's versions, so that two machines build the same bytes.
const WASM_SPLIT: &str = "0.2.4";
const BINARYEN: &str = "132.0.0";
const ESBUILD: &str = "0.28.2";
const NEXTEST: &str = "0.9.143";
/// Names another browser for the tests.
pub(crate) const CHROMIUM: &str = "NEXIS_BILLING_CHROMIUM";
/// Chromium without windows: Debian's package and its program.
const HEADLESS: &str = "chromium-headless-shell";
const CARGO_DENY: &str = "0.20.2";
const TYPOS: &str = "1.52.0";

/// Something that the work needs and a fresh machine may lack.
pub(crate) trait Requirement {
    /// What it is, with its version.
    fn title(&self) -> String;
    /// What fetching it costs, in words.
    fn cost(&self) -> String;
    fn is_present(&self) -> Result<bool>;
    fn fetch(&self) -> Result<()>;
}

/// What building the product needs.
pub(crate) fn for_build() -> Result<Vec<Box<dyn Requirement>>> {
    Ok(vec![
        Box::new(rust::WasmTarget),
        Box::new(node::Node),
        Box::new(cargo_tool::CargoTool::wasm_split(WASM_SPLIT)),
        Box::new(cargo_tool::CargoTool::wasm_bindgen(&workspace::locked_version("wasm-bindgen")?)),
        Box::new(node::NpmTool { package: "binaryen", version: BINARYEN, program: "wasm-opt" }),
        Box::new(node::NpmTool { package: "esbuild", version: ESBUILD, program: "esbuild" }),
    ])
}

/// What building the page while somebody works on it needs.
pub(crate) fn for_development() -> Result<Vec<Box<dyn Requirement>>> {
    Ok(vec![
        Box::new(rust::WasmTarget),
        Box::new(node::Node),
        Box::new(cargo_tool::CargoTool::wasm_bindgen(&workspace::locked_version("wasm-bindgen")?)),
        Box::new(node::NpmTool { package: "esbuild", version: ESBUILD, program: "esbuild" }),
    ])
}

/// What the quick checks need.
pub(crate) fn for_checks() -> Vec<Box<dyn Requirement>> {
    vec![
        Box::new(rust::WasmTarget),
        Box::new(rust::Components),
        Box::new(cargo_tool::CargoTool::cargo_deny(CARGO_DENY)),
        Box::new(cargo_tool::CargoTool::typos(TYPOS)),
    ]
}

/// What driving the product in a browser needs, beyond building it.
pub(crate) fn for_browser() -> Vec<Box<dyn Requirement>> {
    vec![Box::new(system::Chromium), Box::new(node::NpmFolder { title: "Playwright and axe", folder: "tests/browser" })]
}

/// What Stripe's own packages judge with.
pub(crate) fn for_oracles() -> Box<dyn Requirement> {
    Box::new(node::NpmFolder { title: "Stripe's own packages", folder: "tests/stripe-oracles" })
}

/// The identity provider that judges how people sign in by one.
pub(crate) fn for_sign_in() -> Box<dyn Requirement> {
    Box::new(node::NpmFolder { title: "an OpenID provider", folder: "tests/oidc-judge" })
}

/// What keeps the pictures in the repository small.
pub(crate) fn for_pictures() -> Box<dyn Requirement> {
    Box::new(system::Pngquant)
}

/// What runs the Rust tests.
pub(crate) fn for_rust_tests() -> Box<dyn Requirement> {
    Box::new(cargo_tool::Nextest(cargo_tool::CargoTool::nextest(NEXTEST)))
}

/// What the store's second half needs.
pub(crate) fn for_postgres() -> Box<dyn Requirement> {
    Box::new(system::Postgres)
}

/// What reading receipts back needs.
pub(crate) fn for_receipts() -> Box<dyn Requirement> {
    Box::new(system::Receipts)
}

/// Fetches what is missing and prints one line for each thing that had to be fetched.
pub(crate) fn ensure_installed(requirements: &[Box<dyn Requirement>]) -> Result<()> {
    let mut missing = Vec::new();
    for requirement in requirements {
        if !requirement.is_present()? {
            missing.push(requirement);
        }
    }
    let mut steps = Steps::of(missing.len());
    for requirement in missing {
        let title = format!("{} (once a machine, {})", requirement.title(), requirement.cost());
        steps.step(title, || requirement.fetch())?;
        if !requirement.is_present()? {
            bail!("{} was installed without an error and yet cannot be found", requirement.title());
        }
    }
    Ok(())
}

/// Cuts the Wasm at its split points.
pub(crate) fn wasm_split() -> Result<PathBuf> {
    Ok(folder_of("wasm_split_cli_support", WASM_SPLIT)?.join("bin/wasm-split-cli"))
}

/// The wasm-bindgen of the lock file's version.
pub(crate) fn wasm_bindgen() -> Result<PathBuf> {
    Ok(folder_of("wasm-bindgen-cli", &workspace::locked_version("wasm-bindgen")?)?.join("bin/wasm-bindgen"))
}

/// The optimizer for Wasm.
pub(crate) fn wasm_opt() -> Result<PathBuf> {
    Ok(folder_of("binaryen", BINARYEN)?.join("node_modules/.bin/wasm-opt"))
}

/// Joins and shrinks scripts and stylesheets.
pub(crate) fn esbuild_program() -> Result<PathBuf> {
    Ok(folder_of("esbuild", ESBUILD)?.join("node_modules/.bin/esbuild"))
}

/// `PATH` with the pinned cargo-nextest before whatever else is there.
pub(crate) fn path_with_nextest() -> Result<OsString> {
    let ours = folder_of("cargo-nextest", NEXTEST)?.join("bin");
    let path = env::var_os("PATH").unwrap_or_default();
    Ok(env::join_paths(std::iter::once(ours).chain(env::split_paths(&path)))?)
}

/// Reads the lock file by the rules of deny.toml.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    Ok(folder_of("cargo-deny", CARGO_DENY)?.join("bin/cargo-deny"))
}

pub(crate) fn typos_program() -> Result<PathBuf> {
    Ok(folder_of("typos-cli", TYPOS)?.join("bin/typos"))
}

/// Where a tool of one version lives in the cache.
fn folder_of(tool: &str, version: &str) -> Result<PathBuf> {
    Ok(workspace::tool_cache()?.join(format!("{tool}-{version}")))
}

/// The first program of that name on `PATH`.
fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
