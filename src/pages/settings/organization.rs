//! The Organization tab: what receipts print, and the zone in which days are counted.

use billing_contract::ProblemCode;
use billing_contract::organization::{Organization, PutOrganization};
use billing_contract::session::Session;
use leptos::prelude::*;

use crate::platform::signal::{ErasedProp, ErasedSignal};
use crate::texts;
use leptos::task::spawn_local;

use crate::api::{self, ApiError};
use crate::platform::intl;
use crate::ui::announcer::use_announcer;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::field::{TextArea, TextField};
use crate::ui::lazy::split;
use crate::ui::panel::{LoadState, Panel};

/// What stands in the form.
#[derive(Clone, Copy)]
struct OrganizationForm {
    name: RwSignal<String>,
    address: RwSignal<String>,
    tax_id: RwSignal<String>,
    time_zone: RwSignal<String>,
}

impl OrganizationForm {
    fn new() -> Self {
        let text = || RwSignal::new(String::new());
        Self { name: text(), address: text(), tax_id: text(), time_zone: text() }
    }

    fn fill(self, with: &Organization) {
        self.name.set(with.name.clone());
        self.address.set(with.address.clone());
        self.tax_id.set(with.tax_id.clone());
        self.time_zone.set(with.time_zone.clone());
    }

    fn request(self) -> PutOrganization {
        PutOrganization {
            name: self.name.get_untracked().trim().to_owned(),
            address: self.address.get_untracked().trim().to_owned(),
            tax_id: self.tax_id.get_untracked().trim().to_owned(),
            time_zone: self.time_zone.get_untracked().trim().to_owned(),
        }
    }
}

#[derive(Clone, Debug, Default)]
enum Saving {
    #[default]
    Idle,
    Busy,
    Saved,
    /// Somebody else saved first; this is what they saved.
    Stale(Box<Organization>),
    Failed(ApiError),
}

split!(settings: pub(super) fn tab(session: ErasedSignal<Session>) => make_tab);

/// The tab, whose code is loaded when it is shown.
fn make_tab(session: ErasedSignal<Session>) -> AnyView {
    view! { <OrganizationTab session=session /> }.into_any()
}

/// The tab. Members read, owners and admins change.
#[component]
fn OrganizationTab(session: ErasedSignal<Session>) -> AnyView {
    let form = OrganizationForm::new();
    let (load, saving) = (ErasedSignal::new(LoadState::Loading), ErasedSignal::new(Saving::Idle));
    let etag = RwSignal::new(String::new());
    let fetch = move || {
        load.set(LoadState::Loading);
        spawn_local(async move {
            match api::organization::fetch_organization().await {
                Ok(organization) => {
                    form.fill(&organization);
                    etag.set(organization.etag);
                    load.set(LoadState::Ready);
                }
                Err(error) => load.set(LoadState::Failed(error.sentence())),
            }
        });
    };
    fetch();
    view! {
        <Panel heading=texts::places::organization() load=load on_retry=fetch class="narrow">
            {form_view(session, form, etag, saving)}
        </Panel>
    }
    .into_any()
}

fn form_view(
    session: ErasedSignal<Session>,
    form: OrganizationForm,
    etag: RwSignal<String>,
    saving: ErasedSignal<Saving>,
) -> AnyView {
    let may_change = session.read_untracked().role.manages_organization();
    let read_only = !may_change;
    let announcer = use_announcer();
    let save = move || {
        if matches!(*saving.read_untracked(), Saving::Busy) {
            return;
        }
        saving.set(Saving::Busy);
        spawn_local(async move {
            match api::organization::save_organization(&form.request(), &etag.get_untracked()).await {
                Ok(saved) => {
                    form.fill(&saved);
                    intl::use_zone(&saved.time_zone);
                    session.update(|session| {
                        session.organization.name = saved.name;
                        session.organization.time_zone = saved.time_zone;
                    });
                    etag.set(saved.etag);
                    saving.set(Saving::Saved);
                    announcer.say(texts::organization::saved());
                }
                Err(error) => saving.set(after_refusal(error).await),
            }
        });
    };
    let wrong = move |pointer: &'static str| {
        ErasedProp::derive(move || match &*saving.read() {
            Saving::Failed(error) => error.field(pointer),
            _ => None,
        })
    };
    let zones = intl::known_zones().into_iter().map(|zone| view! { <option value=zone></option> }).collect_view();
    view! {
        <form
            class="form"
            novalidate
            on:submit=move |event| {
                event.prevent_default();
                save();
            }
        >
            {dynamic::view(move || render_notice(saving, form, etag, save))}
            <TextField label=texts::organization::name() value=form.name name="name" autocomplete="organization" error=wrong("/name") read_only=read_only hint=texts::organization::name_hint() />
            <TextArea label=texts::organization::address() value=form.address name="address" autocomplete="street-address" error=wrong("/address") read_only=read_only />
            <TextField label=texts::organization::tax_number() value=form.tax_id name="tax_id" error=wrong("/tax_id") read_only=read_only hint=texts::organization::tax_number_hint() />
            <TextField label=texts::organization::time_zone() value=form.time_zone name="time_zone" list="zones" error=wrong("/time_zone") read_only=read_only hint=texts::organization::time_zone_hint() />
            <datalist id="zones">{zones}</datalist>
            {if may_change {
                let busy = ErasedProp::derive(move || matches!(*saving.read(), Saving::Busy));
                view! {
                    <div class="row">
                        <Button style=ButtonStyle::Primary submit=true busy=busy>{texts::organization::save()}</Button>
                        {dynamic::view(move || matches!(*saving.read(), Saving::Saved).then(|| view! { <span class="saved">{texts::organization::saved()}</span> }))}
                    </div>
                }.into_any()
            } else {
                view! { <p class="muted">{texts::organization::read_only()}</p> }.into_any()
            }}
        </form>
    }
    .into_any()
}

