//! Events from the provider.

use billing_payments::{Reference, WebhookError, WebhookKind};

use crate::bench::{NOW, TestBank};

pub(crate) async fn a_signed_event_names_what_to_look_up(bench: &dyn TestBank) {
    let reference = Reference::top_up("event", 1);
    let (header, body) = bench.event_about(&reference, NOW);
    let event = bench.provider().read_webhook(&header, &body, NOW).unwrap();
    assert_eq!(event.kind, WebhookKind::Charge(reference));
    assert!(!event.id.as_str().is_empty());
    assert_eq!(bench.provider().read_webhook(&header, &body, NOW), Ok(event), "the same event has the same id");
}

pub(crate) async fn an_unsigned_stale_or_altered_event_is_refused(bench: &dyn TestBank) {
    let (header, body) = bench.event_about(&Reference::top_up("event", 1), NOW);
    let read = |header: &str, body: &[u8], now| bench.provider().read_webhook(header, body, now);
    assert_eq!(read("", &body, NOW), Err(WebhookError::BadSignature));
    assert_eq!(read(&header, &body, NOW.plus_seconds(301)), Err(WebhookError::Stale));
    let mut altered = body.clone();
    altered.push(b' ');
    assert_eq!(read(&header, &altered, NOW), Err(WebhookError::BadSignature), "white space counts: raw bytes");
}
