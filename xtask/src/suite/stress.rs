//! Runs the browser tests on a server whose answers are late by random times, and names those that are not always green.

use super::{
    browser::{for_each_spec, list_values, playwright_command},
    rust_tests,
};
use crate::{build, install, process, steps::Steps, workspace};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{collections::BTreeMap, fs, process::ExitCode, time::SystemTime};

const USAGE: &str = "usage: cargo xtask test --stress RUNS [--seed SEED]";
/// The longest delay of one answer, milliseconds.
const LONGEST_DELAY_MS: &str = "1500";
/// Waiting takes no core: more tests at a time than there are cores.
const WORKERS: &str = "--workers=4";

/// How often to run, and what the delays are drawn from.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stress {
    runs: u32,
    seed: u64,
}

impl Stress {
    /// Reads the arguments of `cargo xtask test`; `None` when they do not ask for stress.
    pub(super) fn parse(arguments: &[String]) -> Result<Option<Self>> {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (runs, seed) = match words[..] {
            ["--stress", runs] => (runs, random_seed()?),
            ["--stress", runs, "--seed", seed] => {
                (runs, seed.parse().with_context(|| format!("--seed {seed}: {USAGE}"))?)
            }
            ["--stress" | "--seed", ..] => bail!(USAGE),
            _ => return Ok(None),
        };
        let runs = runs.parse().ok().filter(|runs| *runs > 0).with_context(|| format!("--stress {runs}: {USAGE}"))?;
        Ok(Some(Self { runs, seed }))
    }

    /// Builds the product and runs the tests of the desktop so often. Red unless every test was green every time.
    pub(super) fn run(&self) -> Result<ExitCode> {
        let mut needed = install::for_build()?;
        needed.extend(install::for_checks());
        needed.extend(install::for_browser());
        install::ensure_installed(&needed)?;
        let Self { runs, seed } = *self;
        println!(
            "answers are late by up to {LONGEST_DELAY_MS} ms; again with: cargo xtask test --stress {runs} --seed {seed}"
        );
        let mut steps = Steps::of(usize::try_from(runs)?.saturating_add(1));
        steps.step("the page as it ships, the kit, and the program with test seams", || {
            build::page_if_changed().and_then(|()| build::build_kit()).and_then(|()| rust_tests::build_tests())
        })?;
        let mut failures = BTreeMap::new();
        for run in 0..runs {
            let seed = seed.wrapping_add(run.into());
            let red = steps.step(format!("seed {seed}"), || red_tests(seed))?;
            for test in red {
                failures.entry(test).or_insert_with(Vec::new).push(seed);
            }
        }
        print!("{}", format_verdict(runs, &failures));
        Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Any number; it is printed, so that a run can be had again.
fn random_seed() -> Result<u64> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    Ok(u64::from(since.subsec_nanos()))
}

/// One run of all tests; those that were not green.
fn red_tests(seed: u64) -> Result<Vec<String>> {
    let file = workspace::target_dir()?.join("stress-tests.json");
    if file.exists() {
        fs::remove_file(&file).context("the report of the last run is in the way")?;
    }
    let mut tests = playwright_command(
        &workspace::test_program("nexis-billing")?,
        &["--project=desktop", WORKERS, "--reporter=list,json"],
    )?;
    tests.env("PLAYWRIGHT_JSON_OUTPUT_FILE", &file);
    tests.env("NEXIS_BILLING_STRESS_MS", LONGEST_DELAY_MS).env("NEXIS_BILLING_STRESS_SEED", seed.to_string());
    let outcome = process::run_command(&mut tests);
    if process::is_interrupted() {
        bail!("interrupted");
    }
    let text = fs::read_to_string(&file).context("Playwright left no report")?;
    let report: Value = serde_json::from_str(&text).context("Playwright's report is unreadable")?;
    let red = red_in(&report);
    // Without a test that is red there is another reason, such as a file that could not be read.
    if red.is_empty() {
        outcome?;
    }
    Ok(red)
}

/// `history.spec.ts › a month with very many lines › is summed by day …`, for each that did not end as expected.
fn red_in(report: &Value) -> Vec<String> {
    let mut red = Vec::new();
    for_each_spec(report, &mut |title, spec| {
        if list_values(&spec["tests"]).iter().any(|test| test["status"] != "expected") {
            red.push(title);
        }
    });
    red
}

fn format_verdict(runs: u32, failures: &BTreeMap<String, Vec<u64>>) -> String {
    if failures.is_empty() {
        return format!("\nevery test was green in every one of {runs} runs\n");
    }
    let lines =
        failures.iter().map(|(test, seeds)| format!("{} of {runs} red, seeds {seeds:?}: {test}\n", seeds.len()));
    format!("\n{}{} tests were not always green\n", lines.collect::<String>(), failures.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(line: &str) -> Result<Option<Stress>> {
        Stress::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn how_often_and_from_which_seed_is_read_and_anything_else_refused() {
        assert_eq!(parse("--stress 3 --seed 7").unwrap(), Some(Stress { runs: 3, seed: 7 }));
        assert_eq!(parse("--stress 2").unwrap().unwrap().runs, 2);
        assert_eq!(parse("").unwrap(), None);
        for wrong in ["--stress", "--stress 0", "--stress many", "--stress 3 --seed x", "--seed 7", "--stress 3 4"] {
            assert!(parse(wrong).unwrap_err().to_string().contains("usage"), "{wrong}");
        }
    }

    #[test]
    fn red_tests_are_named_with_their_file_and_what_stands_around_them() {
        let spec = |title: &str, status: &str| json!({"title": title, "tests": [{"status": status}]});
        let inner = json!({"title": "member", "specs": [spec("asks", "unexpected"), spec("sees", "expected")]});
        let report =
            json!({"suites": [{"title": "ask.spec.ts", "specs": [spec("waits", "flaky")], "suites": [inner]}]});
        assert_eq!(red_in(&report), ["ask.spec.ts › waits", "ask.spec.ts › member › asks"]);
    }

    #[test]
    fn the_verdict_says_how_often_each_was_red() {
        let failures = BTreeMap::from([("a.spec.ts › b".to_owned(), vec![7, 9])]);
        assert!(format_verdict(3, &failures).contains("2 of 3 red, seeds [7, 9]: a.spec.ts › b"));
        assert!(format_verdict(3, &BTreeMap::new()).contains("green in every one of 3 runs"));
    }
}
