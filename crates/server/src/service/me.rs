//! What people see to themselves: profile, password, sessions, and which of their organizations they look at.

use billing_contract::account::{OwnOrganization, OwnOrganizations, Profile, PutPassword, PutProfile, SessionEntry};
use billing_domain::{OrganizationId, SessionKind};
use billing_store::{Account, SessionsOf};

use crate::auth::passwords::MAX_PASSWORD;
use crate::message::UserMessage;
use crate::problem::{Problem, field_error};
use crate::service::account_mails::{self, AccountMail};
use crate::service::email_changes;
use crate::service::factor_codes::has_second_factor;
use crate::service::password_resets::{hash_password, publish_ended};
use crate::service::person_checks::{check_email, check_locale, check_name, check_password};
use crate::service::sessions::{self, Client, NewMember, SignedInMember, public_id_of};
use crate::state::AppState;

/// The person behind a session.
pub(crate) async fn get_profile(state: &AppState, member: &SignedInMember) -> Result<Profile, Problem> {
    describe_profile(state, state.store.account(&member.user.id).await?).await
}

/// Changes name and language, and sends a link to another address if there is one.
pub(crate) async fn put_profile(
    state: &AppState,
    member: &SignedInMember,
    form: &PutProfile,
) -> Result<Profile, Problem> {
    let (name, locale) = match (check_name("/name", &form.name), check_locale("/locale", form.locale.as_deref())) {
        (Ok(name), Ok(locale)) => (name, locale),
        (name, locale) => return Err(Problem::invalid([name.err(), locale.err()].into_iter().flatten().collect())),
    };
    let now = state.clock.now();
    if let Some(email) = form.email.as_deref().filter(|email| email.trim() != member.user.email) {
        let email = check_email("/email", email).map_err(|error| Problem::invalid(vec![error]))?;
        email_changes::check_may_change(state, member)?;
        email_changes::request_email_change(state, member, &email).await?;
    }
    let changed = state.store.set_profile(&member.user.id, &name, locale.as_deref(), &member.actor(), now).await?;
    describe_profile(state, changed).await
}

/// Another password on the word of the present one; every other session of the person ends, and a mail says so.
pub(crate) async fn put_password(
    state: &AppState,
    member: &SignedInMember,
    form: &PutPassword,
    client: &Client,
    device: Option<&str>,
) -> Result<(), Problem> {
    if form.current.len() > MAX_PASSWORD {
        let error = field_error("/current", "too_long", UserMessage::too_many_bytes(MAX_PASSWORD));
        return Err(Problem::invalid(vec![error]));
    }
    check_password("/new", &form.new, &member.user.email).map_err(|error| Problem::invalid(vec![error]))?;
    sessions::check_current_password(state, member, "/current", &form.current, client.network, device).await?;
    let hash = hash_password(state, client, &form.new).await?;
    let (now, by) = (state.clock.now(), member.actor());
    let ended = state.store.set_password(&member.user.id, &hash, &member.token_hash, &by, now).await?;
    state.store.confirm_session(&member.token_hash, now).await?;
    tracing::warn!(target: "security", user = %member.user.id, sessions = ended.len(), "password changed");
    publish_ended(state, &member.user.id, &ended).await?;
    account_mails::spawn_mail(state, member.user.id.clone(), AccountMail::PasswordChanged);
    Ok(())
}

/// Their sessions that live, the newest first.
pub(crate) async fn list_sessions(state: &AppState, member: &SignedInMember) -> Result<Vec<SessionEntry>, Problem> {
    let sessions = state.store.user_sessions(&member.user.id, state.clock.now()).await?;
    let entry = |session: billing_store::ListedSession| SessionEntry {
        id: public_id_of(&session.token_hash),
        kind: session.kind,
        created_at: session.created_at,
        last_seen_at: session.last_seen_at,
        address: session.address,
        browser: session.browser,
        current: session.token_hash == member.token_hash,
    };
    Ok(sessions.into_iter().map(entry).collect())
}

/// Ends one of their sessions, by its public id; somebody else's is not found.
pub(crate) async fn end_session(state: &AppState, member: &SignedInMember, id: &str) -> Result<(), Problem> {
    let sessions = state.store.user_sessions(&member.user.id, state.clock.now()).await?;
    let found = sessions.into_iter().find(|session| public_id_of(&session.token_hash) == id);
    let session = found.ok_or_else(Problem::not_found)?;
    end(state, member, SessionsOf::Token(&session.token_hash)).await
}

/// Ends all of their sessions but the one that asks.
pub(crate) async fn end_other_sessions(state: &AppState, member: &SignedInMember) -> Result<(), Problem> {
    let which = SessionsOf::UserExcept { user_id: &member.user.id, token_hash: &member.token_hash };
    end(state, member, which).await
}

async fn end(state: &AppState, member: &SignedInMember, which: SessionsOf<'_>) -> Result<(), Problem> {
    let (now, by) = (state.clock.now(), member.actor());
    let ended = state.store.end_user_sessions(which, &member.user.id, &by, now).await?;
    publish_ended(state, &member.user.id, &ended).await
}

/// The organizations that they are in, by name.
pub(crate) async fn list_organizations(state: &AppState, member: &SignedInMember) -> Result<OwnOrganizations, Problem> {
    let own = state.store.user_organizations(&member.user.id).await?;
    let item = |organization: billing_store::OwnOrganization| OwnOrganization {
        current: organization.id == member.organization.id,
        id: organization.id.into(),
        name: organization.name,
        role: organization.role,
    };
    Ok(OwnOrganizations { items: own.into_iter().map(item).collect() })
}

/// Goes on in another organization, by a new session: what is drawn for the old one can do nothing in the new wallet.
pub(crate) async fn switch_organization(
    state: &AppState,
    member: &SignedInMember,
    organization_id: &str,
    client: Client,
    device: Option<&str>,
) -> Result<NewMember, Problem> {
    let organization_id: OrganizationId = organization_id.parse().map_err(|_| Problem::not_found())?;
    let own = state.store.memberships(&member.user.id).await?;
    // Whoever was let in by somebody else's sign-in stays where that has led.
    if member.kind != SessionKind::Password || own.iter().all(|own| own.organization_id != organization_id) {
        return Err(Problem::not_found());
    }
    state.store.set_last_organization(&member.user.id, &organization_id).await?;
    sessions::move_session(state, member, organization_id, client, device).await
}

async fn describe_profile(state: &AppState, account: Account) -> Result<Profile, Problem> {
    Ok(Profile {
        pending_email: state.store.pending_email(&account.id, state.clock.now()).await?,
        second_factor: has_second_factor(state, &account.id).await?,
        id: account.id.into(),
        name: account.name,
        email: account.email,
        locale: account.locale,
    })
}
