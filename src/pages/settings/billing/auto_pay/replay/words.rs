//! A replay in words.

use billing_domain::auto_pay::replay::Replay;
use billing_domain::{Money, Timestamp};

use crate::texts;

/// Written as `6 charges, $300.00`.
pub(super) fn charges_text(replay: &Replay, money: impl Fn(Money) -> String) -> String {
    texts::replay::charges_of(charge_count(replay), &money(replay.charged))
}

fn charge_count(replay: &Replay) -> u64 {
    u64::try_from(replay.charges.len()).unwrap_or(u64::MAX)
}

/// `Never`, `35 minutes`, `2 h 35 min`.
pub(super) fn at_zero(seconds: i64) -> String {
    duration_text(seconds).unwrap_or_else(|| texts::replay::never().to_owned())
}

/// Less than a minute is nothing.
fn duration_text(seconds: i64) -> Option<String> {
    let minutes = u64::try_from(seconds / 60).ok().filter(|minutes| *minutes > 0)?;
    let (hours, rest) = (minutes / 60, minutes % 60);
    Some(match (hours, rest) {
        (0, _) => texts::replay::minutes(minutes),
        (_, 0) => texts::replay::hours(&hours.to_string()),
        _ => texts::replay::hours_minutes(&hours.to_string(), &rest.to_string()),
    })
}

/// All of it in a sentence or two.
pub(super) fn replay_sentence(
    replay: &Replay,
    money: impl Fn(Money) -> String,
    balance: impl Fn(Money) -> String,
    when: impl Fn(Timestamp) -> String,
) -> String {
    let made = match charge_count(replay) {
        0 => texts::replay::made_none().to_owned(),
        count => texts::replay::made(count, &money(replay.charged)),
    };
    let (lowest, lowest_at) = (balance(replay.lowest), when(replay.lowest_at));
    let lowest = match duration_text(replay.seconds_at_zero) {
        None => texts::replay::lowest_never(&lowest, &lowest_at),
        Some(duration) => texts::replay::lowest_zero(&lowest, &lowest_at, &duration),
    };
    let text = texts::replay::together(&made, &lowest);
    match replay.capped_at {
        Some(at) => texts::replay::together(&text, &texts::replay::capped(&when(at))),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_is_told_with_its_figures() {
        let mut replay = Replay {
            charges: Vec::new(),
            charged: Money::ZERO,
            lowest: Money::from_major(12),
            lowest_at: Timestamp::from_seconds(0),
            seconds_at_zero: 0,
            capped_at: None,
            balances: Vec::new(),
        };
        let text = |replay: &Replay| {
            let money = |amount: Money| format!("${amount}");
            replay_sentence(replay, money, money, |at| at.utc_date().to_string())
        };
        assert_eq!(
            text(&replay),
            "These amounts would have made no charge. Lowest balance $12.00 on 1970-01-01, never at zero."
        );
        replay.seconds_at_zero = 9_300;
        replay.capped_at = Some(Timestamp::from_seconds(86_400));
        assert!(
            text(&replay)
                .ends_with("at zero or below for 2 h 35 min. The monthly cap would have stopped it on 1970-01-02.")
        );
    }

    #[test]
    fn minutes_and_hours_are_named() {
        assert_eq!([0, 300, 3_600, 3_900].map(at_zero), ["Never", "5 minutes", "1 h", "1 h 5 min"]);
    }
}
