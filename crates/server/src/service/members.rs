//! The people of an organization and their roles.

use billing_contract::ProblemCode;
use billing_contract::member::{self, MemberList};
use billing_contract::session::Admins;
use billing_domain::{OrganizationId, Role, UserId, UserRef};
use billing_store::{Removal, RoleChange};

use crate::events::Topic;
use crate::message::UserMessage;
use crate::problem::Problem;
use crate::service::links;
use crate::service::operation::OperationContext;
use crate::service::sessions::{SignedInMember, require_confirmation};
use crate::state::AppState;

/// Everybody, by name.
pub(crate) async fn list_members(state: &AppState, member: &SignedInMember) -> Result<MemberList, Problem> {
    let members = state.store.members(&member.organization.id).await?;
    Ok(MemberList { items: members.into_iter().map(map_member).collect() })
}

/// Whom a member can ask.
pub(crate) async fn list_admins(state: &AppState, member: &SignedInMember) -> Result<Admins, Problem> {
    Ok(Admins { admins: state.store.admin_names(&member.organization.id).await? })
}

/// Gives somebody another role, at once everywhere; the last owner stays one.
pub(crate) async fn change_role(
    state: &AppState,
    member: &SignedInMember,
    user_id: &UserId,
    role: Role,
) -> Result<member::Member, Problem> {
    // The password again before power over money changes hands.
    require_confirmation(state, member)?;
    let organization_id = &member.organization.id;
    let changed = set_role(&state.operation_by(member.actor()), organization_id, user_id, role).await?;
    state.events.publish(organization_id, Topic::RoleChanged(changed.user_id.clone()));
    if !changed.role.manages_billing() {
        links::maker_demoted(state, organization_id, user_id).await?;
    }
    Ok(map_member(changed))
}

/// Gives somebody another role; the last owner stays one.
async fn set_role(
    context: &OperationContext,
    organization_id: &OrganizationId,
    user_id: &UserId,
    role: Role,
) -> Result<billing_store::Member, Problem> {
    match context.store.change_role(organization_id, user_id, role, &context.actor, context.clock.now()).await? {
        RoleChange::Changed(changed) => Ok(changed),
        RoleChange::LastOwner => Err(Problem::new(ProblemCode::Conflict, UserMessage::last_owner())),
    }
}

/// Takes somebody out, or lets them leave: their sessions here are over at once, and the links that they made. The last owner
/// stays.
pub(crate) async fn remove_member(state: &AppState, member: &SignedInMember, user_id: &UserId) -> Result<(), Problem> {
    if member.user.id != *user_id && !member.role.manages_roles() {
        return Err(Problem::new(ProblemCode::Forbidden, UserMessage::owner_required()));
    }
    require_confirmation(state, member)?;
    let (organization_id, now) = (&member.organization.id, state.clock.now());
    let named = UserRef::Id(user_id.clone());
    match state.store.remove_member(organization_id, &named, true, &member.actor(), now).await? {
        Removal::Removed { user_id, ended } => {
            for token_hash in ended {
                state.events.publish(organization_id, Topic::SessionEnded(token_hash));
            }
            links::maker_demoted(state, organization_id, &user_id).await
        }
        Removal::LastOwner => Err(Problem::new(ProblemCode::Conflict, UserMessage::last_owner())),
    }
}

fn map_member(member: billing_store::Member) -> member::Member {
    member::Member { id: member.user_id.into(), name: member.name, email: member.email, role: member.role }
}
