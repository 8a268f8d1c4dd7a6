//! Months that are over go to files: written, read back and followed line by line before the database lets their usage go.
//! See docs/decisions/0109-archive.md.

mod file;
mod reading;

use std::path::PathBuf;

use billing_domain::ledger::{Chain, Hash};
use billing_domain::{Money, Month, OrganizationId, Timestamp};

use self::file::{ArchiveFile, ArchiveHeader, ArchiveWriter, fault, run_of};
use crate::credit::earliest_needed;
use crate::db::{Tx, args, columns, retrying};
use crate::ledger::{Stub, insert_stubs, ledger_columns, read_line};
use crate::references::RUN_LINES;
use crate::wallet::of_wallet;
use crate::{Result, Store, StoreError, Wallet, wallet};

pub(crate) use reading::ArchiveFolder;

columns!(
    archive_columns,
    Archive {
        first_seq,
        last_seq,
        month,
        file,
        digest,
        hash_before,
        last_hash,
        balance_before,
        balance_after,
        created_at
    }
);

/// A file of archived lines, as the database knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// Its first line.
    pub first_seq: i64,
    /// Its last line.
    pub last_seq: i64,
    /// The month in which they were posted, `2026-10`.
    pub month: String,
    /// Its name, without the folder.
    pub file: String,
    /// SHA-256 of the file.
    pub digest: Hash,
    /// The chain's hash before its first line.
    pub hash_before: Hash,
    /// The chain's hash after its last line.
    pub last_hash: Hash,
    /// The balance before its first line.
    pub balance_before: Money,
    /// The balance after its last line.
    pub balance_after: Money,
    /// When it was written.
    pub created_at: Timestamp,
}

impl Archive {
    const fn chain_before(&self) -> Chain {
        Chain { seq: self.first_seq - 1, balance: self.balance_before, hash: self.hash_before }
    }

    pub(crate) const fn chain_after(&self) -> Chain {
        Chain { seq: self.last_seq, balance: self.balance_after, hash: self.last_hash }
    }
}

/// A month that is over, up to its last line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClosedMonth<'a> {
    /// In the organization's zone.
    pub month: Month,
    /// The IANA name of the zone.
    pub time_zone: &'a str,
    /// The last line that was posted in it.
    pub last_seq: i64,
}

impl Store {
    /// The files of an organization, oldest first.
    pub async fn archives(&self, organization_id: &OrganizationId) -> Result<Vec<Archive>> {
        let sql =
            concat!("SELECT ", archive_columns!(), " FROM wallet_archives WHERE ", of_wallet!(), " ORDER BY first_seq");
        self.db.all(sql, args![organization_id]).await?.iter().map(Archive::read).collect()
    }

    /// Archives the lines that follow the last file up to the end of a month: writes the file, reads it back, and takes the
    /// usage of whole runs out of the database in short transactions. `None`: there are no such lines. Goes on where an
    /// earlier call was cut off. `Conflict`: credit is open whose usage is counted from these lines.
    ///
    /// Only one at a time for an organization: the caller has the lease.
    pub async fn archive_month(
        &self,
        organization_id: &OrganizationId,
        closed: ClosedMonth<'_>,
        now: Timestamp,
    ) -> Result<Option<Archive>> {
        // What an earlier call has written and not yet taken out.
        self.resume_archive(organization_id).await?;
        let before = self.archives(organization_id).await?.last().map_or(Chain::BEGINNING, Archive::chain_after);
        if closed.last_seq <= before.seq {
            return Ok(None);
        }
        if self.first_needed(organization_id).await?.is_some_and(|needed| needed <= closed.last_seq) {
            return Err(StoreError::Conflict("credit that has not ended"));
        }
        let archive = self.write_archive(organization_id, closed, before, now).await?;
        retrying!("register_archive", organization_id => self.register_archive_once(organization_id, &archive))?;
        self.resume_archive(organization_id).await?;
        Ok(Some(archive))
    }

    /// Takes out of the database what files have, as far as they are there and unaltered: what a command that was cut off has
    /// left.
    pub async fn resume_archive(&self, organization_id: &OrganizationId) -> Result<()> {
        let taken_out = self.archived_seq(organization_id).await?;
        for archive in self.archives(organization_id).await? {
            if archive.last_seq > taken_out {
                self.check_archive(organization_id, &archive).await?;
                // Searches, sums and filters of references stand on the summaries of runs that are gone.
                self.summarize_until(organization_id, archive.last_seq).await?;
                while retrying!("archive", organization_id => self.take_out_run(organization_id, archive.last_seq))? {}
            }
        }
        Ok(())
    }

    async fn first_needed(&self, organization_id: &OrganizationId) -> Result<Option<i64>> {
        let mut tx = self.db.snapshot().await?;
        let needed = earliest_needed(&mut tx, organization_id).await;
        tx.rollback().await?;
        needed
    }

