//! The first run: an empty database gets its first organization and owner, once.

use std::sync::atomic::Ordering;

use billing_contract::setup::CompleteSetup;
use billing_contract::{FieldError, ProblemCode};
use billing_domain::free_text::{FreeText, ORGANIZATION_NAME};
use billing_domain::{Currency, FreeTextError};
use billing_store::{
    Actor, NewOrganization, NewSetup, Organization, SetupGrant, SetupRefusal, StoreError, TokenPurpose, User,
};

use crate::auth::tokens::hash_token;
use crate::calendar::Calendar;
use crate::message::UserMessage;
use crate::problem::{Problem, field_error, text_error};
use crate::service::account_links::{AccountLink, FIRST_RUN_SECONDS, SET_PASSWORD_SECONDS, link_gone};
use crate::service::operation::OperationContext;
use crate::service::password_resets::hash_password;
use crate::service::person_checks::{check_email, check_locale, check_name, check_password};
use crate::service::sessions::{self, Client, NewMember};
use crate::state::AppState;

/// On an empty database, the link by which somebody begins; every server makes one of its own, and the first use wins.
pub(crate) async fn offer_setup(state: &AppState) -> Result<Option<AccountLink>, StoreError> {
    if state.config.demo || !state.store.is_unused().await? {
        return Ok(None);
    }
    let now = state.clock.now();
    let link = AccountLink::new(TokenPurpose::FirstRun, None, FIRST_RUN_SECONDS, now)
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    state.store.create_user_token(&link.token, None, now).await?;
    state.setup_open.store(true, Ordering::Relaxed);
    Ok(Some(link))
}

/// Notices that the first run is over, at whichever server it was done.
pub(crate) async fn refresh_offer(state: &AppState) -> Result<(), Problem> {
    if state.setup_open.load(Ordering::Relaxed) && !state.store.is_unused().await? {
        state.setup_open.store(false, Ordering::Relaxed);
    }
    Ok(())
}

/// What a form of the first run says, checked.
struct CheckedSetup {
    organization: OrganizationForm,
    name: String,
    email: String,
    locale: Option<String>,
}

/// What the operator or the first person says about an organization.
#[derive(Clone, Debug)]
pub(crate) struct OrganizationForm {
    /// Legal name.
    pub(crate) name: String,
    /// IANA time zone.
    pub(crate) time_zone: String,
    /// The wallet's currency.
    pub(crate) currency: Currency,
}

impl OrganizationForm {
    /// Checks name and zone; `name_pointer`: the field that the name came in.
    pub(crate) fn check(
        name_pointer: &str,
        name: &str,
        time_zone: &str,
        currency: Currency,
    ) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let name = FreeText::parse(ORGANIZATION_NAME, name).unwrap_or_else(|error| {
            errors.push(match error {
                FreeTextError::Required => {
                    field_error(name_pointer, error.code(), UserMessage::organization_name_missing())
                }
                _ => text_error(name_pointer, error),
            });
            FreeText::default()
        });
        let time_zone = time_zone.trim();
        let zone = Calendar::of(time_zone).map(|calendar| calendar.name().unwrap_or(time_zone).to_owned());
        let Ok(zone) = zone else {
            errors.push(field_error("/time_zone", "unknown_time_zone", UserMessage::time_zone_unknown()));
            return Err(errors);
        };
        if errors.is_empty() { Ok(Self { name: name.into_string(), time_zone: zone, currency }) } else { Err(errors) }
    }
}

