//! Where using a link stands, kept over reloads until the outcome is known.

use billing_contract::ProblemCode;
use billing_contract::link::{CompleteLink, PayAttempt, PayPage, PayStatus};
use billing_contract::session::StripePage;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::{Deserialize, Serialize};

use crate::api::{self, ApiError};
use crate::platform::json::decode_json;
use crate::platform::signal::ErasedSignal;
use crate::platform::{fragment, history, random, storage, stripe, timers};
use crate::shared::card_form::{AcceptedCard, CardRefusal};
use crate::shared::notice::TestMoneyNotice;
use crate::shared::words::consent_wording;
use crate::texts;
use crate::ui::announcer::Announcer;
use crate::ui::money::{explicit_text, plain_text};

/// The version of the consent text. A changed text gets a new one.
const CONSENT: &str = "link-2026-11";
/// Where the tab keeps the token: the address does not have it any more.
const TOKEN: &str = "pay-token";
/// Where the tab keeps an attempt whose outcome is not known, and afterwards its proof.
const ATTEMPT: &str = "pay-attempt";
/// Between two questions about an attempt.
const ASK_MILLISECONDS: i32 = 1_500;
/// Between two tries of a request whose answer got lost: at first, and at most.
const REPEAT_MILLISECONDS: (i32, i32) = (1_000, 15_000);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PayStage {
    /// The link is looked at.
    Opening,
    /// It cannot be used: one sentence.
    Dead(String),
    /// The server cannot be reached: one sentence.
    Unreachable(String),
    /// A card is wanted; why the last one was not taken.
    Filling(CardRefusal),
    /// Sent; no answer yet.
    Sending,
    /// The answer was lost: the same request is sent again, with the same key.
    Repeating,
    /// The bank is working on it.
    Waiting(PayAttempt),
    /// The card is entered on the provider's own page, which is open.
    Away(PayAttempt),
    /// The cardholder has to confirm.
    Question(PayAttempt),
    /// The cardholder's answer is on its way to the bank.
    Answering(PayAttempt),
    /// Nobody knows yet whether the card was charged.
    Unknown(PayAttempt),
    /// Paid, connected, or both.
    Done(PayAttempt),
}

impl PayStage {
    /// What an attempt's state means for the person in front of it.
    pub(super) fn of(attempt: PayAttempt) -> Self {
        let next = |title, reason: String| {
            if attempt.may_try_again {
                Self::Filling(Some((title, texts::pay::not_charged(&reason))))
            } else {
                Self::Dead(texts::pay::no_further_try(&reason))
            }
        };
        match attempt.status {
            PayStatus::Processing => Self::Waiting(attempt),
            PayStatus::ActionRequired if attempt.redirect.is_some() => Self::Away(attempt),
            PayStatus::ActionRequired => Self::Question(attempt),
            PayStatus::Unknown => Self::Unknown(attempt),
            PayStatus::Succeeded => Self::Done(attempt),
            PayStatus::Declined => {
                let translation = attempt.translation.as_deref();
                let reason = attempt.reason.as_deref().map(|reason| texts::translate_sentence(reason, translation));
                next(texts::pay::declined(), reason.unwrap_or_else(|| texts::pay::refused().to_owned()))
            }
            PayStatus::Expired => next(texts::pay::late(), texts::pay::late_reason().to_owned()),
        }
    }

    const fn is_over(&self) -> bool {
        matches!(self, Self::Filling(_) | Self::Dead(_))
    }
}

/// What a tab keeps of an attempt.
#[derive(Serialize, Deserialize)]
struct KeptAttempt {
    key: String,
    body: CompleteLink,
    page: PayPage,
}

/// The page's state. A copy is the same.
#[derive(Clone, Copy)]
pub(super) struct PayFlow {
    /// What the link asks for, once it is known.
    pub(super) page: ErasedSignal<Option<PayPage>>,
    pub(super) stage: ErasedSignal<PayStage>,
    /// What every screen says while no real money moves.
    pub(super) notice: Option<TestMoneyNotice>,
    /// With Stripe: its key and its script.
    pub(super) stripe: Option<&'static StripePage>,
    token: StoredValue<String>,
    announcer: Announcer,
}

