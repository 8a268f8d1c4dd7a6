//! Refunds: money of a top-up that goes back to its card, asked for by the operator's program.

use billing_domain::charge::RefundStatus;
use billing_domain::{Currency, Money, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Entered;

/// `POST /refunds`, with the header `Idempotency-Key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateRefund {
    /// UUIDv7 of the organization whose top-up it was.
    pub organization_id: String,
    /// Which top-up; it must have succeeded.
    pub top_up_id: String,
    /// Decimal string, whole minor units; all that was not given back yet when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Entered>,
    /// Why, for the wallet's owner, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Money of one top-up on its way back to the card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Refund {
    /// UUIDv7, under which its outcome is asked for.
    pub id: String,
    /// UUIDv7 of the refunded top-up.
    pub top_up_id: String,
    /// Debited at once; final when the bank has answered.
    pub status: RefundStatus,
    /// What goes back, positive.
    pub amount: Money,
    /// The wallet's currency.
    pub currency: Currency,
    /// Why; may be empty.
    pub reason: String,
    /// When the wallet was debited.
    pub created_at: Timestamp,
    /// When the card's bank had it.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub settled_at: Option<Timestamp>,
}
