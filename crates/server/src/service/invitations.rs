//! Inviting people: a link by mail, or handed over where the server sends none, by which somebody comes in once.

use billing_contract::invitation::{
    AcceptInvitation, CreateInvitation, Invitation, InvitationList, ResolvedInvitation,
};
use billing_contract::{FieldError, ProblemCode};
use billing_domain::{InvitationId, Role, Timestamp};
use billing_store::{Actor, NewInvitation, OpenInvitation, StoreError, User};

use crate::auth::passwords::MAX_PASSWORD;
use crate::auth::tokens::{hash_token, new_token};
use crate::message::UserMessage;
use crate::problem::{Detail, Problem};
use crate::service::account_links::{INVITATION_PAGE, INVITATION_SECONDS, link_gone};
use crate::service::account_mails::{self, AccountMail};
use crate::service::factor_codes::{FactorHolder, check_second_factor};
use crate::service::password_resets::hash_password;
use crate::service::person_checks::{check_email, check_locale, check_name, check_password};
use crate::service::sessions::{self, Client, NewMember, SignedInMember, require_confirmation};
use crate::state::AppState;

/// Whoever has got so many mails waits this long for the next one.
const MAIL_RETRY_SECONDS: u32 = 600;

/// The open ones, the newest first.
pub(crate) async fn list_invitations(state: &AppState, member: &SignedInMember) -> Result<InvitationList, Problem> {
    check_may_invite(member)?;
    let now = state.clock.now();
    let open = state.store.open_invitations(&member.organization.id).await?;
    Ok(InvitationList { items: open.into_iter().map(|invitation| map_invitation(invitation, None, now)).collect() })
}

/// Invites somebody; an open invitation to the same address is withdrawn.
pub(crate) async fn create_invitation(
    state: &AppState,
    member: &SignedInMember,
    form: &CreateInvitation,
) -> Result<Invitation, Problem> {
    check_may_invite(member)?;
    let email = check_email("/email", &form.email).map_err(|error| Problem::invalid(vec![error]))?;
    check_may_give(member, form.role)?;
    // The password again before power over money changes hands.
    require_confirmation(state, member)?;
    check_pace(state, member, &email)?;
    let token = new_token().map_err(Problem::internal)?;
    let (id, now) = (state.new_id()?, state.clock.now());
    let created = state
        .store
        .create_invitation(&new_row(member, &id, &email, form.role, &hash_token(&token), now), &member.actor(), now)
        .await;
    let created = created.map_err(|error| match error {
        StoreError::Conflict(_) => Problem::field("/email", "already_a_member", UserMessage::already_a_member()),
        other => Problem::from(other),
    })?;
    deliver_link(state, member, created, &token).await
}

/// Sends an open invitation once more, by another link; the old one is useless.
pub(crate) async fn resend_invitation(
    state: &AppState,
    member: &SignedInMember,
    id: &InvitationId,
) -> Result<Invitation, Problem> {
    check_may_invite(member)?;
    let open = state.store.open_invitation(&member.organization.id, id).await?;
    // Where no mail is sent, whoever sends it again gets the link.
    check_may_give(member, open.role)?;
    require_confirmation(state, member)?;
    check_pace(state, member, &open.email)?;
    let token = new_token().map_err(Problem::internal)?;
    let (token_hash, now) = (hash_token(&token), state.clock.now());
    let row = new_row(member, id, &open.email, open.role, &token_hash, now);
    let renewed = state.store.renew_invitation(&row, &member.actor(), now).await?;
    deliver_link(state, member, renewed, &token).await
}

/// Withdraws an open invitation: its link is useless at once.
pub(crate) async fn revoke_invitation(
    state: &AppState,
    member: &SignedInMember,
    id: &InvitationId,
) -> Result<(), Problem> {
    check_may_invite(member)?;
    let now = state.clock.now();
    Ok(state.store.revoke_invitation(&member.organization.id, id, &member.actor(), now).await?)
}

/// What a link invites to; nothing is used up.
pub(crate) async fn resolve_invitation(
    state: &AppState,
    token: &str,
    client: &Client,
) -> Result<ResolvedInvitation, Problem> {
    let open = find_invitation(state, token, client).await?;
    let has_account = state.store.account_by_email(&open.email).await?.is_some();
    Ok(ResolvedInvitation {
        organization: open.organization_name,
        email: open.email,
        role: open.role,
        invited_by: open.invited_by_name,
        has_account,
    })
}

