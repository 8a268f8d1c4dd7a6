//! Holds the arrows of the architecture: what may use what, in the page, between crates, and inside the Wasm.

mod circles;
mod graph;
mod paths;

use crate::workspace;
use anyhow::{Context, Result};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 6] = ["common", "helpers", "helper", "misc", "utils", "util"];

/// A source file as the rules see it.
struct SourceFile {
    /// Path below the root of the tree, with forward slashes.
    path: String,
    /// The text without line comments.
    code: String,
    /// The first line as written.
    first_line: String,
}

/// Every broken arrow, one sentence each; empty when all hold.
pub(crate) fn find_broken() -> Result<Vec<String>> {
    let mut broken = graph::crate_edges()?;
    broken.extend(graph::wasm_dependencies()?);
    broken.extend(graph::seams_in_the_program()?);
    let mut sources = Vec::new();
    for file in rust_files()? {
        let text = fs::read_to_string(&file).with_context(|| format!("{} could not be read", file.display()))?;
        sources.push(SourceFile::new(&workspace::relative_path(&file), &text));
    }
    broken.extend(sources.iter().flat_map(check_source));
    broken.extend(circles::find_complaints(&sources));
    Ok(broken)
}

fn rust_files() -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in ["src", "crates", "xtask", "tests", "bench"] {
        let all = workspace::files_below(&workspace::root_folder().join(folder))?;
        let ours = |file: &Path| {
            !file.components().any(|part| part.as_os_str() == "node_modules" || part.as_os_str() == "target")
        };
        files.extend(all.into_iter().filter(|file| file.extension().is_some_and(|end| end == "rs") && ours(file)));
    }
    Ok(files)
}

impl SourceFile {
    fn new(path: &str, text: &str) -> Self {
        let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
        // serde hands a JSON float to this method and to no other: refusing one takes its name.
        let code: Vec<&str> =
            code.filter(|line| !(line.contains("fn visit_f64<") && line.contains("_: f64"))).collect();
        let first_line = text.lines().next().unwrap_or_default().to_owned();
        Self { path: path.to_owned(), code: code.join("\n"), first_line }
    }

    fn complaint(&self, what: &str) -> String {
        format!("{}: {what}", self.path)
    }
}

fn check_source(source: &SourceFile) -> Vec<String> {
    let mut broken = house_rules(source);
    if let Some(module) = module_of(&source.path, "src/") {
        broken.extend(page_rules(source, &module));
    }
    if let Some(module) = module_of(&source.path, "crates/server/src/") {
        broken.extend(server_rules(source, &module));
    }
    if ["crates/domain/src/", "crates/contract/src/"].iter().any(|folder| source.path.starts_with(folder)) {
        broken.extend(refuse_words(source, &["f32", "f64"], "money knows no floating point"));
    }
    if source.path.starts_with("crates/domain/src/") {
        let impure = ["SystemTime", "Instant", "std::fs", "std::net", "std::env", "std::thread", "getrandom", "rand"];
        broken.extend(refuse_words(source, &impure, "the rules of money are pure: no I/O, no clock, no chance"));
    }
    broken
}

fn house_rules(source: &SourceFile) -> Vec<String> {
    let mut broken = Vec::new();
    let name = source.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
    if name == "mod" {
        broken.push(source.complaint("a module is `name.rs` beside `name/`, never `mod.rs`"));
    }
    if EMPTY_NAMES.contains(&name) {
        broken.push(source.complaint("the name says nothing about what is inside"));
    }
    if !source.first_line.starts_with("//! ") {
        broken.push(source.complaint("the file does not open with one `//!` sentence on why it exists"));
    }
    broken
}

/// The modules of src/ and what each may use of the others (itself it always may).
const MODULES: [(&str, &[&str]); 13] = [
    ("main", &["app", "api", "pages", "shared", "platform", "routes", "state", "texts", "ui"]),
    ("pay", &["api", "pages", "shared", "platform", "texts", "ui"]),
    ("kit", &["platform", "stories", "texts", "ui"]),
    ("app", &["api", "pages", "shared", "platform", "routes", "state", "texts", "ui"]),
    ("pages", &["api", "shared", "platform", "routes", "state", "texts", "ui"]),
    ("shared", &["platform", "texts", "ui"]),
    ("stories", &["platform", "texts", "ui"]),
    ("state", &["platform", "texts"]),
    ("api", &["platform", "texts"]),
    ("ui", &["platform", "texts"]),
    ("routes", &["texts"]),
    ("texts", &["platform"]),
    ("platform", &[]),
];

