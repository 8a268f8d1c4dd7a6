//! Days and months as an organization counts them: in its own time zone, summer time included.

use billing_domain::{Date, Month, Timestamp};
use jiff::tz::TimeZone;

/// An IANA time zone's calendar.
#[derive(Clone, Debug)]
pub(crate) struct Calendar(TimeZone);

/// The name is no IANA time zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no time zone \"{0}\"")]
pub(crate) struct UnknownZone(String);

impl Calendar {
    /// The calendar of the zone with this IANA name, `America/Chicago`.
    pub(crate) fn of(zone: &str) -> Result<Self, UnknownZone> {
        // jiff knows "Etc/Unknown" as a marker for "no idea"; days in it would be a guess.
        TimeZone::get(zone)
            .ok()
            .filter(|found| !found.is_unknown())
            .map(Self)
            .ok_or_else(|| UnknownZone(zone.chars().take(80).collect()))
    }

    /// The zone's name in its usual spelling, which is the only one that browsers are sure to know.
    pub(crate) fn name(&self) -> Option<&str> {
        self.0.iana_name()
    }

    /// The date on this zone's calendars at that instant.
    pub(crate) fn date_of(&self, at: Timestamp) -> Date {
        let Ok(instant) = jiff::Timestamp::from_microsecond(at.micros()) else { return at.utc_date() };
        let local = self.0.to_datetime(instant).date();
        let year = u16::try_from(local.year()).unwrap_or(1);
        let (month, day) = (local.month().unsigned_abs(), local.day().unsigned_abs());
        Date::new(year, month, day).unwrap_or_else(|| at.utc_date())
    }

    /// The minute on this zone's clocks at that instant, `2026-11-27 14:54`.
    pub(crate) fn minute_of(&self, at: Timestamp) -> String {
        let Ok(instant) = jiff::Timestamp::from_microsecond(at.micros()) else { return at.to_string() };
        self.0.to_datetime(instant).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// The date in words, `27 November 2026`.
    pub(crate) fn day_in_words(&self, at: Timestamp) -> String {
        self.written(at, "%-d %B %Y")
    }

    /// Date, minute and zone, `27 November 2026, 14:54 (America/Chicago, UTC−06:00)`.
    pub(crate) fn minute_in_words(&self, at: Timestamp) -> String {
        let offset = self.written(at, "%:z").replace('-', "\u{2212}");
        let zone = self.name().map(|name| format!("{name}, ")).unwrap_or_default();
        format!("{} ({zone}UTC{offset})", self.written(at, "%-d %B %Y, %H:%M"))
    }

    fn written(&self, at: Timestamp, format: &str) -> String {
        let Ok(instant) = jiff::Timestamp::from_microsecond(at.micros()) else { return at.to_string() };
        jiff::ZonedDateTime::new(instant, self.0.clone()).strftime(format).to_string()
    }

    /// The month on this zone's calendars at that instant.
    pub(crate) fn month_of(&self, at: Timestamp) -> Month {
        self.date_of(at).month()
    }

    /// The first instant of the date. Where summer time skips midnight, the day begins later than 00:00; a date that
    /// the zone skipped altogether begins with the one after it.
    pub(crate) fn day_start(&self, date: Date) -> Timestamp {
        self.instant(date, 0, 0)
    }

    /// The first instant of the month.
    pub(crate) fn month_start(&self, month: Month) -> Timestamp {
        self.day_start(month.first_day())
    }

    /// When the zone's clocks show this time of this date: the first time if they show it twice, and as much later as
    /// they jumped if they never do.
    pub(crate) fn instant(&self, date: Date, hour: u8, minute: u8) -> Timestamp {
        let civil = i16::try_from(date.month().year()).ok().and_then(|year| {
            let (month, day) = (to_i8(date.month().number())?, to_i8(date.day())?);
            let date = jiff::civil::Date::new(year, month, day).ok()?;
            Some(date.to_datetime(jiff::civil::Time::new(to_i8(hour)?, to_i8(minute)?, 0, 0).ok()?))
        });
        civil
            .and_then(|civil| self.0.to_timestamp(civil).ok())
            .map_or_else(|| date.utc_start(), |instant| Timestamp::from_micros(instant.as_microsecond()))
    }
}

fn to_i8(value: u8) -> Option<i8> {
    i8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn calendar(zone: &str) -> Calendar {
        Calendar::of(zone).unwrap()
    }

    fn start(zone: &str, date: &str) -> String {
        calendar(zone).day_start(date.parse().unwrap()).to_string()
    }

    #[test]
    fn months_begin_and_end_where_summer_time_says() {
        let chicago = calendar("America/Chicago");
        let month = |text: &str| chicago.month_start(text.parse().unwrap()).to_string();
        assert_eq!(month("2026-03"), "2026-03-01T06:00:00Z");
        assert_eq!(month("2026-04"), "2026-04-01T05:00:00Z");
        assert_eq!(month("2026-11"), "2026-11-01T05:00:00Z");
        assert_eq!(month("2026-12"), "2026-12-01T06:00:00Z");
    }

    #[test]
    fn a_day_may_begin_after_midnight_or_never() {
        assert_eq!(start("America/Havana", "2024-03-10"), "2024-03-10T05:00:00Z");
        assert_eq!(start("Asia/Beirut", "2022-03-27"), "2022-03-26T22:00:00Z");
        // Samoa had no 30 December 2011.
        assert_eq!(start("Pacific/Apia", "2011-12-30"), start("Pacific/Apia", "2011-12-31"));
    }

    #[test]
    fn moments_are_written_out_with_their_zone() {
        let at: Timestamp = "2026-11-27T20:54:07Z".parse().unwrap();
        assert_eq!(
            calendar("America/Chicago").minute_in_words(at),
            "27 November 2026, 14:54 (America/Chicago, UTC\u{2212}06:00)"
        );
        assert_eq!(
            calendar("Asia/Kathmandu").minute_in_words(at),
            "28 November 2026, 02:39 (Asia/Kathmandu, UTC+05:45)"
        );
        assert_eq!(calendar("Asia/Kathmandu").day_in_words(at), "28 November 2026");
    }

    #[test]
    fn only_real_zones_have_a_calendar() {
        for zone in
            ["", "Mars/Olympus", "America/Chicago\0", "Etc/Unknown", "../../etc/passwd", "EST5EDT,M3.2.0,M11.1.0"]
        {
            assert!(Calendar::of(zone).is_err(), "{zone:?}");
        }
    }

    proptest! {
        #[test]
        fn a_day_holds_exactly_the_instants_of_its_date(
            zone in proptest::sample::select(vec![
                "UTC", "America/Chicago", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia",
                "Asia/Kathmandu", "America/Havana", "Africa/Casablanca", "Atlantic/Azores",
            ]),
            seconds in 0_i64..3_000_000_000,
        ) {
            let calendar = calendar(zone);
            let at = Timestamp::from_seconds(seconds);
            let date = calendar.date_of(at);
            prop_assert!(calendar.day_start(date) <= at);
            prop_assert!(at < calendar.day_start(date.plus_days(1)));
            prop_assert_eq!(calendar.month_of(at), date.month());
        }
    }
}
