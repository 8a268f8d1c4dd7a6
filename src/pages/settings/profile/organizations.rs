//! The organizations that one is in: shown where there are several, to go from one to another.

use billing_contract::account::OwnOrganization;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::platform::history;
use crate::platform::signal::ErasedSignal;
use crate::routes::Route;
use crate::texts;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, named_label};
use crate::ui::dynamic;
use crate::ui::panel::Panel;

pub(super) fn render_panel() -> AnyView {
    let own = ErasedSignal::new(Vec::<OwnOrganization>::new());
    let failure = RwSignal::new(None::<String>);
    spawn_local(async move {
        match api::me::list_organizations().await {
            Ok(list) => own.set(list.items),
            Err(error) => failure.set(Some(error.sentence())),
        }
    });
    let switch = move |id: String| {
        failure.set(None);
        spawn_local(async move {
            match api::me::switch_organization(id).await {
                // A new document: nothing of the other wallet stays.
                Ok(_) => history::load_document(Route::Billing.address()),
                Err(error) => failure.set(Some(error.sentence())),
            }
        });
    };
    let item = move |organization: OwnOrganization| {
        let action = if organization.current {
            view! { <span class="muted">{texts::profile::here()}</span> }.into_any()
        } else {
            let (id, full) = (organization.id.clone(), texts::profile::go_to(&organization.name));
            view! { <Button on_press=move || switch(id.clone())>{named_label(texts::profile::go(), full)}</Button> }
                .into_any()
        };
        view! { <li class="row"><span>{organization.name}</span>{action}</li> }
    };
    let list = move || {
        let all = own.get();
        (all.len() > 1 || failure.read().is_some()).then(|| {
            let items = StoredValue::new(all);
            view! {
                <Panel heading=texts::profile::organizations() class="narrow">
                    {dynamic::view(move || failure.get().map(|text| view! { <Banner tone=Tone::Warn title=text alert=true /> }))}
                    <ul class="stack">{items.get_value().into_iter().map(item).collect_view()}</ul>
                </Panel>
            }
        })
    };
    dynamic::view(list).into_any()
}
