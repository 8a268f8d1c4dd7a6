//! The second factor: switched on by a code, asked for at the door, each code once, and a way back without the device.

use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::fixture::server::program;
use crate::fixture::{Database, OwnDatabase, PASSWORD, Person, Server, World, now};

const FLAGS: &[&str] = &["--secret-key", "a key for second factors in tests only"];
const PATH: &str = "/api/v1/me/second-factor";

/// An authenticator app: a few lines of its own, so that the program is not measured by itself.
struct App {
    secret: Vec<u8>,
    /// How far the program's clock was moved, seconds.
    moved: i64,
}

impl App {
    fn new(secret: &str) -> Self {
        let mut bits = 0_u64;
        let (mut count, mut bytes) = (0, Vec::new());
        for letter in secret.bytes() {
            let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == letter).unwrap();
            bits = bits << 5 | u64::try_from(value).unwrap();
            count += 5;
            if count >= 8 {
                count -= 8;
                bytes.push(u8::try_from(bits >> count & 255).unwrap());
            }
        }
        assert_eq!(bytes.len(), 20, "{secret}");
        Self { secret: bytes, moved: 0 }
    }

    /// The code of the present step, or of one before or after it.
    fn code(&self, steps: i64) -> String {
        let step = now().plus_seconds(self.moved).micros() / 30_000_000 + steps;
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.secret);
        let tag = ring::hmac::sign(&key, &step.to_be_bytes());
        let offset = usize::from(tag.as_ref()[19] & 15);
        let word = u32::from_be_bytes(tag.as_ref()[offset..offset + 4].try_into().unwrap());
        format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
    }
}

async fn sign_in(world: &World, person: &Person, otp: Option<&str>) -> Answer {
    let mut form = json!({"email": person.email, "password": PASSWORD});
    if let Some(otp) = otp {
        form["otp"] = json!(otp);
    }
    world.anonymous().post("/api/v1/session", &form).await
}

async fn switch_on(client: &Client) -> (App, Vec<String>) {
    let begun = client.post(PATH, &json!({})).await.expect(201).json();
    let secret = begun["secret"].as_str().unwrap();
    assert!(begun["uri"].as_str().unwrap().starts_with("otpauth://totp/"), "{begun}");
    assert!(begun["uri"].as_str().unwrap().contains(secret) && begun["qr"]["size"].as_u64() > Some(20), "{begun}");
    let app = App::new(secret);
    let confirmed = client.post(&format!("{PATH}/confirm"), &json!({"code": app.code(0)})).await.expect(200).json();
    let codes = confirmed["codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned());
    (app, codes.collect())
}

async fn step_on(world: &World, app: &mut App) {
    world.advance(60).await;
    app.moved += 60;
}

async fn a_code_is_asked_for_at_the_door_and_counts_once(database: Database) {
    let world = World::start_with(database, FLAGS).await;
    let owner = &world.acme.owner;
    let client = world.sign_in(owner).await;
    // Begun is not on.
    let begun = client.post(PATH, &json!({})).await.expect(201).json();
    sign_in(&world, owner, None).await.expect(200);
    let (mut app, recovery) = switch_on(&client).await;
    assert!(!app.secret.is_empty() && begun["secret"].is_string());
    assert_eq!(recovery.len(), 8);
    assert_eq!(client.get("/api/v1/me").await.expect(200).json()["second_factor"], true);
    client.post(PATH, &json!({})).await.expect(409);
    client.get("/api/v1/session").await.expect(200);

    assert_eq!(sign_in(&world, owner, None).await.expect(401).problem(), "second_factor_required");
    let used = app.code(0);
    assert_eq!(sign_in(&world, owner, Some(&used)).await.expect(401).problem(), "second_factor_required");
    step_on(&world, &mut app).await;
    let fresh = app.code(0);
    sign_in(&world, owner, Some(&format!("{} {}", &fresh[..3], &fresh[3..]))).await.expect(200);
    sign_in(&world, owner, Some(&fresh)).await.expect(401);
    // Whoever does not know the password learns nothing of a second factor.
    let form = json!({"email": owner.email, "password": "wrong", "otp": fresh});
    assert_eq!(world.anonymous().post("/api/v1/session", &form).await.expect(401).problem(), "unauthenticated");

    let typed = recovery[0].to_lowercase();
    sign_in(&world, owner, Some(&typed)).await.expect(200);
    sign_in(&world, owner, Some(&typed)).await.expect(401);
    let other = world.sign_in(&world.acme.member).await;
    other.get("/api/v1/me").await.expect(200);

    let off = async |password: &str, code: &str| {
        let form = json!({"password": password, "code": code});
        crate::client::send(client.request("DELETE", PATH).json(&form)).await
    };
    let pointer = |answer: Answer| answer.json()["errors"][0]["pointer"].clone();
    assert_eq!(pointer(off("wrong", &recovery[1]).await.expect(422)), "/password");
    assert_eq!(pointer(off(PASSWORD, &recovery[0]).await.expect(422)), "/code");
    off(PASSWORD, &recovery[1]).await.expect(204);
    sign_in(&world, owner, None).await.expect(200);
    off(PASSWORD, &recovery[2]).await.expect(409);

    let dump = world.store.second_factor(&owner.id).await.unwrap();
    assert!(dump.is_none(), "{dump:?}");
    let audit = world.store.verify_audit(None).await.unwrap();
    // Begun twice, on, two recovery codes, off.
    assert_eq!((audit.lines, audit.broken), (6, None));
}

async fn of_two_who_bring_one_code_at_once_one_gets_in(database: Database) {
    let world = World::start_with(database, FLAGS).await;
    let owner = &world.acme.owner;
    let (mut app, recovery) = switch_on(&world.sign_in(owner).await).await;
    step_on(&world, &mut app).await;
    for code in [app.code(0), recovery[0].clone()] {
        let (one, two) = tokio::join!(sign_in(&world, owner, Some(&code)), sign_in(&world, owner, Some(&code)));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401], "{code}");
    }
}

