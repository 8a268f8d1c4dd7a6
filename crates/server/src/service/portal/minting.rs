//! A host asks for a portal session: what it says is checked, the person is written down as a member, and the code is made.

use axum::http::Uri;
use billing_contract::host_member::PutHostMember;
use billing_contract::portal::{CreatePortalSession, PortalSession};
use billing_contract::{FieldError, ProblemCode};
use billing_domain::free_text::{EXTERNAL_ID, FreeText};
use billing_domain::status::OrganizationStatus;
use billing_domain::{Capability, ExternalId, PortalSessionId, PortalView, TextMap, UserId, UserRef};
use billing_store::{MemberFacts, MemberPut, NewPortalSession, PortalSessionFilter, PutMember};

use crate::auth::keys::KeyHolder;
use crate::auth::tokens::{hash_token, new_token};
use crate::config::{Config, is_this_machine};
use crate::events::Topic;
use crate::problem::{Detail, Problem, field_error, text_error};
use crate::service::host_members::{self, not_theirs};
use crate::service::organization_refs::{self, unknown_organization};
use crate::service::organizations;
use crate::service::person_checks::is_language_tag;
use crate::service::theme::parse_theme;
use crate::state::AppState;

/// A code is dead after this.
const CODE_SECONDS: i64 = 300;
/// A session lives at least and at most so long from the moment on at which the host asked for it.
pub(crate) const MIN_SECONDS: i64 = CODE_SECONDS;
/// See [`MIN_SECONDS`].
pub(crate) const MAX_SECONDS: i64 = 12 * 3_600;
/// Longest address of the way back, bytes.
pub(crate) const MAX_RETURN_URL: usize = 2_000;

/// What a host asks for, checked.
struct Checked {
    user: UserRef,
    facts: MemberFacts,
    can: Option<Vec<Capability>>,
    locale: Option<String>,
    theme: Option<TextMap>,
    return_url: Option<String>,
    embed_origin: Option<String>,
    tag: Option<String>,
    session_seconds: i64,
}

/// Opens the portal for a person, who is a member from then on with the role that the host says. `origin`: where the page is.
///
/// # Errors
/// `invalid` with every wrong field; an organization that the key does not see is one. `conflict` for a person with an account
/// of their own. `organization_suspended` where it is closed.
pub(crate) async fn create_portal_session(
    state: &AppState,
    holder: &KeyHolder,
    form: &CreatePortalSession,
    origin: &str,
) -> Result<PortalSession, Problem> {
    let checked = check_form(&state.config, form)?;
    let organization = organizations::find_or_create_organization(state, holder, &form.organization)
        .await?
        .ok_or_else(|| Problem::invalid(vec![unknown_organization("/organization")]))?;
    if organization.status == OrganizationStatus::Closed {
        let detail = Detail::general("This organization is closed: nobody opens its page any more.");
        return Err(Problem::new(ProblemCode::Suspended, detail));
    }
    let (id, new_user): (PortalSessionId, UserId) = (state.new_id()?, state.new_id()?);
    let code = new_token().map_err(Problem::internal)?;
    let (actor, now) = (holder.actor(), state.clock.now());
    let code_expires_at = now.plus_seconds(CODE_SECONDS);
    let session_expires_at = now.plus_seconds(checked.session_seconds);
    let put = MemberPut {
        organization_id: &organization.id,
        named: &checked.user,
        new_id: &new_user,
        facts: &checked.facts,
        only_here: holder.organization_id().is_some(),
    };
    let new = NewPortalSession {
        id: id.to_string(),
        code_hash: hash_token(&code),
        organization_id: organization.id.clone(),
        user_id: new_user.clone(),
        can: checked.can,
        view: form.view.unwrap_or(PortalView::Billing),
        locale: checked.locale,
        theme: checked.theme,
        return_url: checked.return_url,
        embed_origin: checked.embed_origin,
        tag: checked.tag,
        session_seconds: checked.session_seconds,
        created_by: actor.id.clone(),
        code_expires_at,
    };
    match state.store.mint_portal_session(&put, &new, &actor, now).await? {
        PutMember::NotTheirs => return Err(not_theirs()),
        PutMember::Changed { before, after } => {
            host_members::notify_change(state, &organization.id, &before, &after).await?;
        }
        PutMember::Created(_) | PutMember::Same(_) => {}
    }
    Ok(PortalSession {
        id: id.into(),
        url: format!("{origin}/portal#c={code}"),
        embed_url: format!("{origin}/embed#c={code}"),
        code,
        code_expires_at,
        session_expires_at,
    })
}

