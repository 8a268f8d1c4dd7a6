//! Refunds: the wallet is debited first, then the provider is asked until its truth is known; what fails comes back.

use billing_contract::ProblemCode;
use billing_contract::refund::{CreateRefund, Refund as RefundView};
use billing_domain::free_text::{FreeText, REFUND_REASON};
use billing_domain::limits::AmountError;
use billing_domain::{Currency, Money, RefundId};
use billing_store::{Created, IdempotencyKey, NewRefund, Refund, RefundMaker, RefundRefusal};

use crate::auth::keys::KeyHolder;
use crate::deadlines::OUTCOME_PATIENCE;
use crate::effects::run_effects;
use crate::message::UserMessage;
use crate::problem::{Detail, Problem};
use crate::reconcile::refund::{
    REFUND_LEASE_SECONDS, lease_due_refunds, reconcile_refund, refund_effects, refund_line,
};
use crate::service::fingerprint::request_fingerprint;
use crate::service::{organization_refs, provider_objects};
use crate::state::AppState;
use crate::view::refund::map_refund;

/// `POST /refunds`: the refund, and whether this key had made it before.
/// See docs/decisions/0022-debit-refunds-first.md.
pub(crate) async fn create_refund(
    state: &AppState,
    holder: &KeyHolder,
    key: String,
    form: &CreateRefund,
) -> Result<(RefundView, bool), Problem> {
    let reason = FreeText::parse(REFUND_REASON, form.reason.as_deref().unwrap_or_default())
        .map_err(|error| Problem::text("/reason", error))?
        .into_string();
    let organization = organization_refs::get_organization(&state.store, holder, &form.organization_id).await?;
    let amount = form.amount.as_ref().map(|amount| {
        Money::parse_payable(amount.text(), organization.currency).map_err(|error| {
            let error = AmountError::of(error, organization.currency);
            Problem::field("/amount", error.code(), UserMessage::from(error))
        })
    });
    let amount = amount.transpose()?;
    // Zero is no refund, and a negative one would take money from the card.
    if amount.is_some_and(|amount| !amount.is_positive()) {
        return Err(Problem::field("/amount", "below_minimum", Detail::general("A refund is more than zero.")));
    }
    let top_up_id = form.top_up_id.parse().map_err(|_| Problem::not_found())?;
    let top_up = state.store.top_up(&organization.id, &top_up_id).await?;
    let now = state.clock.now();
    let new = NewRefund {
        id: state.new_id()?,
        top_up_id: top_up.id.clone(),
        amount,
        reason: reason.clone(),
        next_check_at: now.plus_seconds(REFUND_LEASE_SECONDS),
    };
    let said = amount.map(|amount| amount.to_string()).unwrap_or_default();
    let key = IdempotencyKey {
        key,
        fingerprint: request_fingerprint(&["POST /refunds", top_up.id.as_str(), &said, &reason]),
    };
    let debit = refund_line(state, &organization, &top_up, UserMessage::ledger_refund, &reason, now)?;
    match state.store.create_refund(&organization.id, &new, &debit, &key, &holder.actor(), now).await? {
        Ok(Created::New(refund)) => {
            // The debit is committed, so those who watch see it before the provider has answered.
            run_effects(state, refund_effects(&organization.id)).await?;
            let (task_state, id) = (state.clone(), refund.id.clone());
            let task = state.tasks.spawn(async move {
                if let Err(problem) = reconcile_due(&task_state, Some(&id), 1).await {
                    tracing::warn!(refund = %id, problem = problem.document().detail, "a refund is not reconciled");
                }
            });
            // Late or failed: the row says how it stands, and the reconciler goes on with it.
            let _ = tokio::time::timeout(OUTCOME_PATIENCE, task).await;
            Ok((map_refund(state.store.refund(&refund.id).await?), false))
        }
        Ok(Created::Replay(refund)) => Ok((map_refund(refund), true)),
        Ok(Created::Reused | Created::Blocked) => Err(Problem::new(
            ProblemCode::IdempotencyKeyReused,
            Detail::general("This idempotency key was used for another request. Use a new key for a new refund."),
        )),
        Err(refusal) => Err(refusal_problem(refusal, organization.currency)),
    }
}

pub(crate) async fn get_refund(state: &AppState, holder: &KeyHolder, id: &RefundId) -> Result<RefundView, Problem> {
    let refund = state.store.refund(id).await?;
    if holder.sees(&refund.organization_id) { Ok(map_refund(refund)) } else { Err(Problem::not_found()) }
}

/// Asks the provider about refunds that are due, or about one; applies its answers. How many were asked about: those that
/// somebody else is at, and final ones, are not.
pub(crate) async fn reconcile_due(state: &AppState, id: Option<&RefundId>, limit: u32) -> Result<usize, Problem> {
    let due = lease_due_refunds(state, id, limit).await?;
    for refund in &due {
        if let Err(problem) = reconcile_leased(state, refund).await {
            tracing::warn!(refund = %refund.id, problem = problem.document().detail, "a refund is not reconciled");
        }
    }
    Ok(due.len())
}

async fn reconcile_leased(state: &AppState, refund: &Refund) -> Result<(), Problem> {
    if refund.made_by == RefundMaker::Provider {
        // Asking for it under a reference of ours would give the money back again.
        return match &refund.provider_ref {
            Some(provider_ref) => provider_objects::look_up_refund(state, provider_ref).await,
            None => Err(Problem::internal(format!("refund {} was made at the provider under no name", refund.id))),
        };
    }
    run_effects(state, reconcile_refund(state, refund).await?).await
}

fn refusal_problem(refusal: RefundRefusal, currency: Currency) -> Problem {
    match refusal {
        RefundRefusal::NotPaid => {
            Problem::new(ProblemCode::Conflict, Detail::general("Only a top-up that was paid can be refunded."))
        }
        RefundRefusal::MoreThanPaid(left) => Problem::field(
            "/amount",
            "more_than_paid",
            Detail::general(format!(
                "Of this top-up {} was paid and neither given back nor taken back yet. Refund no more than that.",
                left.priced(currency)
            )),
        ),
        RefundRefusal::MoreThanUnspent(available) => Problem::field(
            "/amount",
            "more_than_unspent",
            Detail::general(format!(
                "Only {} of the wallet is neither spent nor held. Refund no more than that.",
                available.priced(currency)
            )),
        ),
    }
}
