//! Makes the parts of the page again, each when it is asked for, and hands them to the site: the quick ones at once, the
//! programs one after the other beside them.

use super::{site::Site, sources::PagePart};
use crate::{
    build::{Program, development},
    process, steps,
};
use anyhow::{Context, Result, bail};
use std::{
    io::{BufRead, BufReader, IsTerminal as _},
    process::{Command, Stdio},
    sync::mpsc::Receiver,
    thread,
    time::{Duration, Instant},
};

/// Everything, for the first time. Errors only where the loop could not mend it: a program that does not compile is shown.
pub(super) fn make_all(site: &Site, programs: &[Program]) {
    for part in [PagePart::Style, PagePart::Words, PagePart::Document] {
        make_quick(site, programs, part);
    }
    make_programs(site, programs, || false);
}

/// A part that takes milliseconds.
pub(super) fn make_quick(site: &Site, programs: &[Program], part: PagePart) {
    let started = Instant::now();
    let (title, made) = match part {
        PagePart::Style => (
            "the stylesheet",
            make_each(programs, "css", |program| Ok(development::dev_stylesheet(program)?.into_bytes())),
        ),
        PagePart::Words => ("the words", make_texts()),
        PagePart::Document => (
            "the documents",
            make_each(programs, "html", |program| Ok(development::dev_document(program, "", "")?.into_bytes())),
        ),
        PagePart::Code => return,
    };
    report_part(site, title, started, made);
}

/// After the first program has been made the others wait so long: the page that loads again needs the cores, and the next
/// save comes first.
const REST: Duration = Duration::from_secs(3);

/// Compiles each time something arrives in `asked`; what arrives meanwhile is one more time.
pub(super) fn compile_on_demand(site: &Site, programs: &[Program], asked: &Receiver<()>) {
    while asked.recv().is_ok() {
        let asked_again = || asked.recv_timeout(REST).is_ok();
        while make_programs(site, programs, asked_again) {
            while asked.try_recv().is_ok() {}
        }
    }
}

/// Makes one program after the other; whether it was broken off between two of them, because of `asked_again`.
fn make_programs(site: &Site, programs: &[Program], asked_again: impl Fn() -> bool) -> bool {
    for (place, program) in programs.iter().enumerate() {
        if place > 0 && asked_again() {
            return true;
        }
        let started = Instant::now();
        let title = match program {
            Program::App => "the app",
            Program::Pay => "the payment page",
            Program::Kit => "the kit",
        };
        let made = compile_program(*program).and_then(|()| development::bind_program(*program)).map(|code| {
            let stem = program.stem();
            vec![(format!("{stem}.wasm"), code.wasm), (format!("{stem}.js"), code.script)]
        });
        let failed = made.is_err();
        report_part(site, title, started, made);
        // The next one would most likely fail by the same line.
        if failed || process::is_interrupted() {
            return false;
        }
    }
    false
}

fn report_part(site: &Site, title: &'static str, started: Instant, made: Result<Vec<(String, Vec<u8>)>>) {
    match made {
        Ok(files) => {
            site.publish(title, files);
            println!("{title}: {}", steps::format_seconds(started.elapsed()));
        }
        Err(_) if process::is_interrupted() => {}
        Err(failure) => {
            let problem = format!("{failure:#}");
            // A compiler has said it in the terminal already.
            println!("{title} stays the old one: {}", problem.lines().next().unwrap_or_default());
            site.complain(title, problem);
        }
    }
}

fn make_each(
    programs: &[Program],
    extension: &str,
    make: impl Fn(Program) -> Result<Vec<u8>>,
) -> Result<Vec<(String, Vec<u8>)>> {
    programs.iter().map(|program| Ok((format!("{}.{extension}", program.stem()), make(*program)?))).collect()
}

fn make_texts() -> Result<Vec<(String, Vec<u8>)>> {
    Ok(development::text_files()?.into_iter().map(|(name, words)| (name, words.into_bytes())).collect())
}

/// The error is what the compiler said, for the page; the terminal has it as it comes.
fn compile_program(program: Program) -> Result<()> {
    let mut cargo = development::dev_compiler(program);
    cargo.arg("--quiet");
    if std::io::stderr().is_terminal() {
        cargo.args(["--color", "always"]);
    }
    let (succeeded, said) = run_relayed(&mut cargo)?;
    if !succeeded {
        bail!("the compiler refuses it\n\n{}", said.trim());
    }
    Ok(())
}

/// Whether the program ended well, and what it said on its standard error, which is passed on.
fn run_relayed(command: &mut Command) -> Result<(bool, String)> {
    let mut child = process::spawn_command(command.stderr(Stdio::piped()))?;
    let output = child.stderr.take().context("the program's output cannot be read")?;
    let reader = thread::spawn(move || {
        let mut said = String::new();
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            eprintln!("{line}");
            said.push_str(&strip_colors(&line));
            said.push('\n');
        }
        said
    });
    let status = process::wait_for_end(&mut child)?;
    Ok((status.success(), reader.join().unwrap_or_default()))
}

/// Text without the sequences by which a terminal changes its color (ECMA-48, SGR).
fn strip_colors(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').map_or(part, |(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_for_the_terminal_only() {
        assert_eq!(
            strip_colors("\u{1b}[1m\u{1b}[38;5;9merror[E0308]\u{1b}[0m: mismatched"),
            "error[E0308]: mismatched"
        );
        assert_eq!(strip_colors("plain"), "plain");
    }

    #[cfg(unix)]
    #[test]
    fn what_a_program_complains_about_is_kept() {
        let (succeeded, said) = run_relayed(Command::new("sh").args(["-c", "echo out; echo oh >&2; exit 3"])).unwrap();
        assert_eq!((succeeded, said.as_str()), (false, "oh\n"));
    }
}
