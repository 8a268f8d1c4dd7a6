//! Notices: what people and the operator are notified of. Each is written in the transaction of its cause, with a
//! delivery for every owner and admin and one for the operator's webhook; a delivery happens at least once.

use std::collections::BTreeMap;

use billing_domain::auto_pay::health::Health;
use billing_domain::{LeaseOwner, NoticeId, OrganizationId, Timestamp, UserId};
use sha2::{Digest as _, Sha256};

use crate::db::{Row, Tx, args, columns, retrying, stored_name};
use crate::{Card, Result, Store, StoreError, ids, wallet};

/// A low balance is notified at most this often (docs/decisions/0042).
/// See docs/decisions/0042-low-balance-notifications.md.
const QUIET_SECONDS: i64 = 7 * 24 * 3600;

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// The available amount has come down to the low mark.
    LowBalance,
    /// An automatic payment was declined for the first time; it is tried again.
    PaymentDeclined,
    /// Automatic payments rest until a person does something.
    AutomaticPaymentsPaused,
    /// A card was connected, by a person or through a payment link.
    CardAdded,
    /// The card's bank suspects that a payment was fraud.
    FraudWarning,
    /// A person switched automatic payments on, or raised what they may charge.
    AutomaticPaymentsChanged,
    /// Somebody has another role.
    RoleChanged,
    /// A payment link was made.
    PaymentLinkCreated,
}

/// What a notification says, by name; the names are those of its webhook.
pub type NoticeFacts = BTreeMap<String, String>;

/// A notification, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// UUIDv7; receivers recognize repetitions by it.
    pub id: NoticeId,
    /// The organization that it is about.
    pub organization_id: OrganizationId,
    /// Chooses wording and recipients.
    pub kind: NoticeKind,
    /// What the wording needs, as it was at that moment.
    pub facts: NoticeFacts,
    /// When it came about.
    pub created_at: Timestamp,
}

/// A way to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// An e-mail to one person.
    Email,
    /// A signed request to the operator's address.
    Webhook,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is tried, or tried again.
    Pending,
    /// The other side took it.
    Delivered,
    /// There is no such way here; it can be read in the outbox.
    Kept,
    /// Nobody took it, however often it was tried.
    Dead,
}

/// A notice on its way to one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The notification that is delivered.
    pub notice: Notice,
    /// By e-mail or webhook.
    pub channel: Channel,
    /// An address; `operator` for the webhook.
    pub recipient: String,
    /// Only a pending one is tried again.
    pub state: DeliveryState,
    /// How often it was tried.
    pub tries: i64,
    /// Not tried again before this.
    pub next_try_at: Timestamp,
    /// Why the last try failed.
    pub last_error: Option<String>,
}

/// What became of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryResult {
    /// The other side took it.
    Delivered,
    /// There is no such way here.
    Kept,
    /// It failed: tried again then, or `None`: never.
    Failed {
        /// Why it failed, without secrets: people read it.
        error: String,
        /// When it is tried again.
        again_at: Option<Timestamp>,
    },
}

/// What a look at a wallet's low mark brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LowBalance {
    /// It is as it was.
    Unchanged,
    /// It crossed the mark, and people are notified.
    Notified,
    /// It crossed the mark within a week after people were notified.
    Quiet,
    /// It is above the mark again.
    Recovered,
}

columns!(notice_columns, Notice {
    id = "notices.id",
    organization_id = "notices.organization_id",
    kind = "notices.kind",
    facts = "notices.facts",
    created_at = "notices.created_at",
});

macro_rules! delivery_columns {
    () => {
        concat!(
            notice_columns!(),
            ", deliveries.channel, deliveries.recipient, deliveries.state, deliveries.tries, deliveries.next_try_at,
            deliveries.last_error"
        )
    };
}

/// The notification about the way from one state of automatic payments to the next.
pub(crate) fn notice_about(before: &Health, after: &Health) -> Option<(NoticeKind, NoticeFacts)> {
    let mut facts = NoticeFacts::new();
    let kind = match (before.paused_reason, after.paused_reason) {
        // A pause for another reason is news; the same one again is not.
        (earlier, Some(reason)) if earlier != Some(reason) => {
            facts.insert("reason".to_owned(), reason.as_str().to_owned());
            NoticeKind::AutomaticPaymentsPaused
        }
        // Only the first decline: what follows is either a pause or a success.
        (None, None) if before.failures == 0 && after.failures == 1 => NoticeKind::PaymentDeclined,
        _ => return None,
    };
    if let Some(code) = after.decline_code {
        facts.insert("decline_code".to_owned(), code.as_str().to_owned());
    }
    if let Some(next) = after.next_attempt_at {
        facts.insert("next_attempt_at".to_owned(), next.to_string());
    }
    Some((kind, facts))
}

