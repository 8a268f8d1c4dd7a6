//! Keys of the host's programs: how one looks, whose it is, and the rows that were read a moment ago.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use billing_domain::id::KEY_ID_LENGTH;
use billing_domain::{ActorKind, ApiKeyId, OrganizationId, Scope, Timestamp};
use billing_store::{Actor, ApiKey, Store};
use subtle::ConstantTimeEq as _;

use crate::auth::tokens::hash_token;

/// What every key begins with, so that scanners for lost secrets find them.
pub(crate) const KEY_PREFIX: &str = "nbk_live_";
/// Characters of a key's secret: 256 bits in base64url.
const SECRET_LENGTH: usize = 43;
/// A key that is revoked or rotated at another server, or by a command, is refused here within this time.
/// See docs/decisions/0088-key-cache.md.
const ROW_AGE: Duration = Duration::from_millis(500);
/// Rows that are older than this are of no use to anybody.
const KEPT: Duration = Duration::from_mins(10);
/// Use is noted at most this often: a request must not cost a write.
const USE_SECONDS: i64 = 60;

/// A program of the host's whose key is right.
#[derive(Clone, Debug)]
pub(crate) struct KeyHolder {
    key: HeldKey,
    address: IpAddr,
}

#[derive(Clone, Debug)]
enum HeldKey {
    /// The operator's service key.
    Root,
    /// A key of the database.
    Key(Arc<ApiKey>),
}

impl KeyHolder {
    /// Whoever has the operator's service key.
    pub(crate) const fn root(address: IpAddr) -> Self {
        Self { key: HeldKey::Root, address }
    }

    /// Whoever has this key.
    pub(crate) const fn of(key: Arc<ApiKey>, address: IpAddr) -> Self {
        Self { key: HeldKey::Key(key), address }
    }

    /// The key may be used for this.
    pub(crate) fn has(&self, scope: Scope) -> bool {
        match &self.key {
            HeldKey::Root => true,
            HeldKey::Key(key) => key.scopes.contains(&scope),
        }
    }

    /// The only organization that the key sees; `None`: all.
    pub(crate) fn organization_id(&self) -> Option<&OrganizationId> {
        match &self.key {
            HeldKey::Root => None,
            HeldKey::Key(key) => key.organization_id.as_ref(),
        }
    }

    /// The key sees this organization.
    pub(crate) fn sees(&self, organization_id: &OrganizationId) -> bool {
        self.organization_id().is_none_or(|only| only == organization_id)
    }

    /// The key is refused from then on; `None`: never.
    pub(crate) fn expires_at(&self) -> Option<Timestamp> {
        match &self.key {
            HeldKey::Root => None,
            HeldKey::Key(key) => key.expires_at,
        }
    }

    /// Names the key in the database; `None`: it is the operator's.
    pub(crate) fn id(&self) -> Option<&ApiKeyId> {
        match &self.key {
            HeldKey::Root => None,
            HeldKey::Key(key) => Some(&key.id),
        }
    }

    /// As the audit log names it.
    pub(crate) fn actor(&self) -> Actor {
        let (id, name) = match &self.key {
            HeldKey::Root => (String::new(), "service key".to_owned()),
            HeldKey::Key(key) => (key.id.to_string(), key.name.clone()),
        };
        Actor { kind: ActorKind::Key, id, name, session: String::new(), address: self.address.to_string() }
    }
}

/// A key as its holder has it, made anew; there is no other moment at which it is seen.
pub(crate) struct NewKey {
    pub(crate) id: ApiKeyId,
    /// The whole of it.
    pub(crate) secret: String,
}

impl NewKey {
    /// A key with an id and a secret that nobody else has.
    pub(crate) fn create() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; KEY_ID_LENGTH / 2];
        getrandom::fill(&mut bytes)?;
        Self::create_for(ApiKeyId::from_trusted(hex::encode(bytes)))
    }

    /// Another secret for a key that is there.
    pub(crate) fn create_for(id: ApiKeyId) -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        let secret = format!("{KEY_PREFIX}{id}_{}", URL_SAFE_NO_PAD.encode(bytes));
        Ok(Self { id, secret })
    }

    /// What the database knows of the secret.
    pub(crate) fn hash(&self) -> String {
        hash_token(&self.secret)
    }

    /// By which people tell keys apart.
    pub(crate) fn last4(&self) -> String {
        self.secret.get(self.secret.len().saturating_sub(4)..).unwrap_or_default().to_owned()
    }
}

/// The id within a key; `None`: this is none. By fixed places: `_` is a character of base64url too.
pub(crate) fn read_key_id(token: &str) -> Option<ApiKeyId> {
    let rest = token.strip_prefix(KEY_PREFIX)?;
    let (id, secret) = (rest.get(..KEY_ID_LENGTH)?, rest.get(KEY_ID_LENGTH..)?.strip_prefix('_')?);
    (secret.len() == SECRET_LENGTH).then(|| id.parse().ok())?
}

/// Whether this is the key of the row, and the key holds at this moment.
pub(crate) fn is_right(key: &ApiKey, token: &str, now: Timestamp) -> bool {
    let hash = hash_token(token);
    let equals = |stored: &str| bool::from(stored.as_bytes().ct_eq(hash.as_bytes()));
    let old = match (&key.old_secret_hash, key.old_valid_until) {
        (Some(old), Some(until)) => equals(old) && now < until,
        _ => false,
    };
    let right = equals(&key.secret_hash) || old;
    right && key.revoked_at.is_none() && key.expires_at.is_none_or(|at| now < at)
}

