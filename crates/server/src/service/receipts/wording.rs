//! What a receipt says: facts of the database become finished text.

use billing_domain::card::brand_name;
use billing_domain::charge::{RefundStatus, TopUpKind};
use billing_domain::decimal::write_scaled;
use billing_domain::{Currency, Money, Timestamp};
use billing_receipt::{Entry, Fact, Moment, Party, Receipt};
use billing_store::{Organization, Payment, Refund, TopUp};
use serde::{Deserialize, Serialize};

use super::zone;
use crate::calendar::Calendar;
use crate::config::Seller;
use crate::service::papers::SellerFacts;

/// What is written down when a receipt is issued; nothing changes it afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Issued {
    /// The language of its texts.
    language: String,
    buyer: Buyer,
    seller: SellerFacts,
    /// In which its dates are written.
    pub(super) time_zone: String,
    banner: Option<String>,
    paid_at: Timestamp,
    /// The same, written out.
    date_paid: String,
    method: String,
    title: String,
    note: String,
    amount: String,
    reference: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Buyer {
    name: String,
    address: String,
    tax_id: String,
}

impl Issued {
    /// As it is issued now, of a top-up for which `paid` was credited.
    pub(super) fn of(
        organization: &Organization,
        seller: &Seller,
        top_up: &TopUp,
        paid: Money,
        calendar: &Calendar,
    ) -> Self {
        // A settled top-up has its time; the fallback only keeps a damaged row readable.
        let paid_at = top_up.settled_at.unwrap_or(top_up.updated_at);
        Self {
            language: "en".to_owned(),
            buyer: Buyer {
                name: organization.name.clone(),
                address: organization.address.clone(),
                tax_id: organization.tax_id.clone(),
            },
            seller: SellerFacts::of(seller),
            time_zone: organization.time_zone.clone(),
            // Written into the facts: a receipt must say it for ever.
            banner: (top_up.provider == "sandbox").then(|| "Sandbox: no real money".to_owned()),
            paid_at,
            date_paid: calendar.minute_in_words(paid_at),
            // The card as it was then: it may be removed or renewed by now.
            method: format!("{} •• {}", brand_name(&top_up.card_brand), top_up.card_last4),
            title: match top_up.kind {
                TopUpKind::Manual => "Wallet top-up".to_owned(),
                TopUpKind::Auto => "Automatic wallet top-up".to_owned(),
            },
            note: "Prepaid balance".to_owned(),
            amount: amount_text(paid, top_up.currency),
            reference: top_up.id.to_string(),
        }
    }
}

/// Puts it into words, with what was given back by now; `None` if that is more than was paid, which the store refuses.
pub(super) fn compose_receipt(
    number: &str,
    issued: &Issued,
    payment: &Payment,
    currency: Currency,
    calendar: &Calendar,
) -> Option<Receipt> {
    let net = payment.paid.checked_sub(payment.refunded).filter(|net| !net.is_negative())?;
    let settled = || payment.refunds.iter().filter(|refund| refund.status == RefundStatus::Succeeded);
    let mut entries =
        vec![Entry { title: issued.title.clone(), note: issued.note.clone(), amount: issued.amount.clone() }];
    entries.extend(settled().map(|refund| refund_entry(refund, &issued.method, calendar)));
    let unlisted = unlisted_refunds(payment)?;
    entries.extend(unlisted.is_positive().then(|| further_refunds(unlisted, currency)));
    let (buyer, seller) = (&issued.buyer, &issued.seller);
    Some(Receipt {
        number: number.to_owned(),
        // The moment as the file's own date, in UTC.
        paid_at: moment_text(issued.paid_at),
        banner: issued.banner.clone(),
        customer: Party { name: buyer.name.clone(), address: buyer.address.clone(), tax_id: buyer.tax_id.clone() },
        seller: Party { name: seller.name.clone(), address: seller.address.clone(), tax_id: seller.tax_id.clone() },
        facts: vec![
            Fact { label: "Receipt number", value: number.to_owned() },
            Fact { label: "Date paid", value: issued.date_paid.clone() },
            Fact { label: "Payment method", value: issued.method.clone() },
            Fact { label: "Status", value: payment_status(payment, net).to_owned() },
            Fact { label: "Reference", value: issued.reference.clone() },
        ],
        entries,
        total: Entry { title: "Net paid".to_owned(), note: String::new(), amount: amount_text(net, currency) },
        notes: returning_text(payment, currency).into_iter().chain(disputed_text(payment, currency)).collect(),
        // Han characters are drawn differently from country to country, and the text does not say where it is from.
        han: zone::uses_han(&issued.time_zone),
    })
}