impl PayFlow {
    /// Takes the token out of the address, or goes on with what this tab had begun.
    pub(super) fn start(announcer: Announcer, notice: Option<TestMoneyNotice>, stripe: Option<StripePage>) -> Self {
        if let Some(token) = fragment::take_fragment()
            && storage::get_item(TOKEN).as_deref() != Some(token.as_str())
        {
            storage::remove_item(ATTEMPT);
            storage::set_item(TOKEN, &token);
        }
        let token = storage::get_item(TOKEN).unwrap_or_default();
        let flow = Self {
            page: ErasedSignal::new(None),
            stage: ErasedSignal::new(PayStage::Opening),
            notice,
            // Once a document.
            stripe: stripe.map(|stripe| &*Box::leak(Box::new(stripe))),
            token: StoredValue::new(token),
            announcer,
        };
        match storage::get_item(ATTEMPT).and_then(|text| decode_json::<KeptAttempt>(&text)) {
            Some(kept) => {
                flow.page.set(Some(kept.page));
                flow.stage.set(PayStage::Sending);
                // The key makes it the same attempt, whether the first request had arrived or not.
                spawn_local(flow.sent(kept.key, kept.body, false));
            }
            None => flow.open(),
        }
        flow
    }

    /// Looks at the link.
    pub(super) fn open(self) {
        let token = self.token.get_value();
        if token.is_empty() {
            self.stage.set(PayStage::Dead(texts::pay::no_token().to_owned()));
            return;
        }
        self.stage.set(PayStage::Opening);
        spawn_local(async move {
            match api::pay::resolve_link(token).await {
                Ok(page) => {
                    self.page.set(Some(page));
                    self.stage.set(PayStage::Filling(None));
                }
                Err(error) => self.failed(&error),
            }
        });
    }

    fn failed(self, error: &ApiError) {
        let dead = matches!(error.code(), Some(ProblemCode::Gone | ProblemCode::NotFound | ProblemCode::Invalid));
        let sentence = error.sentence();
        self.stage.set(if dead { PayStage::Dead(sentence) } else { PayStage::Unreachable(sentence) });
    }

    /// Uses the link with this card, or with one that is entered on the provider's own page.
    pub(super) fn send(self, card: Option<AcceptedCard>) {
        let Some(page) = self.page.get_untracked() else { return };
        let key = random::new_uuid();
        let body = CompleteLink {
            token: self.token.get_value(),
            card_token: card.map(|card| card.token.to_owned()).unwrap_or_default(),
            exp_month: card.map(|card| card.month).unwrap_or_default(),
            exp_year: card.map(|card| card.year).unwrap_or_default(),
            consent: consent_wording(CONSENT),
            expected_charge: page.charge_now.map(|sum| plain_text(sum, page.currency).into()),
        };
        let kept = KeptAttempt { key, body, page };
        if let Ok(text) = serde_json::to_string(&kept) {
            storage::set_item(ATTEMPT, &text);
        }
        self.stage.set(PayStage::Sending);
        spawn_local(self.sent(kept.key, kept.body, true));
    }

    /// `leave`: the person has just asked for the provider's page. Whoever comes back from there is not sent off again.
    async fn sent(self, key: String, body: CompleteLink, leave: bool) {
        let (mut pause, longest) = REPEAT_MILLISECONDS;
        loop {
            match api::pay::complete_link(&key, &body).await {
                Ok(attempt) => return self.arrived(attempt, leave).await,
                Err(error) if error.leaves_outcome_open() => {
                    self.stage.set(PayStage::Repeating);
                    timers::sleep(pause).await;
                    pause = pause.saturating_mul(2).min(longest);
                }
                Err(error) if error.code() == Some(ProblemCode::ChargeChanged) => return self.ask_again().await,
                Err(error) => return self.refused(&error),
            }
        }
    }

    /// Another sum than the one that was shown would be charged: nothing was, and the new one is shown and asked for.
    async fn ask_again(self) {
        storage::remove_item(ATTEMPT);
        match api::pay::resolve_link(self.token.get_value()).await {
            Ok(page) => {
                let reason = match page.charge_now {
                    Some(sum) => texts::pay::changed_to(&explicit_text(sum, page.currency)),
                    None => texts::pay::changed_to_none().to_owned(),
                };
                self.page.set(Some(page));
                self.stage.set(PayStage::Filling(Some((texts::pay::changed(), reason))));
            }
            Err(error) => self.failed(&error),
        }
    }

    /// The server said no: nothing was charged, and the key is used up.
    fn refused(self, error: &ApiError) {
        storage::remove_item(ATTEMPT);
        let field = ["/exp_month", "/exp_year", "/card_token"].iter().find_map(|pointer| error.field(pointer));
        if matches!(error.code(), Some(ProblemCode::Gone | ProblemCode::NotFound)) {
            self.failed(error);
        } else {
            let reason = field.unwrap_or_else(|| error.sentence());
            self.stage.set(PayStage::Filling(Some((texts::pay::nothing_charged(), reason))));
        }
    }

