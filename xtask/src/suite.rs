//! Everything that must hold before a change is good, in one run that says what it counted and skips nothing.

mod browser;
mod budgets;
mod cluster;
mod commits;
mod dependencies;
mod oracles;
mod page_build;
mod proven;
mod run;
mod rust_tests;
mod stress;
mod tally;
mod times;

use crate::{arrows, install, process, words, workspace};
use anyhow::{Result, bail};
use run::Step;
use std::process::{Command, ExitCode};
use stress::Stress;

pub(crate) use browser::playwright;
pub(crate) use budgets::hold as weigh;
pub(crate) use cluster::Cluster;

/// What needs no compiler, and the lints of the page as it runs in the browser.
const CHECKS: &[Step] = &[
    ("formatting", |_| process::run(workspace::cargo().args(["fmt", "--all", "--check"]))),
    ("the arrows of the architecture", |_| none_of(&arrows::broken()?, "broken")),
    ("the words of the page", |_| none_of(&words::strays()?, "astray")),
    ("Trunk's document and the release's", |_| none_of(&crate::build::trunk::differences()?, "different")),
    ("dependencies: bans, licenses, sources", |_| dependencies::judge()),
    ("spelling", |_| process::run(Command::new(install::typos()?).current_dir(workspace::root()))),
    ("subjects of the commits", |_| none_of(&commits::long_subjects()?, "too long")),
    ("lints, Wasm", |_| clippy(&["--package", "nexis-billing-app", "--target", "wasm32-unknown-unknown"])),
];

const NATIVE_LINTS: &[Step] = &[("lints, native", |_| clippy(&["--workspace", "--all-targets"]))];

const PAGE: &[Step] = &[("the page as it ships, begun beside the rest", page_build::begin)];

const PROOFS: &[Step] = &[
    ("lints, native; every test compiled", |_| rust_tests::build()),
    ("Rust tests on SQLite and on a real PostgreSQL", rust_tests::run),
    ("Stripe's own packages: bodies, signatures, the glue", |_| oracles::judge()),
    ("Stripe's own SDK and a browser at our stand-in", oracles::drive),
    ("types of the browser tests", |_| browser::check_types()),
    ("the page as it ships, its weight, and the kit", page_build::finish),
    ("the product in a real browser", browser::run),
];

/// `cargo xtask check`: what can be said without building the product.
pub(crate) fn run_checks(arguments: &[String]) -> Result<ExitCode> {
    expect_none(arguments)?;
    install::ensure(&install::for_checks())?;
    run::run_steps(&[CHECKS, NATIVE_LINTS].concat())
}

/// `cargo xtask test`: everything. With `--stress` something else: races.
pub(crate) fn run_all(arguments: &[String]) -> Result<ExitCode> {
    if let Some(stress) = Stress::parse(arguments)? {
        return stress.run();
    }
    expect_none(arguments)?;
    let mut needed = install::for_checks();
    needed.push(install::for_rust_tests());
    needed.push(install::for_postgres());
    needed.push(install::for_oracles());
    needed.push(install::for_receipts());
    needed.extend(install::for_browser());
    needed.extend(install::for_build()?);
    install::ensure(&needed)?;
    run::run_steps(&[PAGE, CHECKS, PROOFS].concat())
}

fn clippy(scope: &[&str]) -> Result<()> {
    process::run(workspace::cargo().arg("clippy").args(scope).args(["--locked", "--", "--deny", "warnings"]))
}

fn none_of(found: &[String], what: &str) -> Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    bail!("{} {what}:\n  {}", found.len(), found.join("\n  "))
}

fn expect_none(arguments: &[String]) -> Result<()> {
    match arguments.first() {
        None => Ok(()),
        Some(word) => bail!("this chore takes no argument (`{word}`)"),
    }
}
