//! How automatic charges go: what a settlement or a decline does to it.

use billing_domain::Timestamp;
use billing_domain::auto_pay::RETRY_AFTER_SECONDS;
use billing_domain::charge::{DeclineClass, DeclineCode, Outcome};
use billing_store::{AutoPay, AutoPayState, ProviderWord, TopUpKind};

/// Paused because the bank wants to see the cardholder; the charge waits for them.
pub(crate) const AWAITS_CARDHOLDER: &str = "authentication_required";
/// Paused because nobody confirmed the charge that waited.
pub(crate) const NOT_CONFIRMED: &str = "not_confirmed";
/// Paused because the card was refused.
pub(crate) const DECLINED: &str = "declined";
/// Paused because there is no card to charge.
pub(crate) const NO_CARD: &str = "no_card";
/// Paused because the card that was agreed to is gone.
pub(crate) const CARD_REMOVED: &str = "card_removed";
/// Paused because the card's bank took a charge back.
pub(crate) const DISPUTED: &str = "disputed";

/// Paused because the card's bank suspects that a payment was fraud.
pub(crate) const SUSPECTED: &str = "fraud_warning";

/// The state after a charge was settled or declined; `None` when it stays as it is. `began`: when the top-up was made.
/// No charge, not even one by hand, ends the pause after the named card was removed: that takes consent to another.
pub(crate) fn after(
    present: &AutoPayState,
    kind: TopUpKind,
    word: &ProviderWord,
    began: Timestamp,
) -> Option<AutoPayState> {
    if awaits_agreement(present) {
        return None;
    }
    match (kind, word.outcome) {
        (TopUpKind::Auto, Outcome::Settled) => Some(healthy(present)),
        // A manual top-up shows that a card works again (docs/decisions/0039-pauses-that-need-a-person.md).
        (TopUpKind::Manual, Outcome::Settled) => {
            (present.paused_reason.is_some() || present.failures > 0).then(|| healthy(present))
        }
        (TopUpKind::Auto, Outcome::ActionRequired) => Some(awaiting_cardholder(present)),
        (TopUpKind::Auto, Outcome::Expired) if awaits_cardholder(present) => {
            Some(AutoPayState { paused_reason: Some(NOT_CONFIRMED.to_owned()), ..present.clone() })
        }
        (TopUpKind::Auto, Outcome::Declined) => {
            Some(after_decline(present, word.decline_code.unwrap_or(DeclineCode::GenericDecline), began))
        }
        _ => None,
    }
}

/// No declines, nothing paused; the pace goes on, and what waits since money was given back goes on waiting.
pub(crate) fn healthy(present: &AutoPayState) -> AutoPayState {
    AutoPayState { last_charge_at: present.last_charge_at, reversed_at: present.reversed_at, ..AutoPayState::default() }
}

/// The same after a person has agreed to the next charge: money that was given back before counts no longer.
pub(crate) fn agreed(present: &AutoPayState) -> AutoPayState {
    AutoPayState { reversed_at: None, ..healthy(present) }
}

/// Nothing is charged by itself now.
pub(crate) fn rests(state: &AutoPayState, now: Timestamp) -> bool {
    state.paused_reason.is_some() || state.reversed_at.is_some() || state.next_attempt_at.is_some_and(|next| next > now)
}

/// Paused at once; the charge is not tried again, a person is asked to confirm it.
fn awaiting_cardholder(present: &AutoPayState) -> AutoPayState {
    AutoPayState {
        paused_reason: Some(AWAITS_CARDHOLDER.to_owned()),
        decline_code: Some(DeclineCode::AuthenticationRequired),
        next_attempt_at: None,
        ..present.clone()
    }
}

/// Paused while the charge waits for the cardholder.
pub(crate) fn awaits_cardholder(present: &AutoPayState) -> bool {
    present.paused_reason.as_deref() == Some(AWAITS_CARDHOLDER)
}

/// Whether a charge that waits for the cardholder is still wanted. Whatever ended that pause has taken its place: money by
/// hand, another card, a person who resumed or switched off; asking for both would fill the wallet twice.
/// See docs/decisions/0038-cardholder-confirmation.md.
pub(crate) fn wants_waiting_charge(auto_pay: &AutoPay) -> bool {
    auto_pay.enabled && awaits_cardholder(&auto_pay.state)
}

