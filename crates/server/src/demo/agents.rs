//! Northwind Dental at work: which agent does what, when, for how long and at which price.

use billing_domain::kind::Unit;
use billing_domain::{Date, Timestamp, UsageKind};
use rust_decimal::Decimal;

use crate::calendar::Calendar;
use crate::random::Random;
use crate::service::postings::UsageLine;

/// From and to, both included.
type Range = (u32, u32);

/// How busy an agent is on a day.
struct Workload {
    weekday: Range,
    saturday: Range,
    sunday: Range,
}

/// What one piece of work looks like.
struct Job {
    /// Out of all jobs of the agent, so many weigh in for this one.
    weight: u32,
    /// What it is called; `#` becomes a phone number from the range that is reserved for fiction.
    text: &'static str,
    unit: Unit,
    quantity: Range,
    /// Price of one unit in 10⁻⁶ of the currency.
    price_micros: i64,
}

/// One AI agent of the practice.
pub(crate) struct Agent {
    /// `source` of the lines that it causes.
    pub(crate) name: &'static str,
    pub(crate) kind: UsageKind,
    busy: Workload,
    /// Local hours in which it works; an hour listed twice is twice as busy.
    hours: &'static [u8],
    jobs: &'static [Job],
}

const fn make_call(weight: u32, text: &'static str, seconds: Range, price_micros: i64) -> Job {
    Job { weight, text, unit: Unit::Second, quantity: seconds, price_micros }
}

const OUTBOUND_SECOND: i64 = 1_400;
const INBOUND_SECOND: i64 = 1_100;

/// The agent whose campaign runs away on the spike day.
pub(crate) const CAMPAIGNER: &Agent = &AGENTS[3];

/// Everybody who works at the practice.
pub(crate) const AGENTS: &[Agent] = &[
    Agent {
        name: "Agent Ava",
        kind: UsageKind::InboundCall,
        busy: Workload { weekday: (18, 28), saturday: (4, 8), sunday: (0, 0) },
        hours: &[8, 9, 9, 9, 10, 10, 11, 12, 13, 13, 14, 14, 15, 15, 16, 17],
        jobs: &[
            make_call(5, "Reception: new appointment, from #", (90, 340), INBOUND_SECOND),
            make_call(3, "Reception: appointment moved, from #", (60, 210), INBOUND_SECOND),
            make_call(2, "Reception: question about opening hours, from #", (35, 90), INBOUND_SECOND),
            make_call(2, "Reception: question about an invoice, from #", (80, 300), INBOUND_SECOND),
        ],
    },
    Agent {
        name: "Agent Theo",
        kind: UsageKind::InboundCall,
        busy: Workload { weekday: (3, 7), saturday: (5, 10), sunday: (5, 10) },
        hours: &[6, 7, 18, 18, 18, 19, 19, 20, 20, 21, 22],
        jobs: &[
            make_call(3, "After hours: message taken, from #", (45, 180), INBOUND_SECOND),
            make_call(1, "After hours: emergency, passed on to the dentist on duty, from #", (60, 260), INBOUND_SECOND),
        ],
    },
    Agent {
        name: "Agent Milo",
        kind: UsageKind::OutboundCall,
        busy: Workload { weekday: (16, 26), saturday: (2, 5), sunday: (0, 0) },
        hours: &[9, 10, 10, 11, 11, 13, 14, 15, 16, 16, 17],
        jobs: &[
            make_call(6, "Reminder: appointment tomorrow, to #", (25, 110), OUTBOUND_SECOND),
            make_call(2, "Reminder: appointment confirmed, to #", (40, 150), OUTBOUND_SECOND),
            make_call(1, "Reminder: no answer, message left, to #", (18, 35), OUTBOUND_SECOND),
        ],
    },
    Agent {
        name: "Agent Nora",
        kind: UsageKind::OutboundCall,
        busy: Workload { weekday: (6, 12), saturday: (0, 0), sunday: (0, 0) },
        hours: &[10, 10, 11, 11, 13, 14, 14, 15, 16],
        jobs: &[
            make_call(4, "Recall campaign: six-month check-up, to #", (60, 300), OUTBOUND_SECOND),
            make_call(1, "Recall campaign: treatment plan, to #", (120, 420), OUTBOUND_SECOND),
        ],
    },
    Agent {
        name: "Agent Iris",
        kind: UsageKind::AiTask,
        busy: Workload { weekday: (8, 14), saturday: (1, 3), sunday: (0, 1) },
        hours: &[8, 9, 11, 12, 12, 15, 17, 18],
        jobs: &[
            Job {
                weight: 3,
                text: "Insurance eligibility checked",
                unit: Unit::Task,
                quantity: (1, 3),
                price_micros: 85_000,
            },
            Job {
                weight: 3,
                text: "Calls summarized for the patient file",
                unit: Unit::Token,
                quantity: (1_800, 24_000),
                price_micros: 4,
            },
            Job {
                weight: 1,
                text: "Treatment plan translated",
                unit: Unit::Token,
                quantity: (900, 9_000),
                price_micros: 12,
            },
        ],
    },
];

