//! Joins the files of style/ into one stylesheet: one request, and an order that no file name can upset.

use crate::workspace;
use anyhow::{Context, Result, bail};
use std::{fmt::Write as _, fs, path::Path};

/// The cascade, weakest first: a page may overrule the kit, the kit the base, and nothing needs `!important`.
const LAYERS: [&str; 5] = ["tokens", "base", "ui", "shared", "pages"];

/// Each file wrapped in the layer of its folder (`tokens.css` and `base.css` are layers of their own), sorted by name. Files that
/// are not `wanted` are left out.
pub(crate) fn join_styles(folder: &Path, wanted: impl Fn(&Path) -> bool) -> Result<String> {
    let mut sheet = format!("@layer {};\n", LAYERS.join(", "));
    let files = workspace::files_below(folder)?;
    for layer in LAYERS {
        for file in files.iter().filter(|file| layer_of(folder, file) == Some(layer) && wanted(file)) {
            let text = fs::read_to_string(file).with_context(|| format!("{} could not be read", file.display()))?;
            check_file(file, &text)?;
            write!(sheet, "@layer {layer} {{\n{}\n}}\n", text.trim())?;
        }
    }
    if let Some(stray) = files.iter().find(|file| layer_of(folder, file).is_none()) {
        bail!(
            "{} belongs to no layer: move it to style/ui, style/shared or style/pages",
            workspace::relative_path(stray)
        );
    }
    Ok(sheet)
}

fn layer_of(folder: &Path, file: &Path) -> Option<&'static str> {
    let path = file.strip_prefix(folder).ok()?.to_str()?.strip_suffix(".css")?;
    let first = path.split(['/', '\\']).next()?;
    LAYERS.into_iter().find(|layer| *layer == first)
}

/// What would silently change its meaning inside a layer block.
fn check_file(file: &Path, text: &str) -> Result<()> {
    if let Some(rule) = ["@import", "@charset", "@namespace"].iter().find(|rule| text.contains(**rule)) {
        bail!("{}: `{rule}` does not work in a joined stylesheet", workspace::relative_path(file));
    }
    if text.matches('{').count() != text.matches('}').count() {
        bail!("{}: braces do not match", workspace::relative_path(file));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_lands_in_the_layer_of_its_folder_whatever_its_name() {
        let folder = Path::new("/tree/style");
        let layer = |path: &str| layer_of(folder, &folder.join(path));
        assert_eq!(layer("tokens.css"), Some("tokens"));
        assert_eq!(layer("ui/button.css"), Some("ui"));
        assert_eq!(layer("pages/settings/billing/tokens.css"), Some("pages"));
        assert_eq!(layer("shared/bank.css"), Some("shared"));
        assert_eq!(layer("stray.css"), None);
        assert_eq!(layer("ui/readme.md"), None);
    }

    #[test]
    fn a_rule_that_a_layer_would_swallow_is_refused() {
        assert!(check_file(Path::new("a.css"), "@import 'b.css';").is_err());
        assert!(check_file(Path::new("a.css"), "a { b { color: red }").is_err());
        assert!(check_file(Path::new("a.css"), "a { color: red }").is_ok());
    }
}
