//! Measures the product beside its peers: the release program, a real PostgreSQL, and `bench/` between them.

use crate::{arguments::UnknownArguments, build, install, process, steps::Steps, suite::Cluster, workspace};
use anyhow::{Context as _, Result, bail};
use std::path::PathBuf;

/// What `bench/` takes with a value behind it.
const WITH_VALUE: [&str; 6] = ["--only", "--database", "--lines", "--keep", "--out", "--before"];

pub(crate) fn run_bench(arguments: &[String]) -> Result<()> {
    let request = BenchRequest::parse(arguments)?;
    install::ensure_installed(&install::for_build()?)?;
    install::ensure_installed(&[install::for_postgres()])?;
    let mut steps = Steps::of(2);
    steps.step("the product, in release", || build::build_product(false))?;
    let cluster = match &request.keep {
        Some(folder) => Cluster::start_kept(folder)?,
        None => Cluster::start()?,
    };
    let Some(programs) = install::postgres_bin() else { bail!("PostgreSQL's programs cannot be found") };
    let mut bench = workspace::cargo_command();
    bench.args(["run", "--release", "--locked", "--package", "billing-bench", "--"]).args(request.words);
    bench.env("NEXIS_BILLING_BENCH_SERVER", workspace::server_binary()?);
    bench.env("NEXIS_BILLING_BENCH_DIST", workspace::dist_folder());
    bench.env("NEXIS_BILLING_BENCH_POSTGRES_BIN", programs);
    bench.env("NEXIS_BILLING_BENCH_POSTGRES_URL", cluster.url());
    steps.step("measuring", || process::run_command(&mut bench))?;
    cluster.stop()
}

/// What is handed on, and where PostgreSQL's ledgers stay.
#[derive(Debug, PartialEq, Eq)]
struct BenchRequest {
    words: Vec<String>,
    keep: Option<PathBuf>,
}

impl BenchRequest {
    /// With the file for the figures where none is named: the repository's, but no quick run's.
    fn parse(arguments: &[String]) -> Result<Self> {
        let (mut keep, mut words) = (None, arguments.to_vec());
        let mut rest = arguments.iter();
        while let Some(word) = rest.next() {
            if word == "--quick" {
                continue;
            }
            if !WITH_VALUE.contains(&word.as_str()) {
                return Err(UnknownArguments::new(arguments).into());
            }
            let value = rest.next().with_context(|| format!("`{word}` needs a value"))?;
            if word == "--keep" {
                keep = Some(std::path::absolute(value)?.join("postgres"));
            }
        }
        if !words.iter().any(|word| word == "--out") {
            let quick = words.iter().any(|word| word == "--quick");
            words.extend(
                ["--out", if quick { "target/bench-quick.json" } else { "bench/results.json" }].map(String::from),
            );
        }
        Ok(Self { words, keep })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<BenchRequest> {
        BenchRequest::parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_quick_run_leaves_the_committed_figures_alone() {
        assert_eq!(parse(&[]).unwrap().words, ["--out", "bench/results.json"]);
        let quick = parse(&["--quick", "--keep", "/var/bench"]).unwrap();
        assert_eq!(quick.words, ["--quick", "--keep", "/var/bench", "--out", "target/bench-quick.json"]);
        assert_eq!(quick.keep, Some("/var/bench/postgres".into()));
        assert_eq!(parse(&["--out", "mine.json"]).unwrap().words, ["--out", "mine.json"]);
        assert!(parse(&["--only"]).unwrap_err().to_string().contains("`--only`"));
    }
}
