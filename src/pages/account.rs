//! What the pages behind a link to an account share: the token in the address, and a form that is sent once at a time.

pub(crate) mod reset;
pub(crate) mod setup;

use billing_contract::ProblemCode;
use leptos::prelude::*;

use crate::api::ApiError;
use crate::platform::fragment;
use crate::platform::signal::{ErasedProp, ErasedSignal};
use crate::shared::brand::BrandMark;
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