/// Notifies of a card that is connected from now on, and how that came: by this person, or through a link that they
/// made. Never of its number, nor of the provider's name for it.
pub(crate) async fn card_added(tx: &mut Tx, card: &Card, how: Added<'_>, now: Timestamp) -> Result<()> {
    let (how, by) = match how {
        Added::ByHand { user_id: None } => ("by_hand", String::new()),
        Added::ByHand { user_id: Some(id) } => {
            let row = tx.first("SELECT name FROM users WHERE id = $1", args![id]).await?;
            ("by_hand", row.map(|row| row.get("name")).transpose()?.unwrap_or_default())
        }
        Added::ByLink { made_by } => ("payment_link", made_by.to_owned()),
    };
    let facts = NoticeFacts::from([
        ("card_id".to_owned(), card.id.to_string()),
        ("card_brand".to_owned(), card.brand.clone()),
        ("card_last4".to_owned(), card.last4.clone()),
        ("how".to_owned(), how.to_owned()),
        ("by".to_owned(), by),
    ]);
    write_notice(tx, &card.organization_id, NoticeKind::CardAdded, &facts, now).await
}

/// Notifies of a change that hands out power over money, and who made it.
pub(crate) async fn authority_changed(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    kind: NoticeKind,
    by: &UserId,
    mut facts: NoticeFacts,
    now: Timestamp,
) -> Result<()> {
    let row = tx.first("SELECT name FROM users WHERE id = $1", args![by]).await?;
    let name = row.map(|row| row.get("name")).transpose()?.unwrap_or_default();
    facts.insert("by".to_owned(), name);
    write_notice(tx, organization_id, kind, &facts, now).await
}

/// How a card came to be connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Added<'a> {
    /// By a person who is signed in.
    ByHand {
        /// Who, if that was noted.
        user_id: Option<&'a UserId>,
    },
    /// By whoever held a payment link.
    ByLink {
        /// The name of whoever made it.
        made_by: &'a str,
    },
}

/// Writes a notice and a delivery for whoever is notified now.
pub(crate) async fn write_notice(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    kind: NoticeKind,
    facts: &NoticeFacts,
    now: Timestamp,
) -> Result<()> {
    // The map is sorted by name, so that equal facts are equal texts, which the id is made from.
    let facts = serde_json::to_string(facts).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let id = id_of(organization_id, kind, &facts, now);
    let written = tx
        .execute(
            "INSERT INTO notices (id, organization_id, kind, facts, created_at) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (organization_id, id) DO NOTHING",
            args![&id, organization_id, kind.as_str(), &facts, now],
        )
        .await?;
    // The same contents at the same moment are the same notification (docs/decisions/0045-notification-ids.md): no reason
    // to fail the payment that it is about.
    if written == 0 {
        return Ok(());
    }
    // The recipients are chosen now, in the same transaction: who becomes an admin later was not meant.
    tx.execute(
        "INSERT INTO deliveries (organization_id, notice_id, channel, recipient, state, tries, next_try_at, updated_at)
        SELECT DISTINCT members.organization_id, $1, 'email', users.email, 'pending', 0, CAST($3 AS BIGINT), CAST($3 AS BIGINT)
        FROM members JOIN users ON users.id = members.user_id
        WHERE members.organization_id = $2 AND members.role IN ('owner', 'admin') AND users.email <> ''",
        args![&id, organization_id, now],
    )
    .await?;
    // Always a row, even without a webhook: the worker keeps it, so that the outbox shows it.
    tx.execute(
        "INSERT INTO deliveries (organization_id, notice_id, channel, recipient, state, tries, next_try_at, updated_at)
        VALUES ($3, $1, 'webhook', 'operator', 'pending', 0, $2, $2)",
        args![&id, now, organization_id],
    )
    .await?;
    Ok(())
}

/// Made from its contents, since no randomness is here: the same notification cannot be written twice in one
/// micro-second.
/// See docs/decisions/0045-notification-ids.md.
fn id_of(organization_id: &OrganizationId, kind: NoticeKind, facts: &str, now: Timestamp) -> NoticeId {
    let told = Sha256::digest(format!("{organization_id} {} {} {facts}", kind.as_str(), now.micros()));
    let mut bits = [0; 10];
    // 80 bits of the hash take the place of the random ones of a UUIDv7.
    bits.copy_from_slice(&told[..10]);
    ids::new_id(now, &bits)
}

