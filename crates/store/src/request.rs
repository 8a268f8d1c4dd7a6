//! Requests: a member asks the admins for money in the wallet.

use billing_domain::{Money, OrganizationId, RequestId, Timestamp, TopUpId, UserId};

use billing_domain::charge::TopUpStatus;

use crate::audit::{append_entry, change_entry, collect_facts};
use crate::db::{Tx, args, columns, retrying, stored_name};
use crate::open_status::is_open;
use crate::{Actor, AuditFacts, Result, Store, StoreError, TopUp, wallet};

/// Open requests that one person may have: more would only bury the others.
pub const MAX_OPEN_REQUESTS: u32 = 10;

/// No top-up that may still arrive pays for the request.
macro_rules! nobody_pays {
    () => {
        concat!("NOT EXISTS (SELECT 1 FROM top_ups WHERE top_ups.id = requests.top_up_id AND top_ups.", is_open!(), ")")
    };
}

columns!(request_columns, Request {
    id = "r.id",
    organization_id = "r.organization_id",
    user_id = "r.user_id",
    user_name = "u.name",
    amount = "r.amount",
    reason = "r.reason",
    state = "r.state",
    answer = "r.answer",
    decided_by = "r.decided_by",
    top_up_id = "r.top_up_id",
    created_at = "r.created_at",
    decided_at = "r.decided_at",
});

macro_rules! select_request {
    () => {
        concat!("SELECT ", request_columns!(), " FROM requests r JOIN users u ON u.id = r.user_id")
    };
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestState {
    /// No admin has answered yet.
    Open,
    /// An admin said yes.
    Approved,
    /// An admin said no.
    Declined,
}

/// A member's request for money in the wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// UUIDv7, as the paying top-up names it.
    pub id: RequestId,
    /// The organization whose wallet is meant.
    pub organization_id: OrganizationId,
    /// UUIDv7 of the member who asks.
    pub user_id: UserId,
    /// Who asks, by name.
    pub user_name: String,
    /// How much is asked for, positive.
    pub amount: Money,
    /// In the member's own words.
    pub reason: String,
    /// What became of it.
    pub state: RequestState,
    /// What the admin wrote with the answer.
    pub answer: Option<String>,
    /// The admin who answered.
    pub decided_by: Option<UserId>,
    /// The top-up that pays for it, or that was begun last to do so.
    pub top_up_id: Option<TopUpId>,
    /// When it was asked.
    pub created_at: Timestamp,
    /// When it was answered.
    pub decided_at: Option<Timestamp>,
}

/// A request to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRequest {
    /// UUIDv7, made by the caller.
    pub id: RequestId,
    /// The member who asks (else `NotFound`).
    pub user_id: UserId,
    /// How much is asked for, positive.
    pub amount: Money,
    /// In the member's own words.
    pub reason: String,
}

/// An admin's answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// `true`: the admin said yes.
    pub approved: bool,
    /// A text for the member.
    pub answer: Option<String>,
    /// UUIDv7 of the admin who answers.
    pub decided_by: UserId,
    /// The top-up that was begun with the approval.
    pub top_up_id: Option<TopUpId>,
}

