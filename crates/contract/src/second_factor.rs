//! The second factor: six digits of an app (RFC 6238: SHA-1, 30 seconds), or a recovery code.

use serde::{Deserialize, Serialize};

use crate::link::QrCode;

/// `POST /me/second-factor`: what the app is to be given. It is shown this once, and asked for only after it was confirmed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewSecondFactor {
    /// The secret in base 32, to be typed in.
    pub secret: String,
    /// `otpauth://totp/…`, to be opened.
    pub uri: String,
    /// The same, to be scanned.
    pub qr: QrCode,
}

/// `POST /me/second-factor/confirm`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConfirmSecondFactor {
    /// Six digits of the app.
    pub code: String,
}

/// The answer: each of them stands in for a code once. They are shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveryCodes {
    /// Eight of them.
    pub codes: Vec<String>,
}

/// `DELETE /me/second-factor`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RemoveSecondFactor {
    /// Of the person who is signed in.
    pub password: String,
    /// Six digits of the app, or a recovery code.
    pub code: String,
}
