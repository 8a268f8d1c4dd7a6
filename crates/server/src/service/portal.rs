//! Portal sessions: a host opens the portal for one of its people, and whoever brings the code gets their session.

mod minting;

use billing_contract::ProblemCode;
use billing_contract::portal::{ExchangeCode, ExchangedCode, FRAME_TOKEN_PREFIX};
use billing_contract::session::Bootstrap;
use billing_store::PortalBrowser;

pub(crate) use self::minting::{MAX_RETURN_URL, MAX_SECONDS, MIN_SECONDS, create_portal_session, end_portal_sessions};
use crate::auth::tokens::{hash_token, new_token};
use crate::problem::{Detail, Problem};
use crate::service::bootstrap;
use crate::service::sessions::{self, Client, public_id_of};
use crate::state::AppState;

/// A session is over after so long without use.
const IDLE_SECONDS: i64 = 3_600;

/// A session that a code has bought.
#[derive(Clone, Debug)]
pub(crate) struct OpenedPortal {
    /// What the first screen shows. The token is not in it.
    pub(crate) answer: ExchangedCode,
    /// The session's token, known only now.
    pub(crate) token: String,
    /// From now on the session lives at most so long.
    pub(crate) seconds: i64,
}

/// Exchanges a code for the session that it was made for, once: in a frame of the site `parent_origin`, or in a tab of its
/// own.
///
/// # Errors
/// `gone` when the code is none, used, too old, ended, or made for another site. `too_many_requests` for who guesses.
pub(crate) async fn exchange_code(
    state: &AppState,
    form: &ExchangeCode,
    client: Client,
) -> Result<OpenedPortal, Problem> {
    let (parent, address) = (form.parent_origin.as_deref(), client.address);
    let fits_parent = |asked: Option<&str>| match (asked, parent) {
        (Some(asked), parent) => parent == Some(asked),
        (None, Some(parent)) => state.config.embed_origins.allows(parent),
        (None, None) => true,
    };
    // A token of a frame says what it is, so that no cookie can hold it.
    let prefix = if parent.is_some() { FRAME_TOKEN_PREFIX } else { "" };
    let token = format!("{prefix}{}", new_token().map_err(Problem::internal)?);
    let token_hash = hash_token(&token);
    let browser = PortalBrowser {
        public_id: public_id_of(&token_hash),
        token_hash,
        address: address.to_string(),
        browser: client.browser,
        longest_idle_seconds: IDLE_SECONDS,
    };
    state.budgets.take_portal_code(client.network)?;
    let now = state.clock.now();
    let store = state.store.reserved();
    let Some(portal) = store.exchange_portal_code(&hash_token(&form.code), &browser, &fits_parent, now).await? else {
        tracing::warn!(target: "security", %address, parent, "code refused");
        return Err(code_gone());
    };
    state.budgets.give_back_portal_code(client.network);
    let member = sessions::find_member(state, &token, address).await?.ok_or_else(code_gone)?;
    let Bootstrap { service, session, billing, admins } = bootstrap::get_bootstrap(state, Some(&member)).await?;
    let session = session.ok_or_else(code_gone)?;
    let answer = ExchangedCode { service, session, billing, admins, token: None };
    Ok(OpenedPortal { answer, token, seconds: portal.session_expires_at().seconds_since(now) })
}

/// Which of the reasons it was is nobody's business who has no code.
fn code_gone() -> Problem {
    let detail = "This code was used, is too old, or was made for another site. Ask the host for another one.";
    Problem::new(ProblemCode::Gone, Detail::general(detail))
}
