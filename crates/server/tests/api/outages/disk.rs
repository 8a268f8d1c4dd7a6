//! SQLite on a disk that is full, and on a file that may not grow.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{assert_all_in_the_ledger, assert_out_of_reach, ready_again, report, report_until_refused};
use crate::fixture::{Database, OwnDatabase, World};

/// A small disk of its own.
struct Disk(PathBuf);

impl Disk {
    /// Mounting is root's: whoever is not root is told so by a failure, since a test that did not run proves nothing.
    fn mount(megabytes: u32) -> Self {
        let folder = tempfile::tempdir().unwrap().keep();
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&folder).output().unwrap();
        assert!(
            mounted.status.success(),
            "This test fills a disk of its own and needs root to mount one (tmpfs): run it as root. mount said: {}",
            String::from_utf8_lossy(&mounted.stderr)
        );
        Self(folder)
    }

    /// Leaves no room; the file that takes it up.
    fn fill(&self) -> PathBuf {
        let ballast = self.0.join("ballast");
        let mut fill = Command::new("dd");
        fill.args(["if=/dev/zero", "bs=4k"]).arg(format!("of={}", ballast.display()));
        assert!(!fill.output().unwrap().status.success(), "the disk has no end");
        ballast
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a program that is just ending may have a file open.
        let unmounted = Command::new("umount").arg("--lazy").arg(&self.0).status().is_ok_and(|status| status.success());
        assert!(unmounted || std::thread::panicking(), "{} stays mounted", self.0.display());
        let _ = std::fs::remove_dir(&self.0);
    }
}

#[tokio::test]
async fn after_a_full_disk_writes_go_on_without_a_restart() {
    let disk = Disk::mount(16);
    let world = World::start_on(OwnDatabase::in_folder(tempfile::tempdir_in(&disk.0).unwrap()), &[]).await;
    let owner = world.sign_in(&world.acme.owner).await;
    world.anonymous().get("/readyz").await.expect(200);
    let mut ids = Vec::new();
    for _ in 0..2 {
        let ballast = disk.fill();
        ids.extend(report_until_refused(&world).await);
        assert_out_of_reach(&world.anonymous().get("/readyz").await);
        owner.get("/api/v1/billing").await.expect(200);
        std::fs::remove_file(ballast).unwrap();
        ready_again(&world).await;
        report(&world, ids.last().unwrap()).await.expect(200);
    }
    assert_all_in_the_ledger(&world, &ids).await;
    drop(world);
}

/// How large the program's files may become: a limit of the process, as `ulimit -f` or systemd's `LimitFSIZE` sets it.
fn limit_files(world: &World, bytes: &str) {
    let limited =
        Command::new("prlimit").args(["--pid", &world.server.process_id()]).arg(format!("--fsize={bytes}:")).output();
    let limited = limited.expect("This test needs the program prlimit of util-linux.");
    assert!(limited.status.success(), "{}", String::from_utf8_lossy(&limited.stderr));
}

fn write_ahead_log(world: &World) -> PathBuf {
    Path::new(&format!("{}-wal", world.database_url().strip_prefix("sqlite:").unwrap())).to_owned()
}

#[tokio::test]
async fn a_file_that_may_not_grow_is_an_outage_and_no_end() {
    let world = World::start(Database::Sqlite).await;
    world.anonymous().get("/readyz").await.expect(200);
    let length = std::fs::metadata(write_ahead_log(&world)).unwrap().len();
    limit_files(&world, &length.to_string());
    let ids = report_until_refused(&world).await;
    assert_out_of_reach(&world.anonymous().get("/readyz").await);
    limit_files(&world, "unlimited");
    ready_again(&world).await;
    assert_all_in_the_ledger(&world, &ids).await;
}

#[tokio::test]
async fn asking_whether_it_is_ready_is_no_way_to_make_it_write() {
    let world = World::start(Database::Sqlite).await;
    world.anonymous().get("/readyz").await.expect(200);
    let begun = std::time::Instant::now();
    let before = std::fs::metadata(write_ahead_log(&world)).unwrap().len();
    for _ in 0..200 {
        world.anonymous().get("/readyz").await.expect(200);
    }
    let written = std::fs::metadata(write_ahead_log(&world)).unwrap().len() - before;
    // A probe is a few pages, and there is one in five seconds at most while all is well.
    let probes = begun.elapsed().as_secs() / 5 + 1;
    assert!(written <= probes * 64 * 1024, "{written} bytes in {:?}", begun.elapsed());
}
