//! Refunds: money of a top-up that goes back to its card. The wallet is debited when the refund is written down, so the
//! money cannot be spent meanwhile; if the provider does not give it back, another line returns it.

use billing_domain::charge::{RefundStatus, TopUpStatus};
use billing_domain::{Currency, LeaseOwner, Money, OrganizationId, RefundId, RefundRef, Timestamp, TopUpId};

use crate::audit::{append_entry, change_entry, collect_facts};
use crate::db::{Db, Tx, args, columns, retrying, stored_name};
use crate::idempotency::{self, Claim, Kept};
use crate::reversal::{Reversal, ReversalLine};
use crate::top_up::find_top_up;
use crate::wallet::of_wallet;
use crate::{
    Actor, AuditFacts, Created, CreditLine, IdempotencyKey, Origin, Result, Store, StoreError, TopUp, auto_pay, wallet,
};

columns!(
    refund_columns,
    Refund {
        id,
        organization_id,
        top_up_id,
        amount,
        currency,
        status,
        reason,
        made_by,
        provider_ref,
        created_at,
        updated_at,
        settled_at,
        next_check_at,
        checks
    }
);

macro_rules! lease {
    ($lock:literal) => {
        concat!(
            "UPDATE refunds SET lease_owner = $1, lease_until = $2 WHERE id IN (
                SELECT id FROM refunds WHERE status IN ('created', 'processing', 'unknown')
                    AND (next_check_at <= $3 OR id = $4) AND ($4 = '' OR id = $4)
                    AND (lease_until IS NULL OR lease_until <= $3)
                ORDER BY next_check_at LIMIT $5",
            $lock,
            ") RETURNING ",
            refund_columns!()
        )
    };
}

/// Who began a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundMaker {
    /// The operator's program, through the API: the provider is asked to make it.
    Operator,
    /// Somebody at the provider, such as in its dashboard: the provider is only asked what became of it.
    Provider,
}

/// Money of a top-up on its way back to its card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// UUIDv7; also the reference of its ledger line.
    pub id: RefundId,
    /// The organization whose wallet was debited.
    pub organization_id: OrganizationId,
    /// The top-up that is given back.
    pub top_up_id: TopUpId,
    /// How much goes back, positive.
    pub amount: Money,
    /// The currency of `amount`, the wallet's.
    pub currency: Currency,
    /// Debited from the start; final when the bank has answered.
    pub status: RefundStatus,
    /// Why, in the words of whoever made it; may be empty.
    pub reason: String,
    /// Whether the provider is asked to make it.
    pub made_by: RefundMaker,
    /// The provider's name for it.
    pub provider_ref: Option<RefundRef>,
    /// When it was written down, and the wallet debited.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// When the card's bank had it.
    pub settled_at: Option<Timestamp>,
    /// Asked about then; `None` once it is final.
    pub next_check_at: Option<Timestamp>,
    /// How often it was asked about.
    pub checks: i64,
}

/// What a top-up came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payment {
    /// What was credited for it.
    pub paid: Money,
    /// What the card's bank has back.
    pub refunded: Money,
    /// What is on its way there, or may be.
    pub returning: Money,
    /// What the card's bank has taken back in a dispute and not returned.
    pub disputed: Money,
    /// The first of these refunds, oldest first. Failed ones do not count.
    pub refunds: Vec<Refund>,
}

/// A refund that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRefund {
    /// UUIDv7, made by the caller.
    pub id: RefundId,
    /// The top-up that is given back.
    pub top_up_id: TopUpId,
    /// `None`: all of it that was not given back yet.
    pub amount: Option<Money>,
    /// Why; may be empty.
    pub reason: String,
    /// When a worker takes it over.
    pub next_check_at: Timestamp,
}

/// A refund that somebody made at the provider without us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewExternalRefund {
    /// UUIDv7, for the case that it is not known yet.
    pub id: RefundId,
    /// The top-up that was given back.
    pub top_up_id: TopUpId,
    /// How much went back, positive.
    pub amount: Money,
    /// Must be the wallet's (`Corrupt`).
    pub currency: Currency,
    /// In the provider's words; may be empty.
    pub reason: String,
    /// The provider's name for it.
    pub provider_ref: RefundRef,
    /// Its state; `Created` and `Unknown` never.
    pub status: RefundStatus,
    /// Asked about then if it is not final.
    pub next_check_at: Timestamp,
}

