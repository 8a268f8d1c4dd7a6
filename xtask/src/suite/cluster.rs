//! A real PostgreSQL server for one run: in a folder of its own, with fsync on, and gone at the end whatever happens.

use crate::{install, process, workspace};
use anyhow::{Context, Result, bail};
use std::{
    env, fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// PostgreSQL refuses to run as root; these users exist where its package (or any Unix) does.
const ORDINARY_USERS: [&str; 2] = ["postgres", "nobody"];
const START_LIMIT: Duration = Duration::from_mins(1);
const STOP_LIMIT: Duration = Duration::from_secs(10);
/// Gigabytes may have to be written.
const KEPT_STOP_LIMIT: Duration = Duration::from_mins(2);

/// A running server; dropping it stops it and removes its folder, if that is not to be kept.
pub(crate) struct Cluster {
    server: Child,
    folder: PathBuf,
    port: u16,
    kept: bool,
}

impl Cluster {
    /// `initdb` and `postgres` on a free port of 127.0.0.1. Errors carry the end of the server's log.
    pub(crate) fn start() -> Result<Self> {
        // Some gigabytes, which a temporary folder in memory may not hold; but nobody else can enter root's own folders.
        let parent = if ordinary_user()?.is_some() { env::temp_dir() } else { workspace::target_dir()? };
        Self::start_in(parent.join(format!("nexis-billing-postgres-{}", std::process::id())), false)
    }

    /// In this folder, with what an earlier run has left there; everything stays.
    pub(crate) fn start_kept(folder: &Path) -> Result<Self> {
        Self::start_in(folder.to_owned(), true)
    }

    fn start_in(folder: PathBuf, kept: bool) -> Result<Self> {
        let Some(programs) = install::postgres_bin() else { bail!("PostgreSQL's `initdb` cannot be found") };
        let user = ordinary_user()?;
        fs::create_dir_all(&folder).with_context(|| format!("{} could not be made", folder.display()))?;
        if let Some(user) = &user {
            process::run_command(Command::new("chown").arg(user).arg(&folder))?;
        }
        // Free at this moment; PostgreSQL fails loudly should somebody else be faster.
        let port = free_port()?;
        let begun =
            if folder.join("data").exists() { Ok(()) } else { init_database(&programs, &folder, user.as_deref()) };
        let server = begun
            .and_then(|()| launch_server(&programs, &folder, user.as_deref(), port))
            // A start that failed leaves nothing behind.
            .inspect_err(|_| {
                if !kept {
                    let _ = fs::remove_dir_all(&folder);
                }
            })?;
        let mut cluster = Self { server, folder, port, kept };
        cluster.wait_until_ready(&programs)?;
        Ok(cluster)
    }

    /// What `NEXIS_BILLING_TEST_POSTGRES` is set to.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Stops it, with a message if that fails; a plain drop is silent.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.end()
    }

    fn wait_until_ready(&mut self, programs: &Path) -> Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        let mut ready = Command::new(programs.join("pg_isready"));
        ready.args(["--quiet", "--host", "127.0.0.1", "--port", &self.port.to_string()]);
        while !process::command_succeeds(&mut ready) {
            // An end of the process, the deadline or Ctrl-C: whichever comes first.
            if self.server.try_wait()?.is_some() || Instant::now() > deadline || process::is_interrupted() {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                bail!("PostgreSQL did not start:\n{log}");
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        if self.server.try_wait()?.is_none() {
            // PostgreSQL's "immediate shutdown": files that are removed need nothing written to them any more. Otherwise the
            // "fast" one, which leaves nothing to be recovered.
            let signal = if self.kept { "-INT" } else { "-QUIT" };
            process::command_succeeds(Command::new("kill").arg(signal).arg(self.server.id().to_string()));
        }
        let deadline = Instant::now() + if self.kept { KEPT_STOP_LIMIT } else { STOP_LIMIT };
        while self.server.try_wait()?.is_none() {
            if Instant::now() > deadline {
                // After its patience with the shutdown, whatever the server still does.
                self.server.kill()?;
            }
            thread::sleep(Duration::from_millis(20));
        }
        if !self.kept && self.folder.exists() {
            fs::remove_dir_all(&self.folder).with_context(|| format!("{} is left over", self.folder.display()))?;
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Err(failure) = self.end() {
            println!("warning: {failure:#}");
        }
    }
}

fn init_database(programs: &Path, folder: &Path, user: Option<&str>) -> Result<()> {
    let mut initdb = run_as(user, &programs.join("initdb"), folder);
    initdb.args([
        "--username=postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--no-locale",
        // The data is thrown away; what tests prove is durability while the server runs.
        "--no-sync",
        "--pgdata=data",
    ]);
    process::capture_output(&mut initdb).map(|_| ())
}

fn launch_server(programs: &Path, folder: &Path, user: Option<&str>, port: u16) -> Result<Child> {
    let log = fs::File::create(folder.join("log"))?;
    let mut server = run_as(user, &programs.join("postgres"), folder);
    // No socket: its path could be longer than the system allows.
    server.args(["-D", "data", "-h", "127.0.0.1", "-p", &port.to_string(), "-k", ""]);
    // The defaults that matter, said aloud: a test on a database that forgets proves nothing about money.
    for setting in ["fsync=on", "synchronous_commit=on", "full_page_writes=on", "max_connections=300"] {
        server.args(["-c", setting]);
    }
    process::spawn_command(server.stdout(log.try_clone()?).stderr(log))
}

/// The program, as an ordinary user where this process is root, and ended by the kernel should this process die.
fn run_as(user: Option<&str>, program: &Path, folder: &Path) -> Command {
    let tied = process::command_succeeds(Command::new("setpriv").args(["--pdeathsig", "INT", "true"]));
    let mut command = match (user, tied) {
        (None, false) => Command::new(program),
        _ => Command::new("setpriv"),
    };
    if tied {
        command.args(["--pdeathsig", "INT"]);
    }
    if let Some(user) = user {
        command.args(["--reuid", user, "--regid", user, "--init-groups"]);
    }
    if user.is_some() || tied {
        command.arg(program);
    }
    command.current_dir(folder).stdin(Stdio::null());
    command
}

fn ordinary_user() -> Result<Option<String>> {
    if !install::is_root() {
        return Ok(None);
    }
    let found = ORDINARY_USERS.iter().find(|user| process::command_succeeds(Command::new("id").arg(user)));
    match found {
        Some(user) => Ok(Some((*user).to_owned())),
        None => bail!("PostgreSQL must not run as root, and there is no user `postgres`: useradd --system postgres"),
    }
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no free port")?;
    Ok(listener.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_runs_with_fsync_and_leaves_nothing_behind() {
        let cluster = Cluster::start().unwrap();
        let (folder, port) = (cluster.folder.clone(), cluster.port.to_string());
        let psql = install::postgres_bin().unwrap().join("psql");
        let mut ask = Command::new(psql);
        ask.args(["--host=127.0.0.1", "--username=postgres", "--tuples-only", "--command=show fsync", "--port", &port]);
        assert_eq!(process::capture_output(&mut ask).unwrap().trim(), "on");
        drop(cluster);
        assert!(!folder.exists());
        assert!(TcpListener::bind(format!("127.0.0.1:{port}")).is_ok());
    }
}
