//! Set-ups: a card on its way to being connected, which survives reloads and restarts.

use billing_domain::charge::DeclineCode;
use billing_domain::{CardId, CardSetupId, LinkId, Money, OrganizationId, SetupRef, Timestamp, UserId};

use crate::audit::find_person;
use crate::db::{Tx, args, columns, retrying, stored_name};
use crate::idempotency::{self, Claim, Kept};
use crate::notice::{self, Added};
use crate::{Actor, Card, Created, IdempotencyKey, NewCard, Result, Store, StoreError, card, pace, wallet};

columns!(
    setup_columns,
    CardSetup {
        id,
        organization_id,
        user_id,
        provider,
        provider_ref,
        request,
        status,
        decline_code,
        next_action,
        card_id,
        link_id,
        charge,
        created_at,
        updated_at
    }
);

/// Where connecting stands; `Succeeded` and `Failed` are final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetupStatus {
    /// Written down, or the provider works on it.
    Pending,
    /// The person has to confirm.
    ActionRequired,
    /// The card is connected.
    Succeeded,
    /// Refused by the bank, or abandoned.
    Failed,
}

/// A card on its way to being connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardSetup {
    /// UUIDv7; part of the reference at the provider.
    pub id: CardSetupId,
    /// The organization that the card is connected to.
    pub organization_id: OrganizationId,
    /// The person who began it; `None` behind a payment link.
    pub user_id: Option<UserId>,
    /// The provider that connects it: `sandbox` or `stripe`.
    pub provider: String,
    /// The provider's name for it, once known.
    pub provider_ref: Option<SetupRef>,
    /// What was asked of the provider, JSON, so that it can be repeated word for word.
    pub request: String,
    /// Only `Pending` and `ActionRequired` may still change.
    pub status: SetupStatus,
    /// With `Failed`: the bank's reason, if it was the bank.
    pub decline_code: Option<DeclineCode>,
    /// With `ActionRequired`: what the person has to do, JSON.
    pub next_action: Option<String>,
    /// With `Succeeded`: the connected card.
    pub card_id: Option<CardId>,
    /// The payment link that it is an attempt to use.
    pub link_id: Option<LinkId>,
    /// What the payer of that link saw that the card is charged at once.
    pub charge: Option<Money>,
    /// When it was written down, before the provider was called.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A set-up to be begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCardSetup {
    /// UUIDv7, made by the caller; part of the reference at the provider.
    pub id: CardSetupId,
    /// The person who begins it; `None` behind a payment link.
    pub user_id: Option<UserId>,
    /// The provider that will connect it: `sandbox` or `stripe`.
    pub provider: String,
    /// What will be asked of the provider, JSON.
    pub request: String,
}

/// What the provider answers about a set-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetupResult {
    /// The provider works on it.
    Pending {
        /// The provider's name for it.
        provider_ref: Option<SetupRef>,
    },
    /// The person has to confirm.
    ActionRequired {
        /// The provider's name for it.
        provider_ref: Option<SetupRef>,
        /// What the person has to do, as JSON.
        next_action: String,
    },
    /// The card may be connected.
    Succeeded {
        /// The provider's name for it.
        provider_ref: Option<SetupRef>,
        /// What may be kept of the card.
        card: NewCard,
    },
    /// Refused, or abandoned without a code.
    Failed {
        /// The bank's reason; `None` when abandoned.
        decline_code: Option<DeclineCode>,
    },
}

impl Store {
    /// Begins a set-up, at most once for a key; `TooFast` after too many declined ones. Never answers `Created::Blocked`.
    pub async fn create_card_setup(
        &self,
        organization_id: &OrganizationId,
        new: &NewCardSetup,
        key: Option<&IdempotencyKey>,
        now: Timestamp,
    ) -> Result<Created<CardSetup>> {
        retrying!("create_card_setup", organization_id => self.create_card_setup_once(organization_id, new, key, now))
    }