/// Why there is no refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundRefusal {
    /// The top-up was never paid.
    NotPaid,
    /// Only so much of it was neither given back nor taken back yet.
    MoreThanPaid(Money),
    /// Only so much of the wallet is neither spent nor held.
    MoreThanUnspent(Money),
}

/// What the provider answers about a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundResult {
    /// Its state by that; `Created` never.
    pub status: RefundStatus,
    /// The provider's name for it.
    pub provider_ref: Option<RefundRef>,
    /// Asked about then if it is not final.
    pub next_check_at: Timestamp,
}

impl Store {
    /// Writes a refund down and debits the wallet in one transaction, at most once for a key. Never more than was paid
    /// and neither given back nor taken back in a dispute yet, never more than is available. `NotFound` without such a
    /// top-up.
    pub async fn create_refund(
        &self,
        organization_id: &OrganizationId,
        new: &NewRefund,
        debit: &CreditLine,
        key: &IdempotencyKey,
        by: &Actor,
        now: Timestamp,
    ) -> Result<std::result::Result<Created<Refund>, RefundRefusal>> {
        retrying!("create_refund", organization_id => self.create_refund_once(organization_id, new, debit, key, by, now))
    }

    /// Applies a refund that was made at the provider: the wallet is debited once, below zero if need be, since
    /// the money is gone already; one that failed returns it. `None` where nothing was posted and nothing is known of it:
    /// it failed before it was reported, or its top-up was never credited.
    pub async fn apply_external_refund(
        &self,
        organization_id: &OrganizationId,
        update: &NewExternalRefund,
        debit: &CreditLine,
        back: &CreditLine,
        now: Timestamp,
    ) -> Result<Option<(Refund, bool)>> {
        retrying!("apply_external_refund", organization_id => self.apply_external_refund_once(organization_id, update, debit, back, now))
    }

    /// One refund, by its unguessable id alone (the operator's program names no organization here), or `NotFound`.
    pub async fn refund(&self, id: &RefundId) -> Result<Refund> {
        let row =
            self.db.first(concat!("SELECT ", refund_columns!(), " FROM refunds WHERE id = $1"), args![id]).await?;
        Refund::read(&row.ok_or(StoreError::NotFound)?)
    }

    /// What a top-up came to, by the ledger, with its first `limit` refunds; `NotFound` while it is not paid.
    pub async fn payment(&self, organization_id: &OrganizationId, top_up_id: &TopUpId, limit: u32) -> Result<Payment> {
        // From the ledger, not from the top-up: what was credited may differ from what was asked for.
        let sql = concat!(
            "SELECT amount FROM ledger WHERE ",
            of_wallet!(),
            " AND origin = $3 AND origin > 1 AND reference = $2"
        );
        let paid = self.db.first(sql, args![organization_id, top_up_id, Origin::TopUp]).await?;
        let paid = paid.ok_or(StoreError::NotFound)?.get("amount")?;
        // One statement: a refund that settles meanwhile is in both the list and the sums, or in neither.
        let sql = concat!(
            "SELECT CAST(SUM(CASE WHEN status = 'succeeded' THEN amount ELSE 0 END) OVER () AS BIGINT) AS refunded,
                CAST(SUM(CASE WHEN status = 'succeeded' THEN 0 ELSE amount END) OVER () AS BIGINT) AS returning_sum, ",
            refund_columns!(),
            " FROM refunds WHERE organization_id = $1 AND top_up_id = $2 AND status <> 'failed'
            ORDER BY created_at, id LIMIT $3"
        );
        let disputed = "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS disputed FROM disputes
            WHERE organization_id = $1 AND top_up_id = $2 AND state = 'withdrawn'";
        let disputed = self.db.first(disputed, args![organization_id, top_up_id]).await?;
        let disputed = disputed.ok_or(StoreError::NotFound)?.get("disputed")?;
        let mut payment = Payment { paid, disputed, ..Payment::default() };
        for row in self.db.all(sql, args![organization_id, top_up_id, limit]).await? {
            (payment.refunded, payment.returning) = (row.get("refunded")?, row.get("returning_sum")?);
            payment.refunds.push(Refund::read(&row)?);
        }
        Ok(payment)
    }

