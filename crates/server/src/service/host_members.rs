//! Members as the host puts them into organizations and takes them out; open pages notice at once.

use billing_contract::ProblemCode;
use billing_contract::host_member::{HostMember, HostMemberList, PutHostMember};
use billing_domain::free_text::{EMAIL, EXTERNAL_ID, FreeText, PERSON_NAME};
use billing_domain::{OrganizationId, UserRef};
use billing_store::{MemberFacts, MemberPut, PutMember, Removal};

use crate::auth::keys::KeyHolder;
use crate::events::Topic;
use crate::message::UserMessage;
use crate::problem::{Detail, Problem, field_error, text_error};
use crate::service::links;
use crate::service::person_checks::is_email;
use crate::state::AppState;

/// `GET /organizations/{id}/members`.
pub(crate) async fn list_members(
    state: &AppState,
    organization_id: &OrganizationId,
) -> Result<HostMemberList, Problem> {
    let members = state.store.members(organization_id).await?;
    Ok(HostMemberList { items: members.into_iter().map(map_member).collect() })
}

/// `PUT /organizations/{id}/members/{user}`: the member, and whether they are new. A change of role acts on open pages.
pub(crate) async fn put_member(
    state: &AppState,
    holder: &KeyHolder,
    organization_id: &OrganizationId,
    named: &UserRef,
    form: &PutHostMember,
) -> Result<(HostMember, bool), Problem> {
    let facts = check_form(form)?;
    if let UserRef::External(id) = named {
        FreeText::parse_exact(EXTERNAL_ID, id.as_str()).map_err(|error| Problem::text("", error))?;
    }
    let put = MemberPut {
        organization_id,
        named,
        new_id: &state.new_id()?,
        facts: &facts,
        only_here: holder.organization_id().is_some(),
    };
    match state.store.put_member(&put, &holder.actor(), state.clock.now()).await? {
        PutMember::Created(member) => Ok((map_member(member), true)),
        PutMember::Same(member) => Ok((map_member(member), false)),
        PutMember::Changed { before, after } => {
            notify_change(state, organization_id, &before, &after).await?;
            Ok((map_member(after), false))
        }
        PutMember::NotTheirs => Err(not_theirs()),
    }
}

/// After a change of a member: another role acts on open pages and on the links that they made.
pub(crate) async fn notify_change(
    state: &AppState,
    organization_id: &OrganizationId,
    before: &billing_store::Member,
    after: &billing_store::Member,
) -> Result<(), Problem> {
    if before.role == after.role {
        return Ok(());
    }
    state.events.publish(organization_id, Topic::RoleChanged(after.user_id.clone()));
    if after.role.manages_billing() {
        return Ok(());
    }
    links::maker_demoted(state, organization_id, &after.user_id).await
}

/// The answer about a person whom this key may not change.
pub(crate) fn not_theirs() -> Problem {
    let detail = "This person has an account of their own, or is in an organization that this key does not see.";
    Problem::new(ProblemCode::Conflict, Detail::general(detail))
}

/// What a host says of a person, as it is kept.
pub(crate) fn check_form(form: &PutHostMember) -> Result<MemberFacts, Problem> {
    let mut errors = Vec::new();
    let mut text = |pointer, purpose, entered: &str| {
        let text = FreeText::parse(purpose, entered).unwrap_or_else(|error| {
            errors.push(text_error(pointer, error));
            FreeText::default()
        });
        text.into_string()
    };
    let (email, name) = (text("/email", EMAIL, &form.email), text("/name", PERSON_NAME, &form.name));
    if !email.is_empty() && !is_email(&email) {
        errors.push(field_error("/email", "wrong_value", Detail::general("An address like ava@example.com.")));
    }
    if errors.is_empty() { Ok(MemberFacts { email, name, role: form.role }) } else { Err(Problem::invalid(errors)) }
}

/// `DELETE /organizations/{id}/members/{user}`: their sessions there are over at once. The host may take out the last owner:
/// what it says holds.
pub(crate) async fn remove_member(
    state: &AppState,
    holder: &KeyHolder,
    organization_id: &OrganizationId,
    named: &UserRef,
) -> Result<(), Problem> {
    let now = state.clock.now();
    match state.store.remove_member(organization_id, named, false, &holder.actor(), now).await? {
        Removal::Removed { user_id, ended } => {
            for token_hash in ended {
                state.events.publish(organization_id, Topic::SessionEnded(token_hash));
            }
            links::maker_demoted(state, organization_id, &user_id).await
        }
        Removal::LastOwner => Err(Problem::new(ProblemCode::Conflict, UserMessage::last_owner())),
    }
}

fn map_member(member: billing_store::Member) -> HostMember {
    HostMember {
        id: member.user_id.into(),
        external_id: member.external_id,
        email: member.email,
        name: member.name,
        role: member.role,
        source: member.source,
    }
}
