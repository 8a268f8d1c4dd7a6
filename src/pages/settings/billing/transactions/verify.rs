//! Recomputing the chain of all lines in the browser, by the rule that the server writes them with.

use billing_contract::ProblemCode;
use billing_contract::transaction::{LedgerRun, Transaction};
use billing_domain::ledger::{Chain, Fault};
use futures_util::future::try_join;
use leptos::prelude::*;

use super::super::words::count_text;
use super::drawer::DrawerState;
use super::list::TransactionList;
use crate::api::{self, ApiError};
use crate::platform::signal::ErasedSignal;
use crate::platform::task::{self, BackgroundTask};
use crate::platform::timers;
use crate::texts;
use crate::ui::announcer::{Announcer, use_announcer};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::icon::{Icon, IconName};
use crate::ui::money::{MoneyStyle, money_text};
use crate::ui::retry::Retry;

/// So many lines are hashed between two frames.
const AT_ONCE: usize = 250;
/// What passes by itself is waited for this long before the same lines are asked for again.
const PAUSES_MILLISECONDS: [i32; 3] = [500, 2_000, 5_000];
/// A ledger of more lines takes long enough to say in between how far it is.
const LONG: i64 = 50_000;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum CheckStage {
    #[default]
    None,
    Running(CheckProgress),
    /// It could not go on: one sentence. It goes on from there when somebody tries again.
    Stopped(CheckProgress, String),
    /// All lines are right, up to this one.
    Right(i64),
    Wrong(WrongLine),
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct CheckProgress {
    done: i64,
    /// 0: nobody knows yet.
    of: i64,
}

impl CheckProgress {
    /// Full quarters of it.
    fn quarter(self) -> i64 {
        self.done.saturating_mul(4).checked_div(self.of).unwrap_or_default()
    }
}

/// The first line that is not right.
#[derive(Clone, Debug, PartialEq, Eq)]
struct WrongLine {
    seq: i64,
    /// One sentence about it.
    why: String,
    /// It can be looked at.
    is_there: bool,
}

/// One line further. `shown` is the same line as the list has it, which must be what was checked.
fn follow_line(
    chain: &mut Chain,
    organization_id: &str,
    line: &Transaction,
    shown: Option<&Transaction>,
) -> Result<(), Fault> {
    let written = line.line(organization_id);
    chain.follow(&written, line.hash)?;
    match shown {
        Some(shown) if shown.hash != line.hash || shown.line(organization_id) != written => Err(Fault::Hash),
        _ => Ok(()),
    }
}

/// The check. A copy is the same one.
#[derive(Clone, Copy)]
pub(super) struct ChainCheck {
    list: TransactionList,
    stage: ErasedSignal<CheckStage>,
    /// Up to here all is right.
    reached: StoredValue<Chain>,
    organization_id: StoredValue<Option<String>>,
    announcer: Announcer,
    work: StoredValue<Option<BackgroundTask>, LocalStorage>,
}

impl ChainCheck {
    /// Nobody has asked yet.
    pub(super) fn new(list: TransactionList) -> Self {
        Self {
            list,
            stage: ErasedSignal::default(),
            reached: StoredValue::new(Chain::BEGINNING),
            organization_id: StoredValue::new(None),
            announcer: use_announcer(),
            work: StoredValue::new_local(None),
        }
    }

    /// It is at work.
    pub(super) fn running(self) -> Signal<bool> {
        Signal::derive(move || matches!(*self.stage.read(), CheckStage::Running(_)))
    }

    /// Begins with the first line.
    pub(super) fn start(self) {
        self.reached.set_value(Chain::BEGINNING);
        self.go_on(CheckProgress::default());
    }

    fn go_on(self, progress: CheckProgress) {
        self.stage.set(CheckStage::Running(progress));
        self.work.set_value(Some(task::spawn_task(async move {
            let stage = match self.follow_ledger().await {
                Ok(last) => CheckStage::Right(last),
                Err(CheckEnd::Wrong(line)) => CheckStage::Wrong(line),
                Err(CheckEnd::Failed(error)) => CheckStage::Stopped(self.progress(), error.sentence()),
            };
            self.stage.set(stage);
        })));
    }

    fn give_up(self) {
        self.work.set_value(None);
        self.stage.set(CheckStage::None);
    }

    /// The `seq` of the ledger's last line, if all are right.
    async fn follow_ledger(self) -> Result<i64, CheckEnd> {
        let organization_id = self.organization_id().await?;
        let mut run = fetch_run(self.reached.get_value().seq).await?;
        loop {
            let reached = self.reached.get_value().seq;
            let Some(last) = run.items.last().map(|line| line.seq) else {
                let next = reached.saturating_add(1);
                return if reached >= run.last_seq { Ok(reached) } else { Err(CheckEnd::missing(next)) };
            };
            if last >= run.last_seq {
                self.check_run(&organization_id, &run).await?;
                return Ok(self.reached.get_value().seq);
            }
            // The next lines are on their way while these are checked.
            let next = async { Ok(fetch_run(last).await) };
            let (answer, ()) = try_join(next, self.check_run(&organization_id, &run)).await?;
            run = answer?;
        }
    }

    async fn check_run(self, organization_id: &str, run: &LedgerRun) -> Result<(), CheckEnd> {
        for some in run.items.chunks(AT_ONCE) {
            let mut chain = self.reached.get_value();
            self.list.with(|cache| {
                some.iter().try_for_each(|line| {
                    let shown = cache.line(line.seq).filter(|_| cache.is_ledger());
                    follow_line(&mut chain, organization_id, line, shown.map(AsRef::as_ref))
                        .map_err(|fault| CheckEnd::wrong(fault, line))
                })
            })?;
            self.reached.set_value(chain);
            self.show_progress(CheckProgress { done: chain.seq, of: run.last_seq.max(chain.seq) });
            timers::sleep(0).await;
        }
        Ok(())
    }

    fn progress(self) -> CheckProgress {
        match *self.stage.read_untracked() {
            CheckStage::Running(progress) | CheckStage::Stopped(progress, _) => progress,
            _ => CheckProgress::default(),
        }
    }

    /// Shows it, and reads it out at the beginning and, of a long one, after each quarter.
    fn show_progress(self, progress: CheckProgress) {
        let before = self.progress();
        if before.of == 0 {
            self.announcer.say(texts::verify::said_started(count_of(progress.of)));
        } else if progress.of > LONG && progress.quarter() > before.quarter() && progress.quarter() < 4 {
            self.announcer.say(progress_text(progress));
        }
        self.stage.set(CheckStage::Running(progress));
    }

    /// The hash covers it, and no line says it.
    async fn organization_id(self) -> Result<String, ApiError> {
        if let Some(id) = self.organization_id.get_value() {
            return Ok(id);
        }
        let id = api::organization::fetch_organization().await?.id;
        self.organization_id.set_value(Some(id.clone()));
        Ok(id)
    }
}

/// Why a check ended before the last line.
enum CheckEnd {
    Wrong(WrongLine),
    Failed(ApiError),
}

impl CheckEnd {
    fn wrong(fault: Fault, line: &Transaction) -> Self {
        Self::Wrong(WrongLine { seq: line.seq, why: fault_reason(fault, line), is_there: true })
    }

    fn missing(seq: i64) -> Self {
        Self::Wrong(WrongLine { seq, why: texts::verify::missing(&count_text(seq)), is_there: false })
    }
}

impl From<ApiError> for CheckEnd {
    fn from(error: ApiError) -> Self {
        Self::Failed(error)
    }
}

/// The lines behind this `seq`; what passes by itself is waited for.
async fn fetch_run(after: i64) -> Result<LedgerRun, ApiError> {
    for pause in PAUSES_MILLISECONDS {
        match api::billing::fetch_ledger_run(after).await {
            Err(error) if is_passing(&error) => timers::sleep(pause).await,
            answer => return answer,
        }
    }
    api::billing::fetch_ledger_run(after).await
}

fn is_passing(error: &ApiError) -> bool {
    matches!(error, ApiError::Network | ApiError::Timeout)
        || matches!(error.code(), Some(ProblemCode::TooManyRequests | ProblemCode::Unavailable))
}

fn fault_reason(fault: Fault, line: &Transaction) -> String {
    let number = count_text(line.seq);
    match fault {
        Fault::Hash => texts::verify::wrong_hash(&number),
        Fault::Balance { expected } => {
            texts::verify::wrong_balance(&number, &money_text(expected, line.currency, MoneyStyle::Line))
        }
        Fault::Gap { .. } | Fault::Overflow => texts::verify::wrong_order(&number),
    }
}

fn count_of(lines: i64) -> u64 {
    u64::try_from(lines).unwrap_or_default()
}

/// `12,400 of 1,000,000 lines`; nothing as long as nobody knows of how many.
fn progress_text(progress: CheckProgress) -> String {
    if progress.of == 0 {
        return texts::transactions::counting().to_owned();
    }
    texts::verify::checked_of(count_of(progress.of), &count_text(progress.done))
}

/// What was found, once something was.
fn finding_sentence(stage: &CheckStage) -> Option<String> {
    Some(match stage {
        CheckStage::Right(0) => texts::verify::none().to_owned(),
        CheckStage::Right(last) => {
            texts::verify::right(count_of(*last), &texts::verify::span(&count_text(1), &count_text(*last)))
        }
        CheckStage::Wrong(line) if line.seq <= 1 => line.why.clone(),
        CheckStage::Wrong(line) => {
            texts::verify::one_after_the_other(&line.why, &texts::verify::right_before(count_of(line.seq - 1)))
        }
        CheckStage::None | CheckStage::Running(_) | CheckStage::Stopped(..) => return None,
    })
}

/// How far it is, and its result.
#[component]
pub(super) fn CheckResult(check: ChainCheck, drawer: DrawerState) -> AnyView {
    let found = dynamic::memo(move || match &*check.stage.read() {
        // While it runs, every step of it would be another one.
        CheckStage::Running(_) | CheckStage::Stopped(..) => CheckStage::None,
        found => found.clone(),
    });
    view! {
        {render_progress(check)}
        <div role="status">{dynamic::view(move || render_finding(check, &found.read(), drawer))}</div>
    }
    .into_any()
}

fn render_progress(check: ChainCheck) -> AnyView {
    let shown = dynamic::memo(move || matches!(*check.stage.read(), CheckStage::Running(_) | CheckStage::Stopped(..)));
    let progress = dynamic::memo(move || {
        check.stage.track();
        check.progress()
    });
    let known = dynamic::memo(move || progress.get().of > 0);
    let bar = move || {
        let (done, of) = (move || progress.get().done.to_string(), move || progress.get().of.to_string());
        // Without a value the bar says that nobody knows how long it takes.
        if known.get() {
            view! { <progress aria-label=texts::verify::lines_checked() max=of value=done></progress> }.into_any()
        } else {
            view! { <progress aria-label=texts::verify::lines_checked()></progress> }.into_any()
        }
    };
    let stopped = dynamic::memo(move || match &*check.stage.read() {
        CheckStage::Stopped(_, reason) => Some(reason.clone()),
        _ => None,
    });
    let failure = move || {
        stopped.get().map(|reason| {
            view! {
                <p class="small field-error" role="alert">{reason}</p>
                <Retry on_press=move || check.go_on(check.progress()) />
            }
        })
    };
    let content = move || {
        shown.get().then(|| {
            view! {
                <div class="transactions-note" role="group" aria-label=texts::verify::verification()>
                    {dynamic::view(bar)}
                    <p class="small">{dynamic::text(move || progress_text(progress.get()))}</p>
                    {dynamic::view(failure)}
                    <Button style=ButtonStyle::Quiet icon=IconName::Cross on_press=move || check.give_up()>
                        {texts::ui::cancel()}
                    </Button>
                </div>
            }
        })
    };
    dynamic::view(content).into_any()
}

fn render_finding(check: ChainCheck, stage: &CheckStage, drawer: DrawerState) -> Option<AnyView> {
    let sentence = finding_sentence(stage)?;
    let right = matches!(stage, CheckStage::Right(1..));
    let wrong = matches!(stage, CheckStage::Wrong(_));
    let icon = if right { IconName::Check } else { IconName::Warning };
    let show = match stage {
        CheckStage::Wrong(WrongLine { seq, is_there: true, .. }) => {
            let seq = *seq;
            Some(view! { <Button on_press=move || drawer.show_seq(seq)>{texts::verify::show_line()}</Button> })
        }
        _ => None,
    };
    let content = view! {
        <div class="transactions-note" class:note-right=right class:note-wrong=wrong>
            <Icon name=icon />
            <p class="small">{sentence}</p>
            {show}
            <Button style=ButtonStyle::Quiet on_press=move || check.stage.set(CheckStage::None)>
                {texts::transactions::dismiss()}
            </Button>
        </div>
    };
    Some(content.into_any())
}

#[cfg(test)]
mod tests {
    use billing_domain::ledger::Hash;
    use billing_domain::{Money, TransactionKind};

    use super::super::arrivals::tests::line_at;
    use super::*;

    fn ledger(lines: i64) -> Vec<Transaction> {
        let (mut all, mut hash) = (Vec::new(), Hash::GENESIS);
        for seq in 1..=lines {
            let mut line = line_at(seq, TransactionKind::AiTask);
            (line.amount, line.balance_after) = (Money::from_micros(-1), Money::from_micros(-seq));
            hash = line.line("org").hash_after(hash);
            line.hash = hash;
            all.push(line);
        }
        all
    }

    fn followed(lines: &[Transaction], shown: &[Transaction]) -> (i64, Option<Fault>) {
        let mut chain = Chain::BEGINNING;
        for (place, line) in lines.iter().enumerate() {
            if let Err(fault) = follow_line(&mut chain, "org", line, shown.get(place)) {
                return (line.seq, Some(fault));
            }
        }
        (chain.seq, None)
    }

    #[test]
    fn the_first_altered_line_is_named() {
        let mut lines = ledger(10);
        assert_eq!(followed(&lines, &[]), (10, None));
        lines[6].description.push('x');
        assert_eq!(followed(&lines, &[]), (7, Some(Fault::Hash)));
    }

    #[test]
    fn what_the_list_shows_must_be_what_was_checked() {
        let (lines, mut shown) = (ledger(10), ledger(10));
        assert_eq!(followed(&lines, &shown), (10, None));
        shown[3].description.push('x');
        assert_eq!(followed(&lines, &shown), (4, Some(Fault::Hash)));
    }

    #[test]
    fn quarters_are_full_ones_and_none_where_nothing_is_known() {
        let quarter = |done, of| CheckProgress { done, of }.quarter();
        assert_eq!([quarter(0, 0), quarter(24, 100), quarter(25, 100), quarter(100, 100)], [0, 0, 1, 4]);
    }
}
