//! What a run of the measurements may be asked for.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// The parts of a run, in their order.
pub(crate) const SECTIONS: [&str; 7] =
    ["usage", "authorizations", "reads", "streams", "growth", "verification", "top-ups"];
const DATABASES: [&str; 2] = ["sqlite", "postgres"];

/// What to measure, and how long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// Everything, briefly, on a ledger of a hundred thousand lines.
    pub(crate) quick: bool,
    /// The long ledger's lines, where another number than the usual one is asked for.
    pub(crate) lines: Option<i64>,
    /// Where the long ledgers stay for the next run.
    pub(crate) keep: Option<PathBuf>,
    /// `results.json`.
    pub(crate) out: Option<PathBuf>,
    /// The report of an earlier state of the program, to stand beside this one's.
    pub(crate) before: Option<PathBuf>,
    only: Vec<String>,
    databases: Vec<String>,
}

impl Arguments {
    pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Self> {
        let (mut parsed, mut words) = (Self::default(), words.into_iter());
        while let Some(word) = words.next() {
            if word == "--quick" {
                parsed.quick = true;
                continue;
            }
            let mut value = || words.next().with_context(|| format!("`{word}` needs a value"));
            match word.as_str() {
                "--lines" => parsed.lines = Some(value()?.parse().context("--lines takes a number")?),
                "--keep" => parsed.keep = Some(value()?.into()),
                "--out" => parsed.out = Some(value()?.into()),
                "--before" => parsed.before = Some(value()?.into()),
                "--only" => parsed.only = split_names(&value()?, &SECTIONS)?,
                "--database" => parsed.databases = split_names(&value()?, &DATABASES)?,
                _ => bail!("`{word}` is not what this program takes"),
            }
        }
        Ok(parsed)
    }

    /// Whether this part is asked for.
    pub(crate) fn wants(&self, section: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == section)
    }

    pub(crate) fn wants_database(&self, name: &str) -> bool {
        self.databases.is_empty() || self.databases.iter().any(|wanted| wanted == name)
    }

    /// How long each load runs.
    pub(crate) const fn time(&self) -> Duration {
        if self.quick { Duration::from_millis(1_500) } else { Duration::from_secs(4) }
    }

    /// How long each question of the growth is asked.
    pub(crate) const fn question_time(&self) -> Duration {
        if self.quick { Duration::from_millis(250) } else { Duration::from_millis(1_200) }
    }

    /// An odd number: the figure is the one in the middle.
    pub(crate) const fn rounds(&self) -> usize {
        if self.quick { 1 } else { 3 }
    }

    /// Streams that are open at once.
    pub(crate) const fn streams(&self) -> usize {
        if self.quick { 1_000 } else { 10_000 }
    }

    /// Lines of the long ledger.
    pub(crate) fn long_ledger(&self) -> i64 {
        self.lines.unwrap_or(if self.quick { 100_000 } else { 10_000_000 })
    }
}

fn split_names(text: &str, known: &[&str]) -> Result<Vec<String>> {
    let names: Vec<_> = text.split(',').map(str::to_owned).collect();
    match names.iter().find(|name| !known.contains(&name.as_str())) {
        Some(name) => bail!("`{name}` is none of {}", known.join(", ")),
        None => Ok(names),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Arguments> {
        Arguments::parse(words.iter().map(|word| (*word).to_owned()))
    }

    #[test]
    fn parts_are_chosen_by_name_and_slips_are_refused() {
        let all = parse(&[]).unwrap();
        assert!(all.wants("growth") && all.wants_database("postgres") && all.long_ledger() == 10_000_000);
        let some = parse(&["--quick", "--only", "usage,reads", "--database", "sqlite", "--keep", "/tmp/kept"]).unwrap();
        assert!(some.wants("reads") && !some.wants("growth") && !some.wants_database("postgres"));
        assert_eq!((some.long_ledger(), some.keep), (100_000, Some("/tmp/kept".into())));
        for slip in [&["--only", "everything"][..], &["--only"], &["quick"], &["--lines", "many"]] {
            assert!(parse(slip).is_err(), "{slip:?}");
        }
    }
}
