//! Top-ups: the written intent to charge, the provider's answer, and the credit, exactly once.

use billing_domain::charge::{DeclineCode, Outcome, TopUpKind, TopUpStatus};
use billing_domain::{
    CardId, CardRef, Currency, Date, LeaseOwner, LinkId, Money, OrganizationId, PaymentRef, RequestId, TextMap,
    Timestamp, TopUpId, TransactionId, UserId,
};

use crate::db::{Db, Tx, args, columns, retrying};
use crate::open_status::is_open;
use crate::{Created, IdempotencyKey, Pace, PostedLine, Result, Store, StoreError, Wallet};

mod applying;
pub(crate) mod creating;

pub(crate) use creating::find_top_up;

columns!(top_up_columns, TopUp {
    id, organization_id, kind, amount, currency, status, card_id, card_brand, card_last4, card_ref, provider, provider_ref,
    attempt, decline_code, next_action, requested_by, created_at, updated_at, settled_at, next_check_at, checks, link_id,
    // A lease that lapsed counts as well: whoever had it may have died while the provider was asked.
    taken_up = "CAST(CASE WHEN lease_owner IS NULL THEN 0 ELSE 1 END AS BIGINT)"
});
#[expect(clippy::single_component_path_imports, reason = "the macro is made by a macro")]
pub(crate) use top_up_columns;

/// The sum of the amounts for which a condition holds.
macro_rules! sum_where {
    ($condition:literal) => {
        concat!("CAST(COALESCE(SUM(CASE WHEN ", $condition, " THEN amount ELSE 0 END), 0) AS BIGINT)")
    };
}

columns!(pending_columns, PendingCredit {
    in_flight = sum_where!("status IN ('created', 'processing')"),
    unknown = sum_where!("status = 'unknown'"),
    waiting = sum_where!("status = 'action_required' AND kind = 'auto'"),
});

macro_rules! pending_credit {
    () => {
        concat!("SELECT ", pending_columns!(), " FROM top_ups WHERE organization_id = $1 AND ", is_open!())
    };
}

columns!(spent_columns, AutoSpent {
    settled = sum_where!("status = 'succeeded'"),
    // Challenges count against the cap, since the cardholder may still confirm.
    in_flight = sum_where!("status IN ('created', 'processing', 'action_required')"),
    unknown = sum_where!("status = 'unknown'"),
});

macro_rules! lease_due {
    ($lock:literal) => {
        // `next_check_at` is NULL for final ones, which the partial index therefore leaves out.
        concat!(
            "UPDATE top_ups SET lease_owner = $1, lease_until = $2 WHERE id IN (
                SELECT id FROM top_ups
                WHERE next_check_at <= $3 AND (lease_until IS NULL OR lease_until <= $3) AND ",
            is_open!(),
            " ORDER BY next_check_at, id LIMIT $4",
            $lock,
            ") RETURNING ",
            top_up_columns!()
        )
    };
}

/// One charge of a card for a wallet, from intent to final state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopUp {
    /// UUIDv7; also the reference of its ledger line.
    pub id: TopUpId,
    /// The organization whose wallet is filled.
    pub organization_id: OrganizationId,
    /// By a person, or by automatic payments.
    pub kind: TopUpKind,
    /// What is charged, positive.
    pub amount: Money,
    /// The currency of `amount`, the wallet's.
    pub currency: Currency,
    /// Where it stands; the transitions are [`TopUpStatus::apply`].
    pub status: TopUpStatus,
    /// The card that is charged, which may be removed since.
    pub card_id: CardId,
    /// Its scheme at that time.
    pub card_brand: String,
    /// Its last digits at that time.
    pub card_last4: String,
    /// The provider's name for the card.
    pub card_ref: CardRef,
    /// The provider that charges: `sandbox` or `stripe`.
    pub provider: String,
    /// The provider's name for the charge, once known.
    pub provider_ref: Option<PaymentRef>,
    /// From 1; part of the reference at the provider.
    pub attempt: i64,
    /// With `Declined`: the bank's reason.
    pub decline_code: Option<DeclineCode>,
    /// With `ActionRequired`: what the cardholder has to do, JSON.
    pub next_action: Option<String>,
    /// The person who began it; `None` for automatic ones.
    pub requested_by: Option<UserId>,
    /// When the intent was written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When the money was credited.
    pub settled_at: Option<Timestamp>,
    /// When to ask the provider next; `None` once it is final.
    pub next_check_at: Option<Timestamp>,
    /// How often an answer of the provider, or its silence, was applied.
    pub checks: i64,
    /// The payment link that it pays.
    pub link_id: Option<LinkId>,
    /// Somebody is at it: the provider is being asked, or was when they died.
    pub taken_up: bool,
}

