//! What a notice says.

use std::fmt::Write as _;

use crate::message::decline::advise_payer;
use billing_domain::card::brand_name;
use billing_domain::charge::DeclineCode;
use billing_domain::{Currency, FreeText, Money};
use billing_store::{Notice, NoticeKind, Organization};

/// A notice as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EmailText {
    /// One line.
    pub(crate) subject: String,
    /// Plain text.
    pub(crate) body: String,
}

/// The name of its webhook.
pub(super) const fn event_type(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::LowBalance => "wallet.low_balance",
        NoticeKind::PaymentDeclined => "auto_pay.payment_declined",
        NoticeKind::AutomaticPaymentsPaused => "auto_pay.paused",
        NoticeKind::CardAdded => "card.added",
        NoticeKind::FraudWarning => "payment.fraud_warning",
        NoticeKind::AutomaticPaymentsChanged => "auto_pay.changed",
        NoticeKind::RoleChanged => "member.role_changed",
        NoticeKind::PaymentLinkCreated => "payment_link.created",
    }
}

/// Of a name within a letter.
const NAME_CHARACTERS: usize = 60;

/// Writes the letter. `origin`: where the page is, if the operator has said so.
///
/// The subject is ours from its first letter to its last: what a customer calls itself must not read as news from us. Names
/// stand in the text only, in quotation marks.
pub(crate) fn compose_email(notice: &Notice, organization: &Organization, origin: Option<&str>) -> EmailText {
    let (headline, mut text) = match notice.kind {
        NoticeKind::LowBalance => low_balance(notice),
        NoticeKind::PaymentDeclined => (
            "an automatic payment was declined".to_owned(),
            format!("{} We will try it again by ourselves. To be sure, check the card.", declined_text(notice)),
        ),
        NoticeKind::AutomaticPaymentsPaused => ("automatic payments are paused".to_owned(), paused_text(notice)),
        NoticeKind::CardAdded => card_added(notice),
        NoticeKind::FraudWarning => ("a payment may have been fraud".to_owned(), fraud_warning(notice)),
        NoticeKind::AutomaticPaymentsChanged => auto_pay_changed(notice),
        NoticeKind::RoleChanged => ("somebody has another role".to_owned(), role_changed(notice)),
        NoticeKind::PaymentLinkCreated => ("a payment link was created".to_owned(), link_created(notice)),
    };
    let place =
        origin.map_or_else(|| "Settings, tab Billing".to_owned(), |origin| format!("{origin}/settings/billing"));
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "\n\nOpen the wallet: {place}\n\nYou get this because you manage billing for {}.\n",
        FreeText::quote(&organization.name, NAME_CHARACTERS)
    );
    EmailText { subject: format!("Billing: {headline}"), body: text }
}

fn fact<'n>(notice: &'n Notice, name: &str) -> &'n str {
    notice.facts.get(name).map_or("", String::as_str)
}

/// An amount as people read it: whole minor units, rounded down, since money that is not there is not shown.
fn amount_text(notice: &Notice, name: &str) -> String {
    let (text, currency) = (fact(notice, name), fact(notice, "currency"));
    let rounded = text.parse::<Money>().ok().zip(currency.parse::<Currency>().ok());
    let rounded = rounded.and_then(|(amount, currency)| {
        let whole = Money::from_minor(amount.to_minor_down(currency), currency)?;
        Some(whole.priced(currency).to_string())
    });
    format!("{} {currency}", rounded.unwrap_or_else(|| text.to_owned()))
}

fn low_balance(notice: &Notice) -> (String, String) {
    let available = amount_text(notice, "available");
    let text = format!(
        "The wallet has {available} left to spend, at or below its low mark of {}. At zero, outbound calls and AI tasks \
         stop at once; inbound calls go on for a short grace period.\n\nAdd balance, or switch on automatic payments.",
        amount_text(notice, "low_mark"),
    );
    (format!("the wallet balance is low ({available})"), text)
}

/// `Visa •• 4242`.
fn card_text(notice: &Notice) -> String {
    format!("{} •• {}", brand_name(fact(notice, "card_brand")), fact(notice, "card_last4"))
}

