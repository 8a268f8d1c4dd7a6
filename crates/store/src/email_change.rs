//! Another sign-in address: it holds once somebody has opened the link that was sent there.

use billing_domain::{Timestamp, UserId};

use crate::audit::{append_entry, new_entry};
use crate::db::{args, retrying};
use crate::member::{self, email_key};
use crate::user_token::{insert_token, revoke_tokens, use_token};
use crate::{Actor, NewUserToken, Result, Store, StoreError, TokenPurpose, User};

/// An address that has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailChange {
    /// The person as they are now.
    pub user: User,
    /// The address that they had.
    pub before: String,
}

impl Store {
    /// Writes down the link to the address that a person wants; an older one is useless. `NotFound` for whoever has no
    /// account.
    pub async fn begin_email_change(&self, new: &NewUserToken, by: &Actor, now: Timestamp) -> Result<()> {
        retrying!("begin_email_change", self.begin_email_change_once(new, by, now))
    }

    /// The address that a person wants and has not confirmed yet, while the link works.
    pub async fn pending_email(&self, user_id: &UserId, now: Timestamp) -> Result<Option<String>> {
        let sql = "SELECT detail FROM user_tokens
            WHERE user_id = $1 AND purpose = 'new_email' AND used_at IS NULL AND expires_at > $2";
        self.db.first(sql, args![user_id, now]).await?.map(|row| row.get("detail")).transpose()
    }

    /// Uses a link up: its person signs in by the new address from now on, and links to the old one are useless. `None` when
    /// it cannot be used, or somebody else has an account of that address by now.
    pub async fn complete_email_change(
        &self,
        token_hash: &str,
        address: &str,
        now: Timestamp,
    ) -> Result<Option<EmailChange>> {
        let changed = retrying!("complete_email_change", self.complete_email_change_once(token_hash, address, now));
        match changed {
            Err(StoreError::Conflict(_)) => Ok(None),
            other => other,
        }
    }
}

impl Store {
    async fn begin_email_change_once(&self, new: &NewUserToken, by: &Actor, now: Timestamp) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let Some(user_id) = &new.user_id else { return Err(StoreError::NotFound) };
        let sql = "SELECT 1 AS found FROM users WHERE id = $1 AND source = 'account'";
        tx.first(sql, args![user_id]).await?.ok_or(StoreError::NotFound)?;
        revoke_tokens(&mut tx, user_id, &[TokenPurpose::NewEmail], now).await?;
        insert_token(&mut tx, new, now).await?;
        let entry = new_entry("user.request_email", user_id, [], [("email", new.detail.as_str())]);
        append_entry(&mut tx, None, by, &entry, now).await?;
        tx.commit().await
    }

    async fn complete_email_change_once(
        &self,
        token_hash: &str,
        address: &str,
        now: Timestamp,
    ) -> Result<Option<EmailChange>> {
        let mut tx = self.db.begin().await?;
        let used = use_token(&mut tx, token_hash, &[TokenPurpose::NewEmail], now).await?;
        let Some((user_id, email)) = used.and_then(|used| Some((used.user_id?, used.detail))) else {
            return tx.rollback().await.map(|()| None);
        };
        let select = concat!(
            "SELECT ",
            member::user_columns!(),
            " FROM users WHERE id = $1 AND source = 'account' AND locked_at IS NULL"
        );
        let Some(row) = tx.first(select, args![&user_id]).await? else {
            return tx.rollback().await.map(|()| None);
        };
        let before = User::read(&row)?;
        tx.execute(
            "UPDATE users SET email = $2, email_key = $3 WHERE id = $1",
            args![&user_id, &email, email_key(&email)],
        )
        .await
        .map_err(|error| error.or_conflict("user"))?;
        let to_old_address = [TokenPurpose::SetPassword, TokenPurpose::ResetPassword];
        revoke_tokens(&mut tx, &user_id, &to_old_address, now).await?;
        let entry =
            new_entry("user.change_email", &user_id, [("email", before.email.as_str())], [("email", email.as_str())]);
        let by = Actor { address: address.to_owned(), ..Actor::user(&user_id, &before.name) };
        append_entry(&mut tx, None, &by, &entry, now).await?;
        tx.commit().await?;
        Ok(Some(EmailChange { before: before.email.clone(), user: User { email, ..before } }))
    }
}
