//! "May this start?": the status decides, then money is set aside for work that runs.

use billing_contract::ProblemCode;
use billing_contract::metering::{Authorization, Authorize};
use billing_domain::status::{OrganizationStatus, Refusal, WalletStatus};
use billing_domain::{HoldId, Money, OrganizationId, Timestamp, UsageKind};
use billing_store::{HoldRequest, NewHold, Payer, Release, Wallet};
use tokio::sync::oneshot;

use super::decimal_code;
use crate::auth::keys::KeyHolder;
use crate::config::Config;
use crate::events::Topic;
use crate::message::UserMessage;
use crate::problem::{Detail, Problem, field_error, general_error};
use crate::queue::authorizations::QueuedAuthorization;
use crate::queue::group::Enqueued;
use crate::service::policy::merge_policy;
use crate::service::{organization_refs, wallet};
use crate::state::AppState;

pub(crate) const MAX_TTL_SECONDS: i64 = 24 * 3600;
/// No single piece of work costs more; the figures stay far from the ends of their range.
const MAX_ESTIMATE: Money = Money::from_major(1_000_000_000);
/// When money is on its way, asking again after this helps.
const RETRY_SECONDS: i64 = 5;

/// `POST /metering/authorizations`.
///
/// The status decides first. Then the estimate is set aside, if the available amount stays at or above zero with it;
/// an inbound call in grace may take it down to the floor of grace. All of it is decided under the wallet's lock, for all
/// requests of a commit together: docs/decisions/0103-authorizations-read-nothing.md.
pub(crate) async fn authorize_work(
    state: &AppState,
    holder: &KeyHolder,
    form: &Authorize,
) -> Result<Authorization, Problem> {
    let answer = decide_authorization(state, holder, form).await?;
    let outcome = match &answer {
        Authorization::Allowed { .. } => "allowed",
        Authorization::Refused { reason, .. } => reason.as_str(),
    };
    // Counted by outcome, for the operator to see how much is refused.
    state.metrics.authorized(form.kind.as_str(), outcome);
    Ok(answer)
}

async fn decide_authorization(
    state: &AppState,
    holder: &KeyHolder,
    form: &Authorize,
) -> Result<Authorization, Problem> {
    let estimate = check_authorize(form)?;
    let organization_id = organization_refs::resolve_organization(state, holder, &form.organization_id).await?;
    tracing::Span::current().record("organization", tracing::field::display(&organization_id));
    let expires_at = state.clock.now().plus_seconds(form.ttl_seconds);
    let hold = NewHold { id: state.new_id()?, kind: form.kind, amount: estimate, expires_at };
    let wanted = HoldRequest { organization_id: organization_id.clone(), hold };
    match set_aside_together(state, wanted).await? {
        billing_store::Authorization::Granted { hold, floor, wallet } => {
            // After the commit: less is available for everybody who watches.
            publish_change(state, &organization_id);
            // What was available before this hold, down to the floor.
            let before = wallet.available().checked_add(hold.amount).and_then(|before| before.checked_sub(floor));
            Ok(Authorization::Allowed {
                allowed: true,
                hold_id: hold.id.into(),
                expires_at: hold.expires_at,
                max_amount: before.unwrap_or(hold.amount),
            })
        }
        billing_store::Authorization::Refused { reason, .. } => {
            refused_authorization(state, &organization_id, reason).await
        }
    }
}

/// How far down the hold may take the wallet, decided under the wallet's lock on what is there then.
fn admit_hold(
    config: &Config,
    payer: &Payer,
    wallet: &Wallet,
    kind: UsageKind,
    now: Timestamp,
) -> Result<Money, Refusal> {
    if payer.status != OrganizationStatus::Active {
        return Err(Refusal::Suspended);
    }
    // The status before the money: where it refuses, the money does not matter.
    let policy = merge_policy(config, wallet.currency, &payer.policy);
    let status = wallet::admission_status(wallet, &policy, now);
    status.admits(kind)?;
    Ok(match status {
        WalletStatus::Grace => policy.grace_floor(),
        _ => Money::ZERO,
    })
}

/// Sets the money aside in one transaction with other requests; the money stays held when this is dropped.
async fn set_aside_together(state: &AppState, wanted: HoldRequest) -> Result<billing_store::Authorization, Problem> {
    let (reply, answer) = oneshot::channel();
    let organization_id = wanted.organization_id.clone();
    // One transaction for many requests: docs/decisions/0004-group-commit.md.
    match state.authorizations.enqueue(&organization_id, 1, QueuedAuthorization { wanted, reply }) {
        Enqueued::Waiting => {}
        Enqueued::First(queue) => {
            let state = state.clone();
            // On the tracker, so that stopping waits for what was accepted.
            state.tasks.clone().spawn(async move { drain_queue(&state, queue).await });
        }
        Enqueued::Full(_) => {
            let detail = "More is asked than can be answered. Ask again.";
            return Err(Problem::retry_later(ProblemCode::Unavailable, Detail::general(detail), 1));
        }
    }
    answer.await.map_err(|_| Problem::internal("an authorization was broken off"))?
}

