//! The organization's own data: what receipts print and which zone days are counted in.

use billing_domain::Currency;
use serde::{Deserialize, Serialize};

/// `GET /organization`; its `ETag` is also `etag`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Organization {
    /// UUIDv7, as the platform names it.
    pub id: String,
    /// Legal name, as receipts print it.
    pub name: String,
    /// Postal address, lines separated by `\n`; may be empty.
    pub address: String,
    /// Tax number; may be empty.
    pub tax_id: String,
    /// IANA time zone, such as `Europe/Berlin`: days and months are counted in it.
    pub time_zone: String,
    /// The wallet's currency, fixed.
    pub currency: Currency,
    /// What `If-Match` must say to change it.
    pub etag: String,
}

/// `PUT /organization`, with the header `If-Match`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PutOrganization {
    /// 1 to 120 characters.
    pub name: String,
    /// At most 500 characters.
    pub address: String,
    /// At most 40 characters.
    pub tax_id: String,
    /// IANA time zone, such as `Europe/Berlin`.
    pub time_zone: String,
}
