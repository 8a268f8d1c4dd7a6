//! A card that is entered on a page of the provider's own, behind a hand-over link: the page is opened once, what was done
//! there is asked of the provider, and a page that nobody finishes is closed.

use billing_payments::{
    CheckoutPurpose, CheckoutRequest, NextAction, ProviderError, SetupAnswer, SetupOutcome, SetupRequest,
};
use billing_store::{CardSetup, SetupStatus};
use serde::{Deserialize, Serialize};

use crate::problem::Problem;
use crate::service::cards::{Asked, drive_to};
use crate::state::AppState;

/// The longest that a page is open, should nobody close it before: it is given up earlier (`ABANDONED_SECONDS`), and a
/// provider wants half an hour at least from when it hears of it.
const OPEN_SECONDS: i64 = 60 * 60;

/// What is kept of such a page before it is opened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Page {
    /// Where the browser goes from there, whether the card was entered or not.
    pub(crate) return_address: String,
}

struct Opened {
    page_ref: String,
    url: String,
}

/// Whether a set-up is done on such a page.
pub(crate) fn is_page(setup: &CardSetup) -> bool {
    serde_json::from_str::<Asked>(&setup.request).is_ok_and(|asked| asked.page.is_some())
}

/// The address of the open page.
pub(crate) fn shown(setup: &CardSetup) -> Option<String> {
    opened(setup).filter(|_| setup.status == SetupStatus::ActionRequired).map(|page| page.url)
}

/// Closes the page of a set-up, if it has one; what was finished there before counts.
pub(crate) async fn close(state: &AppState, setup: &CardSetup) -> Result<(), Problem> {
    if is_page(setup) { drive_to(state, setup, true).await } else { Ok(()) }
}

fn opened(setup: &CardSetup) -> Option<Opened> {
    match serde_json::from_str(setup.next_action.as_deref()?).ok()? {
        NextAction::HostedPage { url, page_ref } => Some(Opened { page_ref, url }),
        NextAction::SandboxChallenge | NextAction::BrowserScript { .. } => None,
    }
}

/// Opens the page or asks what became of it; closes it first when it is given up.
pub(crate) async fn ask(
    state: &AppState,
    setup: &CardSetup,
    request: &SetupRequest,
    page: &Page,
    given_up: bool,
) -> Result<SetupAnswer, ProviderError> {
    let known = opened(setup);
    let is_new = known.is_none();
    let (opened, setup_ref) = match known {
        Some(opened) => (opened, setup.provider_ref.clone()),
        None => match open(state, setup, request, page).await {
            // Refused, so it was never opened.
            Err(ProviderError::Refused(_)) if given_up => return Ok(ended(setup)),
            answer => answer?,
        },
    };
    if given_up {
        match state.provider.expire_checkout(&opened.page_ref).await {
            // Still open, so nothing has ended: asked again later.
            Err(ProviderError::Refused(reason)) => {
                tracing::error!(setup = setup.id, reason, "the payment provider does not close a page");
                return Err(ProviderError::Busy);
            }
            closed => closed?,
        }
    }
    let waiting = |setup_ref: Option<String>| SetupAnswer {
        provider_ref: setup_ref.unwrap_or_else(|| opened.page_ref.clone()),
        outcome: SetupOutcome::ActionRequired(NextAction::HostedPage {
            url: opened.url.clone(),
            page_ref: opened.page_ref.clone(),
        }),
    };
    if is_new && !given_up {
        return Ok(waiting(setup_ref));
    }
    match state.provider.look_up_setup(request, setup_ref.as_deref()).await? {
        Some(answer) if !matches!(answer.outcome, SetupOutcome::ActionRequired(_)) => Ok(answer),
        // On a page that is over nobody can do anything any more.
        _ if given_up => Ok(ended(setup)),
        _ => Ok(waiting(setup_ref)),
    }
}

/// Once for a reference, however often it is called.
async fn open(
    state: &AppState,
    setup: &CardSetup,
    request: &SetupRequest,
    page: &Page,
) -> Result<(Opened, Option<String>), ProviderError> {
    let request = CheckoutRequest {
        reference: request.reference.clone(),
        customer: request.customer.clone(),
        purpose: CheckoutPurpose::Connect,
        success_url: page.return_address.clone(),
        cancel_url: page.return_address.clone(),
        expires_at: setup.created_at.plus_seconds(OPEN_SECONDS),
    };
    let opened = state.provider.create_checkout(&request).await?;
    Ok((Opened { page_ref: opened.provider_ref, url: opened.url }, opened.setup_ref))
}

fn ended(setup: &CardSetup) -> SetupAnswer {
    SetupAnswer { provider_ref: setup.provider_ref.clone().unwrap_or_default(), outcome: SetupOutcome::Cancelled }
}