/// A top-up to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTopUp {
    /// UUIDv7, made by the caller; part of the reference at the provider.
    pub id: TopUpId,
    /// What is charged, positive, whole minor units.
    pub amount: Money,
    /// Must be a connected card of the organization (`NotFound`, as without one); its brand, digits and reference are copied.
    pub card_id: Option<CardId>,
    /// The person who begins it.
    pub requested_by: Option<UserId>,
    /// From then on a worker may take it over: now plus the time that the handler itself needs.
    pub next_check_at: Timestamp,
}

/// Proof that an automatic charge is decided on present figures: compared when the top-up is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AutoGuard {
    /// [`crate::AutoPay::version`] as it was read.
    pub version: i64,
    /// [`Health::last_charge_at`](billing_domain::auto_pay::health::Health::last_charge_at), which the new top-up then sets to now.
    pub last_charge_at: Option<Timestamp>,
}

/// What the provider said of a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderUpdate {
    /// In the words of the state machine.
    pub outcome: Outcome,
    /// The provider's name for the charge; kept once known.
    pub provider_ref: Option<PaymentRef>,
    /// With `Declined`: the bank's reason.
    pub decline_code: Option<DeclineCode>,
    /// With `ActionRequired`: what the cardholder has to do, JSON.
    pub next_action: Option<String>,
    /// What was really received, if that differs from what was asked: this is credited.
    pub received: Option<Money>,
    /// When to ask again, as long as it stays open.
    pub next_check_at: Timestamp,
}

/// The ledger line if the answer settles the charge. Kind, contra account, amount and reference come from the top-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditLine {
    /// UUIDv7, made by the caller.
    pub id: TransactionId,
    /// Today in the organization's zone.
    pub day: Date,
    /// For people, such as `Top-up with Visa •• 4242`.
    pub description: String,
    /// Who paid; may be empty.
    pub source: String,
    /// Further facts by name; part of the hash.
    pub details: TextMap,
}

/// The effect of a provider's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// As it is now.
    pub top_up: TopUp,
    /// The status has changed by this answer.
    pub changed: bool,
    /// The credit, if this answer settled it.
    pub credit: Option<PostedLine>,
    /// The wallet after it.
    pub wallet: Wallet,
    /// The state of automatic payments was written along.
    pub auto_pay_changed: bool,
    /// The member's request that the money answered.
    pub approved_request: Option<RequestId>,
}

/// Charges on their way.
/// See docs/decisions/0041-pending-credit.md.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PendingCredit {
    /// Created and processing: will very likely be credited.
    pub in_flight: Money,
    /// The provider did not answer: may have charged.
    pub unknown: Money,
    /// Automatic charges that wait for the cardholder: credited if somebody confirms them.
    pub waiting: Money,
}

/// Automatic charges begun in a span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AutoSpent {
    /// Credited to the wallet.
    pub settled: Money,
    /// Open, whatever their state, except unknown.
    pub in_flight: Money,
    /// The provider did not answer.
    pub unknown: Money,
}

