//! The files of an SQLite database are nobody's but the server's: what is in them is other people's money and addresses.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::{Result, StoreError};

/// Makes the file, empty, if it is not there; from then on only its owner reads and writes it, and the files that SQLite
/// puts beside it (`-wal`, `-shm`) have the same mode. One that others could read is closed to them.
pub(super) fn keep_private(file: &Path) -> Result<()> {
    let unusable = |error: std::io::Error| StoreError::Unavailable(format!("{}: {error}", file.display()));
    match create_private(file) {
        // There already is the usual case.
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(unusable(error)),
        _ => {}
    }
    // The files beside it hold the same data.
    for suffix in ["", "-wal", "-shm"] {
        let mut name = file.as_os_str().to_owned();
        name.push(suffix);
        close_to_others(Path::new(&name));
    }
    Ok(())
}

#[cfg(unix)]
fn create_private(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    // `create_new` with its mode: there is no moment at which others could open it.
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map(drop)
}

#[cfg(not(unix))]
fn create_private(file: &Path) -> std::io::Result<()> {
    fs::OpenOptions::new().write(true).create_new(true).open(file).map(drop)
}

/// Somebody else's file stays as it is, with a line in the log: whoever owns it decides who reads it.
#[cfg(unix)]
fn close_to_others(file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(found) = fs::metadata(file) else { return };
    // No bit for group and others: the lowest six are zero.
    if found.permissions().mode().trailing_zeros() >= 6 {
        return;
    }
    match fs::set_permissions(file, fs::Permissions::from_mode(0o600)) {
        Ok(()) => {
            tracing::warn!(file = %file.display(), "others could read this file of the database; now they cannot");
        }
        Err(error) => tracing::warn!(file = %file.display(), %error, "others can read this file of the database"),
    }
}

#[cfg(not(unix))]
const fn close_to_others(_: &Path) {}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use crate::Store;

    fn mode(file: &str) -> u32 {
        std::fs::metadata(file).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn nobody_else_reads_the_database_its_log_or_a_copy_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("billing.db").display().to_string();
        let store = Store::connect(&format!("sqlite:{file}")).await.unwrap();
        store.set_meta("a", "b").await.unwrap();
        for suffix in ["", "-wal", "-shm"] {
            assert_eq!(mode(&format!("{file}{suffix}")), 0o600, "{suffix}");
        }
        let copy = folder.path().join("copy.db");
        store.copy_to(&copy).await.unwrap();
        assert_eq!(mode(&copy.display().to_string()), 0o600);
        store.close().await;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        Store::connect(&format!("sqlite:{file}")).await.unwrap();
        assert_eq!(mode(&file), 0o600, "one from before is closed");
    }
}
