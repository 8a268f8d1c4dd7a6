//! The billing API as the page calls it: one function an endpoint, one error, one stream of events.

pub(crate) mod account;
pub(crate) mod audit;
pub(crate) mod auto_pay;
pub(crate) mod billing;
pub(crate) mod cards;
pub(crate) mod client;
pub(crate) mod invitations;
pub(crate) mod links;
pub(crate) mod me;
pub(crate) mod members;
pub(crate) mod organization;
#[allow(dead_code, reason = "for the page behind a payment link, a program of its own")]
pub(crate) mod pay;
pub(crate) mod problem;
pub(crate) mod requests;
pub(crate) mod session;
pub(crate) mod session_end;
pub(crate) mod stream;
mod subscription;
pub(crate) mod top_ups;

pub(crate) use problem::ApiError;
