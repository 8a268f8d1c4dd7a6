//! Connected cards and how one gets connected.

use billing_domain::Timestamp;
use serde::{Deserialize, Serialize};

use crate::top_up::{Decline, NextAction};
use crate::wallet::Wallet;

/// A connected card, without its number: only the provider has that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Card {
    /// UUIDv7, as top-ups and settings name it.
    pub id: String,
    /// `visa`, `mastercard`, `amex` …
    pub brand: String,
    /// Last four digits, zeros kept.
    pub last4: String,
    /// 1 to 12; the card is good to the end of that month.
    pub exp_month: u8,
    /// Four digits, such as 2027.
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

/// A card on its way to being connected, from the request to its outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CardSetup {
    /// UUIDv7, under which its outcome is asked for.
    pub id: String,
    /// Final when `succeeded` or `failed`.
    pub status: CardSetupStatus,
    /// With `action_required`: what the cardholder has to do.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub next_action: Option<NextAction>,
    /// With `failed`: why the bank refused the card.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub decline: Option<Decline>,
    /// With `succeeded`: the card as connected.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub card: Option<Card>,
    /// With `succeeded`: the wallet as it is then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet: Option<Box<Wallet>>,
}

/// `GET /cards`: the connected cards, without removed ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CardList {
    /// The default first, then in the order of connecting.
    pub items: Vec<Card>,
}
