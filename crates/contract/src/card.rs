//! Connected cards and how one gets connected.

use billing_domain::Timestamp;
use serde::{Deserialize, Serialize};

use crate::top_up::{Decline, NextAction};
use crate::wallet::Wallet;

/// A connected card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Card {
    /// UUIDv7.
    pub id: String,
    /// `visa`, `mastercard`, `amex` …
    pub brand: String,
    /// Last four digits.
    pub last4: String,
    /// 1 to 12.
    pub exp_month: u8,
    /// Four digits.
    pub exp_year: u16,
    /// Charged unless another one is named.
    pub is_default: bool,
    /// When it was connected.
    pub created_at: Timestamp,
    /// In events only: it is not connected any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
}

/// `POST /cards/setups`. The number itself never leaves the browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateCardSetup {
    /// What the sandbox's form made of the number, `pm_card_visa`; left out where the provider has a form of its own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub token: String,
    /// 1 to 12, with `token`.
    #[serde(default)]
    pub exp_month: u8,
    /// Four digits, with `token`.
    #[serde(default)]
    pub exp_year: u16,
    /// Version of the consent text for later charges that the person saw.
    pub consent: String,
}

/// Where connecting stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum CardSetupStatus {
    /// The provider is asked.
    Pending,
    /// The cardholder must confirm.
    ActionRequired,
    /// The card is connected.
    Succeeded,
    /// The bank refused it.
    Failed,
}

/// Connecting a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CardSetup {
    /// UUIDv7.
    pub id: String,
    /// Where it stands.
    pub status: CardSetupStatus,
    /// With `action_required`.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub next_action: Option<NextAction>,
    /// With `failed`.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub decline: Option<Decline>,
    /// With `succeeded`.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub card: Option<Card>,
    /// With `succeeded`: the wallet as it is then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet: Option<Box<Wallet>>,
}

/// `GET /cards`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CardList {
    /// The default first.
    pub items: Vec<Card>,
}
