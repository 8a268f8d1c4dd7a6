//! The names and own payloads of server-sent events (`GET /events`).

use serde::{Deserialize, Serialize};

/// Data: a [`crate::transaction::Transaction`]. Its `id` is the line's `seq`.
pub const TRANSACTION: &str = "transaction";
/// Data: a whole [`crate::wallet::Wallet`], not a difference.
pub const WALLET: &str = "wallet";
/// Data: a whole [`crate::auto_pay::AutoPay`], not a difference.
pub const AUTO_PAY: &str = "auto_pay";
/// Data: a [`crate::top_up::TopUp`] that is new or changed.
pub const TOP_UP: &str = "top_up";
/// Data: a [`crate::card::Card`] that is new, changed or removed.
pub const CARD: &str = "card";
/// Data: a [`crate::request::FundsRequest`] that is new or answered.
pub const REQUEST: &str = "request";
/// Data: a [`crate::link::PaymentLink`] that is new or changed.
pub const LINK: &str = "link";
/// Data: a [`SessionEvent`]. The stream ends with it.
pub const SESSION: &str = "session";
/// Data: a [`HeartbeatEvent`]. Says nothing but that the stream is alive.
pub const HEARTBEAT: &str = "heartbeat";

/// A stream of events sends a heartbeat at least this often, whatever else it sends. After twice as long without any event
/// a reader takes the stream for dead.
pub const HEARTBEAT_SECONDS: u32 = 15;

/// Why the stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SessionState {
    /// Signed out or expired.
    Ended,
    /// The role is another one now.
    RoleChanged,
}

/// The stream is over, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionEvent {
    /// Why it ended; what the page does next depends on it.
    pub state: SessionState,
}

/// The stream is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeartbeatEvent {
    /// The next heartbeat follows within this time.
    pub interval_seconds: u32,
}
