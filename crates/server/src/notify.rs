//! Notifications as they leave the server: what they say, and the channels that carry them.

pub(crate) mod account_mail;
pub(crate) mod channels;
mod email;
pub(crate) mod low_marks;
mod webhook;
pub(crate) mod wording;

/// Why a try failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeliveryError {
    /// For the operator; without secrets.
    pub(crate) reason: String,
    /// Trying again is no use.
    pub(crate) permanent: bool,
}
