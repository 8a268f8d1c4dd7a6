//! What processes cost, as Linux counts it.

use std::path::Path;

use anyhow::{Context as _, Result};
use sqlx::{Connection as _, Row as _};

/// Of `utime` and `stime`: a hundred a second, on every Linux.
const NANOSECONDS_A_TICK: u64 = 10_000_000;

/// The server, and PostgreSQL where it has one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Processes {
    server: u32,
    postmaster: Option<u32>,
}

/// Processor time since the processes began, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CpuTimes {
    pub(crate) server: u64,
    pub(crate) postgres: u64,
}

impl CpuTimes {
    /// What was spent since then.
    pub(crate) fn since(self, earlier: Self) -> Self {
        let spent = |later: u64, earlier: u64| later.saturating_sub(earlier);
        Self { server: spent(self.server, earlier.server), postgres: spent(self.postgres, earlier.postgres) }
    }
}

impl Processes {
    /// The server by its process id; its database by the address.
    pub(crate) async fn find(server: u32, url: &str) -> Result<Self> {
        let postmaster = if url.starts_with("postgres") { Some(find_postmaster(url).await?) } else { None };
        Ok(Self { server, postmaster })
    }

    pub(crate) fn cpu_times(self) -> Result<CpuTimes> {
        let server = ProcessStat::read(self.server)?.own;
        let postgres = self.postmaster.map(postgres_time).transpose()?.unwrap_or_default();
        Ok(CpuTimes { server, postgres })
    }

    /// Resident memory of the server, in bytes.
    pub(crate) fn memory(self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.server))?;
        let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
        Ok(kilobytes.context("no VmRSS")?.trim().parse::<u64>()? * 1024)
    }

    /// Bytes that the server had written to disk.
    pub(crate) fn written(self) -> Result<u64> {
        let io = std::fs::read_to_string(format!("/proc/{}/io", self.server))?;
        Ok(io.lines().find_map(|line| line.strip_prefix("write_bytes: ")).context("no write_bytes")?.parse()?)
    }
}

/// `/proc/PID/stat`, as far as it is of interest.
struct ProcessStat {
    parent: u32,
    /// Of the process.
    own: u64,
    /// Of its children that have ended.
    ended: u64,
}

impl ProcessStat {
    fn read(process: u32) -> Result<Self> {
        Self::parse(&std::fs::read_to_string(format!("/proc/{process}/stat"))?)
    }

    fn parse(text: &str) -> Result<Self> {
        // The program's name stands in parentheses and may contain anything.
        let (_, fields) = text.rsplit_once(") ").context("no name")?;
        let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
        let number = |place: usize| -> Result<u64> { Ok(fields.get(place).context("too few fields")?.parse()?) };
        let ticks = |first: usize| -> Result<u64> { Ok((number(first)? + number(first + 1)?) * NANOSECONDS_A_TICK) };
        Ok(Self { parent: u32::try_from(number(1)?)?, own: ticks(11)?, ended: ticks(13)? })
    }
}

async fn find_postmaster(url: &str) -> Result<u32> {
    let mut connection = sqlx::PgConnection::connect(url).await?;
    let row = sqlx::query("SELECT pg_backend_pid() AS pid").fetch_one(&mut connection).await?;
    let backend = u32::try_from(row.try_get::<i32, _>("pid")?)?;
    let stat = ProcessStat::read(backend).context("PostgreSQL does not run on this machine");
    connection.close().await?;
    Ok(stat?.parent)
}

/// All of PostgreSQL: those that serve and write, and those that have ended.
fn postgres_time(postmaster: u32) -> Result<u64> {
    let own = ProcessStat::read(postmaster)?;
    let mut sum = own.own + own.ended;
    for entry in Path::new("/proc").read_dir()? {
        let name = entry?.file_name();
        let Some(process) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
        // One that has just ended is in the sum of its parent.
        if let Ok(stat) = ProcessStat::read(process)
            && stat.parent == postmaster
        {
            sum += stat.own;
        }
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_moves_no_field() {
        let stat = ProcessStat::parse("7 (a) b) S 3 7 7 0 -1 4 1 2 3 4 150 50 9 1 20 0 30 0").unwrap();
        assert_eq!((stat.parent, stat.own, stat.ended), (3, 2_000_000_000, 100_000_000));
    }
}