impl Agent {
    /// When, on this date, the agent begins each of its pieces of work.
    pub(crate) fn starts(&self, calendar: &Calendar, date: Date, random: &mut Random) -> Vec<Timestamp> {
        let (least, most) = match day_type(date) {
            Weekday::Workday => self.busy.weekday,
            Weekday::Saturday => self.busy.saturday,
            Weekday::Sunday => self.busy.sunday,
        };
        let count = random.between(least, most);
        self.starts_of(count, calendar, date, random)
    }

    /// The same for a number of pieces that is given.
    pub(crate) fn starts_of(&self, count: u32, calendar: &Calendar, date: Date, random: &mut Random) -> Vec<Timestamp> {
        (0..count)
            .map(|_| {
                let hour = random.pick(self.hours).copied().unwrap_or(12);
                let minute = u8::try_from(random.between(0, 59)).unwrap_or(0);
                calendar.instant(date, hour, minute).plus_seconds(i64::from(random.between(0, 59)))
            })
            .collect()
    }

    /// A piece of work that began then. `None` if it cannot be priced, which no job here brings about.
    pub(crate) fn work(&self, reference: String, started: Timestamp, random: &mut Random) -> Option<UsageLine> {
        let job = self.job(random)?;
        let quantity = random.between(job.quantity.0, job.quantity.1);
        let lasted = if job.unit == Unit::Second { i64::from(quantity) } else { 0 };
        let description = job.text.replace('#', &phone_number(random));
        UsageLine::priced(
            reference,
            self.kind,
            Decimal::from(quantity),
            job.unit,
            Decimal::new(job.price_micros, 6),
            started.plus_seconds(lasted),
            description,
            self.name.to_owned(),
        )
        .ok()
    }

    fn job(&self, random: &mut Random) -> Option<&'static Job> {
        let all = self.jobs.iter().map(|job| job.weight).sum::<u32>();
        let mut drawn = random.between(1, all);
        self.jobs.iter().find(|job| {
            let found = drawn <= job.weight;
            drawn = drawn.saturating_sub(job.weight);
            found
        })
    }
}

/// The kinds of days that the practice knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weekday {
    /// Monday to Friday.
    Workday,
    /// Open in the morning.
    Saturday,
    /// Closed: next to nothing is used.
    Sunday,
}

/// Which kind of day the date is.
pub(crate) fn day_type(date: Date) -> Weekday {
    // 1970-01-01 was a Thursday: day 2 of it was a Saturday.
    match date.days().rem_euclid(7) {
        2 => Weekday::Saturday,
        3 => Weekday::Sunday,
        _ => Weekday::Workday,
    }
}

/// 555-0100 to 555-0199 are never assigned (NANPA).
fn phone_number(random: &mut Random) -> String {
    let area = random.pick(&[312, 773, 847, 630, 708]).copied().unwrap_or(312);
    format!("+1 {area} 555 {:04}", 100 + random.between(0, 99))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_week_is_the_calendars() {
        for (date, kind) in [
            ("2026-11-20", Weekday::Workday),
            ("2026-11-21", Weekday::Saturday),
            ("2026-11-22", Weekday::Sunday),
            ("2026-11-23", Weekday::Workday),
        ] {
            assert_eq!(day_type(date.parse().unwrap()), kind, "{date}");
        }
    }

    #[test]
    fn every_job_can_be_priced_and_is_drawn_sooner_or_later() {
        let mut random = Random::seeded(1);
        for agent in AGENTS {
            let lines: Vec<_> = (0..400)
                .map(|number| agent.work(format!("r-{number}"), Timestamp::from_seconds(0), &mut random).unwrap())
                .collect();
            for job in agent.jobs {
                let start = job.text.split('#').next().unwrap();
                assert!(lines.iter().any(|line| line.description.starts_with(start)), "{}", job.text);
            }
            assert!(lines.iter().all(|line| line.kind == agent.kind && line.cost.whole.is_positive()));
        }
        assert_eq!(CAMPAIGNER.name, "Agent Nora");
    }
}
