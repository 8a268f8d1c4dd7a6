//! The chores in one table: what runs, what `cargo xtask help` lists, and what `cargo xtask CHORE --help` explains.

use crate::{arguments::UnknownArguments, bench, build, dev, screens, start, suite};
use anyhow::{Context as _, Result, anyhow};
use std::{fmt::Write as _, process::ExitCode};

/// One chore. A new one is a row of [`CHORES`] and nothing else here.
struct Chore {
    name: &'static str,
    /// One line: what it is for.
    purpose: &'static str,
    /// What may stand behind the name, each with its explanation.
    arguments: &'static [(&'static str, &'static str)],
    /// What a first-time user should know besides; may be empty.
    details: &'static str,
    run: fn(&[String]) -> Result<ExitCode>,
}

/// In the order in which a newcomer needs them.
const CHORES: &[Chore] = &[
    Chore {
        name: "start",
        purpose: "builds the product and opens it with a living demo organization",
        arguments: &[
            ("--listen ADDR", "address and port, 127.0.0.1:8080 unless given"),
            ("--database URL", "sqlite:FILE or postgres://…, target/demo/demo.db unless given"),
            ("--public-url URL", "by which address people reach it; needed where other machines may"),
            ("--demo-state fresh", "an empty wallet, in a database of its own that is emptied at each start"),
        ],
        details: "Ctrl-C ends it. The demo's database is kept for the next start.",
        run: start::run_start,
    },
    Chore {
        name: "dev",
        purpose: "shows every edit of the page in the browser as soon as the file is saved",
        arguments: &[
            ("--listen ADDR", "address and port, 127.0.0.1:8081 unless given"),
            ("--server URL", "uses a server that runs already instead of starting one with the demo"),
            ("--kit", "builds the kit too, shown at /kit"),
            ("--measure", "edits, waits for the browser, reverts, and prints how long each kind of edit took"),
        ],
        details: "Ctrl-C ends it. The demo's database, target/demo/dev.db, is kept for the next start.",
        run: dev::run_dev,
    },
    Chore {
        name: "check",
        purpose: "the quick part of `test`: formatting, lints, architecture, words, spelling, dependencies, commits",
        arguments: &[],
        details: "Needs neither a database nor a browser. Every step runs, also after one that failed.",
        run: suite::run_checks,
    },
    Chore {
        name: "test",
        purpose: "the whole proof: `check`, the tests on SQLite and PostgreSQL, the budgets, the product in a browser",
        arguments: &[
            ("--stress N", "instead: the browser tests N times, every answer of the API delayed at random"),
            ("--seed S", "with --stress: repeats the delays of the run that printed this seed"),
        ],
        details: "What CI runs. The last line is the sum; a skipped test counts as a failure.",
        run: suite::run_all,
    },
    Chore {
        name: "build",
        purpose: "leaves target/release/nexis-billing and dist/",
        arguments: &[("--test-seams", "with the routes that move the clock and script the bank; never ship that one")],
        details: "",
        run: |arguments| build::run_build(arguments).map(|()| ExitCode::SUCCESS),
    },
    Chore {
        name: "page",
        purpose: "the page's half of `build`: leaves dist/ and says what it weighs",
        arguments: &[("--kit", "adds every part of the page in every state, shown at /kit")],
        details: "",
        run: |arguments| build::run_page(arguments).map(|()| ExitCode::SUCCESS),
    },
    Chore {
        name: "trunk",
        purpose: "called by `trunk serve` after each build (Trunk.toml): the parts that the document names",
        arguments: &[],
        details: "",
        run: |arguments| build::trunk::run_trunk(arguments).map(|()| ExitCode::SUCCESS),
    },
    Chore {
        name: "screens",
        purpose: "takes pictures of every screen, and the one of the README in docs/",
        arguments: &[
            ("FOLDER", "where the pictures go, /tmp/shots unless given"),
            ("--renew", "instead: the picture book in docs/screens/, by which the browser tests judge each screen"),
        ],
        details: "",
        run: |arguments| screens::run_screens(arguments).map(|()| ExitCode::SUCCESS),
    },
    Chore {
        name: "bench",
        purpose: "measures the product beside pgbench, bare axum and a loop written by hand, in one run on this machine",
        arguments: &[
            ("--quick", "everything in two minutes, on a ledger of 100,000 lines instead of 10,000,000"),
            ("--only PARTS", "some of usage, authorizations, reads, growth, verification, top-ups"),
            ("--database NAME", "sqlite or postgres; both unless given"),
            ("--keep FOLDER", "the long ledgers stay there for the next run"),
            ("--lines N", "of the long ledger"),
            ("--before FILE", "the figures of an earlier run, to stand beside these"),
            ("--out FILE", "bench/results.json unless given; of a quick run target/bench-quick.json"),
        ],
        details: "Takes half an hour, most of it for the long ledgers; the figures of the README come from here.",
        run: |arguments| bench::run_bench(arguments).map(|()| ExitCode::SUCCESS),
    },
];

/// What the command line asks for, before anything runs.
enum ChoreRequest<'a> {
    Overview,
    Explain(&'static Chore),
    Run(&'static Chore, &'a [String]),
}

