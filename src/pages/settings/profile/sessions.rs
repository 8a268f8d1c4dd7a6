//! Where one is signed in, and how to end that.

use billing_contract::account::SessionEntry;
use billing_domain::SessionKind;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::platform::signal::ErasedSignal;
use crate::texts;
use crate::ui::announcer::use_announcer;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, named_label};
use crate::ui::dynamic;
use crate::ui::panel::{LoadState, Panel};
use crate::ui::table::{Table, TableColumn};
use crate::ui::time::Instant;

pub(super) fn render_panel() -> AnyView {
    let sessions = ErasedSignal::new(Vec::<SessionEntry>::new());
    let load = ErasedSignal::new(LoadState::Loading);
    let failure = RwSignal::new(None::<String>);
    let fetch = move || {
        spawn_local(async move {
            match api::me::list_sessions().await {
                Ok(list) => {
                    sessions.set(list);
                    load.set(LoadState::Ready);
                }
                Err(error) => load.set(LoadState::Failed(error.sentence())),
            }
        });
    };
    fetch();
    let announcer = use_announcer();
    let end = move |id: Option<String>| {
        failure.set(None);
        spawn_local(async move {
            let ended = match &id {
                Some(id) => api::me::end_session(id).await,
                None => api::me::end_other_sessions().await,
            };
            match ended {
                Ok(()) => {
                    sessions.update(|all| all.retain(|one| one.current || id.as_ref().is_some_and(|id| one.id != *id)));
                    announcer.say(texts::profile::session_ended());
                }
                Err(error) => failure.set(Some(error.sentence())),
            }
        });
    };
    let row = move |session: SessionEntry| {
        let browser =
            if session.browser.is_empty() { texts::profile::unknown_browser().to_owned() } else { session.browser };
        let how = match session.kind {
            SessionKind::Password => texts::profile::by_password(),
            SessionKind::Oidc => texts::profile::by_provider(),
            SessionKind::Portal => texts::profile::by_product(),
        };
        let id = session.id.clone();
        let action = if session.current {
            view! { <span class="muted">{texts::profile::this_session()}</span> }.into_any()
        } else {
            let full = texts::profile::end_session_from(&session.address);
            view! { <Button on_press=move || end(Some(id.clone()))>{named_label(texts::profile::end_session(), full)}</Button> }.into_any()
        };
        view! {
            <tr>
                <th scope="row">
                    <span>{session.address}" · "{how}</span>
                    <span class="cell-sub">{browser}</span>
                    <span class="cell-sub narrow-only"><Instant at=session.last_seen_at /></span>
                </th>
                <td class="wide-only"><Instant at=session.last_seen_at /></td>
                <td>{action}</td>
            </tr>
        }
    };
    let columns = vec![
        TableColumn::text(texts::profile::session()),
        TableColumn::text(texts::profile::last_used()).wide_only(),
        TableColumn::text(texts::profile::action()),
    ];
    let columns = StoredValue::new(columns);
    let others = move || sessions.read().iter().any(|session| !session.current);
    view! {
        <Panel heading=texts::profile::sessions() load=load on_retry=fetch class="narrow">
            {dynamic::view(move || failure.get().map(|text| view! { <Banner tone=Tone::Warn title=text alert=true /> }))}
            <Table caption=texts::profile::sessions_caption() columns=columns.get_value()>
                <tbody>{dynamic::view(move || sessions.get().into_iter().map(row).collect_view())}</tbody>
            </Table>
            {dynamic::view(move || others().then(|| view! {
                <div class="row"><Button on_press=move || end(None)>{texts::profile::end_others()}</Button></div>
            }))}
        </Panel>
    }
    .into_any()
}