fn page_rules(source: &SourceFile, module: &[String]) -> Vec<String> {
    let module_name = module.first().map_or("main", String::as_str);
    let Some((_, allowed)) = MODULES.iter().find(|(name, _)| *name == module_name) else {
        return vec![source.complaint("this module is not in the map (ARCHITECTURE.md)")];
    };
    let mut broken = Vec::new();
    for used in paths::used_paths(&source.code, module) {
        let Some(target) = used.first().filter(|name| MODULES.iter().any(|(module_name, _)| module_name == name))
        else {
            continue;
        };
        let same_page = used.get(1).is_none() || module.len() < 2 || used.get(1) == module.get(1);
        if target == module_name && (module_name != "pages" || same_page) {
            continue;
        }
        if !allowed.contains(&target.as_str()) {
            broken.push(source.complaint(&format!("`{module_name}` may not use `crate::{}`", used.join("::"))));
        }
    }
    if module_name != "platform" {
        let browser = ["web_sys", "js_sys", "gloo_net"];
        broken.extend(refuse_words(source, &browser, "only `platform` names the browser's own interfaces"));
    }
    if !matches!(module_name, "api" | "platform") {
        broken.extend(check_requests(source, module));
    }
    if matches!(module_name, "ui" | "stories" | "platform") {
        broken.extend(refuse_words(source, &["billing_contract"], "the kit and the platform know no billing"));
    }
    if module_name == "platform" {
        broken.extend(refuse_words(source, &["billing_domain"], "the platform uses nothing of ours"));
    }
    broken.extend(refuse_words(
        source,
        &["inner_html", "set_inner_html", "insert_adjacent_html"],
        "markup is never made out of text",
    ));
    broken
}

/// What sends requests past `api`, named from the crate's root or by the module that somebody brought in.
/// See docs/decisions/0061-gloo-net.md.
fn check_requests(source: &SourceFile, module: &[String]) -> Vec<String> {
    let used = paths::used_paths(&source.code, module);
    let sends = |name: &&str| {
        used.iter().any(|path| path.len() > 1 && path[0] == "platform" && path[1] == **name)
            || paths::has_word(&source.code, &format!("platform::{name}"))
    };
    let found = ["fetch", "transfer"].into_iter().filter(sends);
    found.map(|name| source.complaint(&format!("`platform::{name}`: only `api` sends requests"))).collect()
}

/// The layers of the server, and those above each of them. `http`, `workers` and `demo` stand on top.
const SERVER_LAYERS: [(&str, &[&str]); 8] = [
    ("stream", &["http", "workers", "demo"]),
    ("service", &["stream", "http", "workers", "demo"]),
    ("effects", &["service", "stream", "http", "workers", "demo"]),
    ("recharge", &["effects", "service", "stream", "http", "workers", "demo"]),
    ("reconcile", &["recharge", "effects", "service", "stream", "http", "workers", "demo"]),
    ("state", &["reconcile", "recharge", "effects", "service", "stream", "http", "workers", "demo"]),
    ("queue", &["state", "reconcile", "recharge", "effects", "service", "stream", "http", "workers", "demo"]),
    ("view", &["state", "reconcile", "recharge", "effects", "service", "stream", "http", "workers", "demo"]),
];

fn server_rules(source: &SourceFile, module: &[String]) -> Vec<String> {
    match module.first().map(String::as_str) {
        Some("http") => {
            let below = ["billing_store", "billing_payments", "sqlx"];
            refuse_words(source, &below, "`http` speaks to `service`, never to the store or a payment provider")
        }
        Some(layer) => {
            let Some((_, above)) = SERVER_LAYERS.iter().find(|(name, _)| *name == layer) else { return Vec::new() };
            let used = paths::used_paths(&source.code, module);
            let up = used.iter().filter(|path| path.first().is_some_and(|name| above.contains(&name.as_str())));
            up.map(|path| source.complaint(&format!("`{layer}` may not use `crate::{}`", path.join("::")))).collect()
        }
        None => Vec::new(),
    }
}

/// A complaint for each forbidden word that stands in the code.
fn refuse_words(source: &SourceFile, words: &[&str], reason: &str) -> Vec<String> {
    let found = words.iter().filter(|word| paths::has_word(&source.code, word));
    found.map(|word| source.complaint(&format!("`{word}`: {reason}"))).collect()
}

