//! Exactly what is filtered as a file, with how far it has come, and a way to stop.

use leptos::prelude::*;

use super::super::words::figure_text;
use super::list::TransactionList;
use crate::api::billing::Progress;
use crate::api::{self, ApiError};
use crate::platform::intl;
use crate::platform::signal::ErasedSignal;
use crate::platform::task::{self, BackgroundTask};
use crate::texts;
use crate::ui::announcer::use_announcer;
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::icon::IconName;

/// Unless the server says another one.
const FILE_NAME: &str = "transactions.csv";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum ExportStage {
    #[default]
    None,
    Running(Progress),
    Saved(Progress, String),
    Failed(String),
}

/// The export. A copy is the same one.
#[derive(Clone, Copy)]
pub(super) struct CsvExport {
    list: TransactionList,
    stage: ErasedSignal<ExportStage>,
    /// How many lines are expected; 0 when nobody knows.
    expected: RwSignal<u64>,
    work: StoredValue<Option<BackgroundTask>, LocalStorage>,
}

impl CsvExport {
    /// Nothing is exported yet.
    pub(super) fn new(list: TransactionList) -> Self {
        Self { list, stage: ErasedSignal::default(), expected: RwSignal::new(0), work: StoredValue::new_local(None) }
    }

    /// It is at work.
    pub(super) fn running(self) -> Signal<bool> {
        Signal::derive(move || matches!(*self.stage.read(), ExportStage::Running(_)))
    }

    /// Begins; `filter` is a query without its `?`.
    pub(super) fn start(self, filter: &str) {
        let filter = filter.to_owned();
        let counted = !self.list.counting.get_untracked() && self.list.with(|cache| cache.uncounted.is_none());
        let total = u64::try_from(self.list.total.get_untracked()).unwrap_or_default();
        self.expected.set(if counted { total } else { 0 });
        self.stage.set(ExportStage::Running(Progress::default()));
        self.work.set_value(Some(task::spawn_task(async move {
            let on_progress = move |progress| self.stage.set(ExportStage::Running(progress));
            self.stage.set(match api::billing::save_csv(&filter, FILE_NAME, on_progress).await {
                Ok((progress, name)) => ExportStage::Saved(progress, name),
                Err(error) => ExportStage::Failed(failure_reason(&error)),
            });
        })));
    }

    fn cancel(self) {
        self.work.set_value(None);
        self.stage.set(ExportStage::None);
    }
}

fn failure_reason(error: &ApiError) -> String {
    match error {
        ApiError::Network | ApiError::Timeout => texts::transactions::export_broken().to_owned(),
        ApiError::Problem(_) | ApiError::Unreadable => error.sentence(),
    }
}

/// Written as `24.1 MB`.
fn format_megabytes(bytes: u64) -> String {
    let tenths = bytes / 100_000;
    texts::transactions::megabytes(&figure_text(&format!("{}.{}", tenths / 10, tenths % 10)))
}

fn count_lines(progress: Progress) -> u64 {
    // The first record is the headings.
    progress.records.saturating_sub(1)
}

/// How far it has come.
#[component]
pub(super) fn ExportProgress(export: CsvExport) -> AnyView {
    let announcer = use_announcer();
    dynamic::effect(move || {
        if let ExportStage::Saved(progress, _) = &*export.stage.read() {
            announcer.say(texts::transactions::said_saved(count_lines(*progress)));
        }
    });
    let running = dynamic::memo(move || matches!(*export.stage.read(), ExportStage::Running(_)));
    let words = move || match &*export.stage.read() {
        ExportStage::None => String::new(),
        ExportStage::Running(progress) => {
            let (written, expected, size) =
                (count_lines(*progress), export.expected.get(), format_megabytes(progress.bytes));
            if expected > 0 {
                texts::transactions::written_of(expected, &intl::format_count(written), &size)
            } else {
                texts::transactions::written(written, &size)
            }
        }
        ExportStage::Saved(progress, name) => {
            texts::transactions::saved(count_lines(*progress), name, &format_megabytes(progress.bytes))
        }
        ExportStage::Failed(reason) => reason.clone(),
    };
    let shown = dynamic::memo(move || *export.stage.read() != ExportStage::None);
    let failed = move || matches!(*export.stage.read(), ExportStage::Failed(_));
    let bar = move || {
        running.get().then(|| {
            let done = Signal::derive(move || match *export.stage.read() {
                ExportStage::Running(progress) => count_lines(progress).min(export.expected.get()).to_string(),
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
                <Button style=ButtonStyle::Quiet on_press=move || export.stage.set(ExportStage::None)>
                    {texts::transactions::dismiss()}
                </Button>
            }
        }
    };
    let content = move || {
        shown.get().then(|| {
            view! {
                <div class="transactions-note" role="group" aria-label=texts::transactions::csv()>
                    {dynamic::view(bar)}
                    <p class="small" class:field-error=failed>{dynamic::text(words)}</p>
                    {dynamic::view(act)}
                </div>
            }
        })
    };
    dynamic::view(content).into_any()
}
