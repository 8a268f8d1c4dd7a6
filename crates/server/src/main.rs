//! The program `nexis-billing`: reads what it is told, then serves or verifies.

mod app;
mod bank;
mod calendar;
mod clock;
mod config;
mod demo;
mod events;
mod hex;
mod http;
mod problem;
mod run;
mod service;
mod verify;
mod workers;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser as _;

use crate::config::{Cli, Command, Config, Settings};

fn main() -> ExitCode {
    let (settings, serve) = match Cli::parse().command {
        Command::Serve(settings) => (settings, true),
        Command::Verify(settings) => (settings, false),
    };
    match start(*settings, serve) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("nexis-billing: {error}");
            ExitCode::FAILURE
        }
    }
}

/// One sentence for the operator, whatever it was.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn start(settings: Settings, serve: bool) -> Result<ExitCode, Failure> {
    let config = settings.resolve()?;
    log(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        if serve { run::serve(config).await.map(|()| ExitCode::SUCCESS) } else { verify::verify(&config).await }
    })
}

/// To standard error; standard output says where the server listens and nothing that changes.
fn log(config: &Config) -> Result<(), Failure> {
    let filter = tracing_subscriber::EnvFilter::try_new(&config.log)
        .map_err(|error| format!("log: {error}; write for example info or nexis_billing=debug,warn"))?;
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours).try_init()
}
