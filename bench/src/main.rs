//! Measures the release program over HTTP, side by side with its peers on the same databases, and prints ratios: what a
//! machine does in a second says little, what it does beside the other says much. `cargo xtask bench` starts it.

mod about;
mod arguments;
mod database;
mod figures;
mod growth;
mod http_load;
mod load;
mod peers;
mod processes;
mod program;
mod rate;
mod seed;
mod sizes;
mod streams;
mod wallets;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::arguments::Arguments;
use crate::database::{DatabaseKind, Measuring};
use crate::figures::Report;

/// Where things are; `cargo xtask bench` says so in the environment.
pub(crate) struct BenchPaths {
    pub(crate) server: PathBuf,
    pub(crate) dist: PathBuf,
    pub(crate) postgres_programs: PathBuf,
    pub(crate) postgres_url: String,
}

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if let [word, answer] = words.as_slice()
        && word == "bare-axum"
    {
        return runtime.block_on(peers::serve_bare_axum(Path::new(answer)));
    }
    let arguments = Arguments::parse(words)?;
    let places = BenchPaths {
        server: read_setting("SERVER")?.into(),
        dist: read_setting("DIST")?.into(),
        postgres_programs: read_setting("POSTGRES_BIN")?.into(),
        postgres_url: read_setting("POSTGRES_URL")?,
    };
    runtime.block_on(measure_all(&places, &arguments))
}

fn read_setting(name: &str) -> Result<String> {
    let name = format!("NEXIS_BILLING_BENCH_{name}");
    std::env::var(&name).with_context(|| format!("{name} is not set: run `cargo xtask bench`"))
}

#[expect(clippy::print_stdout, reason = "a command-line tool speaks on the standard output")]
async fn measure_all(places: &BenchPaths, arguments: &Arguments) -> Result<()> {
    let temporary = tempfile::tempdir()?;
    let before = arguments.before.as_deref().map(Report::read).transpose()?;
    let mut report = Report::new(about::describe_run(arguments)?);
    for kind in [DatabaseKind::Sqlite, DatabaseKind::Postgres] {
        if arguments.wants_database(kind.word()) {
            let mut measuring = Measuring { places, arguments, kind, temporary: temporary.path(), report: &mut report };
            measuring.run().await?;
        }
    }
    if let Some(out) = &arguments.out {
        report.take_over(Report::read(out)?);
        report.write(out)?;
    }
    println!("{}", report.to_markdown(before.as_ref()));
    Ok(())
}
