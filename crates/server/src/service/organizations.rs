//! Organizations as the host makes, changes, lists, suspends and closes them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use billing_contract::host_organization::{
    HostOrganization, HostOrganizationPage, HostPolicy, PutHostOrganization, PutPolicy,
};
use billing_contract::{FieldError, ProblemCode};
use billing_domain::free_text::{
    ADDRESS, EXTERNAL_ID, FreeText, METADATA_NAME, METADATA_VALUE, ORGANIZATION_NAME, PLAN, Purpose, SEARCH,
    STATUS_REASON, TAX_ID,
};
use billing_domain::limits::AmountError;
use billing_domain::status::OrganizationStatus;
use billing_domain::{Currency, Money, OrganizationId, OrganizationRef, Timestamp};
use billing_store::{Organization, OrganizationFacts, OrganizationFilter, OrganizationPolicy, OrganizationPut};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::auth::keys::KeyHolder;
use crate::calendar::Calendar;
use crate::config::Config;
use crate::events::Topic;
use crate::message::UserMessage;
use crate::problem::{Detail, Problem, field_error, general_error, text_error};
use crate::service::operation::OperationContext;
use crate::service::person_checks::is_language_tag;
use crate::service::{organization_refs, wallet};
use crate::state::AppState;

/// Notes of the host's on one organization.
pub(crate) const MAX_METADATA: usize = 20;
/// A year: longer grace is no grace.
pub(crate) const MAX_GRACE_SECONDS: i64 = 365 * 24 * 3600;
/// Organizations of a page unless the client says otherwise.
const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;
/// First byte of a cursor; another one would mean another way to go on.
const CURSOR_VERSION: u8 = 1;

/// What a put has made or changed.
#[derive(Clone, Debug)]
pub(crate) struct PutAnswer {
    /// As it is now.
    pub(crate) organization: Organization,
    /// It is new.
    pub(crate) created: bool,
}

/// `PUT /organizations/{id}`: makes it under the host's own id, or changes what is there; the answer, and what
/// open pages are to notice.
pub(crate) async fn put_organization(
    context: &OperationContext,
    config: &Config,
    named: &OrganizationRef,
    form: &PutHostOrganization,
    may_create: bool,
) -> Result<(PutAnswer, Vec<Topic>), Problem> {
    let (facts, calendar) = check_form(form)?;
    put_facts(context, config, named, &facts, &calendar, may_create).await
}

async fn put_facts(
    context: &OperationContext,
    config: &Config,
    named: &OrganizationRef,
    facts: &OrganizationFacts,
    calendar: &Calendar,
    may_create: bool,
) -> Result<(PutAnswer, Vec<Topic>), Problem> {
    if context.store.find_organization(named).await?.is_none() {
        let OrganizationRef::External(id) = named else { return Err(Problem::not_found()) };
        if !may_create {
            return Err(Problem::not_found());
        }
        FreeText::parse_exact(EXTERNAL_ID, id.as_str()).map_err(|error| Problem::text("", error))?;
    }
    let id = context.new_id()?;
    let now = context.clock.now();
    let put = context.store.put_organization(named, facts, &id, config.demo, &context.actor, now).await?;
    match put {
        OrganizationPut::Created(organization) => Ok((PutAnswer { organization, created: true }, Vec::new())),
        OrganizationPut::Same(organization) => Ok((PutAnswer { organization, created: false }, Vec::new())),
        OrganizationPut::Changed { before, after } => {
            if before.time_zone != after.time_zone {
                let (store, id, calendar) = (context.store.clone(), after.id.clone(), calendar.clone());
                // In a task of its own: a program that hangs up must not leave half of the days in the old zone.
                let rebuilt =
                    tokio::spawn(async move { store.rebuild_usage_days(&id, |at| calendar.date_of(at)).await });
                rebuilt.await.map_err(Problem::internal)??;
            }
            let mut topics = vec![Topic::Organization];
            if before.policy != after.policy || before.currency != after.currency {
                topics.push(Topic::Wallet);
            }
            Ok((PutAnswer { organization: *after, created: false }, topics))
        }
        OrganizationPut::CurrencyLocked => {
            let detail = "The organization has lines, payments or settings in its currency, which therefore stays.";
            Err(Problem::new(ProblemCode::CurrencyLocked, Detail::general(detail)))
        }
    }
}

