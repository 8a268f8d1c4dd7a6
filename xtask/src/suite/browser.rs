//! Runs the browser tests of tests/browser on the page as it ships and on the program that the API tests have compiled,
//! whose overflow checks and assertions are on, and counts what they report.

use super::{
    proven::{Proven, SCREENS},
    run::SuiteRun,
    tally::{TestCount, TestPlace},
    times::TestKind,
};
use crate::{install, process, workspace};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
    time::Duration,
};

/// They look at each screen of the page as it is drawn for the demo's data: axe, trees, words, room. What the server does
/// is seen by the others and by its own tests.
/// See docs/decisions/0073-remember-passing-packages.md.
const SCREEN_SPECS: [&str; 3] = ["accessibility.spec.ts", "kit.spec.ts", "pseudo.spec.ts"];

/// Runs the suite; Playwright's list goes to the terminal, its JSON report into the tally. The tests of the screens are
/// named instead when they passed on this very page.
/// See docs/decisions/0072-browser-tests-use-the-test-program.md.
pub(super) fn run_browser_tests(run: &mut SuiteRun) -> Result<()> {
    let report = workspace::target_dir()?.join("browser-tests.json");
    if report.exists() {
        fs::remove_file(&report).context("the report of the last run is in the way")?;
    }
    let mut tests = playwright_command(&workspace::test_program("nexis-billing")?, &["--reporter=list,json"])?;
    tests.env("PLAYWRIGHT_JSON_OUTPUT_FILE", &report);
    let mut proven = Proven::read()?;
    let unchanged = proven.unchanged_screens();
    if unchanged.is_some() {
        tests.env("NEXIS_BILLING_LEFT_OUT", SCREEN_SPECS.join(","));
    }
    let outcome = process::run_command(&mut tests);
    let screens = count_tests(run, &report)?;
    match unchanged {
        Some(passed) => run.tally.add_unchanged(SCREENS, passed),
        None if screens.failed == 0 && screens.passed > 0 => {
            proven.note(&BTreeMap::from([(SCREENS.to_owned(), screens.passed)]), &BTreeSet::new())?;
        }
        None => proven.note(&BTreeMap::new(), &BTreeSet::from([SCREENS.to_owned()]))?,
    }
    outcome?;
    if !run.tally.missing(&[TestPlace::Browser]).is_empty() {
        bail!("no browser test ran");
    }
    Ok(())
}

/// Playwright strips types without reading them, so a wrong one would only show as a test that waits for nothing.
pub(super) fn check_types() -> Result<()> {
    let mut compiler = Command::new("node");
    process::run_command(compiler.current_dir(workspace::browser_tests()).arg("node_modules/typescript/bin/tsc"))
}

/// Playwright with the program under test named in its environment.
pub(crate) fn playwright_command(server: &Path, arguments: &[&str]) -> Result<Command> {
    let Some(chromium) = install::chromium_program() else { bail!("Chromium cannot be found") };
    let mut command = Command::new("node");
    command
        .current_dir(workspace::browser_tests())
        .args(["node_modules/@playwright/test/cli.js", "test"])
        .args(arguments);
    command.env(install::CHROMIUM, chromium);
    command.env("NEXIS_BILLING_BINARY", server).env("NEXIS_BILLING_DIST", workspace::dist_folder());
    command.env("NEXIS_BILLING_FAKE_STRIPE", workspace::test_program("fake-stripe")?);
    Ok(command)
}

/// Adds the report to the run's sums; what the tests of the screens came to.
fn count_tests(run: &mut SuiteRun, report: &Path) -> Result<TestCount> {
    let text = fs::read_to_string(report).context("Playwright left no report")?;
    let report: Value = serde_json::from_str(&text).context("Playwright's report is unreadable")?;
    let stats = &report["stats"];
    let number = |name: &str| stats[name].as_u64().with_context(|| format!("Playwright's report has no `{name}`"));
    let browser = run.tally.count(TestPlace::Browser);
    browser.passed += number("expected")?;
    // A test that passed only on a second try is a race that nobody has understood yet.
    browser.failed += number("unexpected")? + number("flaky")?;
    browser.skipped += number("skipped")?;
    let mut screens = TestCount::default();
    for_each_spec(&report, &mut |title, spec| {
        let of_screens = SCREEN_SPECS.iter().any(|file| title.starts_with(file));
        for test in list_values(&spec["tests"]) {
            if of_screens && test["status"] == "expected" {
                screens.passed += 1;
            } else if of_screens {
                screens.failed += 1;
            }
            let took = list_values(&test["results"]).iter().filter_map(|result| result["duration"].as_u64()).sum();
            let project = test["projectName"].as_str().unwrap_or_default();
            run.times.add_test(TestKind::Browser, &format!("{project} {title}"), Duration::from_millis(took));
        }
    });
    Ok(screens)
}

/// Hands over each test of Playwright's report with its file and what stands around it: `history.spec.ts › a filter › …`.
pub(super) fn for_each_spec<'r>(report: &'r Value, visit: &mut impl FnMut(String, &'r Value)) {
    for suite in list_values(&report["suites"]) {
        visit_suite(suite, "", visit);
    }
}

fn visit_suite<'r>(suite: &'r Value, above: &str, visit: &mut impl FnMut(String, &'r Value)) {
    let path = join_titles(above, &suite["title"]);
    for spec in list_values(&suite["specs"]) {
        visit(join_titles(&path, &spec["title"]), spec);
    }
    for inner in list_values(&suite["suites"]) {
        visit_suite(inner, &path, visit);
    }
}

fn join_titles(above: &str, title: &Value) -> String {
    let title = title.as_str().unwrap_or_default();
    if above.is_empty() { title.to_owned() } else { format!("{above} › {title}") }
}

pub(super) fn list_values(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