impl Store {
    /// Writes down a person's top-up, at most one for a key: of any number of parallel requests with the same key one
    /// answers `New` and the others `Replay`. Never answers `Created::Blocked`.
    pub async fn create_top_up(
        &self,
        organization_id: &OrganizationId,
        new: &NewTopUp,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Created<TopUp>> {
        retrying!("create_top_up", organization_id => self.create_top_up_once(organization_id, new, None, key, None, now))
    }

    /// The same within the limits on people, for a member's request if there is one: `TooFast` or `Unconfirmed` when they
    /// are passed. A repetition is answered whatever they say.
    pub async fn create_paced_top_up(
        &self,
        organization_id: &OrganizationId,
        new: &NewTopUp,
        request_id: Option<&RequestId>,
        key: &IdempotencyKey,
        pace: Pace,
        now: Timestamp,
    ) -> Result<Created<TopUp>> {
        retrying!("create_top_up", organization_id => self.create_top_up_once(organization_id, new, request_id, key, Some(pace), now))
    }

    /// The same for a member's request, which is approved when the money arrives. `Conflict` when it is answered, or
    /// another open top-up pays for it.
    /// See docs/decisions/0048-funds-requests.md.
    pub async fn create_top_up_for_request(
        &self,
        organization_id: &OrganizationId,
        new: &NewTopUp,
        request_id: &RequestId,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Created<TopUp>> {
        retrying!("create_top_up", organization_id => self.create_top_up_once(organization_id, new, Some(request_id), key, None, now))
    }

    /// Writes down an automatic top-up. `Stale` when the settings or the last charge are not those of `guard`, when
    /// automatic payments rest by now, or when available + pending is above the threshold by now; `Created::Blocked`
    /// when one is open already. Answers only `New` and `Blocked`.
    pub async fn create_auto_top_up(
        &self,
        organization_id: &OrganizationId,
        new: &NewTopUp,
        guard: &AutoGuard,
        now: Timestamp,
    ) -> Result<Created<TopUp>> {
        retrying!("create_auto_top_up", organization_id => self.create_auto_top_up_once(organization_id, new, guard, now))
    }

    /// One top-up, or `NotFound`.
    pub async fn top_up(&self, organization_id: &OrganizationId, id: &TopUpId) -> Result<TopUp> {
        let sql = concat!("SELECT ", top_up_columns!(), " FROM top_ups WHERE organization_id = $1 AND id = $2");
        let row = self.db.first(sql, args![organization_id, id]).await?;
        TopUp::read(&row.ok_or(StoreError::NotFound)?)
    }

    /// The organization's open top-ups, newest first.
    pub async fn open_top_ups(&self, organization_id: &OrganizationId) -> Result<Vec<TopUp>> {
        let sql = concat!(
            "SELECT ",
            top_up_columns!(),
            " FROM top_ups WHERE organization_id = $1 AND ",
            is_open!(),
            " ORDER BY created_at DESC, id DESC"
        );
        let rows = self.db.all(sql, args![organization_id]).await?;
        rows.iter().map(TopUp::read).collect()
    }

    /// Takes one open top-up for `owner` until `lease_until`, or prolongs the owner's lease; `None` when somebody else
    /// has it or it is final.
    pub async fn lease_top_up(
        &self,
        organization_id: &OrganizationId,
        id: &TopUpId,
        owner: &LeaseOwner,
        lease_until: Timestamp,
        now: Timestamp,
    ) -> Result<Option<TopUp>> {
        let rows = self
            .db
            .write(
                // An own lease may be prolonged: the worker that is at it is not shut out by itself.
                concat!(
                    "UPDATE top_ups SET lease_owner = $3, lease_until = $4
                    WHERE organization_id = $1 AND id = $2
                        AND (lease_until IS NULL OR lease_until <= $5 OR lease_owner = $3) AND ",
                    is_open!(),
                    " RETURNING ",
                    top_up_columns!()
                ),
                args![organization_id, id, owner, lease_until, now],
            )
            .await?;
        rows.first().map(TopUp::read).transpose()
    }

    /// Takes open top-ups of any organization whose check is due for `owner`, the longest due first.
    pub async fn lease_due_top_ups(
        &self,
        owner: &LeaseOwner,
        lease_until: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<TopUp>> {
        let sql = match &self.db {
            // Two workers take different rows instead of waiting for each other.
            Db::Postgres(_) => lease_due!(" FOR UPDATE SKIP LOCKED"),
            Db::Sqlite { .. } => lease_due!(""),
        };
        let rows = self.db.write(sql, args![owner, lease_until, now, limit]).await?;
        let mut due = rows.iter().map(TopUp::read).collect::<Result<Vec<_>>>()?;
        // RETURNING has no order.
        due.sort_by_key(|top_up| top_up.next_check_at);
        Ok(due)
    }

    /// Applies the provider's answer: moves the state machine, ends the lease, and if it settles the charge, posts
    /// the credit in the same transaction, exactly once. `auto_pay` is asked, and its answer recorded along, if the
    /// status changes.
    pub async fn apply_top_up(
        &self,
        organization_id: &OrganizationId,
        id: &TopUpId,
        update: &ProviderUpdate,
        credit: &CreditLine,
        now: Timestamp,
    ) -> Result<Applied> {
        retrying!("apply_top_up", organization_id => self.apply_top_up_once(organization_id, id, update, credit, now))
    }

    /// The sums of open top-ups, both kinds.
    pub async fn pending_credit(&self, organization_id: &OrganizationId) -> Result<PendingCredit> {
        let row = self.db.first(pending_credit!(), args![organization_id]).await?;
        PendingCredit::read(&row.ok_or(StoreError::NotFound)?)
    }

    /// The sums of automatic top-ups begun in `[from, to)`, for the monthly cap.
    pub async fn auto_spent(
        &self,
        organization_id: &OrganizationId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<AutoSpent> {
        // Charges by a link without an amount are the first of the automatic payments that it switched on.
        let sql = concat!(
            "SELECT ",
            spent_columns!(),
            " FROM top_ups WHERE organization_id = $1 AND created_at >= $2 AND created_at < $3
                AND (kind = 'auto' OR link_id IN (SELECT id FROM payment_links WHERE organization_id = $1 AND amount IS NULL))"
        );
        let row = self.db.first(sql, args![organization_id, from, to]).await?;
        AutoSpent::read(&row.ok_or(StoreError::NotFound)?)
    }
}

impl PendingCredit {
    /// All that may yet arrive: automatic payments count it, so as not to charge twice.
    pub fn total(&self) -> Result<Money> {
        Money::checked_sum([self.in_flight, self.unknown, self.waiting]).ok_or(StoreError::Overflow)
    }

    /// In an organization whose wallet is locked.
    async fn find(tx: &mut Tx, organization_id: &OrganizationId) -> Result<Self> {
        let row = tx.first(pending_credit!(), args![organization_id]).await?;
        Self::read(&row.ok_or(StoreError::NotFound)?)
    }
}
