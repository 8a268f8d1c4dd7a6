//! Disputes: the cardholder's bank takes a settled charge back.

use billing_domain::{Currency, DisputeRef};

use crate::charge::Reference;

/// What the provider says about a dispute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeAnswer {
    /// The provider's name for it.
    pub provider_ref: DisputeRef,
    /// The disputed charge, by our reference.
    pub charge: Reference,
    /// What is taken, minor units, positive; it can differ from the charge.
    pub amount_minor: i64,
    /// The currency of `amount_minor`; it may differ from the charge's.
    pub currency: Currency,
    /// In the provider's words: `fraudulent`, `product_not_received` …
    pub reason: String,
    /// Where the money is.
    pub outcome: DisputeOutcome,
}

/// Where the money of a dispute is. It only ever moves down this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DisputeOutcome {
    /// An inquiry, or a dispute whose money was not taken yet.
    NothingMoved,
    /// Taken from the operator's account.
    Withdrawn,
    /// Taken, and given back: the dispute was won or withdrawn.
    Returned,
}
