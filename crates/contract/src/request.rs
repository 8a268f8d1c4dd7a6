//! A member asks an admin for money in the wallet.

use billing_domain::{Currency, Money, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Entered;

/// `POST /requests`: a member asks the admins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateFundsRequest {
    /// Decimal string within the top-up limits.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    #[serde(default)]
    pub amount: Entered,
    /// 1 to 500 characters.
    pub reason: String,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum FundsRequestState {
    /// No admin has answered yet.
    Open,
    /// An admin said yes.
    Approved,
    /// An admin said no.
    Declined,
}

/// A member's request for money in the wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FundsRequest {
    /// UUIDv7, as [`crate::top_up::CreateTopUp::request_id`] names it.
    pub id: String,
    /// Name of the member who asks.
    pub requested_by: String,
    /// How much is asked for, positive.
    pub amount: Money,
    /// The wallet's currency.
    pub currency: Currency,
    /// Why the member asks, 1 to 500 characters.
    pub reason: String,
    /// What became of it.
    pub state: FundsRequestState,
    /// What the admin wrote with the answer.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub answer: Option<String>,
    /// When it was asked.
    pub created_at: Timestamp,
    /// When it was answered.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub decided_at: Option<Timestamp>,
}

/// `GET /requests`: all of them for admins, one's own for members; newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FundsRequestList {
    /// At most 100 requests, newest first.
    pub items: Vec<FundsRequest>,
}

/// `POST /requests/{id}/approve` and `…/decline`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AnswerFundsRequest {
    /// At most 500 characters.
    #[serde(default)]
    pub answer: Option<String>,
}
