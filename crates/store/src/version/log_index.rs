//! The file that SQLite's processes share: it begins with a header that every commit changes. Reading it costs a microsecond
//! and no change of thread.

use std::fs::File;
use std::mem::ManuallyDrop;
use std::path::Path;

/// Bytes of the header, which stands there twice (<https://sqlite.org/walformat.html>, "The WAL-Index Header").
pub(super) const HEADER: usize = 48;
/// Not zero once the header holds something.
const IS_INITIALIZED: usize = 12;

/// The index of a write-ahead log. SQLite keeps the file as long as a process has the database open.
///
/// Never closed: POSIX drops all locks that a process has on a file once it closes any handle on it, and SQLite's locks are
/// on this one (<https://sqlite.org/howtocorrupt.html>, section 2.2). It is one handle for each [`crate::Store`] that is opened.
#[derive(Debug)]
pub(super) struct LogIndex(ManuallyDrop<File>);

impl LogIndex {
    /// Beside a database that this process has open; `None` where there is no such file.
    pub(super) fn open(database: &Path) -> Option<Self> {
        // SQLite names it after the file that a link leads to.
        let mut name = database.canonicalize().ok()?.into_os_string();
        name.push("-shm");
        File::open(name).ok().map(|file| Self(ManuallyDrop::new(file)))
    }

    /// The header between two commits; `None` while one is being written, or if there is none.
    pub(super) fn read_header(&self) -> Option<[u8; HEADER]> {
        let mut copies = [0; 2 * HEADER];
        read_beginning(&self.0, &mut copies).ok()?;
        // Written one after the other: as long as they differ, the commit is not seen by readers yet.
        let (first, second) = copies.split_first_chunk()?;
        (first.as_slice() == second && first[IS_INITIALIZED] != 0).then_some(*first)
    }
}

#[cfg(unix)]
fn read_beginning(file: &File, buffer: &mut [u8]) -> std::io::Result<()> {
    use std::os::unix::fs::FileExt as _;
    // What is mapped into memory and what is read are the same pages.
    file.read_exact_at(buffer, 0)
}

#[cfg(not(unix))]
fn read_beginning(_: &File, _: &mut [u8]) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}
