//! Organizations as the host names them: put as often as it likes, listed, suspended, resumed and closed.

use std::collections::BTreeMap;

use billing_domain::status::OrganizationStatus;
use billing_domain::{Currency, ExternalId, OrganizationId, OrganizationRef, Timestamp};
use sqlx::AssertSqlSafe;

use super::entries::{append_change, write_json};
use super::{NewOrganization, Organization, OrganizationPolicy, insert_organization};
use crate::db::{Arg, Db, Tx, args, retrying};
use crate::{Actor, Result, Store, StoreError, access, wallet};

/// What a host says of an organization; `None` leaves what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationFacts {
    /// Legal name.
    pub name: String,
    /// IANA time zone. After a change call [`Store::rebuild_usage_days`].
    pub time_zone: String,
    /// The wallet's currency.
    pub currency: Currency,
    /// Postal address.
    pub address: Option<String>,
    /// Tax number.
    pub tax_id: Option<String>,
    /// BCP 47 tag; an empty text takes it away.
    pub locale: Option<String>,
    /// The price list's name; an empty text takes it away.
    pub plan: Option<String>,
    /// What differs from the operator's settings, all of it.
    pub policy: Option<OrganizationPolicy>,
    /// The host's own notes, all of them.
    pub metadata: Option<BTreeMap<String, String>>,
}

/// What became of a put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrganizationPut {
    /// It is made.
    Created(Organization),
    /// It was there with other facts.
    Changed {
        /// As it was.
        before: Box<Organization>,
        /// As it is.
        after: Box<Organization>,
    },
    /// It was there just like this.
    Same(Organization),
    /// It has lines, payments or settings in its currency, which therefore stays; nothing was changed.
    CurrencyLocked,
}

/// Which organizations are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrganizationFilter {
    /// This one alone.
    pub only: Option<OrganizationId>,
    /// Of this status.
    pub status: Option<OrganizationStatus>,
    /// With this text in their name or in the host's id; ASCII letters in any case.
    pub query: Option<String>,
}

impl Store {
    /// The organization of this id, ours or the host's.
    pub async fn find_organization(&self, named: &OrganizationRef) -> Result<Option<Organization>> {
        find_organization(&self.db, named).await
    }

