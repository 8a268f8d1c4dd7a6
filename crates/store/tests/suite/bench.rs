//! A database of its own for every case, on either side, and short ways to fill it.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use billing_domain::id::Id;
use billing_domain::{
    CardRef, Currency, Date, LeaseOwner, Money, OrganizationId, Role, TextMap, Timestamp, TransactionKind, UserId,
};
use billing_store::{
    Actor, Card, ConnectionLimits, IdempotencyKey, LineOutcome, NewCard, NewLine, NewOrganization, Origin, PostedLine,
    Store, User, ids,
};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use tempfile::TempDir;

use crate::template;

/// Instantiates cases for both databases: `file::sqlite::case` and `file::postgres::case`.
macro_rules! on_both {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$case(crate::bench::TestBank::sqlite().await).await;
                }
            )+
        }

        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$case(crate::bench::TestBank::postgres().await).await;
                }
            )+
        }
    };
}
pub(crate) use on_both;

/// The time at which every case begins: 2026-11-24T12:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_795_521_600);

/// Whoever changes something where it does not matter who.
pub(crate) fn actor() -> Actor {
    Actor::system("test")
}

/// A database and a connection to it.
pub(crate) struct TestBank {
    pub(crate) store: Store,
    pub(crate) url: String,
    pub(crate) place: Place,
}

/// Where the database is; it disappears with this.
pub(crate) enum Place {
    Sqlite(TempDir),
    Postgres { admin: String, name: String },
}

static COUNTER: AtomicU64 = AtomicU64::new(1);

/// An id that nothing else in this process has.
pub(crate) fn id<I: Id>() -> I {
    I::from_trusted(uuid())
}

/// A UUIDv7 that nothing else in this process has: for references and names of others.
pub(crate) fn uuid() -> String {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&COUNTER.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    ids::uuid_v7(NOW, &random)
}

/// Somebody who holds leases.
pub(crate) fn owner(name: &str) -> LeaseOwner {
    LeaseOwner::from_trusted(name)
}

pub(crate) fn money(text: &str) -> Money {
    text.parse().unwrap()
}

impl TestBank {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("billing.db").display());
        Self { store: Store::connect(&url).await.unwrap(), url, place: Place::Sqlite(folder) }
    }

    pub(crate) async fn postgres() -> Self {
        let Ok(admin) = std::env::var("NEXIS_BILLING_TEST_POSTGRES") else {
            panic!(
                "the PostgreSQL half cannot run: set NEXIS_BILLING_TEST_POSTGRES to the address of a server on which \
                 databases may be made, such as postgres://postgres@127.0.0.1:5432/postgres"
            );
        };
        let name = format!("nexis_store_{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        let url = template::create(&admin, &name).await;
        let place = Place::Postgres { admin, name };
        Self { store: Store::connect_with(&url, few(14)).await.unwrap(), url, place }
    }

    /// Runs SQL behind the store's back.
    pub(crate) async fn raw(&self, sql: impl Into<String>) -> Result<u64, sqlx::Error> {
        self.raw_at(&self.url, sql).await
    }

    /// The same on another database of this kind.
    pub(crate) async fn raw_at(&self, url: &str, sql: impl Into<String>) -> Result<u64, sqlx::Error> {
        let sql = AssertSqlSafe(sql.into());
        Ok(match &self.place {
            Place::Sqlite(_) => {
                let mut connection = SqliteConnection::connect(&format!("{url}?mode=rwc")).await?;
                sqlx::raw_sql(sql).execute(&mut connection).await?.rows_affected()
            }
            Place::Postgres { .. } => {
                let mut connection = PgConnection::connect(url).await?;
                sqlx::raw_sql(sql).execute(&mut connection).await?.rows_affected()
            }
        })
    }

    /// Counts rows behind the store's back.
    pub(crate) async fn count(&self, from: &str) -> i64 {
        let sql = AssertSqlSafe(format!("SELECT COUNT(*) FROM {from}"));
        match &self.place {
            Place::Sqlite(_) => {
                let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
                sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
            }
            Place::Postgres { .. } => {
                let mut connection = PgConnection::connect(&self.url).await.unwrap();
                sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
            }
        }
    }

    /// Takes away what keeps the ledger append-only, as an attacker with all rights would.
    pub(crate) async fn unlock_ledger(&self) {
        let sql = match &self.place {
            Place::Sqlite(_) => "DROP TRIGGER ledger_is_append_only_update; DROP TRIGGER ledger_is_append_only_delete",
            Place::Postgres { .. } => "ALTER TABLE ledger DISABLE TRIGGER USER",
        };
        self.raw(sql).await.unwrap();
    }

    /// An organization with an empty wallet in dollars; its id.
    pub(crate) async fn organization(&self) -> OrganizationId {
        let new = NewOrganization {
            id: id(),
            name: "Northwind Dental".to_owned(),
            address: "1 Main St\nSpringfield".to_owned(),
            tax_id: String::new(),
            time_zone: "Europe/Berlin".to_owned(),
            currency: Currency::Usd,
            made_by_demo: false,
        };
        self.store.create_organization(&new, NOW).await.unwrap().id
    }

    /// A new member; the user's id.
    pub(crate) async fn member(&self, organization_id: &OrganizationId, name: &str, role: Role) -> UserId {
        let user_id: UserId = id();
        let user = User {
            email: format!("{user_id}@demo.test"),
            id: user_id,
            name: name.to_owned(),
            password_hash: "$argon2id$".to_owned(),
        };
        self.store.create_user(&user, NOW).await.unwrap();
        self.store.add_member(organization_id, &user.id, role, NOW).await.unwrap();
        user.id
    }

    pub(crate) async fn card(&self, organization_id: &OrganizationId) -> Card {
        self.store.add_card(organization_id, &new_card(), NOW).await.unwrap()
    }

    /// Adds money.
    pub(crate) async fn fund(&self, organization_id: &OrganizationId, amount: &str) {
        let line = NewLine {
            kind: TransactionKind::Promo,
            origin: Origin::Promo,
            contra: "promo".to_owned(),
            amount: money(amount),
            ..usage_line(&uuid(), "0")
        };
        self.post(organization_id, line).await;
    }

    /// Posts one line that must be new.
    pub(crate) async fn post(&self, organization_id: &OrganizationId, line: NewLine) -> PostedLine {
        let mut posting = self.store.post(organization_id, vec![line], NOW).await.unwrap();
        match posting.outcomes.pop() {
            Some(LineOutcome::Posted(line)) => Arc::unwrap_or_clone(line),
            other => panic!("not posted: {other:?}"),
        }
    }

    /// The ledger is whole.
    pub(crate) async fn assert_whole(&self, organization_id: &OrganizationId) {
        let verification = self.store.verify(organization_id).await.unwrap();
        assert_eq!(verification.broken, None);
    }
}