/// Runs the chore that the words name, or prints what they ask to have explained.
pub(crate) fn run_chore(words: &[String]) -> Result<ExitCode> {
    match read_request(words)? {
        ChoreRequest::Overview => println!("{}", list_chores()),
        ChoreRequest::Explain(chore) => println!("{}", chore.help()),
        ChoreRequest::Run(chore, arguments) => {
            return (chore.run)(arguments).map_err(|failure| explain_misuse(chore, failure));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// `--help` counts wherever it stands: whoever asks for an explanation does not want a run of half an hour.
fn read_request(words: &[String]) -> Result<ChoreRequest<'_>> {
    let Some((first, rest)) = words.split_first() else { return Ok(ChoreRequest::Overview) };
    match (first.as_str(), rest) {
        ("-h" | "--help", _) | ("help", []) => Ok(ChoreRequest::Overview),
        ("help", [name, ..]) => find_chore(name).map(ChoreRequest::Explain),
        (name, rest) => {
            let chore = find_chore(name)?;
            let explain = rest.iter().any(|word| word == "--help" || word == "-h");
            Ok(if explain { ChoreRequest::Explain(chore) } else { ChoreRequest::Run(chore, rest) })
        }
    }
}

/// Adds how the chore is called to the error of arguments that it does not take.
fn explain_misuse(chore: &Chore, failure: anyhow::Error) -> anyhow::Error {
    match failure.downcast::<UnknownArguments>() {
        Ok(unknown) => {
            let (usage, name) = (chore.usage(), chore.name);
            anyhow!("{unknown}\n\n{usage}\n`cargo xtask {name} --help` explains it")
        }
        Err(other) => other,
    }
}

fn find_chore(name: &str) -> Result<&'static Chore> {
    CHORES
        .iter()
        .find(|chore| chore.name == name)
        .with_context(|| format!("there is no chore `{name}`\n\n{}", list_chores()))
}

fn list_chores() -> String {
    let mut text = String::from("cargo xtask CHORE\n\n");
    for chore in CHORES {
        let _ = writeln!(text, "  {:<8}  {}", chore.name, chore.purpose);
    }
    text + "\n`cargo xtask CHORE --help` explains one with its arguments."
}

impl Chore {
    fn usage(&self) -> String {
        let mut text = format!("cargo xtask {}", self.name);
        for (argument, _) in self.arguments {
            let _ = write!(text, " [{argument}]");
        }
        text
    }

    fn help(&self) -> String {
        let mut text = format!("{}\n    {}", self.usage(), self.purpose);
        for (at, (argument, meaning)) in self.arguments.iter().enumerate() {
            let gap = if at == 0 { "\n" } else { "" };
            let _ = write!(text, "{gap}\n  {argument:<20}  {meaning}");
        }
        if !self.details.is_empty() {
            let _ = write!(text, "\n\n{}", self.details);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn asking_for_help_never_runs_anything() {
        for chore in CHORES {
            for tail in ["--help", "-h", "--listen --help", "x -h"] {
                let line = words(&format!("{} {tail}", chore.name));
                assert!(
                    matches!(read_request(&line), Ok(ChoreRequest::Explain(asked)) if asked.name == chore.name),
                    "{line:?}"
                );
            }
            assert!(matches!(read_request(&words(&format!("help {}", chore.name))), Ok(ChoreRequest::Explain(_))));
        }
        for line in ["", "help", "-h", "--help", "--help start"] {
            assert!(matches!(read_request(&words(line)), Ok(ChoreRequest::Overview)), "{line}");
        }
    }

    #[test]
    fn a_chore_gets_the_words_behind_its_name() {
        let line = words("page --kit");
        assert!(
            matches!(read_request(&line), Ok(ChoreRequest::Run(chore, arguments)) if chore.name == "page" && arguments == ["--kit"])
        );
    }

    #[test]
    fn every_chore_is_listed_and_explained() {
        let overview = list_chores();
        for (at, chore) in CHORES.iter().enumerate() {
            assert!(CHORES[..at].iter().all(|earlier| earlier.name != chore.name), "{} twice", chore.name);
            assert!(overview.contains(chore.name) && overview.contains(chore.purpose), "{}", chore.name);
            let help = chore.help();
            assert!(!chore.purpose.is_empty() && help.contains(chore.purpose), "{help}");
            for (argument, meaning) in chore.arguments {
                assert!(!meaning.is_empty() && help.contains(argument) && help.contains(meaning), "{help}");
            }
            for line in help.lines().chain(overview.lines()) {
                assert!(line.chars().count() <= 120, "too wide for a terminal: {line}");
            }
        }
    }

    #[test]
    fn a_misused_chore_says_how_it_is_used() {
        for (line, usage) in
            [("build --fast", "cargo xtask build [--test-seams]"), ("bench now", "cargo xtask bench [--quick]")]
        {
            let sentence = run_chore(&words(line)).unwrap_err().to_string();
            let wrong = line.split_once(' ').map(|(_, wrong)| format!("`{wrong}`")).unwrap_or_default();
            assert!(sentence.contains(&wrong) && sentence.contains(usage), "{sentence}");
        }
        // Any other failure stays what it was.
        let other = explain_misuse(&CHORES[0], anyhow!("the disk is full"));
        assert_eq!(other.to_string(), "the disk is full");
    }

    #[test]
    fn an_unknown_chore_is_answered_with_those_there_are() {
        for line in ["stert", "help stert", "stert --help"] {
            let sentence = read_request(&words(line)).err().unwrap().to_string();
            assert!(sentence.contains("`stert`") && sentence.contains("start"), "{sentence}");
        }
    }
}
