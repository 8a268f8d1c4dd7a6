//! The page's Wasm: compiled, cut at its split points into what the first load needs and what comes later, bound to
//! JavaScript, optimized, and named after its contents.

use super::{imports, name_of_contents};
use crate::{install, process, workspace};
use anyhow::{Context, Result, anyhow, bail};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

const PACKAGE: &str = "nexis-billing-app";
const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "wasm-release";
/// What wasm-split and wasm-bindgen call the part that is loaded first.
const MAIN: &str = "app";
/// Where wasm-split writes what loads the other parts, and the name under which the first part imports it.
const LINK: &str = "__wasm_split.js";
/// wasm-opt sorts functions by name, so that alike ones lie side by side for brotli, and drops the names afterwards.
/// The features are those that rustc uses; wasm-opt must not use more.
const OPTIMIZE: [&str; 9] = [
    "-O2",
    "--reorder-functions-by-name",
    "--strip-producers",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// The other parts find memory, table and stack by exports that wasm-bindgen would take for the linker's leftovers.
const LEAN: [&str; 2] = ["--keep-lld-exports", "--no-demangle"];

/// A program of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// Settings, for those who are signed in.
    App,
    /// What is behind a payment link: small, and whole from the start.
    Pay,
    /// The kit, for those who work on the page: quickly built, and never part of the product.
    Kit,
}

impl Program {
    pub(super) const fn bin(self) -> &'static str {
        match self {
            Self::App => PACKAGE,
            Self::Pay => "nexis-billing-pay",
            Self::Kit => "nexis-billing-kit",
        }
    }

    /// What its files are called.
    pub(crate) const fn stem(self) -> &'static str {
        match self {
            Self::App => MAIN,
            Self::Pay => "pay",
            Self::Kit => "kit",
        }
    }

    /// The document that starts it, at the root of the tree.
    pub(crate) const fn document(self) -> &'static str {
        match self {
            Self::App => "index.html",
            Self::Pay => "pay.html",
            Self::Kit => "kit.html",
        }
    }

    /// It has parts that come later.
    const fn is_cut(self) -> bool {
        matches!(self, Self::App)
    }

    /// People load it, so that its weight counts more than the time to build it.
    const fn is_product(self) -> bool {
        !matches!(self, Self::Kit)
    }
}

/// The page's code, ready to be bundled and served.
pub(super) struct PageCode {
    /// What is loaded first.
    pub(super) main: WasmPart,
    /// What is loaded when it is needed.
    pub(super) later: Vec<WasmPart>,
    /// The folder with the JavaScript that starts the Wasm, `app.js`, and what it imports.
    pub(super) scripts: PathBuf,
}

pub(super) struct WasmPart {
    /// Its name in dist/, which stands for these contents only.
    pub(super) name: String,
    /// Where it is now.
    pub(super) file: PathBuf,
}

/// Makes the code anew in `folder`, which is emptied.
pub(super) fn make_code(folder: &Path, program: Program) -> Result<PageCode> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("{} could not be emptied", folder.display()))?;
    }
    let (cut, bound) = (folder.join("cut"), folder.join("bound"));
    let compiled = compile_program(program)?;
    let mut later = Vec::new();
    if program.is_cut() {
        split_wasm(&compiled, &cut)?;
        bind_wasm(&cut.join(format!("{MAIN}.wasm")), &bound, &LEAN)?;
        later = parts_in(&cut)?;
        later.retain(|file| file.file_stem().is_some_and(|stem| stem != MAIN));
    } else {
        bind_wasm(&compiled, &bound, &LEAN)?;
    }
    let first = bound.join(format!("{MAIN}_bg.wasm"));
    // The kit is built often and loaded by ourselves: no time for wasm-opt.
    if program.is_product() {
        optimize_wasm(later.iter().chain([&first]))?;
    }
    shorten_imports(&first, &bound.join(format!("{MAIN}.js")))?;
    // Named by its contents, so that it may be cached for ever.
    let main = WasmPart { name: name_of_contents(program.stem(), "wasm", &read_bytes(&first)?), file: first };
    let later = later.into_iter().map(name_part).collect::<Result<Vec<_>>>()?;
    if program.is_cut() {
        link_parts(&cut.join(LINK), &bound.join(LINK), &later)?;
    }
    Ok(PageCode { main, later, scripts: bound })
}

