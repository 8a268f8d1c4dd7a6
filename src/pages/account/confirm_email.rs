//! Another sign-in address holds, by the link that was sent there. Only a press does it: what looks through mails opens links.

use leptos::prelude::*;

use super::{Sending, is_busy, render_page, render_without_token, send_once, take_token};
use crate::api;
use crate::platform::signal::ErasedSignal;
use crate::routes::Route;
use crate::texts;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::lazy::split;

split!(account: pub(crate) fn page() => make_page);

/// The page, whose code is loaded when it is shown.
fn make_page() -> AnyView {
    let Some(token) = take_token() else {
        return render_without_token(texts::places::confirm_email(), render_without());
    };
    let sending = ErasedSignal::new(Sending::Idle);
    let send = move || {
        let token = token.clone();
        send_once(sending, async move { api::account::complete_email_change(token).await.map(|()| Sending::Done) });
    };
    let form = move || {
        let send = send.clone();
        view! {
            <p>{texts::confirm_email::intro()}</p>
            <Button style=ButtonStyle::Primary busy=is_busy(sending) on_press=send>{texts::confirm_email::submit()}</Button>
        }
        .into_any()
    };
    render_page(texts::places::confirm_email(), sending, form, render_without, render_done)
}

fn render_done() -> AnyView {
    view! {
        <Banner tone=Tone::Good title=texts::confirm_email::done() alert=true />
        {render_way_on()}
    }
    .into_any()
}

/// What somebody without a link that works can do.
fn render_without() -> AnyView {
    view! {
        <p>{texts::confirm_email::no_link()}</p>
        {render_way_on()}
    }
    .into_any()
}

/// By a new document, which knows the new address.
fn render_way_on() -> AnyView {
    view! { <p><a href=Route::Profile.address() rel="external">{Route::Profile.title()}</a></p> }.into_any()
}
