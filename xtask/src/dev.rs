//! `cargo xtask dev`: the product with its demo, and the page built again and shown on every save.

mod builder;
mod document;
mod http;
mod measure;
mod product;
mod proxy;
mod site;
mod sources;

use crate::{
    build::Program,
    install, process,
    start::{check_address, demo_database},
    steps::Steps,
};
use anyhow::{Context, Result, bail};
use product::Product;
use site::Site;
use sources::{PagePart, Snapshot};
use std::{
    net::TcpListener,
    process::ExitCode,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_millis(100);
const USAGE: &str = "usage: cargo xtask dev [--listen ADDR] [--server URL] [--kit] [--measure]";

#[derive(Debug, PartialEq, Eq)]
struct DevOptions {
    listen: String,
    server: Option<String>,
    kit: bool,
    measure: bool,
}

pub(crate) fn run_dev(arguments: &[String]) -> Result<ExitCode> {
    let options = parse_options(arguments)?;
    check_address(&options.listen)?;
    install::ensure_installed(&install::for_development()?)?;
    if options.measure {
        install::ensure_installed(&install::for_browser())?;
    }
    let mut programs = vec![Program::App, Program::Pay];
    programs.extend(options.kit.then_some(Program::Kit));
    let site = Arc::new(Site::default());
    // What is saved during the first build is built after it.
    let first = Snapshot::take()?;
    let mut steps = Steps::of(2);
    let mut product = steps.step("the product's server", || open_product(&options))?;
    let listener =
        TcpListener::bind(&options.listen).with_context(|| format!("cannot listen on {}", options.listen))?;
    let address = listener.local_addr()?;
    proxy::start_proxy(listener, Arc::clone(&site), product.authority.clone());
    steps.step("the page (minutes the first time)", || {
        builder::make_all(&site, &programs);
        if process::is_interrupted() {
            bail!("interrupted");
        }
        Ok(())
    })?;
    println!("\n  http://{address} shows each save. Ctrl-C ends it.\n");
    let watching = FileWatcher::start(site, programs);
    if options.measure {
        thread::spawn(move || watching.go_on(first));
        return measure::measure_edits(&format!("http://{address}")).map(|()| ExitCode::SUCCESS);
    }
    let mut seen = first;
    while !process::is_interrupted() {
        seen = watching.look(&seen)?;
        product.check()?;
        thread::sleep(LOOK);
    }
    Ok(ExitCode::SUCCESS)
}

fn parse_options(arguments: &[String]) -> Result<DevOptions> {
    let mut options = DevOptions { listen: "127.0.0.1:8081".into(), server: None, kit: false, measure: false };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let (flag, glued) =
            word.split_once('=').map_or((word.as_str(), None), |(flag, value)| (flag, Some(value.to_owned())));
        let mut value = || {
            glued.clone().or_else(|| words.next().cloned()).with_context(|| format!("{flag} wants a value\n{USAGE}"))
        };
        match flag {
            "--listen" => options.listen = value()?,
            "--server" => options.server = Some(value()?),
            "--kit" => options.kit = true,
            "--measure" => options.measure = true,
            _ => bail!("{USAGE}"),
        }
    }
    Ok(options)
}

fn open_product(options: &DevOptions) -> Result<Product> {
    match &options.server {
        Some(url) => Product::running(url),
        None => Product::start(&product::choose_binary()?, &demo_database("dev.db")?),
    }
}

/// Looks at the files and has made again what a change asks for.
struct FileWatcher {
    site: Arc<Site>,
    programs: Vec<Program>,
    compile: mpsc::Sender<()>,
}

impl FileWatcher {
    fn start(site: Arc<Site>, programs: Vec<Program>) -> Self {
        let (compile, asked) = mpsc::channel();
        let (of_compiler, all) = (Arc::clone(&site), programs.clone());
        thread::spawn(move || builder::compile_on_demand(&of_compiler, &all, &asked));
        Self { site, programs, compile }
    }

    /// Compares the files with those that were `seen`; answers how they are now.
    fn look(&self, seen: &Snapshot) -> Result<Snapshot> {
        let now = Snapshot::take()?;
        for part in sources::changed_parts(&now.changed_since(seen)) {
            match part {
                PagePart::Code => self.compile.send(()).context("the compiler's thread has ended")?,
                quick => builder::make_quick(&self.site, &self.programs, quick),
            }
        }
        Ok(now)
    }

    fn go_on(&self, mut seen: Snapshot) {
        loop {
            match self.look(&seen) {
                Ok(now) => seen = now,
                Err(failure) => return println!("the files are no longer watched: {failure:#}"),
            }
            thread::sleep(LOOK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_in_both_spellings_and_nonsense_is_refused() {
        let parse = |line: &str| parse_options(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        let all = parse("--listen=127.0.0.1:9 --server http://127.0.0.1:8080 --kit --measure").unwrap();
        let expected = DevOptions {
            listen: "127.0.0.1:9".into(),
            server: Some("http://127.0.0.1:8080".into()),
            kit: true,
            measure: true,
        };
        assert_eq!(all, expected);
        assert!(parse("--server").unwrap_err().to_string().contains("--server wants a value"));
        assert!(parse("--watch").is_err());
    }
}
