//! What the page is made of, looked at again and again: which files have changed, and what each change asks for.

use crate::{build, workspace};
use anyhow::Result;
use std::{collections::BTreeMap, fs, time::SystemTime};

/// What has to be made again after a change, the cheapest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PagePart {
    Style,
    /// The words of every language but English, which is compiled into the programs.
    Words,
    Document,
    Code,
}

/// When a file was last written, and how long it is.
type FileMark = (SystemTime, u64);

/// The files of the page by their path below the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Snapshot(BTreeMap<String, FileMark>);

impl Snapshot {
    pub(super) fn take() -> Result<Self> {
        let mut marks = BTreeMap::new();
        for file in build::page_sources()? {
            // A file may vanish between the listing and this: an editor that writes a new one and renames it.
            if let Ok(metadata) = fs::metadata(&file) {
                marks.insert(workspace::relative_path(&file), (metadata.modified()?, metadata.len()));
            }
        }
        Ok(Self(marks))
    }

    /// The paths that are other here than in `before`: changed, new and gone, each once.
    pub(super) fn changed_since(&self, before: &Self) -> Vec<String> {
        let other = |path: &&String| self.0.get(*path) != before.0.get(*path);
        let gone = before.0.keys().filter(|path| !self.0.contains_key(*path));
        self.0.keys().chain(gone).filter(other).cloned().collect()
    }
}

/// What the changed files ask for, each part once, the cheapest first.
pub(super) fn changed_parts(changed: &[String]) -> Vec<PagePart> {
    let mut parts: Vec<PagePart> = changed.iter().filter_map(|path| part_of(path)).collect();
    parts.sort();
    parts.dedup();
    parts
}

fn part_of(path: &str) -> Option<PagePart> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    match folder {
        // Editors write files of their own beside the one that they change.
        _ if name.starts_with('.') || name.ends_with('~') => None,
        // This program is not built again while it runs.
        _ if path.starts_with("xtask/") => None,
        _ if path.starts_with("style/") => Some(PagePart::Style),
        "crates/catalogue/texts" if name != "en.json" => Some(PagePart::Words),
        "" if matches!(name, "index.html" | "pay.html" | "embed.html" | "balance.html" | "kit.html") => {
            Some(PagePart::Document)
        }
        _ => Some(PagePart::Code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn snapshot(files: &[(&str, u64)]) -> Snapshot {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        Snapshot(files.iter().map(|(path, written)| ((*path).to_owned(), (at(*written), 1))).collect())
    }

    #[test]
    fn changed_new_and_gone_files_are_found_and_others_are_not() {
        let before = snapshot(&[("src/a.rs", 1), ("src/b.rs", 1), ("src/c.rs", 1)]);
        let after = snapshot(&[("src/a.rs", 1), ("src/b.rs", 2), ("src/d.rs", 1)]);
        assert_eq!(after.changed_since(&before), ["src/b.rs", "src/d.rs", "src/c.rs"]);
        assert!(after.changed_since(&after).is_empty());
    }

    #[test]
    fn a_change_asks_for_what_is_made_from_the_file_and_for_no_more() {
        for (path, part) in [
            ("style/pages/billing/balance.css", Some(PagePart::Style)),
            ("style/tokens.css", Some(PagePart::Style)),
            ("crates/catalogue/texts/de.json", Some(PagePart::Words)),
            ("crates/catalogue/texts/en.json", Some(PagePart::Code)),
            ("index.html", Some(PagePart::Document)),
            ("public/loader.js", Some(PagePart::Code)),
            ("src/pages/sign_in.rs", Some(PagePart::Code)),
            ("crates/contract/src/link.rs", Some(PagePart::Code)),
            ("src/pages/.sign_in.rs.swp", None),
            ("src/pages/sign_in.rs~", None),
            ("xtask/src/dev.rs", None),
        ] {
            assert_eq!(part_of(path), part, "{path}");
        }
    }

    #[test]
    fn each_part_is_asked_for_once_and_the_quick_ones_come_first() {
        let changed = ["src/app.rs", "style/base.css", "src/kit.rs", "style/ui/chips.css"].map(str::to_owned);
        assert_eq!(changed_parts(&changed), [PagePart::Style, PagePart::Code]);
        assert!(changed_parts(&[]).is_empty());
    }

    #[test]
    fn the_tree_is_seen_and_stays_the_same_while_nobody_writes() {
        let first = Snapshot::take().unwrap();
        assert!(first.0.contains_key("src/main.rs") && first.0.contains_key("index.html"));
        assert!(Snapshot::take().unwrap().changed_since(&first).is_empty());
    }
}
