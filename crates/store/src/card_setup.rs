//! Set-ups: a card on its way to being connected, which survives reloads and restarts.

use billing_domain::Timestamp;
use billing_domain::charge::DeclineCode;

use crate::{Card, Created, IdempotencyKey, NewCard, Result, Store};

/// Where connecting stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetupStatus {
    /// Written down, or the provider works on it.
    Pending,
    /// The person has to confirm.
    ActionRequired,
    /// The card is connected.
    Succeeded,
    /// Refused or abandoned.
    Failed,
}

/// A set-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardSetup {
    /// UUIDv7.
    pub id: String,
    /// Whose.
    pub organization_id: String,
    /// Who began it.
    pub user_id: Option<String>,
    /// `sandbox`, `stripe`.
    pub provider: String,
    /// The provider's name for it, once known.
    pub provider_ref: Option<String>,
    /// What was asked of the provider, JSON, so that it can be repeated word for word.
    pub request: String,
    /// Where it stands.
    pub status: SetupStatus,
    /// With `Failed`.
    pub decline_code: Option<DeclineCode>,
    /// With `ActionRequired`, JSON.
    pub next_action: Option<String>,
    /// With `Succeeded`.
    pub card_id: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A set-up to be begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCardSetup {
    /// UUIDv7.
    pub id: String,
    /// Who begins it.
    pub user_id: Option<String>,
    /// `sandbox`, `stripe`.
    pub provider: String,
    /// What will be asked of the provider, JSON.
    pub request: String,
}

/// What was heard of a set-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetupWord {
    /// The provider works on it.
    Pending {
        /// The provider's name for it.
        provider_ref: Option<String>,
    },
    /// The person has to confirm.
    ActionRequired {
        /// The provider's name for it.
        provider_ref: Option<String>,
        /// JSON.
        next_action: String,
    },
    /// The card may be connected.
    Succeeded {
        /// The provider's name for it.
        provider_ref: Option<String>,
        /// The card.
        card: NewCard,
    },
    /// Refused, or abandoned without a code.
    Failed {
        /// Why.
        decline_code: Option<DeclineCode>,
    },
}

impl Store {
    /// Begins a set-up, at most once for a key. Never answers `Created::Blocked`.
    pub async fn create_card_setup(
        &self,
        organization_id: &str,
        new: &NewCardSetup,
        key: Option<&IdempotencyKey>,
        now: Timestamp,
    ) -> Result<Created<CardSetup>> {
        todo!()
    }

    /// One set-up, or `NotFound`.
    pub async fn card_setup(&self, organization_id: &str, id: &str) -> Result<CardSetup> {
        todo!()
    }

    /// Set-ups that are neither succeeded nor failed and were last changed before `before`, oldest first.
    pub async fn open_card_setups(&self, before: Timestamp, limit: u32) -> Result<Vec<CardSetup>> {
        todo!()
    }

    /// Takes the provider's word; a success connects the card in the same transaction. A finished set-up stays as it is.
    /// Answers the set-up and its card, if it has one.
    pub async fn apply_card_setup(
        &self,
        organization_id: &str,
        id: &str,
        word: &SetupWord,
        now: Timestamp,
    ) -> Result<(CardSetup, Option<Card>)> {
        todo!()
    }
}