/// What a refused save leads to.
async fn after_refusal(error: ApiError) -> Saving {
    if error.code() == Some(ProblemCode::Stale) {
        match api::organization::fetch_organization().await {
            Ok(theirs) => Saving::Stale(Box::new(theirs)),
            Err(error) => Saving::Failed(error),
        }
    } else {
        Saving::Failed(error)
    }
}

/// What has to be said above the form.
fn render_notice(
    saving: ErasedSignal<Saving>,
    form: OrganizationForm,
    etag: RwSignal<String>,
    save: impl Fn() + Copy + Send + Sync + 'static,
) -> AnyView {
    match saving.get() {
        Saving::Failed(error) if error.problem().is_none_or(|problem| problem.errors.is_empty()) => {
            view! { <Banner tone=Tone::Warn title=error.sentence() alert=true /> }.into_any()
        }
        Saving::Stale(theirs) => {
            let mine = {
                let etag_of_theirs = theirs.etag.clone();
                move || {
                    etag.set(etag_of_theirs.clone());
                    saving.set(Saving::Idle);
                    save();
                }
            };
            let differences = list_differences(&form.request(), &theirs);
            let take = move || {
                form.fill(&theirs);
                etag.set(theirs.etag.clone());
                saving.set(Saving::Idle);
            };
            view! {
                <Banner tone=Tone::Warn title=texts::organization::stale() alert=true>
                    <p>{differences}</p>
                    <div class="buttons">
                        <Button on_press=mine>{texts::organization::save_mine()}</Button>
                        <Button on_press=take>{texts::organization::take_theirs()}</Button>
                    </div>
                </Banner>
            }
            .into_any()
        }
        _ => ().into_any(),
    }
}

fn list_differences(mine: &PutOrganization, theirs: &Organization) -> String {
    let fields = [
        (texts::organization::name_within(), mine.name != theirs.name),
        (texts::organization::address_within(), mine.address != theirs.address),
        (texts::organization::tax_number_within(), mine.tax_id != theirs.tax_id),
        (texts::organization::time_zone_within(), mine.time_zone != theirs.time_zone),
    ];
    let differing = fields.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name.to_owned());
    match differing.reduce(|first, next| texts::ui::listed(&first, &next)) {
        None => texts::organization::same().to_owned(),
        Some(fields) => texts::organization::differs(&fields),
    }
}

#[cfg(test)]
mod tests {
    use billing_domain::Currency;

    use super::*;

    #[test]
    fn a_stale_form_says_which_fields_differ() {
        let theirs = Organization {
            id: String::new(),
            name: "Theirs".into(),
            address: "A".into(),
            tax_id: "T".into(),
            time_zone: "UTC".into(),
            currency: Currency::Usd,
            etag: "2".into(),
        };
        let mine = |name: &str, tax_id: &str| PutOrganization {
            name: name.into(),
            address: "A".into(),
            tax_id: tax_id.into(),
            time_zone: "UTC".into(),
        };
        assert_eq!(
            list_differences(&mine("Theirs", "T"), &theirs),
            "Your changes are still here and not saved yet. Theirs says the same as yours."
        );
        assert_eq!(
            list_differences(&mine("Mine", "U"), &theirs),
            "Your changes are still here and not saved yet. Theirs differs in: name, tax number."
        );
    }
}
