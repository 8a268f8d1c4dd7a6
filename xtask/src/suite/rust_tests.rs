//! `cargo test` over the whole workspace, with a PostgreSQL server of its own beside it.

use super::{
    cluster::Cluster,
    tally::{Place, Tally},
};
use crate::{process, workspace};
use anyhow::{Result, bail};

/// Runs every Rust test and counts it; prints failures whole and the rest as sums.
pub(super) fn run(tally: &mut Tally) -> Result<()> {
    let cluster = Cluster::start()?;
    let mut tests = workspace::cargo();
    tests.args(["test", "--workspace", "--locked", "--no-fail-fast", "--features", "billing-server/test-seams"]);
    tests.env("NEXIS_BILLING_TEST_POSTGRES", cluster.url());
    // The test harness must write one plain line a test, whatever the terminal is.
    tests.env_remove("RUST_TEST_NOCAPTURE").env("CARGO_TERM_PROGRESS_WHEN", "never");
    let status = process::run_lines(&mut tests, |line| {
        let a_test = tally.read_line(line);
        if !a_test || line.ends_with("FAILED") {
            println!("{line}");
        }
    })?;
    cluster.stop()?;
    process::judge("cargo test", status)?;
    let missing = tally.missing(&[Place::Sqlite, Place::Postgres]);
    if !missing.is_empty() {
        bail!("no test ran {}: a database that nobody tested does not count as working", missing.join(" and "));
    }
    Ok(())
}
