//! What the pages behind a link to an account share: the token in the address, and a form that is sent once at a time.

pub(crate) mod accept;
pub(crate) mod confirm_email;
pub(crate) mod reset;
pub(crate) mod setup;

use billing_contract::ProblemCode;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::ApiError;
use crate::platform::fragment;
use crate::platform::signal::{ErasedProp, ErasedSignal};
use crate::routes::Route;
use crate::shared::brand::BrandMark;
use crate::texts;
use crate::ui::banner::{Banner, Tone};
use crate::ui::dynamic;

/// The token behind `#t=`, out of the address from now on.
fn take_token() -> Option<String> {
    fragment::take_fragment()?.strip_prefix("t=").filter(|token| !token.is_empty()).map(str::to_owned)
}

/// How far the form has come.
#[derive(Clone, Debug, Default)]
enum Sending {
    /// It can be filled in.
    #[default]
    Idle,
    /// It is on its way.
    Busy,
    /// The server has done what it asks for.
    Done,
    /// It was refused.
    Failed(ApiError),
}

impl Sending {
    /// The link cannot be used any more.
    fn is_gone(&self) -> bool {
        matches!(self, Self::Failed(error) if error.code() == Some(ProblemCode::Gone))
    }
}

/// Sends the form, once at a time; the request answers how far that has brought it.
fn send_once(sending: ErasedSignal<Sending>, request: impl Future<Output = Result<Sending, ApiError>> + 'static) {
    if matches!(*sending.read_untracked(), Sending::Busy) {
        return;
    }
    sending.set(Sending::Busy);
    spawn_local(async move { sending.set(request.await.unwrap_or_else(Sending::Failed)) });
}

/// What is wrong with the field at this JSON pointer.
fn field_error(sending: ErasedSignal<Sending>, pointer: &'static str) -> ErasedProp<Option<String>> {
    ErasedProp::derive(move || match &*sending.read() {
        Sending::Failed(error) => error.field(pointer),
        _ => None,
    })
}

/// Whether the form is on its way.
fn is_busy(sending: ErasedSignal<Sending>) -> ErasedProp<bool> {
    ErasedProp::derive(move || matches!(*sending.read(), Sending::Busy))
}

/// What has to be said above the form, where it concerns no field.
fn render_failure(sending: ErasedSignal<Sending>) -> AnyView {
    dynamic::view(move || match &*sending.read() {
        Sending::Failed(error) if error.problem().is_none_or(|problem| problem.errors.is_empty()) => {
            view! { <Banner tone=Tone::Stop title=error.sentence() alert=true /> }.into_any()
        }
        _ => ().into_any(),
    })
    .into_any()
}

/// The page of an address that has no token; `without`: what can be done then.
fn render_without_token(heading: &'static str, without: AnyView) -> AnyView {
    view! { <section class="sign-in"><h1>{heading}</h1>{without}</section> }.into_any()
}

/// By a new document: whoever was signed in here is not any more.
fn render_sign_in() -> AnyView {
    view! { <p><a href=Route::SignIn.address() rel="external">{texts::setup::sign_in()}</a></p> }.into_any()
}

/// The page: `form` while the link can be used, `without` once it cannot, `done` afterwards.
fn render_page(
    heading: &'static str,
    sending: ErasedSignal<Sending>,
    form: impl Fn() -> AnyView + Send + 'static,
    without: impl Fn() -> AnyView + Send + 'static,
    done: impl Fn() -> AnyView + Send + 'static,
) -> AnyView {
    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Stage {
        Form,
        Without,
        Done,
    }
    let stage = dynamic::memo(move || match &*sending.read() {
        Sending::Done => Stage::Done,
        sending if sending.is_gone() => Stage::Without,
        _ => Stage::Form,
    });
    let body = dynamic::view(move || match stage.get() {
        Stage::Form => form(),
        Stage::Without => without(),
        Stage::Done => done(),
    });
    view! {
        <section class="sign-in">
            <BrandMark />
            <h1>{heading}</h1>
            {render_failure(sending)}
            {body}
        </section>
    }
    .into_any()
}
