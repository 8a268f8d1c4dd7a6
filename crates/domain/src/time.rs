//! Instants in UTC, calendar dates and months, without a clock: whoever asks "now" hands it in.
//!
//! See docs/decisions/0086-calendar-in-the-page.md.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Microseconds in a second.
pub const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
/// 0001-01-01 as days from 1970-01-01.
const FIRST_DAY: i32 = -719_162;
/// 9999-12-31 as days from 1970-01-01.
const LAST_DAY: i32 = 2_932_896;

/// The text is no RFC 3339 instant, ISO date or month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid time")]
pub struct InvalidTime;

/// An instant: microseconds since 1970-01-01T00:00:00Z. On the wire RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From seconds since the Unix epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(MICROS_PER_SECOND))
    }

    /// Microseconds since the Unix epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(MICROS_PER_SECOND)
    }

    /// This many seconds later (earlier when negative); stays at the ends of the range.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(MICROS_PER_SECOND)))
    }

    /// Whole seconds from `earlier` to here, rounded down; negative when `earlier` is later.
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0).div_euclid(MICROS_PER_SECOND)
    }

    /// The calendar date in UTC.
    pub fn utc_date(self) -> Date {
        let days = self.seconds().div_euclid(SECONDS_PER_DAY);
        Date::from_days(i32::try_from(days).unwrap_or(if days < 0 { FIRST_DAY } else { LAST_DAY }))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second_of_day = self.seconds().rem_euclid(SECONDS_PER_DAY);
        let (hour, minute, second) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
        write!(f, "{}T{hour:02}:{minute:02}:{second:02}", self.utc_date())?;
        match self.0.rem_euclid(MICROS_PER_SECOND) {
            0 => f.write_str("Z"),
            micros => write!(f, ".{micros:06}Z"),
        }
    }
}

/// Takes exactly `count` ASCII digits off the front.
fn take_digits(text: &mut &[u8], count: usize) -> Result<i64, InvalidTime> {
    let (head, tail) = text.split_at_checked(count).ok_or(InvalidTime)?;
    *text = tail;
    head.iter().try_fold(0, |value, byte| match byte {
        b'0'..=b'9' => Ok(value * 10 + i64::from(byte - b'0')),
        _ => Err(InvalidTime),
    })
}

fn take_byte(text: &mut &[u8], accepted: &[u8]) -> Result<u8, InvalidTime> {
    let (first, tail) = text.split_first().ok_or(InvalidTime)?;
    *text = tail;
    if accepted.contains(first) { Ok(*first) } else { Err(InvalidTime) }
}

fn take_date(text: &mut &[u8]) -> Result<Date, InvalidTime> {
    let year = take_digits(text, 4)?;
    take_byte(text, b"-")?;
    let month = take_digits(text, 2)?;
    take_byte(text, b"-")?;
    let day = take_digits(text, 2)?;
    let narrow = |value: i64| u8::try_from(value).map_err(|_| InvalidTime);
    Date::new(u16::try_from(year).map_err(|_| InvalidTime)?, narrow(month)?, narrow(day)?).ok_or(InvalidTime)
}

fn take_offset_seconds(text: &mut &[u8]) -> Result<i64, InvalidTime> {
    let sign = match take_byte(text, b"Zz+-")? {
        b'+' => 1,
        b'-' => -1,
        _ => return Ok(0),
    };
    let hours = take_digits(text, 2)?;
    take_byte(text, b":")?;
    let minutes = take_digits(text, 2)?;
    if hours > 23 || minutes > 59 {
        return Err(InvalidTime);
    }
    Ok(sign * (hours * 3600 + minutes * 60))
}

impl FromStr for Timestamp {
    type Err = InvalidTime;

