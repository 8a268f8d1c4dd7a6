//! The page, built by a process of its own beside the other steps: its last part keeps one core busy for a minute or more.

use super::{background::BackgroundStep, run::SuiteRun};
use anyhow::{Context, Result, bail};
use std::{env, process::Command};

/// Begins `cargo xtask page --kit`: the page as it ships, its weight, and the kit.
pub(super) fn begin_page(run: &mut SuiteRun) -> Result<()> {
    let mut command = Command::new(env::current_exe().context("this program does not know where it is")?);
    run.page = Some(BackgroundStep::start("page-build", command.args(["page", "--kit"]))?);
    Ok(())
}

pub(super) fn finish_page(run: &mut SuiteRun) -> Result<()> {
    let Some(page) = run.page.take() else { bail!("the build of the page was not begun") };
    page.finish("cargo xtask page --kit")
}
