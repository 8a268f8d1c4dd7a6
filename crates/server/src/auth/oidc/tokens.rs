//! Tokens that an identity provider has signed: JWS in compact form (RFC 7515), and the claims that must hold of them.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use billing_domain::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::OidcError;
use super::keys::KeySet;

/// Clocks may differ by so much.
const LEEWAY_SECONDS: i64 = 60;
/// Longer than any token of a provider; nothing longer is looked at.
const LONGEST_TOKEN: usize = 64 << 10;
/// The event that a statement of signing out is about.
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// A token that may be anybody's.
#[derive(Clone, Debug)]
pub(super) struct SignedToken<'a> {
    header: Header,
    message: &'a [u8],
    payload: Vec<u8>,
    signature: Vec<u8>,
}

#[derive(Clone, Debug, Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

impl<'a> SignedToken<'a> {
    pub(super) fn parse(token: &'a str) -> Result<Self, OidcError> {
        const MALFORMED: OidcError = OidcError::Refused("no signed token");
        if token.len() > LONGEST_TOKEN {
            return Err(MALFORMED);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(MALFORMED)?;
        let (header, payload) = message.split_once('.').ok_or(MALFORMED)?;
        let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| MALFORMED);
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| MALFORMED)?;
        // An extension that must be understood is none that is known here.
        if header.crit.is_some() {
            return Err(MALFORMED);
        }
        let (payload, signature) = (decode(payload)?, decode(signature)?);
        Ok(Self { header, message: message.as_bytes(), payload, signature })
    }

    pub(super) fn key_id(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// What it says, if one of these keys has signed it.
    pub(super) fn verify(&self, keys: &KeySet) -> Result<Claims, OidcError> {
        if !keys.verify(self.key_id(), &self.header.alg, self.message, &self.signature) {
            return Err(OidcError::Refused("the signature is not the provider's"));
        }
        match serde_json::from_slice(&self.payload) {
            Ok(Value::Object(claims)) => Ok(Claims(claims)),
            _ => Err(OidcError::Refused("the token holds no claims")),
        }
    }
}

/// What is said in a token, by a provider that has signed it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Claims(Map<String, Value>);

/// Of whom, for whom and when a token must be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) now: Timestamp,
}

impl Claims {
    /// Whether something is said under this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    /// A text that is not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// All texts under a name: one, or a list of them.
    pub(crate) fn texts(&self, name: &str) -> Vec<&str> {
        match self.0.get(name) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// Some providers write it as a text.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| *value == Value::Bool(true) || value == "true")
    }

    /// A moment, in whole seconds.
    pub(crate) fn time(&self, name: &str) -> Option<Timestamp> {
        // NumericDate may have a fraction (RFC 7519, section 2), which says nothing here.
        let text = self.0.get(name)?.as_number()?.to_string();
        let seconds: i64 = text.split('.').next()?.parse().ok()?;
        Some(Timestamp::from_micros(seconds.checked_mul(1_000_000)?))
    }

    /// What stands in an ID token about this login (OIDC Core, section 3.1.3.7).
    pub(super) fn check_identity(&self, expected: &Expected<'_>, nonce: &str) -> Result<(), OidcError> {
        self.check_sender(expected)?;
        self.check_expiry(expected.now)?;
        if self.text("nonce") != Some(nonce) {
            return Err(OidcError::Refused("the token is of another login"));
        }
        if self.text("sub").is_none() {
            return Err(OidcError::Refused("the token names nobody"));
        }
        Ok(())
    }

    /// What stands in a statement that somebody has signed out (OIDC Back-Channel Logout, section 2.6).
    pub(super) fn check_logout(&self, expected: &Expected<'_>, longest_seconds: i64) -> Result<(), OidcError> {
        self.check_sender(expected)?;
        if self.has("exp") {
            self.check_expiry(expected.now)?;
        }
        let age = self.time("iat").map(|at| expected.now.seconds_since(at));
        if !age.is_some_and(|age| (-LEEWAY_SECONDS..=longest_seconds).contains(&age)) {
            return Err(OidcError::Refused("the statement is too old"));
        }
        if !self.0.get("events").is_some_and(|events| events[LOGOUT_EVENT].is_object()) {
            return Err(OidcError::Refused("the token is no statement of signing out"));
        }
        // It would be an ID token.
        if self.0.contains_key("nonce") {
            return Err(OidcError::Refused("the statement has a nonce"));
        }
        if self.text("jti").is_none() || (self.text("sub").is_none() && self.text("sid").is_none()) {
            return Err(OidcError::Refused("the statement names nobody"));
        }
        Ok(())
    }

