//! Rows of the store as the contract shows them. Pure: no database, no clock, no provider.

pub(crate) mod audit;
pub(crate) mod auto_pay;
pub(crate) mod card;
pub(crate) mod funds_request;
pub(crate) mod payment_link;
pub(crate) mod refund;
pub(crate) mod top_up;
pub(crate) mod transaction;
