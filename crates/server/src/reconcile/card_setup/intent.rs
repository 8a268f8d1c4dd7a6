//! What is kept of a request to connect a card before the provider is asked.

use billing_domain::CheckoutRef;
use billing_payments::{NextAction, SetupRequest};
use billing_store::{CardSetup, SetupStatus};
use serde::{Deserialize, Serialize};

/// The request, so that it can be repeated word for word, and what the person agreed to. Stored as JSON.
#[derive(Serialize, Deserialize)]
pub(crate) struct SetupIntent {
    /// What the provider is asked.
    pub(crate) request: SetupRequest,
    /// Which wording the person saw.
    pub(crate) consent: String,
    /// The card is entered on a page of the provider's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) page: Option<HostedPage>,
}

/// What is kept of such a page before it is opened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct HostedPage {
    /// Where the browser goes from there, whether the card was entered or not.
    pub(crate) return_address: String,
}

/// A page that is open at the provider.
pub(crate) struct OpenPage {
    /// The provider's name for it.
    pub(crate) page_ref: CheckoutRef,
    pub(crate) url: String,
}

/// Whether the card is entered on a page of the provider's own.
pub(crate) fn has_hosted_page(setup: &CardSetup) -> bool {
    serde_json::from_str::<SetupIntent>(&setup.request).is_ok_and(|intent| intent.page.is_some())
}

/// The page as far as it has been opened.
pub(crate) fn open_page(setup: &CardSetup) -> Option<OpenPage> {
    match serde_json::from_str(setup.next_action.as_deref()?).ok()? {
        NextAction::HostedPage { url, page_ref } => Some(OpenPage { page_ref, url }),
        NextAction::SandboxChallenge | NextAction::BrowserScript { .. } => None,
    }
}

/// The address to which a browser is sent while the page waits for a card.
pub(crate) fn page_address(setup: &CardSetup) -> Option<String> {
    open_page(setup).filter(|_| setup.status == SetupStatus::ActionRequired).map(|page| page.url)
}
