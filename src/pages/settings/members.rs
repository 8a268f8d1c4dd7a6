//! The Members tab: who belongs to the organization. An owner changes roles, everybody else reads them.

use billing_contract::member::Member;
use billing_contract::session::Session;
use billing_domain::Role;
use leptos::prelude::*;

use crate::platform::signal::{Given, Slot};
use leptos::task::spawn_local;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

use crate::api;
use crate::platform::history;
use crate::ui::announcer::announcer;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dialog::Dialog;
use crate::ui::dynamic;
use crate::ui::panel::{Load, Panel};
use crate::ui::select::{Choice, Select};
use crate::ui::table::{Column, Table};

/// A role that somebody is about to be given.
#[derive(Clone, PartialEq, Eq)]
struct Change {
    member: Member,
    role: Role,
}

/// The tab, whose code is loaded when it is shown.
#[wasm_split(settings, fallible, preload(load))]
pub(super) fn tab(session: Slot<Session>) -> Result<AnyView, SplitLoaderError> {
    Ok(view! { <MembersTab session=session /> }.into_any())
}

/// The tab.
#[component]
fn MembersTab(session: Slot<Session>) -> AnyView {
    let members = Slot::new(Vec::<Member>::new());
    let load = Slot::new(Load::Loading);
    let change = Slot::new(None::<Change>);
    let fetch = move || {
        load.set(Load::Loading);
        spawn_local(async move {
            match api::members::list().await {
                Ok(list) => {
                    members.set(list.items);
                    load.set(Load::Ready);
                }
                Err(error) => load.set(Load::Failed(error.sentence())),
            }
        });
    };
    fetch();
    view! {
        <Panel heading="Members" load=load on_retry=fetch class="narrow">
            {table(session, members, change)}
        </Panel>
        <ConfirmRole session=session members=members change=change />
    }
    .into_any()
}

fn table(session: Slot<Session>, members: Slot<Vec<Member>>, change: Slot<Option<Change>>) -> AnyView {
    let may_change = session.read_untracked().role.manages_roles();
    let own_id = session.read_untracked().user.id.clone();
    let row = move |member: Member| {
        let own = member.id == own_id;
        let role = if may_change { role_select(member.clone(), change) } else { role_word(member.role).into_any() };
        view! {
            <tr>
                <th scope="row">
                    <span class="member-name">{member.name}{own.then_some(" (you)")}</span>
                    <span class="cell-sub">{member.email}</span>
                </th>
                <td class="member-role">{role}</td>
            </tr>
        }
    };
    let rows = move || members.get().into_iter().map(row.clone()).collect_view();
    let columns = vec![Column::text("Person"), Column::text("Role")];
    view! {
        <Table caption="Members and their roles" columns=columns><tbody>{dynamic::part(rows)}</tbody></Table>
        <p class="muted small">
            "Owners and admins manage billing and the organization; only owners change roles. Members can ask an admin for a top-up."
        </p>
    }
    .into_any()
}

fn role_select(member: Member, change: Slot<Option<Change>>) -> AnyView {
    let choices: Vec<_> = Role::ALL.iter().map(|role| Choice::new(role.as_str(), role_word(*role))).collect();
    let label = format!("Role of {}", member.name);
    let role = member.role;
    let choose = move |wanted: String| {
        if let Ok(wanted) = wanted.parse::<Role>()
            && wanted != role
        {
            change.set(Some(Change { member: member.clone(), role: wanted }));
        }
    };
    view! { <Select label=label value=role.as_str().to_owned() choices=choices on_choose=choose hide_label=true /> }
        .into_any()
}

/// Says what the change means before it is made.
#[component]
fn ConfirmRole(session: Slot<Session>, members: Slot<Vec<Member>>, change: Slot<Option<Change>>) -> AnyView {
    let (open, busy) = (RwSignal::new(false), RwSignal::new(false));
    let failure = RwSignal::new(None::<String>);
    let announcer = announcer();
    dynamic::effect(move || open.set(change.read().is_some()));
    let confirm = move || {
        let Some(Change { member, role }) = change.get_untracked() else { return };
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            match api::members::set_role(&member.id, role).await {
                // One's own rights are another person's now: begin anew with what they allow.
                Ok(_) if member.id == session.read_untracked().user.id => history::reload(),
                Ok(changed) => {
                    members.update(|all| {
                        all.iter_mut().filter(|one| one.id == changed.id).for_each(|one| one.role = changed.role);
                    });
                    announcer.say(format!("{} is now {}", changed.name, role_word(changed.role)));
                    change.set(None);
                }
                Err(error) => failure.set(Some(error.sentence())),
            }
            busy.set(false);
        });
    };
    let closed = move || {
        change.set(None);
        failure.set(None);
    };
    let heading = Given::derive(move || {
        (*change.read())
            .as_ref()
            .map(|Change { member, role }| format!("Make {} {}?", member.name, with_article(*role)))
            .unwrap_or_default()
    });
    let meaning = move || {
        (*change.read()).as_ref().map(|Change { member, role }| {
            let own = member.id == session.read_untracked().user.id;
            what_it_means(*role, own)
        })
    };
    view! {
        <Dialog open=open heading=heading locked=busy on_close=closed>
            <div class="form">
                {dynamic::part(move || failure.get().map(|text| view! { <Banner tone=Tone::Warn title=text alert=true /> }))}
                <p>{dynamic::part(meaning)}</p>
                <div class="buttons end">
                    <Button on_press=move || open.set(false)>"Cancel"</Button>
                    <Button style=ButtonStyle::Primary busy=busy on_press=confirm>"Change role"</Button>
                </div>
            </div>
        </Dialog>
    }
    .into_any()
}

const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Owner => "Owner",
        Role::Admin => "Admin",
        Role::Member => "Member",
    }
}

const fn with_article(role: Role) -> &'static str {
    match role {
        Role::Owner => "an owner",
        Role::Admin => "an admin",
        Role::Member => "a member",
    }
}

const fn what_it_means(role: Role, own: bool) -> &'static str {
    match (role, own) {
        (Role::Owner, _) => "Owners manage billing and the organization, and change everybody's role, also yours.",
        (Role::Admin, false) => {
            "Admins see the wallet, spend money from the connected cards, and change the organization's data. It acts at once."
        }
        (Role::Admin, true) => {
            "You keep billing and the organization, but you can no longer change roles. Another owner would have to give that back to you."
        }
        (Role::Member, false) => {
            "Members do not see the wallet; they can ask an admin for a top-up. It acts at once, also where they are signed in now."
        }
        (Role::Member, true) => "You lose the Billing tab at once. Another owner would have to give it back to you.",
    }
}