/// What to do about a change that nobody of you made.
const NOT_YOU: &str = "If nobody of you meant this, undo it in the wallet and change your passwords.";

/// Whoever did it, in quotation marks.
fn maker_text(notice: &Notice) -> String {
    match fact(notice, "by") {
        "" => "somebody".to_owned(),
        name => FreeText::quote(name, NAME_CHARACTERS),
    }
}

fn auto_pay_changed(notice: &Notice) -> (String, String) {
    let (headline, change) = match fact(notice, "change") {
        "switched_on" => ("automatic payments were switched on", "switched automatic payments on"),
        _ => ("automatic payments were raised", "raised what automatic payments may charge"),
    };
    let refill = match fact(notice, "refill_kind") {
        "target" => format!("up to {}", amount_text(notice, "refill_amount")),
        _ => format!("by {}", amount_text(notice, "refill_amount")),
    };
    let text = format!(
        "{} {change}: at {} or less the wallet is refilled {refill}, with at most {} a month.\n\n{NOT_YOU}",
        maker_text(notice),
        amount_text(notice, "threshold"),
        amount_text(notice, "monthly_cap"),
    );
    (headline.to_owned(), text)
}

fn role_changed(notice: &Notice) -> String {
    let member = FreeText::quote(fact(notice, "member"), NAME_CHARACTERS);
    let (before, after) = (fact(notice, "role_before"), fact(notice, "role"));
    format!("{} changed the role of {member} from {before} to {after}.\n\n{NOT_YOU}", maker_text(notice))
}

fn link_created(notice: &Notice) -> String {
    let asks = match fact(notice, "purpose") {
        "connect" => "to connect a card".to_owned(),
        "pay" => format!("to pay {}", amount_text(notice, "amount")),
        _ => format!("to pay {} and connect the card", amount_text(notice, "amount")),
    };
    let arms = match fact(notice, "automatic_payments") {
        "yes" => " It switches automatic payments on.",
        _ => "",
    };
    format!("{} created a link {asks}.{arms} Whoever has it can use it once.\n\n{NOT_YOU}", maker_text(notice))
}

fn card_added(notice: &Notice) -> (String, String) {
    let (card, name) = (card_text(notice), fact(notice, "by"));
    let whose = if name.is_empty() { "somebody".to_owned() } else { FreeText::quote(name, NAME_CHARACTERS) };
    let how = match fact(notice, "how") {
        "payment_link" => format!("through a payment link that {whose} made"),
        _ => format!("by {whose}"),
    };
    let text = format!(
        "{card} was connected {how}. It can be charged for top-ups and automatic payments from now on.\n\nIf you do not \
         know this card, remove it in the wallet."
    );
    (format!("{card} was connected"), text)
}

fn fraud_warning(notice: &Notice) -> String {
    let refund = match fact(notice, "refund_spares_dispute") {
        "yes" => " If it was not theirs, have it refunded: that spares you a dispute.",
        _ => "",
    };
    let paused = match fact(notice, "automatic_payments_paused") {
        "yes" => " Automatic payments are paused until somebody resumes them; until then the wallet is not refilled.",
        _ => "",
    };
    format!(
        "The card's bank suspects that the payment of {} with {} was fraud. No money was taken back. Ask the cardholder \
         whether the payment was theirs.{refund}{paused}",
        amount_text(notice, "amount"),
        card_text(notice),
    )
}

fn declined_text(notice: &Notice) -> String {
    // A code of a newer version reads as the general one.
    advise_payer(fact(notice, "decline_code").parse().unwrap_or(DeclineCode::GenericDecline)).english()
}

