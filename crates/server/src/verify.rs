//! `nexis-billing verify`: recomputes every ledger and says where the first broken line is.

use std::io::Write as _;
use std::process::ExitCode;

use billing_store::Store;

use crate::Failure;
use crate::config::Config;

/// Exit code 0 when every ledger is right, 1 when one is broken or there is no database to look at.
pub(crate) async fn verify(config: &Config) -> Result<ExitCode, Failure> {
    let store = Store::open_existing(config.database.reveal())
        .await
        .map_err(|error| format!("the database cannot be opened: {error}"))?;
    let (mut lines, mut broken) = (0, 0);
    let ids = store.organization_ids().await?;
    let mut out = std::io::stdout().lock();
    for id in &ids {
        let found = store.verify(id).await?;
        lines += found.lines;
        if let Some(fault) = found.broken {
            broken += 1;
            writeln!(out, "organisation {id}: broken at line {}: {}", fault.seq, fault.reason)?;
        }
    }
    store.close().await;
    writeln!(out, "{} ledgers, {lines} lines right, {broken} ledgers broken", ids.len())?;
    Ok(if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
