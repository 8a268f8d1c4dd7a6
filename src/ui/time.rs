//! Instants and dates as people read them, in the organization's zone, with the exact instant behind.

use billing_domain::{Date, Month, Timestamp};
use leptos::prelude::*;

use crate::platform::intl;
pub(crate) use crate::platform::intl::DateStyle;

/// The instant in the organization's zone.
pub(crate) fn instant_text(at: Timestamp, style: DateStyle) -> String {
    intl::format_instant(&at.to_string(), style)
}

pub(crate) fn date_text(date: Date, style: DateStyle) -> String {
    intl::format_date(&date.to_string(), style)
}

/// The month, `November 2026`.
pub(crate) fn month_text(month: Month) -> String {
    intl::format_date(&month.to_string(), DateStyle::Month)
}

/// An instant; pointing at it shows it to the second with the zone.
#[component]
pub(crate) fn Instant(
    at: Timestamp,
    /// How it is written.
    #[prop(default = DateStyle::DateTime)]
    style: DateStyle,
) -> AnyView {
    view! { <time datetime=at.to_string() title=instant_text(at, DateStyle::Full)>{instant_text(at, style)}</time> }
        .into_any()
}
