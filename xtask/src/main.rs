//! The project's chores as one program: `cargo xtask start`, `test`, `build`, `bench` and more.
#![expect(clippy::print_stdout, reason = "a command-line tool speaks on the standard output")]

mod arguments;
mod arrows;
mod bench;
mod budgets;
mod build;
mod chores;
mod dev;
mod glossary;
mod install;
mod precompress;
mod process;
mod screens;
mod start;
mod steps;
mod style;
mod suite;
mod untranslated;
mod workspace;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    process::watch_interrupts();
    match chores::run_chore(&arguments) {
        Ok(code) => code,
        Err(failure) if process::is_interrupted() => {
            println!("\nStopped: {failure:#}");
            ExitCode::from(130)
        }
        Err(failure) => {
            println!("\nerror: {failure:#}");
            ExitCode::FAILURE
        }
    }
}
