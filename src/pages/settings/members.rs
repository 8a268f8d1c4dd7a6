//! The Members tab: who belongs to the organization. An owner changes roles and takes people out, everybody else reads them
//! and may leave; managers invite.

mod invitations;
mod removal;

use billing_contract::member::Member;
use billing_contract::session::Session;
use billing_domain::Role;
use leptos::prelude::*;

use crate::platform::signal::{ErasedProp, ErasedSignal};
use crate::texts;
use leptos::task::spawn_local;

use crate::api;
use crate::platform::history;
use crate::shared::words::role_word;
use crate::ui::announcer::use_announcer;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dialog::Dialog;
use crate::ui::dynamic;
use crate::ui::lazy::split;
use crate::ui::panel::{LoadState, Panel};
use crate::ui::select::{Choice, Select};
use crate::ui::table::{Table, TableColumn};

/// A role that somebody is about to be given.
#[derive(Clone, PartialEq, Eq)]
struct PendingRoleChange {
    member: Member,
    role: Role,
}

split!(settings: pub(super) fn tab(session: ErasedSignal<Session>) => make_tab);

/// The tab, whose code is loaded when it is shown.
fn make_tab(session: ErasedSignal<Session>) -> AnyView {
    view! { <MembersTab session=session /> }.into_any()
}

#[component]
fn MembersTab(session: ErasedSignal<Session>) -> AnyView {
    let members = ErasedSignal::new(Vec::<Member>::new());
    let load = ErasedSignal::new(LoadState::Loading);
    let change = ErasedSignal::new(None::<PendingRoleChange>);
    let leaving = ErasedSignal::new(None::<Member>);
    let fetch = move || {
        load.set(LoadState::Loading);
        spawn_local(async move {
            match api::members::list_members().await {
                Ok(list) => {
                    members.set(list.items);
                    load.set(LoadState::Ready);
                }
                Err(error) => load.set(LoadState::Failed(error.sentence())),
            }
        });
    };
    fetch();
    view! {
        <Panel heading=texts::places::members() load=load on_retry=fetch class="narrow">
            {render_table(session, members, change, leaving)}
        </Panel>
        {session.read_untracked().role.manages_billing().then(|| invitations::render_panel(session))}
        <ConfirmRole session=session members=members change=change />
        {removal::render_question(session, members, leaving)}
    }
    .into_any()
}

fn render_table(
    session: ErasedSignal<Session>,
    members: ErasedSignal<Vec<Member>>,
    change: ErasedSignal<Option<PendingRoleChange>>,
    leaving: ErasedSignal<Option<Member>>,
) -> AnyView {
    let may_change = session.read_untracked().role.manages_roles();
    let own_id = session.read_untracked().user.id.clone();
    let row = move |member: Member| {
        let own = member.id == own_id;
        let name = if own { texts::members::you(&member.name) } else { member.name.clone() };
        let role = if may_change { role_select(member.clone(), change) } else { role_word(member.role).into_any() };
        let action = (own || may_change).then(|| removal::render_button(&member, own, leaving));
        view! {
            <tr>
                <th scope="row">
                    <span class="member-name">{name}</span>
                    <span class="cell-sub">{member.email}</span>
                </th>
                <td><div class="member-role">{role}{action}</div></td>
            </tr>
        }
    };
    let rows = move || members.get().into_iter().map(row.clone()).collect_view();
    let columns = vec![TableColumn::text(texts::members::person()), TableColumn::text(texts::members::role())];
    view! {
        <Table caption=texts::members::caption() columns=columns><tbody>{dynamic::view(rows)}</tbody></Table>
        <p class="muted small">
            {texts::members::who_may()}
        </p>
    }
    .into_any()
}

fn role_select(member: Member, change: ErasedSignal<Option<PendingRoleChange>>) -> AnyView {
    let choices: Vec<_> = Role::ALL.iter().map(|role| Choice::new(role.as_str(), role_word(*role))).collect();
    let label = texts::members::role_of(&member.name);
    let role = member.role;
    let choose = move |wanted: String| {
        if let Ok(wanted) = wanted.parse::<Role>()
            && wanted != role
        {
            change.set(Some(PendingRoleChange { member: member.clone(), role: wanted }));
        }
    };
    view! { <Select label=label value=role.as_str().to_owned() choices=choices on_choose=choose hide_label=true /> }
        .into_any()
}

/// Says what the change means before it is made.
#[component]
fn ConfirmRole(
    session: ErasedSignal<Session>,
    members: ErasedSignal<Vec<Member>>,
    change: ErasedSignal<Option<PendingRoleChange>>,
) -> AnyView {
    let (open, busy) = (RwSignal::new(false), RwSignal::new(false));
    let failure = RwSignal::new(None::<String>);
    let announcer = use_announcer();
    dynamic::effect(move || open.set(change.read().is_some()));
    let confirm = move || {
        let Some(PendingRoleChange { member, role }) = change.get_untracked() else { return };
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            match api::members::set_role(&member.id, role).await {
                // One's own rights are another person's now: begin anew with what they allow.
                Ok(_) if member.id == session.read_untracked().user.id => history::reload_document(),
                Ok(changed) => {
                    members.update(|all| {
                        all.iter_mut().filter(|one| one.id == changed.id).for_each(|one| one.role = changed.role);
                    });
                    announcer.say(has_changed(&changed));
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
    let heading = ErasedProp::derive(move || {
        (*change.read())
            .as_ref()
            .map(|PendingRoleChange { member, role }| role_question(&member.name, *role))
            .unwrap_or_default()
    });
    let meaning = move || {
        (*change.read()).as_ref().map(|PendingRoleChange { member, role }| {
            let own = member.id == session.read_untracked().user.id;
            what_it_means(*role, own)
        })
    };
    view! {
        <Dialog open=open heading=heading locked=busy on_close=closed>
            <div class="form">
                {dynamic::view(move || failure.get().map(|text| view! { <Banner tone=Tone::Warn title=text alert=true /> }))}
                <p>{dynamic::view(meaning)}</p>
                <div class="buttons end">
                    <Button on_press=move || open.set(false)>{texts::ui::cancel()}</Button>
                    <Button style=ButtonStyle::Primary busy=busy on_press=confirm>{texts::members::change()}</Button>
                </div>
            </div>
        </Dialog>
    }
    .into_any()
}

fn has_changed(member: &Member) -> String {
    match member.role {
        Role::Owner => texts::members::is_owner(&member.name),
        Role::Admin => texts::members::is_admin(&member.name),
        Role::Member => texts::members::is_member(&member.name),
    }
}

fn role_question(name: &str, role: Role) -> String {
    match role {
        Role::Owner => texts::members::make_owner(name),
        Role::Admin => texts::members::make_admin(name),
        Role::Member => texts::members::make_member(name),
    }
}

fn what_it_means(role: Role, own: bool) -> &'static str {
    match (role, own) {
        (Role::Owner, _) => texts::members::owners_may(),
        (Role::Admin, false) => texts::members::admins_may(),
        (Role::Admin, true) => texts::members::admin_yourself(),
        (Role::Member, false) => texts::members::members_may(),
        (Role::Member, true) => texts::members::member_yourself(),
    }
}
