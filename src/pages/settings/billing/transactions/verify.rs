//! Recomputing the chain of the loaded lines in the browser, by the rule that the server writes them with.

use std::sync::Arc;

use billing_contract::transaction::Transaction;
use billing_domain::ledger::{Chain, Fault};
use leptos::prelude::*;

use super::super::words::count_text;
use super::drawer::DrawerState;
use super::list::TransactionList;
use super::row_cache::RowCache;
use crate::api::{self, ApiError};
use crate::platform::signal::ErasedSignal;
use crate::platform::task::{self, BackgroundTask};
use crate::platform::timers;
use crate::texts;
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::icon::{Icon, IconName};
use crate::ui::money::{MoneyStyle, money_text};

/// So many lines are hashed between two frames.
const AT_ONCE: usize = 100;

/// A run of neighboring lines that was followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LineRun {
    first: i64,
    last: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum CheckFinding {
    #[default]
    None,
    /// The runs that are right; empty when no two neighbors are loaded.
    Right(Vec<LineRun>),
    /// The first line that is not, and one sentence about it.
    Wrong { seq: i64, why: String, before: Vec<LineRun> },
    /// It could not be done: one sentence.
    Not(String),
}

/// Follows the lines, oldest first. The first line of a run is what the others are measured by, unless it is the
/// ledger's first one.
struct ChainFollower {
    organization_id: String,
    chain: Option<Chain>,
    runs: Vec<LineRun>,
}

impl ChainFollower {
    fn follow(&mut self, line: &Transaction) -> Result<(), Fault> {
        let written = line.line(&self.organization_id);
        let mut chain = match self.chain {
            Some(chain) if chain.seq.checked_add(1) == Some(line.seq) => chain,
            _ if line.seq == 1 => Chain::BEGINNING,
            // Other lines are not loaded in between: another run begins behind this one.
            _ => {
                self.chain = Some(Chain::behind(&written, line.hash));
                return Ok(());
            }
        };
        chain.follow(&written, line.hash)?;
        self.chain = Some(chain);
        match self.runs.last_mut() {
            Some(run) if run.last + 1 == line.seq => run.last = line.seq,
            _ => self.runs.push(LineRun { first: line.seq, last: line.seq }),
        }
        Ok(())
    }
}

/// The check. A copy is the same one.
#[derive(Clone, Copy)]
pub(super) struct ChainCheck {
    list: TransactionList,
    finding: ErasedSignal<CheckFinding>,
    /// It is at work.
    pub(super) busy: RwSignal<bool>,
    organization_id: StoredValue<Option<String>>,
    work: StoredValue<Option<BackgroundTask>, LocalStorage>,
}

impl ChainCheck {
    /// Nobody has asked yet.
    pub(super) fn new(list: TransactionList) -> Self {
        Self {
            list,
            finding: ErasedSignal::default(),
            busy: RwSignal::new(false),
            organization_id: StoredValue::new(None),
            work: StoredValue::new_local(None),
        }
    }

    pub(super) fn start(self) {
        if !self.list.with(RowCache::is_ledger) {
            return self.finding.set(CheckFinding::Not(texts::verify::filtered().to_owned()));
        }
        let lines: Vec<Arc<Transaction>> = self.list.with(|cache| cache.lines().cloned().collect());
        self.busy.set(true);
        self.work.set_value(Some(task::spawn_task(async move {
            let finding = match self.organization_id().await {
                Ok(organization_id) => follow_chain(organization_id, &lines).await,
                Err(error) => CheckFinding::Not(error.sentence()),
            };
            self.busy.set(false);
            self.finding.set(finding);
        })));
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

async fn follow_chain(organization_id: String, lines: &[Arc<Transaction>]) -> CheckFinding {
    let mut follower = ChainFollower { organization_id, chain: None, runs: Vec::new() };
    for some in lines.chunks(AT_ONCE) {
        for line in some {
            if let Err(fault) = follower.follow(line) {
                return CheckFinding::Wrong { seq: line.seq, why: fault_reason(fault, line), before: follower.runs };
            }
        }
        timers::sleep(0).await;
    }
    CheckFinding::Right(follower.runs)
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

fn count_lines(runs: &[LineRun]) -> u64 {
    runs.iter().map(|run| u64::try_from(run.last - run.first + 1).unwrap_or_default()).sum()
}

fn list_spans(runs: &[LineRun]) -> String {
    let runs = runs.iter().rev().map(|run| texts::verify::span(&count_text(run.first), &count_text(run.last)));
    runs.reduce(|first, next| texts::ui::listed(&first, &next)).unwrap_or_default()
}

fn finding_sentence(finding: &CheckFinding) -> String {
    match finding {
        CheckFinding::None => String::new(),
        CheckFinding::Not(why) => why.clone(),
        CheckFinding::Right(runs) if runs.is_empty() => texts::verify::too_few().to_owned(),
        CheckFinding::Right(runs) => texts::verify::right(count_lines(runs), &list_spans(runs)),
        CheckFinding::Wrong { why, before, .. } if before.is_empty() => why.clone(),
        CheckFinding::Wrong { why, before, .. } => {
            texts::verify::one_after_the_other(why, &texts::verify::right_before(count_lines(before)))
        }
    }
}

#[component]
pub(super) fn CheckResult(check: ChainCheck, drawer: DrawerState) -> AnyView {
    let content = move || {
        let finding = check.finding.read();
        let wrong = match &*finding {
            CheckFinding::None => return None,
            CheckFinding::Wrong { seq, .. } => Some(*seq),
            _ => None,
        };
        let right = matches!(&*finding, CheckFinding::Right(runs) if !runs.is_empty());
        let icon = if right { IconName::Check } else { IconName::Warning };
        let show = wrong.map(|seq| {
            view! { <Button on_press=move || drawer.show(seq)>{texts::verify::show_line()}</Button> }
        });
        Some(view! {
            <div class="transactions-note" class:note-right=right class:note-wrong=wrong.is_some()>
                <Icon name=icon />
                <p class="small">{finding_sentence(&finding)}</p>
                {show}
                <Button style=ButtonStyle::Quiet on_press=move || check.finding.set(CheckFinding::None)>
                    {texts::transactions::dismiss()}
                </Button>
            </div>
        })
    };
    view! { <div role="status">{dynamic::view(content)}</div> }.into_any()
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

    fn followed(lines: &[Transaction]) -> (Vec<LineRun>, Option<(i64, Fault)>) {
        let mut follower = ChainFollower { organization_id: "org".to_owned(), chain: None, runs: Vec::new() };
        for line in lines {
            if let Err(fault) = follower.follow(line) {
                return (follower.runs, Some((line.seq, fault)));
            }
        }
        (follower.runs, None)
    }

    #[test]
    fn runs_are_followed_each_from_its_first_line() {
        let lines = ledger(10);
        assert_eq!(followed(&lines), (vec![LineRun { first: 1, last: 10 }], None));
        let some: Vec<_> = lines.iter().filter(|line| line.seq != 5 && line.seq > 1).cloned().collect();
        assert_eq!(followed(&some), (vec![LineRun { first: 3, last: 4 }, LineRun { first: 7, last: 10 }], None));
    }

    #[test]
    fn the_first_altered_line_is_named() {
        let mut lines = ledger(10);
        lines[6].description.push('x');
        assert_eq!(followed(&lines), (vec![LineRun { first: 1, last: 6 }], Some((7, Fault::Hash))));
        assert_eq!(followed(&ledger(1)).0.len(), 1);
    }
}
