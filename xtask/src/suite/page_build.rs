//! The page, built by a process of its own beside the other steps: its last part keeps one core busy for a minute or more.

use super::run::SuiteRun;
use crate::{process, workspace};
use anyhow::{Context, Result, bail};
use std::{
    env,
    fs::{self, File},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

/// A build under way. What it says is kept until somebody waits for it.
pub(super) struct PageBuild {
    child: Child,
    log: PathBuf,
}

impl Drop for PageBuild {
    fn drop(&mut self) {
        // A run that was broken off; one that has ended is past this.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Begins `cargo xtask page --kit`: the page as it ships, its weight, and the kit.
pub(super) fn begin_build(run: &mut SuiteRun) -> Result<()> {
    let log = workspace::target_dir()?.join("page-build.log");
    let output = File::create(&log).with_context(|| format!("{} could not be made", log.display()))?;
    let mut command = Command::new(env::current_exe().context("this program does not know where it is")?);
    command.args(["page", "--kit"]).stdout(output.try_clone()?).stderr(output).stdin(Stdio::null());
    run.page = Some(PageBuild { child: process::spawn_command(&mut command)?, log });
    Ok(())
}

/// Waits for it and prints what it said.
pub(super) fn finish_build(run: &mut SuiteRun) -> Result<()> {
    let Some(mut page) = run.page.take() else { bail!("the build of the page was not begun") };
    let status = process::wait_for_end(&mut page.child)?;
    print!("{}", fs::read_to_string(&page.log).unwrap_or_default());
    process::check_status("cargo xtask page --kit", status)
}
