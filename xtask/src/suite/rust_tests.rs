//! The tests of the whole workspace under cargo-nextest, with a PostgreSQL server of their own beside them.

use super::{
    cluster::Cluster,
    proven::Proven,
    run::SuiteRun,
    tally::{TestOutcome, TestPlace},
    times::TestKind,
};
use crate::{install, process, workspace};
use anyhow::{Result, bail};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
    time::Duration,
};

const WHOLE: [&str; 2] = ["--workspace", "--locked"];
/// Programs that no test of their own package asks for: other tests start them, or they are linted with the rest.
const PROGRAMS: [&str; 3] = ["fake-stripe", "xtask", "billing-bench"];
/// How cargo-clippy hands its driver `-D warnings`.
const DENY_WARNINGS: &str = "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__";

/// Lints the workspace and compiles every test and program of it, in one pass: clippy's driver is a compiler, and `cargo
/// clippy` beforehand would read every dependency and every crate once more.
pub(super) fn build_tests() -> Result<()> {
    let mut cargo = workspace::cargo_command();
    cargo.arg("build").args(WHOLE).arg("--tests").args(PROGRAMS.iter().flat_map(|program| ["--bin", program]));
    process::run_command(lint_while_compiling(&mut cargo))
}

/// The compiler is clippy's for crates of this workspace. Tests must be run with it too, or they would be compiled again.
/// See docs/decisions/0071-lint-while-compiling.md.
fn lint_while_compiling(cargo: &mut Command) -> &mut Command {
    let driver = Path::new(cargo.get_program()).with_file_name("clippy-driver");
    cargo.env("RUSTC_WORKSPACE_WRAPPER", driver).env("CLIPPY_ARGS", DENY_WARNINGS)
}

/// Runs every Rust test and counts it; failures are printed whole, the rest as sums. Packages whose tests have passed on
/// these very sources are left out and named.
pub(super) fn run_rust_tests(run: &mut SuiteRun) -> Result<()> {
    let mut proven = Proven::read()?;
    let unchanged = proven.unchanged_packages();
    let cluster = Cluster::start()?;
    let mut tests = nextest_command()?;
    lint_while_compiling(&mut tests).arg("run").args(WHOLE).args([
        "--cargo-quiet",
        "--message-format",
        "libtest-json-plus",
    ]);
    if !unchanged.is_empty() {
        let packages: Vec<String> = unchanged.keys().map(|name| format!("package(={name})")).collect();
        tests.args(["--filterset", &format!("not ({})", packages.join(" | "))]);
    }
    // The format is nextest's own promise to keep, behind a switch; the version is pinned (install.rs).
    tests.env("NEXTEST_EXPERIMENTAL_LIBTEST_JSON", "1");
    tests.env("NEXIS_BILLING_TEST_POSTGRES", cluster.url()).env("NEXIS_BILLING_TEST_POSTGRES_DISPOSABLE", "1");
    let (mut passed, mut failed) = (BTreeMap::new(), BTreeSet::new());
    let status = process::run_lines(&mut tests, |line| {
        let Some((name, outcome, took)) = read_event(line) else { return };
        run.tally.add_test(&name, outcome);
        run.times.add_test(TestKind::Rust, &name, took);
        let package = name.split("::").next().unwrap_or_default().to_owned();
        match outcome {
            TestOutcome::Passed => *passed.entry(package).or_insert(0) += 1,
            TestOutcome::Failed => drop(failed.insert(package)),
            TestOutcome::Skipped => {}
        }
    })?;
    cluster.stop()?;
    let missing = run.tally.missing(&[TestPlace::Sqlite, TestPlace::Postgres]);
    if unchanged.is_empty() && status.success() && !missing.is_empty() {
        bail!("no test ran {}: a database that nobody tested does not count as working", missing.join(" and "));
    }
    for (name, count) in &unchanged {
        run.tally.add_unchanged(name, *count);
    }
    passed.retain(|name, _| !failed.contains(name));
    proven.note(&passed, &failed)?;
    process::check_status("cargo nextest run", status)
}

fn nextest_command() -> Result<Command> {
    let mut command = workspace::cargo_command();
    // Cargo finds its subcommands on PATH; ours may lie in the tool cache.
    command.env("PATH", install::path_with_nextest()?).arg("nextest");
    Ok(command)
}

/// One test that has ended, out of a line of libtest's JSON: `{"type":"test","event":"ok","name":"crate::binary$module::test","exec_time":0.1}`.
fn read_event(line: &str) -> Option<(String, TestOutcome, Duration)> {
    let event: Value = serde_json::from_str(line).ok()?;
    if event["type"] != "test" {
        return None;
    }
    let outcome = match event["event"].as_str()? {
        "ok" => TestOutcome::Passed,
        "failed" => TestOutcome::Failed,
        "ignored" => TestOutcome::Skipped,
        _ => return None,
    };
    let name = event["name"].as_str()?.replace('$', "::");
    let took = event["exec_time"].as_f64().unwrap_or_default();
    Some((name, outcome, Duration::from_secs_f64(took.max(0.0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_is_read_with_its_outcome_and_time() {
        let line = r#"{"type":"test","event":"failed","name":"billing-store::suite$ledger::sqlite::gapless","exec_time":0.25}"#;
        let (name, outcome, took) = read_event(line).unwrap();
        assert_eq!((name.as_str(), outcome), ("billing-store::suite::ledger::sqlite::gapless", TestOutcome::Failed));
        assert_eq!(took, Duration::from_millis(250));
    }

    #[test]
    fn other_lines_are_no_tests() {
        for line in [
            r#"{"type":"suite","event":"ok","passed":3,"failed":0}"#,
            r#"{"type":"test","event":"started","name":"a$b"}"#,
            "Compiling billing-store",
        ] {
            assert!(read_event(line).is_none(), "{line}");
        }
    }
}
