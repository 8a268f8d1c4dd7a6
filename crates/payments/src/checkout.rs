//! A page of the provider's own where somebody without an account connects a card or pays.

use billing_domain::{CheckoutRef, Currency, OrganizationId, SetupRef, Timestamp};

use crate::charge::Reference;

/// Open such a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckoutRequest {
    /// Ours: of the set-up or of the charge that comes of it. What became of that is asked with the look-ups of set-ups
    /// and charges, never of the page.
    pub reference: Reference,
    /// The organization's id; a provider keys its customer objects by it.
    pub customer: OrganizationId,
    /// What is done there.
    pub purpose: CheckoutPurpose,
    /// Where the browser goes afterwards. It proves nothing.
    pub success_url: String,
    /// Where the browser goes when the person gives up.
    pub cancel_url: String,
    /// Nothing can be done there afterwards; 30 minutes to 24 hours from now.
    pub expires_at: Timestamp,
}

/// What is done on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckoutPurpose {
    /// Connect a card for later charges.
    Connect,
    /// Pay exactly this amount.
    Pay {
        /// Minor units (cents; whole yen), positive.
        amount_minor: i64,
        /// The wallet's currency.
        currency: Currency,
        /// What the page says is paid for.
        description: String,
        /// The card may be charged later too.
        connects: bool,
    },
}

/// A page that is open at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// The provider's name for it.
    pub provider_ref: CheckoutRef,
    /// The provider's name for the set-up that the page finishes, once there is one.
    pub setup_ref: Option<SetupRef>,
    /// Where to send the browser.
    pub url: String,
}