    /// Takes open refunds whose check is due for `owner`; with an `id` that one alone, due or not.
    pub async fn lease_refunds(
        &self,
        owner: &LeaseOwner,
        until: Timestamp,
        now: Timestamp,
        id: Option<&RefundId>,
        limit: u32,
    ) -> Result<Vec<Refund>> {
        let sql = match &self.db {
            // Workers take different rows instead of waiting for each other.
            Db::Postgres(_) => lease!(" FOR UPDATE SKIP LOCKED"),
            Db::Sqlite { .. } => lease!(""),
        };
        let rows = self.db.write(sql, args![owner, until, now, id.map_or("", RefundId::as_str), limit]).await?;
        rows.iter().map(Refund::read).collect()
    }

    /// Applies the provider's answer; a refund that failed returns its money to the wallet in the same transaction,
    /// once. The second answer: its status is another one now.
    pub async fn apply_refund(
        &self,
        organization_id: &OrganizationId,
        id: &RefundId,
        update: &RefundResult,
        back: &CreditLine,
        now: Timestamp,
    ) -> Result<(Refund, bool)> {
        retrying!("apply_refund", organization_id => self.apply_refund_once(organization_id, id, update, back, now))
    }
}

impl Store {
    async fn create_refund_once(
        &self,
        organization_id: &OrganizationId,
        new: &NewRefund,
        debit: &CreditLine,
        key: &IdempotencyKey,
        by: &Actor,
        now: Timestamp,
    ) -> Result<std::result::Result<Created<Refund>, RefundRefusal>> {
        let mut tx = self.db.begin().await?;
        let wallet = wallet::lock_wallet(&mut tx, organization_id).await?;
        // Kept for ever: who repeats the request after a year must not give the money back twice.
        match idempotency::claim_key(&mut tx, organization_id, key, &new.id, Kept::ForEver, now).await? {
            Claim::New => {}
            Claim::Reused => return Ok(Ok(Created::Reused)),
            Claim::Replay(id) => {
                return find_refund(&mut tx, organization_id, &id).await.map(|found| Ok(Created::Replay(found)));
            }
        }
        let top_up = find_top_up(&mut tx, organization_id, &new.top_up_id).await?;
        if top_up.status != TopUpStatus::Succeeded {
            return Ok(Err(RefundRefusal::NotPaid));
        }
        // What is on its way counts as given back, or two refunds at once could exceed the payment.
        let left = left_of(&mut tx, &top_up).await?;
        let amount = new.amount.unwrap_or(left);
        if amount > left || !amount.is_positive() {
            return Ok(Err(RefundRefusal::MoreThanPaid(left)));
        }
        // Money that is spent or held stays: the wallet must not go below zero for a refund of ours.
        if amount > wallet.available() {
            return Ok(Err(RefundRefusal::MoreThanUnspent(wallet.available())));
        }
        let refund = Refund {
            id: new.id.clone(),
            organization_id: organization_id.to_owned(),
            top_up_id: new.top_up_id.clone(),
            amount,
            currency: wallet.currency,
            status: RefundStatus::Created,
            reason: new.reason.clone(),
            made_by: RefundMaker::Operator,
            provider_ref: None,
            created_at: now,
            updated_at: now,
            settled_at: None,
            next_check_at: Some(new.next_check_at),
            checks: 0,
        };
        // Debit and refund in one transaction, before the provider is asked. See
        // docs/decisions/0022-debit-refunds-first.md.
        open_refund(&mut tx, &top_up, &refund, debit, now).await?;
        let facts = collect_facts([
            ("amount", refund.amount.to_string()),
            ("reason", refund.reason.clone()),
            ("top_up_id", refund.top_up_id.to_string()),
        ]);
        let entry = change_entry("refund.create", &refund.id, AuditFacts::new(), facts);
        append_entry(&mut tx, Some(organization_id), by, &entry, now).await?;
        tx.commit().await?;
        Ok(Ok(Created::New(refund)))
    }

