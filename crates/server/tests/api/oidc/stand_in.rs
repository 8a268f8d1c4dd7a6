//! A provider of our own, which signs whatever a test tells it to.

use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::Sha256;

/// How a token is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Signature {
    /// As it should be.
    #[default]
    Good,
    /// Not at all, and it says so.
    None,
    /// With the public key as if it were a secret of both.
    PublicKeyAsSecret,
    /// By a key that is not the provider's, under the id of the provider's.
    Forged,
    /// By a key that the provider does not publish.
    UnknownKey,
    /// Properly, with a letter changed afterwards.
    Broken,
}

/// What the provider does next.
#[derive(Debug, Default)]
struct Script {
    claims: Value,
    userinfo: Value,
    signature: Signature,
    /// Instead of tokens.
    redirect_tokens: bool,
    keys_read: usize,
    tokens_asked: Vec<String>,
}

/// It stops with this value.
pub(super) struct StandIn {
    issuer: String,
    shared: Arc<Shared>,
    serving: tokio::task::JoinHandle<()>,
}

struct Shared {
    issuer: String,
    key: EcdsaKeyPair,
    other_key: EcdsaKeyPair,
    script: Mutex<Script>,
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Whole seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

impl StandIn {
    pub(super) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let shared =
            Arc::new(Shared { issuer: issuer.clone(), key: new_key(), other_key: new_key(), script: Mutex::default() });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/jwks", get(list_keys))
            .route("/token", post(give_token))
            .route("/userinfo", get(describe_user))
            .with_state(Arc::clone(&shared));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { issuer, shared, serving }
    }

    /// Nobody answers there any more.
    pub(super) fn stop(&self) {
        self.serving.abort();
    }

    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What the next token says; who it is from and for, and when, is added where it is left out.
    pub(super) fn say(&self, claims: Value) {
        self.script().claims = claims;
    }

    pub(super) fn say_in_userinfo(&self, claims: Value) {
        self.script().userinfo = claims;
    }

    pub(super) fn sign(&self, signature: Signature) {
        self.script().signature = signature;
    }

    /// Sends whoever asks for a token somewhere else.
    pub(super) fn redirect_tokens(&self, redirect: bool) {
        self.script().redirect_tokens = redirect;
    }

    /// How often the keys were read.
    pub(super) fn keys_read(&self) -> usize {
        self.script().keys_read
    }

    /// What was sent for tokens.
    pub(super) fn tokens_asked(&self) -> Vec<String> {
        self.script().tokens_asked.clone()
    }

    /// A statement that somebody has signed out.
    pub(super) fn logout_token(&self, more: &Value) -> String {
        let event = "http://schemas.openid.net/event/backchannel-logout";
        let mut claims = json!({"jti": crate::fixture::new_id(), "events": {event: {}}});
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.shared.write_token(&claims, Signature::Good)
    }

    fn script(&self) -> std::sync::MutexGuard<'_, Script> {
        self.shared.script.lock().unwrap()
    }
}

fn new_key() -> EcdsaKeyPair {
    let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap()
}

impl Shared {
    fn write_token(&self, more: &Value, signature: Signature) -> String {
        let (algorithm, key_id) = match signature {
            Signature::None => ("none", "k1"),
            Signature::PublicKeyAsSecret => ("HS256", "k1"),
            Signature::UnknownKey => ("ES256", "k2"),
            _ => ("ES256", "k1"),
        };
        let mut claims = json!({"iss": self.issuer, "aud": "billing", "iat": now(), "exp": now() + 300});
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let header = json!({"alg": algorithm, "kid": key_id, "typ": "JWT"}).to_string();
        let message = format!("{}.{}", encode(header.as_bytes()), encode(claims.to_string().as_bytes()));
        let by = |key: &EcdsaKeyPair| encode(key.sign(&SystemRandom::new(), message.as_bytes()).unwrap().as_ref());
        let signed = match signature {
            Signature::Good => by(&self.key),
            Signature::None => String::new(),
            Signature::PublicKeyAsSecret => {
                let mut mac = Hmac::<Sha256>::new_from_slice(self.key.public_key().as_ref()).unwrap();
                mac.update(message.as_bytes());
                encode(&mac.finalize().into_bytes())
            }
            Signature::Forged | Signature::UnknownKey => by(&self.other_key),
            Signature::Broken => {
                let good = by(&self.key);
                let first = if good.starts_with('A') { "B" } else { "A" };
                format!("{first}{}", &good[1..])
            }
        };
        format!("{message}.{signed}")
    }
}

async fn describe(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let issuer = &shared.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "end_session_endpoint": format!("{issuer}/logout"),
    }))
}

async fn list_keys(State(shared): State<Arc<Shared>>) -> Json<Value> {
    shared.script.lock().unwrap().keys_read += 1;
    // 4, x, y (SEC 1, section 2.3.3).
    let (x, y) = shared.key.public_key().as_ref()[1..].split_at(32);
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let key = json!({"kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig", "x": encode(x), "y": encode(y)});
    Json(json!({"keys": [key]}))
}

async fn give_token(State(shared): State<Arc<Shared>>, body: String) -> Response {
    let mut script = shared.script.lock().unwrap();
    script.tokens_asked.push(body);
    if script.redirect_tokens {
        return (StatusCode::TEMPORARY_REDIRECT, [("location", format!("{}/userinfo", shared.issuer))]).into_response();
    }
    let token = shared.write_token(&script.claims, script.signature);
    Json(json!({"id_token": token, "access_token": "an access token", "token_type": "Bearer"})).into_response()
}

async fn describe_user(State(shared): State<Arc<Shared>>) -> Response {
    let script = shared.script.lock().unwrap();
    // Unless a test says otherwise it knows no more than its tokens do.
    let userinfo =
        if script.userinfo.is_null() { json!({"sub": script.claims["sub"]}) } else { script.userinfo.clone() };
    Json(userinfo).into_response()
}
