//! The release program as a process of its own.

use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::BenchPaths;

pub(crate) const SERVICE_KEY: &str = "a service key for measuring, long enough";

/// A running program; it ends with this value.
pub(crate) struct BenchServer {
    child: Child,
    /// Written in the form `http://127.0.0.1:PORT`.
    pub(crate) origin: String,
}

impl BenchServer {
    /// Starts it without limits on its clients, and waits until it listens.
    pub(crate) async fn start(places: &BenchPaths, url: &str, flags: &[&str]) -> Result<Self> {
        let mut command = Command::new(&places.server);
        command.args(["serve", "--listen", "127.0.0.1:0", "--requests-per-second", "0", "--log", "warn"]);
        command
            .args(["--provider", "sandbox", "--service-key", SERVICE_KEY, "--database", url, "--dist"])
            .arg(&places.dist)
            // The pace of people is no measure of the program.
            .args(["--top-ups-per-hour", "1000000", "--top-ups-per-day", "1000000"])
            .args(["--top-up-sum-per-hour", "100000000", "--top-up-sum-per-day", "100000000"])
            .args(flags);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
        while let Some(line) = lines.next_line().await? {
            if let Some(origin) = line.strip_prefix("listening on ") {
                let origin = origin.to_owned();
                tokio::spawn(async move { lines.into_inner().read_to_end(&mut Vec::new()).await });
                return Ok(Self { child, origin });
            }
        }
        bail!("the program ended before it listened")
    }

    /// Resident memory, as Linux counts it.
    pub(crate) async fn memory(&self) -> Result<String> {
        let id = self.child.id().context("the program has ended")?;
        let status = tokio::fs::read_to_string(format!("/proc/{id}/status")).await?;
        let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
        let kilobytes: u64 = kilobytes.context("no VmRSS")?.trim().parse()?;
        Ok(format!("{:>8} MB", kilobytes / 1024))
    }
}
