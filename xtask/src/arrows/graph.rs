//! The arrows that cargo knows: edges between the crates, and what reaches the Wasm.

use crate::{process, workspace};
use anyhow::{Context, Result};
use serde_json::Value;

/// What each member may depend on among the members (normal dependencies; tests may use more).
const EDGES: [(&str, &[&str]); 11] = [
    ("billing-bench", &["billing-domain", "billing-store"]),
    ("billing-catalogue", &[]),
    ("billing-domain", &[]),
    ("billing-contract", &["billing-domain"]),
    ("billing-store", &["billing-domain"]),
    ("billing-payments", &["billing-domain"]),
    ("billing-receipt", &[]),
    (
        "billing-server",
        &[
            "billing-contract",
            "billing-domain",
            "billing-payments",
            "billing-receipt",
            "billing-store",
            // Draws the first view of its documents by the page's own components.
            "nexis-billing-app",
        ],
    ),
    ("fake-stripe", &[]),
    ("nexis-billing-app", &["billing-contract", "billing-domain"]),
    ("xtask", &["billing-catalogue"]),
];

/// Server machinery and heavy weights that must never be compiled into the page.
const NEVER_IN_WASM: [&str; 6] = ["tokio", "sqlx", "axum", "reqwest", "chrono", "regex"];

/// leptos 0.8 names its configuration crate, which names regex for the server's sake; the linker leaves out what nobody
/// calls (a page without it weighs 25 KB). Through any other crate it would be an arrow of ours.
const UNUSED_BY_THE_PAGE: [(&str, &str); 1] = [("leptos_config", "regex")];

pub(super) fn crate_edges() -> Result<Vec<String>> {
    let metadata = workspace::cargo_metadata()?;
    let packages = metadata["packages"].as_array().context("`cargo metadata` lists no packages")?;
    Ok(packages.iter().flat_map(|package| wrong_edges(package, packages)).collect())
}

fn wrong_edges(package: &Value, members: &[Value]) -> Vec<String> {
    let name = package["name"].as_str().unwrap_or_default();
    let Some((_, allowed)) = EDGES.iter().find(|(member, _)| *member == name) else {
        return vec![format!("{name}: this crate is not in the map (ARCHITECTURE.md)")];
    };
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    let normal = dependencies.filter(|dependency| dependency["kind"].is_null());
    let ours = normal.filter_map(|dependency| dependency["name"].as_str());
    let ours = ours.filter(|used| members.iter().any(|member| member["name"].as_str() == Some(used)));
    ours.filter(|used| !allowed.contains(used)).map(|used| format!("{name} may not depend on {used}")).collect()
}

pub(super) fn wasm_dependencies() -> Result<Vec<String>> {
    let mut tree = workspace::cargo_command();
    tree.args(["tree", "--package", "nexis-billing-app", "--target", "wasm32-unknown-unknown"]);
    tree.args(["--edges", "normal,no-proc-macro", "--prefix", "depth", "--format", " {p}"]);
    Ok(forbidden_in(&process::capture_output(&mut tree)?))
}

/// The routes that move the clock belong to builds with tests; the program alone must come without them.
pub(super) fn seams_in_the_program() -> Result<Option<String>> {
    let mut tree = workspace::cargo_command();
    tree.args(["tree", "--package", "billing-server", "--edges", "normal,build", "--depth", "0"]);
    let features = process::capture_output(tree.args(["--format", "{f}"]))?;
    let seamed = has_seams(&features);
    Ok(seamed.then(|| format!("the program is built with test seams (features: {})", features.trim())))
}

fn has_seams(features: &str) -> bool {
    features.trim().split(',').any(|feature| feature == "test-seams")
}

/// Reads `cargo tree --prefix depth`: lines of a depth and a package, each below its dependent.
fn forbidden_in(tree: &str) -> Vec<String> {
    let mut above: Vec<&str> = Vec::new();
    let mut bad = Vec::new();
    for line in tree.lines() {
        let mut words = line.split_whitespace();
        let (Some(depth), Some(name)) = (words.next().and_then(|depth| depth.parse::<usize>().ok()), words.next())
        else {
            continue;
        };
        above.truncate(depth);
        let excused = above.windows(2).any(|pair| is_excused(pair[0], pair[1]))
            || above.last().is_some_and(|by| is_excused(by, name));
        if is_forbidden(name) && !excused {
            bad.push(format!("{name} reaches the Wasm of the page, by {}", above.join(" → ")));
        }
        above.push(name);
    }
    bad.sort();
    bad.dedup();
    bad
}

fn is_excused(dependent: &str, dependency: &str) -> bool {
    UNUSED_BY_THE_PAGE.contains(&(dependent, dependency))
}

/// The crate itself or one of its satellites (`sqlx-core`).
fn is_forbidden(name: &str) -> bool {
    NEVER_IN_WASM
        .iter()
        .any(|never| name.strip_prefix(never).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_edge_that_the_map_does_not_have_is_found() {
        let store = json!({"name": "billing-store", "dependencies": [
            {"name": "billing-domain", "kind": null}, {"name": "billing-contract", "kind": null}, {"name": "serde", "kind": null},
            {"name": "billing-payments", "kind": "dev"}]});
        let members = [
            store.clone(),
            json!({"name": "billing-domain"}),
            json!({"name": "billing-contract"}),
            json!({"name": "billing-payments"}),
        ];
        assert_eq!(wrong_edges(&store, &members), ["billing-store may not depend on billing-contract"]);
    }

    #[test]
    fn a_server_crate_in_the_page_is_found_with_its_satellites() {
        let tree = "0 app v0.1.0\n1 leptos v0.8.23\n2 regex v1.0.0\n3 regex-automata v0.4.9\n1 tokio v1.54.0\n1 regexless v1.0.0";
        assert_eq!(
            forbidden_in(tree),
            [
                "regex reaches the Wasm of the page, by app → leptos",
                "regex-automata reaches the Wasm of the page, by app → leptos → regex",
                "tokio reaches the Wasm of the page, by app",
            ]
        );
    }

    #[test]
    fn seams_are_found_among_the_features() {
        assert!(has_seams("default,test-seams\n") && has_seams("test-seams\n"));
        assert!(!has_seams("\n") && !has_seams("default\n"));
    }

    #[test]
    fn what_leptos_names_and_the_linker_drops_is_excused_by_that_way_only() {
        let named = "0 app v0.1.0\n1 leptos v0.8.23\n2 leptos_config v0.8.10\n3 regex v1.0.0\n4 regex-syntax v0.8.0";
        assert_eq!(forbidden_in(named), [""; 0]);
        let ours = format!("{named}\n1 regex v1.0.0 (*)");
        assert_eq!(forbidden_in(&ours), ["regex reaches the Wasm of the page, by app"]);
    }
}
