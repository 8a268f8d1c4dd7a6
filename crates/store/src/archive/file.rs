//! The file of an archived month: JSON lines in Zstandard, which any tool unpacks, cut into runs that can be read alone.
//!
//! The first line says what the file holds. The runs are frames of their own, and a table at the end says how long each is:
//! Zstandard's seekable format.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use billing_domain::kind::Unit;
use billing_domain::ledger::{Chain, Hash, Line};
use billing_domain::{Currency, Money, OrganizationId, TextMap, Timestamp, TransactionId, TransactionKind};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::references::RUN_LINES;
use crate::{KindSum, PostedLine, Result, StoreError};

const FORMAT: &str = "nexis-billing ledger archive v1";
/// Zstandard's own middle way between time and size.
const LEVEL: i32 = 9;
/// No run is longer, whatever a damaged file says.
const LONGEST_RUN: usize = 256 * 1024 * 1024;

// The seekable format: a frame that decoders skip, and a footer of nine bytes.
const SKIPPABLE: u32 = 0x184D_2A5E;
const SEEKABLE: u32 = 0x8F92_EAB1;
const FOOTER: usize = 9;
const ENTRY: usize = 8;

/// The first line of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ArchiveHeader {
    pub(super) format: String,
    pub(super) organization_id: String,
    pub(super) currency: Currency,
    pub(super) month: String,
    pub(super) time_zone: String,
    pub(super) lines: i64,
    pub(super) first_seq: i64,
    pub(super) last_seq: i64,
    /// Of the line before the first.
    pub(super) hash_before: Hash,
    pub(super) balance_before: Money,
    /// Of the last line.
    pub(super) last_hash: Hash,
    pub(super) balance_after: Money,
    pub(super) sums: BTreeMap<TransactionKind, ArchivedSum>,
}

/// The lines of one kind in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ArchivedSum {
    lines: i64,
    amount: Money,
}

impl ArchiveHeader {
    /// Of the lines behind `before` up to the place that `last` says.
    pub(super) fn new(
        (organization_id, currency, time_zone): (&OrganizationId, Currency, &str),
        month: &str,
        before: Chain,
        last: Chain,
        sums: &[KindSum],
    ) -> Self {
        let sum = |sum: &KindSum| (sum.kind, ArchivedSum { lines: sum.lines, amount: sum.amount });
        Self {
            format: FORMAT.to_owned(),
            organization_id: organization_id.to_string(),
            currency,
            month: month.to_owned(),
            time_zone: time_zone.to_owned(),
            lines: last.seq - before.seq,
            first_seq: before.seq + 1,
            last_seq: last.seq,
            hash_before: before.hash,
            balance_before: before.balance,
            last_hash: last.hash,
            balance_after: last.balance,
            sums: sums.iter().map(sum).collect(),
        }
    }

    /// Before its first line and behind its last.
    pub(super) const fn chains(&self) -> (Chain, Chain) {
        (self.chain_before(), self.chain_after())
    }

    const fn chain_before(&self) -> Chain {
        Chain { seq: self.first_seq - 1, balance: self.balance_before, hash: self.hash_before }
    }

    const fn chain_after(&self) -> Chain {
        Chain { seq: self.last_seq, balance: self.balance_after, hash: self.last_hash }
    }
}

/// A line as it stands in the file, under the names of `GET /transactions`.
#[derive(Debug, Serialize, Deserialize)]
struct ArchivedLine {
    seq: i64,
    id: String,
    kind: TransactionKind,
    contra: String,
    amount: Money,
    balance_after: Money,
    occurred_at: Timestamp,
    posted_at: Timestamp,
    description: String,
    source: String,
    quantity: Option<String>,
    unit: Option<Unit>,
    unit_price: Option<String>,
    reference: String,
    corrects: Option<i64>,
    details: TextMap,
    hash: Hash,
}

impl ArchivedLine {
    fn of(posted: &PostedLine) -> Self {
        let line = posted.line.clone();
        Self {
            seq: line.seq,
            id: line.id.to_string(),
            kind: line.kind,
            contra: line.contra,
            amount: line.amount,
            balance_after: line.balance_after,
            occurred_at: line.occurred_at,
            posted_at: line.posted_at,
            description: line.description,
            source: line.source,
            quantity: line.quantity,
            unit: line.unit,
            unit_price: line.unit_price,
            reference: line.reference,
            corrects: line.corrects,
            details: line.details,
            hash: posted.hash,
        }
    }

    fn into_posted(self, header: &ArchiveHeader) -> PostedLine {
        let line = Line {
            organization_id: OrganizationId::from_trusted(header.organization_id.clone()),
            seq: self.seq,
            id: TransactionId::from_trusted(self.id),
            kind: self.kind,
            contra: self.contra,
            amount: self.amount,
            balance_after: self.balance_after,
            currency: header.currency,
            occurred_at: self.occurred_at,
            posted_at: self.posted_at,
            description: self.description,
            source: self.source,
            quantity: self.quantity,
            unit: self.unit,
            unit_price: self.unit_price,
            reference: self.reference,
            corrects: self.corrects,
            details: self.details,
        };
        PostedLine { line, hash: self.hash }
    }
}

