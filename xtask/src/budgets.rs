//! Weighs the built page against its budgets (docs/bundle-size.md), and prints what weighs how much.

use crate::{precompress, workspace};
use anyhow::{Context, Result, bail};
use std::{fs, path::Path};

/// Everything that the first load fetches, brotli 11. KB are 1,000 bytes.
const FIRST_LOAD_LIMIT_BYTES: usize = 260_000;
const CSS_LIMIT_BYTES: usize = 10_000;
/// What a page is made of; icons and the manifest come later and never block.
const KINDS: [&str; 4] = ["wasm", "js", "css", "html"];

/// When a file is fetched.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LoadTime {
    /// The document is it or names it.
    First,
    /// When something is shown that needs it, or while the page rests.
    Later,
}

/// One file of the page.
struct Weight {
    name: String,
    kind: &'static str,
    when: LoadTime,
    raw_bytes: usize,
    brotli_bytes: usize,
}

/// A document of the page.
struct WeighedPage {
    html: &'static str,
    what: &'static str,
    aim_bytes: usize,
}

/// The element that hosts load, all of it.
const ELEMENT: &str = "embed/v1.js";
const ELEMENT_LIMIT_BYTES: usize = 3_000;

const PAGES: [WeighedPage; 3] = [
    WeighedPage { html: "index.html", what: "the first load", aim_bytes: 150_000 },
    WeighedPage { html: "pay.html", what: "the page behind a payment link", aim_bytes: 90_000 },
    WeighedPage { html: "embed.html", what: "the app in a host's page", aim_bytes: 160_000 },
];

/// Prints the weights and fails where a hard limit is broken.
pub(crate) fn check_budgets() -> Result<()> {
    let mut broken = Vec::new();
    for page in &PAGES {
        let weights = weigh_page(&workspace::dist_folder(), page)?;
        println!("{}", format_table(&weights, page));
        broken.extend(exceeded_limits(&weights, page));
    }
    let element = weigh_element(&workspace::dist_folder())?;
    println!("{ELEMENT}: {}, limit {}", format_kilobytes(element), format_kilobytes(ELEMENT_LIMIT_BYTES));
    if element > ELEMENT_LIMIT_BYTES {
        broken.push(format!("{ELEMENT} weighs {}", format_kilobytes(element)));
    }
    if broken.is_empty() {
        return Ok(());
    }
    bail!("{}", broken.join("; "))
}

fn weigh_element(dist: &Path) -> Result<usize> {
    let plain = fs::read(dist.join(ELEMENT)).with_context(|| format!("dist/{ELEMENT} could not be read"))?;
    Ok(precompress::compress_brotli(&plain)?.len())
}

/// The files of one document, and of no other.
fn weigh_page(dist: &Path, page: &WeighedPage) -> Result<Vec<Weight>> {
    let document = fs::read_to_string(dist.join(page.html));
    let document = document
        .with_context(|| format!("dist/{} could not be read: build the page first (cargo xtask build)", page.html))?;
    let mut weights = Vec::new();
    for file in workspace::files_below(dist)? {
        let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let Some(kind) = KINDS.into_iter().find(|kind| *kind == extension) else { continue };
        let plain = fs::read(&file).with_context(|| format!("{} could not be read", file.display()))?;
        let name = file.strip_prefix(dist).unwrap_or(&file).display().to_string();
        let brotli_bytes = precompress::compress_brotli(&plain)?.len();
        let of_this_page = name == page.html || document.contains(&name);
        // What comes later belongs to the app: the other page has nothing that does.
        let of_another = PAGES.iter().any(|other| {
            other.html != page.html
                && (name == other.html
                    || fs::read_to_string(dist.join(other.html)).is_ok_and(|document| document.contains(&name)))
        });
        let when = match (of_this_page, of_another) {
            (true, _) => LoadTime::First,
            (false, false) if page.html == "index.html" && !is_of_host(&name) => LoadTime::Later,
            (false, _) => continue,
        };
        weights.push(Weight { name, kind, when, raw_bytes: plain.len(), brotli_bytes });
    }
    let first = |kind: &str| weights.iter().any(|weight| weight.kind == kind && weight.when == LoadTime::First);
    if let Some(kind) = KINDS.iter().find(|kind| !first(kind)) {
        bail!("dist/{} names no .{kind} file: build the page first (cargo xtask build)", page.html);
    }
    weights.sort_by_key(|weight| std::cmp::Reverse(weight.brotli_bytes));
    Ok(weights)
}

