//! A replay in words.

use billing_domain::auto_pay::replay::Replay;
use billing_domain::{Money, Timestamp};

/// `6 charges, $300.00`.
pub(super) fn charges(replay: &Replay, money: impl Fn(Money) -> String) -> String {
    let charged = money(replay.charged);
    match replay.charges.len() {
        1 => format!("1 charge, {charged}"),
        count => format!("{count} charges, {charged}"),
    }
}

/// `Never`, `35 minutes`, `2 h 35 min`.
pub(super) fn at_zero(seconds: i64) -> String {
    match seconds / 60 {
        0 => "Never".to_owned(),
        minutes if minutes < 60 => format!("{minutes} minutes"),
        minutes if minutes % 60 == 0 => format!("{} h", minutes / 60),
        minutes => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

/// All of it in a sentence or two.
pub(super) fn sentence(
    replay: &Replay,
    money: impl Fn(Money) -> String,
    balance: impl Fn(Money) -> String,
    when: impl Fn(Timestamp) -> String,
) -> String {
    let made = if replay.charges.is_empty() { "no charge".to_owned() } else { charges(replay, money) };
    let zero = match replay.seconds_at_zero {
        0 => "never at zero".to_owned(),
        seconds => format!("at zero or below for {}", at_zero(seconds)),
    };
    let capped = replay
        .capped_at
        .map(|at| format!(" The monthly cap would have stopped it on {}.", when(at)))
        .unwrap_or_default();
    let (lowest, lowest_at) = (balance(replay.lowest), when(replay.lowest_at));
    format!("These amounts would have made {made}. Lowest balance {lowest} on {lowest_at}, {zero}.{capped}")
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
        let told = |replay: &Replay| {
            let money = |amount: Money| format!("${amount}");
            sentence(replay, money, money, |at| at.utc_date().to_string())
        };
        assert_eq!(
            told(&replay),
            "These amounts would have made no charge. Lowest balance $12.00 on 1970-01-01, never at zero."
        );
        replay.seconds_at_zero = 9_300;
        replay.capped_at = Some(Timestamp::from_seconds(86_400));
        assert!(
            told(&replay)
                .ends_with("at zero or below for 2 h 35 min. The monthly cap would have stopped it on 1970-01-02.")
        );
    }

    #[test]
    fn minutes_and_hours_are_named() {
        assert_eq!([0, 300, 3_600, 3_900].map(at_zero), ["Never", "5 minutes", "1 h", "1 h 5 min"]);
    }
}
