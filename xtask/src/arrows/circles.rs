//! Finds files that import each other in a circle: none of them can be understood, tested or moved without the others.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{SourceFile, module_of, paths};

/// Which files of a crate each file uses, by path below the root of the tree.
type Uses = BTreeMap<String, BTreeSet<String>>;

/// A sentence for each circle, with the way around it.
pub(super) fn find_complaints(sources: &[SourceFile]) -> Vec<String> {
    find_circles(&collect_uses(sources))
        .into_iter()
        .map(|circle| format!("these files use each other in a circle: {} → {}", circle.join(" → "), circle[0]))
        .collect()
}

/// What a file and its parents take from each other is no circle: they are one module in several files. Tests may use
/// whatever they like.
fn collect_uses(sources: &[SourceFile]) -> Uses {
    let modules: BTreeMap<(&str, Vec<String>), &str> = sources
        .iter()
        .filter_map(|source| {
            let folder = source_folder(&source.path)?;
            Some(((folder, module_of(&source.path, folder)?), source.path.as_str()))
        })
        .collect();
    modules
        .iter()
        .map(|((folder, module), path)| {
            let code =
                sources.iter().find(|source| source.path == *path).map_or("", |source| without_tests(&source.code));
            let used = paths::used_paths(code, module).into_iter().chain(paths::used_children(code, module));
            let files = used.filter_map(|mut named| {
                loop {
                    if named.is_empty() || module.starts_with(&named) {
                        return None;
                    }
                    if let Some(file) = modules.get(&(*folder, named.clone())) {
                        return Some((*file).to_owned());
                    }
                    named.pop();
                }
            });
            ((*path).to_owned(), files.collect())
        })
        .collect()
}

/// `crates/store/src/` of `crates/store/src/top_up/applying.rs`.
fn source_folder(path: &str) -> Option<&str> {
    if path.starts_with("src/") {
        return Some("src/");
    }
    path.find("/src/").map(|at| &path[..at + "/src/".len()])
}

fn without_tests(code: &str) -> &str {
    code.split_once("#[cfg(test)]\nmod ").map_or(code, |(program, _)| program)
}

/// The shortest way from each file back to itself; a file that stands on a circle which was found begins no other.
fn find_circles(uses: &Uses) -> Vec<Vec<String>> {
    let (mut circles, mut found) = (Vec::new(), BTreeSet::new());
    for file in uses.keys() {
        if found.contains(file) {
            continue;
        }
        if let Some(circle) = shortest_way_back(uses, file) {
            found.extend(circle.iter().cloned());
            circles.push(circle);
        }
    }
    circles
}

fn shortest_way_back(uses: &Uses, start: &str) -> Option<Vec<String>> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut waiting = VecDeque::from([start]);
    while let Some(file) = waiting.pop_front() {
        for next in uses.get(file).into_iter().flatten() {
            if next == start {
                let mut circle = vec![file.to_owned()];
                let mut at = file;
                while let Some(before) = came_from.get(at) {
                    circle.push((*before).to_owned());
                    at = before;
                }
                circle.reverse();
                return Some(circle);
            }
            if !came_from.contains_key(next.as_str()) {
                came_from.insert(next, file);
                waiting.push_back(next);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Vec<SourceFile> {
        files.iter().map(|(path, code)| SourceFile::new(path, &format!("//! Why.\n{code}"))).collect()
    }

    #[test]
    fn a_circle_of_three_files_is_found_and_its_way_named() {
        let files = tree(&[
            ("crates/server/src/wallet.rs", "use crate::{charge::Charge, clock};"),
            ("crates/server/src/charge.rs", "fn f() { crate::card::find() }"),
            ("crates/server/src/card.rs", "use super::wallet::Wallet;"),
            ("crates/server/src/clock.rs", ""),
        ]);
        let found = find_complaints(&files);
        assert_eq!(found.len(), 1, "{found:?}");
        for name in ["wallet.rs → crates", "charge.rs → crates", "card.rs → crates"] {
            assert!(found[0].contains(name), "{}", found[0]);
        }
    }

    #[test]
    fn a_circle_through_a_child_that_is_named_without_a_prefix_is_found() {
        let files = tree(&[
            ("crates/store/src/wallet.rs", "mod rows;\nfn f() { rows::read() }"),
            ("crates/store/src/wallet/rows.rs", "use crate::ledger::Line;"),
            ("crates/store/src/ledger.rs", "use crate::wallet::Wallet;"),
        ]);
        assert_eq!(find_complaints(&files).len(), 1);
    }

    #[test]
    fn what_is_no_circle_passes() {
        let files = tree(&[
            // A module in several files, whose parent names its children.
            ("crates/store/src/wallet.rs", "mod rows;\npub use rows::Row;\nuse crate::ledger::Line;"),
            ("crates/store/src/wallet/rows.rs", "use super::Wallet;\nuse crate::wallet;"),
            // Another crate's module of the same name.
            ("crates/server/src/ledger.rs", "use crate::wallet::Wallet;"),
            ("crates/server/src/wallet.rs", "use billing_store::ledger;"),
            // A test looks at what it likes.
            ("crates/store/src/ledger.rs", "#[cfg(test)]\nmod tests { use crate::wallet::Wallet; }"),
            // A comment is no use.
            ("crates/store/src/hold.rs", "// crate::link does the rest\n"),
            ("crates/store/src/link.rs", "use crate::hold::Hold;"),
        ]);
        assert_eq!(find_complaints(&files), [""; 0]);
    }
}
