//! The Activity tab: who changed what in the organization, for its owners.

mod words;

use billing_contract::audit::AuditRecord;
use billing_contract::session::Session;
use billing_domain::Currency;
use leptos::prelude::*;
use leptos::task::spawn_local;

use self::words::{action_title, actor_name, fact_lines};
use crate::api;
use crate::platform::signal::ErasedSignal;
use crate::texts;
use crate::ui::announcer::use_announcer;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::Button;
use crate::ui::dynamic;
use crate::ui::lazy::split;
use crate::ui::panel::{Empty, LoadState, Panel};
use crate::ui::time::Instant;

/// Unless the server says another one.
const FILE_NAME: &str = "activity.csv";

split!(settings: pub(super) fn tab(session: ErasedSignal<Session>) => make_tab);

/// What is there of the log, and what is being done with it. A copy is the same one.
#[derive(Clone, Copy)]
struct Log {
    entries: ErasedSignal<Vec<AuditRecord>>,
    /// Where the following page begins; `None` at the end.
    next: ErasedSignal<Option<String>>,
    load: ErasedSignal<LoadState>,
    /// What a button has failed to do.
    failure: RwSignal<Option<String>>,
    adding: RwSignal<bool>,
    saving: RwSignal<bool>,
}

impl Log {
    fn new() -> Self {
        Self {
            entries: ErasedSignal::default(),
            next: ErasedSignal::default(),
            load: ErasedSignal::new(LoadState::Loading),
            failure: RwSignal::new(None),
            adding: RwSignal::new(false),
            saving: RwSignal::new(false),
        }
    }

    /// From the newest on.
    fn fetch(self) {
        self.load.set(LoadState::Loading);
        spawn_local(async move {
            match api::audit::fetch_audit(None).await {
                Ok(page) => {
                    self.entries.set(page.items);
                    self.next.set(page.next_cursor);
                    self.load.set(LoadState::Ready);
                }
                Err(error) => self.load.set(LoadState::Failed(error.sentence())),
            }
        });
    }

    /// The following page, below what is there.
    async fn add_older(self) -> Option<usize> {
        let cursor = self.next.get_untracked()?;
        self.adding.set(true);
        self.failure.set(None);
        let answer = api::audit::fetch_audit(Some(&cursor)).await;
        self.adding.set(false);
        match answer {
            Ok(page) => {
                let count = page.items.len();
                self.entries.update(|all| all.extend(page.items));
                self.next.set(page.next_cursor);
                Some(count)
            }
            Err(error) => {
                self.failure.set(Some(error.sentence()));
                None
            }
        }
    }

    /// Saves all of it as a file; which name it has.
    async fn save(self) -> Option<String> {
        self.saving.set(true);
        self.failure.set(None);
        let saved = api::audit::save_audit(FILE_NAME).await;
        self.saving.set(false);
        saved.map_err(|error| self.failure.set(Some(error.sentence()))).ok()
    }
}

/// The tab, whose code is loaded when it is shown.
fn make_tab(session: ErasedSignal<Session>) -> AnyView {
    let log = Log::new();
    log.fetch();
    let announcer = use_announcer();
    let save = move || {
        spawn_local(async move {
            if let Some(name) = log.save().await {
                announcer.say(texts::activity::saved(&name));
            }
        });
    };
    let older = move || {
        spawn_local(async move {
            if let Some(count) = log.add_older().await {
                announcer.say(texts::activity::older_shown(u64::try_from(count).unwrap_or_default()));
            }
        });
    };
    let currency = session.read_untracked().organization.currency;
    let has_more = move || log.next.read().is_some();
    let empty = move || log.entries.read().is_empty();
    view! {
        <Panel heading=texts::places::activity() load=log.load on_retry=move || log.fetch() class="narrow">
            <p class="muted small">{texts::activity::lead()}</p>
            {dynamic::view(move || log.failure.get().map(|text| view! { <Banner tone=Tone::Warn title=text alert=true /> }))}
            {dynamic::view(move || if empty() {
                view! { <Empty title=texts::activity::empty()><p>{texts::activity::empty_next()}</p></Empty> }.into_any()
            } else {
                render_entries(log, currency)
            })}
            <div class="row activity-actions">
                {dynamic::view(move || has_more().then(|| view! {
                    <Button busy=log.adding on_press=older>{texts::activity::older()}</Button>
                }))}
                <Button busy=log.saving on_press=save>{texts::activity::download()}</Button>
            </div>
        </Panel>
    }
    .into_any()
}

fn render_entries(log: Log, currency: Currency) -> AnyView {
    let entry = move |record: AuditRecord| {
        let facts = fact_lines(&record, currency);
        let facts = (!facts.is_empty()).then(|| {
            let lines = facts.into_iter().map(|line| view! { <li>{line}</li> }).collect_view();
            view! { <ul class="activity-facts">{lines}</ul> }
        });
        let address = (!record.address.is_empty()).then(|| view! { " · "<bdi>{record.address.clone()}</bdi> });
        view! {
            <li class="activity-entry">
                <p class="activity-title">{action_title(&record)}</p>
                {facts}
                <p class="muted small"><bdi>{actor_name(&record.actor)}</bdi>" · "<Instant at=record.at />{address}</p>
            </li>
        }
    };
    let entries = move || log.entries.get().into_iter().map(entry).collect_view();
    view! { <ol class="activity" aria-label=texts::places::activity()>{dynamic::view(entries)}</ol> }.into_any()
}
