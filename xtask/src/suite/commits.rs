//! Holds that a commit's subject can be read in one line, wherever a log is shown.

use crate::{process, workspace};
use anyhow::Result;
use std::process::Command;

/// What `git log --oneline` shows on 80 columns, and what mail and code hosts do not cut off.
const LONGEST_SUBJECT: usize = 72;
/// The last commit before this rule; what is older was written without it.
const BEFORE_THE_RULE: &str = "1a523768ec7aafb4332a8ee60a7d989c8c11944a";

/// Every subject that is too long, one sentence each; empty when all is well, and where there is no history to read (an
/// archive of the sources), which is said. Merges are not judged: their subjects are written by programs.
pub(super) fn long_subjects() -> Result<Vec<String>> {
    if let Err(reason) = process::capture_output(git_command().args(["rev-parse", "HEAD"])) {
        println!("no commit was read: {reason:#}");
        return Ok(Vec::new());
    }
    let mut log = git_command();
    log.args(["log", "--no-merges", "--format=%h %s"]);
    if process::command_succeeds(git_command().args(["cat-file", "-e", &format!("{BEFORE_THE_RULE}^{{commit}}")])) {
        log.arg(format!("{BEFORE_THE_RULE}..HEAD"));
    } else {
        // A shallow clone ends somewhere, before or after the rule; its newest commit is certainly after it.
        println!("a shallow clone: only the newest commit is read");
        log.arg("--max-count=1");
    }
    Ok(too_long(&process::capture_output(&mut log)?))
}

fn git_command() -> Command {
    let mut command = Command::new("git");
    command.current_dir(workspace::root_folder());
    command
}

/// Reads lines of an abbreviated hash and a subject.
fn too_long(log: &str) -> Vec<String> {
    let commits = log.lines().filter_map(|line| line.split_once(' '));
    let lengths = commits.map(|(hash, subject)| (hash, subject, subject.chars().count()));
    let refused = lengths.filter(|(.., length)| *length > LONGEST_SUBJECT);
    refused
        .map(|(hash, subject, length)| {
            format!("{hash}: {length} characters, {LONGEST_SUBJECT} at most; the rest belongs in the body: {subject}")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_may_have_72_characters_whatever_their_bytes() {
        let (longest, too) = ("ä".repeat(72), "x".repeat(73));
        let found = too_long(&format!("1a2b3c4 {longest}\n5d6e7f8 {too}\n9a8b7c6 Short\nabcdef0 \n"));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("5d6e7f8: 73 characters"), "{found:?}");
    }
}
