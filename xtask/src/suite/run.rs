//! One run of the suite: its steps one after the other, what they counted, and where their time went.

use super::{
    background::BackgroundStep,
    tally::{Tally, TestPlace},
    times::{self, SuiteTimes},
};
use crate::{process, steps::Steps};
use anyhow::Result;
use std::{process::ExitCode, time::Instant};

/// What the steps of a run fill in.
#[derive(Default)]
pub(super) struct SuiteRun {
    pub(super) tally: Tally,
    pub(super) times: SuiteTimes,
    /// Builds the page while other steps run.
    pub(super) page: Option<BackgroundStep>,
    /// Documents the code while other steps run.
    pub(super) documentation: Option<BackgroundStep>,
}

/// A step of the suite: it adds what it counted, and fails with the reason.
pub(super) type SuiteStep = (&'static str, fn(&mut SuiteRun) -> Result<()>);

/// Runs every step, also after a failure: one run names all that is wrong. Only Ctrl-C ends it early.
pub(super) fn run_steps(steps: &[SuiteStep]) -> Result<ExitCode> {
    let started = Instant::now();
    let mut run = SuiteRun::default();
    let mut progress = Steps::of(steps.len());
    let mut failures = Vec::new();
    for (title, work) in steps {
        if process::is_interrupted() {
            break;
        }
        let (began, cpu_before) = (Instant::now(), times::cpu_of_children());
        let outcome = progress.step(title, || work(&mut run));
        run.times.add_step(title, began.elapsed(), times::cpu_of_children().saturating_sub(cpu_before));
        match outcome {
            Ok(()) => run.tally.count(TestPlace::Check).passed += 1,
            Err(failure) => {
                println!("{failure:#}");
                run.tally.count(TestPlace::Check).failed += 1;
                failures.push(format!("{title}: {failure:#}"));
            }
        }
    }
    if process::is_interrupted() {
        println!("\nStopped before the end.");
        return Ok(ExitCode::from(130));
    }
    run.times.write()?;
    print!("{}", run.times.report());
    // The last line is the plain sum that CI reads.
    print!("{}", run.tally.report(&failures, started.elapsed()));
    Ok(if run.tally.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
