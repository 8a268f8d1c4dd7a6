//! Commands on organizations and people: what they made goes to standard output as one line of JSON, what to do with it to
//! standard error as words.

use std::io::Write as _;
use std::process::ExitCode;

use billing_contract::ProblemCode;
use billing_contract::host_organization::PutHostOrganization;
use billing_domain::free_text::{EXTERNAL_ID, FreeText};
use billing_domain::{ExternalId, OrganizationId, OrganizationRef, UserId};
use billing_store::{Actor, Store};
use serde_json::{Value, json};

use crate::Failure;
use crate::clock::Clock;
use crate::config::{AddUser, Config, CreateOrganization, Locality, LockUser, NamedUser, Setup};
use crate::problem::{Detail, Problem};
use crate::service::account_links::AccountLink;
use crate::service::operation::OperationContext;
use crate::service::organizations;
use crate::service::setup::{OrganizationForm, set_up_by_command};
use crate::service::users::{self, AddedUser};

/// The database, made if there is none: these commands come first.
pub(super) async fn open_context(config: &Config, command: &str) -> Result<OperationContext, Failure> {
    let store = Store::connect(config.database.reveal())
        .await
        .map_err(|error| format!("the database cannot be opened: {error}"))?;
    Ok(OperationContext { store, clock: Clock::default(), actor: Actor::system(command) })
}

/// What is wrong, as a sentence for the operator.
pub(super) fn explain(problem: &Problem) -> Failure {
    let document = problem.document();
    let fields: Vec<_> =
        document.errors.iter().map(|error| format!("--{}: {}", flag_of(&error.pointer), error.detail)).collect();
    if fields.is_empty() { document.detail.clone().into() } else { fields.join("; ").into() }
}

/// The flag that the field of a request stands for.
fn flag_of(pointer: &str) -> String {
    match pointer.trim_start_matches('/').split('/').next().unwrap_or_default() {
        // A flag that is repeated names one of them.
        "scopes" => "scope".to_owned(),
        field => field.replace('_', "-"),
    }
}

/// The whole address of a link, and a word on where it comes from when nobody has said how the server is reached.
fn locate_link(config: &Config, link: &AccountLink) -> (String, Option<String>) {
    if let Some(origin) = &config.public_origin {
        return (format!("{origin}{}", link.address), None);
    }
    let hint = "--public-url does not say by which address people reach the server";
    if config.listen.port() == 0 {
        return (link.address.clone(), Some(format!("{hint}: put it in front of the link.")));
    }
    let origin = format!("http://{}", config.listen);
    (format!("{origin}{}", link.address), Some(format!("{hint}: the link leads to {origin}.")))
}

pub(super) fn print_line(answer: &Value) -> Result<ExitCode, Failure> {
    writeln!(std::io::stdout().lock(), "{answer}")?;
    Ok(ExitCode::SUCCESS)
}

fn print_link(config: &Config, mut answer: Value, link: &AccountLink, words: &str) -> Result<ExitCode, Failure> {
    let (address, hint) = locate_link(config, link);
    eprintln!("{words} It works once, until {}.", link.token.expires_at);
    if let Some(hint) = hint {
        eprintln!("{hint}");
    }
    answer["link"] = json!(address);
    answer["expires_at"] = json!(link.token.expires_at);
    print_line(&answer)
}

fn check_facts(name_flag: &str, name: &str, locality: &Locality) -> Result<OrganizationForm, Failure> {
    OrganizationForm::check(name_flag, name, &locality.time_zone, locality.currency)
        .map_err(|errors| explain(&Problem::invalid(errors)))
}

/// What stands before the @, for want of a name.
fn name_of(name: Option<&str>, email: &str) -> String {
    name.unwrap_or_else(|| email.split('@').next().unwrap_or(email)).to_owned()
}

/// `setup`: the first organization and its owner, who gets a link to choose a password.
pub(crate) async fn set_up(config: &Config, form: &Setup) -> Result<ExitCode, Failure> {
    let facts = check_facts("/organization", &form.organization, &form.locality)?;
    let context = open_context(config, "setup").await?;
    let owner_name = name_of(form.owner_name.as_deref(), &form.owner);
    let made = set_up_by_command(&context, facts, &owner_name, &form.owner).await;
    context.store.close().await;
    let (organization, owner, link) = made.map_err(|problem| explain(&problem))?;
    let answer = json!({"organization_id": organization.id, "user_id": owner.id, "email": owner.email});
    let words = format!("{} is set up. {} chooses a password by this link.", organization.name, owner.email);
    print_link(config, answer, &link, &words)
}