/// Soft declines are tried again 1, 3 and 7 hours after the first attempt, then it pauses; hard ones pause at once. What a
/// person was asked to confirm is not tried again without one.
fn after_decline(present: &AutoPayState, code: DeclineCode, began: Timestamp) -> AutoPayState {
    let failures = present.failures.saturating_add(1);
    let first_attempt_at = present.first_attempt_at.unwrap_or(began);
    let retry = match code.class() {
        DeclineClass::Soft if !awaits_cardholder(present) => {
            usize::try_from(failures).ok().and_then(|index| RETRY_AFTER_SECONDS.get(index))
        }
        DeclineClass::Soft | DeclineClass::Hard | DeclineClass::NeedsPerson => None,
    };
    AutoPayState {
        paused_reason: retry.is_none().then(|| DECLINED.to_owned()),
        decline_code: Some(code),
        failures,
        attempt: if retry.is_some() { failures.saturating_add(1) } else { failures },
        first_attempt_at: Some(first_attempt_at),
        next_attempt_at: retry.map(|seconds| first_attempt_at.plus_seconds(*seconds)),
        last_charge_at: present.last_charge_at,
        reversed_at: present.reversed_at,
    }
}

/// The state when there is nothing to charge.
pub(crate) fn without_card(present: &AutoPayState) -> AutoPayState {
    AutoPayState { paused_reason: Some(NO_CARD.to_owned()), ..present.clone() }
}

/// The state when the card that was agreed to has been removed.
pub(crate) fn card_removed(present: &AutoPayState) -> AutoPayState {
    AutoPayState { paused_reason: Some(CARD_REMOVED.to_owned()), ..healthy(present) }
}

/// The state when the card's bank took a charge back: a cardholder who disputes has not agreed to the next charge.
pub(crate) fn disputed(present: &AutoPayState) -> AutoPayState {
    AutoPayState { paused_reason: Some(DISPUTED.to_owned()), ..healthy(present) }
}

/// The state when the card's bank suspects fraud; `None` where a person is asked to agree anyway.
pub(crate) fn suspected(present: &AutoPayState) -> Option<AutoPayState> {
    let paused = AutoPayState { paused_reason: Some(SUSPECTED.to_owned()), ..healthy(present) };
    (!awaits_agreement(present)).then_some(paused)
}