/// Rows of keys that were read a moment ago. Nothing else says that a key was revoked: a row is read anew after half a
/// second, so a key that somebody ended anywhere is refused everywhere within a second.
#[derive(Debug, Default)]
pub(crate) struct KeyCache {
    rows: Mutex<HashMap<ApiKeyId, CachedRow>>,
    /// One unknown key is looked up at a time, so that its parallel requests need one look.
    pub(crate) unknown: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct CachedRow {
    key: Arc<ApiKey>,
    read_at: Instant,
    used_at: Option<Timestamp>,
}

impl KeyCache {
    /// The row as it was last read here, however long ago.
    pub(crate) fn last_known(&self, id: &ApiKeyId) -> Option<Arc<ApiKey>> {
        self.lock().get(id).map(|row| Arc::clone(&row.key))
    }

    /// The row, at most half a second old.
    pub(crate) async fn find(&self, store: &Store, id: &ApiKeyId) -> billing_store::Result<Option<Arc<ApiKey>>> {
        // Before it is read: what is committed meanwhile may not be in it.
        let read_at = Instant::now();
        if let Some(row) = self.lock().get(id)
            && read_at.duration_since(row.read_at) <= ROW_AGE
        {
            return Ok(Some(Arc::clone(&row.key)));
        }
        let Some(key) = store.find_key(id).await?.map(Arc::new) else {
            self.forget(id);
            return Ok(None);
        };
        let mut rows = self.lock();
        let used_at = rows.get(id).and_then(|row| row.used_at).max(key.last_used_at);
        rows.insert(id.clone(), CachedRow { key: Arc::clone(&key), read_at, used_at });
        Ok(Some(key))
    }

    /// The key has been changed here.
    pub(crate) fn forget(&self, id: &ApiKeyId) {
        self.lock().remove(id);
    }

    /// Whether this use is to be written down; if so, the next ones are not for a while.
    pub(crate) fn begin_use(&self, id: &ApiKeyId, now: Timestamp) -> bool {
        match self.lock().get_mut(id) {
            Some(row) if row.used_at.is_none_or(|at| now.seconds_since(at) >= USE_SECONDS) => {
                row.used_at = Some(now);
                true
            }
            _ => false,
        }
    }

    /// Forgets keys that nobody has used for a while; to be called now and then.
    pub(crate) fn tidy(&self) {
        let now = Instant::now();
        self.lock().retain(|_, row| now.duration_since(row.read_at) < KEPT);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ApiKeyId, CachedRow>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn row(new: &NewKey) -> ApiKey {
        ApiKey {
            id: new.id.clone(),
            name: "meter".to_owned(),
            scopes: vec![Scope::MeteringWrite],
            organization_id: None,
            secret_hash: new.hash(),
            last4: new.last4(),
            old_secret_hash: None,
            old_valid_until: None,
            created_by: String::new(),
            created_at: NOW,
            expires_at: None,
            last_used_at: None,
            revoked_at: None,
        }
    }

    #[test]
    fn a_key_has_its_id_at_a_fixed_place() {
        for _ in 0..50 {
            let new = NewKey::create().unwrap();
            assert_eq!(new.secret.len(), KEY_PREFIX.len() + KEY_ID_LENGTH + 1 + SECRET_LENGTH);
            assert_eq!(read_key_id(&new.secret), Some(new.id.clone()));
            assert!(new.secret.ends_with(&new.last4()) && new.last4().len() == 4);
        }
        let secret = "_".repeat(SECRET_LENGTH);
        assert!(read_key_id(&format!("nbk_live_0123456789ab_{secret}")).is_some());
        for token in [
            String::new(),
            "nbk_live_".to_owned(),
            "nbk_live_0123456789ab".to_owned(),
            format!("nbk_live_0123456789ab_{secret}_"),
            format!("nbk_live_0123456789AB_{secret}"),
            format!("nbk_test_0123456789ab_{secret}"),
            format!("nbk_live_0123456789a\u{e4}{secret}"),
        ] {
            assert_eq!(read_key_id(&token), None, "{token}");
        }
    }

    #[test]
    fn a_key_holds_until_it_is_replaced_revoked_or_over() {
        let (old, new) = (NewKey::create().unwrap(), NewKey::create().unwrap());
        let key =
            ApiKey { old_secret_hash: Some(old.hash()), old_valid_until: Some(NOW.plus_seconds(10)), ..row(&new) };
        assert!(is_right(&key, &new.secret, NOW) && is_right(&key, &old.secret, NOW.plus_seconds(9)));
        assert!(!is_right(&key, &old.secret, NOW.plus_seconds(10)));
        assert!(!is_right(&key, &NewKey::create().unwrap().secret, NOW));
        let over = ApiKey { expires_at: Some(NOW), ..key.clone() };
        assert!(!is_right(&over, &new.secret, NOW) && is_right(&over, &new.secret, NOW.plus_seconds(-1)));
        let revoked = ApiKey { revoked_at: Some(NOW), ..key };
        assert!(!is_right(&revoked, &new.secret, NOW) && !is_right(&revoked, &old.secret, NOW));
    }

    #[test]
    fn use_is_noted_once_a_minute() {
        let (cache, new) = (KeyCache::default(), NewKey::create().unwrap());
        assert!(!cache.begin_use(&new.id, NOW), "of a key that is not known");
        let cached = CachedRow { key: Arc::new(row(&new)), read_at: Instant::now(), used_at: None };
        cache.lock().insert(new.id.clone(), cached);
        let noted = [0, 1, 59, 60, 61].map(|seconds| cache.begin_use(&new.id, NOW.plus_seconds(seconds)));
        assert_eq!(noted, [true, false, false, true, false]);
    }
}
