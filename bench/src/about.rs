//! On what machine, of what state and how something was measured: figures without it cannot be compared.

use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

use crate::arguments::Arguments;
use crate::wallets::current_time;

/// The head of `results.json`.
pub(crate) fn describe_run(arguments: &Arguments) -> Result<Map<String, Value>> {
    let processors = std::fs::read_to_string("/proc/cpuinfo")?;
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let memory = std::fs::read_to_string("/proc/meminfo")?;
    let memory = memory.lines().find_map(|line| line.strip_prefix("MemTotal:")).context("no MemTotal")?;
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let about = json!({
        "machine": {
            "processor": model.map(|(_, model)| model),
            "processors": std::thread::available_parallelism()?.get(),
            "memory": memory.trim(),
            "kernel": kernel.trim(),
        },
        "measured_at": current_time()?.to_string(),
        "commit": read_commit(),
        "quick": arguments.quick,
        "short_ledger": crate::database::SHORT_LEDGER,
        "long_ledger": arguments.long_ledger(),
    });
    about.as_object().cloned().context("no object")
}

/// `None` outside of a repository.
fn read_commit() -> Option<String> {
    let output = Command::new("git").args(["describe", "--always", "--abbrev=40", "--exclude=*"]).output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned()).filter(|commit| !commit.is_empty())
}
