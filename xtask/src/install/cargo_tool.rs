//! Tools that come from crates.io: built once into the cache with a profile that favors a quick build.

use super::{Requirement, folder_of};
use crate::{process, workspace};
use anyhow::{Context, Result};
use std::{fs, io::ErrorKind, path::PathBuf, process::Command};

/// A release profile compiles for minutes what then runs for a second; the tools are as good with this one.
const QUICK_PROFILE: [(&str, &str); 5] = [
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
    ("CARGO_PROFILE_RELEASE_STRIP", "true"),
];

/// A binary crate of one version.
pub(super) struct CargoTool {
    package: &'static str,
    program: &'static str,
    version: String,
    cost: &'static str,
    arguments: &'static [&'static str],
    /// Whether the lock file that the tool ships can be had from every registry mirror.
    locked: bool,
}

impl CargoTool {
    pub(super) fn wasm_split(version: &str) -> Self {
        Self {
            package: "wasm_split_cli_support",
            program: "wasm-split-cli",
            version: version.to_owned(),
            cost: "about 2 minutes",
            arguments: &["--features", "build-binary"],
            locked: true,
        }
    }

    pub(super) fn wasm_bindgen(version: &str) -> Self {
        Self {
            package: "wasm-bindgen-cli",
            program: "wasm-bindgen",
            version: version.to_owned(),
            cost: "about 2 minutes",
            arguments: &["--no-default-features"],
            // 0.2.130 ships a lock file that names a version of webpki-roots which mirrors do not have.
            locked: false,
        }
    }

    pub(super) fn nextest(version: &str) -> Self {
        Self {
            package: "cargo-nextest",
            program: "cargo-nextest",
            version: version.to_owned(),
            cost: "about 4 minutes",
            // Its own updates would come from elsewhere.
            arguments: &["--no-default-features", "--features", "default-no-update"],
            locked: true,
        }
    }

    pub(super) fn cargo_deny(version: &str) -> Self {
        Self {
            package: "cargo-deny",
            program: "cargo-deny",
            version: version.to_owned(),
            cost: "about 1 minute",
            // Without fetching crates and advisories, which it is not asked for.
            arguments: &["--no-default-features"],
            locked: true,
        }
    }

    pub(super) fn typos(version: &str) -> Self {
        Self {
            package: "typos-cli",
            program: "typos",
            version: version.to_owned(),
            cost: "about 1 minute",
            arguments: &[],
            locked: true,
        }
    }

    fn folder(&self) -> Result<PathBuf> {
        folder_of(self.package, &self.version)
    }
}

impl Requirement for CargoTool {
    fn title(&self) -> String {
        format!("{} {}", self.package, self.version)
    }

    fn cost(&self) -> String {
        self.cost.into()
    }

    fn is_present(&self) -> Result<bool> {
        Ok(self.folder()?.join("bin").join(self.program).is_file())
    }

    fn fetch(&self) -> Result<()> {
        let build = workspace::tool_cache()?.join(format!("build-{}", self.package));
        let mut command = workspace::cargo_command();
        command.args(["install", self.package, "--version", &self.version]).args(self.arguments);
        if self.locked {
            command.arg("--locked");
        }
        // Outside the tree: the project's own flags (the Wasm ones) are none of a tool's business.
        let outside = workspace::tool_cache()?;
        fs::create_dir_all(&outside).with_context(|| format!("{} could not be made", outside.display()))?;
        command.current_dir(&outside).arg("--root").arg(self.folder()?);
        command.env("CARGO_TARGET_DIR", &build).envs(QUICK_PROFILE).env_remove("RUSTFLAGS");
        process::run_command(&mut command)?;
        // Kept after a failure or Ctrl-C, so that the next run goes on; a gigabyte nobody needs after a success.
        match fs::remove_dir_all(&build) {
            // Cargo found it installed and built nothing.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            outcome => outcome.with_context(|| format!("{} could not be removed", build.display())),
        }
    }
}

/// The runner of the Rust tests: the machine's own where it is the pinned version, else one in the cache.
pub(super) struct Nextest(pub(super) CargoTool);

impl Requirement for Nextest {
    fn title(&self) -> String {
        self.0.title()
    }

    fn cost(&self) -> String {
        self.0.cost()
    }

    fn is_present(&self) -> Result<bool> {
        let pinned = format!("cargo-nextest {}", self.0.version);
        let on_path = || {
            process::capture_output(Command::new("cargo-nextest").args(["nextest", "--version"]))
                .is_ok_and(|version| version.starts_with(&format!("{pinned} ")))
        };
        Ok(self.0.is_present()? || on_path())
    }

    fn fetch(&self) -> Result<()> {
        self.0.fetch()
    }
}
