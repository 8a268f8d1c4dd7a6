//! From one organization to another, for people who are in several; nobody else loads it.

use billing_contract::account::OwnOrganization;
use billing_contract::session::Session;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::platform::history;
use crate::platform::signal::{ErasedProp, ErasedSignal};
use crate::routes::Route;
use crate::texts;
use crate::ui::announcer::use_announcer;
use crate::ui::button::Button;
use crate::ui::dynamic;
use crate::ui::lazy::split;
use crate::ui::select::{Choice, Select};

split!(settings: pub(super) fn switcher(session: ErasedSignal<Session>) => make_switcher);

/// The list. Choosing changes nothing yet: by keyboard one passes through all of them.
fn make_switcher(session: ErasedSignal<Session>) -> AnyView {
    let present = session.read_untracked().organization.clone();
    let own = ErasedSignal::new(vec![Choice::new(present.id.clone(), present.name)]);
    let chosen = RwSignal::new(present.id.clone());
    let busy = RwSignal::new(false);
    let announcer = use_announcer();
    spawn_local(async move {
        // Without the list one stays where one is; the profile says why.
        if let Ok(list) = api::me::list_organizations().await {
            let choice = |one: OwnOrganization| Choice::new(one.id, one.name);
            own.set(list.items.into_iter().map(choice).collect());
        }
    });
    let go = move || {
        busy.set(true);
        spawn_local(async move {
            match api::me::switch_organization(chosen.get_untracked()).await {
                // A new document: nothing of the other wallet stays.
                Ok(_) => history::load_document(Route::Billing.address()),
                Err(error) => {
                    busy.set(false);
                    announcer.alert(error.sentence());
                }
            }
        });
    };
    let other = move || {
        let wanted = chosen.get();
        let other = own.get().into_iter().find(|choice| choice.value == wanted && wanted != present.id);
        other.map(|choice| view! { <Button busy=busy on_press=go>{texts::profile::go_to(&choice.text)}</Button> })
    };
    view! {
        <Select label=texts::switcher::change() value=chosen choices=ErasedProp::derive(move || own.get()) on_choose=move |id: String| chosen.set(id) hide_label=true />
        {dynamic::view(other)}
    }
    .into_any()
}
