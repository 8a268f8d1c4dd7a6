//! Every icon with its name, and a QR code.

use std::iter;

use leptos::prelude::*;

use super::render_story;
use crate::ui::icon::{Icon, IconName};
use crate::ui::qr::Qr;

/// `https://example.com` at level M, a row each, the leftmost module in the highest of 25 bits.
const CODE: [u32; 25] = [
    0x1fd_147f, 0x104_1d41, 0x175_595d, 0x174_ac5d, 0x174_745d, 0x105_d441, 0x1fd_557f, 0x000_d700, 0x146_0d25,
    0x168_d2eb, 0x12c_4e9d, 0x1cb_e128, 0x126_ef61, 0x0da_4b63, 0x184_e3cd, 0x071_c9b8, 0x1d7_79f2, 0x001_1111,
    0x1fd_dd51, 0x104_3713, 0x174_0ff3, 0x174_8c96, 0x175_e3bb, 0x104_4bf0, 0x1fd_b949,
];
const MODULES: u16 = 25;

pub(super) fn render_pictures(_: &'static str) -> AnyView {
    let all = iter::successors(Some(IconName::Mark), |name| next_icon(*name));
    let icon = |name: IconName| view! { <li><Icon name=name /><span>{format!("{name:?}")}</span></li> };
    let label = "An example of a QR code";
    view! {
        {render_story("Icons", view! { <ul class="kit-icons">{all.map(icon).collect_view()}</ul> })}
        {render_story("QR code", view! { <Qr size=MODULES path=qr_path() label=label /> })}
    }
    .into_any()
}

/// The next icon. The compiler asks for a new one here, so that none is left out.
const fn next_icon(name: IconName) -> Option<IconName> {
    Some(match name {
        IconName::Mark => IconName::Gear,
        IconName::Gear => IconName::Plus,
        IconName::Plus => IconName::Minus,
        IconName::Minus => IconName::Check,
        IconName::Check => IconName::Cross,
        IconName::Cross => IconName::Warning,
        IconName::Warning => IconName::Stop,
        IconName::Stop => IconName::Info,
        IconName::Info => IconName::Card,
        IconName::Card => IconName::Wallet,
        IconName::Wallet => IconName::Refresh,
        IconName::Refresh => IconName::CallOut,
        IconName::CallOut => IconName::CallIn,
        IconName::CallIn => IconName::Spark,
        IconName::Spark => IconName::ArrowDown,
        IconName::ArrowDown => IconName::ArrowUp,
        IconName::ArrowUp => IconName::ArrowRight,
        IconName::ArrowRight => IconName::ChevronLeft,
        IconName::ChevronLeft => IconName::ChevronRight,
        IconName::ChevronRight => IconName::ChevronDown,
        IconName::ChevronDown => IconName::SignOut,
        IconName::SignOut => IconName::Clock,
        IconName::Clock => IconName::Flask,
        IconName::Flask => IconName::Code,
        IconName::Code => IconName::Link,
        IconName::Link => IconName::Download,
        IconName::Download => IconName::Document,
        IconName::Document => IconName::Copy,
        IconName::Copy => return None,
    })
}

/// A square of one unit for each dark module.
fn qr_path() -> String {
    let mut path = String::new();
    for (y, row) in CODE.iter().enumerate() {
        let dark = (0..MODULES).filter(|x| row >> (MODULES - 1 - x) & 1 == 1);
        path.extend(dark.map(|x| format!("M{x} {y}h1v1h-1z")));
    }
    path
}