/// A file in the making, under another name until it is whole.
pub(super) struct ArchiveWriter {
    path: PathBuf,
    temporary: PathBuf,
    file: File,
    /// Of each frame: packed and unpacked.
    lengths: Vec<(usize, usize)>,
}

impl ArchiveWriter {
    pub(super) fn create(path: &Path, header: &ArchiveHeader) -> Result<Self> {
        let temporary = path.with_extension("zst.part");
        let file = create_private(&temporary).map_err(|error| fault(path, error))?;
        let mut writer = Self { path: path.to_owned(), temporary, file, lengths: Vec::new() };
        writer.write_frame(&to_json(&[header])?)?;
        Ok(writer)
    }

    /// The following lines, all of one run.
    pub(super) fn write_run(&mut self, lines: &[PostedLine]) -> Result<()> {
        self.write_frame(&to_json(&lines.iter().map(ArchivedLine::of).collect::<Vec<_>>())?)
    }

    fn write_frame(&mut self, text: &[u8]) -> Result<()> {
        let packed = zstd::bulk::compress(text, LEVEL).map_err(|error| fault(&self.path, error))?;
        self.file.write_all(&packed).map_err(|error| fault(&self.path, error))?;
        self.lengths.push((packed.len(), text.len()));
        Ok(())
    }

    /// Makes it durable under its name.
    pub(super) fn finish(mut self) -> Result<()> {
        let table = seek_table(&self.lengths).ok_or_else(|| fault(&self.path, "it is too long"))?;
        let finished = self.file.write_all(&table).and_then(|()| self.file.sync_all());
        finished
            .and_then(|()| std::fs::rename(&self.temporary, &self.path))
            .map_err(|error| fault(&self.path, error))?;
        // The name is durable once its folder is.
        let folder = self.path.parent().unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| fault(&self.path, error))
    }
}

/// In it are other people's money and numbers: nobody but the owner reads it.
fn create_private(file: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

fn to_json(lines: &[impl Serialize]) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut text, line).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        text.push(b'\n');
    }
    Ok(text)
}

/// `None`: a frame or their number is beyond 32 bits.
fn seek_table(lengths: &[(usize, usize)]) -> Option<Vec<u8>> {
    let length = lengths.len() * ENTRY + FOOTER;
    let mut table = Vec::with_capacity(length + 8);
    table.extend(SKIPPABLE.to_le_bytes());
    table.extend(u32::try_from(length).ok()?.to_le_bytes());
    for (packed, unpacked) in lengths {
        table.extend(u32::try_from(*packed).ok()?.to_le_bytes());
        table.extend(u32::try_from(*unpacked).ok()?.to_le_bytes());
    }
    table.extend(u32::try_from(lengths.len()).ok()?.to_le_bytes());
    // No checksums: the hash chain is one.
    table.push(0);
    table.extend(SEEKABLE.to_le_bytes());
    Some(table)
}

/// Where a frame lies.
#[derive(Clone, Copy, Debug)]
struct Frame {
    begin: u64,
    packed: usize,
    unpacked: usize,
}

/// A file that is there.
#[derive(Debug)]
pub(super) struct ArchiveFile {
    path: PathBuf,
    file: File,
    frames: Vec<Frame>,
    pub(super) header: ArchiveHeader,
}

