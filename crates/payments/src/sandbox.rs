//! The sandbox bank: behaves like a card processor, moves no real money, and keeps books of its own.

mod charges;
mod disputes;
mod records;
mod refunds;
mod script;
mod setups;
mod vault;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use billing_domain::{
    CardRef, DisputeRef, OrganizationId, PaymentRef, ProviderEventId, RefundRef, SetupRef, Timestamp,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

pub use self::records::{CardRecord, ChargeRecord, RefundRecord, SetupRecord, State};
pub use self::script::{Scripted, UnknownBehavior};
pub use self::vault::{Drawer, MemoryVault, Record, SandboxVault, VaultError};
use crate::card::{CardFacts, SetupAnswer, SetupRequest};
use crate::charge::{ChargeAnswer, ChargeRequest, Reference};
use crate::dispute::DisputeAnswer;
use crate::provider::{PaymentProvider, ProviderError};
use crate::refund::{RefundAnswer, RefundRequest};
use crate::signature;
use crate::webhook::{WebhookError, WebhookEvent, WebhookKind};

/// How patient the bank and its line are.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// How long a slow answer takes.
    pub slow: Duration,
    /// After how long a lost answer is given up, as a client's time-out would.
    pub silence: Duration,
    /// What webhooks are signed with; several while they are rotated.
    pub webhook_secrets: Vec<String>,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            slow: Duration::from_secs(8),
            silence: Duration::from_secs(2),
            webhook_secrets: vec!["whsec_sandbox".to_owned()],
        }
    }
}

/// The sandbox bank: behaves as a provider does, moves no money.
#[derive(Clone)]
pub struct Sandbox {
    vault: Arc<dyn SandboxVault>,
    config: Arc<SandboxConfig>,
    script: Arc<script::ChargeScript>,
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("config", &self.config).finish_non_exhaustive()
    }
}

/// The provider's name, and the end of its contra account `processor:sandbox`.
pub const NAME: &str = "sandbox";

impl Sandbox {
    /// A bank over its books.
    pub fn new(vault: Arc<dyn SandboxVault>, config: SandboxConfig) -> Self {
        Self { vault, config: Arc::new(config), script: Arc::default() }
    }

    /// The next charge that is no repetition behaves like this; several are used up in order.
    pub fn script(&self, next: Scripted) {
        self.script.push(next);
    }

    /// Every charge the bank has received, oldest first.
    pub async fn charges(&self) -> Result<Vec<ChargeRecord>, ProviderError> {
        // All of them: the sandbox is small, and this is for people who look at it.
        let records = self.vault.all(Drawer::Charges).await.map_err(out_of_reach)?;
        records.iter().map(|record| read_body(&record.body)).collect()
    }

    /// A webhook's signature header as the bank would send it.
    pub fn sign_webhook(&self, body: &[u8], now: Timestamp) -> String {
        // With the first secret: the others are only accepted while secrets are rotated.
        signature::sign_body(self.config.webhook_secrets.first().map_or("", String::as_str), body, now)
    }

    async fn read<T: DeserializeOwned>(&self, drawer: Drawer, key: &str) -> Result<Option<(i64, T)>, ProviderError> {
        match self.vault.read(drawer, key).await.map_err(out_of_reach)? {
            Some(record) => Ok(Some((record.version, read_body(&record.body)?))),
            None => Ok(None),
        }
    }

    /// `false`: somebody else wrote first.
    async fn write<T: Serialize + Sync>(
        &self,
        drawer: Drawer,
        key: &str,
        expected: i64,
        value: &T,
    ) -> Result<bool, ProviderError> {
        let body = serde_json::to_string(value).map_err(|error| ProviderError::Refused(error.to_string()))?;
        self.vault.write(drawer, key, expected, &body).await.map_err(out_of_reach)
    }
}

/// A write whose confirmation is missing may have happened: that is no answer, not a refusal.
fn out_of_reach(_: VaultError) -> ProviderError {
    ProviderError::NoAnswer
}

fn read_body<T: DeserializeOwned>(body: &str) -> Result<T, ProviderError> {
    // Damaged books are no refusal: whether money moved is unknown.
    serde_json::from_str(body).map_err(|_| ProviderError::NoAnswer)
}

