//! Identity providers (OIDC): what they say of themselves, their keys, and the tokens that they sign.

mod connection;
mod keys;
mod tokens;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use billing_domain::Timestamp;
use form_urlencoded::Serializer;
use reqwest::Url;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;

use self::connection::Connection;
use self::keys::KeySet;
pub(crate) use self::tokens::Claims;
use self::tokens::{Expected, SignedToken};
use crate::config::OidcProvider;

/// What a provider says of itself is asked for again before somebody is sent there: they should not be sent to one that is
/// down.
const FRESH: Duration = Duration::from_secs(10);
/// For the way back it may be older.
const USABLE: Duration = Duration::from_hours(1);
/// Keys that a provider has taken back are believed no longer than this.
const KEYS_USABLE: Duration = Duration::from_hours(1);
/// A key that is not known is asked for at most so often, whoever sends how many tokens.
const KEYS_PAUSE: Duration = Duration::from_mins(1);
/// A statement that somebody has signed out is at most so old.
const LOGOUT_SECONDS: i64 = 300;

/// Why a provider could not sign somebody in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OidcError {
    /// It does not answer, or not as the standard says.
    #[error("the identity provider cannot be used: {0}")]
    Unavailable(String),
    /// What came from it, or says so, is not to be believed.
    #[error("refused: {0}")]
    Refused(&'static str),
}

/// All that the operator has set up, by their names.
#[derive(Debug, Default)]
pub(crate) struct OidcProviders(BTreeMap<String, Provider>);

impl OidcProviders {
    /// Speaks to nobody yet.
    pub(crate) fn new(configured: &[OidcProvider]) -> Result<Self, String> {
        let provider = |config: &OidcProvider| {
            let provider = Provider::new(config).map_err(|error| format!("oidc.{}: {error}", config.name))?;
            Ok::<_, String>((config.name.clone(), provider))
        };
        configured.iter().map(provider).collect::<Result<_, _>>().map(Self)
    }

    /// The one of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&Provider> {
        self.0.get(name)
    }
}

/// What a provider says of itself (OIDC Discovery 1.0, section 3).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: Endpoint,
    token_endpoint: Endpoint,
    jwks_uri: Endpoint,
    userinfo_endpoint: Option<Endpoint>,
    end_session_endpoint: Option<Endpoint>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// An address that a provider gives.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct Endpoint(Url);

impl TryFrom<String> for Endpoint {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| "not an address".to_owned())
    }
}

/// What was read, and when.
#[derive(Debug)]
struct Cached<T> {
    value: Arc<T>,
    read_at: Instant,
}

/// One identity provider.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) config: OidcProvider,
    connection: Connection,
    metadata: Mutex<Option<Cached<Metadata>>>,
    keys: Mutex<Option<Cached<KeySet>>>,
}

/// What a browser takes along to the provider.
#[derive(Clone, Debug)]
pub(crate) struct LoginSecrets {
    /// Comes back with the person.
    pub(crate) state: String,
    /// Comes back inside the token.
    pub(crate) nonce: String,
    /// Proves that whoever brings the code has begun the login (RFC 7636).
    pub(crate) verifier: String,
}

impl LoginSecrets {
    /// Nonce and verifier come from the browser's cookie and the state, so that the database needs neither.
    pub(crate) fn derive(cookie: &str, state: &str) -> Self {
        let derive = |purpose: &str| {
            BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(format!("nexis-billing {purpose} {cookie} {state}")))
        };
        Self { state: state.to_owned(), nonce: derive("nonce"), verifier: derive("verifier") }
    }

    /// What the provider is told of the verifier.
    pub(crate) fn challenge(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()))
    }
}

/// What the provider answered for a code.
#[derive(Deserialize)]
struct TokenAnswer {
    id_token: String,
    access_token: Option<String>,
}

impl Provider {
    fn new(config: &OidcProvider) -> Result<Self, String> {
        let connection = Connection::new(config.issuer_url())?;
        Ok(Self { config: config.clone(), connection, metadata: Mutex::default(), keys: Mutex::default() })
    }

    /// Where a browser goes to sign in. `anew`: even if the provider knows the person in that browser already.
    pub(crate) async fn authorization_url(
        &self,
        secrets: &LoginSecrets,
        redirect_uri: &str,
        anew: bool,
    ) -> Result<String, OidcError> {
        let metadata = self.read_metadata(FRESH).await?;
        let mut url = metadata.authorization_endpoint.0.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.config.client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", &self.config.scopes)
            .append_pair("state", &secrets.state)
            .append_pair("nonce", &secrets.nonce)
            .append_pair("code_challenge", &secrets.challenge())
            .append_pair("code_challenge_method", "S256");
        if anew {
            // With an age the provider has to say when that was (OIDC Core, section 3.1.2.1).
            url.query_pairs_mut().append_pair("prompt", "login").append_pair("max_age", "0");
        }
        Ok(url.into())
    }

    /// Whether the answer in the browser says that it is of this provider, as far as the provider says so (RFC 9207).
    pub(crate) async fn check_issuer(&self, issuer: Option<&str>) -> Result<(), OidcError> {
        let required = self.read_metadata(USABLE).await?.authorization_response_iss_parameter_supported;
        match issuer {
            Some(issuer) if issuer != self.config.issuer => Err(OidcError::Refused("answer of another issuer")),
            None if required => Err(OidcError::Refused("answer without its issuer")),
            _ => Ok(()),
        }
    }

