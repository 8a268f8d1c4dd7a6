//! Applying the provider's answer to a top-up: the state moves and the money arrives in one transaction, or neither
//! does.

use std::sync::Arc;

use billing_domain::auto_pay::health::HealthEvent;
use billing_domain::charge::{DeclineCode, TopUpStatus};
use billing_domain::{Money, OrganizationId, Timestamp, TopUpId};

use super::creating::find_top_up;
use super::top_up_columns;
use super::{Applied, CreditLine, ProviderUpdate, TopUp};
use crate::db::{Tx, args};
use crate::ledger::post_in;
use crate::{
    LineOutcome, NewLine, Origin, PostedLine, Result, Store, StoreError, Wallet, auto_pay, link, request, wallet,
};

impl Store {
    pub(super) async fn apply_top_up_once(
        &self,
        organization_id: &OrganizationId,
        id: &TopUpId,
        update: &ProviderUpdate,
        credit: &CreditLine,
        now: Timestamp,
    ) -> Result<Applied> {
        let mut tx = self.db.begin().await?;
        let wallet = wallet::lock_wallet(&mut tx, organization_id).await?;
        let before = find_top_up(&mut tx, organization_id, id).await?;
        let Some(status) = before.status.apply(update.outcome) else {
            // Too late, or contradicting a final state: nothing is written, and the answer is what stands.
            tx.rollback().await?;
            return Ok(Applied {
                top_up: before,
                changed: false,
                credit: None,
                wallet,
                auto_pay_changed: false,
                approved_request: None,
            });
        };
        let (credit, wallet) = if status == TopUpStatus::Succeeded {
            // Ledger first, then the row: if the credit is refused, the top-up stays open and is asked about again.
            let (line, wallet) = settle_top_up(&mut tx, &before, update.received, credit, now).await?;
            (Some(line), wallet)
        } else {
            (None, wallet)
        };
        let top_up = advance_top_up(&mut tx, &before, status, update, now).await?;
        let changed = before.status != status;
        let (mut auto_pay_changed, mut approved_request) = (false, None);
        if changed {
            // In the same transaction: a link that was paid must not be usable for a moment more.
            link::after_charge(&mut tx, &top_up, now).await?;
            approved_request = request::after_charge(&mut tx, &top_up, now).await?;
            if let Some(event) =
                HealthEvent::of_charge(top_up.kind, update.outcome, update.decline_code, top_up.created_at)
            {
                let present = auto_pay::find_auto_pay(&mut tx, organization_id).await?;
                auto_pay_changed = auto_pay::apply_event(&mut tx, &present, event, now).await?;
            }
        }
        tx.commit().await?;
        Ok(Applied { top_up, changed, credit, wallet, auto_pay_changed, approved_request })
    }
}

/// Credits the wallet. The reference makes the ledger itself refuse a second credit.
async fn settle_top_up(
    tx: &mut Tx,
    top_up: &TopUp,
    received: Option<Money>,
    credit: &CreditLine,
    now: Timestamp,
) -> Result<(PostedLine, Wallet)> {
    // What was received is credited, not what was asked for.
    let amount = received.unwrap_or(top_up.amount);
    if !amount.is_positive() {
        return Err(StoreError::Corrupt(format!("top-up {} settled with {amount}", top_up.id)));
    }
    let line = NewLine {
        id: credit.id.clone(),
        kind: top_up.kind.transaction(),
        origin: Origin::TopUp,
        reference: top_up.id.to_string(),
        contra: format!("processor:{}", top_up.provider),
        amount,
        part: billing_domain::pricing::Remainder::ZERO,
        occurred_at: now,
        day: credit.day,
        description: credit.description.clone(),
        source: credit.source.clone(),
        quantity: None,
        unit: None,
        unit_price: None,
        corrects: None,
        details: credit.details.clone(),
        hold_id: None,
    };
    let mut posting = post_in(tx, &top_up.organization_id, &[line], now).await??;
    match posting.outcomes.pop() {
        Some(LineOutcome::Posted(line)) => Ok((Arc::unwrap_or_clone(line), posting.wallet)),
        // The credit is there and the top-up open: nothing may be credited on top of that.
        _ => Err(StoreError::Corrupt(format!("top-up {} is open, but its credit is in the ledger", top_up.id))),
    }
}

async fn advance_top_up(
    tx: &mut Tx,
    before: &TopUp,
    status: TopUpStatus,
    update: &ProviderUpdate,
    now: Timestamp,
) -> Result<TopUp> {
    let row = tx
        .first(
            concat!(
                "UPDATE top_ups SET status = $3, provider_ref = COALESCE($4, provider_ref), decline_code = $5,
                    next_action = $6, updated_at = $7, settled_at = $8, next_check_at = $9, checks = checks + 1,
                    lease_owner = NULL, lease_until = NULL
                WHERE organization_id = $1 AND id = $2 RETURNING ",
                top_up_columns!()
            ),
            args![
                &before.organization_id,
                &before.id,
                status.as_str(),
                &update.provider_ref,
                // Of a declined one only: a code from an earlier answer would mislead.
                update.decline_code.filter(|_| status == TopUpStatus::Declined).map(DeclineCode::as_str),
                update.next_action.as_deref().filter(|_| status == TopUpStatus::ActionRequired),
                now,
                (status == TopUpStatus::Succeeded).then_some(now),
                // Final ones leave the index of what is due.
                status.is_open().then_some(update.next_check_at)
            ],
        )
        .await?;
    TopUp::read(&row.ok_or(StoreError::NotFound)?)
}
