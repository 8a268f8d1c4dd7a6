//! What a provider reports unasked, reduced to "look this up again".

use crate::charge::Reference;
use billing_domain::{CardRef, DisputeRef, FraudWarningRef, PaymentRef, ProviderEventId, RefundRef};

/// Why a webhook is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// No signature, a wrong one, or one of other bytes.
    #[error("the signature does not fit")]
    BadSignature,
    /// Signed too long ago or in the future: perhaps replayed.
    #[error("the signature is too old")]
    Stale,
    /// Of the other mode: a test event at a live server, or the other way round.
    #[error("the event is of the other mode (test or live)")]
    WrongMode,
    /// Signed by the provider, yet not readable.
    #[error("the event cannot be read")]
    Unreadable,
}

/// One event, verified: a hint to look something up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookEvent {
    /// The provider's id of the event: handle each once.
    pub id: ProviderEventId,
    /// What it is about.
    pub kind: WebhookKind,
    /// The provider's name for the payment that it is about, for [`crate::PaymentProvider::look_up_payment`].
    pub payment_ref: Option<PaymentRef>,
}

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookKind {
    /// The charge of this reference changed.
    Charge(Reference),
    /// The set-up of this reference changed.
    Setup(Reference),
    /// A refund changed, or somebody made one at the provider.
    Refund {
        /// The provider's name for it, for [`crate::PaymentProvider::look_up_external_refund`].
        provider_ref: RefundRef,
        /// Ours; `None` where it was not made by us.
        reference: Option<Reference>,
    },
    /// The cardholder's bank takes a charge back, or gives it back again.
    Dispute {
        /// The provider's name for the dispute, for [`crate::PaymentProvider::look_up_dispute`].
        provider_ref: DisputeRef,
    },
    /// The card's bank suspects that a charge was fraud.
    FraudWarning {
        /// The provider's name for the warning, for [`crate::PaymentProvider::look_up_fraud_warning`].
        provider_ref: FraudWarningRef,
    },
    /// The card networks know new facts of a connected card, such as its expiry.
    Card {
        /// The provider's name for the card, for [`crate::PaymentProvider::look_up_card`].
        provider_ref: CardRef,
    },
    /// Nothing that concerns us; acknowledge it.
    Other,
}
