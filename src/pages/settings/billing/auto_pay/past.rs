//! The wallet's last 30 days, fetched once for whoever replays or advises.

use std::sync::Arc;

use billing_domain::auto_pay::history::History;
use leptos::prelude::*;

use crate::api;
use crate::platform::signal::ErasedSignal;
use crate::platform::task;
use crate::texts;

/// Where the history stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HistoryState {
    Loading,
    /// It could not be had: one sentence.
    Failed(String),
    /// There; may be empty for a wallet that has just begun.
    Ready(Arc<History>),
}

/// The history, and the way to ask for it again.
#[derive(Clone, Copy)]
pub(super) struct HistoryReading {
    pub(super) past: ErasedSignal<HistoryState>,
    work: StoredValue<Option<task::BackgroundTask>, LocalStorage>,
}

impl HistoryReading {
    pub(super) fn start() -> Self {
        let reading = Self { past: ErasedSignal::new(HistoryState::Loading), work: StoredValue::new_local(None) };
        reading.reload();
        reading
    }

    pub(super) fn reload(self) {
        self.past.set(HistoryState::Loading);
        self.work.set_value(Some(task::spawn_task(async move {
            let past = match api::billing::fetch_history().await {
                Ok(answer) => answer.without_automatic().map(|history| HistoryState::Ready(Arc::new(history))),
                Err(error) => Some(HistoryState::Failed(error.sentence())),
            };
            let unreadable = || HistoryState::Failed(texts::replay::unreadable().to_owned());
            self.past.set(past.unwrap_or_else(unreadable));
        })));
    }

    /// The history, once it is there and not empty.
    pub(super) fn history(self) -> Option<Arc<History>> {
        match &*self.past.read() {
            HistoryState::Ready(history) if !history.steps.is_empty() => Some(Arc::clone(history)),
            _ => None,
        }
    }
}