impl Store {
    /// An organization's latest notices, newest first.
    pub async fn notices(&self, organization_id: &OrganizationId, limit: u32) -> Result<Vec<Notice>> {
        let sql = concat!(
            "SELECT ",
            notice_columns!(),
            " FROM notices WHERE organization_id = $1 ORDER BY notices.created_at DESC, notices.id DESC LIMIT $2"
        );
        let rows = self.db.all(sql, args![organization_id, limit]).await?;
        rows.iter().map(Notice::read).collect()
    }

    /// The latest deliveries in one state of every organization, newest first.
    pub async fn deliveries(&self, state: DeliveryState, limit: u32) -> Result<Vec<Delivery>> {
        let sql = concat!(
            "SELECT ",
            delivery_columns!(),
            " FROM deliveries JOIN notices ON notices.organization_id = deliveries.organization_id
                AND notices.id = deliveries.notice_id
            WHERE deliveries.state = $1 ORDER BY deliveries.updated_at DESC, deliveries.notice_id LIMIT $2"
        );
        let rows = self.db.all(sql, args![state.as_str(), limit]).await?;
        rows.iter().map(Delivery::read).collect()
    }

    /// Takes deliveries whose time has come and that nobody else is at; they are this owner's until `until`.
    pub async fn lease_due_deliveries(
        &self,
        owner: &LeaseOwner,
        until: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>> {
        // Nearly always nothing is due: then nothing is locked.
        let due = "SELECT 1 FROM deliveries WHERE state = 'pending' AND next_try_at <= $1 LIMIT 1";
        if self.db.first(due, args![now]).await?.is_none() {
            return Ok(Vec::new());
        }
        retrying!("lease_due_deliveries", self.lease_due_deliveries_once(owner, until, now, limit))
    }

    /// Writes down what became of a try, unless somebody else has the delivery by now.
    pub async fn record_delivery(
        &self,
        delivery: &Delivery,
        owner: &LeaseOwner,
        update: &DeliveryResult,
        now: Timestamp,
    ) -> Result<()> {
        let (state, error, again_at) = match update {
            DeliveryResult::Delivered => (DeliveryState::Delivered, None, None),
            DeliveryResult::Kept => (DeliveryState::Kept, None, None),
            DeliveryResult::Failed { error, again_at: Some(at) } => (DeliveryState::Pending, Some(error), Some(*at)),
            DeliveryResult::Failed { error, again_at: None } => (DeliveryState::Dead, Some(error), None),
        };
        // What was only kept was not tried.
        let tried = i64::from(*update != DeliveryResult::Kept);
        // The lease is part of the condition: whoever lost it, after a long pause, must not overwrite the other's
        // result.
        self.db
            .execute(
                "UPDATE deliveries SET state = $5, tries = tries + $6, next_try_at = $7, last_error = $8,
                    lease_owner = NULL, lease_until = NULL, updated_at = $9
                WHERE organization_id = $10 AND notice_id = $1 AND channel = $2 AND recipient = $3 AND lease_owner = $4
                    AND state = 'pending'",
                args![
                    &delivery.notice.id,
                    delivery.channel.as_str(),
                    &delivery.recipient,
                    owner,
                    state.as_str(),
                    tried,
                    again_at.unwrap_or(delivery.next_try_at),
                    error.map(String::as_str),
                    now,
                    &delivery.notice.organization_id
                ],
            )
            .await?;
        Ok(())
    }

    /// Tries every dead delivery again, from the first pause on; how many.
    pub async fn revive_deliveries(&self, now: Timestamp) -> Result<u64> {
        let sql = "UPDATE deliveries SET state = 'pending', tries = 0, next_try_at = $1, updated_at = $1
            WHERE state = 'dead'";
        self.db.execute(sql, args![now]).await
    }

    /// Notes whether the wallet is at or below its low mark. Of racing calls one sees a crossing; people are notified
    /// of it unless they were within the last seven days.
    pub async fn watch_low_balance(
        &self,
        organization_id: &OrganizationId,
        is_low: bool,
        facts: &NoticeFacts,
        now: Timestamp,
    ) -> Result<LowBalance> {
        // Looked up without a lock first: every posting comes through here, and nearly none crosses the mark.
        let sql = "SELECT is_low FROM low_balances WHERE organization_id = $1";
        let was_low = match self.db.first(sql, args![organization_id]).await? {
            Some(row) => row.get("is_low")?,
            None => false,
        };
        if was_low == is_low {
            return Ok(LowBalance::Unchanged);
        }
        retrying!("watch_low_balance", organization_id => self.watch_low_balance_once(organization_id, is_low, facts, now))
    }
}

impl Store {
    async fn lease_due_deliveries_once(
        &self,
        owner: &LeaseOwner,
        until: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>> {
        let mut tx = self.db.begin().await?;
        // Two servers take different rows; neither waits for the other.
        let skip = if tx.is_postgres() { "FOR UPDATE OF deliveries SKIP LOCKED" } else { "" };
        let sql = format!(
            "SELECT {} FROM deliveries JOIN notices ON notices.organization_id = deliveries.organization_id
                AND notices.id = deliveries.notice_id
            WHERE deliveries.state = 'pending' AND deliveries.next_try_at <= $1
                AND (deliveries.lease_until IS NULL OR deliveries.lease_until <= $1)
            ORDER BY deliveries.next_try_at LIMIT $2 {skip}",
            delivery_columns!()
        );
        let rows = tx.all(sqlx::AssertSqlSafe(sql), args![now, limit]).await?;
        let due = rows.iter().map(Delivery::read).collect::<Result<Vec<_>>>()?;
        for delivery in &due {
            tx.execute(
                "UPDATE deliveries SET lease_owner = $4, lease_until = $5
                WHERE organization_id = $6 AND notice_id = $1 AND channel = $2 AND recipient = $3",
                args![
                    &delivery.notice.id,
                    delivery.channel.as_str(),
                    &delivery.recipient,
                    owner,
                    until,
                    &delivery.notice.organization_id
                ],
            )
            .await?;
        }
        tx.commit().await?;
        Ok(due)
    }

    async fn watch_low_balance_once(
        &self,
        organization_id: &OrganizationId,
        is_low: bool,
        facts: &NoticeFacts,
        now: Timestamp,
    ) -> Result<LowBalance> {
        let mut tx = self.db.begin().await?;
        wallet::lock_wallet(&mut tx, organization_id).await?;
        // Again under the lock, which decides between racing calls.
        let sql = "SELECT is_low, told_at FROM low_balances WHERE organization_id = $1";
        let (was_low, told_at) = match tx.first(sql, args![organization_id]).await? {
            Some(row) => (row.get("is_low")?, row.get("told_at")?),
            None => (false, None),
        };
        if was_low == is_low {
            tx.rollback().await?;
            return Ok(LowBalance::Unchanged);
        }
        let quiet = told_at.is_some_and(|told| now.seconds_since(told) < QUIET_SECONDS);
        let tell = is_low && !quiet;
        tx.execute(
            "INSERT INTO low_balances (organization_id, is_low, told_at) VALUES ($1, $2, $3)
            ON CONFLICT (organization_id) DO UPDATE SET is_low = excluded.is_low, told_at = excluded.told_at",
            // The moment stays when nobody is notified: the quiet week counts from the last notification.
            args![organization_id, is_low, if tell { Some(now) } else { told_at }],
        )
        .await?;
        if tell {
            write_notice(&mut tx, organization_id, NoticeKind::LowBalance, facts, now).await?;
        }
        tx.commit().await?;
        Ok(match (is_low, tell) {
            (_, true) => LowBalance::Notified,
            (true, false) => LowBalance::Quiet,
            (false, false) => LowBalance::Recovered,
        })
    }
}

impl Delivery {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            notice: Notice::read(row)?,
            channel: row.get("channel")?,
            recipient: row.get("recipient")?,
            state: row.get("state")?,
            tries: row.get("tries")?,
            next_try_at: row.get("next_try_at")?,
            last_error: row.get("last_error")?,
        })
    }
}

stored_name!(NoticeKind {
    LowBalance = "low_balance",
    PaymentDeclined = "payment_declined",
    AutomaticPaymentsPaused = "automatic_payments_paused",
    CardAdded = "card_added",
    FraudWarning = "fraud_warning",
    AutomaticPaymentsChanged = "automatic_payments_changed",
    RoleChanged = "role_changed",
    PaymentLinkCreated = "payment_link_created",
});
stored_name!(Channel { Email = "email", Webhook = "webhook" });
stored_name!(DeliveryState { Pending = "pending", Delivered = "delivered", Kept = "kept", Dead = "dead" });
