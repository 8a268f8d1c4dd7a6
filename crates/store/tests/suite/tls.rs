//! PostgreSQL over TLS: whose certificate is taken, and that nothing falls back to speaking in clear.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use billing_store::Store;
use tempfile::TempDir;

use crate::bench::{NOW, few};

/// A server of its own that takes TLS only, with a certificate for `localhost`, and what signed it.
struct Tls {
    server: Child,
    folder: TempDir,
    port: u16,
}

impl Tls {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        for name in ["ca", "other"] {
            openssl(at, &format!("req -x509 {KEY} -keyout {name}.key -out {name}.pem -days 2 -subj /CN={name}"));
        }
        openssl(at, &format!("req {KEY} -keyout server.key -out server.csr -subj /CN=localhost"));
        fs::write(at.join("names"), "subjectAltName=DNS:localhost\n").unwrap();
        openssl(
            at,
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile names -days 2 -out server.pem",
        );
        let user = ordinary_user();
        if let Some(user) = user {
            run(Command::new("chown").args(["-R", user]).arg(at));
        }
        run(as_user(user, "initdb", at).args(["-D", "data", "-U", "postgres", "-A", "trust", "--no-sync"]));
        fs::write(at.join("data/pg_hba.conf"), "hostssl all all 127.0.0.1/32 trust\nhostssl all all ::1/128 trust\n")
            .unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = as_user(user, "postgres", at);
        server.args([
            "-D",
            "data",
            "-h",
            "localhost",
            "-k",
            "",
            "-p",
            &port.to_string(),
            "-c",
            "fsync=off",
            "-c",
            "ssl=on",
        ]);
        for (setting, file) in [("ssl_cert_file", "server.pem"), ("ssl_key_file", "server.key")] {
            server.args(["-c", &format!("{setting}={}", at.join(file).display())]);
        }
        let log = fs::File::create(at.join("log")).unwrap();
        let server = server.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let tls = Self { server, folder, port };
        tls.wait_until_ready();
        tls
    }

    fn wait_until_ready(&self) {
        let begun = Instant::now();
        let ready = || {
            let mut ask = Command::new(programs().join("pg_isready"));
            ask.args(["-q", "-h", "localhost", "-p", &self.port.to_string()]).status().unwrap().success()
        };
        while !ready() {
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(30), "PostgreSQL does not start:\n{log}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Connects by this name; `authority`: whose certificates are taken.
    async fn connect(&self, host: &str, mode: &str, authority: Option<&str>) -> Result<(), String> {
        let authority = authority.map(|name| format!("&sslrootcert={}", self.folder.path().join(name).display()));
        let url = format!(
            "postgres://postgres:hush@{host}:{}/postgres?sslmode={mode}{}",
            self.port,
            authority.unwrap_or_default()
        );
        let store = Store::connect_with(&url, few(3)).await.map_err(|error| error.to_string())?;
        store.check_writes(NOW).await.map_err(|error| error.to_string())?;
        store.close().await;
        Ok(())
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        // "Fast shutdown": sessions are cut off.
        let _ = Command::new("kill").args(["-INT", &self.server.id().to_string()]).status();
        let _ = self.server.wait();
    }
}

const KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

fn openssl(folder: &Path, words: &str) {
    run(Command::new("openssl").args(words.split_whitespace()).current_dir(folder));
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The newest PostgreSQL of Debian's packages, or the one on the path.
fn programs() -> PathBuf {
    let version = |folder: &PathBuf| folder.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let newest = debian.map(|entry| entry.path()).max_by_key(version).map(|folder| folder.join("bin"));
    newest.unwrap_or_default()
}

/// PostgreSQL refuses to run as root.
fn ordinary_user() -> Option<&'static str> {
    let id = Command::new("id").arg("-u").output().unwrap();
    (id.stdout.trim_ascii() == b"0").then_some("postgres")
}

fn as_user(user: Option<&str>, program: &str, folder: &Path) -> Command {
    let program = programs().join(program);
    let mut command = match user {
        Some(user) => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", user, "--regid", user, "--init-groups"]).arg(program);
            command
        }
        None => Command::new(program),
    };
    command.current_dir(folder);
    command
}

#[tokio::test]
async fn a_certificate_is_checked_as_far_as_was_asked() {
    let tls = Tls::start();
    for (host, mode, authority) in [
        ("localhost", "verify-full", Some("ca.pem")),
        ("127.0.0.1", "verify-ca", Some("ca.pem")),
        ("127.0.0.1", "require", Some("ca.pem")),
        ("127.0.0.1", "require", None),
        ("localhost", "prefer", None),
    ] {
        assert_eq!(tls.connect(host, mode, authority).await, Ok(()), "{host} {mode} {authority:?}");
    }
    for (host, mode, authority, said) in [
        // Another authority, another name, an authority that nobody knows, and no TLS at all.
        ("localhost", "verify-full", Some("other.pem"), "certificate"),
        ("localhost", "verify-ca", Some("other.pem"), "certificate"),
        ("localhost", "require", Some("other.pem"), "certificate"),
        ("127.0.0.1", "verify-full", Some("ca.pem"), "certificate"),
        ("localhost", "verify-full", None, "certificate"),
        ("localhost", "disable", None, "no pg_hba.conf entry"),
    ] {
        let error = tls.connect(host, mode, authority).await.expect_err(&format!("{host} {mode} {authority:?}"));
        assert!(error.to_lowercase().contains(said) && !error.contains("hush"), "{host} {mode} {authority:?}: {error}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_not_spoken_to_where_tls_was_asked_for() {
    let Ok(plain) = std::env::var("NEXIS_BILLING_TEST_POSTGRES") else {
        panic!("NEXIS_BILLING_TEST_POSTGRES is not set")
    };
    for mode in ["require", "verify-ca", "verify-full"] {
        let error = Store::connect_with(&format!("{plain}?sslmode={mode}"), few(3)).await.unwrap_err().to_string();
        assert!(error.contains("TLS"), "{mode}: {error}");
    }
    let begun = Instant::now();
    let elsewhere = "postgres://postgres:hush@192.0.2.1:5432/postgres?sslmode=disable";
    let error = Store::connect_with(elsewhere, few(3)).await.unwrap_err().to_string();
    assert!(error.contains("192.0.2.1") && error.contains("verify-full") && !error.contains("hush"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(2), "nobody was asked");
}
