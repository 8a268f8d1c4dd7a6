//! What the AI platform asks and reports: "may this start?", and what was used.

use std::collections::HashMap;

use billing_contract::metering::{Authorization, Authorize, UsageEvent, UsageResult, UsageResultStatus};
use billing_contract::{Entered, FieldError};
use billing_domain::decimal::DecimalError;
use billing_domain::pricing::{self, PricingError};
use billing_domain::status::{Refusal, WalletStatus};
use billing_domain::{Money, Timestamp};
use billing_store::{NewHold, Organization, Outcome, Release, StoreError};
use rust_decimal::Decimal;

use crate::app::AppState;
use crate::events::Topic;
use crate::problem::Problem;
use crate::service::postings::{self, Posted, Report, UsageLine};
use crate::service::{auto_pay, wallet};

/// Clocks differ, but not by more than this.
const AHEAD_SECONDS: i64 = 5 * 60;
/// 2000-01-01. Nothing was metered before: such a time is a unit mixed up or a clock that was never set.
const OLDEST: Timestamp = Timestamp::from_seconds(946_684_800);
const MAX_TTL_SECONDS: i64 = 24 * 3600;
/// When money is on its way, asking again after this helps.
const RETRY_SECONDS: i64 = 5;

const ID_CHARACTERS: usize = 255;
const DESCRIPTION_CHARACTERS: usize = 500;
const SOURCE_CHARACTERS: usize = 120;

/// An item of a report as far as it could be read.
pub(crate) type Item = Result<UsageEvent, Unread>;

/// An item that is no usage event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unread {
    /// Its id as far as it could be read.
    pub(crate) id: String,
    /// What is wrong; `pointer` within the item.
    pub(crate) error: FieldError,
}

/// `POST /metering/events`: the answers in the order of the items.
///
/// A line is accepted however late it comes (back to the year 2000, also from before the wallet existed): what was
/// used is owed, and the summary counts it on the day on which it happened. A line from the future is refused.
pub(crate) async fn report(state: &AppState, items: Vec<Item>) -> Result<Vec<UsageResult>, Problem> {
    let now = state.clock.now();
    let mut results = Vec::with_capacity(items.len());
    let mut reports: Vec<(Report, Vec<usize>)> = Vec::new();
    let mut organizations = HashMap::new();
    for (index, item) in items.into_iter().enumerate() {
        let checked = match item {
            Err(unread) => Err((unread.id, unread.error)),
            Ok(event) => check(state, event, now, &mut organizations).await?,
        };
        match checked {
            Err((id, error)) => results.push(rejected(id, index, error)),
            Ok((organization, line)) => {
                results.push(rejected(line.reference.clone(), index, unposted()));
                match reports.iter_mut().find(|(report, _)| report.organization.id == organization.id) {
                    Some((report, indexes)) => {
                        report.lines.push(line);
                        indexes.push(index);
                    }
                    None => reports.push((Report { organization, lines: vec![line] }, vec![index])),
                }
            }
        }
    }
    let (reports, indexes): (Vec<_>, Vec<_>) = reports.into_iter().unzip();
    let answers = postings::post(state, &reports).await?;
    for (posted, index) in answers.into_iter().flatten().zip(indexes.into_iter().flatten()) {
        if let Some(result) = results.get_mut(index) {
            *result = answer(std::mem::take(&mut result.id), index, posted);
        }
    }
    Ok(results)
}

type Checked = Result<(Organization, UsageLine), (String, FieldError)>;

async fn check(
    state: &AppState,
    event: UsageEvent,
    now: Timestamp,
    organizations: &mut HashMap<String, Option<Organization>>,
) -> Result<Checked, Problem> {
    let (id, organization_id) = (event.id.clone(), event.organization_id.clone());
    let line = match line(event, now) {
        Ok(line) => line,
        Err(error) => return Ok(Err((id, error))),
    };
    let found = if let Some(known) = organizations.get(&organization_id) {
        known.clone()
    } else {
        let found = organization(state, &organization_id).await?;
        organizations.insert(organization_id, found.clone());
        found
    };
    Ok(match found {
        Some(organization) => Ok((organization, line)),
        None => Err((id, field("/organization_id", "not_found", "There is no organisation with this id."))),
    })
}

