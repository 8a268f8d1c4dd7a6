//! Automatic payments: what a person confirmed, and how the charges go.

use billing_domain::auto_pay::health::{Health, HealthEvent, PauseReason};
use billing_domain::auto_pay::{Refill, Settings};
use billing_domain::charge::DeclineCode;
use billing_domain::{CardId, Money, OrganizationId, Timestamp, UserId};

use crate::audit::{append_entry, change_entry, collect_facts};
use crate::db::{Row, Tx, args, retrying};
use crate::notice::{NoticeFacts, NoticeKind};
use crate::{Actor, AuditFacts, Result, Store, StoreError, Wallet, card, notice, wallet};

macro_rules! auto_pay_columns {
    () => {
        "organization_id, enabled, threshold, refill_kind, refill_amount, monthly_cap, card_id, consent, version,
        updated_by, updated_at, paused_reason, decline_code, failures, attempt, first_attempt_at, next_attempt_at,
        last_charge_at, reversed_at"
    };
}
pub(crate) use auto_pay_columns;

/// Automatic payments of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutoPay {
    /// Whose wallet is refilled.
    pub organization_id: OrganizationId,
    /// What a person switched; pauses stand in `health`.
    pub enabled: bool,
    /// `None` until somebody set them up.
    pub settings: Option<Settings>,
    /// The card that is charged; `None`: the default card.
    pub card_id: Option<CardId>,
    /// Which wording of the consent was agreed to.
    pub consent: Option<String>,
    /// From 1, one more with every [`Store::put_auto_pay`]: the `ETag`.
    pub version: i64,
    /// Who changed it last.
    pub updated_by: Option<UserId>,
    /// When a person changed it last.
    pub updated_at: Timestamp,
    /// How the charges go; written by whoever applies an event, not part of the `ETag`.
    pub health: Health,
}

/// What a person confirms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutoPayUpdate {
    /// `false` keeps the settings and stops charging.
    pub enabled: bool,
    /// What was entered, within its limits.
    pub settings: Settings,
    /// `None`: the default card. Else a connected card of the organization (`NotFound`).
    pub card_id: Option<CardId>,
    /// Which wording of the consent was agreed to.
    pub consent: Option<String>,
    /// The person who confirmed it.
    pub updated_by: UserId,
}

impl Store {
    /// The settings and their state, or `NotFound`. Every organization has one, switched off at first.
    pub async fn auto_pay(&self, organization_id: &OrganizationId) -> Result<AutoPay> {
        let sql = concat!("SELECT ", auto_pay_columns!(), " FROM auto_pay WHERE organization_id = $1");
        let row = self.db.first(sql, args![organization_id]).await?;
        AutoPay::read(&row.ok_or(StoreError::NotFound)?)
    }

    /// Organizations with automatic payments switched on.
    pub async fn auto_pay_enabled(&self) -> Result<Vec<OrganizationId>> {
        let sql = "SELECT organization_id FROM auto_pay WHERE enabled = 1 ORDER BY organization_id";
        let rows = self.db.all(sql, &[]).await?;
        rows.iter().map(|row| row.get("organization_id")).collect()
    }

    /// Changes the settings if they still have `expected_version`, else `Stale`, and applies the event that the change is to
    /// the health as it then is. `by`: whoever changes them.
    pub async fn put_auto_pay(
        &self,
        organization_id: &OrganizationId,
        expected_version: i64,
        update: &AutoPayUpdate,
        event: HealthEvent,
        by: &Actor,
        now: Timestamp,
    ) -> Result<AutoPay> {
        retrying!("put_auto_pay", organization_id => self.put_auto_pay_once(organization_id, expected_version, update, event, by, now))
    }

    /// A person ends a pause, if the health is still `expected`, else `Stale`.
    pub async fn resume_auto_pay(
        &self,
        organization_id: &OrganizationId,
        expected: &Health,
        health: &Health,
        by: &Actor,
        now: Timestamp,
    ) -> Result<()> {
        retrying!("resume_auto_pay", organization_id => self.record_health_once(organization_id, expected, health, Some(by), now))
    }

