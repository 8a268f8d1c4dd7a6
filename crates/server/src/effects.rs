//! What happens after a commit: the only place that reacts to what reconciliation and recharging return.

use std::collections::VecDeque;

use billing_domain::OrganizationId;
use billing_domain::charge::{TopUpKind, TopUpStatus};
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use crate::events::Topic;
use crate::problem::Problem;
use crate::recharge;
use crate::reconcile::{ChargeId, Effect, charge};
use crate::state::AppState;

/// Carries out effects in their order, and whatever follows from them. One that fails does not keep the others back; the
/// first problem is returned when all of them are done.
pub(crate) async fn run_effects(state: &AppState, effects: Vec<Effect>) -> Result<(), Problem> {
    // A queue instead of recursion: effects cause effects, and no future has to contain itself.
    let mut waiting = VecDeque::from(effects);
    let mut first_problem = None;
    while let Some(effect) = waiting.pop_front() {
        match run_effect(state, effect).await {
            // At once, as a call would: what follows from an effect comes before the next one.
            Ok(following) => following.into_iter().rev().for_each(|effect| waiting.push_front(effect)),
            Err(problem) => {
                // The first problem is the cause; what follows mostly comes of it.
                first_problem.get_or_insert(problem);
            }
        }
    }
    first_problem.map_or(Ok(()), Err)
}

async fn run_effect(state: &AppState, effect: Effect) -> Result<Vec<Effect>, Problem> {
    match effect {
        Effect::Publish(organization_id, topic) => state.events.publish(&organization_id, topic),
        Effect::WakeAutoPay(organization_id) => state.wake_queue.add(&organization_id),
        Effect::CountTopUp(top_up) => state.metrics.topped_up(top_up.kind.as_str(), top_up.status.as_str()),
        Effect::StartCharge(charge) => drop(spawn_charge(state, charge)),
        Effect::ReconcileCharge(ChargeId { organization_id, top_up_id }) => {
            // `None`: somebody else is at it and applies the answer.
            return Ok(charge::reconcile_charge(state, &organization_id, &top_up_id).await?.unwrap_or_default());
        }
        Effect::ReconcileWaitingCharges(organization_id) => {
            return Ok(waiting_charges(state, &organization_id).await);
        }
        Effect::ReviewAutoPay(organization_id) => return Ok(review_auto_pay(state, &organization_id).await),
        Effect::DefaultCardChanged(organization_id) => {
            recharge::resume_with_default_card(state, &organization_id).await?;
            // The pause is over: whether to charge is decided now.
            return Ok(vec![Effect::ReviewAutoPay(organization_id)]);
        }
        Effect::ForgetCard(card) => {
            // By us it can no longer be charged in any case, so this may fail.
            if let Err(error) = state.provider.forget_card(&card.organization_id, &card.card_ref).await {
                tracing::warn!(organization = %card.organization_id, %error, "the provider was not told that a card is gone");
            }
        }
    }
    Ok(Vec::new())
}

/// Reconciles a charge in a task of its own, which a dropped request does not stop.
/// See docs/decisions/0016-intent-before-charge.md.
pub(crate) fn spawn_charge(state: &AppState, charge: ChargeId) -> JoinHandle<()> {
    // On the tracker, so that stopping the server waits for a charge that is being made.
    let (state, tasks) = (state.clone(), state.tasks.clone());
    let span = tracing::info_span!("charge", organization = %charge.organization_id, top_up = %charge.top_up_id);
    let work = async move {
        if let Err(problem) = reconcile_charge(&state, &charge).await {
            // Still open in the database: the reconciliation worker goes on with it.
            tracing::warn!(
                top_up = %charge.top_up_id,
                problem = problem.document().detail,
                "a charge is not reconciled"
            );
        }
    };
    tasks.spawn(work.instrument(span))
}

async fn reconcile_charge(state: &AppState, charge: &ChargeId) -> Result<(), Problem> {
    let effects = charge::reconcile_charge(state, &charge.organization_id, &charge.top_up_id).await?;
    run_effects(state, effects.unwrap_or_default()).await
}

async fn waiting_charges(state: &AppState, organization_id: &OrganizationId) -> Vec<Effect> {
    let open = state.store.open_top_ups(organization_id).await.unwrap_or_else(|error| {
        // They are open in the database: the reconciliation worker closes what is not wanted any more.
        tracing::warn!(organization = %organization_id, %error, "charges that wait for the cardholder");
        Vec::new()
    });
    let waits = open.iter().filter(|one| one.kind == TopUpKind::Auto && one.status == TopUpStatus::ActionRequired);
    waits.map(Effect::start_charge).collect()
}

/// Decides at once, so that the answer to the change already shows a charge that begins.
async fn review_auto_pay(state: &AppState, organization_id: &OrganizationId) -> Vec<Effect> {
    let mut following = recharge::consider_recharge(state, organization_id).await.unwrap_or_else(|problem| {
        // The change itself is committed; the worker will look again.
        tracing::warn!(organization = %organization_id, problem = problem.document().detail, "automatic payments");
        Vec::new()
    });
    // Whatever was decided: a charge that waited may not be wanted any more.
    following.push(Effect::ReconcileWaitingCharges(organization_id.to_owned()));
    following.push(Effect::publish(organization_id, Topic::AutoPay));
    following
}
