//! A world whose money goes through a stand-in for Stripe, and what a person and Stripe do there.

use std::collections::BTreeMap;

use fake_stripe::Fake;
use serde_json::{Value, json};

use crate::client::{Answer, Client, send};
use crate::fixture::{Database, Server, World};
use crate::money::{credited, eventually};

/// Makes a test on each database of every case.
macro_rules! with_stripe {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $case() {
                super::$case($crate::stripe::shop::Shop::open($crate::fixture::Database::Sqlite).await).await;
            })+
        }

        mod postgres {
            $(#[tokio::test] async fn $case() {
                super::$case($crate::stripe::shop::Shop::open($crate::fixture::Database::Postgres).await).await;
            })+
        }
    };
}
pub(super) use with_stripe;

/// The same with two programs on one PostgreSQL.
macro_rules! with_two_programs {
    ($($case:ident),+ $(,)?) => {
        mod two_programs {
            $(#[tokio::test] async fn $case() { super::$case($crate::stripe::shop::Shop::open_two().await).await; })+
        }
    };
}
pub(super) use with_two_programs;

/// The program, its database, and the stand-in.
pub(super) struct Shop {
    pub(super) world: World,
    pub(super) fake: Fake,
    /// One more program on the same database, where a case asks for two.
    other: Option<Server>,
}

/// What the program is told about Stripe.
pub(super) fn flags(fake: &Fake) -> Vec<String> {
    let script = format!("{}/endive/stripe.js", fake.origin());
    [
        ["--provider", "stripe"],
        ["--stripe-secret-key", "sk_test_shop"],
        ["--stripe-publishable-key", "pk_test_shop"],
        ["--stripe-webhook-secret", fake_stripe::WEBHOOK_SECRET],
        ["--stripe-url", fake.origin()],
        ["--stripe-script-url", &script],
    ]
    .concat()
    .into_iter()
    .map(str::to_owned)
    .collect()
}

impl Shop {
    pub(super) async fn open(database: Database) -> Self {
        let fake = Fake::start(([127, 0, 0, 1], 0).into()).await.unwrap();
        let flags = flags(&fake);
        let world = World::start_with(database, &flags.iter().map(String::as_str).collect::<Vec<_>>()).await;
        Self { world, fake, other: None }
    }

    /// Two programs on one PostgreSQL.
    pub(super) async fn open_two() -> Self {
        let mut shop = Self::open(Database::Postgres).await;
        shop.other = Some(shop.second().await);
        shop
    }

    /// Every program.
    pub(super) fn origins(&self) -> Vec<&str> {
        [Some(&self.world.server), self.other.as_ref()].into_iter().flatten().map(Server::origin).collect()
    }

    /// Sends the same bytes as Stripe might: once to one program; where there are two, five times at once to both by turns.
    pub(super) async fn deliver_everywhere(&self, body: &[u8], signature: &str) -> Vec<Answer> {
        let origins = self.origins();
        let times = if origins.len() > 1 { 5 } else { 1 };
        let sent = (0..times).map(|number| deliver_signed(origins[number % origins.len()], body, signature));
        futures_util::future::join_all(sent).await
    }

    /// Time goes on at every program, and not at Stripe.
    pub(super) async fn advance_programs(&self, seconds: i64) {
        for origin in self.origins() {
            let form = json!({"advance_seconds": seconds});
            let answer = Client::new(origin).post("/api/v1/test/clock", &form).await;
            assert!((200..300).contains(&answer.status), "{}", answer.text());
        }
    }

    /// One more program on the same database.
    pub(super) async fn second(&self) -> Server {
        let flags = flags(&self.fake);
        Server::start(self.world.database_url(), &flags.iter().map(String::as_str).collect::<Vec<_>>()).await
    }

    /// `kill -9`, then the program again; the session lives on.
    pub(super) async fn kill_and_start(&mut self, client: &Client) -> Client {
        self.world.server.kill().await;
        self.world.server = self.second().await;
        self.world.anonymous().with_cookie(client.cookie())
    }

    pub(super) async fn owner(&self) -> Client {
        self.world.sign_in(&self.world.acme.owner).await
    }

    /// Time goes on, here and at Stripe.
    pub(super) async fn advance(&self, seconds: i64) {
        self.fake.bank().advance(seconds);
        self.advance_programs(seconds).await;
    }

    /// Enters a card in Stripe's form, confirms it if asked, and lets the server look; the card's id.
    pub(super) async fn connect(&self, client: &Client, token: &str) -> String {
        let setup = client.post("/api/v1/cards/setups", &json!({"consent": "cards-2026-11"})).await.expect(201).json();
        assert_eq!(
            (&setup["status"], &setup["next_action"]["type"]),
            (&json!("action_required"), &json!("browser_script"))
        );
        let secret = setup["next_action"]["client_secret"].as_str().unwrap();
        let entered = self.fake.confirm_in_browser(secret, token).unwrap();
        if entered["status"] == "requires_action" {
            self.fake.authenticate(secret, true).unwrap();
        }
        let path = format!("/api/v1/cards/setups/{}/check", setup["id"].as_str().unwrap());
        let checked = client.post(&path, &json!({})).await.expect(200).json();
        assert_eq!(checked["status"], "succeeded", "{checked}");
        checked["card"]["id"].as_str().unwrap().to_owned()
    }

    /// Sends an event as Stripe would.
    pub(super) async fn deliver(&self, origin: &str, body: &[u8]) -> Answer {
        deliver_signed(origin, body, &self.fake.sign(body)).await
    }

    /// Charges that took money, by top-up, in minor units.
    pub(super) fn taken(&self) -> BTreeMap<String, i64> {
        let bank = self.fake.bank();
        let paid = bank.all("payment_intent").into_iter().filter(|intent| intent["status"] == "succeeded");
        let mut taken = BTreeMap::new();
        for intent in paid {
            let top_up = intent["metadata"]["reference"].as_str().unwrap().split(':').nth(1).unwrap().to_owned();
            let before = taken.insert(top_up, intent["amount_received"].as_i64().unwrap());
            assert!(before.is_none(), "charged twice: {intent}");
        }
        taken
    }

    /// Waits until Stripe and the ledger name the same top-ups with the same amounts and nothing is open any more.
    pub(super) async fn agreed(&self, client: &Client) -> BTreeMap<String, i64> {
        eventually("Stripe and ledger agree", || async {
            let open = client.get("/api/v1/billing").await.expect(200).json();
            let open = open["open_top_ups"].as_array().unwrap().len();
            let credited = credited(&self.world, &self.world.acme.id).await;
            let taken = self.taken();
            (open == 0 && taken == credited).then_some(taken)
        })
        .await
    }

    /// Ids and bodies of the events about a top-up's payment and its disputes.
    pub(super) fn events_of(&self, top_up: &str) -> Vec<(String, Vec<u8>)> {
        let bank = self.fake.bank();
        let reference = format!("topup:{top_up}:1");
        let intent =
            bank.all("payment_intent").into_iter().find(|intent| intent["metadata"]["reference"] == reference.as_str());
        let intent = intent.map(|intent| intent["id"].clone()).unwrap_or_default();
        let about = |body: &[u8]| {
            let event: Value = serde_json::from_slice(body).unwrap();
            let object = &event["data"]["object"];
            object["id"] == intent || object["payment_intent"] == intent
        };
        bank.events().into_iter().filter(|(_, body)| about(body)).collect()
    }
}

pub(super) async fn deliver_signed(origin: &str, body: &[u8], signature: &str) -> Answer {
    let request = crate::client::http().post(format!("{origin}/api/v1/webhooks/stripe"));
    send(request.header("stripe-signature", signature).header("content-type", "application/json").body(body.to_vec()))
        .await
}