/// A name of the bank's own, the same whenever the same thing is asked for.
fn bank_name(prefix: &'static str, named: impl AsRef<str>) -> String {
    let named = named.as_ref();
    let mut hash = Sha256::new();
    hash.update(named.len().to_be_bytes());
    hash.update(named.as_bytes());
    format!("{prefix}_{}", hex::encode(&hash.finalize()[..12]))
}

/// The bank's name for a refund.
fn refund_name(refund: &Reference) -> RefundRef {
    RefundRef::from_trusted(bank_name("refund", refund))
}

#[async_trait]
impl PaymentProvider for Sandbox {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn start_setup(&self, request: &SetupRequest) -> Result<SetupAnswer, ProviderError> {
        self.start_setup(request).await
    }

    async fn look_up_setup(
        &self,
        request: &SetupRequest,
        _provider_ref: Option<&SetupRef>,
    ) -> Result<Option<SetupAnswer>, ProviderError> {
        self.look_up_setup(&request.reference).await
    }

    async fn cancel_setup(&self, request: &SetupRequest) -> Result<SetupAnswer, ProviderError> {
        self.cancel_setup(request).await
    }

    async fn forget_card(&self, customer: &OrganizationId, card_ref: &CardRef) -> Result<(), ProviderError> {
        self.forget_card(customer, card_ref).await
    }

    async fn look_up_card(
        &self,
        customer: &OrganizationId,
        card_ref: &CardRef,
    ) -> Result<Option<CardFacts>, ProviderError> {
        self.look_up_card(customer, card_ref).await
    }

    async fn charge(&self, request: &ChargeRequest) -> Result<ChargeAnswer, ProviderError> {
        self.charge(request).await
    }

    async fn look_up_charge(
        &self,
        request: &ChargeRequest,
        _provider_ref: Option<&PaymentRef>,
    ) -> Result<Option<ChargeAnswer>, ProviderError> {
        self.look_up_charge(request).await
    }

    async fn cancel_charge(
        &self,
        request: &ChargeRequest,
        _provider_ref: Option<&PaymentRef>,
    ) -> Result<ChargeAnswer, ProviderError> {
        self.cancel_charge(request).await
    }

    async fn refund(&self, request: &RefundRequest) -> Result<RefundAnswer, ProviderError> {
        self.refund(request).await
    }

    async fn look_up_refund(&self, request: &RefundRequest) -> Result<Option<RefundAnswer>, ProviderError> {
        self.look_up_refund(request).await
    }

    async fn look_up_dispute(&self, provider_ref: &DisputeRef) -> Result<Option<DisputeAnswer>, ProviderError> {
        self.look_up_dispute(provider_ref).await
    }

    async fn events_between(&self, from: Timestamp, to: Timestamp) -> Result<Vec<WebhookEvent>, ProviderError> {
        self.disputes_between(from, to).await
    }

    fn read_webhook(&self, header: &str, body: &[u8], now: Timestamp) -> Result<WebhookEvent, WebhookError> {
        // Before anything of it is read: what is not signed is not parsed.
        signature::verify_signature(&self.config.webhook_secrets, header, body, now)?;
        let event: BankEvent = serde_json::from_slice(body).map_err(|_| WebhookError::Unreadable)?;
        Ok(WebhookEvent { id: event.id, kind: event.about.into(), payment_ref: None })
    }
}

/// The bank's webhook on the wire.
#[derive(serde::Deserialize)]
struct BankEvent {
    id: ProviderEventId,
    #[serde(flatten)]
    about: About,
}

#[derive(serde::Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum About {
    Charge {
        reference: Reference,
    },
    Setup {
        reference: Reference,
    },
    Refund {
        reference: Reference,
    },
    Dispute {
        reference: Reference,
    },
    // Types that we do not know are acknowledged, or they would be sent again and again.
    #[serde(other)]
    Other,
}

impl From<About> for WebhookKind {
    fn from(about: About) -> Self {
        match about {
            About::Charge { reference } => Self::Charge(reference),
            About::Setup { reference } => Self::Setup(reference),
            About::Refund { reference } => {
                Self::Refund { provider_ref: refund_name(&reference), reference: Some(reference) }
            }
            About::Dispute { reference } => Self::Dispute { provider_ref: disputes::dispute_reference(&reference) },
            About::Other => Self::Other,
        }
    }
}
