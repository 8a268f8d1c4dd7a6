//! Holds that the documentation can be read: rustdoc finds nothing wrong in the docs of any item, private ones included.

use super::{background::BackgroundStep, run::SuiteRun};
use crate::{process, workspace};
use anyhow::{Result, bail};
use std::process::Command;

/// Documents every crate of the workspace; a link that leads nowhere is an error.
fn rustdoc_command() -> Command {
    let mut cargo = workspace::cargo_command();
    cargo.args(["doc", "--workspace", "--locked", "--no-deps", "--document-private-items", "--quiet"]);
    cargo.env("RUSTDOCFLAGS", "--deny warnings");
    cargo
}

pub(super) fn check_documentation() -> Result<()> {
    process::run_command(&mut rustdoc_command())
}

/// Begins it beside the other steps. Cargo lets one build at a time into the folder of the tests, so it must not begin
/// before they are compiled.
pub(super) fn begin_documentation(run: &mut SuiteRun) -> Result<()> {
    run.documentation = Some(BackgroundStep::start("documentation", &mut rustdoc_command())?);
    Ok(())
}

pub(super) fn finish_documentation(run: &mut SuiteRun) -> Result<()> {
    let Some(documentation) = run.documentation.take() else { bail!("the documentation was not begun") };
    documentation.finish("cargo doc")
}
