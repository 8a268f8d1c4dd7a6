//! Charging at the sandbox bank: the books are written first, then the answer may be slow, or lost.

use billing_domain::PaymentRef;
use billing_domain::charge::DeclineCode;
use billing_domain::sandbox_cards::{self, Step};

use super::records::{CardRecord, ChargeRecord, State};
use super::script::Scripted;
use super::vault::Drawer;
use super::{Sandbox, bank_name};
use crate::charge::{ChargeAnswer, ChargeRequest, Decline, Presence, Reference};
use crate::provider::ProviderError;

/// How the answer travels back.
#[derive(Clone, Copy)]
enum AnswerDelivery {
    Prompt,
    Slow,
    Lost,
}

/// What the bank decides about a new charge.
struct ChargeDecision {
    state: State,
    line: AnswerDelivery,
    disputed: bool,
}

const fn declined_state(code: DeclineCode) -> State {
    State::Declined(Decline { code })
}

impl Sandbox {
    pub(super) async fn charge(&self, request: &ChargeRequest) -> Result<ChargeAnswer, ProviderError> {
        // The reference first, whatever the card or the script say by now: a repetition is answered as the first
        // time.
        if let Some(record) = self.charge_record(&request.reference).await? {
            return repeat_charge(&record, request);
        }
        if request.amount_minor <= 0 {
            return Err(ProviderError::Refused("the amount is not positive".to_owned()));
        }
        let card = self.chargeable_card(request).await?;
        let scripted = self.script.take();
        let decision = match scripted {
            Some(Scripted::Busy) => return Err(ProviderError::Busy),
            Some(Scripted::Refused) => return Err(ProviderError::Refused("scripted".to_owned())),
            Some(Scripted::RequestLost) => {
                tokio::time::sleep(self.config.silence).await;
                // The request got lost, so nothing is written: a look-up finds nothing.
                return Err(ProviderError::NoAnswer);
            }
            Some(scripted) => by_script(scripted),
            None => by_card(&card, request.presence)?,
        };
        let record = new_record(request, decision.state, decision.disputed);
        // Version 0 makes the first writer the only one, as an idempotency key would.
        if !self.write(Drawer::Charges, request.reference.as_str(), 0, &record).await? {
            // The same request arrived twice at once; the other one was written.
            self.script.give_back(scripted);
            let written = self.charge_record(&request.reference).await?.ok_or(ProviderError::NoAnswer)?;
            return repeat_charge(&written, request);
        }
        match decision.line {
            AnswerDelivery::Prompt => Ok(record.answer()),
            AnswerDelivery::Slow => {
                tokio::time::sleep(self.config.slow).await;
                Ok(record.answer())
            }
            AnswerDelivery::Lost => {
                // The charge is written and its answer lost: what a client must be able to bear.
                tokio::time::sleep(self.config.silence).await;
                Err(ProviderError::NoAnswer)
            }
        }
    }

    pub(super) async fn look_up_charge(&self, request: &ChargeRequest) -> Result<Option<ChargeAnswer>, ProviderError> {
        let Some(record) = self.charge_record(&request.reference).await? else { return Ok(None) };
        let record = match record.state {
            // Looked up, it moves on: nobody has to wait for a clock.
            State::Processing => self.move_on(&request.reference, State::Processing, State::Done).await?,
            _ => record,
        };
        repeat_charge(&record, request).map(Some)
    }

    pub(super) async fn cancel_charge(&self, request: &ChargeRequest) -> Result<ChargeAnswer, ProviderError> {
        let key = request.reference.as_str();
        loop {
            let Some((version, mut record)) = self.read::<ChargeRecord>(Drawer::Charges, key).await? else {
                // Written down although never received, so that a request still on its way finds its reference closed.
                let record = new_record(request, State::Cancelled, false);
                if self.write(Drawer::Charges, key, 0, &record).await? {
                    return Ok(record.answer());
                }
                // Somebody wrote in between: what they wrote decides.
                continue;
            };
            // What is final stays, and another request's record is none of ours to close.
            if record.state.is_final() || !record.repeats(request) {
                return repeat_charge(&record, request);
            }
            record.state = State::Cancelled;
            if self.write(Drawer::Charges, key, version, &record).await? {
                return Ok(record.answer());
            }
        }
    }