/// Answers until nobody waits any more.
async fn drain_queue(state: &AppState, queue: usize) {
    let task = state.authorizations.task(queue);
    loop {
        // Whoever has been answered may ask again, and whose request is there already is let in first: they share a commit.
        tokio::task::yield_now().await;
        let Some(asked) = task.take() else { break };
        let (wanted, replies): (Vec<_>, Vec<_>) = asked.into_iter().map(|one| (one.wanted, one.reply)).unzip();
        let now = state.clock.now();
        let admission =
            |payer: &Payer, wallet: &Wallet, kind: UsageKind| admit_hold(&state.config, payer, wallet, kind, now);
        match state.store.authorize_many(&wanted, &admission, now).await {
            Ok(answers) => {
                for (reply, answer) in replies.into_iter().zip(answers) {
                    // Whoever asked may have gone; the hold lapses by itself.
                    let _ = reply.send(answer.map_err(Problem::from));
                }
            }
            // Nothing was set aside for anybody.
            Err(error) => {
                let problem = Problem::from(error);
                for reply in replies {
                    let _ = reply.send(Err(problem.clone()));
                }
            }
        }
    }
}

fn check_authorize(form: &Authorize) -> Result<Money, Problem> {
    // Every wrong field at once.
    let mut errors = Vec::new();
    let estimate = form.estimate.text().parse::<Money>();
    match estimate {
        Ok(amount) if amount.is_negative() => {
            errors.push(general_error("/estimate", "negative", "must not be negative"));
        }
        Ok(amount) if amount > MAX_ESTIMATE => {
            errors.push(general_error("/estimate", "too_large", "this amount is too large"));
        }
        Ok(_) => {}
        Err(error) => errors.push(field_error("/estimate", decimal_code(error), UserMessage::from(error))),
    }
    if !(1..=MAX_TTL_SECONDS).contains(&form.ttl_seconds) {
        errors.push(general_error("/ttl_seconds", "out_of_range", format!("From 1 to {MAX_TTL_SECONDS} seconds.")));
    }
    match estimate {
        Ok(amount) if errors.is_empty() => Ok(amount),
        _ => Err(Problem::invalid(errors)),
    }
}

async fn refused_authorization(
    state: &AppState,
    organization_id: &OrganizationId,
    reason: Refusal,
) -> Result<Authorization, Problem> {
    let pending = state.store.pending_credit(organization_id).await?;
    // Money on its way makes it worth asking again; otherwise a person has to act.
    let retry_after_seconds = pending.in_flight.is_positive().then_some(RETRY_SECONDS);
    Ok(Authorization::Refused { allowed: false, reason, retry_after_seconds })
}

/// `POST /metering/authorizations/{id}/release`. Giving back what is given back already is fine.
pub(crate) async fn release_hold(state: &AppState, holder: &KeyHolder, hold_id: &HoldId) -> Result<(), Problem> {
    // A hold is found by its id alone; it must be of an organization that the key sees.
    if holder.organization_id().is_some() && !holder.sees(&state.store.hold(hold_id).await?.organization_id) {
        return Err(Problem::not_found());
    }
    if let Release::Released(wallet) = state.store.release_hold(hold_id, state.clock.now()).await? {
        // More is available: calls may start, and a low balance may be over.
        publish_change(state, &wallet.organization_id);
    }
    Ok(())
}

/// A hold was made or given back: less or more is available now.
fn publish_change(state: &AppState, organization_id: &OrganizationId) {
    state.events.publish(organization_id, Topic::Wallet);
    state.wake_queue.add(organization_id);
}

#[cfg(test)]
mod tests {
    use super::*;
    use billing_contract::Entered;

    #[test]
    fn an_estimate_is_a_plain_amount_for_a_limited_time() {
        let form = |estimate: &str, ttl_seconds| Authorize {
            organization_id: String::new(),
            kind: UsageKind::InboundCall,
            estimate: Entered(Some(estimate.to_owned())),
            ttl_seconds,
        };
        assert_eq!(check_authorize(&form("0.37", 86_400)).unwrap(), Money::from_micros(370_000));
        assert_eq!(check_authorize(&form("0", 1)).unwrap(), Money::ZERO);
        for (estimate, ttl_seconds) in
            [("-0.01", 60), ("1e3", 60), ("", 60), ("1", 0), ("1", 86_401), ("1", -5), ("1000000000.000001", 60)]
        {
            assert!(check_authorize(&form(estimate, ttl_seconds)).is_err(), "{estimate} for {ttl_seconds}");
        }
    }
}
