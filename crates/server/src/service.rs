//! What the product does, without HTTP: services ask the store and the provider, and publish to the hub.

mod actor;
pub(crate) mod auto_pay;
pub(crate) mod billing;
pub(crate) mod bootstrap;
pub(crate) mod cards;
pub(crate) mod charges;
mod early_events;
mod fingerprint;
pub(crate) mod health;
pub(crate) mod history;
pub(crate) mod links;
pub(crate) mod members;
pub(crate) mod metering;
pub(crate) mod notifications;
mod operation;
pub(crate) mod organization;
pub(crate) mod papers;
pub(crate) mod pay;
pub(crate) mod postings;
mod provider_objects;
pub(crate) mod receipts;
pub(crate) mod refunds;
pub(crate) mod requests;
pub(crate) mod sessions;
pub(crate) mod statement;
#[cfg(feature = "test-seams")]
pub(crate) mod test_seams;
pub(crate) mod top_ups;
pub(crate) mod transactions;
pub(crate) mod unknown_payments;
pub(crate) mod usage;
pub(crate) mod wallet;
pub(crate) mod webhooks;
