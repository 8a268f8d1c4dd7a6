//! The organization's own data: name and address for receipts, the time zone in which days are counted.

use billing_contract::FieldError;
use billing_contract::organization::{Organization, PutOrganization};
use billing_domain::FreeTextError;
use billing_domain::free_text::{ADDRESS, FreeText, ORGANIZATION_NAME, Purpose, TAX_ID};
use billing_store::OrganizationUpdate;

use crate::calendar::Calendar;
use crate::events::Topic;
use crate::message::UserMessage;
use crate::problem::{Problem, field_error, text_error};
use crate::service::sessions::SignedInMember;
use crate::state::AppState;

/// The organization as its managers see it.
pub(crate) fn get_organization(member: &SignedInMember) -> Organization {
    map_organization(member.organization.clone())
}

/// Changes it, if it is still the version that the member's request found; another time zone counts usage days anew.
pub(crate) async fn change_organization(
    state: &AppState,
    member: &SignedInMember,
    form: &PutOrganization,
) -> Result<Organization, Problem> {
    let before = &member.organization;
    let (update, calendar) = check_form(form)?;
    let (by, now) = (member.actor(), state.clock.now());
    let after = state.store.update_organization(&before.id, before.version, &update, &by, now).await?;
    if after.time_zone != before.time_zone {
        // In a task of its own: a browser that hangs up must not leave half of the days in the old zone.
        let (store, id) = (state.store.clone(), before.id.clone());
        let rebuilt = state.tasks.spawn(async move { store.rebuild_usage_days(&id, |at| calendar.date_of(at)).await });
        rebuilt.await.map_err(Problem::internal)??;
    }
    state.events.publish(&before.id, Topic::Organization);
    Ok(map_organization(after))
}

fn check_form(form: &PutOrganization) -> Result<(OrganizationUpdate, Calendar), Problem> {
    let mut errors = Vec::new();
    let name = check_text(&mut errors, "/name", &form.name, ORGANIZATION_NAME);
    let address = check_text(&mut errors, "/address", &form.address, ADDRESS);
    let tax_id = check_text(&mut errors, "/tax_id", &form.tax_id, TAX_ID);
    match Calendar::of(form.time_zone.trim()) {
        Ok(calendar) if errors.is_empty() => {
            // The name in its own spelling, so that equal zones are equal texts.
            let time_zone = calendar.name().unwrap_or(form.time_zone.trim()).to_owned();
            Ok((OrganizationUpdate { name, address, tax_id, time_zone }, calendar))
        }
        Ok(_) => Err(Problem::invalid(errors)),
        Err(_) => {
            errors.push(field_error("/time_zone", "unknown_time_zone", UserMessage::time_zone_unknown()));
            Err(Problem::invalid(errors))
        }
    }
}

fn check_text(errors: &mut Vec<FieldError>, pointer: &str, entered: &str, purpose: Purpose) -> String {
    let text = FreeText::parse(purpose, entered).unwrap_or_else(|error| {
        errors.push(match error {
            FreeTextError::Required => field_error(pointer, error.code(), UserMessage::organization_name_missing()),
            _ => text_error(pointer, error),
        });
        FreeText::default()
    });
    text.into_string()
}

fn map_organization(organization: billing_store::Organization) -> Organization {
    Organization {
        etag: organization.version.to_string(),
        id: organization.id.into(),
        name: organization.name,
        address: organization.address,
        tax_id: organization.tax_id,
        time_zone: organization.time_zone,
        currency: organization.currency,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let form = PutOrganization {
            name: "  ".to_owned(),
            address: "a\tb".to_owned(),
            tax_id: "DE\u{202e}321".to_owned(),
            time_zone: "Europe/Atlantis".to_owned(),
        };
        let problem = check_form(&form).unwrap_err();
        let pointers: Vec<_> = problem.document().errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/name", "/address", "/tax_id", "/time_zone"]);
    }

    #[test]
    fn lines_of_an_address_stay_and_blanks_around_go() {
        let form = PutOrganization {
            name: " Northwind ".to_owned(),
            address: "1 Main St\r\nAustin".to_owned(),
            tax_id: String::new(),
            time_zone: "America/Chicago".to_owned(),
        };
        let (update, _) = check_form(&form).unwrap();
        assert_eq!((update.name.as_str(), update.address.as_str()), ("Northwind", "1 Main St\nAustin"));
    }
}
