//! Decides whether an organisation's wallet is refilled now, and writes the charge down, at most one at a time.

use billing_domain::auto_pay::{Plan, Settings, Situation, plan};
use billing_domain::charge::TopUpStatus;
use billing_domain::limits::ChargeAmount;
use billing_domain::{Money, Timestamp};
use billing_store::{
    AutoGuard, AutoPay, AutoSpent, Card, Created, NewTopUp, Organization, StoreError, TopUp, TopUpKind,
};

use crate::calendar::Calendar;
use crate::events::Topic;
use crate::problem::Problem;
use crate::reconcile::charge::{self, HANDOVER_SECONDS};
use crate::service::auto_pay::health;
use crate::state::AppState;

/// How often the figures may change under the decision before the next nudge has to do it.
const TRIES: usize = 5;

/// What the decision looks at.
pub(crate) struct Figures {
    /// The input of the plan.
    pub(crate) situation: Situation,
    /// Automatic charges of this month.
    pub(crate) spent: AutoSpent,
    /// The automatic charge that waits for the cardholder.
    waiting: Option<String>,
    /// The wallet's last line when it was read.
    last_seq: i64,
}

/// Reads the figures of one moment of the ledger, to be shown: what settles between two reads would be on its way here and
/// settled there.
pub(crate) async fn still_figures(
    state: &AppState,
    organization: &Organization,
    auto_pay: &AutoPay,
    now: Timestamp,
) -> Result<Figures, Problem> {
    let mut figures = self::figures(state, organization, auto_pay, now).await?;
    for _ in 1..TRIES {
        if state.store.wallet(&organization.id).await?.last_seq == figures.last_seq {
            break;
        }
        figures = self::figures(state, organization, auto_pay, now).await?;
    }
    Ok(figures)
}

/// Reads the figures of now, for a decision.
pub(crate) async fn figures(
    state: &AppState,
    organization: &Organization,
    auto_pay: &AutoPay,
    now: Timestamp,
) -> Result<Figures, Problem> {
    let calendar = Calendar::of(&organization.time_zone).map_err(Problem::internal)?;
    let month = calendar.month_of(now);
    let (from, to) = (calendar.month_start(month), calendar.month_start(month.next()));
    // In this order, what settles in between counts twice rather than not at all.
    let pending = state.store.pending_credit(&organization.id).await?;
    let wallet = state.store.wallet(&organization.id).await?;
    let spent = state.store.auto_spent(&organization.id, from, to).await?;
    let open = state.store.open_top_ups(&organization.id).await?;
    let sum = |amounts: &[Money]| Money::checked_sum(amounts.iter().copied()).ok_or(StoreError::Overflow);
    let situation = Situation {
        available: wallet.available(),
        // What may have been charged counts as charged: rather late than twice.
        pending_credit: pending.total()?,
        month_committed: sum(&[spent.settled, spent.in_flight, spent.unknown])?,
        month_resets_at: to,
        last_charge_at: auto_pay.state.last_charge_at,
        charging: open.iter().any(|top_up| top_up.kind == TopUpKind::Auto),
    };
    let waits = |top_up: &&TopUp| top_up.kind == TopUpKind::Auto && top_up.status == TopUpStatus::ActionRequired;
    let waiting = open.iter().find(waits).map(|top_up| top_up.id.clone());
    Ok(Figures { situation, spent, waiting, last_seq: wallet.last_seq })
}

/// What the settings ask for in this situation.
pub(crate) fn decide(
    state: &AppState,
    organization: &Organization,
    settings: &Settings,
    situation: &Situation,
    now: Timestamp,
) -> Plan {
    plan(settings, &state.config.limits(organization.currency), situation, now)
}

/// Looks at the wallet and charges if it is time. Harmless to repeat and to race: the charge is written down only if
/// nothing it was decided on has changed, and only if none is open.
pub(crate) async fn consider(state: &AppState, organization_id: &str) -> Result<(), Problem> {
    for _ in 0..TRIES {
        if attempt(state, organization_id).await? == Attempt::Done {
            return Ok(());
        }
    }
    Ok(())
}