async fn codes_cannot_be_found_by_trying(database: Database) {
    let world = World::start_with(database, FLAGS).await;
    let owner = &world.acme.owner;
    let (mut app, _) = switch_on(&world.sign_in(owner).await).await;
    step_on(&world, &mut app).await;
    let right = app.code(0);
    let mut statuses = Vec::new();
    for number in 0..8 {
        let wrong = if right == format!("{number:06}") { "999999".to_owned() } else { format!("{number:06}") };
        statuses.push(sign_in(&world, owner, Some(&wrong)).await.status);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    assert_eq!(sign_in(&world, owner, Some(&right)).await.status, 429, "the right one is not looked at any more");
}

async fn the_secret_is_sealed_and_the_operator_knows_a_way_back(database: Database) {
    let world = World::start_with(database, FLAGS).await;
    let owner = &world.acme.owner;
    let client = world.sign_in(owner).await;
    let begun = client.post(PATH, &json!({})).await.expect(201).json();
    let secret = begun["secret"].as_str().unwrap().to_owned();
    let app = App::new(&secret);
    let confirmed = client.post(&format!("{PATH}/confirm"), &json!({"code": app.code(0)})).await.expect(200).json();
    let kept = format!("{:?}", world.store.second_factor(&owner.id).await.unwrap().unwrap());
    assert!(!kept.contains(&secret) && !kept.contains(confirmed["codes"][0].as_str().unwrap()), "{kept}");

    // A server with another key cannot open it; the recovery codes still let people in.
    let other = Server::start(world.database_url(), &["--secret-key", "another key, of a server set up wrongly"]).await;
    let at_other = Client::new(other.origin());
    let form = |otp: &str| json!({"email": owner.email, "password": PASSWORD, "otp": otp});
    at_other.post("/api/v1/session", &form(&app.code(1))).await.expect(401);
    at_other.post("/api/v1/session", &form(confirmed["codes"][7].as_str().unwrap())).await.expect(200);

    let url = world.database_url();
    let words = ["user", "second-factor-off", "--email", &owner.email, "--database", url];
    let output = program().args(words).output().await.unwrap();
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &line["second_factor_removed"]), (Some(0), &json!(true)));
    sign_in(&world, owner, None).await.expect(200);
}

on_databases_of_their_own!(
    a_code_is_asked_for_at_the_door_and_counts_once,
    of_two_who_bring_one_code_at_once_one_gets_in,
    codes_cannot_be_found_by_trying,
    the_secret_is_sealed_and_the_operator_knows_a_way_back,
);

#[tokio::test]
async fn without_a_key_it_says_which_setting_is_missing() {
    let world = World::start_on(OwnDatabase::create(Database::Sqlite).await, &[]).await;
    let client = world.sign_in(&world.acme.member).await;
    let refused = client.post(PATH, &json!({})).await.expect(409);
    assert!(refused.json()["detail"].as_str().unwrap().contains("--secret-key"), "{}", refused.text());
    client.post(&format!("{PATH}/confirm"), &json!({"code": "123456"})).await.expect(409);
}