    /// Writes the file of the lines behind `before` and follows it from its first to its last.
    async fn write_archive(
        &self,
        organization_id: &OrganizationId,
        closed: ClosedMonth<'_>,
        before: Chain,
        now: Timestamp,
    ) -> Result<Archive> {
        let ClosedMonth { month, time_zone, last_seq } = closed;
        let name = format!("ledger-{organization_id}-{month}.jsonl.zst");
        let path = self.archive.path(&name)?;
        let missing = |seq: i64| StoreError::Corrupt(format!("line {seq} is missing"));
        let last = self.line(organization_id, last_seq).await?.ok_or_else(|| missing(last_seq))?;
        let ends = Chain::behind(&last.line, last.hash);
        let sums = self.sums_by_kind(organization_id, before.seq, last_seq).await?;
        let whose = (organization_id, last.line.currency, time_zone);
        let header = ArchiveHeader::new(whose, &month.to_string(), before, ends, &sums);
        let mut writer = run_blocking({
            let (path, header) = (path.clone(), header.clone());
            move || ArchiveWriter::create(&path, &header)
        })
        .await?;
        let mut seq = before.seq;
        while seq < last_seq {
            let until = ((run_of(seq + 1) + 1) * RUN_LINES).min(last_seq);
            let count = u32::try_from(until - seq).unwrap_or(u32::MAX);
            let lines = self.lines_after(organization_id, seq, count).await?;
            if lines.last().map(|posted| posted.line.seq) != Some(until) {
                return Err(missing(until));
            }
            writer = run_blocking(move || writer.write_run(&lines).map(|()| writer)).await?;
            seq = until;
        }
        let digest = run_blocking(move || {
            writer.finish()?;
            // What is on the disk, not what was meant to be.
            let mut written = ArchiveFile::open(&path)?;
            if written.header != header {
                return Err(fault(&path, "it begins otherwise than it was written"));
            }
            written.verify(&header)
        })
        .await?;
        Ok(Archive {
            first_seq: before.seq + 1,
            last_seq,
            month: month.to_string(),
            file: name,
            digest,
            hash_before: before.hash,
            last_hash: ends.hash,
            balance_before: before.balance,
            balance_after: ends.balance,
            created_at: now,
        })
    }

    /// From here on the file counts: it is whole, and follows on the last one.
    async fn register_archive_once(&self, organization_id: &OrganizationId, archive: &Archive) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let wallet = wallet::lock_wallet(&mut tx, organization_id).await?;
        let sql = "SELECT COALESCE(MAX(last_seq), 0) AS last_seq FROM wallet_archives WHERE wallet_id = $1";
        let row = tx.first(sql, args![wallet.id]).await?.ok_or(StoreError::NotFound)?;
        if row.get::<i64>("last_seq")? + 1 != archive.first_seq {
            tx.rollback().await?;
            // Somebody else has archived meanwhile, against the lease.
            return Err(StoreError::Stale);
        }
        let sql = concat!(
            "INSERT INTO wallet_archives (wallet_id, ",
            archive_columns!(),
            ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
        );
        let row = args![
            wallet.id,
            archive.first_seq,
            archive.last_seq,
            &archive.month,
            &archive.file,
            archive.digest,
            archive.hash_before,
            archive.last_hash,
            archive.balance_before,
            archive.balance_after,
            archive.created_at
        ];
        tx.execute(sql, row).await?;
        tx.commit().await
    }

    /// Takes the usage of the next whole run out of the database, if it ends at `last_seq` or before; whether it has.
    async fn take_out_run(&self, organization_id: &OrganizationId, last_seq: i64) -> Result<bool> {
        let mut tx = self.db.begin().await?;
        // Short: postings of this wallet wait meanwhile.
        let wallet = wallet::lock_wallet(&mut tx, organization_id).await?;
        let until = wallet.archived_seq + RUN_LINES;
        // The ledger's last line stays: by it everybody sees how far the ledger goes.
        if until > last_seq || until >= wallet.last_seq {
            tx.rollback().await?;
            return Ok(false);
        }
        let stubs = read_usage(&mut tx, &wallet, until).await?;
        insert_stubs(&mut tx, wallet.id, &stubs).await?;
        // First: the trigger lets go what is archived, and nothing else.
        tx.execute("UPDATE wallets SET archived_seq = $2 WHERE wallet_id = $1", args![wallet.id, until]).await?;
        let sql = "DELETE FROM ledger WHERE wallet_id = $1 AND seq > $2 AND seq <= $3 AND origin = 1";
        let gone = tx.execute(sql, args![wallet.id, wallet.archived_seq, until]).await?;
        if usize::try_from(gone) != Ok(stubs.len()) {
            return Err(StoreError::Corrupt(format!("{gone} lines would go instead of {}", stubs.len())));
        }
        tx.commit().await?;
        Ok(true)
    }
}

/// The usage above what is archived, up to `until`, as far as it must stay known.
async fn read_usage(tx: &mut Tx, wallet: &Wallet, until: i64) -> Result<Vec<Stub>> {
    let sql = concat!(
        "SELECT ",
        ledger_columns!(),
        " FROM ledger WHERE ",
        of_wallet!(),
        " AND seq > $2 AND seq <= $3 AND origin = 1 ORDER BY seq"
    );
    let rows = tx.all(sql, args![&wallet.organization_id, wallet.archived_seq, until]).await?;
    rows.iter().map(|row| Stub::of(&read_line(row, &wallet.organization_id)?.line)).collect()
}

/// Files are read, written and packed where nobody waits for anything else.
async fn run_blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| StoreError::Interrupted(error.to_string()))?
}

impl ArchiveFolder {
    /// Where a file is; an error without a folder.
    fn path(&self, name: &str) -> Result<PathBuf> {
        self.folder().map(|folder| folder.join(name)).ok_or_else(|| StoreError::Archive {
            file: name.to_owned(),
            reason: "no folder of the archive is named (archive_dir)".to_owned(),
        })
    }
}
