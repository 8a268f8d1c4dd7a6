//! People's accounts as the operator sees to them: made, locked, let in again.

use billing_contract::ProblemCode;
use billing_domain::{OrganizationId, Role};
use billing_store::{
    Account, AddedMember, NewAccountMember, NewOrganization, Organization, SessionsOf, TokenPurpose, User,
};

use crate::problem::{Detail, Problem};
use crate::service::account_links::{AccountLink, OPERATOR_RESET_SECONDS, SET_PASSWORD_SECONDS};
use crate::service::operation::OperationContext;
use crate::service::person_checks::{check_email, check_name};
use crate::service::setup::OrganizationForm;

/// Somebody who is in an organization now.
#[derive(Clone, Debug)]
pub(crate) enum AddedUser {
    /// With a new account, and a link to choose a password.
    NewAccount(User, AccountLink),
    /// With the account that they had.
    Existing(User),
}

/// Makes an organization with an empty wallet.
pub(crate) async fn create_organization(
    context: &OperationContext,
    facts: OrganizationForm,
) -> Result<Organization, Problem> {
    let new = NewOrganization {
        id: context.new_id()?,
        name: facts.name,
        address: String::new(),
        tax_id: String::new(),
        time_zone: facts.time_zone,
        currency: facts.currency,
        made_by_demo: false,
    };
    Ok(context.store.add_organization(&new, &context.actor, context.clock.now()).await?)
}

/// Puts somebody into an organization. Whoever is there already: `conflict`.
pub(crate) async fn add_user(
    context: &OperationContext,
    organization_id: &OrganizationId,
    email: &str,
    name: &str,
    role: Role,
) -> Result<AddedUser, Problem> {
    let email = check_email("/email", email).map_err(|error| Problem::invalid(vec![error]))?;
    let name = check_name("/name", name).map_err(|error| Problem::invalid(vec![error]))?;
    let user = User { id: context.new_id()?, email, name, password_hash: String::new() };
    let now = context.clock.now();
    let link = AccountLink::new(TokenPurpose::SetPassword, Some(user.id.clone()), SET_PASSWORD_SECONDS, now)
        .map_err(Problem::internal)?;
    let new = NewAccountMember { organization_id, user: &user, role, token: &link.token };
    match context.store.add_account_member(&new, &context.actor, now).await? {
        AddedMember::NewAccount(user) => Ok(AddedUser::NewAccount(user, link)),
        AddedMember::Existing(user) => Ok(AddedUser::Existing(user)),
        AddedMember::Already(user) => {
            let detail = format!("{} is a member of this organization already.", user.email);
            Err(Problem::new(ProblemCode::Conflict, Detail::general(detail)))
        }
    }
}

/// Makes a link by which somebody chooses another password.
pub(crate) async fn reset_user(context: &OperationContext, email: &str) -> Result<(Account, AccountLink), Problem> {
    let account = find_account(context, email).await?;
    if account.locked_at.is_some() {
        let detail = format!("{} is locked out. Let them in first: user lock --undo.", account.email);
        return Err(Problem::new(ProblemCode::Conflict, Detail::general(detail)));
    }
    let now = context.clock.now();
    let link = AccountLink::new(TokenPurpose::ResetPassword, Some(account.id.clone()), OPERATOR_RESET_SECONDS, now)
        .map_err(Problem::internal)?;
    context.store.create_user_token(&link.token, Some(&context.actor), now).await?;
    Ok((account, link))
}

/// Locks somebody out, or lets them in again; the SHA-256 of the tokens of ended sessions.
pub(crate) async fn lock_user(
    context: &OperationContext,
    email: &str,
    locked: bool,
) -> Result<(Account, Vec<String>), Problem> {
    let account = find_account(context, email).await?;
    let ended = context.store.lock_account(&account.id, locked, &context.actor, context.clock.now()).await?;
    tracing::warn!(target: "security", user = %account.id, locked, sessions = ended.len(), "account locked or unlocked");
    Ok((account, ended))
}

/// Ends all sessions of somebody; the SHA-256 of their tokens.
pub(crate) async fn end_user_sessions(
    context: &OperationContext,
    email: &str,
) -> Result<(Account, Vec<String>), Problem> {
    let account = find_account(context, email).await?;
    let which = SessionsOf::User(&account.id);
    let ended = context.store.end_user_sessions(which, &account.id, &context.actor, context.clock.now()).await?;
    Ok((account, ended))
}

/// Switches somebody's second factor off; whether there was one.
pub(crate) async fn remove_second_factor(context: &OperationContext, email: &str) -> Result<(Account, bool), Problem> {
    let account = find_account(context, email).await?;
    let removed = context.store.remove_second_factor(&account.id, &context.actor, context.clock.now()).await?;
    Ok((account, removed))
}

async fn find_account(context: &OperationContext, email: &str) -> Result<Account, Problem> {
    context.store.account_by_email(email).await?.ok_or_else(|| {
        Problem::new(ProblemCode::NotFound, Detail::general(format!("Nobody has an account with the address {email}.")))
    })
}
