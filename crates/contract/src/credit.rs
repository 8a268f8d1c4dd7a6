//! Credit that the operator's programs give, and corrections of a balance.

use billing_domain::Timestamp;
use billing_domain::kind::CreditKind;
use serde::{Deserialize, Serialize};

use crate::Entered;

/// `POST /organizations/{id}/credits`, with the header `Idempotency-Key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateCredit {
    /// Decimal string in the wallet's currency, whole minor units. A promo is more than zero; an adjustment below zero takes
    /// money out, at most what is available.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true, value_type = String))]
    pub amount: Entered,
    /// What it is.
    pub kind: CreditKind,
    /// For the wallet's owner, 1 to 200 characters; stands in the history.
    pub reason: String,
    /// Of a promo: what is not used by then is taken back. Never when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}
