//! Automatic payments: the settings as people see and change them. Charging itself is `recharge`'s.

use billing_contract::auto_pay::{AutoPay as AutoPayView, EnteredRefill, MonthFigures, PutAutoPay};
use billing_contract::{Entered, FieldError, ProblemCode};
use billing_domain::auto_pay::health::HealthEvent;
use billing_domain::auto_pay::{Plan, Refill, Settings, SettingsError};
use billing_domain::limits::{AmountError, ChargeLimits};
use billing_domain::{CardId, Money};
use billing_store::{AutoPay, AutoPayUpdate, Organization, StoreError};

use crate::effects::run_effects;
use crate::events::Topic;
use crate::message::UserMessage;
use crate::problem::{Problem, field_error};
use crate::recharge;
use crate::reconcile::Effect;
use crate::service::organizations::require_open;
use crate::service::sessions::{SignedInMember, require_confirmation};
use crate::state::AppState;
use crate::view::auto_pay::map_health;

/// The wording of the consent to later charges that the page shows when automatic payments are switched on.
const CONSENT: &str = "auto-pay-2026-11";

/// The settings, how they do, and this month's figures.
pub(crate) async fn get_auto_pay(state: &AppState, organization: &Organization) -> Result<AutoPayView, Problem> {
    let auto_pay = state.store.auto_pay(&organization.id).await?;
    describe_auto_pay(state, organization, &auto_pay).await
}

/// The same of settings that have just been read.
pub(crate) async fn describe_auto_pay(
    state: &AppState,
    organization: &Organization,
    auto_pay: &AutoPay,
) -> Result<AutoPayView, Problem> {
    let now = state.clock.now();
    // Settled: figures that belong together, though charges go on meanwhile.
    let figures = recharge::read_settled_figures(state, organization, auto_pay, now).await?;
    let plan = auto_pay
        .settings
        .as_ref()
        .map(|settings| recharge::decide_plan(state, organization, settings, &figures.situation, now));
    // Proposals until somebody confirms: the form begins with something sensible.
    let settings = auto_pay.settings.unwrap_or_else(|| propose_settings(&state.config.limits(organization.currency)));
    // Without a named card it is the default one: whoever looks must see which one would be charged.
    let card = if auto_pay.enabled { recharge::charged_card(state, auto_pay).await? } else { None };
    let card_id = card.map(|card| card.id).or_else(|| auto_pay.card_id.clone());
    let spent = &figures.spent;
    // What is unknown may have been charged, and counts until the provider has answered.
    let in_flight = spent.in_flight.checked_add(spent.unknown).ok_or(StoreError::Overflow)?;
    let left = settings.monthly_cap.checked_sub(figures.situation.month_committed).ok_or(StoreError::Overflow)?;
    Ok(AutoPayView {
        enabled: auto_pay.enabled,
        currency: organization.currency,
        threshold: settings.threshold,
        refill: settings.refill,
        monthly_cap: settings.monthly_cap,
        card_id: card_id.map(Into::into),
        health: map_health(auto_pay, plan),
        last_charge_at: auto_pay.health.last_charge_at,
        resumes_with_default_card: recharge::resumes_with_default_card(auto_pay),
        month: MonthFigures {
            spent: spent.settled,
            in_flight,
            // Never negative: the cap may have been lowered below what is already spent.
            left: left.at_least(Money::ZERO),
            resets_at: figures.situation.month_resets_at,
        },
        etag: auto_pay.version.to_string(),
        wallet: None,
    })
}

/// What is charged at once when these settings are switched on now; nothing where they are on already.
pub(crate) async fn first_payment(
    state: &AppState,
    organization: &Organization,
    settings: &Settings,
) -> Result<Option<Money>, Problem> {
    let (auto_pay, now) = (state.store.auto_pay(&organization.id).await?, state.clock.now());
    // Switched on already, the link changes nothing and charges nothing.
    if auto_pay.enabled {
        return Ok(None);
    }
    let figures = recharge::read_settled_figures(state, organization, &auto_pay, now).await?;
    match recharge::decide_plan(state, organization, settings, &figures.situation, now) {
        Plan::Charge(amount) => Ok(Some(amount.money())),
        _ => Ok(None),
    }
}