/// The module path of a file below `folder`: `src/pages/pay.rs` is `[pages, pay]`, `main.rs` and `lib.rs` are `[]`.
fn module_of(path: &str, folder: &str) -> Option<Vec<String>> {
    let inside = path.strip_prefix(folder)?.strip_suffix(".rs")?;
    if inside == "main" || inside == "lib" {
        return Some(Vec::new());
    }
    Some(inside.split('/').map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, code: &str) -> Vec<String> {
        check_source(&SourceFile::new(path, &format!("//! Why.\n{code}")))
    }

    #[test]
    fn an_arrow_that_points_up_is_found_in_every_spelling() {
        for code in [
            "use crate::pages::pay::Pay;",
            "use crate::{platform::intl, api::client};",
            "use super::super::state::Wallet;",
            "fn f() { crate::api::billing::get() }",
        ] {
            assert_eq!(complaints("src/ui/button.rs", code).len(), 1, "{code}");
        }
    }

    #[test]
    fn what_the_map_allows_passes() {
        assert_eq!(
            complaints("src/pages/settings/billing.rs", "use crate::{api::billing, state::Wallet, ui::*};"),
            [""; 0]
        );
        assert_eq!(complaints("src/pages/settings/billing/cards.rs", "use super::super::tabs::Tabs;"), [""; 0]);
        assert_eq!(
            complaints("src/state/wallet.rs", "use crate::platform::timers; use billing_contract::Wallet;"),
            [""; 0]
        );
    }

    #[test]
    fn a_page_may_not_use_another_page() {
        assert_eq!(complaints("src/pages/pay.rs", "use crate::pages::settings::Tabs;").len(), 1);
    }

    #[test]
    fn the_browser_is_named_in_one_room_only() {
        assert_eq!(complaints("src/ui/dialog.rs", "use web_sys::Element;").len(), 1);
        assert_eq!(complaints("src/platform/history.rs", "use web_sys::Element;").len(), 0);
        assert_eq!(complaints("src/ui/dialog.rs", "// web_sys is not used here").len(), 0);
    }

    #[test]
    fn requests_are_sent_by_one_room_only() {
        for code in [
            "use crate::platform::fetch::{self, Request};",
            "use crate::platform::{intl, transfer::Progress};",
            "use crate::platform;\nfn f() { platform::fetch::send(request) }",
            "fn f() { crate::platform::transfer::save(request) }",
        ] {
            assert_eq!(complaints("src/pages/settings/billing/transactions/export.rs", code).len(), 1, "{code}");
            assert_eq!(complaints("src/api/client.rs", code), [""; 0], "{code}");
        }
        assert_eq!(complaints("src/pages/pay.rs", "use crate::platform::{fetching, intl};"), [""; 0]);
        assert_eq!(complaints("src/api/client.rs", "use gloo_net::http::Request;").len(), 1);
        assert_eq!(complaints("src/platform/fetch.rs", "use gloo_net::http::Request;"), [""; 0]);
    }

    #[test]
    fn markup_out_of_text_and_floats_near_money_are_found() {
        assert_eq!(complaints("src/ui/text.rs", "view! { <p inner_html=x/> }").len(), 1);
        assert_eq!(complaints("crates/domain/src/money.rs", "fn f(x: f64) {}").len(), 1);
        assert_eq!(complaints("crates/contract/src/wallet.rs", "let half = 1 as f32;").len(), 1);
        assert_eq!(complaints("crates/contract/src/wallet.rs", "fn visit_f64<E>(self, _: f64) -> R {}").len(), 0);
        assert_eq!(complaints("crates/contract/src/wallet.rs", "fn visit_f64<E>(self, x: f64) -> R {}").len(), 1);
        assert_eq!(complaints("crates/domain/src/grace.rs", "let now = SystemTime::now();").len(), 1);
    }

    #[test]
    fn a_handler_that_reaches_past_the_service_is_found() {
        assert_eq!(complaints("crates/server/src/http/wallet.rs", "use billing_store::Store;").len(), 1);
        assert_eq!(complaints("crates/server/src/service/top_up.rs", "use crate::http::Problem;").len(), 1);
        assert_eq!(complaints("crates/server/src/reconcile/charge.rs", "use crate::effects::run_effects;").len(), 1);
        assert_eq!(complaints("crates/server/src/state.rs", "use crate::service::sessions::Member;").len(), 1);
        assert_eq!(complaints("crates/server/src/view/card.rs", "use super::super::state::AppState;").len(), 1);
        assert_eq!(complaints("crates/server/src/effects.rs", "use crate::{reconcile::charge, state};").len(), 0);
        assert_eq!(complaints("crates/server/src/service/top_up.rs", "use billing_store::Store;").len(), 0);
    }

    #[test]
    fn a_file_without_a_purpose_or_a_name_is_found() {
        assert_eq!(check_source(&SourceFile::new("src/ui/button.rs", "use x;")).len(), 1);
        assert_eq!(complaints("crates/store/src/utils.rs", "").len(), 1);
        assert_eq!(complaints("src/ui/mod.rs", "").len(), 1);
    }
}
