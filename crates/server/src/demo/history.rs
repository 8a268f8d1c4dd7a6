//! About ninety days of the demo organization's past, made up from a fixed seed: who worked, what it cost, who paid.
//!
//! Pure: a calendar and a "now" in, a list in ledger order out. The balance never falls below zero on the way.

use std::collections::VecDeque;

use billing_domain::{Date, Money, Timestamp};

use super::agents::{AGENTS, CAMPAIGNER, Weekday, day_type};
use crate::calendar::Calendar;
use crate::random::Random;
use crate::service::postings::UsageLine;

const SEED: u64 = 0x4E6F_7274_6877_696E;
/// How far back the story begins.
const DAYS: i32 = 90;
/// Calls of the campaign that got out of hand.
const CAMPAIGN_CALLS: u32 = 120;
/// The spike stands out most when it has had some ordinary days after it.
const SPIKE_AGE_DAYS: i32 = 4;

/// When the people of the practice add money, and how much.
const LOW: Money = Money::from_major(45);
const TOP_UPS: [i32; 4] = [100, 100, 120, 150];
/// Where the balance stands now lies between these two.
const FINAL_LOW: Money = Money::from_major(160);
const FINAL_HIGH: Money = Money::from_major(195);

/// Something that moved money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HistoryEntry {
    Usage(UsageLine),
    /// An admin charged the card.
    TopUp(Money),
    /// The operator gave credit.
    Promo(Money, &'static str),
    /// The operator paid a line back; `corrects` is its place in the ledger.
    Correction {
        /// What is paid back.
        amount: Money,
        /// The corrected line's `seq`.
        corrects: i64,
        reference: String,
        source: String,
    },
}

/// An entry and when it happened. Its place in the list, from 1, is its `seq`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HistoryEvent {
    pub(crate) at: Timestamp,
    pub(crate) entry: HistoryEntry,
}

impl HistoryEvent {
    /// What it adds to the balance.
    pub(crate) fn amount(&self) -> Money {
        match &self.entry {
            HistoryEntry::Usage(line) => line.amount(),
            HistoryEntry::TopUp(amount) | HistoryEntry::Promo(amount, _) | HistoryEntry::Correction { amount, .. } => {
                *amount
            }
        }
    }
}

/// When the organization signed up: the first working day of the story, nine o'clock.
pub(crate) fn history_start(calendar: &Calendar, now: Timestamp) -> Timestamp {
    let earliest = calendar.date_of(now).plus_days(-DAYS);
    calendar.instant(workday_from(earliest, 1), 9, 0)
}

/// The day on which the campaign runs away: a working day of this month that is over for some days, else one of the
/// month before.
pub(crate) fn spike_day(today: Date) -> Date {
    let preferred = workday_from(today.plus_days(-SPIKE_AGE_DAYS), -1);
    let latest = workday_from(today.plus_days(-3), -1);
    if preferred.month() != today.month() && latest.month() == today.month() { latest } else { preferred }
}

/// The date itself if it is a working day, else the next one in that direction.
fn workday_from(date: Date, step: i32) -> Date {
    // Never more than two days off.
    [0, 1, 2]
        .into_iter()
        .map(|count| date.plus_days(count * step))
        .find(|day| day_type(*day) == Weekday::Workday)
        .unwrap_or(date)
}

/// Everything that happened until `now`, in ledger order.
pub(crate) fn make_history(calendar: &Calendar, now: Timestamp) -> Vec<HistoryEvent> {
    let mut random = Random::seeded(SEED);
    let begun = history_start(calendar, now);
    let mut work = VecDeque::from(make_work(calendar, begun, now, &mut random));
    let mut story = Story { events: Vec::new(), balance: Money::ZERO };
    story.add(begun.plus_seconds(5 * 60), HistoryEntry::Promo(Money::from_major(25), "Welcome credit"));
    story.add(begun.plus_seconds(12 * 60), HistoryEntry::TopUp(Money::from_major(100)));

    let last_chance = last_top_up_at(calendar, now);
    let referral_at = calendar.instant(workday_from(calendar.date_of(now).plus_days(-35), -1), 9, 30);
    let correction_at = calendar.instant(workday_from(calendar.date_of(now).plus_days(-20), -1), 10, 30);
    let mut planned = VecDeque::from([
        (referral_at, Planned::Referral),
        (correction_at, Planned::Correction),
        (last_chance, Planned::LastTopUp),
    ]);
    let mut top_up_at = None;
    loop {
        let next_work = work.front().map_or(now, |line| line.occurred_at);
        if let Some(due) = top_up_at.filter(|due| *due <= next_work && *due < last_chance) {
            let amount = random.pick(&TOP_UPS).copied().unwrap_or(100);
            story.add(due, HistoryEntry::TopUp(Money::from_major(amount)));
            top_up_at = None;
        } else if let Some((due, what)) = planned.front().copied().filter(|(due, _)| *due <= next_work) {
            planned.pop_front();
            story.plan(due, what, &work);
        } else if let Some(line) = work.pop_front() {
            story.add(line.occurred_at, HistoryEntry::Usage(line));
            if story.balance < LOW && top_up_at.is_none() {
                top_up_at = Some(office_hours_after(calendar, next_work, &mut random));
            }
        } else {
            return story.events;
        }
    }
}