/// The organization of this name, made with what the operator has set as the default if the host has not put it yet and its
/// key may make some. `None`: there is none, or the key does not see it.
pub(crate) async fn find_or_create_organization(
    state: &AppState,
    holder: &KeyHolder,
    named: &str,
) -> Result<Option<Organization>, Problem> {
    if let Some(found) = organization_refs::find_organization(&state.store, holder, named).await? {
        return Ok(Some(found));
    }
    let Ok(OrganizationRef::External(external_id)) = named.parse() else { return Ok(None) };
    let name = external_id.as_str().chars().take(ORGANIZATION_NAME.most).collect::<String>();
    // What looks like a card number is no name, and no id to be kept either.
    let (Ok(name), Ok(_)) =
        (FreeText::parse(ORGANIZATION_NAME, &name), FreeText::parse_exact(EXTERNAL_ID, external_id.as_str()))
    else {
        return Ok(None);
    };
    if !organization_refs::may_create(holder) {
        return Ok(None);
    }
    let facts = OrganizationFacts {
        name: name.into_string(),
        time_zone: state.config.default_time_zone.clone(),
        currency: state.config.default_currency,
        address: None,
        tax_id: None,
        locale: None,
        plan: None,
        policy: None,
        metadata: None,
    };
    let (id, demo) = (state.new_id()?, state.config.demo);
    let (actor, now) = (holder.actor(), state.clock.now());
    Ok(Some(state.store.find_or_create_organization(&external_id, &facts, &id, demo, &actor, now).await?))
}

/// As the host's programs see it, with its wallet.
pub(crate) async fn view_organization(
    state: &AppState,
    organization: Organization,
) -> Result<HostOrganization, Problem> {
    let wallet = wallet::get_wallet(state, &organization).await?;
    Ok(HostOrganization { wallet: Some(wallet), ..map_organization(organization) })
}

/// Which organizations are listed, as it stands in the address. Everything is optional.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Search {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Contained in the name or in the host's id; at most 100 characters.
    q: Option<String>,
    /// `active`, `suspended` or `closed`.
    status: Option<String>,
    /// Organizations of a page, 1 to 200; 50 when left out.
    limit: Option<String>,
}

/// `GET /organizations`: from the oldest on, as far as the key sees.
pub(crate) async fn list_page(
    state: &AppState,
    holder: &KeyHolder,
    search: &Search,
) -> Result<HostOrganizationPage, Problem> {
    let (filter, after, limit) = search.check(holder)?;
    let after = after.as_ref().map(|(at, id)| (*at, id));
    let mut found = state.store.page_organizations(&filter, after, limit.saturating_add(1)).await?;
    let limit = usize::try_from(limit).map_err(Problem::internal)?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = found.last().filter(|_| has_more).map(write_cursor);
    Ok(HostOrganizationPage { items: found.into_iter().map(map_organization).collect(), next_cursor })
}

type Checked = (OrganizationFilter, Option<(Timestamp, OrganizationId)>, u32);

impl Search {
    fn check(&self, holder: &KeyHolder) -> Result<Checked, Problem> {
        let mut errors = Vec::new();
        let cursor = self.cursor.as_deref().map(|text| {
            read_cursor(text).ok_or_else(|| general_error("cursor", "wrong_value", "This is no next_cursor of ours."))
        });
        let status = self.status.as_deref().map(|text| {
            text.parse().map_err(|_| general_error("status", "wrong_value", "One of active, suspended and closed."))
        });
        let query = self
            .q
            .as_deref()
            .map(|text| FreeText::parse_unstored(SEARCH, text).map_err(|error| text_error("q", error)));
        let limit = self.limit.as_deref().map_or(Ok(DEFAULT_LIMIT), |text| {
            let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
            limit.ok_or_else(|| general_error("limit", "out_of_range", format!("From 1 to {MAX_LIMIT}.")))
        });
        let after = keep(cursor.transpose(), &mut errors).flatten();
        let status = keep(status.transpose(), &mut errors).flatten();
        let query = keep(query.transpose(), &mut errors).flatten();
        let limit = keep(limit, &mut errors);
        match limit {
            Some(limit) if errors.is_empty() => {
                let query = query.map(FreeText::into_string).filter(|text| !text.is_empty());
                let only = holder.organization_id().cloned();
                Ok((OrganizationFilter { only, status, query }, after, limit))
            }
            _ => Err(Problem::invalid(errors)),
        }
    }
}

