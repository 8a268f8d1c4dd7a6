//! Card payments behind one trait: provider-neutral types, the sandbox bank, and later Stripe.
//!
//! Nothing here knows the wallet: a provider moves money between a card and the operator, and says truthfully what it
//! did, or that it does not know. Crediting is the caller's business.

pub mod card;
pub mod charge;
pub mod provider;
pub mod refund;
pub mod sandbox;
pub mod signature;
pub mod webhook;

pub use card::{CardFacts, CardToken, SetupAnswer, SetupOutcome, SetupRequest};
pub use charge::{ChargeAnswer, ChargeOutcome, ChargeRequest, Decline, NextAction, Presence, Reference};
pub use provider::{PaymentProvider, ProviderError};
pub use refund::{RefundAnswer, RefundOutcome, RefundRequest};
pub use sandbox::Sandbox;
pub use webhook::{WebhookError, WebhookEvent, WebhookKind};