/// What the form begins with: 20, 50 and 500, in yen a hundred times as much, moved into the operator's limits.
fn propose_settings(limits: &ChargeLimits) -> Settings {
    let scale = limits.currency.price_scale();
    let amount = Money::from_major(50 * scale).clamp(limits.min, limits.max);
    Settings {
        // Within the operator's limits, so that the form begins with what can be saved.
        threshold: Money::from_major(20 * scale).min(limits.max),
        refill: Refill::Fixed { amount },
        monthly_cap: Money::from_major(500 * scale).at_least(amount),
    }
}

/// Changes the settings if `etag` is still theirs, and charges at once if the wallet is at or below the threshold.
pub(crate) async fn put_auto_pay(
    state: &AppState,
    member: &SignedInMember,
    expected: impl FnOnce(&str) -> Result<(), Problem>,
    form: &PutAutoPay,
) -> Result<AutoPayView, Problem> {
    let organization = &member.organization;
    let now = state.clock.now();
    let present = state.store.auto_pay(&organization.id).await?;
    // Before anything is checked: whoever saw other settings must look again, not correct fields.
    expected(&present.version.to_string())?;
    // Switching off stays possible.
    if form.enabled {
        require_open(organization)?;
    }
    let limits = state.config.limits(organization.currency);
    let settings = read_settings("", &form.threshold, &form.refill, &form.monthly_cap, &limits)?;
    // Switching off must stay possible even when the operator's limits have moved past the settings.
    if form.enabled || present.settings != Some(settings) {
        refuse_problems("", &settings, &limits)?;
    }
    // Checked here for a clear answer; the store decides again inside its transaction.
    if form.enabled && state.store.cards(&organization.id).await?.is_empty() {
        return Err(card_required());
    }
    // Lowering what may be charged needs no password, raising it does: docs/decisions/0077-step-up-and-pace.md.
    let raises = present.settings.is_none_or(|agreed| settings.exceeds(&agreed));
    if form.enabled && (!present.enabled || raises) {
        require_confirmation(state, member)?;
    }
    // Begins anew when it is switched on or off, or another card is agreed to. The version proves that `present` still
    // holds, except for its health.
    let restarts =
        !form.enabled || !present.enabled || form.card_id.as_deref() != present.card_id.as_ref().map(CardId::as_str);
    let event = HealthEvent::SettingsConfirmed { restarts };
    let unknown_card = || Problem::field("/card_id", "unknown_card", UserMessage::auto_pay_card_gone());
    let update = AutoPayUpdate {
        enabled: form.enabled,
        settings,
        card_id: form.card_id.as_deref().map(|id| id.parse().map_err(|_| unknown_card())).transpose()?,
        // Switching off agrees to nothing, so the consent that was given stays on record.
        consent: if form.enabled { Some(CONSENT.to_owned()) } else { present.consent.clone() },
        updated_by: member.user.id.clone(),
    };
    match state.store.put_auto_pay(&organization.id, present.version, &update, event, &member.actor(), now).await {
        Ok(_) => {}
        Err(StoreError::Stale) => return Err(stale_problem()),
        Err(StoreError::NotFound) => return Err(unknown_card()),
        Err(error) => return Err(error.into()),
    }
    run_effects(state, vec![Effect::ReviewAutoPay(organization.id.clone())]).await?;
    get_auto_pay(state, organization).await
}

/// Goes on after a pause: an explicit decision of a person, so earlier declines no longer count.
pub(crate) async fn resume_auto_pay(state: &AppState, member: &SignedInMember) -> Result<AutoPayView, Problem> {
    let organization = &member.organization;
    require_open(organization)?;
    let present = state.store.auto_pay(&organization.id).await?;
    if !present.enabled {
        return Err(Problem::new(ProblemCode::Conflict, UserMessage::auto_pay_off()));
    }
    // Resuming without a card would only pause again at the next charge.
    if recharge::charged_card(state, &present).await?.is_none() {
        return Err(card_required());
    }
    // Compared as it was read: a decline that comes in between must not be resumed unseen.
    let agreed = present.health.apply(HealthEvent::Agreed).unwrap_or(present.health);
    let (by, now) = (member.actor(), state.clock.now());
    match state.store.resume_auto_pay(&organization.id, &present.health, &agreed, &by, now).await {
        Ok(()) => {}
        Err(StoreError::Stale) => return Err(stale_problem()),
        Err(error) => return Err(error.into()),
    }
    run_effects(state, vec![Effect::ReviewAutoPay(organization.id.clone())]).await?;
    get_auto_pay(state, organization).await
}

