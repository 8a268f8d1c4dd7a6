//! Decides whether an organization's wallet is refilled now, and writes the charge down, at most one at a time.

use billing_domain::auto_pay::health::{Health, HealthEvent};
use billing_domain::auto_pay::{Plan, Settings, Situation, plan_charge};
use billing_domain::charge::{TopUpKind, TopUpStatus};
use billing_domain::limits::ChargeAmount;
use billing_domain::status::OrganizationStatus;
use billing_domain::{Money, OrganizationId, Timestamp, TopUpId};
use billing_store::{
    AutoGuard, AutoPay, AutoSpent, Card, Created, NewTopUp, Organization, PendingCredit, StoreError, TopUp,
};

use crate::calendar::Calendar;
use crate::deadlines::HANDOVER_SECONDS;
use crate::events::Topic;
use crate::problem::Problem;
use crate::reconcile::{ChargeId, Effect};
use crate::state::AppState;

/// How often the figures may change under the decision before the next turn has to do it.
const TRIES: usize = 5;

/// What the decision looks at.
pub(crate) struct Figures {
    /// The input of the plan.
    pub(crate) situation: Situation,
    /// Automatic charges of this month.
    pub(crate) spent: AutoSpent,
    /// The automatic charge that waits for the cardholder.
    waiting: Option<TopUpId>,
    /// Top-ups on their way when the reading began.
    pending: PendingCredit,
    /// The wallet's last line when it was read.
    last_seq: i64,
}

/// Reads the figures of one moment, to be shown: what ends between two reads would be on its way in one figure and settled,
/// or gone, in another.
pub(crate) async fn read_settled_figures(
    state: &AppState,
    organization: &Organization,
    auto_pay: &AutoPay,
    now: Timestamp,
) -> Result<Figures, Problem> {
    let mut figures = read_figures(state, organization, auto_pay, now).await?;
    // Read again until both agree: no transaction spans the services that this takes.
    for _ in 1..TRIES {
        let wallet = state.store.wallet(&organization.id).await?;
        if wallet.last_seq == figures.last_seq && state.store.pending_credit(&organization.id).await? == figures.pending
        {
            break;
        }
        figures = read_figures(state, organization, auto_pay, now).await?;
    }
    Ok(figures)
}

/// Reads the figures of now, for a decision.
pub(crate) async fn read_figures(
    state: &AppState,
    organization: &Organization,
    auto_pay: &AutoPay,
    now: Timestamp,
) -> Result<Figures, Problem> {
    let calendar = Calendar::of(&organization.time_zone).map_err(Problem::internal)?;
    // The cap counts calendar months of the organization's zone.
    let month = calendar.month_of(now);
    let (from, to) = (calendar.month_start(month), calendar.month_start(month.next()));
    // In this order, what settles in between counts twice rather than not at all.
    let pending = state.store.pending_credit(&organization.id).await?;
    let wallet = state.store.wallet(&organization.id).await?;
    let spent = state.store.auto_spent(&organization.id, from, to).await?;
    // Last, so that a charge that has just been written is seen as open.
    let open = state.store.open_top_ups(&organization.id).await?;
    let sum = |amounts: &[Money]| Money::checked_sum(amounts.iter().copied()).ok_or(StoreError::Overflow);
    let situation = Situation {
        available: wallet.available(),
        // What may have been charged counts as charged: rather late than twice.
        pending_credit: pending.total()?,
        month_committed: sum(&[spent.settled, spent.in_flight, spent.unknown])?,
        month_resets_at: to,
        last_charge_at: auto_pay.health.last_charge_at,
        // Also one that waits for the cardholder: there is one automatic charge at a time.
        charging: open.iter().any(|top_up| top_up.kind == TopUpKind::Auto),
    };
    let waits = |top_up: &&TopUp| top_up.kind == TopUpKind::Auto && top_up.status == TopUpStatus::ActionRequired;
    let waiting = open.iter().find(waits).map(|top_up| top_up.id.clone());
    Ok(Figures { situation, spent, waiting, pending, last_seq: wallet.last_seq })
}

/// What the settings ask for in this situation.
pub(crate) fn decide_plan(
    state: &AppState,
    organization: &Organization,
    settings: &Settings,
    situation: &Situation,
    now: Timestamp,
) -> Plan {
    plan_charge(settings, &state.config.limits(organization.currency), situation, now)
}

/// Looks at the wallet and writes a charge down if it is time. Harmless to repeat and to race: the charge is written down
/// only if nothing it was decided on has changed, and only if none is open.
#[tracing::instrument(level = "debug", skip_all, fields(organization = %organization_id))]
pub(crate) async fn consider_recharge(
    state: &AppState,
    organization_id: &OrganizationId,
) -> Result<Vec<Effect>, Problem> {
    // A few times at once, since stale figures mean only that somebody was faster; then it is the sweep's turn.
    for _ in 0..TRIES {
        if let Some(effects) = try_recharge(state, organization_id).await? {
            return Ok(effects);
        }
    }
    Ok(Vec::new())
}

