//! Opens the product for a person: built in release, on an embedded database, with a demo organization that lives.

use crate::{arguments::UnknownArguments, build, install, steps::Steps, workspace};
use anyhow::{Context, Result, bail};
use std::{
    fs,
    io::ErrorKind,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

struct StartOptions {
    listen: String,
    database: Option<String>,
    public_url: Option<String>,
    fresh: bool,
}

pub(crate) fn run_start(arguments: &[String]) -> Result<ExitCode> {
    let options = parse_options(arguments)?;
    // Before the long build as well as after it: nobody should wait for minutes to learn this.
    check_address(&options.listen)?;
    check_public(&options)?;
    install::ensure_installed(&install::for_build()?)?;
    Steps::of(1)
        .step("the page and the server, in release (minutes the first time)", || build::build_product(false))?;
    check_address(&options.listen)?;
    let database = match options.database {
        Some(url) => url,
        None if options.fresh => fresh_database()?,
        None => demo_database("demo-2.db")?,
    };
    let mut server = Command::new(workspace::server_binary()?);
    server.args(["serve", "--listen", &options.listen, "--database", &database]);
    server.arg("--dist").arg(workspace::dist_folder()).args(["--demo", "--demo-traffic"]);
    if let Some(url) = options.public_url {
        server.args(["--public-url", &url]);
    }
    if options.fresh {
        server.args(["--demo-state", "fresh"]);
    }
    become_server(&mut server)
}

fn parse_options(arguments: &[String]) -> Result<StartOptions> {
    let mut options = StartOptions { listen: "127.0.0.1:8080".into(), database: None, public_url: None, fresh: false };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let (flag, glued) =
            word.split_once('=').map_or((word.as_str(), None), |(flag, value)| (flag, Some(value.to_owned())));
        let Some(value) = glued.or_else(|| words.next().cloned()) else { bail!("{flag} wants a value") };
        match (flag, value.as_str()) {
            ("--listen", _) => options.listen = value,
            ("--database", _) => options.database = Some(value),
            ("--public-url", _) => options.public_url = Some(value),
            ("--demo-state", "fresh") => options.fresh = true,
            _ => return Err(UnknownArguments::new(arguments).into()),
        }
    }
    Ok(options)
}

pub(crate) fn check_address(listen: &str) -> Result<()> {
    match TcpListener::bind(listen) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            bail!(
                "{listen} is taken by another program. Stop that one, or choose another port: --listen 127.0.0.1:8090"
            )
        }
        Err(error) => Err(error).with_context(|| format!("cannot listen on {listen}")),
    }
}

/// The server refuses this too, after the build.
fn check_public(options: &StartOptions) -> Result<()> {
    let open = options.listen.parse::<SocketAddr>().is_ok_and(|address| !address.ip().is_loopback());
    if open && options.public_url.is_none() {
        bail!(
            "{} is open to other machines: say by which address people reach it, --public-url http://HOST:PORT",
            options.listen
        );
    }
    Ok(())
}

/// A file of the demo's in the build folder, which is kept between runs.
pub(crate) fn demo_database(name: &str) -> Result<String> {
    demo_file(name).map(|file| format!("sqlite:{}", file.display()))
}

/// What its name says.
fn fresh_database() -> Result<String> {
    remove_database(&demo_file("fresh.db")?)?;
    demo_database("fresh.db")
}

fn demo_file(name: &str) -> Result<PathBuf> {
    let folder = workspace::target_dir()?.join("demo");
    fs::create_dir_all(&folder).with_context(|| format!("{} could not be made", folder.display()))?;
    Ok(folder.join(name))
}

fn remove_database(file: &Path) -> Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = file.as_os_str().to_owned();
        name.push(suffix);
        match fs::remove_file(&name) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("{} could not be removed", name.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Becomes the server, so that Ctrl-C and signals reach it directly and its exit code is ours.
#[cfg(unix)]
fn become_server(server: &mut Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    Err(server.exec()).context("the server could not be started")
}

#[cfg(not(unix))]
fn become_server(server: &mut Command) -> Result<ExitCode> {
    crate::process::run_command(server).map(|()| ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn flags_are_read_with_and_without_an_equals_sign() {
        let options = parse_options(&words("--listen=127.0.0.1:9 --database sqlite:x.db --demo-state fresh")).unwrap();
        assert_eq!(
            (options.listen.as_str(), options.database.as_deref(), options.fresh),
            ("127.0.0.1:9", Some("sqlite:x.db"), true)
        );
        assert!(parse_options(&words("--listen")).is_err());
        let open = parse_options(&words("--listen 0.0.0.0:8080")).unwrap();
        assert!(check_public(&open).unwrap_err().to_string().contains("--public-url"));
        let public = parse_options(&words("--listen 0.0.0.0:8080 --public-url http://192.0.2.1:8080")).unwrap();
        assert!(check_public(&public).is_ok() && check_public(&options).is_ok());
        assert!(parse_options(&words("--demo-state stale")).is_err());
    }

    #[test]
    fn a_taken_port_is_named_before_anything_is_built() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let sentence = check_address(&address).unwrap_err().to_string();
        assert!(sentence.contains(&address) && sentence.contains("--listen"), "{sentence}");
    }
}
