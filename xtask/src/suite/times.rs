//! Where the time of a run went: each step with its wall and CPU time, and the slowest tests. The same as a table for
//! people and as JSON for comparing two runs.

use crate::{steps, workspace};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::{fmt::Write as _, fs, path::PathBuf, time::Duration};

/// As many tests of each kind are named.
const SLOWEST: usize = 20;

/// What a test belongs to in the table of the slowest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TestKind {
    Rust,
    Browser,
}

impl TestKind {
    const ALL: [Self; 2] = [Self::Rust, Self::Browser];

    const fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Browser => "browser",
        }
    }
}

struct StepTime {
    title: String,
    wall: Duration,
    cpu: Duration,
}

struct TestTime {
    kind: TestKind,
    name: String,
    wall: Duration,
}

/// The times of one run.
#[derive(Default)]
pub(super) struct SuiteTimes {
    steps: Vec<StepTime>,
    tests: Vec<TestTime>,
}

impl SuiteTimes {
    pub(super) fn add_step(&mut self, title: &str, wall: Duration, cpu: Duration) {
        self.steps.push(StepTime { title: title.to_owned(), wall, cpu });
    }

    pub(super) fn add_test(&mut self, kind: TestKind, name: &str, wall: Duration) {
        self.tests.push(TestTime { kind, name: name.to_owned(), wall });
    }

    fn slowest(&self, kind: TestKind) -> Vec<&TestTime> {
        let mut tests: Vec<&TestTime> = self.tests.iter().filter(|test| test.kind == kind).collect();
        tests.sort_by_key(|test| std::cmp::Reverse(test.wall));
        tests.truncate(SLOWEST);
        tests
    }

    /// The tables at the end of a run.
    pub(super) fn report(&self) -> String {
        let mut text = format!("\n{:<52}{:>14}{:>14}\n", "step", "wall", "CPU");
        for step in &self.steps {
            let (wall, cpu) = (steps::format_seconds(step.wall), steps::format_seconds(step.cpu));
            let _ = writeln!(text, "{:<52}{wall:>14}{cpu:>14}", step.title);
        }
        for kind in TestKind::ALL {
            let slowest = self.slowest(kind);
            if slowest.is_empty() {
                continue;
            }
            let _ = writeln!(text, "\nthe {} slowest {} tests", slowest.len(), kind.name());
            for test in slowest {
                let _ = writeln!(text, "{:>10}  {}", steps::format_seconds(test.wall), test.name);
            }
        }
        text
    }

    /// Writes `target/test-times.json`: steps in their order, all tests by kind with the slowest first; milliseconds.
    pub(super) fn write(&self) -> Result<()> {
        let path = times_file()?;
        let text = serde_json::to_string_pretty(&self.to_json()).context("the times could not be written as JSON")?;
        fs::write(&path, text + "\n").with_context(|| format!("{} could not be written", path.display()))
    }

    fn to_json(&self) -> Value {
        let steps = self.steps.iter().map(|step| {
            json!({
                "step": step.title,
                "wall_milliseconds": whole_milliseconds(step.wall),
                "cpu_milliseconds": whole_milliseconds(step.cpu),
            })
        });
        let mut document = json!({ "steps": steps.collect::<Vec<_>>() });
        for kind in TestKind::ALL {
            let mut tests: Vec<&TestTime> = self.tests.iter().filter(|test| test.kind == kind).collect();
            tests.sort_by_key(|test| std::cmp::Reverse(test.wall));
            let tests =
                tests.iter().map(|test| json!({"test": test.name, "wall_milliseconds": whole_milliseconds(test.wall)}));
            document[format!("{}_tests", kind.name())] = tests.collect();
        }
        document
    }
}

/// Where [`Times::write`] leaves them.
pub(super) fn times_file() -> Result<PathBuf> {
    Ok(workspace::target_dir()?.join("test-times.json"))
}

/// CPU time of all programs that were started here and have ended, and of those that these had started.
#[cfg(unix)]
pub(super) fn cpu_of_children() -> Duration {
    use nix::sys::resource::{UsageWho, getrusage};
    let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else { return Duration::ZERO };
    [usage.user_time(), usage.system_time()]
        .into_iter()
        .map(|time| {
            let seconds = u64::try_from(time.tv_sec()).unwrap_or_default();
            Duration::from_secs(seconds) + Duration::from_micros(u64::try_from(time.tv_usec()).unwrap_or_default())
        })
        .sum()
}

/// Only Unix counts it.
#[cfg(not(unix))]
pub(super) fn cpu_of_children() -> Duration {
    Duration::ZERO
}

fn whole_milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times() -> SuiteTimes {
        let mut times = SuiteTimes::default();
        times.add_step("lints", Duration::from_secs(75), Duration::from_secs(130));
        for number in 0..30 {
            times.add_test(TestKind::Rust, &format!("test {number}"), Duration::from_millis(100 * number));
        }
        times
    }

    #[test]
    fn the_slowest_come_first_and_only_so_many() {
        let times = times();
        let slowest = times.slowest(TestKind::Rust);
        assert_eq!((slowest.len(), slowest[0].name.as_str()), (SLOWEST, "test 29"));
        assert!(times.slowest(TestKind::Browser).is_empty());
        let report = times.report();
        assert!(report.contains("1 min 15 s") && report.contains("2 min 10 s"), "{report}");
        assert!(report.contains("the 20 slowest rust tests") && !report.contains("browser tests"), "{report}");
    }

    #[test]
    fn the_json_holds_every_test() {
        let document = times().to_json();
        assert_eq!(document["rust_tests"].as_array().unwrap().len(), 30);
        assert_eq!(document["rust_tests"][0]["wall_milliseconds"], 2900);
        assert_eq!(document["steps"][0]["cpu_milliseconds"], 130_000);
    }
}