/// Makes whoever has the link a member, with the account of that address or a new one, and signs them in. The link is used
/// up.
pub(crate) async fn accept_invitation(
    state: &AppState,
    form: &AcceptInvitation,
    client: Client,
    device: Option<&str>,
) -> Result<NewMember, Problem> {
    // Before hashing: a password of megabytes would only cost time.
    if form.password.len() > MAX_PASSWORD {
        return Err(Problem::field("/password", "too_long", UserMessage::too_many_bytes(MAX_PASSWORD)));
    }
    let open = find_invitation(state, &form.token, &client).await?;
    let known = state.store.account_by_email(&open.email).await?.is_some();
    let (user, locale) = if known {
        let (email, password) = (&open.email, &form.password);
        let user = sessions::find_by_password(state, email, "/password", password, client.network, device)
            .await
            .inspect_err(|_| tracing::warn!(target: "security", address = %client.address, "password refused"))?;
        let origin = sessions::sign_in_origin(state, email, client.network, device);
        let (name, email) = (&user.name, &user.email);
        let holder = FactorHolder { id: &user.id, name, email, origin: &origin, address: client.address };
        check_second_factor(state, &holder, form.otp.as_deref()).await?;
        (user, None)
    } else {
        let (name, locale) = check_newcomer(form, &open.email)?;
        let password_hash = hash_password(state, &client, &form.password).await?;
        (User { id: state.new_id()?, email: open.email, name, password_hash }, locale)
    };
    let by = Actor { address: client.address.to_string(), ..Actor::user(&user.id, &user.name) };
    let (token_hash, now) = (hash_token(&form.token), state.clock.now());
    let accepted = state.store.accept_invitation(&token_hash, &user, locale.as_deref(), &by, now).await?;
    let accepted = accepted.ok_or_else(link_gone)?;
    tracing::info!(target: "security", user = %user.id, organization = %accepted.organization_id, "invitation accepted");
    sessions::begin_session(state, user.id, accepted.organization_id, &user.email, client, device).await
}

fn check_newcomer(form: &AcceptInvitation, email: &str) -> Result<(String, Option<String>), Problem> {
    let (name, locale) = (check_name("/name", &form.name), check_locale("/locale", form.locale.as_deref()));
    match (name, check_password("/password", &form.password, email), locale) {
        (Ok(name), Ok(()), Ok(locale)) => Ok((name, locale)),
        (name, password, locale) => {
            let errors: [Option<FieldError>; 3] = [name.err(), password.err(), locale.err()];
            Err(Problem::invalid(errors.into_iter().flatten().collect()))
        }
    }
}

async fn find_invitation(state: &AppState, token: &str, client: &Client) -> Result<OpenInvitation, Problem> {
    state.budgets.take_account_link(client.network)?;
    let found = state.store.invitation_by_token(&hash_token(token), state.clock.now()).await?;
    let open = found.ok_or_else(link_gone)?;
    state.budgets.give_back_account_link(client.network);
    Ok(open)
}

/// The people of a host are the host's to name, also in the eyes of those whom it has made managers.
fn check_may_invite(member: &SignedInMember) -> Result<(), Problem> {
    if member.has_account() {
        return Ok(());
    }
    let detail = "This session was opened by another product. People are invited there.";
    Err(Problem::new(ProblemCode::Forbidden, Detail::general(detail)))
}

/// Nobody gives more than they have.
fn check_may_give(member: &SignedInMember, role: Role) -> Result<(), Problem> {
    if role == Role::Owner && !member.role.manages_roles() {
        return Err(Problem::new(ProblemCode::Forbidden, UserMessage::owner_required()));
    }
    Ok(())
}

/// Neither one organization nor one mailbox gets too many.
fn check_pace(state: &AppState, member: &SignedInMember, email: &str) -> Result<(), Problem> {
    state.budgets.take_invitation(&member.organization.id)?;
    if account_mails::can_send(state) && !state.budgets.take_account_mail(&email.to_lowercase()) {
        let detail = "This address has got several mails already. Wait some minutes, then send another one.";
        return Err(Problem::retry_later(ProblemCode::TooManyRequests, Detail::general(detail), MAIL_RETRY_SECONDS));
    }
    Ok(())
}

fn new_row<'a>(
    member: &'a SignedInMember,
    id: &'a InvitationId,
    email: &'a str,
    role: Role,
    token_hash: &'a str,
    now: Timestamp,
) -> NewInvitation<'a> {
    NewInvitation {
        id,
        organization_id: &member.organization.id,
        email,
        role,
        token_hash,
        invited_by: &member.user.id,
        expires_at: now.plus_seconds(INVITATION_SECONDS),
    }
}

/// Sends the link, in the inviter's language, or hands it to them.
async fn deliver_link(
    state: &AppState,
    member: &SignedInMember,
    invitation: OpenInvitation,
    token: &str,
) -> Result<Invitation, Problem> {
    let now = state.clock.now();
    let link = format!("{}{INVITATION_PAGE}#t={token}", state.origin().unwrap_or_default());
    if !account_mails::can_send(state) || state.origin().is_none() {
        return Ok(map_invitation(invitation, Some(link), now));
    }
    let own = state.store.account(&member.user.id).await?.locale;
    let locale = own.or_else(|| member.organization.locale.clone());
    let mail = AccountMail::Invitation {
        link,
        organization: invitation.organization_name.clone(),
        inviter: invitation.invited_by_name.clone(),
    };
    account_mails::spawn_mail_to(state, invitation.email.clone(), locale, mail);
    Ok(map_invitation(invitation, None, now))
}

fn map_invitation(open: OpenInvitation, link: Option<String>, now: Timestamp) -> Invitation {
    Invitation {
        id: open.id.into(),
        email: open.email,
        role: open.role,
        invited_by: open.invited_by_name,
        created_at: open.created_at,
        expires_at: open.expires_at,
        expired: open.expires_at <= now,
        link,
    }
}
