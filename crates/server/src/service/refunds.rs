//! Refunds: the wallet is debited first, then the provider is asked until its truth is known; what fails comes back.

use std::collections::BTreeMap;

use billing_contract::ProblemCode;
use billing_contract::refund::{CreateRefund, Refund as Shown};
use billing_domain::card::brand_name;
use billing_domain::charge::RefundStatus;
use billing_domain::free_text::{FreeText, REFUND_REASON};
use billing_domain::limits::AmountError;
use billing_domain::{Currency, Money, Timestamp};
use billing_payments::{ProviderError, Reference, RefundOutcome, RefundRequest, Subject};
use billing_store::{
    Created, CreditLine, EarlyKind, ExternalRefund, IdempotencyKey, NewRefund, Organization, Refund, RefundMaker,
    RefundRefusal, RefundWord, StoreError, TopUp,
};

use crate::events::Topic;
use crate::problem::Problem;
use crate::reconcile::charge::{self, PATIENCE};
use crate::service::top_ups::fingerprint;
use crate::service::{auto_pay, early_events, webhooks};
use crate::state::AppState;

/// Longer than any call to the provider takes.
const LEASE_SECONDS: i64 = 60;
/// A refund made at the provider is asked about this often until it is final; its events come sooner.
const EXTERNAL_CHECK_SECONDS: i64 = 3_600;
/// Who gave the money back, where it was not the operator's program.
const PROVIDER: &str = "Payment provider";

/// `POST /refunds`: the refund, and whether this key had made it before.
/// See docs/decisions/0022-debit-refunds-first.md.
pub(crate) async fn create(state: &AppState, key: String, form: &CreateRefund) -> Result<(Shown, bool), Problem> {
    let reason = FreeText::parse(REFUND_REASON, form.reason.as_deref().unwrap_or_default())
        .map_err(|error| Problem::text("/reason", error))?
        .into_string();
    let organization = state.store.organization(&form.organization_id).await?;
    let amount = form.amount.as_ref().map(|amount| {
        Money::parse_payable(amount.text(), organization.currency).map_err(|error| {
            let error = AmountError::of(error, organization.currency);
            Problem::field("/amount", error.code(), error.to_string())
        })
    });
    let amount = amount.transpose()?;
    if amount.is_some_and(|amount| !amount.is_positive()) {
        return Err(Problem::field("/amount", "below_minimum", "A refund is more than zero."));
    }
    let top_up = state.store.top_up(&organization.id, &form.top_up_id).await?;
    let now = state.clock.now();
    let new = NewRefund {
        id: state.new_id()?,
        top_up_id: top_up.id.clone(),
        amount,
        reason: reason.clone(),
        next_check_at: now.plus_seconds(LEASE_SECONDS),
    };
    let said = amount.map(|amount| amount.to_string()).unwrap_or_default();
    let key = IdempotencyKey { key, fingerprint: fingerprint(&["POST /refunds", &top_up.id, &said, &reason]) };
    let debit = words(state, &organization, &top_up, "Refund of", &reason, now)?;
    match state.store.create_refund(&organization.id, &new, &debit, &key, now).await? {
        Ok(Created::New(refund)) => {
            tell(state, &organization.id);
            let (task_state, id) = (state.clone(), refund.id.clone());
            let task = state.tasks.spawn(async move {
                if let Err(problem) = drive(&task_state, Some(&id), 1).await {
                    tracing::warn!(refund = id, problem = problem.document().detail, "a refund could not be driven on");
                }
            });
            // Late or failed: the row says how it stands, and the reconciler goes on with it.
            let _ = tokio::time::timeout(PATIENCE, task).await;
            Ok((show(state.store.refund(&refund.id).await?), false))
        }
        Ok(Created::Replay(refund)) => Ok((show(refund), true)),
        Ok(Created::Reused | Created::Blocked) => Err(Problem::new(
            ProblemCode::IdempotencyKeyReused,
            "This idempotency key was used for another request. Use a new key for a new refund.",
        )),
        Err(refusal) => Err(refused(refusal, organization.currency)),
    }
}

/// `GET /refunds/{id}`.
pub(crate) async fn get(state: &AppState, id: &str) -> Result<Shown, Problem> {
    Ok(show(state.store.refund(id).await?))
}

/// Asks the provider about refunds that are due, or about one; takes its word. How many were asked about: those that
/// somebody else is at, and final ones, are not.
pub(crate) async fn drive(state: &AppState, id: Option<&str>, limit: u32) -> Result<usize, Problem> {
    let (owner, now) = (state.new_id()?, state.clock.now());
    let due = state.store.lease_refunds(&owner, now.plus_seconds(LEASE_SECONDS), now, id, limit).await?;
    let asked = due.len();
    for refund in due {
        if let Err(problem) = drive_leased(state, &refund).await {
            tracing::warn!(refund = refund.id, problem = problem.document().detail, "a refund could not be driven on");
        }
    }
    Ok(asked)
}