impl ArchiveFile {
    /// Reads the table and the first line.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path).map_err(|error| fault(path, error))?;
        let frames = read_table(&mut file).map_err(|error| fault(path, error))?;
        let first = *frames.first().ok_or_else(|| fault(path, "it has no first line"))?;
        let text = read_frame(&mut file, first).map_err(|error| fault(path, error))?;
        let header: ArchiveHeader = serde_json::from_slice(&text).map_err(|error| fault(path, error))?;
        if header.format != FORMAT || header.last_seq < header.first_seq {
            return Err(fault(path, "its first line says that it is something else"));
        }
        Ok(Self { path: path.to_owned(), file, frames, header })
    }

    /// The lines of a run that are in this file. Their hashes are checked among each other.
    pub(super) fn read_run(&mut self, run: i64) -> Result<Vec<PostedLine>> {
        let wrong = |reason: &str| fault(&self.path, format!("the lines of run {run}: {reason}"));
        let place = usize::try_from(run - run_of(self.header.first_seq) + 1).unwrap_or(usize::MAX);
        let frame = *self.frames.get(place.max(1)).ok_or_else(|| wrong("not in this file"))?;
        let text = read_frame(&mut self.file, frame).map_err(|error| wrong(&error.to_string()))?;
        let mut lines = Vec::new();
        for line in serde_json::Deserializer::from_slice(&text).into_iter::<ArchivedLine>() {
            let line = line.map_err(|error| wrong(&error.to_string()))?;
            lines.push(line.into_posted(&self.header));
        }
        let first = self.header.first_seq.max(run * RUN_LINES + 1);
        let last = self.header.last_seq.min((run + 1) * RUN_LINES);
        let count = usize::try_from(last - first + 1).unwrap_or_default();
        let Some((head, rest)) = lines.split_first().filter(|(head, _)| head.line.seq == first) else {
            return Err(wrong("they begin with another one"));
        };
        if lines.len() != count {
            return Err(wrong("some are missing"));
        }
        let mut chain = Chain::behind(&head.line, head.hash);
        for posted in rest {
            let followed = chain.follow(&posted.line, posted.hash);
            followed.map_err(|reason| wrong(&format!("line {}: {reason}", posted.line.seq)))?;
        }
        Ok(lines)
    }

    /// Reads all of it and follows its lines from those before; its SHA-256.
    pub(super) fn verify(&mut self, header: &ArchiveHeader) -> Result<Hash> {
        let (mut chain, mut sums) = (header.chain_before(), BTreeMap::new());
        for run in run_of(header.first_seq)..=run_of(header.last_seq) {
            for PostedLine { line, hash } in self.read_run(run)? {
                let wrong = |reason: String| fault(&self.path, format!("line {}: {reason}", line.seq));
                chain.follow(&line, hash).map_err(|reason| wrong(reason.to_string()))?;
                let sum = sums.entry(line.kind).or_insert(ArchivedSum { lines: 0, amount: Money::ZERO });
                sum.lines += 1;
                sum.amount = sum.amount.checked_add(line.amount).ok_or(StoreError::Overflow)?;
            }
        }
        if chain != header.chain_after() || sums != header.sums {
            return Err(fault(&self.path, "its lines do not come to what its first line says"));
        }
        self.digest()
    }

    /// SHA-256 of the whole file.
    pub(super) fn digest(&mut self) -> Result<Hash> {
        let (mut digest, mut part) = (Sha256::new(), vec![0; 1 << 16]);
        self.file.rewind().map_err(|error| fault(&self.path, error))?;
        loop {
            match self.file.read(&mut part).map_err(|error| fault(&self.path, error))? {
                0 => return Ok(Hash::from_bytes(digest.finalize().into())),
                read => digest.update(&part[..read]),
            }
        }
    }
}

/// In which run a line is.
pub(super) const fn run_of(seq: i64) -> i64 {
    (seq - 1) / RUN_LINES
}

fn read_table(file: &mut File) -> std::io::Result<Vec<Frame>> {
    let damaged = || std::io::Error::other("it does not end as such a file does");
    let length = usize::try_from(file.metadata()?.len()).map_err(std::io::Error::other)?;
    let mut footer = [0; FOOTER];
    let behind = length.checked_sub(FOOTER).ok_or_else(damaged)?;
    read_at(file, behind as u64, &mut footer)?;
    let [a, b, c, d, 0, magic @ ..] = footer else { return Err(damaged()) };
    let count = usize::try_from(u32::from_le_bytes([a, b, c, d])).map_err(std::io::Error::other)?;
    let table = count.checked_mul(ENTRY).and_then(|size| behind.checked_sub(size)).ok_or_else(damaged)?;
    if u32::from_le_bytes(magic) != SEEKABLE {
        return Err(damaged());
    }
    let mut entries = vec![0; count * ENTRY];
    read_at(file, table as u64, &mut entries)?;
    let (mut frames, mut begin) = (Vec::with_capacity(count), 0);
    for entry in entries.chunks_exact(ENTRY) {
        let number = |at: usize| u32::from_le_bytes([entry[at], entry[at + 1], entry[at + 2], entry[at + 3]]) as usize;
        let frame = Frame { begin, packed: number(0), unpacked: number(4) };
        begin += frame.packed as u64;
        // The table has a head of eight bytes.
        if frame.unpacked > LONGEST_RUN || begin + 8 > table as u64 {
            return Err(damaged());
        }
        frames.push(frame);
    }
    Ok(frames)
}

fn read_frame(file: &mut File, frame: Frame) -> std::io::Result<Vec<u8>> {
    let mut packed = vec![0; frame.packed];
    read_at(file, frame.begin, &mut packed)?;
    let text = zstd::bulk::decompress(&packed, frame.unpacked)?;
    if text.len() == frame.unpacked {
        Ok(text)
    } else {
        Err(std::io::Error::other("a frame is shorter than it should be"))
    }
}

fn read_at(file: &mut File, place: u64, into: &mut [u8]) -> std::io::Result<()> {
    file.seek(SeekFrom::Start(place))?;
    file.read_exact(into)
}

/// Names the file.
pub(super) fn fault(path: &Path, reason: impl std::fmt::Display) -> StoreError {
    StoreError::Archive { file: path.display().to_string(), reason: reason.to_string() }
}