    /// Replaces the health if it is still `expected`, else `Stale`.
    pub async fn record_auto_pay_health(
        &self,
        organization_id: &OrganizationId,
        expected: &Health,
        health: &Health,
        now: Timestamp,
    ) -> Result<()> {
        retrying!("record_auto_pay_health", organization_id => self.record_health_once(organization_id, expected, health, None, now))
    }
}

impl Store {
    async fn put_auto_pay_once(
        &self,
        organization_id: &OrganizationId,
        expected_version: i64,
        update: &AutoPayUpdate,
        event: HealthEvent,
        by: &Actor,
        now: Timestamp,
    ) -> Result<AutoPay> {
        let mut tx = self.db.begin().await?;
        // The lock comes first: the version that is compared must still be the one that is overwritten.
        wallet::lock_wallet(&mut tx, organization_id).await?;
        let present = find_auto_pay(&mut tx, organization_id).await?;
        if present.version != expected_version {
            return Err(StoreError::Stale);
        }
        if let Some(card_id) = &update.card_id {
            // Inside the transaction, so that a card removed meanwhile is not agreed on.
            card::find_connected(&mut tx, organization_id, card_id).await?;
        }
        write_settings(&mut tx, organization_id, update, now).await?;
        notify_changed(&mut tx, &present, update, now).await?;
        apply_event(&mut tx, &present, event, now).await?;
        // Read again, because the event may have changed the health as well.
        let updated = find_auto_pay(&mut tx, organization_id).await?;
        append_change(&mut tx, &present, &updated, by, now).await?;
        tx.commit().await?;
        Ok(updated)
    }

    async fn record_health_once(
        &self,
        organization_id: &OrganizationId,
        expected: &Health,
        health: &Health,
        by: Option<&Actor>,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.db.begin().await?;
        wallet::lock_wallet(&mut tx, organization_id).await?;
        // The worker decided on these figures; if a charge or a person changed them meanwhile, it decides again.
        if find_auto_pay(&mut tx, organization_id).await?.health != *expected {
            return Err(StoreError::Stale);
        }
        write_health(&mut tx, organization_id, expected, health, now).await?;
        if let Some(by) = by {
            let reason = expected.paused_reason.map(|reason| ("reason", reason.as_str().to_owned()));
            let entry = change_entry("auto_pay.resume", organization_id, collect_facts(reason), AuditFacts::new());
            append_entry(&mut tx, Some(organization_id), by, &entry, now).await?;
        }
        tx.commit().await
    }
}

/// Writes down what differs between the settings before and after a change.
pub(crate) async fn append_change(
    tx: &mut Tx,
    before: &AutoPay,
    after: &AutoPay,
    by: &Actor,
    now: Timestamp,
) -> Result<()> {
    let (was, is) = (audit_facts(tx, before).await?, audit_facts(tx, after).await?);
    let entry = change_entry("auto_pay.change", &after.organization_id, was, is);
    append_entry(tx, Some(&after.organization_id), by, &entry, now).await
}

async fn audit_facts(tx: &mut Tx, auto_pay: &AutoPay) -> Result<AuditFacts> {
    let card = match &auto_pay.card_id {
        Some(id) => card::find_any(tx, &auto_pay.organization_id, id).await?.label(),
        None => String::new(),
    };
    let mut facts = vec![("enabled", auto_pay.enabled.to_string()), ("card", card)];
    if let Some(settings) = &auto_pay.settings {
        let (kind, amount) = refill_columns(&settings.refill);
        facts.extend([
            ("threshold", settings.threshold.to_string()),
            ("refill", amount.to_string()),
            ("refill_kind", kind.to_owned()),
            ("monthly_cap", settings.monthly_cap.to_string()),
        ]);
    }
    Ok(collect_facts(facts))
}

pub(crate) async fn find_auto_pay(tx: &mut Tx, organization_id: &OrganizationId) -> Result<AutoPay> {
    let sql = concat!("SELECT ", auto_pay_columns!(), " FROM auto_pay WHERE organization_id = $1");
    let row = tx.first(sql, args![organization_id]).await?;
    AutoPay::read(&row.ok_or(StoreError::NotFound)?)
}

