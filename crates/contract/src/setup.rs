//! The first run: an empty database gets its first organization and owner.

use billing_domain::Currency;
use serde::{Deserialize, Serialize};

/// `POST /setup`, by whoever has the link that the server has printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompleteSetup {
    /// What stands behind `#t=` in the link.
    pub token: String,
    /// The organization's legal name.
    pub organization: String,
    /// The owner's full name.
    pub name: String,
    /// The owner's sign-in address.
    pub email: String,
    /// The owner's password: at least 12 characters, at most 1,024 bytes, not the address.
    pub password: String,
    /// IANA time zone in which days and months are counted.
    pub time_zone: String,
    /// The wallet's currency, for good.
    pub currency: Currency,
    /// BCP 47 tag of the language of mails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}
