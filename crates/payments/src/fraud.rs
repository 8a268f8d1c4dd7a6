//! Early fraud warnings: the card's bank says that a charge may not have been the cardholder's, before anybody disputes it.

use crate::charge::Reference;
use billing_domain::FraudWarningRef;

/// What the provider says about a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FraudWarning {
    /// The provider's name for it.
    pub provider_ref: FraudWarningRef,
    /// The charge that it is about, by our reference.
    pub charge: Reference,
    /// In the provider's words, such as `made_with_stolen_card`; may be empty.
    pub reason: String,
    /// Giving the money back would still spare a dispute.
    pub actionable: bool,
}