/// Replaces the settings and counts the version up, in an organization whose wallet is locked. The card must be a connected
/// one.
pub(crate) async fn write_settings(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    update: &AutoPayUpdate,
    now: Timestamp,
) -> Result<()> {
    let (refill_kind, refill_amount) = refill_columns(&update.settings.refill);
    tx.execute(
        "UPDATE auto_pay SET enabled = $2, threshold = $3, refill_kind = $4, refill_amount = $5, monthly_cap = $6,
            card_id = $7, consent = $8, version = version + 1, updated_by = $9, updated_at = $10
        WHERE organization_id = $1",
        args![
            organization_id,
            update.enabled,
            update.settings.threshold,
            refill_kind,
            refill_amount,
            update.settings.monthly_cap,
            &update.card_id,
            &update.consent,
            &update.updated_by,
            now
        ],
    )
    .await?;
    Ok(())
}

/// People are notified when automatic payments may charge more than before: switched on, or raised.
pub(crate) async fn notify_changed(
    tx: &mut Tx,
    before: &AutoPay,
    update: &AutoPayUpdate,
    now: Timestamp,
) -> Result<()> {
    let begins = update.enabled && !before.enabled;
    let raises = update.enabled && before.settings.is_none_or(|settings| update.settings.exceeds(&settings));
    if !begins && !raises {
        return Ok(());
    }
    // Only for the currency: the caller has the lock already.
    let wallet = wallet::lock_wallet(tx, &before.organization_id).await?;
    let amount = match update.settings.refill {
        Refill::Fixed { amount } => amount,
        Refill::Target { balance } => balance,
    };
    let facts = NoticeFacts::from([
        ("change".to_owned(), if begins { "switched_on" } else { "raised" }.to_owned()),
        ("currency".to_owned(), wallet.currency.to_string()),
        ("threshold".to_owned(), update.settings.threshold.to_string()),
        ("refill_kind".to_owned(), refill_columns(&update.settings.refill).0.to_owned()),
        ("refill_amount".to_owned(), amount.to_string()),
        ("monthly_cap".to_owned(), update.settings.monthly_cap.to_string()),
    ]);
    let kind = NoticeKind::AutomaticPaymentsChanged;
    notice::authority_changed(tx, &before.organization_id, kind, &update.updated_by, facts, now).await
}

/// Applies an event in an organization whose wallet is locked; whether it changed anything. `present` is the row as it is.
pub(crate) async fn apply_event(tx: &mut Tx, present: &AutoPay, event: HealthEvent, now: Timestamp) -> Result<bool> {
    match present.health.apply(event) {
        Some(health) => write_health(tx, &present.organization_id, &present.health, &health, now).await.map(|()| true),
        None => Ok(false),
    }
}

/// Replaces the health, except when the last charge began, in an organization whose wallet is locked. People are
/// notified of a first decline and of a pause in the same transaction.
pub(crate) async fn write_health(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    before: &Health,
    health: &Health,
    now: Timestamp,
) -> Result<()> {
    set_health(tx, organization_id, health).await?;
    if let Some((kind, facts)) = notice::notice_about(before, health) {
        notice::write_notice(tx, organization_id, kind, &facts, now).await?;
    }
    Ok(())
}

/// The same without a notification, for whoever sends one that says more.
pub(crate) async fn set_health(tx: &mut Tx, organization_id: &OrganizationId, health: &Health) -> Result<()> {
    // Not `last_charge_at`: no event changes it, only a charge that is begun.
    tx.execute(
        "UPDATE auto_pay SET paused_reason = $2, decline_code = $3, failures = $4, attempt = $5,
            first_attempt_at = $6, next_attempt_at = $7, reversed_at = $8
        WHERE organization_id = $1",
        args![
            organization_id,
            health.paused_reason.map(PauseReason::as_str),
            health.decline_code.map(DeclineCode::as_str),
            health.failures,
            health.attempt,
            health.first_attempt_at,
            health.next_attempt_at,
            health.reversed_at
        ],
    )
    .await
    .map(drop)
}

/// The next automatic charge keeps its distance from now on, as if one had begun.
pub(crate) async fn begin_pace(tx: &mut Tx, organization_id: &OrganizationId, now: Timestamp) -> Result<()> {
    let sql = "UPDATE auto_pay SET last_charge_at = $2 WHERE organization_id = $1";
    tx.execute(sql, args![organization_id, now]).await.map(drop)
}

