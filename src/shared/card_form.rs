//! A card's details. The number becomes a token here, in the browser, and goes nowhere else.

mod entry;
mod test_cards;

use billing_domain::Date;
use leptos::prelude::*;

use crate::platform::focus;
use crate::platform::signal::{ErasedMemo, ErasedProp, ErasedSignal};
use crate::texts;
use crate::ui::banner::{Banner, Tone};
use crate::ui::button::{Button, ButtonStyle};
use crate::ui::dynamic;
use crate::ui::field::TextField;
use crate::ui::icon::{Icon, IconName};

pub(crate) use self::entry::AcceptedCard;
use self::entry::{CardEntry, CardErrors, regroup_number, with_stroke};
use self::test_cards::TestCards;

const NAME_ID: &str = "card-name";
const NUMBER_ID: &str = "card-number";
const EXPIRY_ID: &str = "card-expiry";
const CODE_ID: &str = "card-code";

/// The fields as they stand. Whoever shows the form keeps them, so that nothing typed is lost with it.
#[derive(Clone, Copy)]
pub(crate) struct CardFields {
    name: RwSignal<String>,
    number: RwSignal<String>,
    expiry: RwSignal<String>,
    code: RwSignal<String>,
}

impl CardFields {
    pub(crate) fn new() -> Self {
        let text = || RwSignal::new(String::new());
        Self { name: text(), number: text(), expiry: text(), code: text() }
    }

    fn entry(self) -> CardEntry {
        CardEntry {
            name: self.name.get_untracked(),
            number: self.number.get_untracked(),
            expiry: self.expiry.get_untracked(),
            code: self.code.get_untracked(),
        }
    }
}

/// Why the last card was not taken: a few words, and what to do.
pub(crate) type CardRefusal = Option<(&'static str, String)>;

/// The fields, what the person agrees to, the button.
#[component]
pub(crate) fn CardForm(
    /// What stands in the fields.
    fields: CardFields,
    /// Today, by which a card has expired or not.
    #[prop(into)]
    today: ErasedProp<Date>,
    /// What went wrong before.
    #[prop(into)]
    refusal: ErasedProp<CardRefusal>,
    /// The bank is asked.
    busy: ErasedMemo<bool>,
    /// The button's words: at rest, and while the bank is asked.
    #[prop(into)]
    words: ErasedProp<(String, String)>,
    /// Back to where one came from, if one came from anywhere.
    #[prop(optional, into)]
    on_back: Option<Callback<()>>,
    #[prop(into)] on_send: Callback<(AcceptedCard,)>,
    /// What the person agrees to.
    children: Children,
) -> AnyView {
    let wrong = ErasedSignal::new(CardErrors::default());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        match fields.entry().check(today.get()) {
            Ok(card) => {
                wrong.set(CardErrors::default());
                on_send.run((card,));
            }
            Err(problems) => {
                focus_first(&problems);
                wrong.set(problems);
            }
        }
    };
    let failure = move || {
        let (title, reason) = refusal.get()?;
        Some(view! { <Banner tone=Tone::Stop title=title alert=true><p>{reason}</p></Banner> })
    };
    let error = move |of: fn(&CardErrors) -> &Option<String>| ErasedProp::derive(move || of(&wrong.read()).clone());
    let last_number = StoredValue::new(fields.number.get_untracked());
    let group = move |typed: String| {
        let shown = regroup_number(&last_number.get_value(), &typed);
        last_number.set_value(shown.clone());
        fields.number.set(shown);
    };
    let last_expiry = StoredValue::new(fields.expiry.get_untracked());
    let stroke = move |typed: String| {
        let shown = with_stroke(&last_expiry.get_value(), &typed);
        last_expiry.set_value(shown.clone());
        fields.expiry.set(shown);
    };
    let word = move || if busy.get() { words.get().1 } else { words.get().0 };
    view! {
        <form class="form" novalidate=true on:submit=submit>
            {dynamic::view(failure)}
            <p class="sandbox-note small"><Icon name=IconName::Flask />{texts::card_form::test_numbers()}</p>
            <fieldset class="card-fields" disabled=move || busy.get()>
                <TextField label=texts::card_form::name() value=fields.name name="cc-name" id=NAME_ID autocomplete="cc-name"
                    error=error(|wrong| &wrong.name) required=true />
                <TextField label=texts::card_form::number() value=fields.number name="cc-number" id=NUMBER_ID autocomplete="cc-number"
                    input_mode="numeric" error=error(|wrong| &wrong.number) required=true on_input=group />
                <TextField label=texts::card_form::expiry() value=fields.expiry name="cc-exp" id=EXPIRY_ID autocomplete="cc-exp"
                    input_mode="numeric" error=error(|wrong| &wrong.expiry) required=true on_input=stroke />
                <TextField label=texts::card_form::code() value=fields.code name="cc-csc" id=CODE_ID autocomplete="cc-csc"
                    input_mode="numeric" error=error(|wrong| &wrong.code) required=true />
            </fieldset>
            <TestCards on_pick=Callback::from(move |number: &'static str| {
                fields.number.set(number.to_owned());
                group(number.to_owned());
                focus::focus_id(NUMBER_ID);
            }) />
            {children()}
            <div class="buttons end">
                {on_back.map(|on_back| view! { <Button on_press=on_back>{texts::ui::back()}</Button> })}
                <Button style=ButtonStyle::Primary submit=true busy=busy>{dynamic::view(word)}</Button>
            </div>
        </form>
    }
    .into_any()
}

fn focus_first(wrong: &CardErrors) {
    let order =
        [(&wrong.name, NAME_ID), (&wrong.number, NUMBER_ID), (&wrong.expiry, EXPIRY_ID), (&wrong.code, CODE_ID)];
    if let Some((_, id)) = order.iter().find(|(problem, _)| problem.is_some()) {
        focus::focus_id(id);
    }
}
