//! What the operator does with a database besides serving it: verify, export, back up, see to notices nobody took and to
//! payments nobody knew.

pub(crate) mod accounts;
pub(crate) mod archive;
pub(crate) mod keys;
mod progress;

use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::ExitCode;

use billing_domain::{OrganizationId, OrganizationMark};
use billing_store::{Broken, DeliveryState, Store, StoreError, Verification};
use serde_json::json;

use self::progress::VerifyProgress;
use crate::Failure;
use crate::clock::Clock;
use crate::config::Config;
use crate::view::transaction::map_transaction;

/// Lines of a ledger that are read at a time.
const PAGE: u32 = 1_000;

async fn open_store(config: &Config) -> Result<Store, Failure> {
    Store::open_existing(config.database.reveal())
        .await
        .map(|store| store.with_archive(config.archive_dir.clone()))
        .map_err(|error| format!("the database cannot be opened: {error}").into())
}

/// `verify`: recomputes every ledger and every chain of the audit log, and says where the first broken line or entry is.
///
/// Says on stderr how far it is. Exit code 0 when all are right, 1 when one is broken or there is no database to look at.
pub(crate) async fn verify_ledgers(config: &Config) -> Result<ExitCode, Failure> {
    let store = open_store(config).await?;
    let ids = store.organization_ids().await?;
    let mut out = std::io::stdout().lock();
    let mut ledgers = ChainCount::default();
    let mut progress = VerifyProgress::start(store.count_ledger_lines().await?);
    for id in &ids {
        let found = store.verify_with_progress(id, &mut |lines| progress.show(lines)).await?;
        progress.end_ledger(found.lines);
        if let Some(fault) = ledgers.count(found) {
            progress.clear();
            writeln!(out, "organization {id}: broken at line {}: {}", fault.seq, fault.reason)?;
        }
    }
    progress.clear();
    let mut logs = ChainCount::default();
    // The installation's own chain is nobody's.
    for id in ids.iter().map(Some).chain([None]) {
        if let Some(fault) = logs.count(store.verify_audit(id).await?) {
            let whose = id.map_or_else(|| "installation".to_owned(), |id| format!("organization {id}"));
            writeln!(out, "{whose}: audit log broken at entry {}: {}", fault.seq, fault.reason)?;
        }
    }
    store.close().await;
    writeln!(out, "{} ledgers, {} lines right, {} ledgers broken", ids.len(), ledgers.right, ledgers.broken)?;
    writeln!(out, "{} audit logs, {} entries right, {} audit logs broken", ids.len() + 1, logs.right, logs.broken)?;
    Ok(if ledgers.broken + logs.broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What has been found in chains of one kind.
#[derive(Default)]
struct ChainCount {
    /// Lines or entries that are right, from the first of each chain.
    right: i64,
    /// Chains with a fault.
    broken: usize,
}

impl ChainCount {
    /// Adds what was found in one; its fault, if it has one.
    fn count(&mut self, found: Verification) -> Option<Broken> {
        self.right += found.lines;
        self.broken += usize::from(found.broken.is_some());
        found.broken
    }
}

/// `export`: a ledger as JSON lines in the shape of `GET /transactions`, oldest first, as far as it went at the start.
pub(crate) async fn export_ledger(config: &Config, organization: &str) -> Result<ExitCode, Failure> {
    let unknown = || format!("there is no organization {organization}");
    let organization_id = &organization.parse::<OrganizationId>().map_err(|_| unknown())?;
    let store = open_store(config).await?;
    let last_seq = match store.wallet(organization_id).await {
        Err(StoreError::NotFound) => return Err(unknown().into()),
        wallet => wallet?.last_seq,
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut after = 0;
    while after < last_seq {
        let lines = store.lines_after(organization_id, after, PAGE).await?;
        let Some(last) = lines.last() else {
            return Err(format!("the ledger ends at line {after} and should go on to {last_seq}: run verify").into());
        };
        after = last.line.seq;
        for line in lines.into_iter().filter(|line| line.line.seq <= last_seq) {
            serde_json::to_writer(&mut out, &map_transaction(line))?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

/// `backup`: a whole copy of one moment, made while servers go on.
pub(crate) async fn back_up_database(config: &Config, to: &Path) -> Result<ExitCode, Failure> {
    let store = open_store(config).await?;
    if to.exists() {
        return Err(format!("{} exists already; name a new file", to.display()).into());
    }
    match store.copy_to(to).await {
        Err(StoreError::NotOnPostgres) => {
            return Err("PostgreSQL is backed up with its own tools: pg_dump, or pg_basebackup".into());
        }
        copied => copied?,
    }
    store.close().await;
    writeln!(std::io::stdout().lock(), "{}", to.display())?;
    Ok(ExitCode::SUCCESS)
}

/// `dead-letters`: notices that nobody took, newest first; `retry` has servers try all of them again.
pub(crate) async fn dead_letters(config: &Config, retry: bool) -> Result<ExitCode, Failure> {
    /// The newest; more than anybody reads.
    const MOST: u32 = 10_000;
    let store = open_store(config).await?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for letter in store.deliveries(DeliveryState::Dead, MOST).await? {
        let line = json!({
            "notice_id": letter.notice.id,
            "organization_id": letter.notice.organization_id,
            "kind": letter.notice.kind.as_str(),
            "created_at": letter.notice.created_at,
            "channel": letter.channel.as_str(),
            "recipient": letter.recipient,
            "tries": letter.tries,
            "last_error": letter.last_error,
        });
        writeln!(out, "{line}")?;
    }
    out.flush()?;
    if retry {
        store.revive_deliveries(Clock::default().now()).await?;
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

/// `doctor`: payments that the provider has received and this database did not know, as JSON lines, those first that are
/// not credited; writes nothing to the database.
///
/// Exit code 0 when nothing needs attention, 1 when a payment is not credited or there is no database to look at.
pub(crate) async fn diagnose_payments(config: &Config) -> Result<ExitCode, Failure> {
    /// The newest; more than anybody reads.
    const MOST: u32 = 10_000;
    let store = open_store(config).await?;
    let payments = store.unknown_payments(MOST).await?;
    store.close().await;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for payment in &payments {
        let line = json!({
            "provider": payment.provider,
            "payment": payment.provider_ref,
            "top_up_id": payment.top_up_id.as_str(),
            "organization_id": payment.organization_id.as_ref().map(OrganizationMark::as_str),
            "amount_minor": payment.amount_minor,
            "currency": payment.currency,
            "paid_at": payment.paid_at,
            "noted_at": payment.noted_at,
            "credited_at": payment.credited_at,
            "reason": payment.reason,
        });
        writeln!(out, "{line}")?;
    }
    out.flush()?;
    let healthy = payments.iter().all(|payment| payment.credited_at.is_some());
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