    /// Exchanges a code for what the provider says of the person.
    pub(crate) async fn redeem_code(
        &self,
        code: &str,
        secrets: &LoginSecrets,
        redirect_uri: &str,
        now: Timestamp,
    ) -> Result<Claims, OidcError> {
        let metadata = self.read_metadata(USABLE).await?;
        let (form, authorization) = self.token_form(&metadata, code, secrets, redirect_uri)?;
        let answer = self.connection.post_form(&metadata.token_endpoint.0, form, authorization.as_deref()).await?;
        let answer: TokenAnswer =
            serde_json::from_value(answer).map_err(|_| OidcError::Refused("no id_token for the code"))?;
        let claims = self.verify(&answer.id_token).await?;
        claims.check_identity(&self.expected(now), &secrets.nonce)?;
        self.complete_claims(&metadata, claims, answer.access_token.as_deref()).await
    }

    /// What a statement says that somebody has signed out at the provider (OIDC Back-Channel Logout 1.0).
    pub(crate) async fn read_logout(&self, token: &str, now: Timestamp) -> Result<Claims, OidcError> {
        let claims = self.verify(token).await?;
        claims.check_logout(&self.expected(now), LOGOUT_SECONDS)?;
        Ok(claims)
    }

    /// Where a browser goes to sign out there too; `None` where the provider has no such place.
    pub(crate) async fn end_session_url(&self, return_url: &str) -> Option<String> {
        let metadata = self.read_metadata(USABLE).await.ok()?;
        let Endpoint(mut url) = metadata.end_session_endpoint.clone()?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.config.client_id)
            .append_pair("post_logout_redirect_uri", return_url);
        Some(url.into())
    }

    fn expected(&self, now: Timestamp) -> Expected<'_> {
        Expected { issuer: &self.config.issuer, client_id: &self.config.client_id, now }
    }

    /// What is sent for a code, and the header `Authorization`: one of them says who asks (RFC 6749, section 2.3.1).
    fn token_form(
        &self,
        metadata: &Metadata,
        code: &str,
        secrets: &LoginSecrets,
        redirect_uri: &str,
    ) -> Result<(String, Option<String>), OidcError> {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("code_verifier", &secrets.verifier);
        let Some(secret) = &self.config.client_secret else {
            form.append_pair("client_id", &self.config.client_id);
            return Ok((form.finish(), None));
        };
        let takes = |method: &str| {
            let methods = metadata.token_endpoint_auth_methods_supported.as_ref();
            methods.map_or(method == "client_secret_basic", |methods| methods.iter().any(|known| known == method))
        };
        if takes("client_secret_basic") {
            let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let pair = format!("{}:{}", encode(&self.config.client_id), encode(secret.reveal()));
            return Ok((form.finish(), Some(format!("Basic {}", BASE64_STANDARD.encode(pair)))));
        }
        if takes("client_secret_post") {
            form.append_pair("client_id", &self.config.client_id).append_pair("client_secret", secret.reveal());
            return Ok((form.finish(), None));
        }
        Err(OidcError::Unavailable("it takes a client secret in no way that is known here".to_owned()))
    }

    /// What is not in the token is asked for with its access token; what is in the token holds.
    async fn complete_claims(
        &self,
        metadata: &Metadata,
        claims: Claims,
        access_token: Option<&str>,
    ) -> Result<Claims, OidcError> {
        let wanted = ["email", "name"].into_iter().chain(self.config.wanted_claims());
        let is_complete = wanted.into_iter().all(|name| claims.has(name));
        let (Some(endpoint), Some(access_token), false) = (&metadata.userinfo_endpoint, access_token, is_complete)
        else {
            return Ok(claims);
        };
        let Value::Object(more) = self.connection.get(&endpoint.0, Some(access_token)).await? else {
            return Err(OidcError::Refused("userinfo is no object"));
        };
        claims.complete(more)
    }

    /// The claims of a token that one of the provider's keys has signed; nothing else of them is checked.
    async fn verify(&self, token: &str) -> Result<Claims, OidcError> {
        let token = SignedToken::parse(token)?;
        let keys = self.read_keys(token.key_id()).await?;
        token.verify(&keys)
    }

    async fn read_metadata(&self, usable: Duration) -> Result<Arc<Metadata>, OidcError> {
        // Held while it is asked for: a hundred people who come at once ask once.
        let mut cached = self.metadata.lock().await;
        if let Some(Cached { value, read_at }) = &*cached
            && read_at.elapsed() < usable
        {
            return Ok(Arc::clone(value));
        }
        let answer = self.connection.get(self.config.discovery_url(), None).await?;
        let metadata: Metadata = serde_json::from_value(answer)
            .map_err(|error| OidcError::Unavailable(format!("what it says of itself cannot be read: {error}")))?;
        // Otherwise one provider could speak for another (OIDC Discovery, section 4.3).
        if metadata.issuer != self.config.issuer {
            return Err(OidcError::Unavailable("it says that it is another issuer".to_owned()));
        }
        let value = Arc::new(metadata);
        *cached = Some(Cached { value: Arc::clone(&value), read_at: Instant::now() });
        Ok(value)
    }

    /// The provider's keys, read again for one that is not among them.
    async fn read_keys(&self, key_id: Option<&str>) -> Result<Arc<KeySet>, OidcError> {
        let mut cached = self.keys.lock().await;
        if let Some(Cached { value, read_at }) = &*cached {
            let age = read_at.elapsed();
            if age < KEYS_PAUSE || (age < KEYS_USABLE && value.knows(key_id)) {
                return Ok(Arc::clone(value));
            }
        }
        let metadata = self.read_metadata(USABLE).await?;
        let value = Arc::new(KeySet::read(&self.connection.get(&metadata.jwks_uri.0, None).await?)?);
        *cached = Some(Cached { value: Arc::clone(&value), read_at: Instant::now() });
        Ok(value)
    }
}
