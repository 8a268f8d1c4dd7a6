//! A world of its own for each test: a database, two organizations in it, and the real program on a free port.

pub(crate) mod database;
pub(crate) mod mail;
pub(crate) mod page;
pub(crate) mod server;

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use billing_domain::id::Id;
use billing_domain::{Currency, OrganizationId, Role, Timestamp, UserId};
use billing_store::{NewOrganization, Store, User};
use serde_json::json;
use sha2::Digest as _;

use crate::client::Client;
pub(crate) use database::Database;
pub(crate) use database::OwnDatabase;
pub(crate) use server::{SERVICE_KEY, Server};

/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct horse";

/// A person who can sign in.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) name: String,
    pub(crate) email: String,
}

/// An organization with one person of each role.
#[derive(Clone, Debug)]
pub(crate) struct Organization {
    pub(crate) id: OrganizationId,
    pub(crate) owner: Person,
    pub(crate) admin: Person,
    pub(crate) member: Person,
}

/// Fields are dropped in this order: first the program ends, then its database goes.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) server: Server,
    /// For arranging what no route can: the same database, beside the program.
    pub(crate) store: Store,
    /// The organization under test.
    pub(crate) acme: Organization,
    /// Whose things must stay invisible.
    pub(crate) other: Organization,
    /// Its own database.
    pub(crate) database: OwnDatabase,
    /// Tokens of those who have signed in, as the database knows them.
    sessions: Mutex<Vec<String>>,
    /// How far the program's clock was moved, seconds.
    moved: AtomicI64,
}

impl World {
    pub(crate) async fn start(database: Database) -> Self {
        Self::start_with(database, &[]).await
    }

    /// With further flags for the program.
    pub(crate) async fn start_with(database: Database, flags: &[&str]) -> Self {
        Self::start_on(OwnDatabase::create(database).await, flags).await
    }

    /// On a database that is there already.
    pub(crate) async fn start_on(database: OwnDatabase, flags: &[&str]) -> Self {
        let store = Store::connect(database.url()).await.unwrap();
        let organization = async |name| organization_in(&store, name, Currency::Usd).await;
        let (acme, other) = (organization("Acme").await, organization("Other").await);
        let server = Server::start(database.url(), flags).await;
        Self { server, store, acme, other, database, sessions: Mutex::default(), moved: AtomicI64::default() }
    }

    /// The address of the database, for a second program.
    pub(crate) fn database_url(&self) -> &str {
        self.database.url()
    }

    /// Starts the program again on the same database, ending the running one without a chance to tidy up.
    pub(crate) async fn restart(&mut self) {
        self.server.kill().await;
        self.server = Server::start(self.database.url(), &[]).await;
    }

    /// Nobody.
    pub(crate) fn anonymous(&self) -> Client {
        Client::new(self.server.origin())
    }

    /// The AI platform.
    pub(crate) fn platform(&self) -> Client {
        self.anonymous().with_bearer(SERVICE_KEY)
    }

    /// A program of the host's whose key has these scopes; and the key.
    pub(crate) async fn key(&self, scopes: &[&str]) -> (Client, String) {
        let form = json!({"name": scopes.join(" "), "scopes": scopes});
        let key = self.platform().post("/api/v1/keys", &form).await.expect(201).json();
        let secret = key["secret"].as_str().unwrap().to_owned();
        (self.anonymous().with_bearer(&secret), secret)
    }

    /// Somebody after signing in.
    pub(crate) async fn sign_in(&self, person: &Person) -> Client {
        let form = json!({"email": person.email, "password": PASSWORD});
        let answer = self.anonymous().post("/api/v1/session", &form).await.expect(200);
        let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap();
        let token = cookie.split_once('=').unwrap().1;
        self.sessions.lock().unwrap().push(hex::encode(sha2::Sha256::digest(token)));
        self.anonymous().with_cookie(cookie)
    }

    /// Moves the program's clock, and has everybody give their password again: the time is what is tested, not the sessions.
    pub(crate) async fn advance(&self, seconds: i64) {
        self.advance_unconfirmed(seconds).await;
        let at = now().plus_seconds(self.moved.load(Ordering::Relaxed));
        let sessions = self.sessions.lock().unwrap().clone();
        for session in sessions {
            self.store.confirm_session(&session, at).await.unwrap();
        }
    }

    /// Moves the program's clock into the next month of the organization's zone where this one ends within two days: what
    /// a test does in hours is to be of one month, on whatever day it is run.
    pub(crate) async fn leave_end_of_month(&self) {
        let zone = jiff::tz::TimeZone::get("America/Chicago").unwrap();
        let date = |days: i64| {
            let instant = jiff::Timestamp::from_microsecond(now().plus_seconds(days * 86_400).micros()).unwrap();
            zone.to_datetime(instant).date()
        };
        if date(2).month() != date(0).month() {
            self.advance(2 * 86_400).await;
        }
    }

    /// Moves the program's clock and nothing else.
    pub(crate) async fn advance_unconfirmed(&self, seconds: i64) {
        self.moved.fetch_add(seconds, Ordering::Relaxed);
        let answer = self.anonymous().post("/api/v1/test/clock", &json!({"advance_seconds": seconds})).await;
        assert!((200..300).contains(&answer.status), "{}", answer.text());
    }
}

/// A fresh id.
pub(crate) fn typed_id<I: Id>() -> I {
    I::from_trusted(new_id())
}

/// A fresh UUIDv7.
pub(crate) fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// The present moment, for rows that are written past the program.
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap())
}

/// An organization with an empty wallet in this currency, and three people.
pub(crate) async fn organization_in(store: &Store, name: &str, currency: Currency) -> Organization {
    let new = NewOrganization {
        id: typed_id(),
        name: name.to_owned(),
        address: "1 Main Street".to_owned(),
        tax_id: String::new(),
        time_zone: "America/Chicago".to_owned(),
        currency,
        made_by_demo: false,
    };
    store.create_organization(&new, now()).await.unwrap();
    Organization {
        owner: person(store, &new.id, name, Role::Owner).await,
        admin: person(store, &new.id, name, Role::Admin).await,
        member: person(store, &new.id, name, Role::Member).await,
        id: new.id,
    }
}

async fn person(store: &Store, organization_id: &OrganizationId, organization: &str, role: Role) -> Person {
    let email = format!("{role}@{}.test", organization.to_lowercase());
    let user = User { id: typed_id(), name: format!("{organization} {role}"), email, password_hash: cheap_hash() };
    store.create_user(&user, now()).await.unwrap();
    store.add_member(organization_id, &user.id, role, now()).await.unwrap();
    Person { id: user.id, name: user.name, email: user.email }
}

/// Argon2id with the least work it allows: its parameters travel with the hash, so the program checks it as any other.
fn cheap_hash() -> String {
    use argon2::password_hash::PasswordHasher as _;
    static HASH: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        let parameters = argon2::Params::new(8, 1, 1, None).unwrap();
        let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, parameters);
        argon2.hash_password(PASSWORD.as_bytes()).unwrap().to_string()
    });
    HASH.clone()
}