    async fn apply_external_refund_once(
        &self,
        organization_id: &OrganizationId,
        update: &NewExternalRefund,
        debit: &CreditLine,
        back: &CreditLine,
        now: Timestamp,
    ) -> Result<Option<(Refund, bool)>> {
        let mut tx = self.db.begin().await?;
        let wallet = wallet::lock_wallet(&mut tx, organization_id).await?;
        let top_up = find_top_up(&mut tx, organization_id, &update.top_up_id).await?;
        // Never converted: a figure in another currency is a fault, not an amount.
        if wallet.currency != update.currency {
            return Err(StoreError::Corrupt(format!("refund {} is in another currency", update.provider_ref)));
        }
        let next_check_at = (!update.status.is_final()).then_some(update.next_check_at);
        // A dashboard refund is known by the provider's name only; a second event of it moves the first one on.
        if let Some(before) = find_by_provider(&mut tx, &top_up, &update.provider_ref).await? {
            let Some(status) = before.status.apply(update.status) else {
                tx.rollback().await?;
                return Ok(Some((before, false)));
            };
            let update = RefundResult { status, provider_ref: None, next_check_at: update.next_check_at };
            let refund = take_result(&mut tx, &before, &update, back, now).await?;
            tx.commit().await?;
            let changed = refund.status != before.status;
            return Ok(Some((refund, changed)));
        }
        // Nothing to debit: the money never left, or never came.
        if update.status == RefundStatus::Failed || top_up.status != TopUpStatus::Succeeded {
            tx.rollback().await?;
            return Ok(None);
        }
        // Debited even below zero: unlike a refund of ours, this money is gone already.
        let refund = Refund {
            id: update.id.clone(),
            organization_id: organization_id.to_owned(),
            top_up_id: top_up.id.clone(),
            amount: update.amount,
            currency: update.currency,
            status: update.status,
            reason: update.reason.clone(),
            made_by: RefundMaker::Provider,
            provider_ref: Some(update.provider_ref.clone()),
            created_at: now,
            updated_at: now,
            settled_at: (update.status == RefundStatus::Succeeded).then_some(now),
            next_check_at,
            checks: 1,
        };
        open_refund(&mut tx, &top_up, &refund, debit, now).await?;
        tx.commit().await?;
        Ok(Some((refund, true)))
    }

    async fn apply_refund_once(
        &self,
        organization_id: &OrganizationId,
        id: &RefundId,
        update: &RefundResult,
        back: &CreditLine,
        now: Timestamp,
    ) -> Result<(Refund, bool)> {
        let mut tx = self.db.begin().await?;
        wallet::lock_wallet(&mut tx, organization_id).await?;
        let before = find_refund(&mut tx, organization_id, id).await?;
        // Too late or the same again: the answer is the refund as it stands.
        if before.status.apply(update.status).is_none() {
            tx.rollback().await?;
            return Ok((before, false));
        }
        let refund = take_result(&mut tx, &before, update, back, now).await?;
        tx.commit().await?;
        let changed = refund.status != before.status;
        Ok((refund, changed))
    }
}

/// Writes a refund down as it is, and debits the wallet.
async fn open_refund(tx: &mut Tx, top_up: &TopUp, refund: &Refund, debit: &CreditLine, now: Timestamp) -> Result<()> {
    tx.execute(
        concat!(
            "INSERT INTO refunds (",
            refund_columns!(),
            ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12, $13)"
        ),
        args![
            &refund.id,
            &refund.organization_id,
            &refund.top_up_id,
            refund.amount,
            refund.currency,
            refund.status.as_str(),
            &refund.reason,
            refund.made_by.as_str(),
            &refund.provider_ref,
            now,
            refund.settled_at,
            refund.next_check_at,
            refund.checks
        ],
    )
    .await
    .map_err(|error| error.or_conflict("refund"))?;
    let amount = refund.amount.checked_neg().ok_or(StoreError::Overflow)?;
    let movement = ReversalLine { reference: refund.id.to_string(), amount, corrects: None };
    Reversal::Refund.post(tx, top_up, movement, debit, now).await?;
    // After the posting, which is what makes automatic payments wait.
    auto_pay::notify_reversed(tx, &refund.organization_id, now).await
}

