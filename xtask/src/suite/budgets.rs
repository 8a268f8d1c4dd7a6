//! Weighs the built page against the budgets of DESIGN, section 9, and prints what weighs how much.

use crate::{precompress, workspace};
use anyhow::{Context, Result, bail};
use std::{fs, path::Path};

/// Everything that the first load fetches, brotli 11. KB are 1,000 bytes.
const FIRST_LOAD_LIMIT_BYTES: usize = 260_000;
const FIRST_LOAD_AIM_BYTES: usize = 150_000;
const CSS_LIMIT_BYTES: usize = 10_000;
/// What a page is made of; icons and the manifest come later and never block.
const KINDS: [&str; 4] = ["wasm", "js", "css", "html"];

/// When a file is fetched.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    /// The document is it or names it.
    First,
    /// When something is shown that needs it, or while the page rests.
    Later,
}

/// One file of the page.
struct Weight {
    name: String,
    kind: &'static str,
    when: When,
    raw_bytes: usize,
    brotli_bytes: usize,
}

/// Prints the weights and fails where a hard limit is broken.
pub(crate) fn hold() -> Result<()> {
    let weights = weigh(&workspace::dist())?;
    println!("{}", table(&weights));
    let broken = broken(&weights);
    if broken.is_empty() {
        return Ok(());
    }
    bail!("{}", broken.join("; "))
}

fn weigh(dist: &Path) -> Result<Vec<Weight>> {
    let document = fs::read_to_string(dist.join("index.html"));
    let document = document.context("dist/index.html could not be read: build the page first (cargo xtask build)")?;
    let mut weights = Vec::new();
    for file in workspace::files_below(dist)? {
        let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let Some(kind) = KINDS.into_iter().find(|kind| *kind == extension) else { continue };
        let plain = fs::read(&file).with_context(|| format!("{} could not be read", file.display()))?;
        let name = file.strip_prefix(dist).unwrap_or(&file).display().to_string();
        let brotli_bytes = precompress::brotli(&plain)?.len();
        let when = if kind == "html" || document.contains(&name) { When::First } else { When::Later };
        weights.push(Weight { name, kind, when, raw_bytes: plain.len(), brotli_bytes });
    }
    let first = |kind: &str| weights.iter().any(|weight| weight.kind == kind && weight.when == When::First);
    if let Some(kind) = KINDS.iter().find(|kind| !first(kind)) {
        bail!("dist/index.html names no .{kind} file: build the page first (cargo xtask build)");
    }
    weights.sort_by_key(|weight| std::cmp::Reverse(weight.brotli_bytes));
    Ok(weights)
}

fn broken(weights: &[Weight]) -> Vec<String> {
    let all = brotli_bytes(weights, |_| true);
    let css = brotli_bytes(weights, |weight| weight.kind == "css");
    let limits = [("the first load", all, FIRST_LOAD_LIMIT_BYTES), ("the CSS", css, CSS_LIMIT_BYTES)];
    let over = limits.into_iter().filter(|(_, weight, limit)| weight > limit);
    over.map(|(what, weight, limit)| format!("{what} weighs {}, the limit is {}", kilobytes(weight), kilobytes(limit)))
        .collect()
}

/// What the chosen files of the first load weigh together.
fn brotli_bytes(weights: &[Weight], chosen: impl Fn(&Weight) -> bool) -> usize {
    let first = weights.iter().filter(|weight| weight.when == When::First);
    first.filter(|weight| chosen(weight)).map(|weight| weight.brotli_bytes).sum()
}

fn table(weights: &[Weight]) -> String {
    let row = |name: &str, raw: &str, packed: &str| format!("{name:<44}{raw:>12}{packed:>12}");
    let mut lines = Vec::new();
    for (title, when) in [("first load", When::First), ("later", When::Later)] {
        lines.push(row(title, "raw", "brotli 11"));
        let (mut raw, mut packed) = (0, 0);
        for weight in weights.iter().filter(|weight| weight.when == when) {
            lines.push(row(&weight.name, &kilobytes(weight.raw_bytes), &kilobytes(weight.brotli_bytes)));
            raw += weight.raw_bytes;
            packed += weight.brotli_bytes;
        }
        lines.push(row("together", &kilobytes(raw), &kilobytes(packed)));
    }
    let (limit, aim) = (kilobytes(FIRST_LOAD_LIMIT_BYTES), kilobytes(FIRST_LOAD_AIM_BYTES));
    lines.push(format!("limit {limit}, aim {aim}; CSS limit {}", kilobytes(CSS_LIMIT_BYTES)));
    lines.join("\n")
}

fn kilobytes(bytes: usize) -> String {
    format!("{}.{} KB", bytes / 1000, bytes % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(kind: &'static str, brotli_bytes: usize) -> Weight {
        Weight { name: format!("a.{kind}"), kind, when: When::First, raw_bytes: brotli_bytes * 3, brotli_bytes }
    }

    #[test]
    fn a_page_over_the_limit_fails_and_one_at_the_limit_passes() {
        assert!(broken(&[weight("wasm", FIRST_LOAD_LIMIT_BYTES - 10), weight("css", 10)]).is_empty());
        assert_eq!(broken(&[weight("wasm", FIRST_LOAD_LIMIT_BYTES), weight("css", 1)]).len(), 1);
        assert_eq!(broken(&[weight("css", CSS_LIMIT_BYTES + 1)]).len(), 1);
    }

    #[test]
    fn what_comes_later_is_no_weight_of_the_first_load() {
        let later = Weight { when: When::Later, ..weight("wasm", FIRST_LOAD_LIMIT_BYTES) };
        assert!(broken(&[weight("wasm", FIRST_LOAD_LIMIT_BYTES - 10), later]).is_empty());
    }

    #[test]
    fn a_folder_without_the_page_is_an_error_and_not_a_light_page() {
        assert!(weigh(&workspace::root().join("no-such-folder")).is_err());
    }
}
