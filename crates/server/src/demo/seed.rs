//! Writes the demo organization down, step by step; every step can be repeated, so an interrupted start is finished by
//! the next one.

use billing_contract::card::CreateCardSetup;
use billing_domain::{Currency, OrganizationId, SessionKind, Timestamp};
use billing_store::{NewOrganization, Organization, StoreError, User};

use super::lease::Lease;
use super::{DemoError, DemoPerson, PASSWORD, PEOPLE, history, replay, state_at};
use crate::auth::passwords::Passwords;
use crate::calendar::Calendar;
use crate::config::DemoState;
use crate::problem::Problem;
use crate::service::cards;
use crate::service::sessions::{Confirmation, MemberUser, SignedInMember};
use crate::state::AppState;

const ZONE: &str = "America/Chicago";
/// When the story was begun: a repetition must tell the same one.
const BEGUN_AT: &str = "demo.begun_at";
/// Name of the fact that says which story this database tells.
const STATE: &str = "demo.state";
/// It is told to the end.
const READY: &str = "demo.ready";

/// The wording of the consent to later charges that the page shows when a card is connected.
const CONSENT: &str = "2026-11";

/// See [`super::prepare_demo`].
/// See docs/decisions/0056-demo-through-services.md.
pub(super) async fn seed_demo(state: &AppState) -> Result<OrganizationId, DemoError> {
    refuse_foreign(state).await?;
    let lease = Lease::acquire(state).await?;
    let id = seed_once(state, lease).await?;
    Ok(id)
}

async fn seed_once(state: &AppState, mut lease: Lease) -> Result<OrganizationId, DemoError> {
    if state.store.meta(READY).await?.is_some()
        && let Some(id) = state.store.organization_ids().await?.into_iter().next()
    {
        lease.release(state).await?;
        return Ok(id);
    }
    let begun_at = begun_at(state).await?;
    let calendar = Calendar::of(ZONE).map_err(Problem::internal)?;
    let lived =
        remember_value(state, STATE, if state.config.demo_state == DemoState::Fresh { "fresh" } else { "lived" })
            .await?
            == "lived";
    let since = if lived { history::history_start(&calendar, begun_at) } else { begun_at };
    let organization = seed_organization(state, since).await?;
    let people = seed_people(state, &organization, since).await?;
    if lived {
        let events = history::make_history(&calendar, begun_at);
        connect_card(&state_at(state, since), &people, begun_at).await?;
        replay::replay_history(state, &organization, &people, &calendar, &events, &mut lease).await?;
    }
    state.store.set_meta(READY, "yes").await?;
    lease.release(state).await?;
    tracing::info!(organization = %organization.id, lived, "the demo organization is ready");
    Ok(organization.id)
}

async fn refuse_foreign(state: &AppState) -> Result<(), DemoError> {
    for id in state.store.organization_ids().await? {
        if !state.store.organization(&id).await?.made_by_demo {
            return Err(DemoError::Foreign);
        }
    }
    Ok(())
}

/// What was written under the key before, else `value`, which is written now.
async fn remember_value(state: &AppState, key: &str, value: &str) -> Result<String, DemoError> {
    if let Some(before) = state.store.meta(key).await? {
        return Ok(before);
    }
    state.store.set_meta(key, value).await?;
    Ok(value.to_owned())
}

async fn begun_at(state: &AppState) -> Result<Timestamp, DemoError> {
    let text = remember_value(state, BEGUN_AT, &state.clock.now().to_string()).await?;
    text.parse().map_err(|_| DemoError::Service(format!("the database's {BEGUN_AT} is no time: {text}")))
}

async fn seed_organization(state: &AppState, since: Timestamp) -> Result<Organization, DemoError> {
    if let Some(id) = state.store.organization_ids().await?.first() {
        return Ok(state.store.organization(id).await?);
    }
    let new = NewOrganization {
        id: state_at(state, since).new_id()?,
        name: "Northwind Dental".to_owned(),
        address: "2200 North Lakeview Avenue\nChicago, IL 60614\nUnited States".to_owned(),
        tax_id: "36-5550142".to_owned(),
        time_zone: ZONE.to_owned(),
        currency: Currency::Usd,
        made_by_demo: true,
    };
    Ok(state.store.create_organization(&new, since).await?)
}

/// The people, as members who could have asked for what the story tells of them; the owner first.
async fn seed_people(
    state: &AppState,
    organization: &Organization,
    since: Timestamp,
) -> Result<Vec<SignedInMember>, DemoError> {
    let mut members = Vec::new();
    for person in &PEOPLE {
        let user = seed_user(state, person, since).await?;
        match state.store.add_member(&organization.id, &user.id, person.role, since).await {
            Ok(()) | Err(StoreError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
        members.push(SignedInMember {
            user: MemberUser { id: user.id, name: user.name, email: user.email },
            role: person.role,
            organization: organization.clone(),
            // Nobody's session: nothing that is done here asks for one.
            confirmation: Confirmation::ByProgram,
            kind: SessionKind::Password,
            can: None,
            portal_session_id: None,
            sign_in_provider: None,
            token_hash: String::new(),
            address: None,
            asked: None,
        });
    }
    Ok(members)
}

async fn seed_user(state: &AppState, person: &DemoPerson, since: Timestamp) -> Result<User, DemoError> {
    if let Some(user) = state.store.user_by_email(person.email).await? {
        return Ok(user);
    }
    let hash = tokio::task::spawn_blocking(|| Passwords::hash(PASSWORD)).await;
    let user = User {
        id: state_at(state, since).new_id()?,
        email: person.email.to_owned(),
        name: person.name.to_owned(),
        password_hash: hash.map_err(Problem::internal)?.map_err(Problem::internal)?,
    };
    state.store.create_user(&user, since).await?;
    Ok(user)
}

async fn connect_card(past: &AppState, people: &[SignedInMember], begun_at: Timestamp) -> Result<(), DemoError> {
    let Some(owner) = people.first() else { return Ok(()) };
    let form = CreateCardSetup {
        token: "pm_card_visa".to_owned(),
        exp_month: 12,
        exp_year: begun_at.utc_date().month().year().saturating_add(3),
        consent: CONSENT.to_owned(),
    };
    let (setup, _) = cards::start_setup(past, owner, Some("demo-card".to_owned()), &form).await?;
    if setup.card.is_some() {
        Ok(())
    } else {
        Err(DemoError::Service("the sandbox bank has not connected the card".to_owned()))
    }
}