impl Drop for TestBank {
    fn drop(&mut self) {
        let Place::Postgres { admin, name } = &self.place else { return };
        template::drop_database(admin, name);
    }
}

/// Few connections, since many tests share one server.
pub(crate) fn few(postgres: u32) -> ConnectionLimits {
    ConnectionLimits { postgres, ..ConnectionLimits::default() }
}

/// Starts `count` tasks at once and waits for all of them.
pub(crate) async fn at_once<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    count: usize,
    task: impl Fn(usize) -> F,
) -> Vec<T> {
    let tasks: Vec<_> = (0..count).map(|index| tokio::spawn(task(index))).collect();
    let mut results = Vec::with_capacity(count);
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

pub(crate) fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// An outbound call of today; `cost` is taken from the wallet.
pub(crate) fn usage_line(reference: &str, cost: &str) -> NewLine {
    NewLine {
        id: id(),
        kind: TransactionKind::OutboundCall,
        origin: Origin::Usage,
        reference: reference.to_owned(),
        contra: "revenue:outbound_call".to_owned(),
        amount: money(cost).checked_neg().unwrap(),
        part: billing_domain::pricing::Remainder::ZERO,
        occurred_at: NOW,
        day: day("2026-11-24"),
        description: "Call to +1 555 0100".to_owned(),
        source: "Agent Ava".to_owned(),
        quantity: Some("95".to_owned()),
        unit: Some(billing_domain::kind::Unit::Second),
        unit_price: Some("0.0012".to_owned()),
        corrects: None,
        details: TextMap::from([("line".to_owned(), "sip".to_owned())]),
        hold_id: None,
    }
}

pub(crate) fn new_card() -> NewCard {
    NewCard {
        id: id(),
        provider: "sandbox".to_owned(),
        provider_ref: CardRef::from_trusted(uuid()),
        brand: "visa".to_owned(),
        last4: "4242".to_owned(),
        exp_month: 12,
        exp_year: 2030,
        fingerprint: Some("fp".to_owned()),
    }
}

pub(crate) fn key(key: &(impl ToString + ?Sized), fingerprint: &str) -> IdempotencyKey {
    IdempotencyKey { key: key.to_string(), fingerprint: fingerprint.to_owned() }
}
