//! Runs other programs so that Ctrl-C always comes back here first, where what was started can be stopped.

use anyhow::{Context, Result, bail};
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
/// How often a running program is looked at; also the longest reaction to Ctrl-C.
const POLL: Duration = Duration::from_millis(25);
/// After Ctrl-C the terminal has signaled the program too; it gets this long to end by itself.
const GRACE: Duration = Duration::from_secs(5);

/// From here on Ctrl-C and SIGTERM set a flag instead of ending this process on the spot.
pub(crate) fn watch_interrupts() {
    if let Err(error) = ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::SeqCst)) {
        println!("warning: Ctrl-C will not clean up: {error}");
    }
}

pub(crate) fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// The program and its arguments as a person would type them.
pub(crate) fn describe_command(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}

/// Runs to the end with inherited output. Errors when the program is missing or ends with another code than 0.
pub(crate) fn run_command(command: &mut Command) -> Result<()> {
    let shown = describe_command(command);
    let mut child = spawn_command(command)?;
    check_status(&shown, wait_for_end(&mut child)?)
}

/// Runs to the end and hands back the standard output; the error names what the program complained about.
pub(crate) fn capture_output(command: &mut Command) -> Result<String> {
    let shown = describe_command(command);
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("`{shown}` could not be started"))?;
    if !output.status.success() {
        bail!("`{shown}` ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether the program exists and ends well; its output is not shown.
pub(crate) fn command_succeeds(command: &mut Command) -> bool {
    capture_output(command).is_ok()
}

/// Runs to the end and hands each line of the standard output over as it comes. Answers the exit status unjudged.
pub(crate) fn run_lines(command: &mut Command, mut line: impl FnMut(&str)) -> Result<ExitStatus> {
    let mut child = spawn_command(command.stdout(Stdio::piped()))?;
    let Some(stdout) = child.stdout.take() else { bail!("the output of the program could not be read") };
    let (sender, lines) = mpsc::channel();
    let reader = thread::spawn(move || {
        for read in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
            let text = String::from_utf8_lossy(&read).into_owned();
            if sender.send(text).is_err() {
                return;
            }
        }
    });
    loop {
        match lines.recv_timeout(POLL) {
            Ok(text) => line(&text),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) if is_interrupted() => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {}
        }
    }
    let status = wait_for_end(&mut child)?;
    if !is_interrupted() && reader.join().is_err() {
        bail!("the reader of the program's output stopped");
    }
    Ok(status)
}

pub(crate) fn spawn_command(command: &mut Command) -> Result<Child> {
    let shown = describe_command(command);
    command.stdin(Stdio::null()).spawn().with_context(|| format!("`{shown}` could not be started"))
}

/// Waits for the end; after Ctrl-C gives the program [`GRACE`] and then ends it.
pub(crate) fn wait_for_end(child: &mut Child) -> Result<ExitStatus> {
    let mut deadline = None;
    loop {
        if let Some(status) = child.try_wait()? {
            if is_interrupted() {
                bail!("interrupted");
            }
            return Ok(status);
        }
        if is_interrupted() {
            let at = *deadline.get_or_insert_with(|| Instant::now() + GRACE);
            if Instant::now() >= at {
                child.kill()?;
                child.wait()?;
                bail!("interrupted");
            }
        }
        thread::sleep(POLL);
    }
}

pub(crate) fn check_status(shown: &str, status: ExitStatus) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    bail!("`{shown}` ended with {status}")
}
