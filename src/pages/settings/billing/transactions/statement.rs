//! A month's statement, to look at and to print.

mod sheet;

use billing_domain::Month;
use leptos::prelude::*;

use self::sheet::render_sheet;
use crate::api;
use crate::platform::print;
use crate::platform::signal::{ErasedProp, ErasedSignal};
use crate::platform::task;
use crate::state::use_live;
use crate::texts;
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dialog::Dialog;
use crate::ui::dynamic;
use crate::ui::icon::IconName;
use crate::ui::retry::Retry;
use crate::ui::select::{Choice, Select};
use crate::ui::skeleton::Skeleton;
use crate::ui::time::month_text;
use billing_contract::statement::Statement;

/// Without a first line there is one month to choose; with a very old one, not more than these.
const MOST_MONTHS: usize = 240;

/// Where the statement stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum StatementStage {
    Loading,
    Failed(String),
    Ready(Box<Statement>),
}

#[component]
pub(super) fn StatementDialog(open: RwSignal<bool>) -> AnyView {
    view! {
        <Dialog open=open heading=texts::statement::heading() class="dialog-wide">{dynamic::view(render_content)}</Dialog>
    }
    .into_any()
}

/// From this month back to that of the ledger's first line.
fn months_back(this: Month, first: Month) -> Vec<Month> {
    let mut months = vec![this];
    let mut month = this;
    while month > first && months.len() < MOST_MONTHS {
        month = month.previous();
        months.push(month);
    }
    months
}

fn render_content() -> AnyView {
    let Some(live) = use_live() else { return ().into_any() };
    let this = live.today.read_untracked().month();
    let (known, month, stage) =
        (ErasedSignal::new(vec![this]), ErasedSignal::new(this), ErasedSignal::new(StatementStage::Loading));
    let work = StoredValue::new_local(None);
    let read = move |chosen: Month| {
        month.set(chosen);
        stage.set(StatementStage::Loading);
        work.set_value(Some(task::spawn_task(async move {
            stage.set(match api::billing::fetch_statement(chosen).await {
                Ok(statement) => StatementStage::Ready(Box::new(statement)),
                Err(error) => StatementStage::Failed(error.sentence()),
            });
        })));
    };
    let beginning = StoredValue::new_local(None);
    beginning.set_value(Some(task::spawn_task(async move {
        // Without lines, or without an answer, there is this month.
        let first =
            api::billing::fetch_transaction(1).await.map(|detail| detail.transaction.posted_at.utc_date().month());
        known.set(months_back(this, first.unwrap_or(this)));
        let last = this.previous();
        read(if known.read_untracked().contains(&last) { last } else { this });
    })));
    let choices = ErasedProp::derive(move || {
        known.read().iter().map(|month| Choice::new(month.to_string(), month_text(*month))).collect::<Vec<_>>()
    });
    let choose = move |value: String| {
        if let Ok(month) = value.parse::<Month>() {
            read(month);
        }
    };
    let not_ready = Signal::derive(move || !matches!(*stage.read(), StatementStage::Ready(_)));
    let shown = move || match &*stage.read() {
        StatementStage::Loading => view! { <Skeleton lines=8 /> }.into_any(),
        StatementStage::Failed(reason) => {
            let chosen = month.get_untracked();
            view! {
                <p class="field-error" role="alert">{reason.clone()}</p>
                <Retry on_press=move || read(chosen) />
            }
            .into_any()
        }
        StatementStage::Ready(statement) => render_sheet(statement),
    };
    view! {
        <div class="statement-tools">
            <Select
                label=texts::statement::month()
                name="statement-month"
                value=Signal::derive(move || month.get().to_string())
                choices=choices
                on_choose=choose
            />
            <Button style=ButtonStyle::Primary icon=IconName::Document unavailable=not_ready on_press=print::print_page>
                {texts::statement::print()}
            </Button>
        </div>
        {dynamic::view(shown)}
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_month_since_the_first_line_can_be_chosen() {
        let month = |text: &str| text.parse::<Month>().unwrap();
        let all = months_back(month("2026-02"), month("2025-11"));
        assert_eq!(all, [month("2026-02"), month("2026-01"), month("2025-12"), month("2025-11")]);
        assert_eq!(months_back(month("2026-02"), month("2026-03")), [month("2026-02")]);
        assert_eq!(months_back(month("2026-02"), month("0001-01")).len(), MOST_MONTHS);
    }
}