/// Ends portal sessions with the codes and sessions that belong to them; open pages are woken. At least an organization or a
/// tag must be named. Whom the key does not see has none.
pub(crate) async fn end_portal_sessions(
    state: &AppState,
    holder: &KeyHolder,
    organization: Option<&str>,
    user: Option<&str>,
    tag: Option<&str>,
) -> Result<(), Problem> {
    if organization.is_none() && tag.is_none() {
        let detail = "Say whose: organization, tag, or both; user narrows it to one person.";
        return Err(Problem::field("/organization", "required", Detail::general(detail)));
    }
    let user = user.map(str::parse::<UserRef>).transpose();
    let user = user.map_err(|error| Problem::field("/user", "wrong_value", Detail::general(error.to_string())))?;
    let organization_id = match organization {
        Some(named) => match organization_refs::find_organization(&state.store, holder, named).await? {
            Some(organization) => Some(organization.id),
            // A host signs out whomever it knows; that we do not is no failure.
            None => return Ok(()),
        },
        None => holder.organization_id().cloned(),
    };
    let filter = PortalSessionFilter { organization_id, user, tag: tag.map(str::to_owned) };
    let actor = holder.actor();
    for ended in state.store.end_portal_sessions(&filter, &actor, state.clock.now()).await? {
        tracing::info!(target: "security", organization = %ended.organization_id, key = actor.id,
            sessions = ended.token_hashes.len(), "portal sessions ended");
        for token_hash in ended.token_hashes {
            state.events.publish(&ended.organization_id, Topic::SessionEnded(token_hash));
        }
    }
    Ok(())
}

fn check_form(config: &Config, form: &CreatePortalSession) -> Result<Checked, Problem> {
    let mut errors = Vec::new();
    let user = keep(&mut errors, parse_external_id("/user/external_id", &form.user.external_id));
    let facts = keep(&mut errors, check_person(form));
    let can = keep(&mut errors, check_capabilities(form.can.as_deref()));
    let locale =
        keep(&mut errors, check_optional("/locale", form.locale.as_deref(), parse_locale, "A tag like de or pt-BR."));
    let theme = keep(&mut errors, form.theme.as_ref().map(parse_theme).transpose());
    let return_url = keep(
        &mut errors,
        check_optional(
            "/return_url",
            form.return_url.as_deref(),
            parse_return_url,
            "An address that begins with https://, or with http:// on this machine.",
        ),
    );
    let parse_site = |text: &str| parse_embed_origin(config, text);
    let embed_origin = keep(
        &mut errors,
        check_optional(
            "/embed_origin",
            form.embed_origin.as_deref(),
            parse_site,
            "This site may not show the page in a frame: the operator names those that may by --embed-origins.",
        ),
    );
    let tag = form.tag.as_deref().map(|tag| parse_external_id("/tag", tag)).transpose();
    let tag = keep(&mut errors, tag);
    let session_seconds = form.session_seconds.unwrap_or(MAX_SECONDS);
    if !(MIN_SECONDS..=MAX_SECONDS).contains(&session_seconds) {
        let detail = format!("From {MIN_SECONDS} to {MAX_SECONDS} seconds.");
        errors.push(field_error("/session_seconds", "out_of_range", Detail::general(detail)));
    }
    match (user, facts, can, locale, theme, return_url, embed_origin, tag) {
        (
            Some(user),
            Some(facts),
            Some(can),
            Some(locale),
            Some(theme),
            Some(return_url),
            Some(embed_origin),
            Some(tag),
        ) if errors.is_empty() => Ok(Checked {
            user: UserRef::External(user),
            facts,
            can,
            locale,
            theme,
            return_url,
            embed_origin,
            tag: tag.map(String::from),
            session_seconds,
        }),
        _ => Err(Problem::invalid(errors)),
    }
}

/// The value, or `None` and its faults among the others.
fn keep<T>(errors: &mut Vec<FieldError>, checked: Result<T, Vec<FieldError>>) -> Option<T> {
    checked.map_err(|found| errors.extend(found)).ok()
}