    /// Makes an organization under the host's own id, with an empty wallet and automatic payments off, or changes the one
    /// that is there; `id` and `made_by_demo` are for a new one. However many do this at once, one makes it. `NotFound`
    /// for an id of ours that does not exist.
    pub async fn put_organization(
        &self,
        named: &OrganizationRef,
        facts: &OrganizationFacts,
        id: &OrganizationId,
        made_by_demo: bool,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<OrganizationPut> {
        retrying!("put_organization", self.put_organization_once(named, facts, id, made_by_demo, actor, now))
    }

    /// Makes an organization under the host's own id unless there is one, which stays as it is; the one that there is then.
    pub async fn find_or_create_organization(
        &self,
        external_id: &ExternalId,
        facts: &OrganizationFacts,
        id: &OrganizationId,
        made_by_demo: bool,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Organization> {
        retrying!(
            "find_or_create_organization",
            self.find_or_create_organization_once(external_id, facts, id, made_by_demo, actor, now)
        )
    }

    /// Suspends, resumes or closes an organization; open pages notice. A closed one stays closed: `None`.
    pub async fn set_organization_status(
        &self,
        id: &OrganizationId,
        status: OrganizationStatus,
        reason: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Option<Organization>> {
        retrying!("set_organization_status", id => self.set_organization_status_once(id, status, reason, actor, now))
    }

    /// Organizations from the oldest on, those after `after` (when it was made, and its id), at most `limit`.
    pub async fn page_organizations(
        &self,
        filter: &OrganizationFilter,
        after: Option<(Timestamp, &OrganizationId)>,
        limit: u32,
    ) -> Result<Vec<Organization>> {
        let mut conditions: Vec<String> = Vec::new();
        let mut args: Vec<Arg<'_>> = Vec::new();
        if let Some((at, id)) = after {
            args.extend([Arg::from(at), Arg::from(id)]);
            conditions.push("(created_at, id) > ($1, $2)".to_owned());
        }
        if let Some(only) = &filter.only {
            args.push(only.into());
            conditions.push(format!("id = ${}", args.len()));
        }
        if let Some(status) = filter.status {
            args.push(status.as_str().into());
            conditions.push(format!("status = ${}", args.len()));
        }
        if let Some(query) = &filter.query {
            args.push(like_pattern(query).into());
            let place = args.len();
            conditions
                .push(format!("(LOWER(name) LIKE ${place} ESCAPE '!' OR LOWER(external_id) LIKE ${place} ESCAPE '!')"));
        }
        let such = if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
        args.push(limit.into());
        let sql = format!("{}{such} ORDER BY created_at, id LIMIT ${}", select_organization!(), args.len());
        let rows = self.db.all(AssertSqlSafe(sql), &args).await?;
        rows.iter().map(Organization::read).collect()
    }
}

async fn find_organization(db: &Db, named: &OrganizationRef) -> Result<Option<Organization>> {
    let (sql, id) = select_by(named);
    db.first(sql, args![id]).await?.as_ref().map(Organization::read).transpose()
}

fn select_by(named: &OrganizationRef) -> (&'static str, &str) {
    match named {
        OrganizationRef::Id(id) => (concat!(select_organization!(), " WHERE id = $1"), id.as_str()),
        OrganizationRef::External(id) => (concat!(select_organization!(), " WHERE external_id = $1"), id.as_str()),
    }
}

impl Store {
    async fn find_or_create_organization_once(
        &self,
        external_id: &ExternalId,
        facts: &OrganizationFacts,
        id: &OrganizationId,
        made_by_demo: bool,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Organization> {
        let mut tx = self.db.begin().await?;
        if let Some(made) = facts.create(&mut tx, external_id, id, made_by_demo, actor, now).await? {
            tx.commit().await?;
            return Ok(made);
        }
        tx.rollback().await?;
        let found = find_organization(&self.db, &OrganizationRef::External(external_id.clone())).await?;
        found.ok_or(StoreError::NotFound)
    }

    async fn put_organization_once(
        &self,
        named: &OrganizationRef,
        facts: &OrganizationFacts,
        id: &OrganizationId,
        made_by_demo: bool,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<OrganizationPut> {
        let mut tx = self.db.begin().await?;
        let (sql, name) = select_by(named);
        let mut found = tx.first(sql, args![name]).await?;
        if let (None, OrganizationRef::External(external_id)) = (&found, named) {
            if let Some(made) = facts.create(&mut tx, external_id, id, made_by_demo, actor, now).await? {
                tx.commit().await?;
                return Ok(OrganizationPut::Created(made));
            }
            // Somebody else has made it meanwhile; another statement sees that (READ COMMITTED).
            found = tx.first(sql, args![name]).await?;
        }
        let found = Organization::read(&found.ok_or(StoreError::NotFound)?)?;
        let wallet = wallet::lock_wallet(&mut tx, &found.id).await?;
        let before = tx.first(sql, args![name]).await?.ok_or(StoreError::NotFound)?;
        let before = Organization::read(&before)?;
        let after = facts.applied_to(&before);
        if after == before {
            tx.rollback().await?;
            return Ok(OrganizationPut::Same(before));
        }
        if after.currency != before.currency {
            if wallet.last_seq != 0 || wallet.held.is_positive() || uses_currency(&mut tx, &before.id).await? {
                tx.rollback().await?;
                return Ok(OrganizationPut::CurrencyLocked);
            }
            let sql = "UPDATE wallets SET currency = $2 WHERE organization_id = $1";
            tx.execute(sql, args![&before.id, after.currency]).await?;
        }
        let after = update(&mut tx, &after).await?;
        append_change(&mut tx, "organization.change", Some(&before), &after, actor, now).await?;
        tx.commit().await?;
        Ok(OrganizationPut::Changed { before: Box::new(before), after: Box::new(after) })
    }

    async fn set_organization_status_once(
        &self,
        id: &OrganizationId,
        status: OrganizationStatus,
        reason: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Option<Organization>> {
        let mut tx = self.db.begin().await?;
        wallet::lock_wallet(&mut tx, id).await?;
        let row = tx.first(concat!(select_organization!(), " WHERE id = $1"), args![id]).await?;
        let before = Organization::read(&row.ok_or(StoreError::NotFound)?)?;
        if before.status == OrganizationStatus::Closed && status != OrganizationStatus::Closed {
            tx.rollback().await?;
            return Ok(None);
        }
        let status_reason = if status == OrganizationStatus::Active { String::new() } else { reason.to_owned() };
        let after = Organization { status, status_reason, ..before.clone() };
        if after == before {
            tx.rollback().await?;
            return Ok(Some(before));
        }
        let after = update(&mut tx, &after).await?;
        access::bump_version(&mut tx, id).await?;
        let action = match status {
            OrganizationStatus::Active => "organization.resume",
            OrganizationStatus::Suspended => "organization.suspend",
            OrganizationStatus::Closed => "organization.close",
        };
        append_change(&mut tx, action, Some(&before), &after, actor, now).await?;
        tx.commit().await?;
        Ok(Some(after))
    }
}

/// Whether anything but the ledger is in the organization's currency.
async fn uses_currency(tx: &mut Tx, id: &OrganizationId) -> Result<bool> {
    for sql in [
        "SELECT 1 FROM top_ups WHERE organization_id = $1 LIMIT 1",
        "SELECT 1 FROM auto_pay WHERE organization_id = $1 AND threshold IS NOT NULL LIMIT 1",
        "SELECT 1 FROM payment_links WHERE organization_id = $1 LIMIT 1",
        "SELECT 1 FROM requests WHERE organization_id = $1 LIMIT 1",
    ] {
        if tx.first(sql, args![id]).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn update(tx: &mut Tx, after: &Organization) -> Result<Organization> {
    let row = tx
        .first(
            concat!(
                "UPDATE organizations SET name = $2, address = $3, tax_id = $4, time_zone = $5, currency = $6, locale = $7,
                    plan = $8, policy = $9, metadata = $10, status = $11, status_reason = $12, version = version + 1
                WHERE id = $1 RETURNING ",
                organization_columns!()
            ),
            args![
                &after.id,
                &after.name,
                &after.address,
                &after.tax_id,
                &after.time_zone,
                after.currency,
                &after.locale,
                &after.plan,
                write_json(&after.policy)?,
                write_json(&after.metadata)?,
                after.status.as_str(),
                &after.status_reason
            ],
        )
        .await?;
    Organization::read(&row.ok_or(StoreError::NotFound)?)
}

impl OrganizationFacts {
    fn applied_to(&self, before: &Organization) -> Organization {
        let some = |entered: &Option<String>, present: &Option<String>| match entered {
            Some(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            None => present.clone(),
        };
        Organization {
            name: self.name.clone(),
            time_zone: self.time_zone.clone(),
            currency: self.currency,
            address: self.address.clone().unwrap_or_else(|| before.address.clone()),
            tax_id: self.tax_id.clone().unwrap_or_else(|| before.tax_id.clone()),
            locale: some(&self.locale, &before.locale),
            plan: some(&self.plan, &before.plan),
            policy: self.policy.clone().unwrap_or_else(|| before.policy.clone()),
            metadata: self.metadata.clone().unwrap_or_else(|| before.metadata.clone()),
            ..before.clone()
        }
    }

    /// Makes it and notes who did; `None`: there is one with this id of the host's already.
    async fn create(
        &self,
        tx: &mut Tx,
        external_id: &ExternalId,
        id: &OrganizationId,
        made_by_demo: bool,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Option<Organization>> {
        let made = self.insert(tx, external_id, id, made_by_demo, now).await?;
        if let Some(made) = &made {
            append_change(tx, "organization.create", None, made, actor, now).await?;
        }
        Ok(made)
    }

    /// `None`: there is one with this id of the host's already.
    async fn insert(
        &self,
        tx: &mut Tx,
        external_id: &ExternalId,
        id: &OrganizationId,
        made_by_demo: bool,
        now: Timestamp,
    ) -> Result<Option<Organization>> {
        let new = NewOrganization {
            id: id.clone(),
            name: self.name.clone(),
            address: self.address.clone().unwrap_or_default(),
            tax_id: self.tax_id.clone().unwrap_or_default(),
            time_zone: self.time_zone.clone(),
            currency: self.currency,
            made_by_demo,
        };
        let Some(made) = insert_organization(tx, &new, Some(external_id), now).await? else { return Ok(None) };
        let rest = self.applied_to(&made);
        if rest == made {
            return Ok(Some(made));
        }
        // Its first version, however many statements made it.
        let sql = "UPDATE organizations SET locale = $2, plan = $3, policy = $4, metadata = $5 WHERE id = $1";
        let (policy, metadata) = (write_json(&rest.policy)?, write_json(&rest.metadata)?);
        tx.execute(sql, args![id, &rest.locale, &rest.plan, policy, metadata]).await?;
        Ok(Some(rest))
    }
}

/// A pattern that finds `query` anywhere, in the lower case in which texts are searched, with nothing in it special.
fn like_pattern(query: &str) -> String {
    let mut pattern = String::from("%");
    for character in query.to_lowercase().chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}
