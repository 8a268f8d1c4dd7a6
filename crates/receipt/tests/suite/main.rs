//! Receipts as files, read back by a program that knows nothing of how they were made (poppler's `pdftotext`).

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod papers;
mod scripts;

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use billing_receipt::{Drawn, Entry, Fact, Fonts, Han, Moment, Paper, Party, Receipt, draw_receipt};

/// What this system has.
static SYSTEM: LazyLock<Fonts> = LazyLock::new(|| Fonts::in_folders(&Fonts::system_folders()));
/// Nothing but what the program brings.
static BARE: LazyLock<Fonts> = LazyLock::new(|| Fonts::in_folders(&[]));

/// A receipt for somebody, with so many refunds.
fn receipt(name: &str, address: &str, refunds: usize) -> Receipt {
    let entry =
        |title: &str, note: String, amount: &str| Entry { title: title.to_owned(), note, amount: amount.to_owned() };
    let fact = |label, value: &str| Fact { label, value: value.to_owned() };
    let refund = |number| entry("Refund", format!("Reason number {number}"), "−0.01 USD");
    Receipt {
        number: "R-8F3K-2MXQ-7HTB-09CD".to_owned(),
        paid_at: Moment { year: 2026, month: 11, day: 27, hour: 20, minute: 54, second: 7 },
        banner: None,
        customer: Party { name: name.to_owned(), address: address.to_owned(), tax_id: "US-1".to_owned() },
        seller: Party { name: "Nexis Voice, Inc.".to_owned(), ..Party::default() },
        facts: vec![fact("Payment method", "Visa •• 4242"), fact("Status", "Paid")],
        entries: std::iter::once(entry("Wallet top-up", String::new(), "1,250.00 USD"))
            .chain((1..=refunds).map(refund))
            .collect(),
        total: entry("Net paid", String::new(), "1,250.00 USD"),
        notes: Vec::new(),
        han: Han::Simplified,
    }
}

fn drawn(receipt: &Receipt, paper: Paper, fonts: &Fonts) -> Drawn {
    draw_receipt(receipt, paper, fonts).unwrap()
}

/// What a program of poppler says about the file.
fn ask(program: &str, arguments: &[&str], pdf: &[u8]) -> String {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}. Install poppler-utils; `cargo xtask test` does."));
    child.stdin.take().unwrap().write_all(pdf).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program} cannot read the file");
    String::from_utf8(output.stdout).unwrap()
}

/// The text as a person would copy it, without the marks that say which way it runs.
fn text(pdf: &[u8]) -> String {
    let text = ask("pdftotext", &["-layout", "-enc", "UTF-8", "-", "-"], pdf);
    text.chars().filter(|one| !matches!(one, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}')).collect()
}
