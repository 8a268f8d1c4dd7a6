//! Disputes: the card's bank takes a settled charge back, and sometimes gives it back again. Each movement is posted once,
//! whatever order the provider's words come in; the balance may go below zero.

use billing_domain::auto_pay::health::HealthEvent;
use billing_domain::charge::DisputeState;
use billing_domain::{Currency, DisputeRef, Money, OrganizationId, Timestamp, TopUpId};

use crate::db::{Tx, args, retrying};
use crate::reversal::{Reversal, ReversalLine};
use crate::top_up::find_top_up;
use crate::{CreditLine, Result, Store, StoreError, auto_pay, wallet};

/// What the provider reports of a dispute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeUpdate {
    /// The provider that reports it: `sandbox` or `stripe`.
    pub provider: String,
    /// The provider's name for it.
    pub provider_ref: DisputeRef,
    /// The top-up whose charge is disputed.
    pub top_up_id: TopUpId,
    /// What is taken, positive; what was taken stays, whatever is reported later.
    pub amount: Money,
    /// Must be the wallet's (`Corrupt`).
    pub currency: Currency,
    /// In the provider's words; may be empty.
    pub reason: String,
    /// Where the money is by that.
    pub state: DisputeState,
}

/// The effect of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DisputeApplied {
    /// Lines were posted: the balance has changed.
    pub posted: bool,
    /// Automatic payments were paused along.
    pub auto_pay_changed: bool,
}

impl Store {
    /// Applies the provider's report. `taken` and `given_back` word the two lines. If the money is taken
    /// now, automatic payments that are switched on pause. `NotFound` without such a top-up.
    pub async fn apply_dispute(
        &self,
        organization_id: &OrganizationId,
        update: &DisputeUpdate,
        taken: &CreditLine,
        given_back: &CreditLine,
        now: Timestamp,
    ) -> Result<DisputeApplied> {
        retrying!("apply_dispute", organization_id => self.apply_dispute_once(organization_id, update, taken, given_back, now))
    }

    async fn apply_dispute_once(
        &self,
        organization_id: &OrganizationId,
        update: &DisputeUpdate,
        taken: &CreditLine,
        given_back: &CreditLine,
        now: Timestamp,
    ) -> Result<DisputeApplied> {
        let mut applied = DisputeApplied { posted: false, auto_pay_changed: false };
        let mut tx = self.db.begin().await?;
        let wallet = wallet::lock_wallet(&mut tx, organization_id).await?;
        // The wallet before the top-up: everything that changes several rows of an organization locks in this order.
        let top_up = find_top_up(&mut tx, organization_id, &update.top_up_id).await?;
        if wallet.currency != update.currency {
            return Err(StoreError::Corrupt(format!("dispute {} is in another currency", update.provider_ref)));
        }
        let before = find_dispute(&mut tx, update).await?;
        // A state that has been passed, or repeated, changes nothing: webhooks arrive twice and in any order.
        let Some(transition) = DisputeState::apply(before.map(|(state, _)| state), update.state) else {
            tx.rollback().await?;
            return Ok(applied);
        };
        // What was taken is given back, whatever is said of the amount later.
        let taken_before = before.filter(|(state, _)| *state >= DisputeState::Withdrawn);
        let amount = taken_before.map_or(update.amount, |(_, amount)| amount);
        if transition.withdraws {
            let debit = amount.checked_neg().ok_or(StoreError::Overflow)?;
            let movement = ReversalLine { reference: update.provider_ref.to_string(), amount: debit, corrects: None };
            Reversal::Dispute.post(&mut tx, &top_up, movement, taken, now).await?;
            applied.posted = true;
            // In the same transaction: no automatic charge may come between the loss and the pause.
            applied.auto_pay_changed = pause_auto_pay(&mut tx, organization_id, now).await?;
        }
        if transition.returns {
            let seq = Reversal::Dispute.debited_at(&mut tx, organization_id, update.provider_ref.as_str()).await?;
            let movement =
                ReversalLine { reference: format!("{}:returned", update.provider_ref), amount, corrects: Some(seq) };
            Reversal::Dispute.post(&mut tx, &top_up, movement, given_back, now).await?;
            applied.posted = true;
        }
        // Written even where no line was posted: the state is what later answers are compared with.
        write_dispute(&mut tx, organization_id, update, amount, now).await?;
        tx.commit().await?;
        Ok(applied)
    }
}

async fn find_dispute(tx: &mut Tx, update: &DisputeUpdate) -> Result<Option<(DisputeState, Money)>> {
    let sql = "SELECT state, amount FROM disputes WHERE provider = $1 AND provider_ref = $2";
    let row = tx.first(sql, args![&update.provider, &update.provider_ref]).await?;
    row.map(|row| Ok((row.get("state")?, row.get("amount")?))).transpose()
}

async fn write_dispute(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    update: &DisputeUpdate,
    amount: Money,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT INTO disputes
            (provider, provider_ref, organization_id, top_up_id, amount, currency, reason, state, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
        ON CONFLICT (organization_id, provider, provider_ref) DO UPDATE SET
            amount = excluded.amount, reason = excluded.reason, state = excluded.state, updated_at = excluded.updated_at",
        args![
            &update.provider,
            &update.provider_ref,
            organization_id,
            &update.top_up_id,
            amount,
            update.currency,
            &update.reason,
            update.state.as_str(),
            now
        ],
    )
    .await
    .map(drop)
}

/// Nobody is charged unasked while the card's bank takes charges back.
async fn pause_auto_pay(tx: &mut Tx, organization_id: &OrganizationId, now: Timestamp) -> Result<bool> {
    let present = auto_pay::find_auto_pay(tx, organization_id).await?;
    if present.enabled { auto_pay::apply_event(tx, &present, HealthEvent::Disputed, now).await } else { Ok(false) }
}
