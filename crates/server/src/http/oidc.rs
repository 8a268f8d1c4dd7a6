//! The addresses that browsers and identity providers call to sign somebody in or out.

use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use billing_contract::sign_in::SignInProblem;
use billing_contract::{Problem as Document, ProblemCode, paths};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::oidc::Provider;
use crate::auth::tokens::new_token;
use crate::http::extract::{Query, read_body};
use crate::http::identity::{find_any, login_cookie, set_cookie, set_login_cookie};
use crate::http::limits::read_client;
use crate::http::links::PageOrigin;
use crate::http::problem::Problem;
use crate::problem::Detail;
use crate::service::oidc::{self, LoginAnswer, LoginFailure, LoginStart};
use crate::service::sessions;
use crate::state::AppState;

/// Outside of the API's base path: nobody but a browser on its way, and the provider itself, comes here.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(start_login))
        .routes(routes!(finish_login))
        .routes(routes!(end_sessions_by_provider))
}

/// Where a login is to lead.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StartQuery {
    /// A path of this server's own pages, where the person is afterwards.
    #[serde(rename = "return")]
    return_path: Option<String>,
    /// `login`: the person proves that it is them even if the provider knows them already.
    prompt: Option<String>,
}

/// Sign in by an identity provider
///
/// Sends the browser to the provider, and marks it by a cookie of ten minutes: nobody else can come back from there. With
/// `prompt=login` a session that the provider has opened is confirmed, as POST /session/confirmation does it elsewhere.
#[utoipa::path(
    get, path = paths::AUTH_START, tag = "session",
    params(("name" = String, Path, description = "The provider's name: `[oidc.NAME]`"), StartQuery),
    responses(
        (status = 303, description = "To the provider; to the sign-in page if that is down"),
        (status = 404, body = Document), (status = 429, body = Document),
    ),
)]
async fn start_login(
    State(state): State<AppState>,
    PageOrigin(origin): PageOrigin,
    Path(name): Path<String>,
    Query(query): Query<StartQuery>,
    parts: Parts,
) -> Result<Response, Problem> {
    let provider = find_provider(&state, &name)?;
    state.budgets.take_login(read_client(&parts, state.config.behind_proxy).network)?;
    // Several logins of one browser share its cookie.
    let cookie = match login_cookie(&parts.headers, &state.config) {
        Some(cookie) => cookie.to_owned(),
        None => new_token().map_err(Problem::internal)?,
    };
    let start = LoginStart {
        cookie: &cookie,
        return_path: query.return_path.as_deref(),
        anew: query.prompt.as_deref() == Some("login"),
        redirect_uri: &redirect_uri(&origin, provider),
    };
    match oidc::begin_login(&state, provider, &start).await {
        Ok(url) => {
            let cookie = set_login_cookie(&cookie, &state.config, oidc::LOGIN_SECONDS)?;
            Ok((AppendHeaders([(header::SET_COOKIE, cookie)]), redirect(&url)?).into_response())
        }
        Err(failure) => explain_failure(provider, failure),
    }
}

/// What comes back. Providers add fields of their own.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CallbackQuery {
    /// Buys what the provider says of the person.
    code: Option<String>,
    /// Names the login.
    state: Option<String>,
    /// Who answers.
    iss: Option<String>,
    /// Why there is no code.
    error: Option<String>,
}

/// Come back from an identity provider
///
/// Once, in the browser that has begun the login. Sets the session's cookie, and leads to where the person wanted to be, or to
/// the sign-in page, which says what is wrong.
#[utoipa::path(
    get, path = paths::AUTH_CALLBACK, tag = "session",
    params(("name" = String, Path, description = "The provider's name"), CallbackQuery),
    responses((status = 303, description = "Signed in, or to the sign-in page"), (status = 404, body = Document)),
)]
async fn finish_login(
    State(state): State<AppState>,
    PageOrigin(origin): PageOrigin,
    Path(name): Path<String>,
    Query(query): Query<CallbackQuery>,
    parts: Parts,
) -> Result<Response, Problem> {
    let provider = find_provider(&state, &name)?;
    let present = find_any(&parts, &state).await?;
    let answer = LoginAnswer {
        cookie: login_cookie(&parts.headers, &state.config),
        state: query.state.as_deref(),
        code: query.code.as_deref().filter(|_| query.error.is_none()),
        issuer: query.iss.as_deref(),
        redirect_uri: &redirect_uri(&origin, provider),
    };
    let client = read_client(&parts, state.config.behind_proxy);
    let finished = match oidc::finish_login(&state, provider, &answer, present.as_ref(), client).await {
        Ok(finished) => finished,
        Err(failure) => return explain_failure(provider, failure),
    };
    let Some(token) = finished.token else { return redirect(&finished.return_path) };
    // Whoever signs in anew in the same browser leaves the old session behind: nobody could end it any more.
    if let Some(old) = present {
        sessions::sign_out(&state, &old).await?;
    }
    let cookie = set_cookie(Some(&token), &state.config, sessions::ABSOLUTE_SECONDS)?;
    Ok((AppendHeaders([(header::SET_COOKIE, cookie)]), redirect(&finished.return_path)?).into_response())
}

/// An identity provider says that somebody has signed out
///
/// OIDC Back-Channel Logout 1.0: a form with `logout_token`, which the provider has signed. The sessions that it names
/// end at once, open pages included.
#[utoipa::path(
    post, path = paths::AUTH_LOGOUT, tag = "session",
    params(("name" = String, Path, description = "The provider's name")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "`logout_token`"),
    responses(
        (status = 200, description = "They are over"), (status = 400, body = Document), (status = 404, body = Document),
        (status = 503, body = Document),
    ),
)]
async fn end_sessions_by_provider(
    State(state): State<AppState>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let provider = find_provider(&state, &name)?;
    let body = read_body(request, &()).await?;
    let token = form_urlencoded::parse(&body).find(|(name, _)| name == "logout_token").map(|(_, token)| token);
    let refused = || {
        let detail =
            Detail::general("This is no statement of the provider's that somebody has signed out, or it was used.");
        Problem::new(ProblemCode::Malformed, detail)
    };
    let token = token.ok_or_else(refused)?;
    match oidc::end_by_provider(&state, provider, &token).await {
        // No cache may keep that (section 2.8).
        Ok(()) => Ok(([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], StatusCode::OK).into_response()),
        Err(LoginFailure::Login(SignInProblem::Unavailable)) => {
            let detail = Detail::general("The provider's keys cannot be read at this moment. Send it again.");
            Err(Problem::retry_later(ProblemCode::Unavailable, detail, 10))
        }
        Err(LoginFailure::Login(_)) => Err(refused()),
        Err(LoginFailure::Problem(problem)) => Err(problem),
    }
}

fn find_provider<'a>(state: &'a AppState, name: &str) -> Result<&'a Provider, Problem> {
    state.oidc.find(name).ok_or_else(Problem::not_found)
}

fn redirect_uri(origin: &str, provider: &Provider) -> String {
    format!("{origin}{}", paths::fill_name(paths::AUTH_CALLBACK, &provider.config.name))
}

/// Back to the sign-in page, which has other ways in.
fn explain_failure(provider: &Provider, failure: LoginFailure) -> Result<Response, Problem> {
    match failure {
        LoginFailure::Login(problem) => {
            redirect(&format!("/sign-in?problem={}&provider={}", problem.code(), provider.config.name))
        }
        LoginFailure::Problem(problem) => Err(problem),
    }
}

fn redirect(address: &str) -> Result<Response, Problem> {
    let location = HeaderValue::try_from(address).map_err(Problem::internal)?;
    let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}
