//! Connected cards.

use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use billing_contract::card::{Card, CardList, CardSetup, CardSetupStatus, CreateCardSetup};
use billing_contract::top_up::ChallengeAnswer;
use billing_contract::{Problem as Document, paths};
use billing_domain::{CardId, CardSetupId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::card_free::refuse_card_numbers;
use crate::http::extract::{Json, PathId};
use crate::http::idempotency::{OptionalIdempotencyKey, Repeatable};
use crate::http::identity::Manager;
use crate::http::problem::Problem;
use crate::service::sessions::SignedInMember;
use crate::service::{cards, wallet};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_cards))
        .routes(routes!(create_card_setup))
        .routes(routes!(get_card_setup))
        .routes(routes!(check_card_setup))
        .routes(routes!(answer_card_setup_challenge))
        .routes(routes!(put_default_card))
        .routes(routes!(delete_card))
        .layer(from_fn(refuse_card_numbers))
}

/// The connected cards, the default first
#[utoipa::path(
    get, path = paths::CARDS, tag = "cards", security(("session" = [])),
    responses((status = 200, body = CardList), (status = 401, body = Document), (status = 403, body = Document)),
)]
async fn list_cards(State(state): State<AppState>, Manager(member): Manager) -> Result<Json<CardList>, Problem> {
    cards::list_cards(&state, &member.organization.id).await.map(Json)
}

/// Start connecting a card
///
/// Takes the token that the sandbox's form made of the number; a body that holds a card number is refused. The answer
/// says `succeeded`, `failed` with the reason, or `action_required` when the cardholder has to confirm first. With Stripe
/// there is no token: the answer's `browser_script` holds the secret for Stripe's own form.
#[utoipa::path(
    post, path = paths::CARD_SETUPS, tag = "cards", security(("session" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Connects at most once for a key")),
    request_body = CreateCardSetup,
    responses(
        (status = 201, body = CardSetup), (status = 401, body = Document), (status = 403, body = Document),
        (status = 422, body = Document),
    ),
)]
async fn create_card_setup(
    State(state): State<AppState>,
    Manager(member): Manager,
    OptionalIdempotencyKey(key): OptionalIdempotencyKey,
    Json(form): Json<CreateCardSetup>,
) -> Result<Repeatable<(StatusCode, Json<CardSetup>)>, Problem> {
    let (setup, replayed) = cards::start_setup(&state, &member, key, &form).await?;
    Ok(Repeatable { answer: (StatusCode::CREATED, with_wallet(&state, &member, setup).await), replayed })
}

/// A wallet's first card changes what it allows.
async fn with_wallet(state: &AppState, member: &SignedInMember, setup: CardSetup) -> Json<CardSetup> {
    let wallet = match setup.status {
        CardSetupStatus::Succeeded => wallet::wallet_afterwards(state, &member.organization).await,
        CardSetupStatus::Pending | CardSetupStatus::ActionRequired | CardSetupStatus::Failed => None,
    };
    Json(CardSetup { wallet, ..setup })
}

/// Where connecting a card stands
#[utoipa::path(
    get, path = paths::CARD_SETUP, tag = "cards", security(("session" = [])),
    params(("id" = String, Path, description = "The set-up's id")),
    responses(
        (status = 200, body = CardSetup), (status = 401, body = Document), (status = 403, body = Document),
        (status = 404, body = Document),
    ),
)]
async fn get_card_setup(
    State(state): State<AppState>,
    Manager(member): Manager,
    PathId(id): PathId<CardSetupId>,
) -> Result<Json<CardSetup>, Problem> {
    let setup = cards::get_setup(&state, &member.organization.id, &id).await?;
    Ok(with_wallet(&state, &member, setup).await)
}

/// Ask the provider where connecting stands
///
/// After the cardholder is done in the provider's own form. What the browser was answered there counts for nothing.
#[utoipa::path(
    post, path = paths::CARD_SETUP_CHECK, tag = "cards", security(("session" = [])),
    params(("id" = String, Path, description = "The set-up's id")),
    responses(
        (status = 200, body = CardSetup), (status = 401, body = Document), (status = 403, body = Document),
        (status = 404, body = Document),
    ),
)]
async fn check_card_setup(
    State(state): State<AppState>,
    Manager(member): Manager,
    PathId(id): PathId<CardSetupId>,
) -> Result<Json<CardSetup>, Problem> {
    let setup = cards::check_setup(&state, &member.organization.id, &id).await?;
    Ok(with_wallet(&state, &member, setup).await)
}

/// Answer the sandbox bank's challenge
///
/// What the cardholder would do in the bank's own dialog (3-D Secure). Only with the sandbox; 409 when nothing waits.
#[utoipa::path(
    post, path = paths::CARD_SETUP_CHALLENGE, tag = "cards", security(("session" = [])),
    params(("id" = String, Path, description = "The set-up's id")), request_body = ChallengeAnswer,
    responses(
        (status = 200, body = CardSetup), (status = 401, body = Document), (status = 403, body = Document),
        (status = 404, body = Document), (status = 409, body = Document), (status = 422, body = Document),
    ),
)]
async fn answer_card_setup_challenge(
    State(state): State<AppState>,
    Manager(member): Manager,
    PathId(id): PathId<CardSetupId>,
    Json(form): Json<ChallengeAnswer>,
) -> Result<Json<CardSetup>, Problem> {
    let setup = cards::answer_challenge(&state, &member.organization.id, &id, form.approve).await?;
    Ok(with_wallet(&state, &member, setup).await)
}

/// Make a card the default
///
/// The default card is charged when none is named, by automatic payments too.
#[utoipa::path(
    put, path = paths::CARD_DEFAULT, tag = "cards", security(("session" = [])),
    params(("id" = String, Path, description = "The card's id")),
    responses(
        (status = 200, body = Card), (status = 401, body = Document), (status = 403, body = Document),
        (status = 404, body = Document),
    ),
)]
async fn put_default_card(
    State(state): State<AppState>,
    Manager(member): Manager,
    PathId(id): PathId<CardId>,
) -> Result<Json<Card>, Problem> {
    cards::make_default(&state, &member, &id).await.map(Json)
}

/// Remove a card
///
/// Removing the last one switches automatic payments off.
#[utoipa::path(
    delete, path = paths::CARD, tag = "cards", security(("session" = [])),
    params(("id" = String, Path, description = "The card's id")),
    responses(
        (status = 204), (status = 401, body = Document), (status = 403, body = Document),
        (status = 404, body = Document), (status = 412, body = Document),
    ),
)]
async fn delete_card(
    State(state): State<AppState>,
    Manager(member): Manager,
    PathId(id): PathId<CardId>,
) -> Result<StatusCode, Problem> {
    cards::remove_card(&state, &member, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