    /// RFC 3339 with any offset; digits finer than a microsecond are cut off. Leap second `:60` is refused.
    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let mut rest = text.as_bytes();
        let date = take_date(&mut rest)?;
        take_byte(&mut rest, b"Tt ")?;
        let hour = take_digits(&mut rest, 2)?;
        take_byte(&mut rest, b":")?;
        let minute = take_digits(&mut rest, 2)?;
        take_byte(&mut rest, b":")?;
        let second = take_digits(&mut rest, 2)?;
        if hour > 23 || minute > 59 || second > 59 {
            return Err(InvalidTime);
        }
        let mut micros = 0;
        if rest.first() == Some(&b'.') {
            let digits = rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 {
                return Err(InvalidTime);
            }
            for position in 0..6 {
                let digit = if position < digits { i64::from(rest[1 + position] - b'0') } else { 0 };
                micros = micros * 10 + digit;
            }
            rest = &rest[1 + digits..];
        }
        let offset = take_offset_seconds(&mut rest)?;
        if !rest.is_empty() {
            return Err(InvalidTime);
        }
        let seconds = i64::from(date.days()) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second - offset;
        Ok(Self(seconds * MICROS_PER_SECOND + micros))
    }
}

/// A calendar date of the proleptic Gregorian calendar, years 1 to 9999, zone-less. `YYYY-MM-DD` on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// `None` for a day that the calendar does not have.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let length = Month::new(year, month)?.length();
        (1..=length).contains(&day).then_some(Self { year, month, day })
    }

    /// From days since 1970-01-01; stays within years 1 to 9999.
    pub fn from_days(days: i32) -> Self {
        // Howard Hinnant's civil_from_days: eras of 400 years that begin on 1 March.
        let shifted = days.clamp(FIRST_DAY, LAST_DAY) + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i32::from(month <= 2);
        Self {
            year: u16::try_from(year).unwrap_or(1),
            month: u8::try_from(month).unwrap_or(1),
            day: u8::try_from(day).unwrap_or(1),
        }
    }

    /// Days since 1970-01-01, negative before.
    pub fn days(self) -> i32 {
        let (month, day) = (i32::from(self.month), i32::from(self.day));
        let year = i32::from(self.year) - i32::from(month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let shifted_month = if month > 2 { month - 3 } else { month + 9 };
        let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// This many days later; earlier when negative.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        Self::from_days(self.days().saturating_add(days))
    }

    /// The month it lies in.
    pub const fn month(self) -> Month {
        Month { year: self.year, month: self.month }
    }

    /// Day of the month, from 1.
    pub const fn day(self) -> u8 {
        self.day
    }

    /// Midnight UTC at its beginning.
    pub fn utc_start(self) -> Timestamp {
        Timestamp::from_seconds(i64::from(self.days()) * SECONDS_PER_DAY)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Date {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let mut rest = text.as_bytes();
        let date = take_date(&mut rest)?;
        if rest.is_empty() { Ok(date) } else { Err(InvalidTime) }
    }
}

/// A calendar month, years 1 to 9999. `YYYY-MM` on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: u16,
    month: u8,
}

impl Month {
    /// `None` outside years 1 to 9999 and months 1 to 12.
    pub fn new(year: u16, month: u8) -> Option<Self> {
        ((1..=9999).contains(&year) && (1..=12).contains(&month)).then_some(Self { year, month })
    }

    /// The year, four digits.
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month's number, 1 to 12.
    pub const fn number(self) -> u8 {
        self.month
    }

    /// Days in the month.
    pub const fn length(self) -> u8 {
        match self.month {
            2 if self.year.is_multiple_of(4) && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400)) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    /// The first day, never absent.
    pub const fn first_day(self) -> Date {
        Date { year: self.year, month: self.month, day: 1 }
    }

    /// The 28th, 29th, 30th or 31st.
    pub const fn last_day(self) -> Date {
        Date { year: self.year, month: self.month, day: self.length() }
    }

