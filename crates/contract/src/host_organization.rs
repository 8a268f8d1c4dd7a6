//! Organizations as the host's programs make and see them.

use std::collections::BTreeMap;

use billing_domain::status::OrganizationStatus;
use billing_domain::{Currency, ExternalId, Money, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Entered;
use crate::wallet::Wallet;

/// `PUT /organizations/{id}`. What is left out stays as it is; of a new organization it is empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PutHostOrganization {
    /// Legal name, 1 to 120 characters.
    pub name: String,
    /// IANA time zone.
    pub time_zone: String,
    /// The wallet's currency; fixed once anything is in it.
    pub currency: Currency,
    /// BCP 47 tag of the language of mails and new pages; an empty text takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Postal address, at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Tax number, at most 40 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_id: Option<String>,
    /// The name of the host's price list; an empty text takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// What differs from the operator's settings, all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PutPolicy>,
    /// The host's own notes, all of them: at most 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
}

/// What an organization has of its own; what is left out is the operator's setting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PutPolicy {
    /// A wallet without a card counts as not connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_card: Option<bool>,
    /// How long inbound calls go on at or below zero, 0 to 31,536,000 seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_seconds: Option<i64>,
    /// How far below zero inbound calls may take the wallet; not negative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_amount: Option<Entered>,
    /// At or below this the wallet is low; not negative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_mark: Option<Entered>,
}

/// The same as it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HostPolicy {
    /// A wallet without a card counts as not connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_card: Option<bool>,
    /// How long inbound calls go on at or below zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_seconds: Option<i64>,
    /// How far below zero inbound calls may take the wallet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_amount: Option<Money>,
    /// At or below this the wallet is low.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_mark: Option<Money>,
}

/// An organization as the host's programs see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HostOrganization {
    /// UUIDv7.
    pub id: String,
    /// The host's own id, without `ext:`.
    #[cfg_attr(feature = "openapi", schema(required = true, value_type = Option<String>))]
    pub external_id: Option<ExternalId>,
    /// Legal name.
    pub name: String,
    /// Postal address; may be empty.
    pub address: String,
    /// Tax number; may be empty.
    pub tax_id: String,
    /// IANA time zone.
    pub time_zone: String,
    /// The wallet's currency.
    pub currency: Currency,
    /// BCP 47 tag.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub locale: Option<String>,
    /// The name of the host's price list.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub plan: Option<String>,
    /// Whether it may use the service.
    pub status: OrganizationStatus,
    /// Why it is suspended or closed; empty while it is active.
    pub status_reason: String,
    /// What differs from the operator's settings.
    pub policy: HostPolicy,
    /// The host's own notes.
    pub metadata: BTreeMap<String, String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// As `GET /wallet` shows it; left out of lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet: Option<Wallet>,
}

/// `GET /organizations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HostOrganizationPage {
    /// Oldest first.
    pub items: Vec<HostOrganization>,
    /// For the next page; `null` on the last one.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub next_cursor: Option<String>,
}

/// `POST /organizations/{id}/suspend`, `resume` and `close`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeStatus {
    /// Why, at most 200 characters.
    #[serde(default)]
    pub reason: String,
}
