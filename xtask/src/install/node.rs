//! Node, what npm brings for the build (wasm-opt), and what drives the browser.

use super::{CHROMIUM, HEADLESS, Requirement, folder_of, on_path};
use crate::{process, workspace};
use anyhow::{Context, Result, bail};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Playwright and binaryen need at least this one.
const OLDEST_NODE: u32 = 20;

/// Node itself is asked for, not fetched: every machine has its own way of getting it.
pub(super) struct Node;

impl Requirement for Node {
    fn title(&self) -> String {
        format!("Node {OLDEST_NODE} or newer, with npm")
    }

    fn cost(&self) -> String {
        "by hand".into()
    }

    fn is_present(&self) -> Result<bool> {
        let Ok(version) = process::capture_output(Command::new("node").arg("--version")) else { return Ok(false) };
        let major = version.trim().trim_start_matches('v').split('.').next().and_then(|text| text.parse::<u32>().ok());
        Ok(major.is_some_and(|major| major >= OLDEST_NODE) && on_path("npm").is_some())
    }

    fn fetch(&self) -> Result<()> {
        bail!("install Node {OLDEST_NODE} or newer (it brings npm), for example: sudo apt-get install -y nodejs npm")
    }
}

/// One npm package in a folder of its own in the cache.
pub(super) struct NpmTool {
    pub(super) package: &'static str,
    pub(super) version: &'static str,
    pub(super) program: &'static str,
}

impl NpmTool {
    fn folder(&self) -> Result<PathBuf> {
        folder_of(self.package, self.version)
    }
}

impl Requirement for NpmTool {
    fn title(&self) -> String {
        format!("{} ({} {})", self.program, self.package, self.version)
    }

    fn cost(&self) -> String {
        "some seconds".into()
    }

    fn is_present(&self) -> Result<bool> {
        // npm writes its own list last: with the program but without the list the download was cut short.
        let modules = self.folder()?.join("node_modules");
        Ok(modules.join(".package-lock.json").is_file() && modules.join(".bin").join(self.program).exists())
    }

    fn fetch(&self) -> Result<()> {
        let folder = self.folder()?;
        fs::create_dir_all(&folder).with_context(|| format!("{} could not be made", folder.display()))?;
        let wanted = format!("{}@{}", self.package, self.version);
        process::run_command(
            npm_command(&folder).args(["install", "--no-audit", "--no-fund", "--prefix", "."]).arg(wanted),
        )
    }
}

/// The packages of a folder of the tree, exactly as its lock file says.
pub(super) struct NpmFolder {
    pub(super) title: &'static str,
    /// Below the root of the tree.
    pub(super) folder: &'static str,
}

impl NpmFolder {
    fn path(&self) -> PathBuf {
        workspace::root_folder().join(self.folder)
    }

    /// A copy of the lock file beside what was installed from it: equal means up to date.
    fn stamp(&self) -> PathBuf {
        self.path().join("node_modules/.installed-from.json")
    }

    fn lock(&self) -> PathBuf {
        self.path().join("package-lock.json")
    }
}

impl Requirement for NpmFolder {
    fn title(&self) -> String {
        format!("{} ({})", self.title, self.folder)
    }

    fn cost(&self) -> String {
        "some seconds".into()
    }

    fn is_present(&self) -> Result<bool> {
        let lock = fs::read(self.lock()).with_context(|| format!("{} could not be read", self.lock().display()))?;
        Ok(fs::read(self.stamp()).is_ok_and(|installed| installed == lock))
    }

    fn fetch(&self) -> Result<()> {
        process::run_command(npm_command(&self.path()).args(["ci", "--no-audit", "--no-fund"]))?;
        fs::copy(self.lock(), self.stamp()).context("the installed lock file could not be noted")?;
        Ok(())
    }
}

fn npm_command(folder: &Path) -> Command {
    let mut command = Command::new("npm");
    // The browser is the system's own; Playwright's download is not wanted.
    command.current_dir(folder).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    command
}

/// The browser under test: the one that [`CHROMIUM`] names, or the system's.
pub(crate) fn chromium_program() -> Option<PathBuf> {
    if let Some(named) = env::var_os(CHROMIUM) {
        return Some(PathBuf::from(named)).filter(|path| path.is_file());
    }
    [HEADLESS, "chromium", "chromium-browser", "google-chrome"].iter().find_map(|name| on_path(name))
}