fn refund_entry(refund: &Refund, method: &str, calendar: &Calendar) -> Entry {
    let day = calendar.day_in_words(refund.settled_at.unwrap_or(refund.updated_at));
    let note = if refund.reason.is_empty() { day } else { format!("{day} · {}", refund.reason) };
    Entry { title: format!("Refund to {method}"), note, amount: given_back(refund.amount, refund.currency) }
}

/// What was given back by refunds that are too many to list.
fn unlisted_refunds(payment: &Payment) -> Option<Money> {
    let listed = payment.refunds.iter().filter(|refund| refund.status == RefundStatus::Succeeded);
    payment.refunded.checked_sub(Money::checked_sum(listed.map(|refund| refund.amount))?)
}

fn further_refunds(amount: Money, currency: Currency) -> Entry {
    Entry {
        title: "Further refunds".to_owned(),
        note: "One by one in the Transaction History".to_owned(),
        amount: given_back(amount, currency),
    }
}

const fn payment_status(payment: &Payment, net: Money) -> &'static str {
    // Disputed first: it is what the reader has to know.
    if payment.disputed.is_positive() {
        "Disputed"
    } else if !payment.refunded.is_positive() {
        "Paid"
    } else if net.is_zero() {
        "Refunded"
    } else {
        "Partly refunded"
    }
}

/// Money that may still stay is no refund.
/// See docs/decisions/0014-refunds-on-receipts.md.
fn returning_text(payment: &Payment, currency: Currency) -> Option<String> {
    payment.returning.is_positive().then(|| {
        let amount = amount_text(payment.returning, currency);
        format!("{amount} more are on their way back to the card. They count as soon as its bank has them.")
    })
}

/// A dispute may still be won.
fn disputed_text(payment: &Payment, currency: Currency) -> Option<String> {
    payment.disputed.is_positive().then(|| {
        let amount = amount_text(payment.disputed, currency);
        format!("The card's bank has taken {amount} of this payment back in a dispute. It is not counted above.")
    })
}

fn given_back(value: Money, currency: Currency) -> String {
    format!("\u{2212}{}", amount_text(value, currency))
}

/// `1,250.00 USD`, never rounded.
fn amount_text(value: Money, currency: Currency) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_scaled(&mut text, value.micros(), 6, currency.exponent());
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), ""), |(whole, fraction)| (whole, fraction));
    let mut grouped = String::new();
    for (place, digit) in whole.char_indices() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{grouped}{point}{fraction} {currency}")
}

