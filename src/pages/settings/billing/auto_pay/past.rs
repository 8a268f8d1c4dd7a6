//! The wallet's last 30 days, fetched once for whoever replays or advises.

use std::sync::Arc;

use billing_domain::auto_pay::history::History;
use leptos::prelude::*;

use crate::api;
use crate::platform::signal::Slot;
use crate::platform::task;
use crate::texts;

/// Where the history stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Past {
    /// On its way.
    Loading,
    /// It could not be had: one sentence.
    Failed(String),
    /// There; may be empty for a wallet that has just begun.
    Ready(Arc<History>),
}

/// The history, and the way to ask for it again.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    /// Where it stands.
    pub(super) past: Slot<Past>,
    work: StoredValue<Option<task::Task>, LocalStorage>,
}

impl Reading {
    /// Begins to read.
    pub(super) fn start() -> Self {
        let reading = Self { past: Slot::new(Past::Loading), work: StoredValue::new_local(None) };
        reading.again();
        reading
    }

    /// Reads anew.
    pub(super) fn again(self) {
        self.past.set(Past::Loading);
        self.work.set_value(Some(task::start(async move {
            let past = match api::billing::history().await {
                Ok(answer) => answer.without_automatic().map(|history| Past::Ready(Arc::new(history))),
                Err(error) => Some(Past::Failed(error.sentence())),
            };
            let unreadable = || Past::Failed(texts::replay::unreadable().to_owned());
            self.past.set(past.unwrap_or_else(unreadable));
        })));
    }

    /// The history, once it is there and not empty.
    pub(super) fn history(self) -> Option<Arc<History>> {
        match &*self.past.read() {
            Past::Ready(history) if !history.steps.is_empty() => Some(Arc::clone(history)),
            _ => None,
        }
    }
}