/// Paused until a person agrees again, by new settings or by resuming. Nothing else may end it.
/// See docs/decisions/0039-pauses-that-need-a-person.md.
pub(crate) fn awaits_agreement(present: &AutoPayState) -> bool {
    matches!(present.paused_reason.as_deref(), Some(CARD_REMOVED | DISPUTED | SUSPECTED))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGAN: Timestamp = Timestamp::from_seconds(1_000_000);

    fn word(outcome: Outcome, decline_code: Option<DeclineCode>) -> ProviderWord {
        ProviderWord {
            outcome,
            provider_ref: None,
            decline_code,
            next_action: None,
            received: None,
            next_check_at: BEGAN,
        }
    }

    fn decline(present: &AutoPayState, code: DeclineCode, began: Timestamp) -> AutoPayState {
        after(present, TopUpKind::Auto, &word(Outcome::Declined, Some(code)), began).unwrap()
    }

    #[test]
    fn soft_declines_are_tried_at_1_3_and_7_hours_and_then_it_pauses() {
        let mut state = AutoPayState { last_charge_at: Some(BEGAN), ..AutoPayState::default() };
        for (failures, hours) in [(1, 1), (2, 3), (3, 7)] {
            let began = state.next_attempt_at.unwrap_or(BEGAN);
            state = decline(&state, DeclineCode::InsufficientFunds, began);
            assert_eq!((state.failures, state.paused_reason.as_deref()), (failures, None));
            assert_eq!(state.next_attempt_at, Some(BEGAN.plus_seconds(hours * 3600)));
        }
        state = decline(&state, DeclineCode::InsufficientFunds, BEGAN.plus_seconds(7 * 3600));
        assert_eq!((state.failures, state.paused_reason.as_deref()), (4, Some(DECLINED)));
        assert_eq!(state.next_attempt_at, None);
    }

    #[test]
    fn a_hard_decline_and_a_missing_cardholder_pause_at_once() {
        for code in [DeclineCode::LostCard, DeclineCode::AuthenticationRequired, DeclineCode::Fraudulent] {
            let state = decline(&AutoPayState::default(), code, BEGAN);
            assert_eq!((state.paused_reason.as_deref(), state.next_attempt_at), (Some(DECLINED), None), "{code}");
        }
    }

    #[test]
    fn a_charge_that_waits_for_the_cardholder_pauses_and_whatever_comes_of_it_is_not_tried_again_alone() {
        let armed = AutoPayState { last_charge_at: Some(BEGAN), ..AutoPayState::default() };
        let asks = word(Outcome::ActionRequired, None);
        let waiting = after(&armed, TopUpKind::Auto, &asks, BEGAN).unwrap();
        assert_eq!((waiting.paused_reason.as_deref(), waiting.failures), (Some(AWAITS_CARDHOLDER), 0));
        assert_eq!(after(&armed, TopUpKind::Manual, &asks, BEGAN), None, "by hand somebody is there");
        for kind in [TopUpKind::Auto, TopUpKind::Manual] {
            assert_eq!(after(&waiting, kind, &word(Outcome::Settled, None), BEGAN), Some(armed.clone()), "{kind:?}");
        }
        let lapsed = after(&waiting, TopUpKind::Auto, &word(Outcome::Expired, None), BEGAN).unwrap();
        assert_eq!(lapsed.paused_reason.as_deref(), Some(NOT_CONFIRMED));
        for code in [DeclineCode::InsufficientFunds, DeclineCode::AuthenticationFailed, DeclineCode::LostCard] {
            let refused = decline(&waiting, code, BEGAN);
            assert_eq!((refused.paused_reason.as_deref(), refused.next_attempt_at), (Some(DECLINED), None), "{code}");
        }
    }

    #[test]
    fn money_by_hand_ends_a_pause_and_keeps_the_pace() {
        let paused = decline(
            &AutoPayState { last_charge_at: Some(BEGAN), ..AutoPayState::default() },
            DeclineCode::LostCard,
            BEGAN,
        );
        let settled = word(Outcome::Settled, None);
        let resumed = after(&paused, TopUpKind::Manual, &settled, BEGAN).unwrap();
        assert_eq!(resumed, AutoPayState { last_charge_at: Some(BEGAN), ..AutoPayState::default() });
        assert_eq!(after(&resumed, TopUpKind::Manual, &settled, BEGAN), None);
        let by_hand = word(Outcome::Declined, Some(DeclineCode::LostCard));
        assert_eq!(after(&resumed, TopUpKind::Manual, &by_hand, BEGAN), None, "a decline by hand says nothing here");
    }

    #[test]
    fn no_charge_makes_up_for_the_consent_to_another_card() {
        let armed = AutoPayState { last_charge_at: Some(BEGAN), ..AutoPayState::default() };
        for (removed, kind) in [card_removed(&armed), disputed(&armed), suspected(&armed).unwrap()]
            .iter()
            .flat_map(|paused| [(paused, TopUpKind::Auto), (paused, TopUpKind::Manual)])
        {
            for code in [DeclineCode::InsufficientFunds, DeclineCode::LostCard] {
                assert_eq!(after(removed, kind, &word(Outcome::Declined, Some(code)), BEGAN), None, "{kind:?} {code}");
            }
            assert_eq!(after(removed, kind, &word(Outcome::Settled, None), BEGAN), None, "{kind:?}");
            assert_eq!(suspected(removed), None, "the first reason stays");
        }
    }

    #[test]
    fn after_money_was_given_back_nothing_but_a_persons_word_goes_on_charging() {
        let waiting = AutoPayState { reversed_at: Some(BEGAN), last_charge_at: Some(BEGAN), ..AutoPayState::default() };
        assert!(rests(&waiting, BEGAN.plus_seconds(1_000_000)));
        for kind in [TopUpKind::Auto, TopUpKind::Manual] {
            for (outcome, code) in [(Outcome::Settled, None), (Outcome::Declined, Some(DeclineCode::InsufficientFunds))]
            {
                let next = after(&waiting, kind, &word(outcome, code), BEGAN).unwrap_or_else(|| waiting.clone());
                assert_eq!(next.reversed_at, Some(BEGAN), "{kind:?} {outcome:?}");
            }
        }
        for kept in [healthy(&waiting), card_removed(&waiting), disputed(&waiting), without_card(&waiting)] {
            assert_eq!(kept.reversed_at, Some(BEGAN));
        }
        let agreed = agreed(&waiting);
        assert_eq!((agreed.reversed_at, agreed.last_charge_at), (None, Some(BEGAN)));
        assert!(!rests(&agreed, BEGAN));
    }

    #[test]
    fn an_outage_never_counts() {
        for outcome in [Outcome::NoAnswer, Outcome::Expired, Outcome::Accepted] {
            assert_eq!(after(&AutoPayState::default(), TopUpKind::Auto, &word(outcome, None), BEGAN), None);
        }
    }
}
