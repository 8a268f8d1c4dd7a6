//! Programs that are measured, as processes of their own.

use std::ffi::OsStr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::BenchPaths;
use crate::processes::Processes;

pub(crate) const SERVICE_KEY: &str = "a service key for measuring, long enough";

/// A running program; it ends with this value.
pub(crate) struct BenchServer {
    _child: Child,
    /// Written in the form `http://127.0.0.1:PORT`.
    pub(crate) origin: String,
    processes: Processes,
}

impl BenchServer {
    /// Starts the product without limits on its clients, and waits until it listens.
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
        Self::launch(&mut command, url).await
    }

    /// A bare axum handler in this same program, which answers with the contents of a file.
    pub(crate) async fn start_bare(answer: &OsStr) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        Self::launch(command.arg("bare-axum").arg(answer), "").await
    }

    async fn launch(command: &mut Command, url: &str) -> Result<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
        while let Some(line) = lines.next_line().await? {
            if let Some(origin) = line.strip_prefix("listening on ") {
                let origin = origin.to_owned();
                tokio::spawn(async move { lines.into_inner().read_to_end(&mut Vec::new()).await });
                let processes = Processes::find(child.id().context("the program has ended")?, url).await?;
                return Ok(Self { _child: child, origin, processes });
            }
        }
        bail!("the program ended before it listened")
    }

    pub(crate) const fn processes(&self) -> Processes {
        self.processes
    }
}

/// `nexis-billing verify`: how long it took.
pub(crate) async fn run_verification(places: &BenchPaths, url: &str) -> Result<Duration> {
    let mut command = Command::new(&places.server);
    command.args(["verify", "--database", url]).stdin(Stdio::null());
    let started = Instant::now();
    let output = command.output().await?;
    let time = started.elapsed();
    ensure!(output.status.success(), "verify: {}", String::from_utf8_lossy(&output.stdout));
    Ok(time)
}
