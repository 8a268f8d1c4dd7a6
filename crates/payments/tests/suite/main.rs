//! The one suite that every payment provider passes: it *is* the definition of "provider". A provider takes part by a
//! [`bench::TestBank`] and one line of `suite!`.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a broken assumption must fail the test")]

mod bench;
mod charges;
mod refunds;
mod sandbox;
mod setups;
mod stripe;
mod webhooks;

/// Every case of this crate's modules on a bench, one test each, so that the test's name says provider and risk. The
/// attribute: the sandbox is in the process, so time may fly; a line over sockets needs real time.
macro_rules! suite {
    ($provider:ident, $(#[$test:meta])+, $bench:expr) => {
        suite!(@ $provider, [$(#[$test])+], $bench, {
        setups:
            a_good_card_connects_and_only_harmless_facts_come_back,
            the_same_reference_connects_once,
            the_same_reference_with_another_card_is_refused,
            a_refused_card_never_connects,
            a_challenge_decides_and_only_the_provider_is_believed,
            an_abandoned_set_up_never_connects,
            a_forgotten_card_cannot_be_charged,
            a_connected_card_is_looked_up_and_nobody_elses;
        charges:
            a_charge_settles_for_exactly_what_was_asked,
            fifty_at_once_under_one_reference_charge_once,
            a_reference_with_another_amount_is_refused_and_moves_nothing,
            each_reason_for_a_decline_arrives_and_stays,
            a_challenge_holds_the_money_until_the_cardholder_decides,
            an_absent_cardholder_is_asked_only_where_the_card_wants_it,
            an_absent_cardholder_confirms_the_very_same_charge_later,
            a_charge_that_waited_in_vain_is_closed_for_good,
            a_confirmed_charge_can_still_be_declined,
            a_lost_answer_is_unknown_and_the_look_up_finds_the_charge,
            a_lost_request_is_found_to_be_nothing_and_can_be_closed,
            a_closed_reference_never_charges_later,
            closing_a_settled_charge_tells_the_truth,
            a_slow_charge_is_visible_before_its_answer,
            a_pending_charge_settles_later,
            a_busy_provider_did_nothing,
            somebody_elses_card_cannot_be_charged;
        refunds:
            a_refund_happens_once_and_never_exceeds_the_charge,
            an_unsettled_charge_cannot_be_refunded;
        webhooks:
            a_signed_event_names_what_to_look_up,
            an_unsigned_stale_or_altered_event_is_refused;
        });
    };
    (@ $provider:ident, $test:tt, $bench:expr, { $($module:ident: $($case:ident),+ $(,)?;)+ }) => {
        mod $provider {
            $(mod $module {
                $(suite!(case $test, $module, $case, $bench);)+
            })+
        }
    };
    (case [$(#[$test:meta])+], $module:ident, $case:ident, $bench:expr) => {
        $(#[$test])+
        async fn $case() {
            let bench = $bench;
            crate::$module::$case(&bench).await;
        }
    };
}

suite!(sandbox_bank, #[tokio::test(start_paused = true)], crate::sandbox::SandboxBench::new());
suite!(stripe_by_its_stand_in, #[tokio::test], crate::stripe::StripeBench::start().await);