async fn organization(state: &AppState, id: &str) -> Result<Option<Organization>, Problem> {
    if uuid::Uuid::try_parse(id).is_err() {
        return Ok(None);
    }
    match state.store.organization(id).await {
        Ok(organization) => Ok(Some(organization)),
        Err(StoreError::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Checks and prices an event; the first thing that is wrong with it.
fn line(event: UsageEvent, now: Timestamp) -> Result<UsageLine, FieldError> {
    text("/id", &event.id, 1, ID_CHARACTERS, false)?;
    text("/description", &event.description, 0, DESCRIPTION_CHARACTERS, true)?;
    text("/source", &event.source, 0, SOURCE_CHARACTERS, false)?;
    let quantity = factor("/quantity", &event.quantity)?;
    let unit_price = factor("/unit_price", &event.unit_price)?;
    if event.occurred_at > now.plus_seconds(AHEAD_SECONDS) {
        return Err(field("/occurred_at", "future", "This lies more than five minutes in the future."));
    }
    if event.occurred_at < OLDEST {
        return Err(field("/occurred_at", "too_old", "Nothing before the year 2000 can be posted."));
    }
    if event.hold_id.as_deref().is_some_and(|id| uuid::Uuid::try_parse(id).is_err()) {
        return Err(field("/hold_id", "wrong_value", "A hold's id is the hold_id of its authorization."));
    }
    let hold_id = event.hold_id;
    UsageLine::priced(
        event.id,
        event.kind,
        quantity,
        event.unit,
        unit_price,
        event.occurred_at,
        event.description,
        event.source,
    )
    .map(|line| UsageLine { hold_id, ..line })
    .map_err(|error| pricing_error("/quantity", error))
}

/// Text within its limits, counted in characters. Databases and files cannot keep every control character.
fn text(pointer: &str, text: &str, least: usize, most: usize, lines: bool) -> Result<(), FieldError> {
    let length = text.chars().count();
    if length < least {
        return Err(field(pointer, "required", "This must not be empty."));
    }
    if length > most {
        return Err(field(pointer, "too_long", format!("At most {most} characters.")));
    }
    if text.chars().any(|one| one.is_control() && !(lines && matches!(one, '\n' | '\r' | '\t'))) {
        return Err(field(pointer, "unprintable", "Remove the characters that cannot be printed."));
    }
    Ok(())
}

fn factor(pointer: &str, entered: &Entered) -> Result<Decimal, FieldError> {
    pricing::parse_factor(entered.text()).map_err(|error| pricing_error(pointer, error))
}

fn pricing_error(pointer: &str, error: PricingError) -> FieldError {
    let code = match error {
        PricingError::Negative => "negative",
        PricingError::TooLarge => "too_large",
        PricingError::Decimal(error) => decimal_code(error),
    };
    field(pointer, code, error.to_string())
}

const fn decimal_code(error: DecimalError) -> &'static str {
    match error {
        DecimalError::Empty => "required",
        DecimalError::TooLarge => "too_large",
        DecimalError::Malformed => "not_a_decimal",
        DecimalError::TooPrecise => "too_precise",
    }
}

fn answer(id: String, index: usize, posted: Posted) -> UsageResult {
    match posted {
        Ok(Outcome::Posted(line)) => UsageResult {
            id,
            status: UsageResultStatus::Posted,
            seq: Some(line.line.seq),
            amount: Some(line.line.amount),
            error: None,
        },
        Ok(Outcome::Duplicate { seq, amount }) => {
            UsageResult { id, status: UsageResultStatus::Duplicate, seq: Some(seq), amount: Some(amount), error: None }
        }
        Ok(Outcome::Conflict { seq }) => {
            let detail = format!("Line {seq} was posted under this id with another content.");
            rejected(id, index, field("/id", "conflict", detail))
        }
        Err(StoreError::NotFound) => {
            rejected(id, index, field("/organization_id", "not_found", "There is no organisation with this id."))
        }
        Err(_) => {
            rejected(id, index, field("/quantity", "too_large", "The balance would leave the range of the ledger."))
        }
    }
}

fn rejected(id: String, index: usize, error: FieldError) -> UsageResult {
    let error = FieldError { pointer: format!("/events/{index}{}", error.pointer), ..error };
    UsageResult { id, status: UsageResultStatus::Rejected, seq: None, amount: None, error: Some(error) }
}

/// Stands in an item's place until its posting is known.
fn unposted() -> FieldError {
    field("", "unposted", "This was not posted.")
}

/// `POST /metering/authorizations`.
///
/// The status decides first. Then the estimate is set aside, if the available amount stays at or above zero with it;
/// an inbound call in grace may take it down to the floor of grace.
pub(crate) async fn authorize(state: &AppState, form: &Authorize) -> Result<Authorization, Problem> {
    let estimate = check_authorize(form)?;
    let organization = organization(state, &form.organization_id).await?.ok_or_else(Problem::not_found)?;
    let (now, policy) = (state.clock.now(), &state.config.policy);
    let figures = wallet::figures(state, &organization.id).await?;
    let status = wallet::admission(&figures, policy, now);
    if let Err(reason) = status.admits(form.kind) {
        return refusal(state, &organization.id, reason).await;
    }
    let floor = match status {
        WalletStatus::Grace => policy.grace_floor(),
        _ => Money::ZERO,
    };
    let expires_at = now.plus_seconds(form.ttl_seconds);
    let hold = NewHold { id: state.new_id()?, kind: form.kind, amount: estimate, expires_at };
    match state.store.authorize(&organization.id, &hold, floor, now).await? {
        billing_store::Authorization::Granted { hold, wallet } => {
            changed(state, &organization.id);
            // What was available before this hold, down to the floor.
            let before = wallet.available().checked_add(hold.amount).and_then(|before| before.checked_sub(floor));
            Ok(Authorization::Allowed {
                allowed: true,
                hold_id: hold.id,
                expires_at: hold.expires_at,
                max_amount: before.unwrap_or(hold.amount),
            })
        }
        billing_store::Authorization::Refused { wallet } => {
            // Parallel work may have taken the last of it since the status was read.
            let reason =
                wallet::admission(&wallet, policy, now).admits(form.kind).err().unwrap_or(Refusal::Insufficient);
            refusal(state, &organization.id, reason).await
        }
    }
}

fn check_authorize(form: &Authorize) -> Result<Money, Problem> {
    let mut errors = Vec::new();
    let estimate = form.estimate.text().parse::<Money>();
    match estimate {
        Ok(amount) if amount.is_negative() => errors.push(field("/estimate", "negative", "must not be negative")),
        Ok(_) => {}
        Err(error) => errors.push(field("/estimate", decimal_code(error), error.to_string())),
    }
    if !(1..=MAX_TTL_SECONDS).contains(&form.ttl_seconds) {
        errors.push(field("/ttl_seconds", "out_of_range", format!("From 1 to {MAX_TTL_SECONDS} seconds.")));
    }
    match estimate {
        Ok(amount) if errors.is_empty() => Ok(amount),
        _ => Err(Problem::invalid(errors)),
    }
}

async fn refusal(state: &AppState, organization_id: &str, reason: Refusal) -> Result<Authorization, Problem> {
    let pending = state.store.pending_credit(organization_id).await?;
    let retry_after_seconds = pending.in_flight.is_positive().then_some(RETRY_SECONDS);
    Ok(Authorization::Refused { allowed: false, reason, retry_after_seconds })
}

/// `POST /metering/authorizations/{id}/release`. Giving back what is given back already is fine.
pub(crate) async fn release(state: &AppState, hold_id: &str) -> Result<(), Problem> {
    if let Release::Released(wallet) = state.store.release_hold(hold_id, state.clock.now()).await? {
        changed(state, &wallet.organization_id);
    }
    Ok(())
}

/// A hold was made or given back: less or more is available now.
fn changed(state: &AppState, organization_id: &str) {
    state.events.publish(organization_id, Topic::Wallet);
    auto_pay::nudge(state, organization_id);
}

fn field(pointer: &str, code: &str, detail: impl Into<String>) -> FieldError {
    FieldError { pointer: pointer.to_owned(), code: code.to_owned(), detail: detail.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use billing_domain::UsageKind;
    use billing_domain::kind::Unit;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn event() -> UsageEvent {
        UsageEvent {
            id: "call-8841".to_owned(),
            organization_id: "0".to_owned(),
            kind: UsageKind::OutboundCall,
            quantity: Entered(Some("95".to_owned())),
            unit: Unit::Second,
            unit_price: Entered(Some("0.0012".to_owned())),
            occurred_at: NOW,
            description: "Call\nwith two lines".to_owned(),
            source: "Agent Ava".to_owned(),
            hold_id: None,
        }
    }

    fn error(event: UsageEvent) -> (String, String) {
        let error = line(event, NOW).unwrap_err();
        (error.pointer, error.code)
    }

    #[test]
    fn a_good_event_is_priced_once() {
        let priced = line(event(), NOW).unwrap();
        assert_eq!(priced.amount().to_string(), "-0.114");
        let spelt = UsageEvent { quantity: Entered(Some("95.000".to_owned())), ..event() };
        assert_eq!(line(spelt, NOW).unwrap(), priced, "another spelling of the same number is the same content");
        let free = UsageEvent { unit_price: Entered(Some("0".to_owned())), ..event() };
        assert_eq!(line(free, NOW).unwrap().amount(), Money::ZERO);
    }

    #[test]
    fn every_field_is_checked() {
        let entered = |text: &str| Entered(Some(text.to_owned()));
        let cases: Vec<(&str, &str, UsageEvent)> = vec![
            ("/id", "required", UsageEvent { id: String::new(), ..event() }),
            ("/id", "too_long", UsageEvent { id: "x".repeat(256), ..event() }),
            ("/id", "unprintable", UsageEvent { id: "a\nb".to_owned(), ..event() }),
            ("/description", "too_long", UsageEvent { description: "ü".repeat(501), ..event() }),
            ("/description", "unprintable", UsageEvent { description: "\0".to_owned(), ..event() }),
            ("/source", "too_long", UsageEvent { source: "x".repeat(121), ..event() }),
            ("/quantity", "negative", UsageEvent { quantity: entered("-1"), ..event() }),
            ("/quantity", "not_a_decimal", UsageEvent { quantity: entered("1e3"), ..event() }),
            ("/quantity", "not_a_decimal", UsageEvent { quantity: Entered(None), ..event() }),
            ("/quantity", "required", UsageEvent { quantity: entered(""), ..event() }),
            ("/unit_price", "too_precise", UsageEvent { unit_price: entered("0.0000000001"), ..event() }),
            ("/unit_price", "too_large", UsageEvent { unit_price: entered(&"9".repeat(30)), ..event() }),
            (
                "/quantity",
                "too_large",
                UsageEvent { quantity: entered("9000000000"), unit_price: entered("9000000000"), ..event() },
            ),
            ("/occurred_at", "future", UsageEvent { occurred_at: NOW.plus_seconds(301), ..event() }),
            ("/occurred_at", "too_old", UsageEvent { occurred_at: Timestamp::from_seconds(0), ..event() }),
            ("/hold_id", "wrong_value", UsageEvent { hold_id: Some("h".to_owned()), ..event() }),
        ];
        for (pointer, code, event) in cases {
            assert_eq!(error(event), (pointer.to_owned(), code.to_owned()));
        }
        assert!(line(UsageEvent { occurred_at: NOW.plus_seconds(300), ..event() }, NOW).is_ok());
        assert!(line(UsageEvent { occurred_at: OLDEST, ..event() }, NOW).is_ok());
    }

    #[test]
    fn an_estimate_is_a_plain_amount_for_a_limited_time() {
        let form = |estimate: &str, ttl_seconds| Authorize {
            organization_id: String::new(),
            kind: UsageKind::InboundCall,
            estimate: Entered(Some(estimate.to_owned())),
            ttl_seconds,
        };
        assert_eq!(check_authorize(&form("0.37", 86_400)).unwrap(), Money::from_micros(370_000));
        assert_eq!(check_authorize(&form("0", 1)).unwrap(), Money::ZERO);
        for (estimate, ttl_seconds) in [("-0.01", 60), ("1e3", 60), ("", 60), ("1", 0), ("1", 86_401), ("1", -5)] {
            assert!(check_authorize(&form(estimate, ttl_seconds)).is_err(), "{estimate} for {ttl_seconds}");
        }
    }
}