/// `org create`.
pub(crate) async fn create_organization(config: &Config, form: &CreateOrganization) -> Result<ExitCode, Failure> {
    let facts = check_facts("/name", &form.name, &form.locality)?;
    let context = open_context(config, "org create").await?;
    if let Some(external_id) = &form.external_id {
        let answer = put_organization(config, &context, external_id, facts).await;
        context.store.close().await;
        return print_line(&answer.map_err(|problem| explain(&problem))?);
    }
    let made = users::create_organization(&context, facts).await;
    context.store.close().await;
    let organization = made.map_err(|problem| explain(&problem))?;
    print_line(&json!({"organization_id": organization.id, "name": organization.name}))
}

/// Under an id of the host's: what the API does when it is put.
async fn put_organization(
    config: &Config,
    context: &OperationContext,
    external_id: &ExternalId,
    facts: OrganizationForm,
) -> Result<Value, Problem> {
    let named = OrganizationRef::External(external_id.clone());
    // Said of the flag; in an address it would be of no field.
    FreeText::parse_exact(EXTERNAL_ID, external_id.as_str()).map_err(|error| Problem::text("/external_id", error))?;
    let form = PutHostOrganization {
        name: facts.name,
        time_zone: facts.time_zone,
        currency: facts.currency,
        locale: None,
        address: None,
        tax_id: None,
        plan: None,
        policy: None,
        metadata: None,
    };
    // No page is open here; servers notice by themselves.
    let (put, _) = organizations::put_organization(context, config, &named, &form, true).await?;
    let organization = put.organization;
    Ok(json!({
        "organization_id": organization.id, "external_id": organization.external_id, "name": organization.name,
        "created": put.created,
    }))
}

async fn add_account(context: &OperationContext, form: &AddUser) -> Result<(AddedUser, OrganizationId), Problem> {
    let unknown = || {
        let detail = format!("There is no organization {}.", form.organization);
        Problem::new(ProblemCode::NotFound, Detail::general(detail))
    };
    let named = form.organization.parse().map_err(|_| unknown())?;
    let organization = context.store.find_organization(&named).await?.ok_or_else(unknown)?;
    let name = name_of(form.name.as_deref(), &form.email);
    let added = users::add_user(context, &organization.id, &form.email, &name, form.role).await?;
    Ok((added, organization.id))
}

/// `user add`.
pub(crate) async fn add_user(config: &Config, form: &AddUser) -> Result<ExitCode, Failure> {
    let context = open_context(config, "user add").await?;
    let added = add_account(&context, form).await;
    context.store.close().await;
    let (added, organization_id) = added.map_err(|problem| explain(&problem))?;
    let answer = |id: &UserId| json!({"user_id": id, "organization_id": organization_id, "role": form.role});
    match added {
        AddedUser::NewAccount(user, link) => {
            let words = format!("{} chooses a password by this link.", user.email);
            print_link(config, answer(&user.id), &link, &words)
        }
        AddedUser::Existing(user) => {
            eprintln!("{} has an account already and signs in as before.", user.email);
            print_line(&answer(&user.id))
        }
    }
}

/// `user reset`.
pub(crate) async fn reset_user(config: &Config, form: &NamedUser) -> Result<ExitCode, Failure> {
    let context = open_context(config, "user reset").await?;
    let made = users::reset_user(&context, &form.email).await;
    context.store.close().await;
    let (account, link) = made.map_err(|problem| explain(&problem))?;
    let words = format!("{} chooses another password by this link; the present one works until then.", account.email);
    print_link(config, json!({"user_id": account.id}), &link, &words)
}

/// `user lock`, and `--undo`.
pub(crate) async fn lock_user(config: &Config, form: &LockUser) -> Result<ExitCode, Failure> {
    let context = open_context(config, "user lock").await?;
    let done = users::lock_user(&context, &form.email, !form.undo).await;
    context.store.close().await;
    let (account, ended) = done.map_err(|problem| explain(&problem))?;
    print_line(&json!({"user_id": account.id, "locked": !form.undo, "sessions_ended": ended.len()}))
}

/// `user sessions-end`.
pub(crate) async fn end_sessions(config: &Config, form: &NamedUser) -> Result<ExitCode, Failure> {
    let context = open_context(config, "user sessions-end").await?;
    let done = users::end_user_sessions(&context, &form.email).await;
    context.store.close().await;
    let (account, ended) = done.map_err(|problem| explain(&problem))?;
    print_line(&json!({"user_id": account.id, "sessions_ended": ended.len()}))
}

/// `user second-factor-off`.
pub(crate) async fn remove_second_factor(config: &Config, form: &NamedUser) -> Result<ExitCode, Failure> {
    let context = open_context(config, "user second-factor-off").await?;
    let done = users::remove_second_factor(&context, &form.email).await;
    context.store.close().await;
    let (account, removed) = done.map_err(|problem| explain(&problem))?;
    if !removed {
        eprintln!("{} had no second factor.", account.email);
    }
    print_line(&json!({"user_id": account.id, "second_factor_removed": removed}))
}
