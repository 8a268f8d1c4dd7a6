//! A question about a line, prepared for whoever helps: everything they need to find it, and room for what is wrong.

use std::sync::Arc;

use billing_contract::paths;
use billing_contract::transaction::Transaction;
use leptos::prelude::*;

use super::super::super::words::{count_text, kind_word};
use super::super::rows::{line_source, line_title};
use super::facts::{line_number, product_text};
use crate::platform::{share, task};
use crate::shared::brand::current_brand;
use crate::texts;
use crate::ui::announcer::use_announcer;
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::field::TextArea;
use crate::ui::icon::IconName;
use crate::ui::money::{MoneyStyle, money_text, signed_text};
use crate::ui::time::{DateStyle, instant_text};

/// What support has to know.
fn prepare_question(line: &Transaction) -> String {
    let mut text = texts::drawer::named(texts::drawer::what_is_wrong(), "");
    text.push_str("\n\n");
    let mut add = |name: &str, value: &str| {
        text.push_str(&texts::drawer::named(name, value));
        text.push('\n');
    };
    add(texts::drawer::heading(), &line_number(line.seq));
    add(texts::drawer::what(), &texts::drawer::of_kind(&line_title(line), kind_word(line.kind)));
    if !line.source.is_empty() {
        add(texts::drawer::source(), &line_source(line));
    }
    add(texts::drawer::when(), &instant_text(line.occurred_at, DateStyle::Full));
    add(texts::drawer::amount(), &signed_text(line.amount, line.currency));
    if let Some(product) = product_text(line) {
        add(texts::drawer::worked_out(), &product);
    }
    add(texts::drawer::balance_after(), &money_text(line.balance_after, line.currency, MoneyStyle::Line));
    add(texts::drawer::reference(), &line.reference);
    add(texts::drawer::id(), &line.id);
    add(texts::drawer::hash(), &line.hash.to_string());
    text
}

/// `mailto:` with subject and text.
fn compose_mail(address: &str, line: &Transaction, text: &str) -> String {
    let mut mail = format!("mailto:{address}?subject=");
    paths::push_encoded(&mut mail, &texts::drawer::mail_subject(&count_text(line.seq)));
    mail.push_str("&body=");
    paths::push_encoded(&mut mail, &text.replace('\n', "\r\n"));
    mail
}

/// The text, and ways to send it.
#[component]
pub(super) fn Question(
    /// What it is about.
    line: Arc<Transaction>,
) -> AnyView {
    let announcer = use_announcer();
    let text = RwSignal::new(prepare_question(&line));
    let work = StoredValue::new_local(None);
    let copy = move || {
        work.set_value(Some(task::spawn_task(async move {
            let done = share::copy_text(&text.get_untracked()).await;
            announcer.say(if done { texts::drawer::said_text_copied() } else { texts::drawer::text_not_copied() });
        })));
    };
    let brand = current_brand();
    let hint = match (&brand.support_email, &brand.support_url) {
        (Some(address), _) => texts::drawer::goes_to(address),
        (None, Some(_)) => texts::drawer::paste_at_help().to_owned(),
        (None, None) => texts::drawer::send_to_operator().to_owned(),
    };
    let draft = brand.support_email.map(|address| {
        let href = Signal::derive(move || compose_mail(&address, &line, &text.get()));
        view! { <a class="button button-primary" href=href>{texts::drawer::write_mail()}</a> }
    });
    let place = brand.support_url.map(|address| {
        view! {
            <a class="button" href=address target="_blank" rel="noopener noreferrer">{texts::drawer::open_help()}</a>
        }
    });
    view! {
        <TextArea label=texts::drawer::your_question() value=text name="question" rows="9" hint=hint />
        <div class="buttons">
            {draft}
            <Button style=ButtonStyle::Secondary icon=IconName::Copy on_press=copy>{texts::drawer::copy_text()}</Button>
            {place}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use billing_domain::TransactionKind;

    use super::super::super::arrivals::tests::line_at;
    use super::*;

    #[test]
    fn the_mail_cannot_be_split_by_what_stands_in_a_line() {
        let line = line_at(7, TransactionKind::AiTask);
        let address = compose_mail("help@example.com", &line, "a&b=c?\nÜ");
        assert!(address.starts_with("mailto:help@example.com?subject=Question%20about"), "{address}");
        assert!(address.ends_with("&body=a%26b%3Dc%3F%0D%0A%C3%9C"), "{address}");
    }
}