/// Makes the first organization and its owner, who is signed in at once. The link is used up.
pub(crate) async fn complete_setup(
    state: &AppState,
    form: &CompleteSetup,
    client: Client,
) -> Result<NewMember, Problem> {
    let checked = check_form(form)?;
    state.budgets.take_account_link(client.network)?;
    let password_hash = hash_password(state, &client, &form.password).await?;
    let context = state.operation_by(Actor::system("setup"));
    let owner = User { id: state.new_id()?, email: checked.email, name: checked.name, password_hash };
    let context = OperationContext {
        actor: Actor { address: client.address.to_string(), ..Actor::user(&owner.id, &owner.name) },
        ..context
    };
    let token_hash = hash_token(&form.token);
    let grant = SetupGrant::Link(&token_hash);
    let organization = create_first(&context, checked.organization, &owner, checked.locale.as_deref(), grant).await?;
    state.budgets.give_back_account_link(client.network);
    state.setup_open.store(false, Ordering::Relaxed);
    tracing::warn!(target: "security", organization = %organization.id, owner = %owner.id, "first run completed");
    sessions::begin_session(state, owner.id, organization.id, &owner.email, client, None).await
}

fn check_form(form: &CompleteSetup) -> Result<CheckedSetup, Problem> {
    let mut errors = Vec::new();
    let mut or_note = |result: Result<String, FieldError>| {
        result.unwrap_or_else(|error| {
            errors.push(error);
            String::new()
        })
    };
    let name = or_note(check_name("/name", &form.name));
    let email = or_note(check_email("/email", &form.email));
    let _ = or_note(check_password("/password", &form.password, &form.email).map(|()| String::new()));
    let locale = or_note(check_locale("/locale", form.locale.as_deref()).map(Option::unwrap_or_default));
    match OrganizationForm::check("/organization", &form.organization, &form.time_zone, form.currency) {
        Ok(organization) if errors.is_empty() => {
            Ok(CheckedSetup { organization, name, email, locale: Some(locale).filter(|locale| !locale.is_empty()) })
        }
        Ok(_) => Err(Problem::invalid(errors)),
        Err(more) => Err(Problem::invalid([more, errors].concat())),
    }
}

/// `setup`: the same by the operator's command. The owner has no password yet; the link is for choosing one.
pub(crate) async fn set_up_by_command(
    context: &OperationContext,
    organization: OrganizationForm,
    owner_name: &str,
    owner_email: &str,
) -> Result<(Organization, User, AccountLink), Problem> {
    let name = check_name("/owner_name", owner_name).map_err(|error| Problem::invalid(vec![error]))?;
    let email = check_email("/owner", owner_email).map_err(|error| Problem::invalid(vec![error]))?;
    let owner = User { id: context.new_id()?, email, name, password_hash: String::new() };
    let now = context.clock.now();
    let link = AccountLink::new(TokenPurpose::SetPassword, Some(owner.id.clone()), SET_PASSWORD_SECONDS, now)
        .map_err(Problem::internal)?;
    let created = create_first(context, organization, &owner, None, SetupGrant::Command(&link.token)).await?;
    Ok((created, owner, link))
}

async fn create_first(
    context: &OperationContext,
    organization: OrganizationForm,
    owner: &User,
    locale: Option<&str>,
    grant: SetupGrant<'_>,
) -> Result<Organization, Problem> {
    let organization = NewOrganization {
        id: context.new_id()?,
        name: organization.name,
        address: String::new(),
        tax_id: String::new(),
        time_zone: organization.time_zone,
        currency: organization.currency,
        made_by_demo: false,
    };
    let new = NewSetup { organization: &organization, owner, locale };
    match context.store.set_up(&new, grant, &context.actor, context.clock.now()).await? {
        Ok(created) => Ok(created),
        Err(SetupRefusal::UnknownLink) => Err(link_gone()),
        Err(SetupRefusal::DoneBefore) => Err(Problem::new(ProblemCode::Gone, UserMessage::setup_done())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let form = CompleteSetup {
            token: String::new(),
            organization: " ".to_owned(),
            name: String::new(),
            email: "nobody".to_owned(),
            password: "short".to_owned(),
            time_zone: "Europe/Atlantis".to_owned(),
            currency: Currency::Eur,
            locale: Some("de_DE".to_owned()),
        };
        let Err(problem) = check_form(&form) else { panic!("nothing of it is right") };
        let pointers: Vec<_> = problem.document().errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/organization", "/time_zone", "/name", "/email", "/password", "/locale"]);
    }
}