/// Asks about a refund that somebody made at the provider, and takes its word. One of no charge of ours is no concern.
pub(crate) async fn look_up_external(state: &AppState, provider_ref: &str) -> Result<(), Problem> {
    let answer = state.provider.look_up_external_refund(provider_ref).await.map_err(|error| {
        tracing::warn!(refund = provider_ref, %error, "a refund could not be looked up");
        Problem::retry_later(ProblemCode::Unavailable, "The payment provider does not answer. Send it again.", 30)
    })?;
    let Some(answer) = answer else { return Ok(()) };
    let Some(Subject::TopUp { id, .. }) = answer.charge.subject() else { return Ok(()) };
    let Some(organization_id) = state.store.top_up_owner(id).await? else {
        return early_events::keep(state, EarlyKind::Refund, provider_ref, id).await;
    };
    // The charge must be in the ledger before it is given back.
    webhooks::look_up_top_up(state, id).await?;
    let organization = state.store.organization(&organization_id).await?;
    let top_up = state.store.top_up(&organization_id, id).await?;
    let now = state.clock.now();
    let word = ExternalRefund {
        id: state.new_id()?,
        top_up_id: top_up.id.clone(),
        amount: Money::from_minor(answer.amount_minor, answer.currency).ok_or(StoreError::Overflow)?,
        currency: answer.currency,
        reason: answer.reason.clone(),
        provider_ref: answer.provider_ref.clone(),
        status: status_of(answer.outcome),
        next_check_at: now.plus_seconds(EXTERNAL_CHECK_SECONDS),
    };
    let words = |what: &str| {
        let words = words(state, &organization, &top_up, what, &answer.reason, now)?;
        Ok::<_, Problem>(CreditLine { source: PROVIDER.to_owned(), ..words })
    };
    let (debit, back) = (words("Refund of")?, words("Failed refund of")?);
    let applied = state.store.apply_external_refund(&organization_id, &word, &debit, &back, now).await?;
    if applied.is_some_and(|(_, changed)| changed) {
        tell(state, &organization_id);
    }
    Ok(())
}

const fn status_of(outcome: RefundOutcome) -> RefundStatus {
    match outcome {
        RefundOutcome::Pending => RefundStatus::Processing,
        RefundOutcome::Succeeded => RefundStatus::Succeeded,
        RefundOutcome::Failed => RefundStatus::Failed,
    }
}

async fn drive_leased(state: &AppState, refund: &Refund) -> Result<(), Problem> {
    let organization = state.store.organization(&refund.organization_id).await?;
    let top_up = state.store.top_up(&organization.id, &refund.top_up_id).await?;
    let request = RefundRequest {
        reference: Reference::refund(&refund.id, 1),
        charge: charge::reference(&top_up),
        charge_provider_ref: top_up.provider_ref.clone().unwrap_or_default(),
        amount_minor: refund.amount.to_minor_exact(refund.currency).unwrap_or_default(),
        currency: refund.currency,
    };
    if refund.made_by == RefundMaker::Provider {
        // Asking for it under a reference of ours would give the money back again.
        return look_up_external(state, refund.provider_ref.as_deref().unwrap_or_default()).await;
    }
    // The reference makes a repetition answer what became of the first.
    let heard = match state.provider.refund(&request).await {
        // Refused now; an earlier call, whose answer was lost, may have gone through.
        Err(ProviderError::Refused(reason)) => match state.provider.look_up_refund(&request).await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => {
                tracing::error!(refund = refund.id, reason, "the payment provider refuses a refund");
                Err(RefundStatus::Failed)
            }
            Err(_) => Err(RefundStatus::Unknown),
        },
        Ok(answer) => Ok(answer),
        Err(_) => Err(RefundStatus::Unknown),
    };
    let now = state.clock.now();
    let (status, provider_ref) = match heard {
        Ok(answer) => (status_of(answer.outcome), Some(answer.provider_ref)),
        Err(status) => (status, None),
    };
    let word = RefundWord { status, provider_ref, next_check_at: charge::ask_again(now, 10, refund.checks) };
    let back = words(state, &organization, &top_up, "Failed refund of", &refund.reason, now)?;
    let (_, changed) = state.store.apply_refund(&organization.id, &refund.id, &word, &back, now).await?;
    if changed {
        tell(state, &organization.id);
    }
    Ok(())
}

/// The balance is another one, and automatic payments may wait.
fn tell(state: &AppState, organization_id: &str) {
    state.events.publish(organization_id, Topic::Ledger);
    state.events.publish(organization_id, Topic::AutoPay);
    auto_pay::wake(state, organization_id);
}

/// `Refund of top-up with Visa •• 4242`.
fn words(
    state: &AppState,
    organization: &Organization,
    top_up: &TopUp,
    what: &str,
    reason: &str,
    now: Timestamp,
) -> Result<CreditLine, Problem> {
    let mut details = BTreeMap::from([("top_up".to_owned(), top_up.id.clone())]);
    if !reason.is_empty() {
        details.insert("reason".to_owned(), reason.to_owned());
    }
    Ok(CreditLine {
        id: state.new_id()?,
        day: charge::day(organization, now),
        description: format!("{what} top-up with {} •• {}", brand_name(&top_up.card_brand), top_up.card_last4),
        source: "Operator".to_owned(),
        details,
    })
}

fn refused(refusal: RefundRefusal, currency: Currency) -> Problem {
    match refusal {
        RefundRefusal::NotPaid => Problem::new(ProblemCode::Conflict, "Only a top-up that was paid can be refunded."),
        RefundRefusal::MoreThanPaid(left) => Problem::field(
            "/amount",
            "more_than_paid",
            format!(
                "Of this top-up {} was paid and neither given back nor taken back yet. Refund no more than that.",
                left.priced(currency)
            ),
        ),
        RefundRefusal::MoreThanUnspent(available) => Problem::field(
            "/amount",
            "more_than_unspent",
            format!(
                "Only {} of the wallet is neither spent nor held. Refund no more than that.",
                available.priced(currency)
            ),
        ),
    }
}

fn show(refund: Refund) -> Shown {
    Shown {
        id: refund.id,
        top_up_id: refund.top_up_id,
        status: refund.status,
        amount: refund.amount,
        currency: refund.currency,
        reason: refund.reason,
        created_at: refund.created_at,
        settled_at: refund.settled_at,
    }
}
