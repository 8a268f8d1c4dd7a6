//! Keeps the wallet true: hands what the stream says to the state, and says when the session is over.

use billing_contract::billing::Billing;
use billing_contract::event::SessionState;
use billing_contract::session::Service;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::api::stream::{Connection, Update};
use crate::platform::history;
use crate::state::{Hearing, Live};
use crate::texts;
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dialog::Dialog;
use crate::ui::dynamic;

/// The wallet of this document, listening from now on. The view is what is shown when the session is over.
pub(super) fn start(billing: Billing, service: Service) -> AnyView {
    let after = billing.wallet.last_seq;
    let live = Live::provide(billing, service);
    api::client::when_signed_out(move || live.end_session(SessionState::Ended));
    let events = api::stream::listen(after, move |update| hear(live, update), move |now| connection(live, now));
    let events = StoredValue::new_local(Some(events));
    // The owner of the document never ends; a hot reload does.
    on_cleanup(move || drop(events.try_update_value(Option::take)));
    session_over(live)
}

fn hear(live: Live, update: Update) {
    match update {
        Update::Transaction(posted) => live.hear_line(*posted),
        Update::Wallet(wallet) => live.hear_wallet(*wallet),
        Update::AutoPay(auto_pay) => live.auto_pay.set(*auto_pay),
        Update::TopUp(top_up) => live.hear_top_up(*top_up),
        Update::Card(card) => live.hear_card(*card),
        Update::Request(request) => live.hear_request(*request),
        Update::Link(link) => live.hear_link(*link),
        Update::Session(why) => live.end_session(why),
    }
}

fn connection(live: Live, now: Connection) {
    match now {
        Connection::Lost => live.stop_hearing(),
        Connection::Live { after_gap } => {
            live.hearing.set(Hearing::Live);
            if after_gap {
                spawn_local(async move {
                    // Should this fail, the figures are those of the lines that the stream repeats.
                    if let Ok(billing) = api::billing::billing().await {
                        live.refresh(billing);
                    }
                });
            }
        }
    }
}

/// Another role shows another page: the document is loaded anew. Signed out, the person is told first.
fn session_over(live: Live) -> AnyView {
    let open = RwSignal::new(false);
    dynamic::effect(move || match live.session_over.get() {
        Some(SessionState::RoleChanged) => history::reload(),
        Some(SessionState::Ended) => open.set(true),
        None => {}
    });
    view! {
        <Dialog open=open heading=texts::app::signed_out()>
            <div class="stack">
                <p>{texts::app::session_over()}</p>
                <div class="buttons end">
                    <Button style=ButtonStyle::Primary on_press=move || history::reload()>{texts::app::sign_in_again()}</Button>
                </div>
            </div>
        </Dialog>
    }
    .into_any()
}