fn parse_external_id(pointer: &str, text: &str) -> Result<ExternalId, Vec<FieldError>> {
    let id: ExternalId = text.parse().map_err(|error: billing_domain::external_id::InvalidExternalId| {
        vec![field_error(pointer, "wrong_value", Detail::general(error.to_string()))]
    })?;
    // What looks like a card number is kept nowhere.
    FreeText::parse_exact(EXTERNAL_ID, text).map_err(|error| vec![text_error(pointer, error)])?;
    Ok(id)
}

fn check_person(form: &CreatePortalSession) -> Result<MemberFacts, Vec<FieldError>> {
    let user = &form.user;
    let person = PutHostMember { email: user.email.clone(), name: user.name.clone(), role: user.role };
    host_members::check_form(&person).map_err(|problem| {
        let inside = |error: &FieldError| FieldError { pointer: format!("/user{}", error.pointer), ..error.clone() };
        problem.document().errors.iter().map(inside).collect()
    })
}

/// In the order of the contract, each once. A session that may not even see anything has no page.
fn check_capabilities(can: Option<&[Capability]>) -> Result<Option<Vec<Capability>>, Vec<FieldError>> {
    let Some(can) = can else { return Ok(None) };
    if can.len() > Capability::ALL.len() {
        return Err(vec![field_error("/can", "too_many", Detail::general("Each capability once."))]);
    }
    if !can.contains(&Capability::View) {
        let detail = "A list of capabilities has view in it: without it there is nothing to show.";
        return Err(vec![field_error("/can", "required", Detail::general(detail))]);
    }
    Ok(Some(Capability::ALL.iter().copied().filter(|capability| can.contains(capability)).collect()))
}

fn check_optional(
    pointer: &str,
    entered: Option<&str>,
    parse: impl Fn(&str) -> Option<String>,
    rule: &str,
) -> Result<Option<String>, Vec<FieldError>> {
    let Some(entered) = entered else { return Ok(None) };
    let parsed = parse(entered).map(Some);
    parsed.ok_or_else(|| vec![field_error(pointer, "wrong_value", Detail::general(rule))])
}

fn parse_locale(text: &str) -> Option<String> {
    is_language_tag(text).then(|| text.to_owned())
}

fn parse_return_url(text: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'`');
    if text.len() > MAX_RETURN_URL || !text.bytes().all(plain) {
        return None;
    }
    let address: Uri = text.parse().ok()?;
    let authority = address.authority()?;
    let trusted = match address.scheme_str()? {
        "https" => true,
        "http" => is_this_machine(authority.host()),
        _ => false,
    };
    (trusted && !authority.as_str().contains('@')).then(|| text.to_owned())
}

/// As browsers write it.
fn parse_embed_origin(config: &Config, text: &str) -> Option<String> {
    let origin = text.strip_suffix('/').unwrap_or(text).to_ascii_lowercase();
    config.embed_origins.allows(&origin).then_some(origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_an_address_that_nobody_between_can_read() {
        for (text, fits) in [
            ("https://app.example.com/billing?a=b#c", true),
            ("https://app.example.com", true),
            ("http://127.0.0.1:4000/back", true),
            ("http://localhost/", true),
            ("http://app.example.com/", false),
            ("https://user:word@app.example.com/", false),
            ("javascript:alert(1)", false),
            ("data:text/html,x", false),
            ("//app.example.com/", false),
            ("/billing", false),
            ("https://", false),
            ("https://app.example.com/\"onclick", false),
            ("https://app.example.com/ x", false),
            ("", false),
        ] {
            assert_eq!(parse_return_url(text).is_some(), fits, "{text}");
        }
        assert!(parse_return_url(&format!("https://a.example/{}", "x".repeat(MAX_RETURN_URL))).is_none());
    }

    #[test]
    fn a_language_is_named_by_its_tag() {
        for (text, fits) in [
            ("de", true),
            ("pt-BR", true),
            ("zh-Hant-TW", true),
            ("d", false),
            ("de_DE", false),
            ("de-", false),
            ("12", false),
            ("", false),
            ("deutschland", false),
        ] {
            assert_eq!(parse_locale(text).is_some(), fits, "{text}");
        }
    }

    #[test]
    fn what_is_opened_is_listed_once_and_something_is_seen() {
        use Capability::{Pay, View};
        assert_eq!(check_capabilities(Some(&[Pay, View, Pay])).unwrap(), Some(vec![View, Pay]));
        assert_eq!(check_capabilities(None).unwrap(), None);
        assert!(check_capabilities(Some(&[Pay])).is_err() && check_capabilities(Some(&[])).is_err());
    }
}
