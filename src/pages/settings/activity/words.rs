//! What an entry says, in the reader's language; what is newer than this page is said by its name.

use billing_contract::audit::{AuditActor, AuditRecord};
use billing_domain::{ActorKind, Currency, Money, Role};

use crate::shared::words::card_text;
use crate::texts;
use crate::ui::money::{MoneyStyle, money_text};

/// What was done.
pub(super) fn action_title(record: &AuditRecord) -> String {
    let person = person_of(record);
    match record.action.as_str() {
        "member.add" => texts::activity::member_add(person),
        "member.change" => texts::activity::member_change(person),
        "member.change_role" => texts::activity::member_change_role(person),
        "member.remove" => texts::activity::member_remove(person),
        "portal_session.create" => texts::activity::portal_session_create(person),
        action => plain_title(action).unwrap_or(action).to_owned(),
    }
}

/// Of actions that are said without naming anybody.
fn plain_title(action: &str) -> Option<&'static str> {
    Some(match action {
        "organization.create" | "organization.set_up" => texts::activity::organization_create(),
        "organization.change" => texts::activity::organization_change(),
        "organization.suspend" => texts::activity::organization_suspend(),
        "organization.resume" => texts::activity::organization_resume(),
        "organization.close" => texts::activity::organization_close(),
        "invitation.create" => texts::activity::invitation_create(),
        "invitation.resend" => texts::activity::invitation_resend(),
        "invitation.withdraw" => texts::activity::invitation_withdraw(),
        "invitation.accept" => texts::activity::invitation_accept(),
        "key.create" => texts::activity::key_create(),
        "key.rotate" => texts::activity::key_rotate(),
        "key.revoke" => texts::activity::key_revoke(),
        "portal_session.exchange" => texts::activity::portal_session_exchange(),
        "portal_session.end" => texts::activity::portal_session_end(),
        "auto_pay.change" => texts::activity::auto_pay_change(),
        "auto_pay.resume" => texts::activity::auto_pay_resume(),
        "card.add" => texts::activity::card_add(),
        "card.make_default" => texts::activity::card_make_default(),
        "card.remove" => texts::activity::card_remove(),
        "payment_link.create" => texts::activity::payment_link_create(),
        "payment_link.revoke" => texts::activity::payment_link_revoke(),
        "refund.create" => texts::activity::refund_create(),
        "credit.create" => texts::activity::credit_create(),
        "credit.expire" => texts::activity::credit_expire(),
        "balance.correct" => texts::activity::balance_correct(),
        "request.create" => texts::activity::request_create(),
        "request.approve" => texts::activity::request_approve(),
        "request.decline" => texts::activity::request_decline(),
        "session.start" => texts::activity::session_start(),
        "session.end" => texts::activity::session_end(),
        "session.confirm" => texts::activity::session_confirm(),
        _ => return None,
    })
}

/// Whoever has left has no name any more, and an entry may have kept one.
fn person_of(record: &AuditRecord) -> &str {
    let named = |name: &str| record.after.get(name).or_else(|| record.before.get(name));
    let kept = record.subject_name.as_ref().or_else(|| named("name")).or_else(|| named("email"));
    kept.map_or(record.subject.as_str(), String::as_str)
}

/// Who did it.
pub(super) fn actor_name(actor: &AuditActor) -> String {
    match actor.kind {
        ActorKind::User => actor.name.clone(),
        ActorKind::Key => texts::activity::by_key(&actor.name),
        ActorKind::System => texts::activity::by_system(&actor.name),
    }
}

/// What differs, one line for each fact.
pub(super) fn fact_lines(record: &AuditRecord, currency: Currency) -> Vec<String> {
    let mut names: Vec<&String> = record.before.keys().chain(record.after.keys()).collect();
    names.sort();
    names.dedup();
    let line = |name: &String| {
        let word = fact_word(name).unwrap_or(name);
        let value = |text: &String| fact_text(name, text, currency);
        match (record.before.get(name).map(value), record.after.get(name).map(value)) {
            (Some(before), Some(after)) => texts::activity::changed(word, &before, &after),
            (Some(before), None) => texts::activity::removed(word, &before),
            (None, after) => texts::activity::set(word, &after.unwrap_or_default()),
        }
    };
    names.into_iter().map(line).collect()
}

fn fact_word(name: &str) -> Option<&'static str> {
    Some(match name {
        "role" => texts::activity::fact_role(),
        "name" => texts::activity::fact_name(),
        "email" => texts::activity::fact_email(),
        "address" => texts::activity::fact_address(),
        "tax_id" => texts::activity::fact_tax_id(),
        "time_zone" => texts::activity::fact_time_zone(),
        "currency" => texts::activity::fact_currency(),
        "locale" => texts::activity::fact_locale(),
        "status" => texts::activity::fact_status(),
        "reason" | "status_reason" => texts::activity::fact_reason(),
        "amount" => texts::activity::fact_amount(),
        "taken_back" => texts::activity::fact_taken_back(),
        "expires_at" => texts::drawer::expires(),
        "card" => texts::activity::fact_card(),
        "enabled" => texts::activity::fact_enabled(),
        "threshold" => texts::activity::fact_threshold(),
        "refill" => texts::activity::fact_refill(),
        "monthly_cap" => texts::activity::fact_monthly_cap(),
        "scopes" => texts::activity::fact_scopes(),
        "purpose" => texts::activity::fact_purpose(),
        _ => return None,
    })
}

/// A value as people write it.
fn fact_text(name: &str, text: &str, currency: Currency) -> String {
    let known = match (name, text) {
        (_, "") => texts::activity::nothing(),
        ("enabled", "true") => texts::activity::yes(),
        ("enabled", "false") => texts::activity::no(),
        ("role", text) => match text.parse() {
            Ok(Role::Owner) => texts::roles::owner(),
            Ok(Role::Admin) => texts::roles::admin(),
            Ok(Role::Member) => texts::roles::member(),
            Err(_) => text,
        },
        ("card", text) => {
            return text.split_once(' ').map_or_else(|| text.to_owned(), |(brand, last4)| card_text(brand, last4));
        }
        ("amount" | "taken_back" | "threshold" | "refill" | "monthly_cap", text) => {
            let amount: Option<Money> = text.parse().ok();
            return amount.map_or_else(|| text.to_owned(), |amount| money_text(amount, currency, MoneyStyle::Line));
        }
        (_, text) => text,
    };
    known.to_owned()
}