fn paused_text(notice: &Notice) -> String {
    let why = match fact(notice, "reason") {
        "fraud_warning" => "The card's bank suspects that a payment was fraud. Settle that with the cardholder.",
        "reversed" => {
            "Money was given back, and no card is charged for that. They go on once usage brings the balance down to the \
             threshold again, or when somebody resumes them."
        }
        "no_card" => "There is no card to charge. Connect a card, then resume them.",
        "card_removed" => "The card that they charged was removed. Choose another one.",
        "disputed" => {
            "A payment was disputed, and the card's bank took the money back. Settle that with the cardholder, then \
             resume them."
        }
        "authentication_required" => {
            "The bank wants the cardholder to confirm an automatic payment. Open the wallet within 23 hours and press \
             \"Confirm with your bank\"; nothing is charged before, and then they go on."
        }
        "not_confirmed" => {
            "An automatic payment was not confirmed with the bank, and nothing was charged. Top up once by hand and confirm \
             the payment, or connect another card; then they go on."
        }
        _ => &declined_text(notice),
    };
    format!("{why} Until then the wallet is not refilled.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use billing_domain::{NoticeId, OrganizationId, Timestamp};
    use billing_store::NoticeFacts;

    fn say(kind: NoticeKind, facts: &[(&str, &str)]) -> EmailText {
        let facts: NoticeFacts = facts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let created_at = Timestamp::from_seconds(0);
        let notice = Notice {
            id: NoticeId::from_trusted("n"),
            organization_id: OrganizationId::from_trusted("o"),
            kind,
            facts,
            created_at,
        };
        let organization = Organization {
            id: OrganizationId::from_trusted("o"),
            name: "Northwind Dental".into(),
            address: String::new(),
            tax_id: String::new(),
            time_zone: "UTC".into(),
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
            created_at,
        };
        compose_email(&notice, &organization, Some("https://billing.example"))
    }

    #[test]
    fn every_notice_says_what_to_do_and_where() {
        let low = say(NoticeKind::LowBalance, &[("available", "4.209999"), ("low_mark", "20.00"), ("currency", "USD")]);
        assert_eq!(low.subject, "Billing: the wallet balance is low (4.20 USD)");
        assert!(low.body.contains("https://billing.example/settings/billing") && low.body.contains("20.00 USD"));
        let declined = say(NoticeKind::PaymentDeclined, &[("decline_code", "insufficient_funds")]);
        assert!(
            declined.body.starts_with(&advise_payer(DeclineCode::InsufficientFunds).english()),
            "{}",
            declined.body
        );
        let asks = say(NoticeKind::AutomaticPaymentsPaused, &[("reason", "authentication_required")]);
        assert!(asks.body.contains("Confirm with your bank"), "{}", asks.body);
        let lapsed = say(NoticeKind::AutomaticPaymentsPaused, &[("reason", "not_confirmed")]);
        assert!(lapsed.body.contains("nothing was charged"), "{}", lapsed.body);
    }

    #[test]
    fn a_new_card_is_named_with_who_connected_it_and_how() {
        let facts = [("card_brand", "visa"), ("card_last4", "4242"), ("by", "Ada"), ("how", "payment_link")];
        let by_link = say(NoticeKind::CardAdded, &facts);
        assert_eq!(by_link.subject, "Billing: Visa •• 4242 was connected");
        assert!(by_link.body.contains("through a payment link that “Ada” made"), "{}", by_link.body);
        let by_hand = say(NoticeKind::CardAdded, &facts[..3]);
        assert!(by_hand.body.starts_with("Visa •• 4242 was connected by “Ada”."), "{}", by_hand.body);
    }

    #[test]
    fn a_suspicion_says_what_to_do_and_nothing_that_did_not_happen() {
        let facts = [("amount", "50.00"), ("currency", "USD"), ("card_brand", "visa"), ("card_last4", "4242")];
        let plain = say(NoticeKind::FraudWarning, &facts).body;
        assert!(plain.contains("50.00 USD with Visa •• 4242") && !plain.contains("paused"), "{plain}");
        let both = [("refund_spares_dispute", "yes"), ("automatic_payments_paused", "yes")];
        let all = say(NoticeKind::FraudWarning, &[facts.as_slice(), &both].concat()).body;
        assert!(all.contains("refunded") && all.contains("paused"), "{all}");
    }

    #[test]
    fn a_stolen_card_is_not_called_so() {
        let stolen =
            say(NoticeKind::AutomaticPaymentsPaused, &[("reason", "declined"), ("decline_code", "stolen_card")]);
        assert!(!stolen.body.contains("stolen"), "{}", stolen.body);
    }
}
