//! Giving a charge back to its card.

use billing_domain::{Currency, PaymentRef, RefundRef};
use serde::{Deserialize, Serialize};

use crate::charge::Reference;

/// Give back all or a part of a settled charge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRequest {
    /// Ours: the same reference never refunds twice.
    pub reference: Reference,
    /// The charge's reference, ours too.
    pub charge: Reference,
    /// The charge's name at the provider; without one there is nothing to give back.
    pub charge_provider_ref: Option<PaymentRef>,
    /// Minor units, positive; all refunds together never exceed the charge.
    pub amount_minor: i64,
    /// The charge's currency.
    pub currency: Currency,
}

/// What the provider says about a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundAnswer {
    /// The provider's name for it.
    pub provider_ref: RefundRef,
    /// What has become of the refund.
    pub outcome: RefundOutcome,
}

/// A refund that was made at the provider without us, such as in its dashboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalRefund {
    /// The provider's name for it.
    pub provider_ref: RefundRef,
    /// The charge that it gives back, by our reference.
    pub charge: Reference,
    /// Minor units (cents; whole yen), positive.
    pub amount_minor: i64,
    /// The charge's currency.
    pub currency: Currency,
    /// `duplicate`, `requested_by_customer` …; may be empty.
    pub reason: String,
    /// What has become of the refund.
    pub outcome: RefundOutcome,
}

/// The states of a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundOutcome {
    /// On its way to the card's bank; it may still fail.
    Pending,
    /// The card's bank has it.
    Succeeded,
    /// It did not happen: the money is still ours.
    Failed,
}
