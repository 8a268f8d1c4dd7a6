//! Inviting people: whom, as what, and what has become of the invitations that were sent.

use billing_contract::invitation::{CreateInvitation, Invitation};
use billing_contract::session::Session;
use billing_domain::Role;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, ApiError};
use crate::platform::signal::{ErasedProp, ErasedSignal};
use crate::platform::{focus, share};
use crate::shared::words::role_word;
use crate::texts;
use crate::ui::announcer::{Announcer, use_announcer};
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle, named_label};
use crate::ui::dynamic;
use crate::ui::field::TextField;
use crate::ui::panel::{LoadState, Panel};
use crate::ui::select::{Choice, Select};
use crate::ui::table::{Table, TableColumn};
use crate::ui::time::Instant;

const LINK_ID: &str = "invitation-link";

/// What the panel knows.
#[derive(Clone, Copy)]
struct Invitations {
    open: ErasedSignal<Vec<Invitation>>,
    /// The one whose link the person has to hand over.
    to_hand_over: ErasedSignal<Option<Invitation>>,
    failure: ErasedSignal<Option<ApiError>>,
    busy: RwSignal<bool>,
    announcer: Announcer,
}

impl Invitations {
    /// Notes an invitation that was just sent.
    fn note_sent(self, sent: Invitation) {
        self.open.update(|all| {
            // An older one to the same address was withdrawn.
            let email = sent.email.to_lowercase();
            all.retain(|one| one.id != sent.id && one.email.to_lowercase() != email);
            all.insert(0, Invitation { link: None, ..sent.clone() });
        });
        self.announcer.say(texts::members::invited(&sent.email));
        self.to_hand_over.set(sent.link.is_some().then_some(sent));
    }

    /// Runs one call at a time.
    fn run(self, call: impl Future<Output = Result<(), ApiError>> + 'static) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.failure.set(None);
        spawn_local(async move {
            if let Err(error) = call.await {
                self.failure.set(Some(error));
            }
            self.busy.set(false);
        });
    }

    fn resend(self, id: String) {
        self.run(async move {
            self.note_sent(api::invitations::resend_invitation(&id).await?);
            Ok(())
        });
    }

    fn withdraw(self, id: String) {
        self.run(async move {
            api::invitations::revoke_invitation(&id).await?;
            self.open.update(|all| all.retain(|one| one.id != id));
            if (*self.to_hand_over.read_untracked()).as_ref().is_some_and(|shown| shown.id == id) {
                self.to_hand_over.set(None);
            }
            self.announcer.say(texts::members::withdrawn());
            Ok(())
        });
    }
}

/// The panel, for those who manage.
pub(super) fn render_panel(session: ErasedSignal<Session>) -> AnyView {
    let invitations = Invitations {
        open: ErasedSignal::new(Vec::new()),
        to_hand_over: ErasedSignal::new(None),
        failure: ErasedSignal::new(None),
        busy: RwSignal::new(false),
        announcer: use_announcer(),
    };
    let load = ErasedSignal::new(LoadState::Loading);
    let fetch = move || {
        load.set(LoadState::Loading);
        spawn_local(async move {
            match api::invitations::list_invitations().await {
                Ok(list) => {
                    invitations.open.set(list.items);
                    load.set(LoadState::Ready);
                }
                Err(error) => load.set(LoadState::Failed(error.sentence())),
            }
        });
    };
    fetch();
    let may_make_owners = session.read_untracked().role.manages_roles();
    let shown = move || invitations.to_hand_over.get().map(|sent| render_link(&sent, invitations.announcer));
    view! {
        <Panel heading=texts::members::invitations() load=load on_retry=fetch class="narrow">
            {render_form(invitations, may_make_owners)}
            {dynamic::view(shown)}
            {dynamic::view(move || {
                let all = invitations.open.get();
                (!all.is_empty()).then(|| render_table(all, invitations, may_make_owners))
            })}
        </Panel>
    }
    .into_any()
}

