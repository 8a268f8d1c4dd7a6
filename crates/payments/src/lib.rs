//! Card payments behind one trait: provider-neutral types, the sandbox bank, and Stripe.
//!
//! Nothing here knows the wallet: a provider moves money between a card and the operator, and says truthfully what it
//! did, or that it does not know. Crediting is the caller's business.

pub mod card;
pub mod charge;
pub mod checkout;
pub mod dispute;
pub mod fraud;
pub mod payment;
pub mod provider;
pub mod refund;
pub mod sandbox;
pub mod signature;
pub mod stripe;
pub mod webhook;

pub use card::{CardFacts, CardToken, SetupAnswer, SetupOutcome, SetupRequest};
pub use charge::{ChargeAnswer, ChargeOutcome, ChargeRequest, Decline, NextAction, Presence, Reference, Subject};
pub use checkout::{Checkout, CheckoutPurpose, CheckoutRequest};
pub use dispute::{DisputeAnswer, DisputeOutcome};
pub use fraud::FraudWarning;
pub use payment::ReceivedPayment;
pub use provider::{PaymentProvider, ProviderError};
pub use refund::{ExternalRefund, RefundAnswer, RefundOutcome, RefundRequest};
pub use sandbox::Sandbox;
pub use stripe::{Stripe, StripeConfig};
pub use webhook::{WebhookError, WebhookEvent, WebhookKind};