/// `None`: something changed in between, so it has to be decided again.
async fn try_recharge(state: &AppState, organization_id: &OrganizationId) -> Result<Option<Vec<Effect>>, Problem> {
    let now = state.clock.now();
    let auto_pay = state.store.auto_pay(organization_id).await?;
    // Switched off: nothing else has to be read.
    let Some(settings) = auto_pay.settings.filter(|_| auto_pay.enabled) else { return Ok(Some(Vec::new())) };
    if auto_pay.health.rests(now) {
        return Ok(Some(Vec::new()));
    }
    let organization = state.store.organization(organization_id).await?;
    // Rests while the operator has the organization suspended, and for good when it is closed.
    if organization.status != OrganizationStatus::Active {
        return Ok(Some(Vec::new()));
    }
    let figures = read_figures(state, &organization, &auto_pay, now).await?;
    match decide_plan(state, &organization, &settings, &figures.situation, now) {
        // The card is looked up only when there is something to charge.
        Plan::Charge(amount) => match charged_card(state, &auto_pay).await? {
            Some(card) => create_charge(state, &auto_pay, &card, amount, now).await,
            None => pause_without_card(state, &auto_pay).await,
        },
        Plan::Wait => {
            // The pause is over, so what waited is not wanted any more.
            let waiting = figures.waiting.map(|top_up_id| {
                Effect::StartCharge(ChargeId { organization_id: organization_id.to_owned(), top_up_id })
            });
            Ok(Some(waiting.into_iter().collect()))
        }
        Plan::Rest | Plan::NotBefore(_) | Plan::Capped(_) => Ok(Some(Vec::new())),
    }
}

/// Another card is the default now: what was paused for want of a good card goes on with it, where no card was named.
/// A pause because the named card was removed stays: nobody has agreed to the default card in its place.
pub(crate) async fn resume_with_default_card(
    state: &AppState,
    organization_id: &OrganizationId,
) -> Result<(), Problem> {
    let present = state.store.auto_pay(organization_id).await?;
    let Some(resumed) = resumed_health(&present) else { return Ok(()) };
    match state.store.record_auto_pay_health(organization_id, &present.health, &resumed, state.clock.now()).await {
        // Stale: somebody else has just decided on it.
        Ok(()) | Err(StoreError::Stale) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Whether another default card ends the pause.
pub(crate) fn resumes_with_default_card(auto_pay: &AutoPay) -> bool {
    resumed_health(auto_pay).is_some()
}

fn resumed_health(auto_pay: &AutoPay) -> Option<Health> {
    // A named card was agreed to; the default one takes no part in that.
    let concerned = auto_pay.enabled && auto_pay.card_id.is_none();
    auto_pay.health.apply(HealthEvent::DefaultCardReplaced).filter(|_| concerned)
}

/// The card that was agreed to, else the default one.
/// See docs/decisions/0037-which-card-is-charged.md.
pub(crate) async fn charged_card(state: &AppState, auto_pay: &AutoPay) -> Result<Option<Card>, Problem> {
    let cards = state.store.cards(&auto_pay.organization_id).await?;
    Ok(cards.into_iter().find(|card| auto_pay.card_id.as_ref().map_or(card.is_default, |id| *id == card.id)))
}

async fn create_charge(
    state: &AppState,
    auto_pay: &AutoPay,
    card: &Card,
    amount: ChargeAmount,
    now: Timestamp,
) -> Result<Option<Vec<Effect>>, Problem> {
    let organization_id = &auto_pay.organization_id;
    let new = NewTopUp {
        id: state.new_id()?,
        amount: amount.money(),
        card_id: Some(card.id.clone()),
        requested_by: None,
        next_check_at: now.plus_seconds(HANDOVER_SECONDS),
    };
    // What the decision was made on; the store compares it under the lock. See
    // docs/decisions/0036-guard-automatic-charges.md.
    let guard = AutoGuard { version: auto_pay.version, last_charge_at: auto_pay.health.last_charge_at };
    match state.store.create_auto_top_up(organization_id, &new, &guard, now).await {
        Ok(Created::New(top_up)) => {
            tracing::info!(organization = %organization_id, top_up = %top_up.id, amount = %top_up.amount, "automatic top-up");
            Ok(Some(vec![
                Effect::publish(organization_id, Topic::TopUp(top_up.id.clone())),
                Effect::publish(organization_id, Topic::AutoPay),
                // After the commit, in a task of its own: the worker's turn does not wait for the bank.
                Effect::start_charge(&top_up),
            ]))
        }
        // One is open already: nothing to do.
        Ok(Created::Blocked | Created::Replay(_) | Created::Reused) => Ok(Some(Vec::new())),
        // The settings, their state, the last charge, the wallet or the card are other ones by now.
        Err(StoreError::Stale | StoreError::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn pause_without_card(state: &AppState, auto_pay: &AutoPay) -> Result<Option<Vec<Effect>>, Problem> {
    // Paused already, or resting for another reason.
    let Some(paused) = auto_pay.health.apply(HealthEvent::CardMissing) else { return Ok(Some(Vec::new())) };
    let now = state.clock.now();
    match state.store.record_auto_pay_health(&auto_pay.organization_id, &auto_pay.health, &paused, now).await {
        Ok(()) => Ok(Some(vec![Effect::publish(&auto_pay.organization_id, Topic::AutoPay)])),
        Err(StoreError::Stale) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
