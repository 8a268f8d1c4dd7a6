//! The project's chores as one program: `cargo xtask start`, `test`, `build`, `bench` and more.
#![expect(clippy::print_stdout, reason = "a command-line tool speaks on the standard output")]

mod arrows;
mod bench;
mod build;
mod install;
mod precompress;
mod process;
mod screens;
mod start;
mod steps;
mod style;
mod suite;
mod words;
mod workspace;

use anyhow::{Result, bail};
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask start [--listen ADDR] [--database URL] [--demo-state fresh]
    builds the product and opens it with a living demo organisation (default: 127.0.0.1:8080, an SQLite file)
cargo xtask test
    formatting, lints, the tests on SQLite and PostgreSQL, the budgets, and the product in a real browser
cargo xtask build [--test-seams]
    leaves target/release/nexis-billing and dist/
cargo xtask page [--kit]
    the page's half of `build`, dist/, and what it weighs; with --kit every part of it in every state, shown at /kit
cargo xtask check
    the quick part of `test`: formatting, lints on both targets, the arrows of the architecture, and the page's words
cargo xtask bench
    measures the product beside pgbench and a loop written by hand, on this machine, in one run
cargo xtask screens [FOLDER]
    pictures of every screen (default /tmp/shots), and the picture of the README in docs/
cargo xtask screens --renew
    the picture book in docs/screens/, by which the browser tests judge whether a screen still looks the same";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    process::watch_interrupts();
    match dispatch(&arguments) {
        Ok(code) => code,
        Err(failure) if process::interrupted() => {
            println!("\nStopped: {failure:#}");
            ExitCode::from(130)
        }
        Err(failure) => {
            println!("\nerror: {failure:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<ExitCode> {
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", arguments),
    };
    match command {
        "start" => start::run(rest),
        "test" => suite::run_all(rest),
        "check" => suite::run_checks(rest),
        "build" => build::run(rest).map(|()| ExitCode::SUCCESS),
        "page" => build::run_page(rest).map(|()| ExitCode::SUCCESS),
        "screens" => screens::run(rest).map(|()| ExitCode::SUCCESS),
        "bench" => bench::run(rest).map(|()| ExitCode::SUCCESS),
        "help" | "-h" | "--help" => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        other => bail!("there is no chore `{other}`\n\n{USAGE}"),
    }
}