/// Moves a refund that is not final on; one that failed returns its money.
async fn take_result(
    tx: &mut Tx,
    before: &Refund,
    update: &RefundResult,
    back: &CreditLine,
    now: Timestamp,
) -> Result<Refund> {
    let (organization_id, id) = (&before.organization_id, &before.id);
    if update.status == RefundStatus::Failed {
        let top_up = find_top_up(tx, organization_id, &before.top_up_id).await?;
        let seq = Reversal::Refund.debited_at(tx, organization_id, id.as_str()).await?;
        // Of its own reference, so that the ledger refuses a second return.
        let movement = ReversalLine { reference: format!("{id}:returned"), amount: before.amount, corrects: Some(seq) };
        Reversal::Refund.post(tx, &top_up, movement, back, now).await?;
    }
    // The lease ends with the result: the next check belongs to whoever is first.
    let row = tx
        .first(
            concat!(
                "UPDATE refunds SET status = $3, provider_ref = COALESCE($4, provider_ref), updated_at = $5,
                    settled_at = $6, next_check_at = $7, checks = checks + 1, lease_owner = NULL, lease_until = NULL
                WHERE organization_id = $1 AND id = $2 RETURNING ",
                refund_columns!()
            ),
            args![
                organization_id,
                id,
                update.status.as_str(),
                &update.provider_ref,
                now,
                (update.status == RefundStatus::Succeeded).then_some(now),
                (!update.status.is_final()).then_some(update.next_check_at)
            ],
        )
        .await?;
    Refund::read(&row.ok_or(StoreError::NotFound)?)
}

/// What was paid, by the ledger, and neither given back, nor on its way back, nor taken back in a dispute; zero where
/// more went than came.
async fn left_of(tx: &mut Tx, top_up: &TopUp) -> Result<Money> {
    let sql =
        concat!("SELECT amount FROM ledger WHERE ", of_wallet!(), " AND origin = $3 AND origin > 1 AND reference = $2");
    let row = tx.first(sql, args![&top_up.organization_id, &top_up.id, Origin::TopUp]).await?;
    let row = row.ok_or_else(|| StoreError::Corrupt(format!("top-up {} has no credit", top_up.id)))?;
    let paid: Money = row.get("amount")?;
    let sql = "SELECT
            CAST((SELECT COALESCE(SUM(amount), 0) FROM refunds WHERE top_up_id = $1 AND status <> 'failed') AS BIGINT)
                AS given_back,
            CAST((SELECT COALESCE(SUM(amount), 0) FROM disputes WHERE top_up_id = $1 AND state = 'withdrawn') AS BIGINT)
                AS taken_back";
    let row = tx.first(sql, args![&top_up.id]).await?.ok_or(StoreError::NotFound)?;
    let (given_back, taken_back) = (row.get("given_back")?, row.get("taken_back")?);
    let left = paid.checked_sub(given_back).and_then(|left| left.checked_sub(taken_back));
    // Never negative: after a dispute more may have gone than came.
    Ok(left.ok_or(StoreError::Overflow)?.at_least(Money::ZERO))
}

async fn find_by_provider(tx: &mut Tx, top_up: &TopUp, provider_ref: &RefundRef) -> Result<Option<Refund>> {
    let sql = concat!("SELECT ", refund_columns!(), " FROM refunds WHERE top_up_id = $1 AND provider_ref = $2");
    let row = tx.first(sql, args![&top_up.id, provider_ref]).await?;
    row.as_ref().map(Refund::read).transpose()
}

async fn find_refund(tx: &mut Tx, organization_id: &OrganizationId, id: &RefundId) -> Result<Refund> {
    let sql = concat!("SELECT ", refund_columns!(), " FROM refunds WHERE organization_id = $1 AND id = $2");
    let row = tx.first(sql, args![organization_id, id]).await?;
    Refund::read(&row.ok_or(StoreError::NotFound)?)
}

stored_name!(RefundMaker { Operator = "operator", Provider = "provider" });