/// Before a card goes: without any card automatic payments are switched off; without the one that was agreed to they
/// pause until somebody agrees to another one. Done first, so that a crash in between never charges a card unasked.
/// See docs/decisions/0037-which-card-is-charged.md.
pub(crate) async fn before_card_goes(
    state: &AppState,
    member: &SignedInMember,
    card_id: &CardId,
) -> Result<(), Problem> {
    let organization_id = &member.organization.id;
    let present = state.store.auto_pay(organization_id).await?;
    let Some(settings) = present.settings else { return Ok(()) };
    let last = state.store.cards(organization_id).await?.iter().all(|card| card.id == *card_id);
    let named = present.card_id.as_ref() == Some(card_id);
    // A card that nothing would be charged to may go without touching the settings.
    let touches = named || (last && present.enabled);
    if !touches {
        return Ok(());
    }
    let update = AutoPayUpdate {
        enabled: present.enabled && !last,
        settings,
        // Not another card in its place: nobody has agreed to that one.
        card_id: if named { None } else { present.card_id.clone() },
        consent: present.consent.clone(),
        updated_by: member.user.id.clone(),
    };
    let event = if last { HealthEvent::Agreed } else { HealthEvent::CardRemoved };
    let (by, now) = (member.actor(), state.clock.now());
    match state.store.put_auto_pay(organization_id, present.version, &update, event, &by, now).await {
        Ok(_) => {
            // Charges that wait for the cardholder may be about this card.
            let waiting = Effect::ReconcileWaitingCharges(organization_id.clone());
            run_effects(state, vec![waiting, Effect::publish(organization_id, Topic::AutoPay)]).await
        }
        Err(StoreError::Stale) => Err(stale_problem()),
        Err(error) => Err(error.into()),
    }
}

/// Settings that may be confirmed, from what was entered; `prefix` leads to their fields in the body.
pub(crate) fn parse_settings(
    prefix: &str,
    threshold: &Entered,
    refill: &EnteredRefill,
    monthly_cap: &Entered,
    limits: &ChargeLimits,
) -> Result<Settings, Problem> {
    let settings = read_settings(prefix, threshold, refill, monthly_cap, limits)?;
    refuse_problems(prefix, &settings, limits)?;
    Ok(settings)
}

/// Reads what was entered; every field that is no amount is named.
fn read_settings(
    prefix: &str,
    threshold: &Entered,
    refill: &EnteredRefill,
    monthly_cap: &Entered,
    limits: &ChargeLimits,
) -> Result<Settings, Problem> {
    let mut errors: Vec<FieldError> = Vec::new();
    // Zero stands in for what cannot be read, so that the other fields are still checked.
    let mut read = |pointer: &str, text: &Entered| {
        Money::parse_payable(text.text(), limits.currency).unwrap_or_else(|error| {
            let error = AmountError::of(error, limits.currency);
            errors.push(settings_error(prefix, pointer, error.into()));
            Money::ZERO
        })
    };
    let threshold = read("/threshold", threshold);
    let refill = match refill {
        EnteredRefill::Fixed { amount } => Refill::Fixed { amount: read("/refill/amount", amount) },
        EnteredRefill::Target { balance } => Refill::Target { balance: read("/refill/balance", balance) },
    };
    let settings = Settings { threshold, refill, monthly_cap: read("/monthly_cap", monthly_cap) };
    if errors.is_empty() {
        return Ok(settings);
    }
    // The rules for the fields that could be read are in the same answer, as far as they stand by themselves.
    for (wrong, error) in settings.problems(limits) {
        let by_itself = matches!(error, SettingsError::Amount(_));
        let pointer = format!("{prefix}{}", wrong.pointer());
        if by_itself && errors.iter().all(|known| known.pointer != pointer) {
            errors.push(settings_error(prefix, wrong.pointer(), error));
        }
    }
    Err(Problem::invalid(errors))
}

fn refuse_problems(prefix: &str, settings: &Settings, limits: &ChargeLimits) -> Result<(), Problem> {
    let problems = settings.problems(limits);
    if problems.is_empty() {
        return Ok(());
    }
    Err(Problem::invalid(
        problems.into_iter().map(|(wrong, error)| settings_error(prefix, wrong.pointer(), error)).collect(),
    ))
}

fn settings_error(prefix: &str, pointer: &str, error: SettingsError) -> FieldError {
    field_error(format!("{prefix}{pointer}"), error.code(), UserMessage::from(error))
}

fn card_required() -> Problem {
    Problem::new(ProblemCode::CardRequired, UserMessage::auto_pay_card_required())
}

fn stale_problem() -> Problem {
    Problem::stale()
}