    /// One set-up, or `NotFound`.
    pub async fn card_setup(&self, organization_id: &OrganizationId, id: &CardSetupId) -> Result<CardSetup> {
        let sql = concat!("SELECT ", setup_columns!(), " FROM card_setups WHERE organization_id = $1 AND id = $2");
        let row = self.db.first(sql, args![organization_id, id]).await?;
        CardSetup::read(&row.ok_or(StoreError::NotFound)?)
    }

    /// Set-ups that are neither succeeded nor failed and were last changed before `before`, oldest first.
    pub async fn open_card_setups(&self, before: Timestamp, limit: u32) -> Result<Vec<CardSetup>> {
        // Open ones only, which a partial index holds: finished set-ups cost nothing here.
        let sql = concat!(
            "SELECT ",
            setup_columns!(),
            " FROM card_setups WHERE status IN ('pending', 'action_required') AND updated_at < $1
            ORDER BY updated_at, id LIMIT $2"
        );
        let rows = self.db.all(sql, args![before, limit]).await?;
        rows.iter().map(CardSetup::read).collect()
    }

    /// Applies the provider's answer; a success connects the card in the same transaction. A finished set-up stays as
    /// it is. Answers the set-up and its card, if it has one.
    pub async fn apply_card_setup(
        &self,
        organization_id: &OrganizationId,
        id: &CardSetupId,
        update: &SetupResult,
        now: Timestamp,
    ) -> Result<(CardSetup, Option<Card>)> {
        retrying!("apply_card_setup", organization_id => self.apply_card_setup_once(organization_id, id, update, now))
    }
}

impl Store {
    async fn create_card_setup_once(
        &self,
        organization_id: &OrganizationId,
        new: &NewCardSetup,
        key: Option<&IdempotencyKey>,
        now: Timestamp,
    ) -> Result<Created<CardSetup>> {
        let mut tx = self.db.begin().await?;
        wallet::lock_wallet(&mut tx, organization_id).await?;
        // The key before the pace: a repetition is answered whatever the limits say by now.
        if let Some(key) = key {
            match idempotency::claim_key(&mut tx, organization_id, key, &new.id, Kept::ForAWhile, now).await? {
                Claim::New => {}
                Claim::Reused => return Ok(Created::Reused),
                Claim::Replay(id) => return find_setup(&mut tx, organization_id, &id).await.map(Created::Replay),
            }
        }
        pace::check_setups(&mut tx, organization_id, now).await?;
        let setup = insert_setup(&mut tx, organization_id, new, None, None, now).await?;
        tx.commit().await?;
        Ok(Created::New(setup))
    }

    async fn apply_card_setup_once(
        &self,
        organization_id: &OrganizationId,
        id: &CardSetupId,
        update: &SetupResult,
        now: Timestamp,
    ) -> Result<(CardSetup, Option<Card>)> {
        let mut tx = self.db.begin().await?;
        wallet::lock_wallet(&mut tx, organization_id).await?;
        let setup = find_setup(&mut tx, organization_id, id).await?;
        // A late or repeated answer never reopens a finished set-up.
        if matches!(setup.status, SetupStatus::Succeeded | SetupStatus::Failed) {
            let card = match &setup.card_id {
                Some(card_id) => Some(card::find_any(&mut tx, organization_id, card_id).await?),
                None => None,
            };
            tx.rollback().await?;
            return Ok((setup, card));
        }
        let card = match update {
            // A role may be gone by the time the bank has answered, and with it the right to connect anything.
            SetupResult::Succeeded { .. } if !maker_manages(&mut tx, &setup).await? => {
                let abandoned = SetupResult::Failed { decline_code: None };
                let setup = advance_setup(&mut tx, id, &abandoned, None, now).await?;
                tx.commit().await?;
                return Ok((setup, None));
            }
            SetupResult::Succeeded { card: new, .. } => {
                let card = card::insert_connected(&mut tx, organization_id, new, now).await?;
                // The id is the new one only if this call inserted the card; a repetition notifies nobody.
                if card.id == new.id {
                    let how = Added::ByHand { user_id: setup.user_id.as_ref() };
                    notice::card_added(&mut tx, &card, how, now).await?;
                    let by = match &setup.user_id {
                        Some(user_id) => find_person(&mut tx, user_id).await?,
                        None => Actor::system("card setup"),
                    };
                    card::append_added(&mut tx, &card, &by, now).await?;
                }
                Some(card)
            }
            _ => None,
        };
        let setup = advance_setup(&mut tx, id, update, card.as_ref(), now).await?;
        tx.commit().await?;
        Ok((setup, card))
    }
}

