//! Stripe's script in the page, through `public/stripe_glue.js`: loaded when a form or a challenge is first shown. What it
//! says is a hint to ask the server.

use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

use super::dialog;

#[wasm_bindgen(module = "/public/stripe_glue.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = mountPaymentElement)]
    async fn mount_payment_element(
        key: &str,
        secret: &str,
        place: &HtmlElement,
        script: &str,
    ) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_name = confirmSetup)]
    async fn confirm_setup(form: &JsValue, return_address: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_name = nextAction)]
    async fn next_action(key: &str, secret: &str, card: &str, script: &str) -> Result<JsValue, JsValue>;

    fn destroy(form: &JsValue);
}

/// Stripe's script or its form cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotLoaded;

/// Stripe's card form; it goes away with this value.
pub(crate) struct CardForm(JsValue);

impl Drop for CardForm {
    fn drop(&mut self) {
        destroy(&self.0);
    }
}

impl CardForm {
    /// Shows the form in the element with the id `place`; `key` is the publishable key, `secret` the set-up's, `script`
    /// where Stripe's script comes from.
    pub(crate) async fn show(key: &str, secret: &str, place: &str, script: &str) -> Result<Self, NotLoaded> {
        let element = super::window::browser_window()
            .and_then(|window| window.document())
            .and_then(|document| document.get_element_by_id(place))
            .and_then(|element| element.dyn_into::<HtmlElement>().ok())
            .ok_or(NotLoaded)?;
        mount_payment_element(key, secret, &element, script).await.map(Self).map_err(|_| NotLoaded)
    }

    /// Sends what stands in the form to Stripe, which may ask the cardholder; the error is Stripe's sentence for them, or
    /// nothing when Stripe could not be reached.
    pub(crate) async fn confirm(&self) -> Result<(), Option<String>> {
        // Stripe wants an address to come back to, even where its question stays in the page.
        let address =
            super::window::browser_window().and_then(|window| window.location().href().ok()).unwrap_or_default();
        let _aside = dialog::step_aside();
        match confirm_setup(&self.0, &address).await {
            Ok(reason) => reason.as_string().map_or(Ok(()), |reason| Err(Some(reason))),
            Err(_) => Err(None),
        }
    }
}

/// Lets the cardholder answer the bank about the payment with this secret. `card`: the payment was begun without them, and
/// is confirmed anew with it. Whatever comes of it, the server knows.
pub(crate) async fn answer_bank(key: &str, secret: &str, card: Option<&str>, script: &str) -> Result<(), NotLoaded> {
    // While this lives our dialog is aside: docs/decisions/0067-challenge-over-a-dialog.md.
    let _aside = dialog::step_aside();
    next_action(key, secret, card.unwrap_or_default(), script).await.map(drop).map_err(|_| NotLoaded)
}