    /// The month after it; stays at December 9999.
    #[must_use]
    pub const fn next(self) -> Self {
        match (self.year, self.month) {
            (9999, 12) => self,
            (year, 12) => Self { year: year + 1, month: 1 },
            (year, month) => Self { year, month: month + 1 },
        }
    }

    /// The month before it; stays at January of year 1.
    #[must_use]
    pub const fn previous(self) -> Self {
        match (self.year, self.month) {
            (1, 1) => self,
            (year, 1) => Self { year: year - 1, month: 12 },
            (year, month) => Self { year, month: month - 1 },
        }
    }

    /// Its days in order.
    pub fn dates(self) -> impl DoubleEndedIterator<Item = Date> {
        (1..=self.length()).map(move |day| Date { year: self.year, month: self.month, day })
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for Month {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let mut rest = text.as_bytes();
        let year = take_digits(&mut rest, 4)?;
        take_byte(&mut rest, b"-")?;
        let month = take_digits(&mut rest, 2)?;
        if !rest.is_empty() {
            return Err(InvalidTime);
        }
        let year = u16::try_from(year).map_err(|_| InvalidTime)?;
        Self::new(year, u8::try_from(month).map_err(|_| InvalidTime)?).ok_or(InvalidTime)
    }
}

macro_rules! serde_as_text {
    ($($name:ident),+) => {
        $(
            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(self)
                }
            }

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                    text.parse().map_err(serde::de::Error::custom)
                }
            }
        )+
    };
}
serde_as_text!(Timestamp, Date, Month);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 0001-01-01 to 9999-12-31 in microseconds, the range that the text form can hold.
    const RANGE: std::ops::Range<i64> = -62_135_596_800_000_000..253_402_300_800_000_000;

    #[test]
    fn reads_rfc_3339_and_nothing_looser() {
        let reference = Timestamp::from_seconds(1_767_225_600);
        for text in
            ["2026-01-01T00:00:00Z", "2026-01-01t00:00:00.0z", "2026-01-01T01:30:00+01:30", "2025-12-31T19:00:00-05:00"]
        {
            assert_eq!(text.parse(), Ok(reference), "{text}");
        }
        for text in [
            "",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:60Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00Zx",
            "２026-01-01T00:00:00Z",
            "+026-01-01T00:00:00Z",
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(InvalidTime), "{text}");
        }
        assert_eq!("0000-01-01".parse::<Date>(), Err(InvalidTime));
        assert_eq!("2024-02-29".parse::<Date>().unwrap().plus_days(1).to_string(), "2024-03-01");
        assert_eq!("2026-1".parse::<Month>(), Err(InvalidTime));
    }

    #[test]
    fn months_turn_over_the_year() {
        let december: Month = "2026-12".parse().unwrap();
        assert_eq!(december.next().to_string(), "2027-01");
        assert_eq!(december.next().previous(), december);
        assert_eq!(december.dates().count(), 31);
    }

    proptest! {
        #[test]
        fn instants_read_back_and_agree_with_jiff(micros in RANGE) {
            let ours = Timestamp::from_micros(micros);
            prop_assert_eq!(ours.to_string().parse(), Ok(ours));
            let theirs = jiff::Timestamp::from_microsecond(micros).unwrap();
            prop_assert_eq!(ours.to_string().parse::<jiff::Timestamp>().unwrap(), theirs);
            prop_assert_eq!(theirs.to_string().parse(), Ok(ours));
        }

        #[test]
        fn days_and_dates_are_inverse(days in FIRST_DAY..=LAST_DAY) {
            let date = Date::from_days(days);
            prop_assert_eq!(date.days(), days);
            prop_assert_eq!(Date::new(date.year, date.month, date.day), Some(date));
            prop_assert_eq!(date.to_string().parse(), Ok(date));
        }

        #[test]
        fn arbitrary_text_never_panics(text in "\\PC{0,40}") {
            let _ = text.parse::<Timestamp>();
            let _ = text.parse::<Date>();
            let _ = text.parse::<Month>();
        }
    }
}
