//! Reading archived lines as if they were rows.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use billing_domain::OrganizationId;

use super::file::{ArchiveFile, fault, run_of};
use super::{Archive, run_blocking};
use crate::db::args;
use crate::search_text::Pattern;
use crate::{PostedLine, Result, Store, TransactionFilter};

/// Unpacked runs in memory: of who scrolls and who reads a month.
const KEPT_RUNS: usize = 8;

type Run = Arc<Vec<PostedLine>>;

/// Where the files are, and what was read of them last.
#[derive(Debug, Default)]
pub(crate) struct ArchiveFolder {
    folder: Option<PathBuf>,
    runs: Mutex<VecDeque<((String, i64), Run)>>,
}

impl ArchiveFolder {
    pub(crate) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, runs: Mutex::default() }
    }

    pub(super) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    fn known(&self, file: &str, run: i64) -> Option<Run> {
        let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        runs.iter().find(|((known, number), _)| known == file && *number == run).map(|(_, lines)| Arc::clone(lines))
    }

    fn keep(&self, file: &str, run: i64, lines: &Run) {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        runs.push_front(((file.to_owned(), run), Arc::clone(lines)));
        runs.truncate(KEPT_RUNS);
    }
}

impl Store {
    /// Usage up to this line is in files.
    pub(crate) async fn archived_seq(&self, organization_id: &OrganizationId) -> Result<i64> {
        let sql = "SELECT archived_seq FROM wallets WHERE organization_id = $1";
        self.db.first(sql, args![organization_id]).await?.map_or(Ok(0), |row| row.get("archived_seq"))
    }

    /// An archived line.
    pub(crate) async fn archived_line(&self, organization_id: &OrganizationId, seq: i64) -> Result<Option<PostedLine>> {
        if seq < 1 || seq > self.archived_seq(organization_id).await? {
            return Ok(None);
        }
        Ok(self.archived_between(organization_id, seq - 1, seq).await?.pop())
    }

    /// The archived lines above `after` up to `last`, all of which are in files, ascending.
    pub(crate) async fn archived_between(
        &self,
        organization_id: &OrganizationId,
        after: i64,
        last: i64,
    ) -> Result<Vec<PostedLine>> {
        let mut found = Vec::new();
        if after >= last {
            return Ok(found);
        }
        for archive in self.archives(organization_id).await? {
            let (first, last) = (archive.first_seq.max(after + 1), archive.last_seq.min(last));
            if first > last {
                continue;
            }
            for run in run_of(first)..=run_of(last) {
                let lines = self.read_run(organization_id, &archive, run).await?;
                found.extend(lines.iter().filter(|posted| (first..=last).contains(&posted.line.seq)).cloned());
            }
        }
        Ok(found)
    }

    /// [`Store::transactions`], and behind what the database holds what is in files.
    pub async fn transactions_and_archive(
        &self,
        organization_id: &OrganizationId,
        filter: &TransactionFilter,
        before_seq: Option<i64>,
        limit: u32,
    ) -> Result<Vec<PostedLine>> {
        // What moves money otherwise than by usage is never taken out of the database.
        let kept = !filter.kinds.is_empty() && filter.kinds.iter().all(|kind| kind.usage().is_none());
        let mut archived = self.archived_seq(organization_id).await?;
        let mut lines = loop {
            let lines = if before_seq.is_some_and(|before| before <= archived) && !kept {
                Vec::new()
            } else {
                self.transactions(organization_id, filter, before_seq, limit).await?
            };
            // Again where lines went from the database to a file meanwhile.
            match self.archived_seq(organization_id).await? {
                same if same == archived => break lines,
                later => archived = later,
            }
        };
        if kept || archived == 0 {
            return Ok(lines);
        }
        lines.retain(|posted| posted.line.seq > archived);
        let left = usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(lines.len());
        let before = before_seq.unwrap_or(i64::MAX).min(archived.saturating_add(1));
        lines.extend(self.archived_before(organization_id, filter, before, left).await?);
        Ok(lines)
    }

    /// Archived lines below `before` that pass the filter, newest first, at most `most`.
    pub(crate) async fn archived_before(
        &self,
        organization_id: &OrganizationId,
        filter: &TransactionFilter,
        before: i64,
        most: usize,
    ) -> Result<Vec<PostedLine>> {
        let pattern = filter.query.as_deref().and_then(Pattern::of);
        let mut found = Vec::new();
        for archive in self.archives(organization_id).await?.iter().rev().filter(|archive| archive.first_seq < before) {
            for run in (run_of(archive.first_seq)..=run_of(archive.last_seq.min(before - 1))).rev() {
                if found.len() == most {
                    return Ok(found);
                }
                let lines = self.read_run(organization_id, archive, run).await?;
                let wanted =
                    |posted: &&PostedLine| posted.line.seq < before && passes(filter, pattern.as_ref(), posted);
                found.extend(lines.iter().rev().filter(wanted).take(most - found.len()).cloned());
            }
        }
        Ok(found)
    }

    async fn read_run(&self, organization_id: &OrganizationId, archive: &Archive, run: i64) -> Result<Run> {
        if let Some(lines) = self.archive.known(&archive.file, run) {
            return Ok(lines);
        }
        let (path, archive, organization) =
            (self.archive.path(&archive.file)?, archive.clone(), organization_id.clone());
        let (file, lines) = run_blocking(move || {
            let lines = open_archive(&path, &archive, &organization)?.read_run(run)?;
            Ok((archive.file, Arc::new(lines)))
        })
        .await?;
        self.archive.keep(&file, run, &lines);
        Ok(lines)
    }

    /// Compares the bytes of a file with what was written.
    pub(crate) async fn check_archive(&self, organization_id: &OrganizationId, archive: &Archive) -> Result<()> {
        let (path, archive, organization) =
            (self.archive.path(&archive.file)?, archive.clone(), organization_id.clone());
        run_blocking(move || {
            let digest = open_archive(&path, &archive, &organization)?.digest()?;
            if digest == archive.digest {
                Ok(())
            } else {
                Err(fault(&path, "its bytes are not those that were written"))
            }
        })
        .await
    }
}

/// Opens the file that the database means.
fn open_archive(path: &Path, archive: &Archive, organization_id: &OrganizationId) -> Result<ArchiveFile> {
    let file = ArchiveFile::open(path)?;
    if file.header.organization_id != organization_id.as_str()
        || file.header.chains() != (archive.chain_before(), archive.chain_after())
    {
        return Err(fault(path, "it holds other lines than it should"));
    }
    Ok(file)
}

/// As the rows of the ledger are filtered.
fn passes(filter: &TransactionFilter, pattern: Option<&Pattern>, posted: &PostedLine) -> bool {
    let line = &posted.line;
    (filter.kinds.is_empty() || filter.kinds.contains(&line.kind))
        && filter.from.is_none_or(|from| line.occurred_at >= from)
        && filter.to.is_none_or(|to| line.occurred_at < to)
        && pattern.is_none_or(|pattern| pattern.is_in([&line.description, &line.source, &line.reference]))
}
