//! Organizations with money and people who are signed in, made past the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use billing_domain::pricing::Remainder;
use billing_domain::{
    CardId, CardRef, Currency, Money, OrganizationId, Role, SessionKind, TextMap, Timestamp, TransactionId,
    TransactionKind, UserId,
};
use billing_store::{NewCard, NewLine, NewOrganization, NewSession, Origin, Store, User};
use sha2::{Digest as _, Sha256};

const WALLETS: usize = 1_000;

/// Organizations of one database.
pub(crate) struct Wallets {
    store: Store,
    ids: Arc<[OrganizationId]>,
}

impl Wallets {
    /// The first one is the hot one.
    pub(crate) async fn create(url: &str) -> Result<Self> {
        let store = Store::connect(url).await?;
        let (mut ids, now) = (Vec::with_capacity(WALLETS), current_time()?);
        for number in 0..WALLETS {
            ids.push(create_wallet(&store, &format!("Wallet {number}"), now).await?);
        }
        Ok(Self { store, ids: ids.into() })
    }

    /// One wallet for every report.
    pub(crate) fn hot(&self) -> Arc<[OrganizationId]> {
        self.ids.iter().take(1).cloned().collect()
    }

    pub(crate) fn all(&self) -> Arc<[OrganizationId]> {
        Arc::clone(&self.ids)
    }

    /// The one that calls are started from and that people look at.
    pub(crate) fn quiet(&self) -> Result<&OrganizationId> {
        self.ids.last().context("no wallet")
    }

    /// The token of an owner who is signed in.
    pub(crate) async fn sign_in(&self, organization_id: &OrganizationId) -> Result<String> {
        create_session(&self.store, organization_id).await
    }
}

pub(crate) fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// Of usage that is reported: `call-1796086800123456`, never the same twice.
pub(crate) fn next_call() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let micros = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
    // From run to run they go on where the clock is: no run makes more than one a microsecond.
    let _ = LAST.compare_exchange(0, u64::try_from(micros).unwrap_or(1), Ordering::Relaxed, Ordering::Relaxed);
    LAST.fetch_add(1, Ordering::Relaxed)
}

pub(crate) fn current_time() -> Result<Timestamp> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(Timestamp::from_micros(i64::try_from(since.as_micros())?))
}

/// An organization with a card and a billion of its currency, as of `at`.
pub(crate) async fn create_wallet(store: &Store, name: &str, at: Timestamp) -> Result<OrganizationId> {
    let new = NewOrganization {
        id: OrganizationId::from_trusted(new_id()),
        name: name.to_owned(),
        address: String::new(),
        tax_id: String::new(),
        time_zone: "UTC".to_owned(),
        currency: Currency::Usd,
        made_by_demo: false,
    };
    store.create_organization(&new, at).await?;
    let card = NewCard {
        id: CardId::from_trusted(new_id()),
        provider: "sandbox".to_owned(),
        provider_ref: CardRef::from_trusted(new_id()),
        brand: "visa".to_owned(),
        last4: "4242".to_owned(),
        exp_month: 12,
        exp_year: 2040,
        fingerprint: None,
    };
    store.add_card(&new.id, &card, at).await?;
    let credit = NewLine {
        id: TransactionId::from_trusted(new_id()),
        kind: TransactionKind::Promo,
        origin: Origin::Promo,
        reference: "measuring".to_owned(),
        contra: "promo".to_owned(),
        amount: Money::from_major(1_000_000_000),
        part: Remainder::ZERO,
        occurred_at: at,
        day: at.utc_date(),
        description: "Credit for measuring".to_owned(),
        source: String::new(),
        quantity: None,
        unit: None,
        unit_price: None,
        corrects: None,
        details: TextMap::default(),
        hold_id: None,
    };
    store.post(&new.id, vec![credit], at).await?;
    Ok(new.id)
}

/// An owner of the organization and a session of theirs; its token.
pub(crate) async fn create_session(store: &Store, organization_id: &OrganizationId) -> Result<String> {
    let now = current_time()?;
    let user = User {
        id: UserId::from_trusted(new_id()),
        email: format!("{}@bench.test", new_id()),
        name: "Olive Owner".to_owned(),
        password_hash: String::new(),
    };
    store.create_user(&user, now).await?;
    store.add_member(organization_id, &user.id, Role::Owner, now).await?;
    let token = hex::encode(Sha256::digest(new_id()));
    let session = NewSession {
        token_hash: hex::encode(Sha256::digest(token.as_bytes())),
        user_id: user.id,
        organization_id: organization_id.clone(),
        kind: SessionKind::Password,
        idle_seconds: 12 * 3600,
        portal_session_id: None,
        can: None,
        address: "127.0.0.1".to_owned(),
        browser: "bench".to_owned(),
        expires_at: now.plus_seconds(12 * 3600),
        absolute_expires_at: now.plus_seconds(24 * 3600),
    };
    store.create_session(&session, now).await?;
    Ok(token)
}
