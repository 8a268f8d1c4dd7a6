//! Credit that the operator's programs give, corrections of a balance, and credit that has ended.

use billing_contract::ProblemCode;
use billing_contract::credit::CreateCredit;
use billing_contract::transaction::Transaction;
use billing_domain::free_text::{CREDIT_REASON, FreeText};
use billing_domain::kind::CreditKind;
use billing_domain::limits::AmountError;
use billing_domain::{Currency, Money, TextMap, Timestamp};
use billing_store::{
    Actor, Created, CreditLine, CreditRefusal, DueCredit, IdempotencyKey, NewCredit, Organization, SettledCredit,
};

use crate::auth::keys::KeyHolder;
use crate::message::UserMessage;
use crate::problem::{Detail, Problem, field_error, general_error, text_error};
use crate::reconcile::organization_day;
use crate::service::fingerprint::request_fingerprint;
use crate::service::organization_refs;
use crate::service::organizations::closed_organization;
use crate::service::postings::publish_posting;
use crate::state::AppState;
use crate::view::transaction::map_transaction;

/// Credits that one turn of the worker settles.
const AT_ONCE: u32 = 100;

/// `POST /organizations/{id}/credits`: the line, and whether this key had posted it before.
/// See docs/decisions/0089-credits-and-corrections.md.
pub(crate) async fn give_credit(
    state: &AppState,
    holder: &KeyHolder,
    key: String,
    named: &str,
    form: &CreateCredit,
) -> Result<(Transaction, bool), Problem> {
    let organization = organization_refs::get_organization(&state.store, holder, named).await?;
    let now = state.clock.now();
    let new = check_form(state, &organization, form, now)?;
    let ends = new.expires_at.map(|at| at.to_string());
    let amount = new.amount.to_string();
    let mut used_for = vec!["POST credits", new.kind.as_str(), &amount, &new.line.description];
    used_for.extend(ends.as_deref());
    let key = IdempotencyKey { key, fingerprint: request_fingerprint(&used_for) };
    match state.store.post_credit(&organization.id, &new, &key, &holder.actor(), now).await? {
        Ok(Created::New(line)) => {
            publish_posting(state, &organization.id);
            Ok((map_transaction(line), false))
        }
        Ok(Created::Replay(line)) => Ok((map_transaction(line), true)),
        Ok(Created::Reused | Created::Blocked) => Err(Problem::new(
            ProblemCode::IdempotencyKeyReused,
            Detail::general("This idempotency key was used for another request. Use a new key for another credit."),
        )),
        Err(CreditRefusal::Closed) => Err(closed_organization()),
        Err(CreditRefusal::MoreThanUnspent(available)) => Err(Problem::field(
            "/amount",
            "more_than_unspent",
            Detail::general(format!(
                "Only {} of the wallet is neither spent nor held. Take out no more than that.",
                available.at_least(Money::ZERO).priced(organization.currency)
            )),
        )),
    }
}

fn check_form(
    state: &AppState,
    organization: &Organization,
    form: &CreateCredit,
    now: Timestamp,
) -> Result<NewCredit, Problem> {
    let mut errors = Vec::new();
    let reason = FreeText::parse(CREDIT_REASON, &form.reason).unwrap_or_else(|error| {
        errors.push(text_error("/reason", error));
        FreeText::default()
    });
    let amount = check_amount(form, organization.currency).unwrap_or_else(|error| {
        errors.push(error);
        Money::ZERO
    });
    match form.expires_at {
        Some(_) if form.kind != CreditKind::Promo => {
            errors.push(general_error("/expires_at", "not_allowed", "Only a promo ends; an adjustment stays."));
        }
        Some(at) if at <= now => errors.push(general_error("/expires_at", "past", "This time is over.")),
        _ => {}
    }
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let ends = form.expires_at.map(|at| ("expires_at".to_owned(), at.to_string()));
    let line = CreditLine {
        id: state.new_id()?,
        day: organization_day(organization, now),
        description: reason.into_string(),
        source: UserMessage::source_operator().english(),
        details: ends.into_iter().collect(),
    };
    Ok(NewCredit { kind: form.kind, amount, line, expires_at: form.expires_at })
}

fn check_amount(form: &CreateCredit, currency: Currency) -> Result<Money, billing_contract::FieldError> {
    let amount = Money::parse_payable(form.amount.text(), currency).map_err(|error| {
        let error = AmountError::of(error, currency);
        field_error("/amount", error.code(), UserMessage::from(error))
    })?;
    match form.kind {
        CreditKind::Promo if !amount.is_positive() => Err(general_error(
            "/amount",
            "below_minimum",
            "A promo is more than zero. Take money out by an adjustment.",
        )),
        CreditKind::Adjustment if amount.is_zero() => {
            Err(general_error("/amount", "below_minimum", "An adjustment is more or less than zero."))
        }
        CreditKind::Promo | CreditKind::Adjustment => Ok(amount),
    }
}

/// Takes back what is left of credits that are over; whether there may be more of them.
/// See docs/decisions/0090-expiring-credit.md.
pub(crate) async fn settle_due_credits(state: &AppState) -> Result<bool, Problem> {
    let due = state.store.due_credits(state.clock.now(), AT_ONCE).await?;
    let mut settled = 0;
    for credit in &due {
        match settle_credit(state, credit).await {
            Ok(()) => settled += 1,
            // One organization's damaged row must not hold up the others.
            Err(problem) => {
                let organization = &credit.organization_id;
                tracing::warn!(%organization, seq = credit.seq, problem = problem.document().detail, "credit that is over");
            }
        }
    }
    // Without any progress the next turn would be the same one.
    Ok(settled > 0 && due.len() >= AT_ONCE as usize)
}

async fn settle_credit(state: &AppState, due: &DueCredit) -> Result<(), Problem> {
    let organization = state.store.organization(&due.organization_id).await?;
    let given = state.store.line(&organization.id, due.seq).await?.ok_or_else(Problem::not_found)?;
    let now = state.clock.now();
    let line = CreditLine {
        id: state.new_id()?,
        day: organization_day(&organization, now),
        description: UserMessage::ledger_credit_expired().english(),
        source: UserMessage::source_operator().english(),
        details: TextMap::from([("reason".to_owned(), given.line.description)]),
    };
    match state.store.settle_credit(due, &line, &Actor::system("credits"), now).await? {
        SettledCredit::TakenBack(_) => publish_posting(state, &organization.id),
        SettledCredit::UsedUp | SettledCredit::NotDue => {}
    }
    Ok(())
}
