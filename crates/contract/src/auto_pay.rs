//! Automatic payments on the wire.

use billing_domain::auto_pay::Refill;
use billing_domain::{Currency, Money, Timestamp};
use serde::{Deserialize, Serialize};

use crate::wallet::Wallet;
use crate::{Entered, Message};

/// How automatic payments are doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum HealthState {
    /// Switched off by a person, or never switched on.
    Off,
    /// Above the threshold, ready.
    Armed,
    /// Below the threshold, the next charge is not allowed yet.
    Waiting,
    /// A charge is on its way.
    Charging,
    /// Declined, will be tried again.
    Declined,
    /// Declined for good: somebody has to act.
    Paused,
    /// The monthly cap leaves too little.
    Capped,
}

/// Health and its one next fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Health {
    /// How it is doing.
    pub state: HealthState,
    /// When the next charge is possible.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub next_charge_at: Option<Timestamp>,
    /// Which attempt was declined last, from 1.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub attempt: Option<i64>,
    /// Why it is in this state, as one English sentence; null where the state says all.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub reason: Option<String>,
    /// `reason` for other languages than English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translation: Option<Box<Message>>,
}

/// This calendar month in the organization's zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MonthFigures {
    /// Settled automatic charges of this month, in the wallet's currency.
    pub spent: Money,
    /// On its way or unknown.
    pub in_flight: Money,
    /// Left until the cap.
    pub left: Money,
    /// When the month is over.
    pub resets_at: Timestamp,
}

/// `GET /auto-pay`; its `ETag` is also `etag`. While never confirmed the settings are proposals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AutoPay {
    /// What a person switched; a pause leaves it `true` and stands in `health`.
    pub enabled: bool,
    /// The wallet's currency.
    pub currency: Currency,
    /// At or below this the wallet is refilled.
    pub threshold: Money,
    /// How a charge is sized: a fixed amount, or up to a balance.
    #[cfg_attr(feature = "openapi", schema(value_type = RefillShape))]
    pub refill: Refill,
    /// Never more in a month.
    pub monthly_cap: Money,
    /// The card that is charged; the default card when none was named.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub card_id: Option<String>,
    /// How it is doing.
    pub health: Health,
    /// When the last automatic charge began: the next one keeps an hour's distance.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub last_charge_at: Option<Timestamp>,
    /// Paused, and another default card ends the pause.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub resumes_with_default_card: bool,
    /// The calendar month that the cap counts, and what it has left.
    pub month: MonthFigures,
    /// What `If-Match` must say to change it.
    pub etag: String,
    /// In answers to changes: the wallet afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet: Option<Box<Wallet>>,
}

/// The two ways to refill, as entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum EnteredRefill {
    /// The same amount each time.
    Fixed {
        /// Decimal string, whole minor units, within the top-up limits.
        #[cfg_attr(feature = "openapi", schema(required = true))]
        #[serde(default)]
        amount: Entered,
    },
    /// Up to a balance.
    Target {
        /// Decimal string, above the threshold.
        #[cfg_attr(feature = "openapi", schema(required = true))]
        #[serde(default)]
        balance: Entered,
    },
}

/// The shape of [`Refill`] in the document.
#[cfg(feature = "openapi")]
#[derive(Serialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RefillShape {
    /// The same amount each time.
    Fixed {
        /// Decimal string, whole minor units.
        amount: Money,
    },
    /// Up to a balance.
    Target {
        /// Decimal string, above the threshold.
        balance: Money,
    },
}

/// `PUT /auto-pay`, with the header `If-Match`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PutAutoPay {
    /// `false` keeps the settings and stops charging.
    pub enabled: bool,
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
    /// The default card when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_id: Option<String>,
}
