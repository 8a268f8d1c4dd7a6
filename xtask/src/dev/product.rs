//! The product's server behind the development server: one that runs already, or one with the demo, started here and kept.

use crate::{build::development, process, workspace};
use anyhow::{Context, Result, bail};
use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, SystemTime},
};

/// What the server is compiled from.
const SOURCES: [&str; 8] = [
    "crates/contract",
    "crates/domain",
    "crates/payments",
    "crates/receipt",
    "crates/server",
    "crates/store",
    "Cargo.toml",
    "Cargo.lock",
];
/// It is asked to stop and gets this long.
const GRACE: Duration = Duration::from_secs(5);

/// Ended when it is dropped.
pub(super) struct Product {
    /// Host and port as `host:port`, without a scheme.
    pub(super) authority: String,
    child: Option<Child>,
}

impl Product {
    /// One that runs at `url`.
    pub(super) fn running(url: &str) -> Result<Self> {
        let authority = url.strip_prefix("http://").unwrap_or(url).trim_end_matches('/');
        if authority.is_empty() || authority.contains(['/', '?', '#', '@']) {
            bail!("--server wants an address like http://127.0.0.1:8080, without TLS and without a path");
        }
        Ok(Self { authority: authority.to_owned(), child: None })
    }

    /// The demo on a free port. Its database is kept, so that whoever was signed in still is.
    pub(super) fn start(binary: &Path, database: &str) -> Result<Self> {
        let mut command = Command::new(binary);
        command.args(["serve", "--listen", "127.0.0.1:0", "--database", database, "--demo", "--demo-traffic"]);
        command.arg("--dist").arg(development::make_dist()?).stdout(Stdio::piped());
        let mut child = process::spawn_command(&mut command)?;
        let output = child.stdout.take().context("the server's output cannot be read")?;
        let mut product = Self { authority: String::new(), child: Some(child) };
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let address = lines.find_map(|line| line.strip_prefix("listening on http://").map(str::to_owned));
        product.authority = address.context("the server ended before it listened: its reason is above")?;
        // What it says afterwards is how to sign in.
        thread::spawn(move || lines.for_each(|line| println!("{line}")));
        Ok(product)
    }

    /// Whether it is still there, as far as this program started it.
    pub(super) fn check(&mut self) -> Result<()> {
        let Some(child) = &mut self.child else { return Ok(()) };
        match child.try_wait()? {
            Some(status) => bail!("the product's server ended with {status}"),
            None => Ok(()),
        }
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        let Some(child) = &mut self.child else { return };
        // After Ctrl-C the terminal has signaled it too; SIGTERM has only reached this program.
        #[cfg(unix)]
        let _ = process::capture_output(Command::new("kill").args(["-TERM", &child.id().to_string()]));
        let deadline = std::time::Instant::now() + GRACE;
        while matches!(child.try_wait(), Ok(None)) && std::time::Instant::now() < deadline {
            thread::sleep(Duration::from_millis(25));
        }
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// The release binary when it is as new as its sources; else one in debug, which is compiled in a fraction of the time.
pub(super) fn choose_binary() -> Result<PathBuf> {
    let release = workspace::server_binary()?;
    if let Ok(built) = fs::metadata(&release).and_then(|metadata| metadata.modified())
        && built >= newest_source()?
    {
        return Ok(release);
    }
    let mut cargo = workspace::cargo_command();
    process::run_command(cargo.args(["build", "--locked", "--package", "billing-server", "--bin", "nexis-billing"]))?;
    Ok(workspace::target_dir()?.join("debug/nexis-billing"))
}

fn newest_source() -> Result<SystemTime> {
    let mut newest = SystemTime::UNIX_EPOCH;
    for source in SOURCES {
        let path = workspace::root_folder().join(source);
        let files = if path.is_file() { vec![path] } else { workspace::files_below(&path)? };
        for file in files {
            newest = newest.max(fs::metadata(&file)?.modified()?);
        }
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_server_is_named_with_or_without_the_scheme_and_nothing_else() {
        for url in ["http://127.0.0.1:8080", "127.0.0.1:8080", "http://127.0.0.1:8080/"] {
            assert_eq!(Product::running(url).unwrap().authority, "127.0.0.1:8080");
        }
        for url in ["", "https://billing.example", "http://127.0.0.1:8080/settings"] {
            assert!(Product::running(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_program_that_ends_without_listening_is_an_error() {
        assert!(Product::start(Path::new("/bin/true"), "sqlite:unused.db").is_err());
    }
}
