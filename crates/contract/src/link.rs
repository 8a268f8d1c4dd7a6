//! Payment links: an admin makes one, a colleague without an account pays or connects a card with it.

use billing_domain::auto_pay::Refill;
use billing_domain::link::{LinkPurpose, LinkState};
use billing_domain::{Currency, Date, Money, Timestamp};
use serde::{Deserialize, Serialize};

use crate::auto_pay::EnteredRefill;
use crate::top_up::CardSummary;
use crate::{Entered, Message};

/// `POST /payment-links`, for owners and admins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatePaymentLink {
    /// What it asks for.
    pub purpose: LinkPurpose,
    /// Decimal string within the top-up limits; with a purpose that pays, and only then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Entered>,
    /// Automatic payments that it switches on with the card; only with a purpose that connects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_pay: Option<EnteredLinkSettings>,
    /// A note for whoever opens it, at most 300 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// How long it lives: 3,600 to 604,800; 86,400 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_seconds: Option<i64>,
}

/// Automatic payments as entered for a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnteredLinkSettings {
    /// Decimal string, in the wallet's currency.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    #[serde(default)]
    pub threshold: Entered,
    /// The two ways to size a charge.
    pub refill: EnteredRefill,
    /// Decimal string: never more than this in a calendar month.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    #[serde(default)]
    pub monthly_cap: Entered,
}

/// Automatic payments that a link switches on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkSettings {
    /// At or below this the wallet is refilled.
    pub threshold: Money,
    /// How a charge is sized: a fixed amount, or up to a balance.
    #[cfg_attr(feature = "openapi", schema(value_type = crate::auto_pay::RefillShape))]
    pub refill: Refill,
    /// Never more in a month.
    pub monthly_cap: Money,
}

/// A payment link, as its maker sees it. Its token is shown once, when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PaymentLink {
    /// UUIDv7; it opens nothing, unlike the token.
    pub id: String,
    /// What it asks for.
    pub purpose: LinkPurpose,
    /// Where it stands; one that is alive becomes `expired` at `expires_at`.
    pub state: LinkState,
    /// What the link charges; null where it only connects a card.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub amount: Option<Money>,
    /// The wallet's currency.
    pub currency: Currency,
    /// Automatic payments that it switches on.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub auto_pay: Option<LinkSettings>,
    /// For whoever opens it; may be empty.
    pub note: String,
    /// Who made it, by name.
    pub created_by: String,
    /// When the link was made.
    pub created_at: Timestamp,
    /// From then on it is dead.
    pub expires_at: Timestamp,
    /// When somebody opened it first.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub opened_at: Option<Timestamp>,
    /// When it did what it was made for.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub completed_at: Option<Timestamp>,
    /// When it was taken back, or stopped after too many declined cards.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub revoked_at: Option<Timestamp>,
    /// How many cards were declined.
    pub declined_cards: i64,
}

/// `GET /payment-links`, for owners and admins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PaymentLinkList {
    /// Every link that can be used, and the latest 50 in all, newest first.
    pub items: Vec<PaymentLink>,
}

/// What `POST /payment-links` answers: the only time that the address is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedPaymentLink {
    /// The link as the list shows it.
    pub link: PaymentLink,
    /// The address, with the token behind `#`, where no server and no log sees it.
    pub url: String,
    /// The same address to be scanned.
    pub qr: QrCode,
}

/// A QR code, dark modules on a light ground. Draw it with a quiet zone of four modules on every side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QrCode {
    /// Modules on a side.
    pub size: u16,
    /// The dark ones as SVG path data, one unit a module, from the upper left.
    pub path: String,
}

/// `POST /pay/resolve`. The token stands in bodies only, never in an address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResolveLink {
    /// What stands behind `#`.
    pub token: String,
}

/// What the colleague is shown: no balance, no history, nothing else of the organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PayPage {
    /// Name of the organization whose wallet is filled.
    pub organization: String,
    /// Name of the person who made the link.
    pub requested_by: String,
    /// Whether the card is charged, connected, or both.
    pub purpose: LinkPurpose,
    /// What the link charges; null where it only connects a card.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub amount: Option<Money>,
    /// What the card is charged at once when the link is used now: `amount`, or the first automatic payment where the
    /// balance is at or below the threshold already; null when nothing is charged.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub charge_now: Option<Money>,
    /// The wallet's currency.
    pub currency: Currency,
    /// Automatic payments that it switches on.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub auto_pay: Option<LinkSettings>,
    /// The asker's note; may be empty.
    pub note: String,
    /// From then on the link is dead.
    pub expires_at: Timestamp,
    /// The organization's time zone, in which that is written.
    pub time_zone: String,
    /// Today in that zone: a card has expired by it or not.
    pub today: Date,
}

/// `POST /pay/complete`, with the header `Idempotency-Key`: use the link with this card.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompleteLink {
    /// What stands behind `#`.
    pub token: String,
    /// What the sandbox's form made of the number, `pm_card_visa`; left out where the provider has a page of its own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub card_token: String,
    /// 1 to 12, with `card_token`.
    #[serde(default)]
    pub exp_month: u8,
    /// Four digits, with `card_token`.
    #[serde(default)]
    pub exp_year: u16,
    /// Version of the consent text that was shown; of the text for later charges where the card is kept.
    pub consent: String,
    /// [`PayPage::charge_now`] as the payer saw it; left out when nothing was to be charged. Another sum is refused with
    /// `charge_changed`, so that no card is charged what nobody has seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_charge: Option<Entered>,
}

/// `POST /pay/status`: where an attempt stands.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskAttempt {
    /// What stands behind `#`.
    pub token: String,
    /// [`PayAttempt::id`]; only an attempt of this link is found.
    pub attempt_id: String,
}

/// `POST /pay/challenge`: the sandbox cardholder answers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AnswerAttempt {
    /// What stands behind `#`.
    pub token: String,
    /// [`PayAttempt::id`]; only an attempt of this link is found.
    pub attempt_id: String,
    /// The cardholder said yes.
    pub approve: bool,
}

/// Where an attempt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PayStatus {
    /// The provider is asked.
    Processing,
    /// The cardholder must confirm.
    ActionRequired,
    /// Done: paid, connected, or both.
    Succeeded,
    /// The bank refused the card; nothing was charged.
    Declined,
    /// Nobody confirmed in time, or the link was taken back meanwhile; nothing was charged.
    Expired,
    /// The provider did not answer: it may have charged, and will not charge twice.
    Unknown,
}

/// One attempt to use a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PayAttempt {
    /// UUIDv7, under which its outcome is asked for.
    pub id: String,
    /// Final unless `processing`, `action_required` or `unknown`.
    pub status: PayStatus,
    /// Why the bank refused, and what to do about it; with `declined`.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub reason: Option<String>,
    /// `reason` for other languages than English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translation: Option<Box<Message>>,
    /// With `action_required` where the card is entered on the provider's own page: its address.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub redirect: Option<String>,
    /// With `action_required` where the provider's script in the page asks the cardholder: the secret for that one step.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub client_secret: Option<String>,
    /// Until when an answer is waited for; with `action_required`.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub challenge_until: Option<Timestamp>,
    /// What the card is charged, or was; null while only a card is connected.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub amount: Option<Money>,
    /// The card that was entered, once it is known.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub card: Option<CardSummary>,
    /// When it was paid or connected; with `succeeded`.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub settled_at: Option<Timestamp>,
    /// The link allows another try.
    pub may_try_again: bool,
}
