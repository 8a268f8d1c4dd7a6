//! Stripe's own packages as judges: its types over the bodies that we send and over the glue in the
//! page, its signatures over our verifier, its SDK over our stand-in. Shared code would mean shared mistakes.

use super::{run::SuiteRun, tally::TestPlace};
use crate::{install, process, workspace};
use anyhow::{Context, Result, bail};
use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

/// What needs no stand-in. The bodies and signatures themselves are held by the Rust suite.
pub(super) fn check_oracles() -> Result<()> {
    process::run_command(node_command().arg("bodies.js"))?;
    process::run_command(node_command().args([
        "node_modules/typescript/bin/tsc",
        "--project",
        "tsconfig.bodies.json",
    ]))?;
    process::run_command(node_command().args(["node_modules/typescript/bin/tsc", "--project", "tsconfig.glue.json"]))?;
    process::run_command(node_command().arg("signatures.js"))
}

/// Stripe's SDK drives the stand-in, and a real browser the glue over its form; each of their tests counts.
pub(super) fn run_sdk_tests(run: &mut SuiteRun) -> Result<()> {
    let Some(chromium) = install::chromium_program() else { bail!("Chromium cannot be found") };
    let mut fake = StandIn::start()?;
    let mut tests = node_command();
    tests.args(["--test", "--test-reporter=tap", "sdk.test.js", "browser.test.js"]);
    tests.env("STRIPE_FAKE", &fake.origin).env(install::CHROMIUM, chromium);
    let (mut passed, mut failed, mut lines) = (0, 0, Vec::new());
    let status = process::run_lines(&mut tests, |line| {
        // Indented lines are parts of the file's own test.
        match (line.strip_prefix("ok "), line.strip_prefix("not ok ")) {
            (Some(rest), _) if rest.contains("# SKIP") || rest.contains("# TODO") => failed += 1,
            (Some(_), _) => passed += 1,
            (_, Some(_)) => failed += 1,
            _ => {}
        }
        lines.push(line.to_owned());
    });
    fake.stop()?;
    let status = status?;
    let count = run.tally.count(TestPlace::Other);
    count.passed += passed;
    count.failed += failed;
    if !status.success() || failed > 0 {
        println!("{}", lines.join("\n"));
    }
    if passed + failed == 0 {
        bail!("no test of the SDK ran");
    }
    process::check_status("node --test", status)
}

fn node_command() -> Command {
    let mut command = Command::new("node");
    command.current_dir(workspace::stripe_oracles());
    command
}

struct StandIn {
    child: Child,
    origin: String,
}

impl StandIn {
    fn start() -> Result<Self> {
        let mut command = Command::new(workspace::test_program("fake-stripe")?);
        let mut child = process::spawn_command(command.stdout(Stdio::piped()))?;
        let Some(stdout) = child.stdout.take() else { bail!("the stand-in's output could not be read") };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).context("the stand-in does not say where it listens")?;
        let Some(origin) = line.trim().strip_prefix("listening on ").map(str::to_owned) else {
            child.kill()?;
            bail!("the stand-in said {line:?}");
        };
        Ok(Self { child, origin })
    }

    fn stop(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        // After an early return; whoever stopped it before does no harm.
        let _ = self.child.kill();
    }
}