    /// The cardholder answers the challenge of a charge. `None`: there is none that waits for an answer.
    pub async fn answer_charge(
        &self,
        reference: &Reference,
        approve: bool,
    ) -> Result<Option<ChargeAnswer>, ProviderError> {
        let Some(record) = self.charge_record(reference).await? else { return Ok(None) };
        let State::ActionRequired { then } = record.state else { return Ok(None) };
        let answered = after_challenge(then, approve);
        Ok(Some(self.move_on(reference, record.state, answered).await?.answer()))
    }

    async fn charge_record(&self, reference: &Reference) -> Result<Option<ChargeRecord>, ProviderError> {
        Ok(self.read(Drawer::Charges, reference.as_str()).await?.map(|(_, record)| record))
    }

    /// Changes the state if it is still `from`; answers the record as it stands then.
    async fn move_on(&self, reference: &Reference, from: State, to: State) -> Result<ChargeRecord, ProviderError> {
        loop {
            let (version, mut record): (i64, ChargeRecord) =
                self.read(Drawer::Charges, reference.as_str()).await?.ok_or(ProviderError::NoAnswer)?;
            // Only from the state that was decided on: two answers to one challenge do not both count.
            if record.state != from {
                return Ok(record);
            }
            record.state = to;
            if self.write(Drawer::Charges, reference.as_str(), version, &record).await? {
                return Ok(record);
            }
        }
    }

    async fn chargeable_card(&self, request: &ChargeRequest) -> Result<CardRecord, ProviderError> {
        let card = self.read::<CardRecord>(Drawer::Cards, request.card_ref.as_str()).await?.map(|(_, card)| card);
        card.filter(|card| card.customer == request.customer && !card.forgotten)
            .ok_or_else(|| ProviderError::Refused("no such card".to_owned()))
    }
}

/// What follows when the cardholder has answered.
pub(super) const fn after_challenge(then: Option<Decline>, approve: bool) -> State {
    match (approve, then) {
        (false, _) => declined_state(DeclineCode::AuthenticationFailed),
        (true, Some(decline)) => State::Declined(decline),
        (true, None) => State::Done,
    }
}

fn repeat_charge(record: &ChargeRecord, request: &ChargeRequest) -> Result<ChargeAnswer, ProviderError> {
    if record.repeats(request) { Ok(record.answer()) } else { Err(ProviderError::ReferenceReused) }
}

fn new_record(request: &ChargeRequest, state: State, disputed: bool) -> ChargeRecord {
    let provider_ref = PaymentRef::from_trusted(bank_name("pay", &request.reference));
    ChargeRecord { provider_ref, request: request.clone(), state, disputed, refunds: Vec::new() }
}

fn by_card(card: &CardRecord, presence: Presence) -> Result<ChargeDecision, ProviderError> {
    let known = sandbox_cards::by_token(&card.token)
        .ok_or_else(|| ProviderError::Refused("the bank has not issued this card".to_owned()))?;
    let step = match presence {
        Presence::OnSession => known.on_session,
        Presence::OffSession => known.off_session,
    };
    let (state, line) = match step {
        Step::Pass | Step::PassThenDispute => (State::Done, AnswerDelivery::Prompt),
        Step::Slow => (State::Done, AnswerDelivery::Slow),
        Step::Silent => (State::Done, AnswerDelivery::Lost),
        Step::Decline(code) => (declined_state(code), AnswerDelivery::Prompt),
        Step::Challenge => (State::ActionRequired { then: None }, AnswerDelivery::Prompt),
        Step::ChallengeThenDecline(code) => {
            (State::ActionRequired { then: Some(Decline { code }) }, AnswerDelivery::Prompt)
        }
    };
    Ok(ChargeDecision { state, line, disputed: step == Step::PassThenDispute })
}

fn by_script(scripted: Scripted) -> ChargeDecision {
    let (state, line) = match scripted {
        Scripted::NoAnswer => (State::Done, AnswerDelivery::Lost),
        Scripted::Slow => (State::Done, AnswerDelivery::Slow),
        Scripted::Processing => (State::Processing, AnswerDelivery::Prompt),
        Scripted::Challenge => (State::ActionRequired { then: None }, AnswerDelivery::Prompt),
        Scripted::Decline(code) => (declined_state(code), AnswerDelivery::Prompt),
        Scripted::Pass | Scripted::RequestLost | Scripted::Busy | Scripted::Refused => {
            (State::Done, AnswerDelivery::Prompt)
        }
    };
    ChargeDecision { state, line, disputed: false }
}
