//! `GET /wallet`: what is left, what it allows, how long it lasts.

use billing_domain::status::{OrganizationStatus, WalletStatus};
use billing_domain::{Currency, Money, Timestamp};
use serde::{Deserialize, Serialize};

/// Grace for inbound calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Grace {
    /// When it ends by time.
    pub ends_at: Timestamp,
    /// The available amount at which it ends by money.
    pub floor: Money,
    /// Money left until the floor.
    pub left: Money,
}

/// How long the money lasts at the present pace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Runway {
    /// When it will be gone.
    pub until: Timestamp,
    /// Whole hours until then.
    pub hours: i64,
}

/// That the operator has suspended or closed the organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Restriction {
    /// `suspended`: new work is refused, people still read and pay. `closed`: nothing but reading.
    pub status: OrganizationStatus,
    /// Why, in the operator's words; may be empty.
    pub reason: String,
}

/// An organization's prepaid money, what it allows and how long it lasts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Wallet {
    /// The only currency of all its amounts.
    pub currency: Currency,
    /// Sum of the ledger.
    pub balance: Money,
    /// `balance` minus `held`; may be negative.
    pub available: Money,
    /// Sum of the open holds.
    pub held: Money,
    /// Charges on their way that will be credited.
    pub pending_credit: Money,
    /// Whether new work is admitted.
    pub status: WalletStatus,
    /// Where the operator has suspended or closed the organization; whatever `status` says, nothing runs then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restriction: Option<Restriction>,
    /// At or below this the status is `low`.
    pub low_mark: Money,
    /// A card is connected.
    pub card_connected: bool,
    /// While in grace: until when, and how much is left.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub grace: Option<Grace>,
    /// `None` when there is no forecast.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub runway: Option<Runway>,
    /// What a day costs at the present pace.
    pub daily_burn: Money,
    /// The ledger's last line.
    pub last_seq: i64,
    /// When these figures were read.
    pub as_of: Timestamp,
}
