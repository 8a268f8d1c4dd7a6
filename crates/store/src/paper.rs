//! Papers that were issued, receipts and statements: each with a number of its seller's series that has no gap, and with
//! what it says, which nothing changes afterwards.

use billing_domain::{OrganizationId, Timestamp};

use crate::db::{Tx, args, columns, retrying, stored_name};
use crate::{Result, Store, StoreError, wallet};

columns!(paper_columns, IssuedDocument { organization_id, kind, subject, seller, number, issued_at, facts });

/// What kind of paper it is; each has a series of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaperKind {
    /// About one paid top-up.
    Receipt,
    /// About one month that is over.
    Statement,
}

/// A paper to be issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDocument {
    /// Receipts and statements have number series of their own.
    pub kind: PaperKind,
    /// The id of a receipt's top-up; a statement's month.
    pub subject: String,
    /// Whose series it is numbered in.
    pub seller: String,
    /// What it says, JSON.
    pub facts: String,
}

/// A paper that was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedDocument {
    /// The organization that it was issued to.
    pub organization_id: OrganizationId,
    /// Receipts and statements have number series of their own.
    pub kind: PaperKind,
    /// The id of a receipt's top-up; a statement's month.
    pub subject: String,
    /// Whose series it is numbered in.
    pub seller: String,
    /// From 1, without gaps.
    pub number: i64,
    /// When it was first asked for, and frozen.
    pub issued_at: Timestamp,
    /// What it says, JSON.
    pub facts: String,
}

impl Store {
    /// The paper about a subject; `None` while it was not issued.
    pub async fn paper(
        &self,
        organization_id: &OrganizationId,
        kind: PaperKind,
        subject: &str,
    ) -> Result<Option<IssuedDocument>> {
        let sql = concat!(
            "SELECT ",
            paper_columns!(),
            " FROM papers WHERE organization_id = $1 AND kind = $2 AND subject = $3"
        );
        let row = self.db.first(sql, args![organization_id, kind.as_str(), subject]).await?;
        row.as_ref().map(IssuedDocument::read).transpose()
    }

    /// Issues a paper, once: whoever comes second gets the first one's. The number is given out in the transaction that
    /// writes the paper, so that a crash or a refusal leaves no gap. `NotFound` without a wallet.
    /// See docs/decisions/0012-issued-documents.md.
    pub async fn issue_paper(
        &self,
        organization_id: &OrganizationId,
        new: &NewDocument,
        now: Timestamp,
    ) -> Result<IssuedDocument> {
        retrying!("issue_paper", organization_id => self.issue_paper_once(organization_id, new, now))
    }

    async fn issue_paper_once(
        &self,
        organization_id: &OrganizationId,
        new: &NewDocument,
        now: Timestamp,
    ) -> Result<IssuedDocument> {
        let mut tx = self.db.begin().await?;
        // First the wallet, then the series: whoever issues the same paper waits here, and no two wait for each other.
        wallet::lock_wallet(&mut tx, organization_id).await?;
        if let Some(issued) = find_document(&mut tx, organization_id, new).await? {
            tx.rollback().await?;
            return Ok(issued);
        }
        let number = next_number(&mut tx, new).await?;
        let row = tx
            .first(
                concat!(
                    "INSERT INTO papers (",
                    paper_columns!(),
                    ") VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING ",
                    paper_columns!()
                ),
                args![organization_id, new.kind.as_str(), &new.subject, &new.seller, number, now, &new.facts],
            )
            .await?;
        let issued = IssuedDocument::read(&row.ok_or(StoreError::NotFound)?)?;
        tx.commit().await?;
        Ok(issued)
    }
}

async fn find_document(
    tx: &mut Tx,
    organization_id: &OrganizationId,
    new: &NewDocument,
) -> Result<Option<IssuedDocument>> {
    let sql =
        concat!("SELECT ", paper_columns!(), " FROM papers WHERE organization_id = $1 AND kind = $2 AND subject = $3");
    let row = tx.first(sql, args![organization_id, new.kind.as_str(), &new.subject]).await?;
    row.as_ref().map(IssuedDocument::read).transpose()
}

/// Locks the series until the end of the transaction.
async fn next_number(tx: &mut Tx, new: &NewDocument) -> Result<i64> {
    // The row of the series stays locked until the commit: numbers have no gap, since a rollback gives its own back.
    let sql = "INSERT INTO paper_series (seller, kind, last) VALUES ($1, $2, 1)
        ON CONFLICT (seller, kind) DO UPDATE SET last = paper_series.last + 1 RETURNING last";
    let row = tx.first(sql, args![&new.seller, new.kind.as_str()]).await?;
    row.ok_or(StoreError::NotFound)?.get("last")
}

stored_name!(PaperKind { Receipt = "receipt", Statement = "statement" });
