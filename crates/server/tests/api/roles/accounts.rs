//! The first run and people's own accounts.

use billing_contract::paths;
use serde_json::json;

use super::{MANAGERS, Row, SIGNED_IN, managers, row, signed_in};

/// Its part of the table.
pub(super) fn table() -> Vec<Row> {
    let setup = json!({
        "token": "none", "organization": "x", "name": "x", "email": "x@x.test", "password": "correct horse battery",
        "time_zone": "UTC", "currency": "USD",
    });
    vec![
        // The token is all the proof there is, and this is none.
        row("post", paths::SETUP, [410; 6]).with(setup),
        row("post", paths::PASSWORD_RESET_COMPLETE, [410; 6])
            .with(json!({"token": "none", "password": "correct horse battery"})),
        row("post", paths::PASSWORD_RESETS, [202; 6]).with(json!({"email": "nobody@acme.test"})),
        row("get", paths::INVITATIONS, MANAGERS),
        // No address.
        row("post", paths::INVITATIONS, managers(422)).with(json!({"email": "x", "role": "member"})),
        row("delete", paths::INVITATION, managers(404)),
        row("post", paths::INVITATION_RESEND, managers(404)),
        // The token is all the proof there is, and this is none.
        row("post", paths::INVITATION_RESOLVE, [410; 6]).with(json!({"token": "none"})),
        row("post", paths::INVITATION_ACCEPT, [410; 6])
            .with(json!({"token": "none", "name": "x", "password": "correct horse battery"})),
        // Nobody of theirs.
        row("delete", paths::MEMBER, [401, 403, 403, 404, 404, 401]),
        row("get", paths::ME, SIGNED_IN),
        // Without a name.
        row("put", paths::ME, signed_in(422)).with(json!({"name": ""})),
        row("put", paths::ME_PASSWORD, signed_in(422))
            .with(json!({"current": "wrong", "new": "correct horse battery"})),
        row("post", paths::EMAIL_CHANGE_COMPLETE, [410; 6]).with(json!({"token": "none"})),
        // This server has no key to seal a secret with.
        row("post", paths::ME_SECOND_FACTOR, signed_in(409)),
        // None was begun.
        row("post", paths::ME_SECOND_FACTOR_CONFIRM, signed_in(409)).with(json!({"code": "123456"})),
        row("delete", paths::ME_SECOND_FACTOR, signed_in(422)).with(json!({"password": "wrong", "code": "123456"})),
        row("get", paths::ME_SESSIONS, SIGNED_IN),
        row("delete", paths::ME_SESSION, signed_in(404)),
        row("delete", paths::ME_SESSIONS, signed_in(204)),
        row("get", paths::ME_ORGANIZATIONS, SIGNED_IN),
        // None of theirs.
        row("post", paths::SESSION_ORGANIZATION, signed_in(404)).with(json!({"organization_id": "none"})),
    ]
}