/// The value, or its error among the others.
fn keep<T>(read: Result<T, FieldError>, errors: &mut Vec<FieldError>) -> Option<T> {
    read.map_err(|error| errors.push(error)).ok()
}

fn write_cursor(last: &Organization) -> String {
    let mut bytes = vec![CURSOR_VERSION];
    bytes.extend(last.created_at.micros().to_be_bytes());
    bytes.extend(last.id.as_str().as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn read_cursor(text: &str) -> Option<(Timestamp, OrganizationId)> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let (version, rest) = bytes.split_first()?;
    let (at, id) = rest.split_at_checked(8)?;
    let at = Timestamp::from_micros(i64::from_be_bytes(at.try_into().ok()?));
    let id = std::str::from_utf8(id).ok()?.parse().ok()?;
    (*version == CURSOR_VERSION).then_some((at, id))
}

/// `POST /organizations/{id}/suspend`, `resume`, `close`.
pub(crate) async fn change_status(
    context: &OperationContext,
    organization: &Organization,
    status: OrganizationStatus,
    reason: &str,
) -> Result<Organization, Problem> {
    let reason = FreeText::parse(STATUS_REASON, reason).map_err(|error| Problem::text("/reason", error))?;
    let now = context.clock.now();
    let changed = context.store.set_organization_status(&organization.id, status, &reason, &context.actor, now).await?;
    changed.ok_or_else(|| {
        let detail = "The organization is closed, which is for good.";
        Problem::new(ProblemCode::Conflict, Detail::general(detail))
    })
}

/// Nothing is begun for an organization that is closed.
pub(crate) fn require_open(organization: &Organization) -> Result<(), Problem> {
    match organization.status {
        OrganizationStatus::Active | OrganizationStatus::Suspended => Ok(()),
        OrganizationStatus::Closed => Err(closed_organization()),
    }
}

/// What is said where something was to be begun for an organization that is closed.
pub(crate) fn closed_organization() -> Problem {
    let detail = "This organization is closed. What it has can be read; nothing more is charged or changed.";
    Problem::new(ProblemCode::Suspended, Detail::general(detail))
}

fn check_form(form: &PutHostOrganization) -> Result<(OrganizationFacts, Calendar), Problem> {
    let mut errors = Vec::new();
    let name = check_text(&mut errors, "/name", &form.name, ORGANIZATION_NAME);
    let address = form.address.as_deref().map(|text| check_text(&mut errors, "/address", text, ADDRESS));
    let tax_id = form.tax_id.as_deref().map(|text| check_text(&mut errors, "/tax_id", text, TAX_ID));
    let plan = form.plan.as_deref().map(|text| check_text(&mut errors, "/plan", text, PLAN));
    if form.locale.as_deref().is_some_and(|locale| !is_locale(locale)) {
        errors.push(general_error("/locale", "wrong_value", "A language tag like en or pt-BR."));
    }
    let policy = form.policy.as_ref().map(|policy| check_policy(&mut errors, policy, form.currency));
    let metadata = form.metadata.as_ref().map(|metadata| check_metadata(&mut errors, metadata));
    let calendar = Calendar::of(form.time_zone.trim()).map_err(|_| {
        errors.push(field_error("/time_zone", "unknown_time_zone", UserMessage::time_zone_unknown()));
    });
    match calendar {
        Ok(calendar) if errors.is_empty() => {
            let time_zone = calendar.name().unwrap_or(form.time_zone.trim()).to_owned();
            let (currency, locale) = (form.currency, form.locale.clone());
            let facts =
                OrganizationFacts { name, time_zone, currency, address, tax_id, locale, plan, policy, metadata };
            Ok((facts, calendar))
        }
        _ => Err(Problem::invalid(errors)),
    }
}

fn check_text(errors: &mut Vec<FieldError>, pointer: &str, entered: &str, purpose: Purpose) -> String {
    let text = FreeText::parse(purpose, entered).unwrap_or_else(|error| {
        errors.push(text_error(pointer, error));
        FreeText::default()
    });
    text.into_string()
}

/// A language tag, or nothing, which takes it away.
fn is_locale(tag: &str) -> bool {
    tag.is_empty() || is_language_tag(tag)
}

fn check_policy(errors: &mut Vec<FieldError>, form: &PutPolicy, currency: Currency) -> OrganizationPolicy {
    if form.grace_seconds.is_some_and(|seconds| !(0..=MAX_GRACE_SECONDS).contains(&seconds)) {
        let detail = format!("From 0 to {MAX_GRACE_SECONDS} seconds.");
        errors.push(general_error("/policy/grace_seconds", "out_of_range", &detail));
    }
    let mut amount =
        |pointer: &str, entered: Option<&str>| match entered.map(|text| Money::parse_payable(text, currency)) {
            None => None,
            Some(Ok(amount)) if amount.is_negative() => {
                errors.push(general_error(pointer, "negative", "must not be negative"));
                None
            }
            Some(Ok(amount)) => Some(amount),
            Some(Err(error)) => {
                let error = AmountError::of(error, currency);
                errors.push(field_error(pointer, error.code(), UserMessage::from(error)));
                None
            }
        };
    OrganizationPolicy {
        require_card: form.require_card,
        grace_seconds: form.grace_seconds,
        grace_amount: amount("/policy/grace_amount", form.grace_amount.as_ref().map(billing_contract::Entered::text)),
        low_mark: amount("/policy/low_mark", form.low_mark.as_ref().map(billing_contract::Entered::text)),
    }
}

fn check_metadata(errors: &mut Vec<FieldError>, form: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    if form.len() > MAX_METADATA {
        errors.push(general_error("/metadata", "too_many", format!("At most {MAX_METADATA} notes.")));
        return BTreeMap::new();
    }
    let mut checked = BTreeMap::new();
    for (name, value) in form {
        let pointer = format!("/metadata/{}", name.replace('~', "~0").replace('/', "~1"));
        let name = check_text(errors, &pointer, name, METADATA_NAME);
        checked.insert(name, check_text(errors, &pointer, value, METADATA_VALUE));
    }
    checked
}

fn map_organization(organization: Organization) -> HostOrganization {
    let OrganizationPolicy { require_card, grace_seconds, grace_amount, low_mark } = organization.policy;
    HostOrganization {
        id: organization.id.into(),
        external_id: organization.external_id,
        name: organization.name,
        address: organization.address,
        tax_id: organization.tax_id,
        time_zone: organization.time_zone,
        currency: organization.currency,
        locale: organization.locale,
        plan: organization.plan,
        status: organization.status,
        status_reason: organization.status_reason,
        policy: HostPolicy { require_card, grace_seconds, grace_amount, low_mark },
        metadata: organization.metadata,
        created_at: organization.created_at,
        wallet: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_has_the_form_of_a_tag() {
        for tag in ["", "en", "pt-BR", "zh-Hant-TW", "es-419", "de-CH-1996"] {
            assert!(is_locale(tag), "{tag}");
        }
        for tag in ["e", "1en", "en_US", "en-", "-en", "en--US", "abcdefghi", "en US", "\u{e4}b", &"en-a".repeat(9)] {
            assert!(!is_locale(tag), "{tag}");
        }
    }

    #[test]
    fn a_cursor_reads_back_and_nothing_else_does() {
        let id = OrganizationId::from_trusted("0198c0de-7a11-7000-8000-0123456789ab");
        let at = Timestamp::from_micros(1_800_000_000_000_001);
        let mut bytes = vec![CURSOR_VERSION];
        bytes.extend(at.micros().to_be_bytes());
        bytes.extend(id.as_str().as_bytes());
        assert_eq!(read_cursor(&BASE64_URL_SAFE_NO_PAD.encode(&bytes)), Some((at, id)));
        bytes[0] = 2;
        assert_eq!(read_cursor(&BASE64_URL_SAFE_NO_PAD.encode(&bytes)), None);
        for text in ["", "AQ", "?", "AQAAAAAAAAAAYQ"] {
            assert_eq!(read_cursor(text), None, "{text}");
        }
    }
}
