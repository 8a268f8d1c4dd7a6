//! Connecting cards at the sandbox bank.

use billing_domain::charge::DeclineCode;
use billing_domain::sandbox_cards::{self, SandboxCard, Step};
use billing_domain::{CardRef, OrganizationId, SetupRef};

use super::charges::after_challenge;
use super::records::{CardRecord, SetupRecord, State};
use super::vault::Drawer;
use super::{Sandbox, bank_name};
use crate::card::{CardFacts, CardToken, SetupAnswer, SetupRequest};
use crate::charge::{Decline, Reference};
use crate::provider::ProviderError;

impl Sandbox {
    pub(super) async fn start_setup(&self, request: &SetupRequest) -> Result<SetupAnswer, ProviderError> {
        let key = request.reference.as_str();
        if let Some((_, record)) = self.read::<SetupRecord>(Drawer::Setups, key).await? {
            return self.repeated_setup(record, request).await;
        }
        let (token, card) = find_issued_card(request)?;
        let state = match card.setup {
            Step::Pass | Step::PassThenDispute | Step::Slow | Step::Silent => State::Done,
            Step::Challenge => State::ActionRequired { then: None },
            Step::ChallengeThenDecline(code) => State::ActionRequired { then: Some(Decline { code }) },
            Step::Decline(code) => State::Declined(Decline { code }),
        };
        let record = new_record(request, token, card, state);
        if self.write(Drawer::Setups, key, 0, &record).await? {
            return self.finished(&record).await;
        }
        let (_, written) = self.read(Drawer::Setups, key).await?.ok_or(ProviderError::NoAnswer)?;
        self.repeated_setup(written, request).await
    }

    pub(super) async fn look_up_setup(&self, reference: &Reference) -> Result<Option<SetupAnswer>, ProviderError> {
        match self.read::<SetupRecord>(Drawer::Setups, reference.as_str()).await? {
            Some((_, record)) => self.finished(&record).await.map(Some),
            None => Ok(None),
        }
    }

    pub(super) async fn cancel_setup(&self, request: &SetupRequest) -> Result<SetupAnswer, ProviderError> {
        let key = request.reference.as_str();
        loop {
            let found = self.read::<SetupRecord>(Drawer::Setups, key).await?;
            let (version, mut record) = if let Some(found) = found {
                found
            } else {
                // Written down although never received, so that a request still on its way finds its reference closed.
                let (token, card) = find_issued_card(request)?;
                (0, new_record(request, token, card, State::Processing))
            };
            if record.state.is_final() {
                return self.repeated_setup(record, request).await;
            }
            record.state = State::Cancelled;
            if self.write(Drawer::Setups, key, version, &record).await? {
                return Ok(record.answer());
            }
        }
    }

    pub(super) async fn look_up_card(
        &self,
        customer: &OrganizationId,
        card_ref: &CardRef,
    ) -> Result<Option<CardFacts>, ProviderError> {
        let found = self.read::<CardRecord>(Drawer::Cards, card_ref.as_str()).await?.map(|(_, card)| card);
        Ok(found.filter(|card| card.customer == *customer && !card.forgotten).map(|card| card.facts))
    }

    pub(super) async fn forget_card(&self, customer: &OrganizationId, card_ref: &CardRef) -> Result<(), ProviderError> {
        loop {
            let Some((version, mut card)) = self.read::<CardRecord>(Drawer::Cards, card_ref.as_str()).await? else {
                return Ok(());
            };
            if card.forgotten || card.customer != *customer {
                return Ok(());
            }
            card.forgotten = true;
            if self.write(Drawer::Cards, card_ref.as_str(), version, &card).await? {
                return Ok(());
            }
        }
    }

    /// The cardholder answers the challenge of a set-up. `None`: there is none that waits for an answer.
    pub async fn answer_setup(
        &self,
        reference: &Reference,
        approve: bool,
    ) -> Result<Option<SetupAnswer>, ProviderError> {
        loop {
            let found = self.read::<SetupRecord>(Drawer::Setups, reference.as_str()).await?;
            let Some((version, mut record)) = found else { return Ok(None) };
            let State::ActionRequired { then } = record.state else { return Ok(None) };
            record.state = after_challenge(then, approve);
            if self.write(Drawer::Setups, reference.as_str(), version, &record).await? {
                return self.finished(&record).await.map(Some);
            }
        }
    }

    async fn repeated_setup(&self, record: SetupRecord, request: &SetupRequest) -> Result<SetupAnswer, ProviderError> {
        if record.request == *request { self.finished(&record).await } else { Err(ProviderError::ReferenceReused) }
    }

    /// Puts the card into its drawer before a set-up is called connected; does so again after a crash in between.
    async fn finished(&self, record: &SetupRecord) -> Result<SetupAnswer, ProviderError> {
        if record.state == State::Done {
            let card = CardRecord {
                customer: record.request.customer.clone(),
                token: record.request.card.as_ref().map(|card| card.token.clone()).unwrap_or_default(),
                facts: record.facts.clone(),
                forgotten: false,
            };
            // `false`: it is there already, perhaps forgotten meanwhile; that stays.
            self.write(Drawer::Cards, record.facts.provider_ref.as_str(), 0, &card).await?;
        }
        Ok(record.answer())
    }
}

/// The token and the bank's card behind it.
fn find_issued_card(request: &SetupRequest) -> Result<(&CardToken, &'static SandboxCard), ProviderError> {
    let token =
        request.card.as_ref().ok_or_else(|| ProviderError::Refused("the sandbox needs a card token".to_owned()))?;
    let card = sandbox_cards::by_token(&token.token)
        .ok_or_else(|| ProviderError::Refused("the bank has not issued this card".to_owned()))?;
    Ok((token, card))
}

fn new_record(request: &SetupRequest, token: &CardToken, card: &SandboxCard, state: State) -> SetupRecord {
    let state = if (1..=12).contains(&token.exp_month) {
        state
    } else {
        State::Declined(Decline { code: DeclineCode::ExpiredCard })
    };
    let facts = CardFacts {
        provider_ref: CardRef::from_trusted(bank_name("card", &request.reference)),
        brand: card.brand.to_owned(),
        last4: card.last4().to_owned(),
        exp_month: token.exp_month,
        exp_year: token.exp_year,
        fingerprint: bank_name("fp", card.token),
    };
    let provider_ref = SetupRef::from_trusted(bank_name("setup", &request.reference));
    SetupRecord { provider_ref, request: request.clone(), facts, state }
}