/// All the work of the story, in the order in which it was done.
fn make_work(calendar: &Calendar, begun: Timestamp, now: Timestamp, random: &mut Random) -> Vec<UsageLine> {
    let today = calendar.date_of(now);
    let spike = spike_day(today);
    let mut lines = Vec::new();
    let mut date = calendar.date_of(begun);
    while date <= today {
        for agent in AGENTS {
            let mut starts = agent.starts(calendar, date, random);
            if date == spike && agent.name == CAMPAIGNER.name {
                starts.extend(agent.starts_of(CAMPAIGN_CALLS, calendar, date, random));
            }
            lines.extend(starts.into_iter().filter_map(|start| agent.work(String::new(), start, random)));
        }
        date = date.plus_days(1);
    }
    lines.retain(|line| line.occurred_at > begun.plus_seconds(3600) && line.occurred_at < now);
    lines.sort_by(|one, other| (one.occurred_at, &one.description).cmp(&(other.occurred_at, &other.description)));
    for (number, line) in lines.iter_mut().enumerate() {
        let prefix = if line.source == "Agent Iris" { "task" } else { "call" };
        line.reference = format!("{prefix}-{}", 1001 + number);
    }
    lines
}

/// A working day's late morning, some days ago: the last time that somebody looked at the balance.
fn last_top_up_at(calendar: &Calendar, now: Timestamp) -> Timestamp {
    calendar.instant(workday_from(calendar.date_of(now).plus_days(-2), -1), 11, 20)
}

/// People add money between half past eight and half past five, half an hour or so after they were warned.
fn office_hours_after(calendar: &Calendar, warned: Timestamp, random: &mut Random) -> Timestamp {
    let reacts = warned.plus_seconds(i64::from(random.between(12 * 60, 45 * 60)));
    let date = calendar.date_of(reacts);
    let mut opening = |date| calendar.instant(date, 8, 30).plus_seconds(i64::from(random.between(0, 1200)));
    let closes = calendar.instant(date, 17, 30);
    if day_type(date) == Weekday::Workday && reacts <= closes {
        reacts.max(opening(date))
    } else {
        opening(workday_from(date.plus_days(1), 1))
    }
}

#[derive(Clone, Copy)]
enum Planned {
    Referral,
    Correction,
    LastTopUp,
}

struct Story {
    events: Vec<HistoryEvent>,
    balance: Money,
}

impl Story {
    fn add(&mut self, at: Timestamp, entry: HistoryEntry) {
        let event = HistoryEvent { at, entry };
        self.balance = self.balance.checked_add(event.amount()).unwrap_or(self.balance);
        self.events.push(event);
    }

    fn plan(&mut self, at: Timestamp, what: Planned, still_to_come: &VecDeque<UsageLine>) {
        match what {
            Planned::Referral => {
                self.add(at, HistoryEntry::Promo(Money::from_major(15), "Referral credit: Lakeside Orthodontics"));
            }
            Planned::Correction => {
                if let Some(entry) = self.correction(at) {
                    self.add(at, entry);
                }
            }
            Planned::LastTopUp => {
                let later = still_to_come.iter().map(UsageLine::amount);
                let without = Money::checked_sum(std::iter::once(self.balance).chain(later)).unwrap_or(self.balance);
                if let Some(amount) = missing_amount(without) {
                    self.add(at, HistoryEntry::TopUp(amount));
                }
            }
        }
    }

    /// Pays back the dearest call of the two days before.
    fn correction(&self, at: Timestamp) -> Option<HistoryEntry> {
        let since = at.plus_seconds(-2 * 86_400);
        let (position, line) = self
            .events
            .iter()
            .enumerate()
            .filter(|(_, event)| event.at >= since)
            .filter_map(|(position, event)| match &event.entry {
                HistoryEntry::Usage(line) => Some((position, line)),
                _ => None,
            })
            .max_by_key(|(_, line)| line.cost)?;
        Some(HistoryEntry::Correction {
            amount: line.cost.whole,
            corrects: i64::try_from(position).ok()?.checked_add(1)?,
            reference: line.reference.clone(),
            source: line.source.clone(),
        })
    }
}

