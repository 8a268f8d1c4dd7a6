//! The arrows that cargo knows: edges between the crates, and what reaches the Wasm.

use crate::{process, workspace};
use anyhow::{Context, Result};
use serde_json::Value;

/// What each member may depend on among the members (normal dependencies; tests may use more).
const EDGES: [(&str, &[&str]); 7] = [
    ("billing-domain", &[]),
    ("billing-contract", &["billing-domain"]),
    ("billing-store", &["billing-domain"]),
    ("billing-payments", &["billing-domain"]),
    ("billing-server", &["billing-contract", "billing-domain", "billing-payments", "billing-store"]),
    ("nexis-billing-app", &["billing-contract", "billing-domain"]),
    ("xtask", &[]),
];

/// Server machinery and heavy weights that must never be compiled into the page.
const NEVER_IN_WASM: [&str; 6] = ["tokio", "sqlx", "axum", "reqwest", "chrono", "regex"];

pub(super) fn crate_edges() -> Result<Vec<String>> {
    let metadata = workspace::metadata()?;
    let packages = metadata["packages"].as_array().context("`cargo metadata` lists no packages")?;
    Ok(packages.iter().flat_map(|package| wrong_edges(package, packages)).collect())
}

fn wrong_edges(package: &Value, members: &[Value]) -> Vec<String> {
    let name = package["name"].as_str().unwrap_or_default();
    let Some((_, allowed)) = EDGES.iter().find(|(member, _)| *member == name) else {
        return vec![format!("{name}: this crate is not in the map of the house (DESIGN, section 2)")];
    };
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    let normal = dependencies.filter(|dependency| dependency["kind"].is_null());
    let ours = normal.filter_map(|dependency| dependency["name"].as_str());
    let ours = ours.filter(|used| members.iter().any(|member| member["name"].as_str() == Some(used)));
    ours.filter(|used| !allowed.contains(used)).map(|used| format!("{name} may not depend on {used}")).collect()
}

pub(super) fn wasm_dependencies() -> Result<Vec<String>> {
    let mut tree = workspace::cargo();
    tree.args(["tree", "--package", "nexis-billing-app", "--target", "wasm32-unknown-unknown"]);
    tree.args(["--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"]);
    Ok(forbidden_in(&process::capture(&mut tree)?))
}

fn forbidden_in(tree: &str) -> Vec<String> {
    let mut names: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    names.sort_unstable();
    names.dedup();
    let bad = names.into_iter().filter(|name| {
        NEVER_IN_WASM
            .iter()
            .any(|never| name == never || name.strip_prefix(never).is_some_and(|rest| rest.starts_with('-')))
    });
    bad.map(|name| format!("{name} reaches the Wasm of the page")).collect()
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
        let tree =
            "nexis-billing-app v0.1.0\nleptos v0.8.23\nregex-automata v0.4.9 (*)\ntokio v1.54.0\nsqlx-core v0.9.0";
        assert_eq!(forbidden_in(tree).len(), 3);
        assert_eq!(forbidden_in("leptos v0.8.23\nregexless v1.0.0").len(), 0);
    }
}
