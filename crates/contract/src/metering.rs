//! What the AI platform asks and reports.

use billing_domain::kind::Unit;
use billing_domain::status::Refusal;
use billing_domain::{Money, Timestamp, UsageKind};
use serde::{Deserialize, Serialize};

use crate::{Entered, FieldError};

/// Most usage lines in one report.
pub const MAX_EVENTS: usize = 1_000;

/// `POST /metering/authorizations`: may this start?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Authorize {
    /// UUIDv7 of the organization whose wallet pays.
    pub organization_id: String,
    /// What kind of work will start.
    pub kind: UsageKind,
    /// What it will probably cost; this much is held.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    #[serde(default)]
    pub estimate: Entered,
    /// How long the hold lasts, seconds.
    pub ttl_seconds: i64,
}

/// Whether the work may start, distinguished by `allowed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Authorization {
    /// Go ahead: the estimate is held.
    Allowed {
        /// Always `true`: by which programs distinguish the two.
        allowed: bool,
        /// Name it in the usage line, or release it.
        hold_id: String,
        /// Afterwards the hold is gone.
        expires_at: Timestamp,
        /// What the wallet could bear for this piece of work.
        max_amount: Money,
    },
    /// Not now: nothing is held.
    Refused {
        /// Always `false`: by which programs distinguish the two.
        allowed: bool,
        /// Why the wallet does not allow it.
        reason: Refusal,
        /// When asking again may help.
        #[cfg_attr(feature = "openapi", schema(required = true))]
        retry_after_seconds: Option<i64>,
    },
}

/// `POST /metering/events`. Items are read one by one, so that one bad item does not spoil the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UsageEvent {
    /// Unique per organization for ever, 1 to 255 characters.
    pub id: String,
    /// UUIDv7 of the organization whose wallet pays.
    pub organization_id: String,
    /// What kind of work was done.
    pub kind: UsageKind,
    /// Plain decimal, not negative, at most 9 digits behind the point.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    #[serde(default)]
    pub quantity: Entered,
    /// What `quantity` counts and `unit_price` prices.
    pub unit: Unit,
    /// Price of one unit: plain decimal, not negative, at most 18 digits behind the point. 0.0375 for a million tokens is
    /// 0.0000000375 for one.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    #[serde(default)]
    pub unit_price: Entered,
    /// When it happened; at most 5 minutes ahead of the server's clock.
    pub occurred_at: Timestamp,
    /// For people, at most 500 characters.
    pub description: String,
    /// Agent or mechanism, at most 120 characters.
    pub source: String,
    /// The hold that it captures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_id: Option<String>,
}

/// What became of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum UsageResultStatus {
    /// In the ledger now.
    Posted,
    /// It was there already, with the same content.
    Duplicate,
    /// Not in the ledger; `error` says why.
    Rejected,
}

/// The answer to an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UsageResult {
    /// The item's id as far as it could be read.
    pub id: String,
    /// What became of it.
    pub status: UsageResultStatus,
    /// Position of its ledger line, posted now or before.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub seq: Option<i64>,
    /// What was posted for it, negative or zero: whole micro-units, with what was carried from lines before it.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub amount: Option<Money>,
    /// Why it was rejected.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub error: Option<FieldError>,
}

/// The answers in the order of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UsageResults {
    /// One result per item.
    pub results: Vec<UsageResult>,
}
