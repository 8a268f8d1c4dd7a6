//! Holds what may be linked: cargo-deny reads the lock file by the rules of deny.toml.

use crate::{install, process, workspace};
use anyhow::Result;
use std::process::Command;

/// Not `advisories`: their database lives on a code host, and a check must not depend on one.
const JUDGED: [&str; 3] = ["bans", "licenses", "sources"];
/// An excuse that nothing needs any more is an error, so that the list of excuses stays true.
const STALE_EXCUSES: [&str; 3] = ["unmatched-skip", "unmatched-skip-root", "unnecessary-skip"];

pub(super) fn check_dependencies() -> Result<()> {
    let mut deny = Command::new(install::cargo_deny()?);
    deny.current_dir(workspace::root_folder()).args(["--locked", "check", "--hide-inclusion-graph"]);
    deny.args(STALE_EXCUSES.iter().flat_map(|lint| ["--deny", lint])).args(JUDGED);
    process::run_command(&mut deny)
}