fn render_form(invitations: Invitations, may_make_owners: bool) -> AnyView {
    let (email, role) = (RwSignal::new(String::new()), RwSignal::new(Role::Member.as_str().to_owned()));
    let choices = Role::ALL.iter().filter(|role| may_make_owners || **role != Role::Owner);
    let choices: Vec<_> = choices.map(|role| Choice::new(role.as_str(), role_word(*role))).collect();
    let send = move || {
        let Ok(role) = role.get_untracked().parse::<Role>() else { return };
        let form = CreateInvitation { email: email.get_untracked().trim().to_owned(), role };
        invitations.run(async move {
            invitations.note_sent(api::invitations::create_invitation(&form).await?);
            email.set(String::new());
            Ok(())
        });
    };
    let wrong =
        ErasedProp::derive(move || (*invitations.failure.read()).as_ref().and_then(|error| error.field("/email")));
    let failure = move || {
        let failed = invitations.failure.get().filter(|error| error.field("/email").is_none());
        failed.map(|error| view! { <Banner tone=Tone::Warn title=error.sentence() alert=true /> })
    };
    view! {
        <form
            class="form"
            novalidate
            on:submit=move |event| {
                event.prevent_default();
                send();
            }
        >
            {dynamic::view(failure)}
            <TextField label=texts::sign_in::email() value=email name="invite" kind="email" autocomplete="off" error=wrong />
            <Select label=texts::members::role() value=role choices=choices on_choose=move |chosen: String| role.set(chosen) />
            <div class="row"><Button style=ButtonStyle::Primary submit=true busy=invitations.busy>{texts::members::invite()}</Button></div>
        </form>
    }
    .into_any()
}

/// The link that this server cannot send.
fn render_link(sent: &Invitation, announcer: Announcer) -> AnyView {
    let link = sent.link.clone().unwrap_or_default();
    let (shown, copied) = (RwSignal::new(link.clone()), RwSignal::new(false));
    let copy = move || {
        let link = link.clone();
        spawn_local(async move {
            if share::copy_text(&link).await {
                copied.set(true);
                announcer.say(texts::hand_over::said_copied());
            } else {
                // The browser does not allow it here: then by hand.
                focus::focus_id(LINK_ID);
                announcer.alert(texts::hand_over::not_copied());
            }
        });
    };
    view! {
        <div class="stack">
            <Banner tone=Tone::Good title=texts::members::hand_over(&sent.email) />
            <TextField label=texts::members::invitation_link() value=shown name=LINK_ID id=LINK_ID read_only=true />
            <div class="row">
                <Button on_press=copy>
                    {dynamic::view(move || if copied.get() { texts::hand_over::copied() } else { texts::hand_over::copy() })}
                </Button>
            </div>
        </div>
    }
    .into_any()
}

fn render_table(all: Vec<Invitation>, invitations: Invitations, may_make_owners: bool) -> AnyView {
    let row = move |invitation: Invitation| {
        let Invitation { id, email, role, invited_by, expires_at, expired, .. } = invitation;
        let until = move || {
            if expired {
                view! { <span class="muted">{texts::members::expired()}</span> }.into_any()
            } else {
                view! { <Instant at=expires_at /> }.into_any()
            }
        };
        let resend = (may_make_owners || role != Role::Owner).then(|| {
            let (id, full) = (id.clone(), texts::members::resend_named(&email));
            view! { <Button style=ButtonStyle::Quiet on_press=move || invitations.resend(id.clone())>{named_label(texts::members::resend(), full)}</Button> }
        });
        let full = texts::members::withdraw_named(&email);
        view! {
            <tr>
                <th scope="row">
                    <span class="member-name">{email}</span>
                    <span class="cell-sub">{texts::members::invited_by(&invited_by)}</span>
                    <span class="cell-sub narrow-only">{role_word(role)}</span>
                    <span class="cell-sub narrow-only">{texts::members::valid_until()}" "{until()}</span>
                </th>
                <td class="wide-only">{role_word(role)}</td>
                <td class="wide-only">{until()}</td>
                <td>
                    {resend}
                    <Button style=ButtonStyle::Quiet on_press=move || invitations.withdraw(id.clone())>{named_label(texts::members::withdraw(), full)}</Button>
                </td>
            </tr>
        }
    };
    let columns = vec![
        TableColumn::text(texts::members::person()),
        TableColumn::text(texts::members::role()).wide_only(),
        TableColumn::text(texts::members::valid_until()).wide_only(),
        TableColumn::text(texts::profile::action()),
    ];
    view! {
        <Table caption=texts::members::open_invitations() columns=columns>
            <tbody>{all.into_iter().map(row).collect_view()}</tbody>
        </Table>
    }
    .into_any()
}
