//! Weighs the built page against the budgets of DESIGN, section 9, and prints what weighs how much.

use crate::{precompress, workspace};
use anyhow::{Context, Result, bail};
use std::{fs, path::Path};

/// Everything that the first load fetches, brotli 11. KB are 1,000 bytes.
const FIRST_LOAD_LIMIT_BYTES: usize = 260_000;
const FIRST_LOAD_AIM_BYTES: usize = 150_000;
const CSS_LIMIT_BYTES: usize = 10_000;
/// What a first load is made of; icons and the manifest come later and never block.
const FIRST_LOAD: [&str; 4] = ["wasm", "js", "css", "html"];

/// One file of the first load.
struct Weight {
    name: String,
    kind: &'static str,
    raw_bytes: usize,
    brotli_bytes: usize,
}

/// Prints the weights and fails where a hard limit is broken.
pub(super) fn hold() -> Result<()> {
    let weights = weigh(&workspace::dist())?;
    println!("{}", table(&weights));
    let broken = broken(&weights);
    if broken.is_empty() {
        return Ok(());
    }
    bail!("{}", broken.join("; "))
}

fn weigh(dist: &Path) -> Result<Vec<Weight>> {
    let mut weights = Vec::new();
    for file in workspace::files_below(dist)? {
        let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let Some(kind) = FIRST_LOAD.into_iter().find(|kind| *kind == extension) else { continue };
        let plain = fs::read(&file).with_context(|| format!("{} could not be read", file.display()))?;
        let name = file.strip_prefix(dist).unwrap_or(&file).display().to_string();
        let brotli_bytes = precompress::brotli(&plain)?.len();
        weights.push(Weight { name, kind, raw_bytes: plain.len(), brotli_bytes });
    }
    if let Some(kind) = FIRST_LOAD.iter().find(|kind| !weights.iter().any(|weight| weight.kind == **kind)) {
        bail!("dist/ holds no .{kind} file: build the page first (cargo xtask build)");
    }
    weights.sort_by_key(|weight| std::cmp::Reverse(weight.brotli_bytes));
    Ok(weights)
}

fn broken(weights: &[Weight]) -> Vec<String> {
    let all = total(weights, None);
    let css = total(weights, Some("css"));
    let limits = [("the first load", all, FIRST_LOAD_LIMIT_BYTES), ("the CSS", css, CSS_LIMIT_BYTES)];
    let over = limits.into_iter().filter(|(_, weight, limit)| weight > limit);
    over.map(|(what, weight, limit)| format!("{what} weighs {}, the limit is {}", kilobytes(weight), kilobytes(limit)))
        .collect()
}

fn total(weights: &[Weight], kind: Option<&str>) -> usize {
    weights.iter().filter(|weight| kind.is_none_or(|kind| weight.kind == kind)).map(|weight| weight.brotli_bytes).sum()
}

fn table(weights: &[Weight]) -> String {
    let mut lines = vec![format!("{:<44}{:>12}{:>12}", "first load", "raw", "brotli 11")];
    let line =
        |name: &str, raw: usize, packed: usize| format!("{name:<44}{:>12}{:>12}", kilobytes(raw), kilobytes(packed));
    lines.extend(weights.iter().map(|weight| line(&weight.name, weight.raw_bytes, weight.brotli_bytes)));
    lines.push(line("together", weights.iter().map(|weight| weight.raw_bytes).sum(), total(weights, None)));
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
        Weight { name: format!("a.{kind}"), kind, raw_bytes: brotli_bytes * 3, brotli_bytes }
    }

    #[test]
    fn a_page_over_the_limit_fails_and_one_at_the_limit_passes() {
        assert!(broken(&[weight("wasm", FIRST_LOAD_LIMIT_BYTES - 10), weight("css", 10)]).is_empty());
        assert_eq!(broken(&[weight("wasm", FIRST_LOAD_LIMIT_BYTES), weight("css", 1)]).len(), 1);
        assert_eq!(broken(&[weight("css", CSS_LIMIT_BYTES + 1)]).len(), 1);
    }

    #[test]
    fn a_folder_without_the_page_is_an_error_and_not_a_light_page() {
        assert!(weigh(&workspace::root().join("no-such-folder")).is_err());
    }
}