    /// News of the attempt; while the bank is at it, asks again.
    async fn arrived(self, mut attempt: PayAttempt, mut leave: bool) {
        loop {
            let stage = PayStage::of(attempt.clone());
            if let (true, Some(address)) = (leave, &attempt.redirect) {
                leave = false;
                history::load_document(address);
            }
            if stage.is_over() {
                storage::remove_item(ATTEMPT);
            }
            let goes_on = matches!(stage, PayStage::Waiting(_) | PayStage::Unknown(_) | PayStage::Away(_));
            if matches!(stage, PayStage::Done(_)) {
                self.announcer.say(texts::pay::done());
            }
            if *self.stage.read_untracked() != stage {
                self.stage.set(stage);
            }
            if !goes_on {
                return;
            }
            timers::sleep(ASK_MILLISECONDS).await;
            if let Ok(news) = api::pay::fetch_attempt(self.token.get_value(), attempt.id.clone()).await {
                attempt = news;
            }
        }
    }

    /// Saves the receipt as a file; answers whether that worked.
    pub(super) async fn save_receipt(self, attempt_id: String) -> bool {
        api::pay::save_receipt(self.token.get_value(), attempt_id).await
    }

    /// Lets the cardholder answer the bank through Stripe's script, then asks the server what came of it; whether that could be
    /// asked.
    pub(super) fn confirm(self, failed: RwSignal<bool>) {
        let (Some(page), PayStage::Question(attempt)) = (self.stripe, self.stage.get_untracked()) else { return };
        let Some(secret) = attempt.client_secret.clone() else { return };
        self.stage.set(PayStage::Answering(attempt.clone()));
        failed.set(false);
        spawn_local(async move {
            let answered = stripe::answer_bank(&page.publishable_key, &secret, None, &page.script_url).await;
            match api::pay::fetch_attempt(self.token.get_value(), attempt.id.clone()).await {
                Ok(news) if answered.is_ok() && news.status != PayStatus::ActionRequired => {
                    self.arrived(news, false).await;
                }
                _ => {
                    // Nobody may be looking any more.
                    let _ = failed.try_set(true);
                    self.stage.set(PayStage::Question(attempt));
                }
            }
        });
    }

    /// Sends the sandbox bank what the cardholder decided.
    pub(super) fn answer(self, approve: bool) {
        let PayStage::Question(attempt) = self.stage.get_untracked() else { return };
        self.stage.set(PayStage::Answering(attempt.clone()));
        spawn_local(async move {
            let token = self.token.get_value();
            match api::pay::answer_challenge(token.clone(), attempt.id.clone(), approve).await {
                Ok(news) => self.arrived(news, false).await,
                // Perhaps it got through: the attempt itself says so.
                Err(_) => match api::pay::fetch_attempt(token, attempt.id.clone()).await {
                    Ok(news) => self.arrived(news, false).await,
                    Err(_) => self.stage.set(PayStage::Question(attempt)),
                },
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(status: PayStatus, may_try_again: bool) -> PayAttempt {
        PayAttempt {
            id: "a".to_owned(),
            status,
            reason: Some("Not enough money.".to_owned()),
            translation: None,
            redirect: None,
            client_secret: None,
            challenge_until: None,
            amount: None,
            card: None,
            settled_at: None,
            may_try_again,
        }
    }

    #[test]
    fn nobody_is_told_that_nothing_was_charged_while_nobody_knows() {
        for status in [PayStatus::Processing, PayStatus::ActionRequired, PayStatus::Unknown, PayStatus::Succeeded] {
            assert!(!PayStage::of(attempt(status, true)).is_over(), "{status:?}");
        }
    }

    #[test]
    fn an_open_page_of_the_provider_is_no_question_of_the_bank() {
        let mut asked = attempt(PayStatus::ActionRequired, true);
        assert!(matches!(PayStage::of(asked.clone()), PayStage::Question(_)));
        asked.redirect = Some("https://checkout.stripe.com/c/1".to_owned());
        assert!(matches!(PayStage::of(asked), PayStage::Away(_)));
    }

    #[test]
    fn after_a_decline_another_card_may_be_tried_as_long_as_the_link_allows() {
        let PayStage::Filling(Some((_, reason))) = PayStage::of(attempt(PayStatus::Declined, true)) else { panic!() };
        assert_eq!(reason, "Not enough money. Nothing was charged.");
        let PayStage::Dead(sentence) = PayStage::of(attempt(PayStatus::Declined, false)) else { panic!() };
        assert!(sentence.starts_with("Not enough money. Nothing was charged.") && sentence.ends_with("a new one."));
    }
}