fn moment_text(at: Timestamp) -> Moment {
    let date = at.utc_date();
    let second = at.seconds_since(date.utc_start());
    let part = |value: i64| u8::try_from(value).unwrap_or_default();
    Moment {
        year: date.month().year(),
        month: date.month().number(),
        day: date.day(),
        hour: part(second / 3600),
        minute: part(second / 60 % 60),
        second: part(second % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use billing_domain::{CardId, CardRef, OrganizationId, RefundId, TopUpId};

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn refund(amount: &str, status: RefundStatus, reason: &str) -> Refund {
        let settled = at("2026-12-01T03:00:00Z");
        Refund {
            id: RefundId::from_trusted("r"),
            organization_id: OrganizationId::from_trusted("o"),
            top_up_id: TopUpId::from_trusted("t"),
            amount: money(amount),
            currency: Currency::Usd,
            status,
            reason: reason.into(),
            made_by: billing_store::RefundMaker::Operator,
            provider_ref: None,
            created_at: settled,
            updated_at: settled,
            settled_at: (status == RefundStatus::Succeeded).then_some(settled),
            next_check_at: None,
            checks: 1,
        }
    }

    /// The receipt of a top-up of 100 by Stripe, of which this became.
    fn say(refunded: &str, returning: &str, refunds: Vec<Refund>) -> Option<Receipt> {
        let paid_at = at("2026-11-27T20:54:07Z");
        let organization = Organization {
            id: OrganizationId::from_trusted("o"),
            name: "Northwind Dental".into(),
            address: String::new(),
            tax_id: String::new(),
            time_zone: "America/Chicago".into(),
            currency: Currency::Usd,
            external_id: None,
            status: billing_domain::status::OrganizationStatus::Active,
            status_reason: String::new(),
            locale: None,
            plan: None,
            policy: billing_store::OrganizationPolicy::default(),
            metadata: std::collections::BTreeMap::new(),
            made_by_demo: false,
            version: 1,
            created_at: paid_at,
        };
        let top_up = TopUp {
            id: TopUpId::from_trusted("0193705d-3c6a-7e2b-9a55-1b7f0f3c9e21"),
            organization_id: OrganizationId::from_trusted("o"),
            kind: TopUpKind::Auto,
            amount: money("100"),
            currency: Currency::Usd,
            status: billing_domain::charge::TopUpStatus::Succeeded,
            card_id: CardId::from_trusted("c"),
            card_brand: "visa".into(),
            card_last4: "4242".into(),
            card_ref: CardRef::from_trusted("pm"),
            provider: "stripe".into(),
            provider_ref: None,
            attempt: 1,
            decline_code: None,
            next_action: None,
            requested_by: None,
            link_id: None,
            created_at: paid_at,
            updated_at: paid_at,
            settled_at: Some(paid_at),
            next_check_at: None,
            checks: 1,
            taken_up: false,
        };
        let payment = Payment {
            paid: money("100"),
            refunded: money(refunded),
            returning: money(returning),
            refunds,
            ..Payment::default()
        };
        let seller = Seller { name: "Nexis".into(), address: String::new(), tax_id: String::new() };
        let chicago = Calendar::of("America/Chicago").unwrap();
        let issued = Issued::of(&organization, &seller, &top_up, payment.paid, &chicago);
        // As it comes back from the database.
        let issued = serde_json::from_str(&serde_json::to_string(&issued).unwrap()).unwrap();
        compose_receipt("R-000001", &issued, &payment, top_up.currency, &chicago)
    }

    #[test]
    fn money_on_its_way_back_is_named_and_not_counted() {
        let refunds =
            vec![refund("40", RefundStatus::Succeeded, "Double booking"), refund("10", RefundStatus::Unknown, "")];
        let receipt = say("40", "10", refunds).unwrap();
        assert_eq!(receipt.banner, None, "this was real money");
        let entries: Vec<_> =
            receipt.entries.iter().map(|entry| (&*entry.title, &*entry.note, &*entry.amount)).collect();
        // The card's bank had it when it was still November in Chicago.
        let given_back = ("Refund to Visa •• 4242", "30 November 2026 · Double booking", "\u{2212}40.00 USD");
        assert_eq!(entries, [("Automatic wallet top-up", "Prepaid balance", "100.00 USD"), given_back]);
        assert_eq!(receipt.total.amount, "60.00 USD");
        assert!(receipt.notes[0].starts_with("10.00 USD more"), "{:?}", receipt.notes);
        assert_eq!(receipt.facts[3].value, "Partly refunded");
    }

    #[test]
    fn refunds_that_are_not_listed_are_counted_and_more_than_was_paid_is_no_receipt() {
        let receipt = say("100", "0", vec![refund("1", RefundStatus::Succeeded, "")]).unwrap();
        let last = receipt.entries.last().unwrap();
        assert_eq!((&*last.title, &*last.amount), ("Further refunds", "\u{2212}99.00 USD"));
        assert_eq!((&*receipt.total.amount, &*receipt.facts[3].value), ("0.00 USD", "Refunded"));
        assert_eq!(say("100.01", "0", Vec::new()), None);
    }

    #[test]
    fn amounts_are_grouped_exact_and_name_their_currency() {
        let of = |text: &str, currency| amount_text(text.parse().unwrap(), currency);
        assert_eq!(of("1234567.5", Currency::Usd), "1,234,567.50 USD");
        assert_eq!(of("100", Currency::Usd), "100.00 USD");
        assert_eq!(of("0.01", Currency::Usd), "0.01 USD");
        assert_eq!(of("1000", Currency::Jpy), "1,000 JPY");
        assert_eq!(given_back("40".parse().unwrap(), Currency::Eur), "\u{2212}40.00 EUR");
    }

    #[test]
    fn moments_are_taken_apart_in_utc() {
        let at = moment_text("2026-11-27T20:54:07Z".parse().unwrap());
        assert_eq!((at.year, at.month, at.day, at.hour, at.minute, at.second), (2026, 11, 27, 20, 54, 7));
    }
}
