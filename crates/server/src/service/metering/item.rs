//! One usage event: checked field by field and priced once.

use billing_contract::metering::UsageEvent;
use billing_contract::{Entered, FieldError};
use billing_domain::free_text::{FreeText, Purpose, USAGE_DESCRIPTION, USAGE_ID, USAGE_SOURCE};
use billing_domain::pricing::{self, PricingError};
use billing_domain::{FreeTextError, HoldId, Timestamp};
use rust_decimal::Decimal;

use super::decimal_code;
use crate::problem::general_error;
use crate::problem::text_error;
use crate::service::postings::UsageLine;

/// Clocks differ, but not by more than this.
const AHEAD_SECONDS: i64 = 5 * 60;
/// 2000-01-01. Nothing was metered before: such a time is a unit mixed up or a clock that was never set.
/// See docs/decisions/0006-usage-is-owed.md.
const OLDEST: Timestamp = Timestamp::from_seconds(946_684_800);

/// Checks and prices an event; its id and the first thing that is wrong with it.
///
/// What describes the line is masked where a person would be asked to correct it: agents bear their users' names, and no
/// line may be lost over one. Its id is kept as it is; what `references` makes of one that holds a card number comes later.
pub(super) fn check_item(mut event: UsageEvent, now: Timestamp) -> Result<UsageLine, (String, FieldError)> {
    let id = std::mem::take(&mut event.id);
    match check_id(&id).and_then(|()| check_facts(&event, now)) {
        Ok(line) => Ok(UsageLine { reference: id, ..line }),
        Err(error) => Err((id, error)),
    }
}

/// The line without its reference.
fn check_facts(event: &UsageEvent, now: Timestamp) -> Result<UsageLine, FieldError> {
    let description = check_text("/description", &event.description, USAGE_DESCRIPTION)?;
    let source = check_text("/source", &event.source, USAGE_SOURCE)?;
    let factor = |pointer, read: fn(&str) -> Result<Decimal, PricingError>, entered: &Entered| {
        read(entered.text()).map_err(|error| pricing_error(pointer, error))
    };
    let quantity = factor("/quantity", pricing::parse_quantity, &event.quantity)?;
    let unit_price = factor("/unit_price", pricing::parse_price, &event.unit_price)?;
    // Late is fine, ahead is not: docs/decisions/0006-usage-is-owed.md.
    if event.occurred_at > now.plus_seconds(AHEAD_SECONDS) {
        return Err(general_error("/occurred_at", "future", "This lies more than five minutes in the future."));
    }
    if event.occurred_at < OLDEST {
        return Err(general_error("/occurred_at", "too_old", "Nothing before the year 2000 can be posted."));
    }
    // Only its form: a hold that is unknown or closed does not keep the line from being posted.
    let parsed = event.hold_id.as_deref().map(uuid::Uuid::try_parse).transpose();
    let hold_id = parsed
        .map_err(|_| general_error("/hold_id", "wrong_value", "A hold's id is the hold_id of its authorization."))?
        // As it was given out, whatever the case it comes back in.
        .map(|id| HoldId::from_trusted(id.to_string()));
    UsageLine::priced(
        String::new(),
        event.kind,
        quantity,
        event.unit,
        unit_price,
        event.occurred_at,
        description,
        source,
    )
    .map(|line| UsageLine { hold_id, ..line })
    .map_err(|error| pricing_error("/quantity", error))
}

fn check_text(pointer: &str, sent: &str, purpose: Purpose) -> Result<String, FieldError> {
    FreeText::mask(purpose, sent).map(FreeText::into_string).map_err(|error| text_error(pointer, error))
}

/// An id is compared letter by letter, so nothing may be taken out of it: what cannot be seen is refused.
fn check_id(id: &str) -> Result<(), FieldError> {
    match FreeText::parse_exact(USAGE_ID, id) {
        // What stands in the ledger for such an id, `reference` says.
        Ok(_) | Err(FreeTextError::CardNumber) => Ok(()),
        Err(error) => Err(text_error("/id", error)),
    }
}

fn pricing_error(pointer: &str, error: PricingError) -> FieldError {
    let code = match error {
        PricingError::Negative => "negative",
        PricingError::TooLarge => "too_large",
        PricingError::Decimal(error) => decimal_code(error),
    };
    general_error(pointer, code, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use billing_domain::kind::Unit;
    use billing_domain::{Money, UsageKind};

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

    fn error(event: &UsageEvent) -> (String, String) {
        let (id, error) = check_item(event.clone(), NOW).unwrap_err();
        assert_eq!(id, event.id, "the answer names the item");
        (error.pointer, error.code)
    }

    #[test]
    fn a_good_event_is_priced_once() {
        let priced = check_item(event(), NOW).unwrap();
        assert_eq!(priced.amount().to_string(), "-0.114");
        let spelt = UsageEvent { quantity: Entered(Some("95.000".to_owned())), ..event() };
        assert_eq!(check_item(spelt, NOW).unwrap(), priced, "another spelling of the same number is the same content");
        let free = UsageEvent { unit_price: Entered(Some("0".to_owned())), ..event() };
        assert_eq!(check_item(free, NOW).unwrap().amount(), Money::ZERO);
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
            ("/unit_price", "too_precise", UsageEvent { unit_price: entered("0.0000000000000000001"), ..event() }),
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
            assert_eq!(error(&event), (pointer.to_owned(), code.to_owned()));
        }
        assert!(check_item(UsageEvent { occurred_at: NOW.plus_seconds(300), ..event() }, NOW).is_ok());
        assert!(check_item(UsageEvent { occurred_at: OLDEST, ..event() }, NOW).is_ok());
    }
}
