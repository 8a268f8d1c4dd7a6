//! A program that runs beside the other steps; what it says is printed when somebody waits for it.

use crate::{process, workspace};
use anyhow::{Context, Result};
use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

/// A program under way. What it says is kept until somebody waits for it.
pub(super) struct BackgroundStep {
    child: Child,
    log: PathBuf,
}

impl BackgroundStep {
    /// Starts the command; its output goes to `target/NAME.log`.
    pub(super) fn start(name: &str, command: &mut Command) -> Result<Self> {
        let log = workspace::target_dir()?.join(format!("{name}.log"));
        let output = File::create(&log).with_context(|| format!("{} could not be made", log.display()))?;
        command.stdout(output.try_clone()?).stderr(output).stdin(Stdio::null());
        Ok(Self { child: process::spawn_command(command)?, log })
    }

    /// Waits for the end and prints what it said.
    pub(super) fn finish(mut self, shown: &str) -> Result<()> {
        let status = process::wait_for_end(&mut self.child)?;
        print!("{}", fs::read_to_string(&self.log).unwrap_or_default());
        process::check_status(shown, status)
    }
}

impl Drop for BackgroundStep {
    fn drop(&mut self) {
        // A run that was broken off; one that has ended is past this.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
