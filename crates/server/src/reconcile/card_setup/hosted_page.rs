//! A card that is entered on a page of the provider's own, behind a payment link: the page is opened once, what was done
//! there is asked of the provider, and a page that nobody finishes is closed.

use billing_domain::SetupRef;
use billing_payments::{
    CheckoutPurpose, CheckoutRequest, NextAction, ProviderError, SetupAnswer, SetupOutcome, SetupRequest,
};
use billing_store::CardSetup;

use super::intent::{HostedPage, OpenPage, open_page};
use crate::state::AppState;

/// The longest that a page is open, should nobody close it before: it is given up earlier (`ABANDONED_SECONDS`), and a
/// provider wants half an hour at least from when it is asked for it.
const OPEN_SECONDS: i64 = 60 * 60;

/// Opens the page or asks what became of it; closes it first when it is given up.
pub(super) async fn ask_provider(
    state: &AppState,
    setup: &CardSetup,
    request: &SetupRequest,
    page: &HostedPage,
    given_up: bool,
) -> Result<SetupAnswer, ProviderError> {
    // What the row knows of the page; without it, the page is opened now, under the same reference.
    let known = open_page(setup);
    let is_new = known.is_none();
    let (opened, setup_ref) = match known {
        Some(opened) => (opened, setup.provider_ref.clone()),
        None => match create_page(state, setup, request, page).await {
            // Refused, so it was never opened.
            Err(ProviderError::Refused(_)) if given_up => return Ok(cancelled_answer(setup)),
            answer => answer?,
        },
    };
    if given_up {
        match state.provider.expire_checkout(&opened.page_ref).await {
            // Still open, so nothing has ended: asked again later.
            Err(ProviderError::Refused(reason)) => {
                tracing::error!(setup = %setup.id, reason, "the payment provider does not close a page");
                return Err(ProviderError::Busy);
            }
            closed => closed?,
        }
    }
    let waiting = |setup_ref: Option<SetupRef>| SetupAnswer {
        provider_ref: Some(setup_ref.unwrap_or_else(|| SetupRef::from_trusted(opened.page_ref.as_str()))),
        outcome: SetupOutcome::ActionRequired(NextAction::HostedPage {
            url: opened.url.clone(),
            page_ref: opened.page_ref.clone(),
        }),
    };
    // Just opened: nothing can have been done on it.
    if is_new && !given_up {
        return Ok(waiting(setup_ref));
    }
    match state.provider.look_up_setup(request, setup_ref.as_ref()).await? {
        Some(answer) if !matches!(answer.outcome, SetupOutcome::ActionRequired(_)) => Ok(answer),
        // On a page that is over nobody can do anything any more.
        _ if given_up => Ok(cancelled_answer(setup)),
        _ => Ok(waiting(setup_ref)),
    }
}

/// Once for a reference, however often it is called.
async fn create_page(
    state: &AppState,
    setup: &CardSetup,
    request: &SetupRequest,
    page: &HostedPage,
) -> Result<(OpenPage, Option<SetupRef>), ProviderError> {
    let request = CheckoutRequest {
        reference: request.reference.clone(),
        customer: request.customer.clone(),
        purpose: CheckoutPurpose::Connect,
        success_url: page.return_address.clone(),
        cancel_url: page.return_address.clone(),
        // From the beginning of the set-up, so that a repetition asks for the same page.
        expires_at: setup.created_at.plus_seconds(OPEN_SECONDS),
    };
    let opened = state.provider.create_checkout(&request).await?;
    Ok((OpenPage { page_ref: opened.provider_ref, url: opened.url }, opened.setup_ref))
}

fn cancelled_answer(setup: &CardSetup) -> SetupAnswer {
    SetupAnswer { provider_ref: setup.provider_ref.clone(), outcome: SetupOutcome::Cancelled }
}