impl Store {
    /// Writes a request down; `LimitReached` while the person has [`MAX_OPEN_REQUESTS`] that nobody has answered. They are
    /// counted under the wallet's lock, so that parallel calls cannot pass the limit together.
    pub async fn create_request(
        &self,
        organization_id: &OrganizationId,
        new: &NewRequest,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Request> {
        retrying!("create_request", organization_id => self.create_request_once(organization_id, new, by, now))?;
        self.request(organization_id, &new.id).await
    }

    async fn create_request_once(
        &self,
        organization_id: &OrganizationId,
        new: &NewRequest,
        by: &Actor,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.db.begin().await?;
        wallet::lock_wallet(&mut tx, organization_id).await?;
        // Open ones of one person only: the answered ones bury nobody.
        let open =
            "SELECT COUNT(*) AS open FROM requests WHERE organization_id = $1 AND user_id = $2 AND state = 'open'";
        let open = tx.first(open, args![organization_id, &new.user_id]).await?.map_or(Ok(0), |row| row.get("open"))?;
        if open >= i64::from(MAX_OPEN_REQUESTS) {
            tx.rollback().await?;
            return Err(StoreError::LimitReached(MAX_OPEN_REQUESTS));
        }
        // Only a member asks; whoever leaves later stays named here.
        let written = tx
            .execute(
                "INSERT INTO requests (id, organization_id, user_id, amount, reason, state, created_at)
                SELECT $1, organization_id, user_id, $4, $5, 'open', $6 FROM members
                WHERE organization_id = $2 AND user_id = $3",
                args![&new.id, organization_id, &new.user_id, new.amount, &new.reason, now],
            )
            .await
            .map_err(|error| error.or_conflict("request"))?;
        if written == 0 {
            tx.rollback().await?;
            return Err(StoreError::NotFound);
        }
        let facts = collect_facts([("amount", new.amount.to_string()), ("reason", new.reason.clone())]);
        let entry = change_entry("request.create", &new.id, AuditFacts::new(), facts);
        append_entry(&mut tx, Some(organization_id), by, &entry, now).await?;
        tx.commit().await
    }

    /// The requests, newest first: all, or those of one user.
    pub async fn requests(
        &self,
        organization_id: &OrganizationId,
        user_id: Option<&UserId>,
        limit: u32,
    ) -> Result<Vec<Request>> {
        let sql = concat!(
            select_request!(),
            " WHERE r.organization_id = $1 AND ($2 IS NULL OR r.user_id = $2) ORDER BY r.created_at DESC, r.id DESC LIMIT $3"
        );
        let rows = self.db.all(sql, args![organization_id, user_id, limit]).await?;
        rows.iter().map(Request::read).collect()
    }

    /// One request, or `NotFound`.
    pub async fn request(&self, organization_id: &OrganizationId, id: &RequestId) -> Result<Request> {
        let sql = concat!(select_request!(), " WHERE r.organization_id = $1 AND r.id = $2");
        let row = self.db.first(sql, args![organization_id, id]).await?;
        Request::read(&row.ok_or(StoreError::NotFound)?)
    }

    /// Answers an open request; `Stale` when somebody was faster, or is paying for it.
    pub async fn decide_request(
        &self,
        organization_id: &OrganizationId,
        id: &RequestId,
        decision: &Decision,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Request> {
        let decided = retrying!("decide_request", organization_id => self.decide_request_once(organization_id, id, decision, by, now))?;
        let request = self.request(organization_id, id).await?;
        if decided { Ok(request) } else { Err(StoreError::Stale) }
    }

    /// Whether it was open.
    async fn decide_request_once(
        &self,
        organization_id: &OrganizationId,
        id: &RequestId,
        decision: &Decision,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool> {
        let (state, action) = if decision.approved {
            (RequestState::Approved, "request.approve")
        } else {
            (RequestState::Declined, "request.decline")
        };
        let mut tx = self.db.begin().await?;
        // One conditional statement decides between two admins, and against a payment on its way.
        let row = tx
            .first(
                concat!(
                    "UPDATE requests SET state = $3, answer = $4, decided_by = $5, top_up_id = $6, decided_at = $7
                    WHERE organization_id = $1 AND id = $2 AND state = 'open' AND ",
                    nobody_pays!(),
                    " RETURNING amount"
                ),
                args![
                    organization_id,
                    id,
                    state.as_str(),
                    &decision.answer,
                    &decision.decided_by,
                    &decision.top_up_id,
                    now
                ],
            )
            .await?;
        let Some(row) = row else {
            tx.rollback().await?;
            return Ok(false);
        };
        let amount: Money = row.get("amount")?;
        let facts = [("amount", amount.to_string()), ("reason", decision.answer.clone().unwrap_or_default())];
        let entry = change_entry(action, id, AuditFacts::new(), collect_facts(facts));
        append_entry(&mut tx, Some(organization_id), by, &entry, now).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// The top-up pays for the request from now on. `Conflict` when it is answered, or another open top-up does.
pub(crate) async fn pay_with(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    id: &RequestId,
    top_up_id: &TopUpId,
) -> Result<()> {
    // A top-up that failed leaves the request open for the next one.
    let sql = concat!(
        "UPDATE requests SET top_up_id = $3 WHERE organization_id = $1 AND id = $2 AND state = 'open' AND ",
        nobody_pays!()
    );
    match tx.execute(sql, args![organization_id, id, top_up_id]).await? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict("request")),
    }
}

/// Money that has arrived approves the request that it pays for; its id.
pub(crate) async fn after_charge(tx: &mut Tx, top_up: &TopUp, now: Timestamp) -> Result<Option<RequestId>> {
    if top_up.status != TopUpStatus::Succeeded {
        return Ok(None);
    }
    // By the top-up, not by the request: only money that really arrived approves.
    let sql = "UPDATE requests SET state = 'approved', decided_by = $3, decided_at = $4
        WHERE organization_id = $1 AND top_up_id = $2 AND state = 'open' RETURNING id";
    let row = tx.first(sql, args![&top_up.organization_id, &top_up.id, &top_up.requested_by, now]).await?;
    row.map(|row| row.get("id")).transpose()
}

stored_name!(RequestState { Open = "open", Approved = "approved", Declined = "declined" });
