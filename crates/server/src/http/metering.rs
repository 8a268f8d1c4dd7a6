//! What the AI platform asks and reports, by a key.

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use billing_contract::metering::{Authorization, Authorize, MAX_EVENTS, UsageEvent, UsageResults};
use billing_contract::{FieldError, Problem as Document, paths};
use billing_domain::HoldId;
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::api_keys::{MeteringWrite, Scoped};
use crate::http::extract::{Json, PathId, read_json};
use crate::http::limits::METERING_BODY;
use crate::http::problem::Problem;
use crate::problem::Detail;
use crate::service::metering::{self, Item, Unread, authorization};
use crate::state::AppState;

/// Of an id that may be anything, so much is given back.
const SHOWN_ID_CHARACTERS: usize = 255;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create_metering_events))
        .layer(DefaultBodyLimit::max(METERING_BODY))
        .routes(routes!(create_authorization))
        .routes(routes!(release_authorization))
}

/// A report. Its items are read one by one: a bad one does not spoil the others.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Events {
    /// 1 to 1,000 events.
    #[schema(value_type = Vec<UsageEvent>)]
    events: Vec<Box<RawValue>>,
}

/// Report usage
///
/// Answers per item, in the order of the request, after everything is committed. An `id` is posted once per
/// organization, for ever: with the same content it is a `duplicate`, with another one it is `rejected` as `conflict`.
/// Late lines are accepted; lines from more than five minutes in the future are rejected as `future`.
///
/// A line costs `quantity` × `unit_price`, exactly. What comes to whole micro-units (10⁻⁶) is posted as it is. Of anything
/// else the part of a micro-unit that no line can show is carried to the next such line of the same organization and kind:
/// its exact cost and what was carried are rounded together, half to even, and the rest is carried on. So the sum of what
/// was posted is never further than half a micro-unit from the exact sum, however small the lines are; one line may differ
/// by a micro-unit from its own product. A `duplicate` is not priced again and carries nothing.
#[utoipa::path(
    post, path = paths::METERING_EVENTS, tag = "metering", security(("service_key" = ["metering:write"])), request_body = Events,
    responses(
        (status = 200, body = UsageResults), (status = 401, body = Document), (status = 413, body = Document),
        (status = 422, body = Document),
    ),
)]
async fn create_metering_events(
    State(state): State<AppState>,
    Scoped(holder, _): Scoped<MeteringWrite>,
    Json(Events { events }): Json<Events>,
) -> Result<Json<UsageResults>, Problem> {
    // An empty report is a slip that should not look like success.
    if events.is_empty() || events.len() > MAX_EVENTS {
        return Err(Problem::field(
            "/events",
            "out_of_range",
            Detail::general(format!("Send 1 to {MAX_EVENTS} events.")),
        ));
    }
    let items = events.iter().map(|raw| read_item(raw.get())).collect();
    Ok(Json(UsageResults { results: metering::report_usage(&state.reserved(), &holder, items).await? }))
}

fn read_item(raw: &str) -> Item {
    read_json::<UsageEvent>(raw.as_bytes()).map_err(|problem| {
        let document = problem.document();
        let error = document
            .errors
            .first()
            .cloned()
            .unwrap_or_else(|| FieldError::new("", document.code.as_str(), document.detail.clone()));
        Unread { id: id_of(raw), error }
    })
}

/// The item's id, if there is one to be read.
fn id_of(raw: &str) -> String {
    #[derive(Deserialize)]
    struct Named {
        id: String,
    }
    let id = serde_json::from_str::<Named>(raw).map(|named| named.id).unwrap_or_default();
    // Cut, because whatever was sent comes back in the answer.
    id.chars().take(SHOWN_ID_CHARACTERS).collect()
}

/// May this start?
///
/// Sets the estimate aside until it is captured by a usage event, released, or over.
#[utoipa::path(
    post, path = paths::METERING_AUTHORIZATIONS, tag = "metering", security(("service_key" = ["metering:write"])),
    request_body = Authorize,
    responses(
        (status = 200, body = Authorization), (status = 401, body = Document), (status = 404, body = Document),
        (status = 422, body = Document),
    ),
)]
async fn create_authorization(
    State(state): State<AppState>,
    Scoped(holder, _): Scoped<MeteringWrite>,
    Json(form): Json<Authorize>,
) -> Result<Json<Authorization>, Problem> {
    authorization::authorize_work(&state.reserved(), &holder, &form).await.map(Json)
}

/// Give a hold back
///
/// For work that did not start. Repeating it is harmless.
#[utoipa::path(
    post, path = paths::METERING_RELEASE, tag = "metering", security(("service_key" = ["metering:write"])),
    params(("id" = String, Path, description = "The hold's id")),
    responses((status = 204), (status = 401, body = Document), (status = 404, body = Document)),
)]
async fn release_authorization(
    State(state): State<AppState>,
    Scoped(holder, _): Scoped<MeteringWrite>,
    PathId(id): PathId<HoldId>,
) -> Result<StatusCode, Problem> {
    authorization::release_hold(&state.reserved(), &holder, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(raw: &str) -> (String, String, String) {
        let unread = read_item(raw).unwrap_err();
        (unread.id, unread.error.pointer, unread.error.code)
    }

    #[test]
    fn an_item_that_is_no_event_says_what_is_wrong_with_it() {
        let good = r#"{"id":"a","organization_id":"o","kind":"ai_task","quantity":"1","unit":"task","unit_price":"1",
            "occurred_at":"2026-11-24T00:00:00Z","description":"","source":""}"#;
        assert!(read_item(good).is_ok());
        let named = |pointer: &str, code: &str| ("a".to_owned(), pointer.to_owned(), code.to_owned());
        assert_eq!(error(&good.replace(r#""source""#, r#""sauce""#)), named("/sauce", "unknown_field"));
        assert_eq!(error(&good.replace("ai_task", "ai_wish")), named("/kind", "wrong_value"));
        assert_eq!(error(&good.replace(r#","source":"""#, "")), named("/source", "required"));
        assert_eq!(error(&good.replace("24T00", "24T25")), named("/occurred_at", "wrong_value"));
        assert_eq!(error(&good.replace(r#""unit":"task""#, r#""unit":"task","unit":"task""#)).2, "duplicate_field");
        for raw in ["7", "null", "[]", "\"a\"", r#"{"id":7}"#] {
            assert_eq!(error(raw).0, "", "{raw}");
        }
    }
}