/// Whoever began it manages billing at this moment; of one that nobody is named for, nobody can say otherwise.
async fn maker_manages(tx: &mut Tx, setup: &CardSetup) -> Result<bool> {
    let Some(user_id) = &setup.user_id else { return Ok(true) };
    let sql = "SELECT 1 FROM members WHERE organization_id = $1 AND user_id = $2 AND role IN ('owner', 'admin')";
    Ok(tx.first(sql, args![&setup.organization_id, user_id]).await?.is_some())
}

/// Writes a set-up down, as an attempt to use a link if it is one.
pub(crate) async fn insert_setup(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    new: &NewCardSetup,
    link_id: Option<&LinkId>,
    charge: Option<Money>,
    now: Timestamp,
) -> Result<CardSetup> {
    let row = tx
        .first(
            concat!(
                "INSERT INTO card_setups
                    (id, organization_id, user_id, provider, request, status, link_id, charge, created_at, updated_at)
                VALUES ($1, $2, $3, $4, $5, 'pending', $6, CAST($7 AS BIGINT), $8, $8) RETURNING ",
                setup_columns!()
            ),
            args![&new.id, organization_id, &new.user_id, &new.provider, &new.request, link_id, charge, now],
        )
        .await
        .map_err(|error| error.or_conflict("card setup").or_not_found())?;
    CardSetup::read(&row.ok_or(StoreError::NotFound)?)
}

pub(crate) async fn find_setup(tx: &mut Tx, organization_id: &OrganizationId, id: &CardSetupId) -> Result<CardSetup> {
    let sql = concat!("SELECT ", setup_columns!(), " FROM card_setups WHERE organization_id = $1 AND id = $2");
    let row = tx.first(sql, args![organization_id, id]).await?;
    CardSetup::read(&row.ok_or(StoreError::NotFound)?)
}

pub(crate) async fn advance_setup(
    tx: &mut Tx,
    id: &CardSetupId,
    update: &SetupResult,
    card: Option<&Card>,
    now: Timestamp,
) -> Result<CardSetup> {
    let (status, provider_ref, next_action, decline_code) = match update {
        SetupResult::Pending { provider_ref } => (SetupStatus::Pending, provider_ref.as_ref(), None, None),
        SetupResult::ActionRequired { provider_ref, next_action } => {
            (SetupStatus::ActionRequired, provider_ref.as_ref(), Some(next_action.as_str()), None)
        }
        SetupResult::Succeeded { provider_ref, .. } => (SetupStatus::Succeeded, provider_ref.as_ref(), None, None),
        SetupResult::Failed { decline_code } => (SetupStatus::Failed, None, None, *decline_code),
    };
    let row = tx
        .first(
            // COALESCE in the statement keeps the reference once it is known: a later silence does not erase it.
            concat!(
                "UPDATE card_setups SET status = $2, provider_ref = COALESCE($3, provider_ref), next_action = $4,
                    decline_code = $5, card_id = $6, updated_at = $7
                WHERE id = $1 RETURNING ",
                setup_columns!()
            ),
            args![
                id,
                status.as_str(),
                provider_ref,
                next_action,
                decline_code.map(DeclineCode::as_str),
                card.map(|card| &card.id),
                now
            ],
        )
        .await?;
    CardSetup::read(&row.ok_or(StoreError::NotFound)?)
}

stored_name!(SetupStatus {
    Pending = "pending",
    ActionRequired = "action_required",
    Succeeded = "succeeded",
    Failed = "failed",
});
