//! What rustup adds to a plain Rust: the Wasm target, the formatter and the linter.

use super::{Requirement, on_path};
use crate::{process, workspace};
use anyhow::{Result, bail};
use std::{path::Path, process::Command};

const TARGET: &str = "wasm32-unknown-unknown";

/// The standard library for Wasm.
pub(super) struct WasmTarget;

impl Requirement for WasmTarget {
    fn title(&self) -> String {
        format!("the Rust target {TARGET}")
    }

    fn cost(&self) -> String {
        "some seconds".into()
    }

    fn is_present(&self) -> Result<bool> {
        let sysroot = process::capture_output(Command::new("rustc").args(["--print", "sysroot"]))?;
        Ok(Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).join("lib").is_dir())
    }

    fn fetch(&self) -> Result<()> {
        run_rustup(&["target", "add", TARGET])
    }
}

/// rustfmt and clippy, which a minimal rustup profile leaves out.
pub(super) struct Components;

impl Requirement for Components {
    fn title(&self) -> String {
        "rustfmt and clippy".into()
    }

    fn cost(&self) -> String {
        "some seconds".into()
    }

    fn is_present(&self) -> Result<bool> {
        Ok(["fmt", "clippy"]
            .iter()
            .all(|tool| process::command_succeeds(workspace::cargo_command().args([tool, "--version"]))))
    }

    fn fetch(&self) -> Result<()> {
        run_rustup(&["component", "add", "rustfmt", "clippy"])
    }
}

fn run_rustup(arguments: &[&str]) -> Result<()> {
    if on_path("rustup").is_none() {
        bail!("rustup is missing. Install Rust with rustup, then run: rustup {}", arguments.join(" "));
    }
    process::run_command(Command::new("rustup").args(arguments))
}