    fn check_sender(&self, expected: &Expected<'_>) -> Result<(), OidcError> {
        if self.text("iss") != Some(expected.issuer) {
            return Err(OidcError::Refused("the token is of another issuer"));
        }
        let audiences = self.texts("aud");
        let party = self.text("azp");
        // For several, it must say whom it was made for.
        let is_ours = audiences.contains(&expected.client_id)
            && party.map_or(audiences.len() == 1, |party| party == expected.client_id);
        if is_ours { Ok(()) } else { Err(OidcError::Refused("the token is for somebody else")) }
    }

    fn check_expiry(&self, now: Timestamp) -> Result<(), OidcError> {
        let left = self.time("exp").map(|at| at.seconds_since(now));
        let age = self.time("iat").map(|at| now.seconds_since(at));
        match (left, age) {
            (Some(left), Some(age)) if left > -LEEWAY_SECONDS && age >= -LEEWAY_SECONDS => Ok(()),
            _ => Err(OidcError::Refused("the token has expired")),
        }
    }

    /// With what the provider says elsewhere of the same person; what stands here already holds.
    pub(super) fn complete(mut self, more: Map<String, Value>) -> Result<Self, OidcError> {
        // Otherwise it would be of somebody else (OIDC Core, section 5.3.2).
        if more.get("sub") != self.0.get("sub") {
            return Err(OidcError::Refused("userinfo is of another person"));
        }
        for (name, value) in more {
            self.0.entry(name).or_insert(value);
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn claims(value: Value) -> Claims {
        let Value::Object(claims) = value else { panic!("no object") };
        Claims(claims)
    }

    fn expected() -> Expected<'static> {
        let now = Timestamp::from_micros(NOW * 1_000_000);
        Expected { issuer: "https://id.example", client_id: "billing", now }
    }

    fn with(base: &Value, name: &str, value: Value) -> Claims {
        let mut changed = base.clone();
        changed[name] = value;
        claims(changed)
    }

    #[test]
    fn an_identity_must_be_of_this_login() {
        let good = json!({"iss": "https://id.example", "aud": "billing", "sub": "u", "nonce": "n", "iat": NOW, "exp": NOW + 9});
        let check = |claims: Claims| claims.check_identity(&expected(), "n").is_ok();
        assert!(check(claims(good.clone())));
        assert!(check(with(&good, "aud", json!(["billing"]))));
        assert!(check(with(&good, "exp", json!(NOW - 59))));
        for (name, value) in [
            ("iss", json!("https://id.example/")),
            ("aud", json!("other")),
            ("aud", json!(["billing", "other"])),
            ("azp", json!("other")),
            ("nonce", json!("m")),
            ("nonce", Value::Null),
            ("sub", json!("")),
            ("sub", json!(7)),
            ("exp", json!(NOW - 60)),
            ("exp", json!("never")),
            ("exp", Value::Null),
            ("iat", json!(NOW + 61)),
            ("iat", Value::Null),
        ] {
            assert!(!check(with(&good, name, value.clone())), "{name} {value}");
        }
    }

    #[test]
    fn a_statement_of_signing_out_is_nothing_else() {
        let good = json!({
            "iss": "https://id.example", "aud": "billing", "sub": "u", "iat": NOW, "exp": NOW + 120, "jti": "j",
            "events": {LOGOUT_EVENT: {}},
        });
        let check = |claims: Claims| claims.check_logout(&expected(), 300).is_ok();
        assert!(check(claims(good.clone())));
        assert!(check(with(&with_sid(&good), "sub", Value::Null)));
        for (name, value) in [
            ("events", json!({})),
            ("events", Value::Null),
            ("nonce", json!("n")),
            ("jti", Value::Null),
            ("sub", Value::Null),
            ("iat", json!(NOW - 301)),
            ("iat", Value::Null),
            ("exp", json!(NOW - 61)),
            ("iss", json!("https://other.example")),
            ("aud", json!("other")),
        ] {
            assert!(!check(with(&good, name, value.clone())), "{name} {value}");
        }
    }

    fn with_sid(base: &Value) -> Value {
        let mut changed = base.clone();
        changed["sid"] = json!("s");
        changed
    }

    #[test]
    fn more_is_believed_of_the_same_person_alone() {
        let Value::Object(more) = json!({"sub": "u", "email": "new", "name": "New"}) else { panic!("no object") };
        let known = claims(json!({"sub": "u", "email": "old"}));
        let all = known.complete(more.clone()).unwrap();
        assert_eq!((all.text("email"), all.text("name")), (Some("old"), Some("New")));
        assert!(claims(json!({"sub": "v"})).complete(more).is_err());
    }

    #[test]
    fn what_is_no_token_is_not_looked_at() {
        for text in ["", ".", "..", "a.b", "a.b.c.d", "e30.e30.", "eyJhbGciOiJub25lIn0"] {
            assert!(SignedToken::parse(text).is_err(), "{text}");
        }
        // `{"alg":"ES256","crit":["exp"]}`
        assert!(SignedToken::parse("eyJhbGciOiJFUzI1NiIsImNyaXQiOlsiZXhwIl19.e30.AA").is_err());
    }
}
