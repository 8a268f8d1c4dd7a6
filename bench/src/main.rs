//! Measures the release program over HTTP, side by side with its peers on the same databases, and prints ratios: what a
//! machine does in a second says little, what it does beside the other says much. `cargo xtask bench` starts it.
#![expect(clippy::print_stdout, reason = "a command-line tool speaks on the standard output")]

mod load;
mod peers;
mod program;
mod rate;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::load::Wallets;
use crate::program::BenchServer;
use crate::rate::{Rate, format_ratio, slower_by_percent};

/// Lines that the ledger holds when everything is measured again.
const MANY_LINES: i64 = 1_000_000;

/// Where things are; `cargo xtask bench` says so in the environment.
pub(crate) struct BenchPaths {
    pub(crate) server: PathBuf,
    pub(crate) dist: PathBuf,
    pub(crate) postgres_programs: PathBuf,
    pub(crate) postgres_url: String,
}

fn main() -> Result<()> {
    let places = BenchPaths {
        server: read_setting("SERVER")?.into(),
        dist: read_setting("DIST")?.into(),
        postgres_programs: read_setting("POSTGRES_BIN")?.into(),
        postgres_url: read_setting("POSTGRES_URL")?,
    };
    // Nothing here speaks TLS; the client wants to know all the same whose it would use.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure_all(&places))
}

fn read_setting(name: &str) -> Result<String> {
    let name = format!("NEXIS_BILLING_BENCH_{name}");
    std::env::var(&name).with_context(|| format!("{name} is not set: run `cargo xtask bench`"))
}

async fn measure_all(places: &BenchPaths) -> Result<()> {
    let folder = tempfile::tempdir()?;
    println!("SQLite");
    let by_hand = peers::sqlite_one_commit_a_line(&folder.path().join("by-hand.db")).await?;
    println!("  one commit a line, by hand        {by_hand}");
    let url = format!("sqlite:{}", folder.path().join("product.db").display());
    let hot = measure_database(places, &url).await?;
    println!("  hot wallet beside that loop       {}", format_ratio(hot, by_hand));
    println!("\nPostgreSQL");
    let pgbench = peers::run_pgbench(places)?;
    println!("  pgbench TPC-B, one hot branch     {pgbench}");
    let url = peers::fresh_database(places, "product").await?;
    let hot = measure_database(places, &url).await?;
    println!("  hot wallet beside pgbench         {}", format_ratio(hot, pgbench));
    println!("\nSandbox top-up on SQLite");
    print_top_ups(places, folder.path()).await
}

/// Everything on one database; the rate of the hot wallet.
async fn measure_database(places: &BenchPaths, url: &str) -> Result<Rate> {
    let wallets = Wallets::create(url).await?;
    let program = BenchServer::start(places, url, &[]).await?;
    let hot = load::measure_lines(&program, &wallets.hot()).await?;
    println!("  usage lines, one hot wallet       {hot}");
    println!("  usage lines, 1,000 wallets        {}", load::measure_lines(&program, &wallets.all()).await?);
    let (granted, wait) = load::measure_authorizations(&program, wallets.holder()).await?;
    println!("  authorizations                    {granted}, {wait}");
    println!("  memory                            {}", program.memory().await?);
    while wallets.lines().await? < MANY_LINES {
        load::measure_lines(&program, &wallets.hot()).await?;
    }
    let later = load::measure_lines(&program, &wallets.hot()).await?;
    println!("  hot wallet after {} lines    {later} ({})", wallets.lines().await?, slower_by_percent(hot, later));
    let (granted_later, wait) = load::measure_authorizations(&program, wallets.holder()).await?;
    println!(
        "  authorizations then               {granted_later}, {wait} ({})",
        slower_by_percent(granted, granted_later)
    );
    println!("  memory then                       {}", program.memory().await?);
    Ok(hot)
}

async fn print_top_ups(places: &BenchPaths, folder: &Path) -> Result<()> {
    let url = format!("sqlite:{}", folder.join("demo.db").display());
    let program = BenchServer::start(places, &url, &["--demo", "--demo-state", "fresh"]).await?;
    let (paid, wait) = load::measure_top_ups(&program).await?;
    println!("  paid and in the ledger            {paid}, {wait}");
    Ok(())
}
