//! The paper: its size, its margins, as many pages as are needed, and the same bytes every time.

use billing_receipt::Paper;

use crate::{BARE, ask, drawn, receipt, text};

/// Left, top, right and bottom edge of every word on every page, in points, and the word.
fn words(pdf: &[u8]) -> Vec<([f64; 4], String)> {
    let page = ask("pdftotext", &["-bbox", "-", "-"], pdf);
    page.lines()
        .filter_map(|line| line.trim().strip_prefix("<word "))
        .map(|line| {
            let edge = |name: &str| line.split(&format!("{name}=\"")).nth(1)?.split('"').next()?.parse().ok();
            let word = line.split('>').nth(1).unwrap().split('<').next().unwrap();
            (["xMin", "yMin", "xMax", "yMax"].map(|name| edge(name).unwrap()), word.to_owned())
        })
        .collect()
}

#[test]
fn pages_have_exactly_the_size_of_the_paper() {
    let receipt = receipt("Northwind Dental", "1 Main Street", 0);
    for (paper, size) in [(Paper::A4, "595.276 x 841.89 pts (A4)"), (Paper::Letter, "612 x 792 pts (letter)")] {
        let info = ask("pdfinfo", &["-"], &drawn(&receipt, paper, &BARE).pdf);
        assert!(info.contains(size), "{info}");
        assert!(info.contains("Title:           Receipt R-8F3K-2MXQ-7HTB-09CD"), "{info}");
        assert!(info.contains("Tagged:          yes") && info.contains("Pages:           1\n"), "{info}");
    }
}

#[test]
fn nothing_leaves_the_margins_and_amounts_end_at_one_edge() {
    let address = "A very long line of an address without a break, Straße, ".repeat(9);
    let receipt = receipt(&"Donaudampfschifffahrtselektrizitätenhauptbetriebswerk".repeat(2), &address, 3);
    for (paper, width, height) in [(Paper::A4, 595.3, 841.9), (Paper::Letter, 612.0, 792.0)] {
        let words = words(&drawn(&receipt, paper, &BARE).pdf);
        assert!(words.len() > 60, "{}", words.len());
        for ([left, top, right, bottom], word) in &words {
            assert!(*left > 60.0 && *top > 55.0, "{word} at {left} {top}");
            assert!(*right < width - 60.0 && *bottom < height - 25.0, "{word} at {right} {bottom}");
        }
        let edges: Vec<_> = words.iter().filter(|(_, word)| word == "USD").map(|([_, _, right, _], _)| right).collect();
        assert_eq!(edges.len(), 5);
        assert!(edges.iter().all(|edge| (*edge - edges[0]).abs() < 0.05), "{edges:?}");
    }
}

#[test]
fn a_long_receipt_goes_on_over_pages_and_loses_nothing() {
    let address = (1..=120).map(|line| format!("l{line}")).collect::<Vec<_>>().join("\n");
    let pdf = drawn(&receipt("Acme", &address, 150), Paper::Letter, &BARE).pdf;
    let text = text(&pdf);
    for line in 1..=120 {
        assert!(text.split_whitespace().any(|word| word == format!("l{line}")), "line {line} of the address");
    }
    for number in 1..=150 {
        assert!(text.contains(&format!("Reason number {number}\n")), "refund {number}");
    }
    let pages = text.matches('\u{c}').count();
    assert!(pages > 10 && text.contains(&format!("Page {pages} of {pages}")), "{pages}");
}

#[test]
fn one_receipt_is_one_file() {
    let receipt = receipt("Northwind 東京 שלום", "1 Main Street", 2);
    let first = drawn(&receipt, Paper::A4, &crate::SYSTEM).pdf;
    assert_eq!(first, drawn(&receipt, Paper::A4, &crate::SYSTEM).pdf);
    assert!(first.len() < 60_000, "{} bytes: fonts are not cut down", first.len());
}
