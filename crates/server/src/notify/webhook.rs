//! Notices to the operator as Standard Webhooks (<https://www.standardwebhooks.com>): signed, with an id by which a
//! repetition is known.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use billing_domain::{NoticeId, Timestamp};
use billing_store::Notice;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use serde_json::json;
use sha2::Sha256;

use super::{DeliveryError, wording};

/// A receiver that takes longer is tried again later.
const TIME: Duration = Duration::from_secs(10);
/// Standard Webhooks: 24 to 64 bytes.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

pub(crate) struct Webhook {
    url: Url,
    key: Vec<u8>,
    client: Client,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").finish_non_exhaustive()
    }
}

impl Webhook {
    /// `secret`: `whsec_` and 24 to 64 bytes in Base64.
    pub(crate) fn new(url: &str, secret: &str) -> Result<Self, String> {
        let url = Url::parse(url).map_err(|error| format!("webhook_url: {error}"))?;
        // Plain http is for receivers in the operator's own network.
        if !matches!(url.scheme(), "http" | "https") {
            return Err("webhook_url: must begin with https:// or http://".to_owned());
        }
        let key = secret
            .strip_prefix("whsec_")
            .and_then(|text| BASE64.decode(text).ok())
            .filter(|key| SECRET_BYTES.contains(&key.len()))
            .ok_or("webhook_secret: must be whsec_ followed by 24 to 64 bytes in Base64")?;
        let client = Client::builder()
            // What is signed for one address must not be carried to another.
            .redirect(Policy::none())
            .timeout(TIME)
            .user_agent(concat!("nexis-billing/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("webhook_url: {error}"))?;
        Ok(Self { url, key, client })
    }

    pub(crate) async fn send(&self, notice: &Notice, now: Timestamp) -> Result<(), DeliveryError> {
        let body = message_body(notice);
        let seconds = now.seconds();
        let answer = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/json")
            // The same id at every try, by which the receiver recognizes a repetition.
            .header("webhook-id", notice.id.as_str())
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", sign_message(&self.key, &notice.id, seconds, &body))
            .body(body)
            .send()
            .await
            // Its address may hold a password.
            .map_err(|error| DeliveryError { reason: error.without_url().to_string(), permanent: false })?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            // "The endpoint is gone": Standard Webhooks.
            status => Err(DeliveryError {
                reason: format!("the receiver answered {}", status.as_u16()),
                permanent: status == StatusCode::GONE,
            }),
        }
    }
}

/// `v1,` and the HMAC-SHA256 of id, time and body.
/// See docs/decisions/0083-webhook-signing.md.
fn sign_message(key: &[u8], id: &NoticeId, seconds: i64, body: &str) -> String {
    // Any length is a key to HMAC.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
}

fn message_body(notice: &Notice) -> String {
    let mut data = json!(notice.facts);
    data["organization_id"] = json!(notice.organization_id);
    json!({"type": wording::event_type(notice.kind), "timestamp": notice.created_at, "data": data}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn the_signature_is_that_of_the_specification() {
        let key = BASE64.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let id = NoticeId::from_trusted("msg_p5jXN8AQM9LWM0D4loKWxJek");
        let signature = sign_message(&key, &id, 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn secrets_and_addresses_that_cannot_be_are_refused() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let good = format!("whsec_{}", BASE64.encode([7; 24]));
        assert!(Webhook::new("https://hooks.example/nexis", &good).is_ok());
        for (url, secret) in [
            ("ftp://hooks.example", good.as_str()),
            ("hooks", &good),
            ("https://hooks.example", "whsec_"),
            ("https://hooks.example", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
            ("https://hooks.example", &format!("whsec_{}", BASE64.encode([7; 23]))),
        ] {
            assert!(Webhook::new(url, secret).is_err(), "{url} {secret}");
        }
    }
}