#[derive(PartialEq, Eq)]
enum Attempt {
    Done,
    /// Something changed in between: look again.
    Again,
}

async fn attempt(state: &AppState, organization_id: &str) -> Result<Attempt, Problem> {
    let now = state.clock.now();
    let auto_pay = state.store.auto_pay(organization_id).await?;
    let Some(settings) = auto_pay.settings.filter(|_| auto_pay.enabled) else { return Ok(Attempt::Done) };
    if health::rests(&auto_pay.state, now) {
        return Ok(Attempt::Done);
    }
    let organization = state.store.organization(organization_id).await?;
    let figures = figures(state, &organization, &auto_pay, now).await?;
    match decide(state, &organization, &settings, &figures.situation, now) {
        Plan::Charge(amount) => match card(state, &auto_pay).await? {
            Some(card) => create_charge(state, &auto_pay, &card, amount, now).await,
            None => pause_without_card(state, &auto_pay).await,
        },
        Plan::Wait => {
            // The pause is over, so what waited is not wanted any more.
            if let Some(id) = figures.waiting {
                charge::start(state, organization_id, &id);
            }
            Ok(Attempt::Done)
        }
        Plan::Rest | Plan::NotBefore(_) | Plan::Capped(_) => Ok(Attempt::Done),
    }
}

/// The card that was agreed to, else the default one.
/// See docs/decisions/0037-which-card-is-charged.md.
pub(crate) async fn card(state: &AppState, auto_pay: &AutoPay) -> Result<Option<Card>, Problem> {
    let cards = state.store.cards(&auto_pay.organization_id).await?;
    Ok(cards.into_iter().find(|card| auto_pay.card_id.as_ref().map_or(card.is_default, |id| *id == card.id)))
}

async fn create_charge(
    state: &AppState,
    auto_pay: &AutoPay,
    card: &Card,
    amount: ChargeAmount,
    now: Timestamp,
) -> Result<Attempt, Problem> {
    let organization_id = &auto_pay.organization_id;
    let new = NewTopUp {
        id: state.new_id()?,
        amount: amount.money(),
        card_id: card.id.clone(),
        requested_by: None,
        next_check_at: now.plus_seconds(HANDOVER_SECONDS),
    };
    let guard = AutoGuard { version: auto_pay.version, last_charge_at: auto_pay.state.last_charge_at };
    match state.store.create_auto_top_up(organization_id, &new, &guard, now).await {
        Ok(Created::New(top_up)) => {
            tracing::info!(organization = organization_id, top_up = top_up.id, amount = %top_up.amount, "automatic top-up");
            state.events.publish(organization_id, Topic::TopUp(top_up.id.clone()));
            state.events.publish(organization_id, Topic::AutoPay);
            charge::start(state, organization_id, &top_up.id);
            Ok(Attempt::Done)
        }
        Ok(Created::Blocked | Created::Replay(_) | Created::Reused) => Ok(Attempt::Done),
        // The settings, their state, the last charge, the wallet or the card are other ones by now.
        Err(StoreError::Stale | StoreError::NotFound) => Ok(Attempt::Again),
        Err(error) => Err(error.into()),
    }
}

async fn pause_without_card(state: &AppState, auto_pay: &AutoPay) -> Result<Attempt, Problem> {
    let paused = health::without_card(&auto_pay.state);
    let now = state.clock.now();
    match state.store.record_auto_pay_state(&auto_pay.organization_id, &auto_pay.state, &paused, now).await {
        Ok(()) => {
            state.events.publish(&auto_pay.organization_id, Topic::AutoPay);
            Ok(Attempt::Done)
        }
        Err(StoreError::Stale) => Ok(Attempt::Again),
        Err(error) => Err(error.into()),
    }
}