/// What a posting means for automatic payments, in an organization whose wallet is locked: money that nobody used makes
/// them wait, usage that takes the balance down to the threshold lets them go on.
/// See docs/decisions/0040-reversed-money.md.
pub(crate) async fn after_posting(
    tx: &mut Tx,
    before: &Wallet,
    after: &Wallet,
    posted: PostingContents,
    now: Timestamp,
) -> Result<()> {
    if posted.reverses {
        // COALESCE keeps the first moment: the money rests since the first reversal that no usage has followed.
        let sql = "UPDATE auto_pay SET reversed_at = COALESCE(reversed_at, $2)
            WHERE organization_id = $1 AND enabled = 1";
        tx.execute(sql, args![&before.organization_id, now]).await?;
    } else if posted.uses && after.balance < before.balance {
        // Only usage that crosses the threshold counts, as docs/decisions/0040-reversed-money.md wants it.
        let sql = "UPDATE auto_pay SET reversed_at = NULL
            WHERE organization_id = $1 AND reversed_at IS NOT NULL AND threshold < $2 AND threshold >= $3";
        tx.execute(sql, args![&before.organization_id, before.balance, after.balance]).await?;
    }
    Ok(())
}

/// What a posting consists of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PostingContents {
    /// It has usage, which may take the balance to the threshold.
    pub(crate) uses: bool,
    /// Money out of the wallet that nobody used.
    pub(crate) reverses: bool,
}

/// People are notified that automatic payments wait from now on, where the wallet would have been refilled otherwise.
pub(crate) async fn notify_reversed(tx: &mut Tx, organization_id: &OrganizationId, now: Timestamp) -> Result<()> {
    let present = find_auto_pay(tx, organization_id).await?;
    // `reversed_at` is this moment only if this very posting set it: people are notified once.
    let begun = present.enabled && present.health.reversed_at == Some(now) && present.health.paused_reason.is_none();
    let available = wallet::lock_wallet(tx, organization_id).await?.available();
    if begun && present.settings.is_some_and(|settings| available <= settings.threshold) {
        let facts = NoticeFacts::from([("reason".to_owned(), "reversed".to_owned())]);
        notice::write_notice(tx, organization_id, NoticeKind::AutomaticPaymentsPaused, &facts, now).await?;
    }
    Ok(())
}

impl AutoPay {
    pub(crate) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            organization_id: row.get("organization_id")?,
            enabled: row.get("enabled")?,
            settings: read_settings(row)?,
            card_id: row.get("card_id")?,
            consent: row.get("consent")?,
            version: row.get("version")?,
            updated_by: row.get("updated_by")?,
            updated_at: row.get("updated_at")?,
            health: Health {
                paused_reason: row.get("paused_reason")?,
                decline_code: row.get("decline_code")?,
                failures: row.get("failures")?,
                attempt: row.get("attempt")?,
                first_attempt_at: row.get("first_attempt_at")?,
                next_attempt_at: row.get("next_attempt_at")?,
                last_charge_at: row.get("last_charge_at")?,
                reversed_at: row.get("reversed_at")?,
            },
        })
    }
}

/// A refill as its two columns.
pub(crate) const fn refill_columns(refill: &Refill) -> (&'static str, Money) {
    match refill {
        Refill::Fixed { amount } => ("fixed", *amount),
        Refill::Target { balance } => ("target", *balance),
    }
}

/// Threshold, refill and cap: four columns that are all there or all empty.
pub(crate) fn read_settings(row: &Row) -> Result<Option<Settings>> {
    let (threshold, kind): (Option<Money>, Option<String>) = (row.get("threshold")?, row.get("refill_kind")?);
    let (amount, monthly_cap) = (row.get("refill_amount")?, row.get("monthly_cap")?);
    // A CHECK of the table keeps the four together.
    let (Some(threshold), Some(kind), Some(amount), Some(monthly_cap)) = (threshold, kind, amount, monthly_cap) else {
        return Ok(None);
    };
    let refill = match kind.as_str() {
        "fixed" => Refill::Fixed { amount },
        "target" => Refill::Target { balance: amount },
        other => return Err(StoreError::Corrupt(format!("unknown refill `{other}`"))),
    };
    Ok(Some(Settings { threshold, refill, monthly_cap }))
}
