//! Exactly what is filtered as a file, with how far it has come, and a way to stop.

use leptos::prelude::*;

use super::super::words::figure;
use super::list::List;
use crate::api::billing::Progress;
use crate::api::{self, ApiError};
use crate::platform::intl;
use crate::platform::signal::Slot;
use crate::platform::task::{self, Task};
use crate::texts;
use crate::ui::announcer::announcer;
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::icon::IconName;

/// Unless the server says another one.
const FILE_NAME: &str = "transactions.csv";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    None,
    Running(Progress),
    Saved(Progress, String),
    Failed(String),
}

/// The export. A copy is the same one.
#[derive(Clone, Copy)]
pub(super) struct Export {
    list: List,
    stage: Slot<Stage>,
    /// How many lines are expected; 0 when nobody knows.
    expected: RwSignal<u64>,
    work: StoredValue<Option<Task>, LocalStorage>,
}

impl Export {
    /// Nothing is exported yet.
    pub(super) fn new(list: List) -> Self {
        Self { list, stage: Slot::default(), expected: RwSignal::new(0), work: StoredValue::new_local(None) }
    }

    /// It is at work.
    pub(super) fn running(self) -> Signal<bool> {
        Signal::derive(move || matches!(*self.stage.read(), Stage::Running(_)))
    }

    /// Begins; `filter` is a query without its `?`.
    pub(super) fn start(self, filter: &str) {
        let filter = filter.to_owned();
        let counted = !self.list.counting.get_untracked();
        let total = u64::try_from(self.list.total.get_untracked()).unwrap_or_default();
        self.expected.set(if counted { total } else { 0 });
        self.stage.set(Stage::Running(Progress::default()));
        self.work.set_value(Some(task::start(async move {
            let on_progress = move |progress| self.stage.set(Stage::Running(progress));
            self.stage.set(match api::billing::save_csv(&filter, FILE_NAME, on_progress).await {
                Ok((progress, name)) => Stage::Saved(progress, name),
                Err(error) => Stage::Failed(reason(&error)),
            });
        })));
    }

    fn cancel(self) {
        self.work.set_value(None);
        self.stage.set(Stage::None);
    }
}

fn reason(error: &ApiError) -> String {
    match error {
        ApiError::Network | ApiError::Timeout => texts::transactions::export_broken().to_owned(),
        ApiError::Problem(_) | ApiError::Unreadable => error.sentence(),
    }
}

/// `24.1 MB`.
fn megabytes(bytes: u64) -> String {
    let tenths = bytes / 100_000;
    texts::transactions::megabytes(&figure(&format!("{}.{}", tenths / 10, tenths % 10)))
}

fn lines(progress: Progress) -> u64 {
    // The first record is the headings.
    progress.records.saturating_sub(1)
}

/// How far it has come.
#[component]
pub(super) fn ExportProgress(
    /// The export.
    export: Export,
) -> AnyView {
    let announcer = announcer();
    dynamic::effect(move || {
        if let Stage::Saved(progress, _) = &*export.stage.read() {
            announcer.say(texts::transactions::said_saved(lines(*progress)));
        }
    });
    let running = dynamic::memo(move || matches!(*export.stage.read(), Stage::Running(_)));
    let words = move || match &*export.stage.read() {
        Stage::None => String::new(),
        Stage::Running(progress) => {
            let (written, expected, size) = (lines(*progress), export.expected.get(), megabytes(progress.bytes));
            if expected > 0 {
                texts::transactions::written_of(expected, &intl::whole(written), &size)
            } else {
                texts::transactions::written(written, &size)
            }
        }
        Stage::Saved(progress, name) => texts::transactions::saved(lines(*progress), name, &megabytes(progress.bytes)),
        Stage::Failed(reason) => reason.clone(),
    };
    let shown = dynamic::memo(move || *export.stage.read() != Stage::None);
    let failed = move || matches!(*export.stage.read(), Stage::Failed(_));
    let bar = move || {
        running.get().then(|| {
            let done = Signal::derive(move || match *export.stage.read() {
                Stage::Running(progress) => lines(progress).min(export.expected.get()).to_string(),
                _ => String::new(),
            });
            let of = export.expected.get_untracked();
            view! {
                <progress
                    aria-label=texts::transactions::lines_written()
                    max=(of > 0).then(|| of.to_string())
                    value=(of > 0).then_some(done)
                ></progress>
            }
        })
    };
    let act = move || {
        if running.get() {
            view! {
                <Button style=ButtonStyle::Quiet icon=IconName::Cross on_press=move || export.cancel()>
                    {texts::ui::cancel()}
                </Button>
            }
        } else {
            view! {
                <Button style=ButtonStyle::Quiet on_press=move || export.stage.set(Stage::None)>
                    {texts::transactions::dismiss()}
                </Button>
            }
        }
    };
    let content = move || {
        shown.get().then(|| {
            view! {
                <div class="transactions-note" role="group" aria-label=texts::transactions::csv()>
                    {dynamic::part(bar)}
                    <p class="small" class:field-error=failed>{dynamic::words(words)}</p>
                    {dynamic::part(act)}
                </div>
            }
        })
    };
    dynamic::part(content).into_any()
}
