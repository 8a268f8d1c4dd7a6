//! What moved the wallet over the last days: the past that the page replays proposed settings over.

use billing_contract::history::{HistoryStep, MAX_DAYS, WalletHistory};
use billing_domain::Timestamp;
use billing_domain::auto_pay::history::STEP_SECONDS;
use billing_store::{Organization, WalletStep, step_of};

use crate::calendar::Calendar;
use crate::problem::{Detail, Problem};
use crate::state::AppState;

/// As many days as people mean by "lately".
const DAYS: i64 = 30;

pub(crate) async fn get_history(
    state: &AppState,
    organization: &Organization,
    asked: Option<&str>,
) -> Result<WalletHistory, Problem> {
    let calendar = Calendar::of(&organization.time_zone).map_err(Problem::internal)?;
    let days = days_asked_for(asked)?;
    // The step of now is not over yet.
    let until = step_of(state.clock.now());
    let wanted = until - days * 86_400 / STEP_SECONDS;
    let read = state.store.wallet_steps(&organization.id, wanted, until).await?;
    // Before its first movement there was no wallet that could have been empty.
    let from = read.first.unwrap_or(until).clamp(wanted, until);
    Ok(WalletHistory {
        currency: organization.currency,
        from: history_start(from),
        to: history_start(until),
        step_seconds: STEP_SECONDS,
        opening: read.opening,
        steps: read.steps.iter().filter_map(|step| map_step(step, from)).collect(),
        months: month_boundaries(&calendar, history_start(from), history_start(until)),
    })
}

fn days_asked_for(asked: Option<&str>) -> Result<i64, Problem> {
    let Some(text) = asked else { return Ok(DAYS) };
    // `parse` alone would take `+5`.
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let days = text.parse().ok().filter(|days| plain && (1..=MAX_DAYS).contains(days));
    let detail = || Detail::general(format!("Ask for 1 to {MAX_DAYS} days."));
    days.ok_or_else(|| Problem::field("/days", "not_a_number_of_days", detail()))
}

const fn history_start(step: i64) -> Timestamp {
    Timestamp::from_seconds(step.saturating_mul(STEP_SECONDS))
}

fn map_step(step: &WalletStep, from: i64) -> Option<HistoryStep> {
    let index = u32::try_from(step.step - from).ok()?;
    Some(HistoryStep { index, usage: step.used, by_hand: step.by_hand, automatic: step.automatic })
}

/// From the month of `from` to the first one that begins after `to`.
fn month_boundaries(calendar: &Calendar, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    let mut month = calendar.month_of(from);
    let mut months = vec![calendar.month_start(month)];
    while months.last().is_some_and(|begins| *begins <= to) {
        month = month.next();
        months.push(calendar.month_start(month));
    }
    months
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_of_days_is_taken() {
        assert_eq!(days_asked_for(None).unwrap(), 30);
        assert_eq!([days_asked_for(Some("1")).unwrap(), days_asked_for(Some("92")).unwrap()], [1, 92]);
        for wrong in ["", "0", "93", "-1", "+5", "1.5", "x", "99999999999999999999"] {
            assert!(days_asked_for(Some(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn months_reach_past_the_end_in_the_organizations_zone() {
        let calendar = Calendar::of("America/Chicago").unwrap();
        let months = month_boundaries(
            &calendar,
            "2026-10-29T12:00:00Z".parse().unwrap(),
            "2026-12-01T05:59:00Z".parse().unwrap(),
        );
        let expected = ["2026-10-01T05:00:00Z", "2026-11-01T05:00:00Z", "2026-12-01T06:00:00Z"];
        assert_eq!(months, expected.map(|text| text.parse::<Timestamp>().unwrap()));
    }
}