/// The cargo command that compiles a program whole, as quickly as it can, with panics that name their line in the console.
pub(super) fn development_compiler(program: Program) -> Command {
    let mut cargo = workspace::cargo_command();
    cargo.args(["build", "--locked", "--package", PACKAGE, "--bin", program.bin(), "--target", TARGET]);
    cargo.args(["--no-default-features", "--features", "debug-panics"]);
    // A panic knows its line by itself; what debuggers read would double the Wasm that is bound after each edit.
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "false");
    cargo.env("CARGO_TERM_PROGRESS_WHEN", "never");
    cargo
}

/// Binds what [`development_compiler`] left to JavaScript, in `folder`: `app_bg.wasm` and `app.js`.
pub(super) fn bind_development(program: Program, folder: &Path) -> Result<PathBuf> {
    let compiled = workspace::target_dir()?.join(TARGET).join("debug").join(format!("{}.wasm", program.bin()));
    bind_wasm(&compiled, folder, &[])?;
    Ok(folder.join(format!("{MAIN}_bg.wasm")))
}

/// Compiles the app with its relocations, by which wasm-split knows what uses what.
fn compile_program(program: Program) -> Result<PathBuf> {
    let mut cargo = workspace::cargo_command();
    cargo.args(["rustc", "--locked", "--package", PACKAGE, "--bin", program.bin(), "--target", TARGET]);
    cargo.args(["--profile", PROFILE]);
    if program.is_cut() {
        cargo.args(["--", "-Clink-arg=--emit-relocs"]);
    }
    if !program.is_product() {
        // The product's profile, for the sake of the dependencies that it has compiled already; only less work at the end.
        cargo.args(["--", "-Clto=thin", "-Copt-level=1", "-Ccodegen-units=16"]);
    }
    // A colorless progress log: two builds write to one terminal.
    cargo.env("CARGO_TERM_PROGRESS_WHEN", "never");
    process::run_command(&mut cargo)?;
    Ok(workspace::target_dir()?.join(TARGET).join(PROFILE).join(format!("{}.wasm", program.bin())))
}

fn split_wasm(wasm: &Path, to: &Path) -> Result<()> {
    process::run_command(Command::new(install::wasm_split()?).arg(wasm).arg(to).args(["--out-name", MAIN]))
}

fn bind_wasm(wasm: &Path, to: &Path, further: &[&str]) -> Result<()> {
    let mut bindgen = Command::new(install::wasm_bindgen()?);
    bindgen.arg(wasm).arg("--out-dir").arg(to).args(["--out-name", MAIN, "--target", "web", "--no-typescript"]);
    process::run_command(bindgen.arg("--omit-default-module-path").args(further))
}

fn parts_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = workspace::files_below(folder)?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "wasm"));
    Ok(files)
}

fn optimize_wasm<'a>(files: impl Iterator<Item = &'a PathBuf>) -> Result<()> {
    let program = install::wasm_opt()?;
    // Captured: it warns of each list of names that it does not know, and drops them all anyway.
    let one =
        |file: &Path| process::capture_output(Command::new(&program).arg(file).arg("-o").arg(file).args(OPTIMIZE));
    thread::scope(|scope| {
        let running: Vec<_> = files.map(|file| scope.spawn(|| one(file))).collect();
        running.into_iter().try_for_each(|thread| thread.join().map_err(|_| anyhow!("an optimizer stopped"))?.map(drop))
    })
}

fn shorten_imports(wasm: &Path, script: &Path) -> Result<()> {
    let (short_wasm, short_script) = imports::shorten_names(&read_bytes(wasm)?, &read_text(script)?)?;
    fs::write(wasm, short_wasm).with_context(|| format!("{} could not be written", wasm.display()))?;
    fs::write(script, short_script).with_context(|| format!("{} could not be written", script.display()))
}

fn name_part(file: PathBuf) -> Result<WasmPart> {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    Ok(WasmPart { name: name_of_contents(stem, "wasm", &read_bytes(&file)?), file })
}

/// Copies what loads the later parts, with the names that they have in dist/.
fn link_parts(from: &Path, to: &Path, later: &[WasmPart]) -> Result<()> {
    let mut text = read_text(from)?;
    for part in later {
        let written = part.file.file_name().map(|name| format!("\"./{}\"", name.to_string_lossy())).unwrap_or_default();
        if !text.contains(&written) {
            bail!("{} loads no {written}: that code could never be shown", from.display());
        }
        text = text.replace(&written, &format!("\"./{}\"", part.name));
    }
    fs::write(to, text).with_context(|| format!("{} could not be written", to.display()))
}

fn read_text(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("{} could not be read", file.display()))
}

pub(super) fn read_bytes(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("{} could not be read", file.display()))
}
