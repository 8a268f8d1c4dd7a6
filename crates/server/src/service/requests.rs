//! A member asks for funds, an admin answers: by a payment, which approves once it has arrived, or with a text. No
//! money moves here.

use billing_contract::ProblemCode;
use billing_contract::request::{CreateFundsRequest, FundsRequest, FundsRequestList, FundsRequestState};
use billing_domain::free_text::{FreeText, REQUEST_ANSWER, REQUEST_REASON};
use billing_domain::{FreeTextError, RequestId};
use billing_store::{Decision, NewRequest, StoreError};

use crate::events::Topic;
use crate::message::UserMessage;
use crate::problem::{Problem, field_error};
use crate::service::organizations::require_open;
use crate::service::sessions::SignedInMember;
use crate::state::AppState;
use crate::view::funds_request::map_funds_request;

/// As many as a page lists.
const LISTED: u32 = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Approve,
    Decline,
}

/// All of the organization for managers, one's own for members; newest first.
pub(crate) async fn list_requests(state: &AppState, member: &SignedInMember) -> Result<FundsRequestList, Problem> {
    // The store knows nothing of roles: the filter is set here.
    let own = (!member.role.manages_billing()).then_some(&member.user.id);
    let requests = state.store.requests(&member.organization.id, own, LISTED).await?;
    Ok(FundsRequestList {
        items: requests.into_iter().map(|one| map_funds_request(one, member.organization.currency)).collect(),
    })
}

/// Those that nobody has answered yet, newest first.
pub(crate) async fn open_requests(state: &AppState, member: &SignedInMember) -> Result<Vec<FundsRequest>, Problem> {
    let mut requests = list_requests(state, member).await?.items;
    requests.retain(|request| request.state == FundsRequestState::Open);
    Ok(requests)
}

/// One request; a member sees only one's own.
pub(crate) async fn get_request(
    state: &AppState,
    member: &SignedInMember,
    id: &RequestId,
) -> Result<FundsRequest, Problem> {
    let request = state.store.request(&member.organization.id, id).await?;
    if request.user_id == member.user.id || member.role.manages_billing() {
        Ok(map_funds_request(request, member.organization.currency))
    } else {
        // Not "forbidden": that would say that there is such a request.
        Err(Problem::not_found())
    }
}

/// Writes a request down and shows it to the managers.
pub(crate) async fn create_request(
    state: &AppState,
    member: &SignedInMember,
    form: &CreateFundsRequest,
) -> Result<FundsRequest, Problem> {
    require_open(&member.organization)?;
    let new = check_form(state, member, form)?;
    let organization_id = &member.organization.id;
    let created = state.store.create_request(organization_id, &new, &member.actor(), state.clock.now()).await;
    let request = created.map_err(|error| match error {
        StoreError::LimitReached(most) => Problem::new(ProblemCode::Conflict, UserMessage::request_limit_reached(most)),
        other => Problem::from(other),
    })?;
    state.events.publish(organization_id, Topic::Request(request.id.clone()));
    Ok(map_funds_request(request, member.organization.currency))
}

fn check_form(state: &AppState, member: &SignedInMember, form: &CreateFundsRequest) -> Result<NewRequest, Problem> {
    let mut errors = Vec::new();
    let mut wrong = |pointer: &str, code: &str, message: UserMessage| errors.push(field_error(pointer, code, message));
    let amount = state.config.limits(member.organization.currency).parse(form.amount.text());
    if let Err(error) = amount {
        wrong("/amount", error.code(), error.into());
    }
    let reason = FreeText::parse(REQUEST_REASON, &form.reason);
    if let Err(error) = reason {
        wrong("/reason", error.code(), error_sentence(error));
    }
    match (amount, reason) {
        (Ok(amount), Ok(reason)) => Ok(NewRequest {
            id: state.new_id()?,
            user_id: member.user.id.clone(),
            amount: amount.money(),
            reason: reason.into_string(),
        }),
        _ => Err(Problem::invalid(errors)),
    }
}

/// In the words of a request.
fn error_sentence(error: FreeTextError) -> UserMessage {
    match error {
        FreeTextError::Required => UserMessage::request_reason_missing(),
        FreeTextError::CardNumber => UserMessage::request_card_number(),
        FreeTextError::TooLong(_) | FreeTextError::Unprintable => error.into(),
    }
}

/// Answers an open request, once.
pub(crate) async fn answer_request(
    state: &AppState,
    member: &SignedInMember,
    id: &RequestId,
    verdict: Verdict,
    answer: Option<String>,
) -> Result<FundsRequest, Problem> {
    let answer = FreeText::parse(REQUEST_ANSWER, &answer.unwrap_or_default())
        .map_err(|error| Problem::field("/answer", error.code(), error_sentence(error)))?;
    // An empty answer is none.
    let answer = (!answer.is_empty()).then(|| answer.into_string());
    let organization_id = &member.organization.id;
    // No top-up: an approval by payment is written when the money arrives, see docs/decisions/0048-funds-requests.md.
    let decision =
        Decision { approved: verdict == Verdict::Approve, answer, decided_by: member.user.id.clone(), top_up_id: None };
    // The first answer counts; the second gets the answer that it came too late.
    let (by, now) = (member.actor(), state.clock.now());
    let decided = state.store.decide_request(organization_id, id, &decision, &by, now).await;
    let request = decided.map_err(|error| match error {
        StoreError::Stale => Problem::new(ProblemCode::Conflict, UserMessage::request_answered()),
        other => Problem::from(other),
    })?;
    state.events.publish(organization_id, Topic::Request(request.id.clone()));
    Ok(map_funds_request(request, member.organization.currency))
}
