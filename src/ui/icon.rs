//! The icons: own strokes on a 16 × 16 grid in the color of the text beside them.

use leptos::prelude::*;

use crate::platform::signal::ErasedProp;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IconName {
    Mark,
    Gear,
    Plus,
    Minus,
    Check,
    Cross,
    Warning,
    Stop,
    Info,
    Card,
    Wallet,
    Refresh,
    /// A call that goes out.
    CallOut,
    /// A call that comes in.
    CallIn,
    Spark,
    /// Money that comes in.
    ArrowDown,
    /// Money that goes out.
    ArrowUp,
    ChevronLeft,
    ChevronRight,
    ChevronDown,
    SignOut,
    Clock,
    /// A test, not real.
    Flask,
    ArrowRight,
    /// A code to scan.
    Code,
    Link,
    /// Saves as a file.
    Download,
    Document,
    Copy,
}

impl IconName {
    /// It points along the line of text, and so the other way where that runs from right to left.
    const fn points(self) -> bool {
        matches!(self, Self::ArrowRight | Self::ChevronLeft | Self::ChevronRight | Self::SignOut)
    }

    /// The path on the 16 × 16 grid, drawn as a stroke of 1.5 units.
    const fn path(self) -> &'static str {
        match self {
            Self::Mark => "M3 13V3l10 10V3",
            Self::Gear => {
                "M8 10.25a2.25 2.25 0 1 0 0-4.5 2.25 2.25 0 0 0 0 4.5ZM6.9 1.75h2.2l.4 1.8 1.3.75 1.75-.55 1.1 1.9-1.35 1.25v1.5l1.35 1.25-1.1 1.9-1.75-.55-1.3.75-.4 1.8H6.9l-.4-1.8-1.3-.75-1.75.55-1.1-1.9L3.7 8.65v-1.5L2.35 5.9l1.1-1.9 1.75.55 1.3-.75.4-2.05Z"
            }
            Self::Plus => "M8 3v10M3 8h10",
            Self::Minus => "M3 8h10",
            Self::Check => "m3 8.5 3.25 3.25L13 4.75",
            Self::Cross => "m4 4 8 8M12 4l-8 8",
            Self::Warning => "M8 2 1.75 13.25h12.5L8 2ZM8 6.5v3M8 11.4v.1",
            Self::Stop => "M5.5 1.75h5l3.75 3.75v5l-3.75 3.75h-5L1.75 10.5v-5L5.5 1.75ZM8 5v3.5M8 10.9v.1",
            Self::Info => "M8 14.25a6.25 6.25 0 1 0 0-12.5 6.25 6.25 0 0 0 0 12.5ZM8 7.5V11M8 5v.1",
            Self::Card => {
                "M1.75 4.5c0-.7.5-1.25 1.25-1.25h10c.75 0 1.25.55 1.25 1.25v7c0 .7-.5 1.25-1.25 1.25H3c-.75 0-1.25-.55-1.25-1.25v-7ZM1.75 6.5h12.5M4.25 10h2.5"
            }
            Self::Wallet => {
                "M13.25 5.25V3.5c0-.5-.4-.75-.75-.75H3A1.25 1.25 0 0 0 1.75 4v8c0 .7.55 1.25 1.25 1.25h10c.7 0 1.25-.55 1.25-1.25V6.25c0-.55-.45-1-1-1H3A1.25 1.25 0 0 1 1.75 4M11 9.25v.1"
            }
            Self::Refresh => "M13.25 8A5.25 5.25 0 1 1 11.5 4.1M13.25 1.75V4.75h-3",
            Self::CallOut => {
                "M6 3.25 4.6 2.1c-.4-.35-1-.3-1.35.1l-.9 1c-.4.4-.5 1-.35 1.55 1.2 4.2 4.9 7.9 9.25 9.25.55.15 1.15.05 1.55-.35l1-.9c.4-.35.45-.95.1-1.35L12.75 10 10.5 11.25 4.75 5.5 6 3.25ZM10 2h4v4M14 2l-4 4"
            }
            Self::CallIn => {
                "M6 3.25 4.6 2.1c-.4-.35-1-.3-1.35.1l-.9 1c-.4.4-.5 1-.35 1.55 1.2 4.2 4.9 7.9 9.25 9.25.55.15 1.15.05 1.55-.35l1-.9c.4-.35.45-.95.1-1.35L12.75 10 10.5 11.25 4.75 5.5 6 3.25ZM14 2l-4 4M10 2.5V6h3.5"
            }
            Self::Spark => {
                "M8 1.75c.4 3.6 2.65 5.85 6.25 6.25C10.65 8.4 8.4 10.65 8 14.25 7.6 10.65 5.35 8.4 1.75 8 5.35 7.6 7.6 5.35 8 1.75Z"
            }
            Self::ArrowDown => "M8 2.75v10.5M3.5 8.75 8 13.25l4.5-4.5",
            Self::ArrowUp => "M8 13.25V2.75M3.5 7.25 8 2.75l4.5 4.5",
            Self::ChevronLeft => "M10 3 5 8l5 5",
            Self::ChevronRight => "m6 3 5 5-5 5",
            Self::ChevronDown => "m3 6 5 5 5-5",
            Self::SignOut => {
                "M6 13.75H3.5c-.7 0-1.25-.55-1.25-1.25v-9c0-.7.55-1.25 1.25-1.25H6M10.5 11.25 13.75 8 10.5 4.75M13.5 8H6"
            }
            Self::Clock => "M8 14.25a6.25 6.25 0 1 0 0-12.5 6.25 6.25 0 0 0 0 12.5ZM8 4.5V8l2.5 1.5",
            Self::Flask => {
                "M6 1.75h4M6.75 1.75v4.5L2.9 12.4c-.5.85.05 1.85 1 1.85h8.2c.95 0 1.5-1 1-1.85L9.25 6.25v-4.5M4.5 10h7"
            }
            Self::ArrowRight => "M2.75 8h10.5M8.75 3.5l4.5 4.5-4.5 4.5",
            Self::Code => {
                "M2.25 2.25h4v4h-4v-4ZM9.75 2.25h4v4h-4v-4ZM2.25 9.75h4v4h-4v-4ZM9.75 9.75v1.5M13.75 9.75h-1.5v2M9.75 13.75h1.5M13.75 13.75v-.1"
            }
            Self::Download => "M8 2v8M4.75 7 8 10.25 11.25 7M2.5 13.5h11",
            Self::Document => "M4 1.75h5.25L12.5 5v9.25H4V1.75ZM9 2v3.25h3.25M6 8h4.5M6 10.75h4.5",
            Self::Copy => "M5.75 5.75h7.5v7.5h-7.5v-7.5ZM10.25 5.5V2.75h-7.5v7.5H5.5",
            Self::Link => {
                "M6.75 9.25a2.75 2.75 0 0 0 4.1.3l2-2a2.76 2.76 0 0 0-3.9-3.9L7.9 4.7M9.25 6.75a2.75 2.75 0 0 0-4.1-.3l-2 2a2.76 2.76 0 0 0 3.9 3.9l1.05-1.05"
            }
        }
    }
}

/// An icon. It is decoration: the words beside it, or the control's name, say the same.
#[component]
pub(crate) fn Icon(
    /// Which one; may change.
    #[prop(into)]
    name: ErasedProp<IconName>,
) -> AnyView {
    view! {
        <svg class="icon" class:icon-points=Signal::derive(move || name.get().points()) viewBox="0 0 16 16" aria-hidden="true" focusable="false">
            <path d=Signal::derive(move || name.get().path().to_owned())></path>
        </svg>
    }
    .into_any()
}