/// Tens of dollars that lift the balance above [`FINAL_LOW`]; `None` when it stands well already.
fn missing_amount(without: Money) -> Option<Money> {
    if without > FINAL_LOW && without < FINAL_HIGH {
        return None;
    }
    let gap = FINAL_LOW.checked_sub(without)?.micros();
    let tens = gap.checked_div(10_000_000)?.checked_add(1)?;
    Some(Money::from_micros(tens.checked_mul(10_000_000)?)).filter(|amount| amount.is_positive())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use billing_domain::spending;

    use super::*;

    fn calendar() -> Calendar {
        Calendar::of("America/Chicago").unwrap()
    }

    /// Every other day of a year at different hours: month turns, both clock changes, weekends.
    fn moments() -> impl Iterator<Item = Timestamp> {
        let first: Timestamp = "2026-01-01T03:00:00Z".parse().unwrap();
        (0..183).map(move |pair| first.plus_seconds(pair * 2 * 86_400 + pair % 24 * 3600))
    }

    fn daily(events: &[HistoryEvent], calendar: &Calendar) -> BTreeMap<Date, Money> {
        events.iter().filter(|event| matches!(event.entry, HistoryEntry::Usage(_))).fold(
            BTreeMap::new(),
            |mut days, event| {
                let day = days.entry(calendar.date_of(event.at)).or_insert(Money::ZERO);
                *day = day.checked_sub(event.amount()).unwrap();
                days
            },
        )
    }

    #[test]
    fn the_story_holds_whenever_it_is_told() {
        let calendar = calendar();
        for now in moments() {
            let events = make_history(&calendar, now);
            assert!((3_500..7_000).contains(&events.len()), "{now}: {} lines", events.len());
            assert!(events.windows(2).all(|pair| pair[0].at <= pair[1].at), "{now}: out of order");
            assert!(events.iter().all(|event| event.at < now), "{now}: in the future");
            let mut balance = Money::ZERO;
            for event in &events {
                balance = balance.checked_add(event.amount()).unwrap();
                assert!(!balance.is_negative(), "{now}: {balance} at {}", event.at);
            }
            assert!(balance >= Money::from_major(150) && balance <= Money::from_major(200), "{now}: {balance}");
            let days = calendar.date_of(now).days() - calendar.date_of(events[0].at).days();
            assert!((86..=90).contains(&days), "{now}: {days} days");
        }
    }

    #[test]
    fn exactly_one_day_is_a_spike_and_lies_in_this_month_if_it_can() {
        let calendar = calendar();
        for now in moments() {
            let events = make_history(&calendar, now);
            let today = calendar.date_of(now);
            let days = daily(&events, &calendar);
            let first = calendar.date_of(history_start(&calendar, now));
            let total = |date: Date| days.get(&date).copied().unwrap_or(Money::ZERO);
            let spikes: Vec<_> = (first.days()..=today.days())
                .map(Date::from_days)
                .filter(|date| {
                    let before: Vec<_> = (first.days()..date.days()).map(|day| total(Date::from_days(day))).collect();
                    spending::detect_spike(total(*date), &before).is_some()
                })
                .collect();
            assert_eq!(spikes, [spike_day(today)], "{now}");
            assert!(today.days() - spikes[0].days() >= 3, "{now}");
            assert!(today.day() < 6 || spikes[0].month() == today.month(), "{now}: {}", spikes[0]);
        }
    }

    #[test]
    fn references_are_unique_and_corrections_name_their_line() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let events = make_history(&calendar(), now);
        let references: HashSet<_> = events
            .iter()
            .filter_map(|event| match &event.entry {
                HistoryEntry::Usage(line) => Some(&line.reference),
                _ => None,
            })
            .collect();
        let usage = events.iter().filter(|event| matches!(event.entry, HistoryEntry::Usage(_))).count();
        assert_eq!(references.len(), usage);
        let (corrects, amount) = events
            .iter()
            .find_map(|event| match event.entry {
                HistoryEntry::Correction { corrects, amount, .. } => Some((corrects, amount)),
                _ => None,
            })
            .unwrap();
        let corrected = &events[usize::try_from(corrects).unwrap() - 1];
        assert_eq!(corrected.amount().checked_neg(), Some(amount));
        assert_eq!(events, make_history(&calendar(), now), "the same seed tells the same story");
    }
}
