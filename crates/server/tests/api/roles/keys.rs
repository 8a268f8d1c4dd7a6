//! What programs do by their keys; the scopes are walked in `keys.rs`.

use billing_contract::paths;
use serde_json::json;

use super::{Row, platform, row};

pub(super) fn table() -> Vec<Row> {
    vec![
        row("get", paths::KEYS, platform(200)),
        // Without a scope.
        row("post", paths::KEYS, platform(422)).with(json!({"name": "a", "scopes": []})),
        // Without anything in it.
        row("post", paths::PORTAL_SESSIONS, platform(422)).with(json!({})),
        row("delete", paths::PORTAL_SESSIONS, platform(422)),
        row("delete", paths::KEY, platform(404)),
        row("post", paths::KEY_ROTATE, platform(404)).with(json!({"keep_old_seconds": 0})),
        row("get", paths::ORGANIZATIONS, platform(200)),
        row("get", paths::ORGANIZATION_OF, platform(404)),
        row("put", paths::ORGANIZATION_OF, platform(422)).with(json!({})),
        row("post", paths::ORGANIZATION_SUSPEND, platform(404)),
        row("post", paths::ORGANIZATION_RESUME, platform(404)),
        row("post", paths::ORGANIZATION_CLOSE, platform(404)),
        row("get", paths::ORGANIZATION_WALLET, platform(404)),
        // Without Idempotency-Key.
        row("post", paths::ORGANIZATION_CREDITS, platform(400)).with(json!({})),
        row("get", paths::ORGANIZATION_MEMBERS, platform(404)),
        // The person's id is none.
        row("put", paths::ORGANIZATION_MEMBER, platform(404)).with(json!({})),
        row("delete", paths::ORGANIZATION_MEMBER, platform(404)),
    ]
}
