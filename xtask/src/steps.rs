//! Says which step of how many is under way and how long it took, so that nobody looks at a silent terminal.

use std::{
    fmt::Display,
    io::Write as _,
    time::{Duration, Instant},
};

/// Numbered progress lines: `[2/6] wasm-bindgen-cli 0.2.130 (once a machine, about 2 minutes) …`.
pub(crate) struct Steps {
    done: usize,
    total: usize,
}

impl Steps {
    pub(crate) fn of(total: usize) -> Self {
        Self { done: 0, total }
    }

    /// Announces the next step, runs it, and prints its time.
    pub(crate) fn step<T, E>(&mut self, title: impl Display, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.done += 1;
        let label = format!("[{}/{}]", self.done, self.total);
        println!("{label} {title} …");
        // Cargo and others write to the other stream: keep the order that a person sees.
        let _ = std::io::stdout().flush();
        let started = Instant::now();
        let outcome = work();
        let verdict = if outcome.is_ok() { "done" } else { "FAILED" };
        println!("{label} {verdict} in {}", format_seconds(started.elapsed()));
        outcome
    }
}

/// A duration as people say it: `0.4 s`, `12 s`, `3 min 05 s`.
pub(crate) fn format_seconds(duration: Duration) -> String {
    let whole = duration.as_secs();
    match whole {
        0..10 => format!("{whole}.{} s", duration.subsec_millis() / 100),
        10..60 => format!("{whole} s"),
        _ => format!("{} min {:02} s", whole / 60, whole % 60),
    }
}
