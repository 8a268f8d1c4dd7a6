//! `archive`: closed months go to files, one a wallet and month. See docs/decisions/0109-archive.md.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use billing_domain::{LeaseOwner, Month, OrganizationId, Timestamp};
use billing_store::{ClosedMonth, Store, StoreError};

use super::open_store;
use crate::Failure;
use crate::calendar::Calendar;
use crate::clock::Clock;
use crate::config::Config;
use crate::state::new_id;

/// Months that are over and stay in the database unless the operator names another one.
const KEPT_MONTHS: usize = 13;
/// Longer than a month takes; whoever dies in between is followed after this.
const LEASE_SECONDS: i64 = 1_800;
const LEASE: &str = "archive";
/// A month is closed so long after its end: servers' clocks may differ.
const CLOSED_AFTER_SECONDS: i64 = 3_600;

/// What is to be archived.
pub(crate) struct ArchiveOrder {
    pub(crate) into: Option<PathBuf>,
    pub(crate) organization: Option<String>,
    pub(crate) until: Option<String>,
    pub(crate) dry_run: bool,
}

/// `archive`: writes what is closed and long past to files, verifies them, and takes it out of the database.
///
/// Exit code 1 when another command is at it, or a month or organization is named that cannot be archived.
pub(crate) async fn archive_months(config: &Config, order: ArchiveOrder) -> Result<ExitCode, Failure> {
    let Some(folder) = order.into.clone().or_else(|| config.archive_dir.clone()) else {
        return Err("name the folder of the archive: --into, or the setting archive_dir".into());
    };
    if !folder.is_dir() {
        return Err(format!("{} is no folder", folder.display()).into());
    }
    let until = order.until.as_deref().map(|text| text.parse::<Month>().map_err(|_| "--until: write 2026-10"));
    let until = until.transpose()?;
    let store = open_store(config).await?.with_archive(Some(folder));
    let ids = match &order.organization {
        None => store.organization_ids().await?,
        Some(text) => {
            let unknown = || format!("there is no organization {text}");
            let id = text.parse::<OrganizationId>().map_err(|_| unknown())?;
            store.organization(&id).await.map_err(|_| unknown())?;
            vec![id]
        }
    };
    let clock = Clock::default();
    let owner = new_id(&clock).map_err(|_| "the system gives no random numbers")?;
    let mut done = Ok(());
    for id in &ids {
        let turn = ArchiveTurn { store: &store, id, until, dry_run: order.dry_run, owner: &owner, clock: &clock };
        done = turn.archive_organization().await;
        if done.is_err() {
            break;
        }
    }
    store.release_lease(LEASE, &owner).await?;
    store.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

/// One organization's part of the command.
struct ArchiveTurn<'a> {
    store: &'a Store,
    id: &'a OrganizationId,
    until: Option<Month>,
    dry_run: bool,
    owner: &'a LeaseOwner,
    clock: &'a Clock,
}

impl ArchiveTurn<'_> {
    async fn archive_organization(&self) -> Result<(), Failure> {
        let Self { store, id, .. } = *self;
        let zone = store.organization(id).await?.time_zone;
        let calendar = Calendar::of(&zone)?;
        let last_closed = calendar.month_of(self.clock.now().plus_seconds(-CLOSED_AFTER_SECONDS)).previous();
        let until = match self.until {
            Some(until) if until > last_closed => {
                return Err(format!("organization {id}: the month {until} is not over").into());
            }
            Some(until) => until,
            None => (0..KEPT_MONTHS).fold(last_closed, |month, _| month.previous()),
        };
        let last_seq = match store.wallet(id).await {
            Err(StoreError::NotFound) => return Ok(()),
            wallet => wallet?.last_seq,
        };
        let mut after = store.archives(id).await?.last().map_or(0, |archive| archive.last_seq);
        if after > 0 && !self.dry_run {
            self.take_lease().await?;
            store.resume_archive(id).await?;
        }
        let Some(first) = store.line(id, after + 1).await? else { return Ok(()) };
        let mut month = calendar.month_of(first.line.posted_at);
        while month <= until {
            let end = store.seq_posted_before(id, calendar.month_start(month.next()), last_seq).await?;
            let closed = ClosedMonth { month, time_zone: &zone, last_seq: end };
            if end > after && !self.archive_month(after, closed).await? {
                return Ok(());
            }
            after = end.max(after);
            month = month.next();
        }
        Ok(())
    }

    /// Whether the months that follow can be archived too.
    async fn archive_month(&self, after: i64, closed: ClosedMonth<'_>) -> Result<bool, Failure> {
        let Self { store, id, .. } = *self;
        let ClosedMonth { month, last_seq, .. } = closed;
        if self.dry_run {
            self.print(format_args!("{month}: lines {} to {last_seq} would be archived", after + 1))?;
            return Ok(true);
        }
        // Renewed with every month.
        let now = self.take_lease().await?;
        match store.archive_month(id, closed, now).await {
            Ok(Some(archive)) => {
                let (first, last) = (archive.first_seq, archive.last_seq);
                self.print(format_args!("{month}: lines {first} to {last} are in {}", archive.file))?;
                Ok(true)
            }
            Ok(None) => Ok(true),
            Err(StoreError::Conflict(_)) => {
                self.print(format_args!(
                    "{month}: stays, since credit is open whose usage is counted from these lines"
                ))?;
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn take_lease(&self) -> Result<Timestamp, Failure> {
        let now = self.clock.now();
        if !self.store.acquire_lease(LEASE, self.owner, now.plus_seconds(LEASE_SECONDS), now).await? {
            return Err("another archive command is at work on this database, or died within the last half hour".into());
        }
        Ok(now)
    }

    fn print(&self, what: std::fmt::Arguments<'_>) -> std::io::Result<()> {
        writeln!(std::io::stdout().lock(), "organization {}: {what}", self.id)
    }
}
