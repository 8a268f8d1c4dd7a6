//! The program `nexis-billing`: reads its settings, then serves, or looks at a database for the operator.

mod admin_commands;
mod auth;
mod budgets;
mod calendar;
mod clock;
mod color;
mod config;
mod database_key;
mod deadlines;
mod demo;
mod effects;
mod events;
mod external_ids;
mod http;
mod kept_answers;
mod message;
mod metrics;
mod notify;
mod problem;
mod provider;
mod queue;
mod random;
mod receipt_renderer;
mod recharge;
mod reconcile;
mod reference_mask;
mod run;
mod service;
mod state;
mod static_files;
mod stream;
mod view;
mod workers;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory as _};

use crate::admin_commands::archive::ArchiveOrder;
use crate::config::{
    Archive, Backup, Cli, Command, Config, DeadLetters, Export, KeyCommand, OrganizationCommand, ServerSettings,
    UserCommand,
};

/// Reports are thousands of short texts: with the C library's allocator a fifth of the time went into giving them out and
/// taking them back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs what the command line asks for. Answers the exit code of the process.
pub fn main() -> ExitCode {
    match run_command(&Cli::command().get_matches()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("nexis-billing: {error}");
            ExitCode::FAILURE
        }
    }
}

/// One sentence for the operator, whatever it was.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn run_command(command_line: &ArgMatches) -> Result<ExitCode, Failure> {
    let command = Command::read(command_line)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Serve(settings) => {
                let config = prepare_config(*settings)?;
                config.check_serving()?;
                Box::pin(run::run_server(config)).await.map(|()| ExitCode::SUCCESS)
            }
            Command::Verify(settings) => admin_commands::verify_ledgers(&prepare_config(*settings)?).await,
            Command::Export(export) => {
                let Export { organization, settings } = *export;
                admin_commands::export_ledger(&prepare_config(settings)?, &organization).await
            }
            Command::Backup(backup) => {
                let Backup { to, settings } = *backup;
                admin_commands::back_up_database(&prepare_config(settings)?, &to).await
            }
            Command::Archive(archive) => {
                let Archive { into, organization, until, dry_run, settings } = *archive;
                let order = ArchiveOrder { into, organization, until, dry_run };
                admin_commands::archive::archive_months(&prepare_config(settings)?, order).await
            }
            Command::Setup(mut setup) => {
                let config = prepare_config(std::mem::take(&mut setup.settings))?;
                admin_commands::accounts::set_up(&config, &setup).await
            }
            Command::Org(OrganizationCommand::Create(mut create)) => {
                let config = prepare_config(std::mem::take(&mut create.settings))?;
                admin_commands::accounts::create_organization(&config, &create).await
            }
            Command::User(command) => run_user_command(command).await,
            Command::Key(command) => run_key_command(command).await,
            Command::Doctor(settings) => admin_commands::diagnose_payments(&prepare_config(*settings)?).await,
            Command::DeadLetters(letters) => {
                let DeadLetters { retry, settings } = *letters;
                admin_commands::dead_letters(&prepare_config(settings)?, retry).await
            }
        }
    })
}

async fn run_user_command(command: UserCommand) -> Result<ExitCode, Failure> {
    match command {
        UserCommand::Add(mut add) => {
            let config = prepare_config(std::mem::take(&mut add.settings))?;
            admin_commands::accounts::add_user(&config, &add).await
        }
        UserCommand::Reset(mut user) => {
            let config = prepare_config(std::mem::take(&mut user.settings))?;
            admin_commands::accounts::reset_user(&config, &user).await
        }
        UserCommand::Lock(mut lock) => {
            let config = prepare_config(std::mem::take(&mut lock.settings))?;
            admin_commands::accounts::lock_user(&config, &lock).await
        }
        UserCommand::SessionsEnd(mut user) => {
            let config = prepare_config(std::mem::take(&mut user.settings))?;
            admin_commands::accounts::end_sessions(&config, &user).await
        }
        UserCommand::SecondFactorOff(mut user) => {
            let config = prepare_config(std::mem::take(&mut user.settings))?;
            admin_commands::accounts::remove_second_factor(&config, &user).await
        }
    }
}

async fn run_key_command(command: KeyCommand) -> Result<ExitCode, Failure> {
    match command {
        KeyCommand::Create(mut create) => {
            let config = prepare_config(std::mem::take(&mut create.settings))?;
            admin_commands::keys::create_key(&config, &create).await
        }
        KeyCommand::List(settings) => admin_commands::keys::list_keys(&prepare_config(*settings)?).await,
        KeyCommand::Revoke(mut revoke) => {
            let config = prepare_config(std::mem::take(&mut revoke.settings))?;
            admin_commands::keys::revoke_key(&config, &revoke.id).await
        }
    }
}

fn prepare_config(settings: ServerSettings) -> Result<Config, Failure> {
    let config = settings.check()?;
    init_log(&config)?;
    Ok(config)
}

/// To standard error; standard output says where the server listens and nothing that changes.
fn init_log(config: &Config) -> Result<(), Failure> {
    let filter = tracing_subscriber::EnvFilter::try_new(&config.log)
        .map_err(|error| format!("log: {error}; write for example info or nexis_billing=debug,warn"))?;
    let colors = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colors).try_init()
}
