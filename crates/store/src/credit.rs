//! Credit and corrections by the operator's programs: posted once for a key; what ends is taken back by `settling`.

mod settling;

pub(crate) use settling::earliest_needed;

use std::sync::Arc;

use billing_domain::kind::CreditKind;
use billing_domain::status::OrganizationStatus;
use billing_domain::{Money, OrganizationId, Timestamp};

use crate::audit::{append_entry, new_entry};
use crate::db::{Tx, args, retrying};
use crate::idempotency::{Claim, Kept, claim_key};
use crate::ledger::{ledger_columns, post_in, read_line};
use crate::wallet::of_wallet;
use crate::{
    Actor, Created, CreditLine, IdempotencyKey, LineOutcome, NewLine, Origin, PostedLine, Result, Store, StoreError,
    auto_pay, wallet,
};

pub use settling::{DueCredit, SettledCredit};

/// Credit that is to be given, or a correction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCredit {
    /// Which of the two.
    pub kind: CreditKind,
    /// Not zero; below zero takes money out of the wallet.
    pub amount: Money,
    /// What stands on its line; its reference is the line's id.
    pub line: CreditLine,
    /// What is not used by then is taken back; for positive amounts only.
    pub expires_at: Option<Timestamp>,
}

/// Why nothing was posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreditRefusal {
    /// The organization is closed.
    Closed,
    /// Only so much of the wallet is neither spent nor held.
    MoreThanUnspent(Money),
}

impl Store {
    /// Posts credit or a correction, at most once for a key, which is kept for ever. `NotFound` without a wallet,
    /// `Overflow` when the balance would leave its range.
    pub async fn post_credit(
        &self,
        organization_id: &OrganizationId,
        new: &NewCredit,
        key: &IdempotencyKey,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<std::result::Result<Created<PostedLine>, CreditRefusal>> {
        retrying!("post_credit", organization_id => self.post_credit_once(organization_id, new, key, actor, now))
    }

    async fn post_credit_once(
        &self,
        organization_id: &OrganizationId,
        new: &NewCredit,
        key: &IdempotencyKey,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<std::result::Result<Created<PostedLine>, CreditRefusal>> {
        let mut tx = self.db.begin().await?;
        let wallet = wallet::lock_wallet(&mut tx, organization_id).await?;
        // The key first: a repetition is answered whatever has become of the organization.
        match claim_key(&mut tx, organization_id, key, &new.line.id, Kept::ForEver, now).await? {
            Claim::New => {}
            Claim::Reused => return Ok(Ok(Created::Reused)),
            Claim::Replay(id) => {
                let found = find_credit(&mut tx, organization_id, new.kind, id.as_str()).await?;
                return Ok(Ok(Created::Replay(found)));
            }
        }
        // Under the wallet's lock, which closing takes as well.
        if organization_status(&mut tx, organization_id).await? == OrganizationStatus::Closed {
            return Ok(Err(CreditRefusal::Closed));
        }
        if new.amount.is_negative() && new.amount.magnitude() > wallet.available() {
            return Ok(Err(CreditRefusal::MoreThanUnspent(wallet.available())));
        }
        let line = post_line(&mut tx, organization_id, &new.new_line(now), now).await?;
        if let Some(expires_at) = new.expires_at {
            let sql = "INSERT INTO credit_expiries (organization_id, seq, amount, expires_at) VALUES ($1, $2, $3, $4)";
            tx.execute(sql, args![organization_id, line.line.seq, new.amount, expires_at]).await?;
        }
        let (amount, ends) = (new.amount.to_string(), new.expires_at.map(|at| at.to_string()));
        let mut entry = new_entry(
            match new.kind {
                CreditKind::Promo => "credit.create",
                CreditKind::Adjustment => "balance.correct",
            },
            &new.line.id,
            [],
            [("amount", amount.as_str()), ("reason", &new.line.description)],
        );
        entry.after.extend(ends.map(|at| ("expires_at".to_owned(), at)));
        append_entry(&mut tx, Some(organization_id), actor, &entry, now).await?;
        tx.commit().await?;
        Ok(Ok(Created::New(line)))
    }
}

impl NewCredit {
    fn new_line(&self, now: Timestamp) -> NewLine {
        NewLine { reference: self.line.id.to_string(), ..credit_line(self.kind, self.amount, &self.line, now) }
    }
}

const fn credit_origin(kind: CreditKind) -> Origin {
    match kind {
        CreditKind::Promo => Origin::Promo,
        CreditKind::Adjustment => Origin::Adjustment,
    }
}

/// A line of this kind, still without a reference.
fn credit_line(kind: CreditKind, amount: Money, line: &CreditLine, now: Timestamp) -> NewLine {
    NewLine {
        id: line.id.clone(),
        kind: kind.into(),
        origin: credit_origin(kind),
        reference: String::new(),
        contra: kind.as_str().to_owned(),
        amount,
        part: billing_domain::pricing::Remainder::ZERO,
        occurred_at: now,
        day: line.day,
        description: line.description.clone(),
        source: line.source.clone(),
        quantity: None,
        unit: None,
        unit_price: None,
        corrects: None,
        details: line.details.clone(),
        hold_id: None,
    }
}

/// Posts one line that must be new. Whoever pays automatically is notified if it makes that wait.
async fn post_line(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    line: &NewLine,
    now: Timestamp,
) -> Result<PostedLine> {
    let mut posting = post_in(tx, organization_id, std::slice::from_ref(line), now).await??;
    let Some(LineOutcome::Posted(posted)) = posting.outcomes.pop() else {
        return Err(StoreError::Corrupt(format!("credit {} is in the ledger already", line.reference)));
    };
    if line.amount.is_negative() {
        auto_pay::notify_reversed(tx, organization_id, now).await?;
    }
    Ok(Arc::unwrap_or_clone(posted))
}

async fn organization_status(tx: &mut Tx, organization_id: &OrganizationId) -> Result<OrganizationStatus> {
    let sql = "SELECT status FROM organizations WHERE id = $1";
    tx.first(sql, args![organization_id]).await?.ok_or(StoreError::NotFound)?.get("status")
}

async fn find_credit(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    kind: CreditKind,
    reference: &str,
) -> Result<PostedLine> {
    let sql = concat!(
        "SELECT ",
        ledger_columns!(),
        " FROM ledger WHERE ",
        of_wallet!(),
        " AND origin = $2 AND origin > 1 AND reference = $3"
    );
    let row = tx.first(sql, args![organization_id, credit_origin(kind), reference]).await?;
    read_line(&row.ok_or(StoreError::NotFound)?, organization_id)
}
