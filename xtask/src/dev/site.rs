//! What the development server has to show: the newest build of each part, its version, and what is wrong with it. Open
//! pages wait here for the next change.

use crate::build::{Program, development};
use anyhow::Result;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    path::Path,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The script in the page that waits for changes.
const RELOAD: &str = include_str!("reload.js");

/// One file: its bytes are shared with the answers under way.
pub(super) type BuiltFile = Arc<Vec<u8>>;

/// Shared by everything that runs.
#[derive(Default)]
pub(super) struct Site {
    inner: Mutex<SiteInner>,
    changed: Condvar,
}

#[derive(Default)]
struct SiteInner {
    /// By name below `/dev/`, with a number that changes with the contents.
    files: BTreeMap<String, (u64, BuiltFile)>,
    /// What could not be made, by its title.
    problems: BTreeMap<&'static str, String>,
}

impl Site {
    /// Shows these files in the place of older ones of the same names, and that their part is well.
    pub(super) fn publish(&self, part: &'static str, files: impl IntoIterator<Item = (String, Vec<u8>)>) {
        let files: Vec<_> =
            files.into_iter().map(|(name, bytes)| (name, (number_of(&bytes), Arc::new(bytes)))).collect();
        let mut inner = self.lock();
        inner.files.extend(files);
        inner.problems.remove(part);
        self.changed.notify_all();
    }

    /// Says in every open page why a part is still the old one.
    pub(super) fn complain(&self, part: &'static str, problem: String) {
        self.lock().problems.insert(part, problem);
        self.changed.notify_all();
    }

    pub(super) fn file(&self, name: &str) -> Option<BuiltFile> {
        if name == "reload.js" {
            return Some(Arc::new(RELOAD.as_bytes().to_vec()));
        }
        self.lock().files.get(name).map(|(_, file)| Arc::clone(file))
    }

    /// The program's document, which names the versions that it was made with.
    pub(super) fn document(&self, program: Program) -> Result<String> {
        let (code, style) = {
            let inner = self.lock();
            (inner.code(program), inner.style(program))
        };
        let stem = program.stem();
        let script = format!("/{}/reload.js?program={stem}&amp;code={code}&amp;style={style}", development::FOLDER);
        development::dev_document(program, &format!("{code}-{style}"), &script)
    }

    /// What a page compares itself with, as JSON: `{"app":{"code":"…","style":"…"},…,"problem":null}`.
    pub(super) fn news(&self) -> String {
        self.lock().news()
    }

    /// Waits until the news is other than `known`, at most for `limit`.
    pub(super) fn news_after(&self, known: &str, limit: Duration) -> Option<String> {
        let same = |inner: &mut SiteInner| inner.news() == known;
        let waited = self.changed.wait_timeout_while(self.lock(), limit, same);
        let (inner, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        (!waited.timed_out()).then(|| inner.news())
    }

    fn lock(&self) -> MutexGuard<'_, SiteInner> {
        // Whoever panicked here left whole values behind.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SiteInner {
    fn news(&self) -> String {
        let mut news = serde_json::Map::new();
        for program in [Program::App, Program::Pay, Program::Kit] {
            let versions = json!({ "code": self.code(program), "style": self.style(program) });
            news.insert(program.stem().to_owned(), versions);
        }
        let problems: Vec<&str> = self.problems.values().map(String::as_str).collect();
        let problem = if problems.is_empty() { Value::Null } else { problems.join("\n\n").into() };
        news.insert("problem".to_owned(), problem);
        Value::Object(news).to_string()
    }

    /// A page with another one has to be loaded again.
    fn code(&self, program: Program) -> String {
        let own = [".wasm", ".js", ".html"].map(|end| format!("{}{end}", program.stem()));
        let is_words = |name: &str| Path::new(name).extension().is_some_and(|extension| extension == "txt");
        self.version(|name| own.iter().any(|own| own == name) || is_words(name))
    }

    /// A page with another one takes the new stylesheet and stays.
    fn style(&self, program: Program) -> String {
        let own = format!("{}.css", program.stem());
        self.version(|name| name == own)
    }

    fn version(&self, wanted: impl Fn(&str) -> bool) -> String {
        let own = self.files.iter().filter(|(name, _)| wanted(name)).map(|(name, (number, _))| (name, number));
        format!("{:016x}", number_of(&own.collect::<Vec<_>>()))
    }
}

fn number_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> (String, Vec<u8>) {
        (name.to_owned(), text.as_bytes().to_vec())
    }

    fn read(news: &str) -> Value {
        serde_json::from_str(news).unwrap()
    }

    #[test]
    fn a_stylesheet_changes_its_own_version_and_no_other() {
        let site = Site::default();
        site.publish("x", [file("app.css", "a"), file("app.wasm", "1"), file("pay.css", "a")]);
        let before = read(&site.news());
        site.publish("x", [file("app.css", "b")]);
        let after = read(&site.news());
        assert_ne!(before["app"]["style"], after["app"]["style"]);
        assert_eq!((&before["app"]["code"], &before["pay"]), (&after["app"]["code"], &after["pay"]));
    }

    #[test]
    fn the_same_build_again_is_no_news_and_words_are_news_for_every_program() {
        let site = Site::default();
        site.publish("x", [file("app.wasm", "1"), file("de.txt", "Guthaben")]);
        let before = site.news();
        site.publish("x", [file("app.wasm", "1")]);
        assert_eq!(site.news_after(&before, Duration::ZERO), None);
        site.publish("x", [file("de.txt", "Saldo")]);
        let after = read(&site.news_after(&before, Duration::from_secs(5)).unwrap());
        for program in ["app", "pay", "kit"] {
            assert_ne!(read(&before)[program]["code"], after[program]["code"]);
        }
    }

    #[test]
    fn a_problem_is_shown_until_its_own_part_is_well_again() {
        let site = Site::default();
        site.complain("code", "error[E0308]".to_owned());
        site.publish("style", [file("app.css", "a")]);
        assert_eq!(read(&site.news())["problem"], "error[E0308]");
        site.publish("code", [file("app.wasm", "1")]);
        assert_eq!(read(&site.news())["problem"], Value::Null);
    }
}
