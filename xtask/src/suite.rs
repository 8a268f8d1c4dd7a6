//! Everything that must hold before a change is good, in one run that says what it counted and skips nothing.

mod background;
mod browser;
mod cluster;
mod commits;
mod dependencies;
mod documentation;
mod oracles;
mod page_build;
mod proven;
mod run;
mod rust_tests;
mod stress;
mod tally;
mod times;

use crate::{arrows, glossary, install, process, untranslated, workspace};
use anyhow::{Result, bail};
use run::SuiteStep;
use std::process::{Command, ExitCode};
use stress::Stress;

pub(crate) use browser::playwright_command;
pub(crate) use cluster::Cluster;

/// What needs no compiler, and the lints of the page as it runs in the browser.
const CHECKS: &[SuiteStep] = &[
    ("formatting", |_| process::run_command(workspace::cargo_command().args(["fmt", "--all", "--check"]))),
    ("the arrows of the architecture", |_| none_of(&arrows::find_broken()?, "broken")),
    ("the words of the page", |_| none_of(&untranslated::find_untranslated()?, "untranslated")),
    ("the words of the glossary", |_| none_of(&glossary::find_banned()?, "banned")),
    ("Trunk's document and the release's", |_| none_of(&crate::build::trunk::find_differences()?, "different")),
    ("dependencies: bans, licenses, sources", |_| dependencies::check_dependencies()),
    ("spelling", |_| {
        process::run_command(Command::new(install::typos_program()?).current_dir(workspace::root_folder()))
    }),
    ("subjects of the commits", |_| none_of(&commits::long_subjects()?, "too long")),
    ("lints, Wasm", |_| run_clippy(&["--package", "nexis-billing-app", "--target", "wasm32-unknown-unknown"])),
];

const NATIVE_LINTS: &[SuiteStep] = &[
    ("lints, native", |_| run_clippy(&["--workspace", "--all-targets"])),
    ("documentation of every item", |_| documentation::check_documentation()),
];

const PAGE: &[SuiteStep] = &[("the page as it ships, begun beside the rest", page_build::begin_page)];

const PROOFS: &[SuiteStep] = &[
    ("lints, native; every test compiled", |_| rust_tests::build_tests()),
    ("Rust tests on SQLite and on a real PostgreSQL", rust_tests::run_rust_tests),
    ("documentation of every item, begun beside the rest", documentation::begin_documentation),
    ("Stripe's own packages: bodies, signatures, the glue", |_| oracles::check_oracles()),
    ("Stripe's own SDK and a browser at our stand-in", oracles::run_sdk_tests),
    ("types of the browser tests", |_| browser::check_types()),
    ("the page as it ships, its weight, and the kit", page_build::finish_page),
    ("the product in a real browser", browser::run_browser_tests),
    ("documentation of every item", documentation::finish_documentation),
];

/// `cargo xtask check`: what can be said without building the product.
pub(crate) fn run_checks(arguments: &[String]) -> Result<ExitCode> {
    expect_none(arguments)?;
    install::ensure_installed(&install::for_checks())?;
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
    needed.push(install::for_sign_in());
    needed.push(install::for_receipts());
    needed.extend(install::for_browser());
    needed.extend(install::for_build()?);
    install::ensure_installed(&needed)?;
    run::run_steps(&[PAGE, CHECKS, PROOFS].concat())
}

fn run_clippy(scope: &[&str]) -> Result<()> {
    process::run_command(
        workspace::cargo_command().arg("clippy").args(scope).args(["--locked", "--", "--deny", "warnings"]),
    )
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
