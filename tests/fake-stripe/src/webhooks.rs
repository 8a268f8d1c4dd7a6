//! Sending events as they happen, signed as Stripe signs them.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

use crate::{Shared, WEBHOOK_SECRET};

/// Pauses before the receiver is tried again.
const PAUSES: [u64; 5] = [100, 300, 1_000, 3_000, 10_000];

/// `t=…,v1=…` over the bytes.
pub(crate) fn sign(secret: &str, body: &[u8], now: i64) -> String {
    // Any length is a key to HMAC.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return format!("t={now},v1=") };
    mac.update(format!("{now}.").as_bytes());
    mac.update(body);
    format!("t={now},v1={}", hex::encode(mac.finalize().into_bytes()))
}

/// Sends what waits, in a task of its own; each event until the receiver takes it, a few times.
pub(crate) fn send(shared: &Shared) {
    let (events, url) = {
        let mut bank = shared.bank();
        (std::mem::take(&mut bank.outbox), bank.webhook_url.clone())
    };
    let Some(url) = url else { return };
    let shared = shared.clone();
    tokio::spawn(async move {
        for event in events {
            deliver(&shared, &url, &event).await;
        }
    });
}

async fn deliver(shared: &Shared, url: &str, event: &Value) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Reading the certificates of the machine would take longer than the delivery, which speaks no TLS.
    let Ok(client) = reqwest::Client::builder().no_proxy().tls_certs_only([]).build() else { return };
    let body = serde_json::to_vec_pretty(event).unwrap_or_default();
    for pause in PAUSES {
        let signature = sign(WEBHOOK_SECRET, &body, shared.bank().now());
        let request = client.post(url).header("stripe-signature", signature).header("content-type", "application/json");
        match request.body(body.clone()).send().await {
            Ok(answer) if answer.status().is_success() => return,
            _ => tokio::time::sleep(Duration::from_millis(pause)).await,
        }
    }
}
