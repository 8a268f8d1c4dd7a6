//! Where a minted link leads: its code buys a session, and the app goes on from the answer.

use billing_contract::ProblemCode;
use billing_contract::session::Bootstrap;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, ApiError};
use crate::platform::signal::ErasedSignal;
use crate::shared::brand::{self, BrandMark};
use crate::texts;
use crate::ui::banner::{Banner, Tone};
use crate::ui::dynamic;
use crate::ui::lazy::split;
use crate::ui::retry::Retry;

split!(plain: pub(crate) fn page(code: String, opened: ErasedSignal<Option<Bootstrap>>) => make_page);

/// The page, whose code is loaded when it is shown. `opened` gets what the session starts with.
fn make_page(code: String, opened: ErasedSignal<Option<Bootstrap>>) -> AnyView {
    view! { <PortalPage code=code opened=opened /> }.into_any()
}

/// Says that the session opens, or why it does not.
#[component]
fn PortalPage(code: String, opened: ErasedSignal<Option<Bootstrap>>) -> AnyView {
    brand::set_title(texts::places::billing());
    let failure = ErasedSignal::new(None::<ApiError>);
    let exchange = move || {
        failure.set(None);
        let code = code.clone();
        spawn_local(async move {
            match api::session::exchange_code(code).await {
                Ok(answer) => {
                    if let Some(locale) = answer.session.as_ref().and_then(|session| session.locale.as_ref()) {
                        texts::change_language(locale).await;
                    }
                    opened.set(Some(answer));
                }
                Err(error) => failure.set(Some(error)),
            }
        });
    };
    exchange();
    let exchange = StoredValue::new_local(exchange);
    let content = move || match failure.read().as_ref() {
        None => view! { <h1>{texts::portal::opening()}</h1> }.into_any(),
        Some(error) if error.code() == Some(ProblemCode::Gone) => {
            view! { <h1>{texts::portal::gone()}</h1><p role="alert">{texts::portal::gone_text()}</p> }.into_any()
        }
        Some(error) => {
            let again = move || exchange.with_value(|exchange| exchange());
            view! {
                <h1>{texts::places::billing()}</h1>
                <Banner tone=Tone::Stop title=error.sentence() alert=true />
                <Retry on_press=again />
            }
            .into_any()
        }
    };
    view! { <section class="sign-in"><BrandMark />{dynamic::view(content)}</section> }.into_any()
}
