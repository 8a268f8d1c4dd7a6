//! What the first screen shows, as an answer of the API and as inert JSON inside `index.html`.

use axum::extract::State;
use axum::http::request::Parts;
use billing_contract::paths;
use billing_contract::session::{Bootstrap, Service};
use billing_page::FirstView;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::extract::Json;
use crate::http::problem::Problem;
use crate::http::{first_view, identity};
use crate::service;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_bootstrap))
}

/// Everything that the first screen shows
///
/// For everybody: without a session it says what the server is, and nothing else.
#[utoipa::path(get, path = paths::BOOTSTRAP, tag = "session", responses((status = 200, body = Bootstrap)))]
async fn get_bootstrap(State(state): State<AppState>, parts: Parts) -> Result<Json<Bootstrap>, Problem> {
    // Without a session this is an answer too, not an error.
    let member = identity::find_member(&parts, &state).await?;
    service::bootstrap::get_bootstrap(&state, member.as_ref()).await.map(Json)
}

/// What `index.html` gets for whoever asks for it.
#[derive(Default)]
pub(crate) struct FirstScreen {
    /// The element with the data of the first screen.
    pub(crate) element: String,
    /// The same, drawn.
    pub(crate) view: Option<FirstView>,
    /// Somebody's own figures may be in it.
    pub(crate) private: bool,
}

/// When what the first screen shows cannot be read, the page gets nothing and asks for itself: a page that can say what is
/// wrong is better than a bare error.
pub(crate) async fn first_screen(state: &AppState, parts: &Parts) -> FirstScreen {
    // Whichever session the page was drawn for: this is the page.
    let Ok(member) = identity::find_any(parts, state).await else {
        return FirstScreen { private: true, ..FirstScreen::default() };
    };
    let private = member.is_some();
    let Ok(bootstrap) = service::bootstrap::get_bootstrap(state, member.as_ref()).await else {
        return FirstScreen { private, ..FirstScreen::default() };
    };
    let element = json_element(&bootstrap);
    FirstScreen { element, view: first_view::draw_first_view(state, bootstrap, parts).await, private }
}

/// The same for a page without an account: what the server is, and nothing else.
pub(crate) fn element_for_anybody(state: &AppState) -> String {
    // Without any way to sign in: whoever holds a link has no account.
    let service = Service {
        demo_sign_ins: Vec::new(),
        sign_in_providers: Vec::new(),
        ..service::bootstrap::describe_service(state)
    };
    json_element(&Bootstrap { service, session: None, billing: None, admins: None })
}

/// A data block is no script to the content policy; `<` and the line separators cannot end it early (HTML §4.12.1.3).
fn json_element(bootstrap: &Bootstrap) -> String {
    let json = serde_json::to_string(bootstrap).unwrap_or_default();
    // As `\u003c` it is the same JSON, and no tag to an HTML parser.
    let json = json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
    format!("<script type=\"application/json\" id=\"bootstrap\">{json}</script>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use billing_contract::session::{Brand, DemoSignIn};

    #[test]
    fn data_cannot_leave_its_element() {
        let evil = "</script><script>alert(1)</script><!--\u{2028}";
        let sign_in =
            DemoSignIn { label: evil.to_owned(), translation: None, email: String::new(), password: String::new() };
        let service = Service {
            provider: "sandbox".to_owned(),
            sandbox: true,
            stripe: None,
            demo_sign_ins: vec![sign_in],
            sign_in_providers: Vec::new(),
            setup: false,
            brand: Brand::default(),
        };
        let bootstrap = Bootstrap { service, session: None, billing: None, admins: None };
        let element = json_element(&bootstrap);
        let inside = element.strip_prefix("<script type=\"application/json\" id=\"bootstrap\">").unwrap();
        let inside = inside.strip_suffix("</script>").unwrap();
        assert!(!inside.contains('<') && !inside.contains('\u{2028}'), "{inside}");
        assert_eq!(serde_json::from_str::<Bootstrap>(inside).unwrap(), bootstrap);
    }
}