/// What a host's page loads of ours, beside the app.
fn is_of_host(name: &str) -> bool {
    name.starts_with("embed/") || name.starts_with("balance")
}

fn exceeded_limits(weights: &[Weight], page: &WeighedPage) -> Vec<String> {
    let all = brotli_bytes(weights, |_| true);
    let css = brotli_bytes(weights, |weight| weight.kind == "css");
    let limits = [(page.what, all, FIRST_LOAD_LIMIT_BYTES), ("its CSS", css, CSS_LIMIT_BYTES)];
    let over = limits.into_iter().filter(|(_, weight, limit)| weight > limit);
    over.map(|(what, weight, limit)| {
        format!("{what} weighs {}, the limit is {}", format_kilobytes(weight), format_kilobytes(limit))
    })
    .collect()
}

/// What the chosen files of the first load weigh together.
fn brotli_bytes(weights: &[Weight], chosen: impl Fn(&Weight) -> bool) -> usize {
    let first = weights.iter().filter(|weight| weight.when == LoadTime::First);
    first.filter(|weight| chosen(weight)).map(|weight| weight.brotli_bytes).sum()
}

fn format_table(weights: &[Weight], page: &WeighedPage) -> String {
    let row = |name: &str, raw: &str, packed: &str| format!("{name:<44}{raw:>12}{packed:>12}");
    let mut lines = Vec::new();
    for (title, when) in [(page.what, LoadTime::First), ("later", LoadTime::Later)] {
        if !weights.iter().any(|weight| weight.when == when) {
            continue;
        }
        lines.push(row(title, "raw", "brotli 11"));
        let (mut raw, mut packed) = (0, 0);
        for weight in weights.iter().filter(|weight| weight.when == when) {
            lines.push(row(&weight.name, &format_kilobytes(weight.raw_bytes), &format_kilobytes(weight.brotli_bytes)));
            raw += weight.raw_bytes;
            packed += weight.brotli_bytes;
        }
        lines.push(row("together", &format_kilobytes(raw), &format_kilobytes(packed)));
    }
    let (limit, aim) = (format_kilobytes(FIRST_LOAD_LIMIT_BYTES), format_kilobytes(page.aim_bytes));
    lines.push(format!("limit {limit}, aim {aim}; CSS limit {}", format_kilobytes(CSS_LIMIT_BYTES)));
    lines.join("\n")
}

fn format_kilobytes(bytes: usize) -> String {
    format!("{}.{} KB", bytes / 1000, bytes % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(kind: &'static str, brotli_bytes: usize) -> Weight {
        Weight { name: format!("a.{kind}"), kind, when: LoadTime::First, raw_bytes: brotli_bytes * 3, brotli_bytes }
    }

    #[test]
    fn a_page_over_the_limit_fails_and_one_at_the_limit_passes() {
        assert!(
            exceeded_limits(&[weight("wasm", FIRST_LOAD_LIMIT_BYTES - 10), weight("css", 10)], &PAGES[0]).is_empty()
        );
        assert_eq!(exceeded_limits(&[weight("wasm", FIRST_LOAD_LIMIT_BYTES), weight("css", 1)], &PAGES[0]).len(), 1);
        assert_eq!(exceeded_limits(&[weight("css", CSS_LIMIT_BYTES + 1)], &PAGES[0]).len(), 1);
    }

    #[test]
    fn what_comes_later_is_no_weight_of_the_first_load() {
        let later = Weight { when: LoadTime::Later, ..weight("wasm", FIRST_LOAD_LIMIT_BYTES) };
        assert!(exceeded_limits(&[weight("wasm", FIRST_LOAD_LIMIT_BYTES - 10), later], &PAGES[0]).is_empty());
    }

    #[test]
    fn a_folder_without_the_page_is_an_error_and_not_a_light_page() {
        assert!(weigh_page(&workspace::root_folder().join("no-such-folder"), &PAGES[0]).is_err());
    }
}
