//! Early fraud warnings: written down once, with the pause of automatic payments and with the notification of people.

use billing_domain::auto_pay::health::HealthEvent;
use billing_domain::{FraudWarningRef, OrganizationId, Timestamp, TopUpId};

use crate::db::{Tx, args, retrying};
use crate::notice::{self, NoticeFacts, NoticeKind};
use crate::top_up::find_top_up;
use crate::{Result, Store, TopUp, auto_pay, wallet};

/// What the provider reports of a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FraudUpdate {
    /// The provider that reports it: `sandbox` or `stripe`.
    pub provider: String,
    /// The provider's name for it.
    pub provider_ref: FraudWarningRef,
    /// The top-up whose charge is suspected.
    pub top_up_id: TopUpId,
    /// In the provider's words; may be empty.
    pub reason: String,
    /// Giving the money back would still spare a dispute.
    pub actionable: bool,
}

/// The effect of a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FraudApplied {
    /// It was not known before.
    pub is_news: bool,
    /// Automatic payments were paused along.
    pub auto_pay_changed: bool,
}

impl Store {
    /// Writes a warning down, once; automatic payments that are switched on pause. `NotFound` without such a top-up.
    pub async fn apply_fraud_warning(
        &self,
        organization_id: &OrganizationId,
        update: &FraudUpdate,
        now: Timestamp,
    ) -> Result<FraudApplied> {
        retrying!("apply_fraud_warning", organization_id => self.apply_fraud_warning_once(organization_id, update, now))
    }

    async fn apply_fraud_warning_once(
        &self,
        organization_id: &OrganizationId,
        update: &FraudUpdate,
        now: Timestamp,
    ) -> Result<FraudApplied> {
        let mut tx = self.db.begin().await?;
        wallet::lock_wallet(&mut tx, organization_id).await?;
        let top_up = find_top_up(&mut tx, organization_id, &update.top_up_id).await?;
        if !insert_warning(&mut tx, &top_up, update, now).await? {
            tx.rollback().await?;
            return Ok(FraudApplied { is_news: false, auto_pay_changed: false });
        }
        let present = auto_pay::find_auto_pay(&mut tx, organization_id).await?;
        // A pause is written only where automatic payments could have charged.
        let paused = present.health.apply(HealthEvent::FraudSuspected).filter(|_| present.enabled);
        if let Some(health) = &paused {
            // Without a notification of its own: the one about the warning says that they are paused.
            auto_pay::set_health(&mut tx, organization_id, health).await?;
        }
        let facts = warning_facts(&top_up, update, paused.is_some());
        notice::write_notice(&mut tx, organization_id, NoticeKind::FraudWarning, &facts, now).await?;
        tx.commit().await?;
        Ok(FraudApplied { is_news: true, auto_pay_changed: paused.is_some() })
    }
}

/// `false`: it was there already.
async fn insert_warning(tx: &mut Tx, top_up: &TopUp, update: &FraudUpdate, now: Timestamp) -> Result<bool> {
    let sql = "INSERT INTO fraud_warnings (provider, provider_ref, organization_id, top_up_id, reason, created_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organization_id, provider, provider_ref) DO NOTHING";
    // The provider's name is the key: a warning that is repeated is no second warning.
    let args = args![&update.provider, &update.provider_ref, &top_up.organization_id, &top_up.id, &update.reason, now];
    Ok(tx.execute(sql, args).await? > 0)
}

fn warning_facts(top_up: &TopUp, update: &FraudUpdate, paused: bool) -> NoticeFacts {
    let yes = |flag: bool| if flag { "yes" } else { "no" }.to_owned();
    NoticeFacts::from([
        ("top_up_id".to_owned(), top_up.id.to_string()),
        ("amount".to_owned(), top_up.amount.to_string()),
        ("currency".to_owned(), top_up.currency.to_string()),
        ("card_brand".to_owned(), top_up.card_brand.clone()),
        ("card_last4".to_owned(), top_up.card_last4.clone()),
        ("charged_at".to_owned(), top_up.created_at.to_string()),
        ("reason".to_owned(), update.reason.clone()),
        ("refund_spares_dispute".to_owned(), yes(update.actionable)),
        ("automatic_payments_paused".to_owned(), yes(paused)),
    ])
}
