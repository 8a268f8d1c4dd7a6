//! Links that were sent or printed: each is used once, and only the SHA-256 of what stands behind `#` is kept.

use billing_domain::{Timestamp, UserId};

use crate::access::{SessionsOf, end_sessions_in};
use crate::audit::{append_entry, new_entry};
use crate::db::{Tx, args, columns, retrying, stored_name};
use crate::member::User;
use crate::{Actor, Result, Store, StoreError, member};

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenPurpose {
    /// Makes the first organization and its owner in an empty database.
    FirstRun,
    /// A person made by the operator chooses a password.
    SetPassword,
    /// A person who has forgotten the password chooses another one.
    ResetPassword,
    /// A person has the new address that they gave.
    NewEmail,
}

stored_name!(TokenPurpose {
    FirstRun = "first_run",
    SetPassword = "set_password",
    ResetPassword = "reset_password",
    NewEmail = "new_email",
});

impl TokenPurpose {
    /// What a link can be for that belongs to somebody's account.
    pub(crate) const OF_ACCOUNTS: [Self; 3] = [Self::SetPassword, Self::ResetPassword, Self::NewEmail];
}

/// A link to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUserToken {
    /// SHA-256 of the token, hex. The token itself is never stored.
    pub token_hash: String,
    /// What for.
    pub purpose: TokenPurpose,
    /// Whose; `None` for the first run.
    pub user_id: Option<UserId>,
    /// With `NewEmail`: the address; else empty.
    pub detail: String,
    /// Useless from then on.
    pub expires_at: Timestamp,
}

columns!(token_columns, UsedToken { purpose, user_id, detail });

/// A link that has just been used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UsedToken {
    pub(crate) purpose: TokenPurpose,
    pub(crate) user_id: Option<UserId>,
    pub(crate) detail: String,
}

impl Store {
    /// Writes a link down; the person's older ones of that purpose are useless from now on. `by`: who has made it for them.
    pub async fn create_user_token(&self, new: &NewUserToken, by: Option<&Actor>, now: Timestamp) -> Result<()> {
        retrying!("create_user_token", self.create_user_token_once(new, by, now))
    }

    /// Whose password a link sets, while it can still be used.
    pub async fn find_password_token(&self, token_hash: &str, now: Timestamp) -> Result<Option<User>> {
        let sql = concat!(
            "SELECT ",
            member::user_columns!(),
            " FROM users WHERE source = 'account' AND locked_at IS NULL AND id = (SELECT user_id FROM user_tokens
                WHERE token_hash = $1 AND purpose IN ('set_password', 'reset_password')
                AND used_at IS NULL AND expires_at > $2)"
        );
        self.db.first(sql, args![token_hash, now]).await?.as_ref().map(User::read).transpose()
    }

    /// Uses a link up and gives its person this password; all their sessions end. The person and the SHA-256 of the tokens
    /// of these sessions, or `None` when the link is used up, too old, or somebody's who was locked out.
    pub async fn complete_password_token(
        &self,
        token_hash: &str,
        password_hash: &str,
        address: &str,
        now: Timestamp,
    ) -> Result<Option<(User, Vec<String>)>> {
        retrying!("complete_password_token", self.complete_password_token_once(token_hash, password_hash, address, now))
    }

    /// Forgets links that nobody can use any more; how many.
    pub async fn purge_user_tokens(&self, now: Timestamp) -> Result<u64> {
        self.db.execute("DELETE FROM user_tokens WHERE expires_at <= $1", args![now]).await
    }
}

impl Store {
    async fn create_user_token_once(&self, new: &NewUserToken, by: Option<&Actor>, now: Timestamp) -> Result<()> {
        let mut tx = self.db.begin().await?;
        if let Some(user_id) = &new.user_id {
            revoke_tokens(&mut tx, user_id, &[new.purpose], now).await?;
        }
        insert_token(&mut tx, new, now).await?;
        if let (Some(by), Some(user_id)) = (by, &new.user_id) {
            let entry = new_entry("user.create_password_link", user_id, [], []);
            append_entry(&mut tx, None, by, &entry, now).await?;
        }
        tx.commit().await
    }

    async fn complete_password_token_once(
        &self,
        token_hash: &str,
        password_hash: &str,
        address: &str,
        now: Timestamp,
    ) -> Result<Option<(User, Vec<String>)>> {
        let mut tx = self.db.begin().await?;
        let purposes = [TokenPurpose::SetPassword, TokenPurpose::ResetPassword];
        let Some(UsedToken { purpose, user_id: Some(user_id), .. }) =
            use_token(&mut tx, token_hash, &purposes, now).await?
        else {
            return tx.rollback().await.map(|()| None);
        };
        let sql = concat!(
            "UPDATE users SET password_hash = $2 WHERE id = $1 AND source = 'account' AND locked_at IS NULL RETURNING ",
            member::user_columns!()
        );
        let Some(row) = tx.first(sql, args![&user_id, password_hash]).await? else {
            return tx.rollback().await.map(|()| None);
        };
        let user = User::read(&row)?;
        // Whatever else was sent for this person's account is of no use any more: perhaps others have asked for it.
        revoke_tokens(&mut tx, &user_id, &TokenPurpose::OF_ACCOUNTS, now).await?;
        let ended = end_sessions_in(&mut tx, SessionsOf::User(&user_id), now).await?;
        let action = match purpose {
            TokenPurpose::SetPassword => "user.set_password",
            _ => "user.reset_password",
        };
        let entry = new_entry(action, &user_id, [], []);
        let by = Actor { address: address.to_owned(), ..Actor::user(&user.id, &user.name) };
        append_entry(&mut tx, None, &by, &entry, now).await?;
        tx.commit().await?;
        Ok(Some((user, ended)))
    }
}

/// Writes a link down within a transaction.
pub(crate) async fn insert_token(tx: &mut Tx, new: &NewUserToken, now: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO user_tokens (token_hash, purpose, user_id, detail, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)",
        args![&new.token_hash, new.purpose.as_str(), &new.user_id, &new.detail, now, new.expires_at],
    )
    .await
    .map_err(StoreError::or_not_found)?;
    Ok(())
}

/// Makes a person's links of these purposes useless.
pub(crate) async fn revoke_tokens(
    tx: &mut Tx,
    user_id: &UserId,
    purposes: &[TokenPurpose],
    now: Timestamp,
) -> Result<()> {
    for purpose in purposes {
        let sql = "UPDATE user_tokens SET used_at = $3 WHERE user_id = $1 AND purpose = $2 AND used_at IS NULL";
        tx.execute(sql, args![user_id, purpose.as_str(), now]).await?;
    }
    Ok(())
}

/// Uses a link of one of these purposes up; `None` when it cannot be used.
pub(crate) async fn use_token(
    tx: &mut Tx,
    token_hash: &str,
    purposes: &[TokenPurpose],
    now: Timestamp,
) -> Result<Option<UsedToken>> {
    let sql = concat!(
        "UPDATE user_tokens SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2 RETURNING ",
        token_columns!()
    );
    let used = tx.first(sql, args![token_hash, now]).await?.map(|row| UsedToken::read(&row)).transpose()?;
    Ok(used.filter(|token| purposes.contains(&token.purpose)))
}
