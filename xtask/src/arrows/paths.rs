//! Reads which modules a file names, in `use` trees and in plain paths, without compiling it.

/// Every path below the crate root that the code names: `crate::…` and `super::…`, groups unfolded.
pub(super) fn used_paths(code: &str, module: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::").filter(|(at, _)| starts_word(code, *at)) {
        unfold_tree(&code[at + "crate::".len()..], &[], &mut found);
    }
    for (at, _) in
        code.match_indices("super::").filter(|(at, _)| starts_word(code, *at) && !code[..*at].ends_with("super::"))
    {
        let mut rest = &code[at..];
        let mut base = module.to_vec();
        while let Some(after) = rest.strip_prefix("super::") {
            base.pop();
            rest = after;
        }
        unfold_tree(rest, &base, &mut found);
    }
    // A bare `super::*` at the top of the tree names nothing in particular.
    found.retain(|path| !path.is_empty());
    found
}

/// Every path that begins with a module which the file itself declares: `mod rows;` and then `rows::read()`.
pub(super) fn used_children(code: &str, module: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let declared = code.lines().filter_map(|line| line.trim_end().strip_suffix(';')?.rsplit_once("mod "));
    for (_, child) in declared.filter(|(before, child)| !before.contains("use ") && child.chars().all(is_word)) {
        let prefix = format!("{child}::");
        for (at, _) in
            code.match_indices(&prefix).filter(|(at, _)| starts_word(code, *at) && !code[..*at].ends_with("::"))
        {
            unfold_tree(&code[at..], module, &mut found);
        }
    }
    found
}

/// Follows one use tree or path from `text` and adds what it names; answers what is left of the text.
fn unfold_tree<'a>(text: &'a str, base: &[String], found: &mut Vec<Vec<String>>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = unfold_tree(rest, base, found).trim_start();
            match rest.strip_prefix(',') {
                Some(after) if !after.trim_start().starts_with('}') => rest = after,
                Some(after) => return skip_brace(after),
                None => return skip_brace(rest),
            }
        }
    }
    let end = text.find(|letter: char| !is_word(letter)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let mut path = base.to_vec();
    if name.is_empty() {
        found.push(path);
        return rest.strip_prefix('*').unwrap_or(rest);
    }
    if name != "self" {
        path.push(name.to_owned());
    }
    if let Some(after) = rest.strip_prefix("::") {
        return unfold_tree(after, &path, found);
    }
    found.push(path);
    match rest.trim_start().strip_prefix("as ") {
        Some(alias) => alias.trim_start().trim_start_matches(is_word),
        None => rest,
    }
}

fn skip_brace(text: &str) -> &str {
    let text = text.trim_start();
    text.strip_prefix('}').unwrap_or(text)
}

/// Whether `word` stands in the code on its own (`rand`, not `operand`).
pub(super) fn has_word(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| starts_word(code, at) && !code[at + word.len()..].starts_with(is_word))
}

fn starts_word(code: &str, at: usize) -> bool {
    !code[..at].ends_with(is_word)
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(code: &str) -> Vec<String> {
        let module = ["pages".to_owned(), "pay".to_owned()];
        used_paths(code, &module).iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn groups_aliases_and_globs_unfold_to_single_paths() {
        let code = "use crate::{api::{self, client as c, billing::*}, ui::Button,};\nuse crate::routes;";
        assert_eq!(named(code), ["api", "api::client", "api::billing", "ui::Button", "routes"]);
    }

    #[test]
    fn relative_paths_are_resolved_from_the_file() {
        assert_eq!(named("use super::settings::Tabs;"), ["pages::settings::Tabs"]);
        assert_eq!(named("super::super::state::Wallet::new()"), ["state::Wallet::new"]);
    }

    #[test]
    fn words_are_whole_words() {
        assert!(has_word("let x: f64 = y;", "f64"));
        assert!(!has_word("let operand = buf64;", "f64"));
        assert!(!has_word("let operand = 1;", "rand"));
    }
}
