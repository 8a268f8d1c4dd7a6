//! Disputes: the card's bank takes a settled charge back, and sometimes gives it back again. Each movement is posted once,
//! whatever order the provider's words come in; the balance may go below zero.

use billing_domain::auto_pay::health::HealthEvent;
use billing_domain::charge::DisputeState;
use billing_domain::{Currency, Money, OrganizationId, Timestamp, TopUpId};

use crate::db::{Tx, args, retrying};
use crate::reversal::{Movement, Reversal};
use crate::top_up::find as find_top_up;
use crate::{CreditLine, Result, Store, StoreError, auto_pay, wallet};

/// What was heard of a dispute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeWord {
    /// `sandbox`, `stripe`.
    pub provider: String,
    /// The provider's name for it.
    pub provider_ref: String,
    /// The disputed top-up.
    pub top_up_id: TopUpId,
    /// What is taken, positive; what was taken stays, whatever is heard later.
    pub amount: Money,
    /// Must be the wallet's (`Corrupt`).
    pub currency: Currency,
    /// In the provider's word; may be empty.
    pub reason: String,
    /// Where the money is by that.
    pub state: DisputeState,
}

/// The effect of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DisputeApplied {
    /// Lines were posted.
    pub posted: bool,
    /// Automatic payments were paused along.
    pub auto_pay_changed: bool,
}

impl Store {
    /// Takes the provider's word. `taken` and `given_back` are the words of the two lines. If the money is taken
    /// now, automatic payments that are switched on pause. `NotFound` without such a top-up.
    pub async fn apply_dispute(
        &self,
        organization_id: &OrganizationId,
        word: &DisputeWord,
        taken: &CreditLine,
        given_back: &CreditLine,
        now: Timestamp,
    ) -> Result<DisputeApplied> {
        retrying!("apply_dispute", organization_id => self.apply_dispute_once(organization_id, word, taken, given_back, now))
    }

    async fn apply_dispute_once(
        &self,
        organization_id: &OrganizationId,
        word: &DisputeWord,
        taken: &CreditLine,
        given_back: &CreditLine,
        now: Timestamp,
    ) -> Result<DisputeApplied> {
        let mut applied = DisputeApplied { posted: false, auto_pay_changed: false };
        let mut tx = self.db.begin().await?;
        let wallet = wallet::lock(&mut tx, organization_id).await?;
        let top_up = find_top_up(&mut tx, organization_id, &word.top_up_id).await?;
        if wallet.currency != word.currency {
            return Err(StoreError::Corrupt(format!("dispute {} is in another currency", word.provider_ref)));
        }
        let before = find(&mut tx, word).await?;
        let Some(transition) = DisputeState::apply(before.map(|(state, _)| state), word.state) else {
            tx.rollback().await?;
            return Ok(applied);
        };
        // What was taken is given back, whatever is said of the amount later.
        let taken_before = before.filter(|(state, _)| *state >= DisputeState::Withdrawn);
        let amount = taken_before.map_or(word.amount, |(_, amount)| amount);
        if transition.withdraws {
            let debit = amount.checked_neg().ok_or(StoreError::Overflow)?;
            let movement = Movement { reference: word.provider_ref.clone(), amount: debit, corrects: None };
            Reversal::Dispute.post(&mut tx, &top_up, movement, taken, now).await?;
            applied.posted = true;
            applied.auto_pay_changed = pause(&mut tx, organization_id, now).await?;
        }
        if transition.returns {
            let seq = Reversal::Dispute.debited_at(&mut tx, organization_id, &word.provider_ref).await?;
            let movement =
                Movement { reference: format!("{}:returned", word.provider_ref), amount, corrects: Some(seq) };
            Reversal::Dispute.post(&mut tx, &top_up, movement, given_back, now).await?;
            applied.posted = true;
        }
        write(&mut tx, organization_id, word, amount, now).await?;
        tx.commit().await?;
        Ok(applied)
    }
}

async fn find(tx: &mut Tx, word: &DisputeWord) -> Result<Option<(DisputeState, Money)>> {
    let sql = "SELECT state, amount FROM disputes WHERE provider = $1 AND provider_ref = $2";
    let row = tx.first(sql, args![&word.provider, &word.provider_ref]).await?;
    row.map(|row| Ok((row.get("state")?, row.get("amount")?))).transpose()
}

async fn write(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    word: &DisputeWord,
    amount: Money,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT INTO disputes
            (provider, provider_ref, organization_id, top_up_id, amount, currency, reason, state, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
        ON CONFLICT (provider, provider_ref) DO UPDATE SET
            amount = excluded.amount, reason = excluded.reason, state = excluded.state, updated_at = excluded.updated_at",
        args![
            &word.provider,
            &word.provider_ref,
            organization_id,
            &word.top_up_id,
            amount,
            word.currency,
            &word.reason,
            word.state.as_str(),
            now
        ],
    )
    .await
    .map(drop)
}

/// Nobody is charged unasked while the card's bank takes charges back.
async fn pause(tx: &mut Tx, organization_id: &OrganizationId, now: Timestamp) -> Result<bool> {
    let present = auto_pay::find(tx, organization_id).await?;
    if present.enabled { auto_pay::apply(tx, &present, HealthEvent::Disputed, now).await } else { Ok(false) }
}
