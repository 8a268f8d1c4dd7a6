//! Counts tests by where they ran, so that a run which quietly left out a database cannot look green.

use crate::steps;
use std::{fmt::Write as _, time::Duration};

/// Where a test ran.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TestPlace {
    Sqlite,
    Postgres,
    Browser,
    /// Rules, wire types, and everything else that needs no database.
    Other,
    /// A step of the suite itself, such as formatting.
    Check,
}

const PLACES: [(TestPlace, &str); 5] = [
    (TestPlace::Sqlite, "on SQLite"),
    (TestPlace::Postgres, "on PostgreSQL"),
    (TestPlace::Browser, "in the browser"),
    (TestPlace::Other, "other Rust tests"),
    (TestPlace::Check, "steps of this run"),
];
/// Without a test in each of these the run has not shown what it promises.
const MUST_RUN: [TestPlace; 3] = [TestPlace::Sqlite, TestPlace::Postgres, TestPlace::Browser];

/// What is written to be ignored, and run by hand: what needs a key of Stripe's and the network (docs/stripe.md), and the
/// figures of an attack, whose limits `attack` and `pressure` hold.
const RUN_MANUALLY: [&str; 2] = ["::stripe_live::", "::attack_figures::"];

/// How a test ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TestOutcome {
    Passed,
    Failed,
    Skipped,
}

/// How many tests ended how.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct TestCount {
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) skipped: u64,
}

/// The counts of a whole run.
#[derive(Default)]
pub(super) struct Tally {
    counts: [TestCount; PLACES.len()],
    /// Not run again: they passed on the same sources. By package, with the number of their tests.
    unchanged: Vec<(String, u64)>,
}

impl Tally {
    pub(super) fn count(&mut self, place: TestPlace) -> &mut TestCount {
        &mut self.counts[place as usize]
    }

    /// Counts one Rust test by its whole path, `crate::binary::module::test`.
    pub(super) fn add_test(&mut self, name: &str, outcome: TestOutcome) {
        if outcome == TestOutcome::Skipped && RUN_MANUALLY.iter().any(|module| name.contains(module)) {
            return;
        }
        let count = self.count(place_of(name));
        match outcome {
            TestOutcome::Passed => count.passed += 1,
            TestOutcome::Failed => count.failed += 1,
            TestOutcome::Skipped => count.skipped += 1,
        }
    }

    pub(super) fn add_unchanged(&mut self, package: &str, tests: u64) {
        self.unchanged.push((package.to_owned(), tests));
    }

    pub(super) fn is_clean(&self) -> bool {
        let total = self.total();
        total.failed == 0 && total.skipped == 0
    }

    /// The places that must have run at least one test and did not.
    pub(super) fn missing(&self, among: &[TestPlace]) -> Vec<&'static str> {
        let empty = |place: &TestPlace| self.counts[*place as usize] == TestCount::default();
        let named =
            PLACES.iter().filter(|(place, _)| MUST_RUN.contains(place) && among.contains(place) && empty(place));
        named.map(|(_, title)| *title).collect()
    }

    fn total(&self) -> TestCount {
        self.counts.iter().fold(TestCount::default(), |sum, count| TestCount {
            passed: sum.passed + count.passed,
            failed: sum.failed + count.failed,
            skipped: sum.skipped + count.skipped,
        })
    }

    /// The table at the end of a run; its last line is the plain sum.
    pub(super) fn report(&self, failures: &[String], took: Duration) -> String {
        let mut text = format!("\n{:<20}{:>8}{:>8}{:>9}\n", "tests", "passed", "failed", "skipped");
        for (place, title) in PLACES {
            let TestCount { passed, failed, skipped } = self.counts[place as usize];
            let _ = writeln!(text, "{title:<20}{passed:>8}{failed:>8}{skipped:>9}");
        }
        for (package, tests) in &self.unchanged {
            let _ = writeln!(text, "not run again: {tests} tests of {package}, which passed on the same sources");
        }
        for failure in failures {
            let _ = writeln!(text, "FAILED {failure}");
        }
        let TestCount { passed, failed, skipped } = self.total();
        let _ =
            write!(text, "in {}\n\n{passed} passed, {failed} failed, {skipped} skipped\n", steps::format_seconds(took));
        text
    }
}

/// The suites that run on both databases name them in the test's path.
fn place_of(name: &str) -> TestPlace {
    if name.contains("::sqlite::") {
        TestPlace::Sqlite
    } else if name.contains("::postgres::") {
        TestPlace::Postgres
    } else {
        TestPlace::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_counts_for_the_database_in_its_path() {
        let mut tally = Tally::default();
        for (name, outcome) in [
            ("billing-store::suite::ledger::sqlite::gapless", TestOutcome::Passed),
            ("billing-store::suite::ledger::postgres::gapless", TestOutcome::Failed),
            ("billing-domain::money::rounds", TestOutcome::Passed),
            ("billing-domain::slow", TestOutcome::Skipped),
            ("billing-server::bin/nexis-billing::clock", TestOutcome::Passed),
        ] {
            tally.add_test(name, outcome);
        }
        assert_eq!(*tally.count(TestPlace::Sqlite), TestCount { passed: 1, failed: 0, skipped: 0 });
        assert_eq!(*tally.count(TestPlace::Postgres), TestCount { passed: 0, failed: 1, skipped: 0 });
        assert_eq!(*tally.count(TestPlace::Other), TestCount { passed: 2, failed: 0, skipped: 1 });
        assert!(!tally.is_clean());
    }

    #[test]
    fn what_is_run_by_hand_is_no_gap() {
        let mut tally = Tally::default();
        tally.add_test("billing-payments::suite::stripe::stripe_live::charges", TestOutcome::Skipped);
        tally.add_test("billing-server::api::attack_figures::twelve_searches", TestOutcome::Skipped);
        assert!(tally.is_clean());
    }

    #[test]
    fn a_database_on_which_nothing_ran_is_named() {
        let mut tally = Tally::default();
        tally.add_test("suite::sqlite::a", TestOutcome::Passed);
        assert_eq!(tally.missing(&[TestPlace::Sqlite, TestPlace::Postgres]), ["on PostgreSQL"]);
    }

    #[test]
    fn a_skipped_test_spoils_the_run_and_the_last_line_is_the_sum() {
        let mut tally = Tally::default();
        tally.count(TestPlace::Browser).passed = 4;
        tally.count(TestPlace::Browser).skipped = 1;
        assert!(!tally.is_clean());
        let report = tally.report(&[], Duration::from_secs(3));
        assert_eq!(report.lines().last(), Some("4 passed, 0 failed, 1 skipped"));
    }
}
