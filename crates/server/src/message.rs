//! What the server says to people: the sentences of the catalog, in English and by their codes.
//!
//! There is a constructor for each sentence of the catalog's area `server`, made by build.rs, and no other way to one.
//! See docs/decisions/0068-translated-page-english-server.md.

pub(crate) mod amount;
pub(crate) mod decline;
pub(crate) mod ledger;
pub(crate) mod text;

use std::fmt::Display;

use billing_contract::Message;
use billing_domain::money::Priced;

include!(concat!(env!("OUT_DIR"), "/messages.rs"));

/// A sentence of the catalog with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserMessage {
    code: &'static str,
    /// The English template, `At most {maximum:count} characters.`
    template: &'static str,
    /// What each placeholder stands for.
    parameters: Vec<(&'static str, String)>,
}

/// A whole number to be filled in.
pub(crate) trait Count: Copy + Display {}

impl Count for u32 {}
impl Count for usize {}

impl UserMessage {
    fn new(code: &'static str, template: &'static str, parameters: Vec<(&'static str, String)>) -> Self {
        Self { code, template, parameters }
    }

    /// The sentence for clients that know no languages, for e-mails and logs.
    pub(crate) fn english(&self) -> String {
        let mut out = String::with_capacity(self.template.len());
        let mut rest = self.template;
        while let Some((before, (inside, after))) =
            rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
        {
            let name = inside.split_once(':').map_or(inside, |(name, _)| name);
            out.push_str(before);
            out.extend(self.parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str()));
            rest = after;
        }
        out + rest
    }

    /// Code and parameters, as they go beside the English text.
    pub(crate) fn on_the_wire(&self) -> Message {
        let params = self.parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        Message { code: self.code.to_owned(), params: params.collect() }
    }
}

#[cfg(test)]
mod tests {
    use billing_domain::{Currency, Money};

    use super::*;

    #[test]
    fn english_is_filled_in_and_the_wire_has_code_and_parameters() {
        let yen = Money::from_major(1_000).priced(Currency::Jpy);
        let message = UserMessage::amount_below_minimum_in_range(yen, Money::from_major(500_000).priced(Currency::Jpy));
        assert_eq!(message.english(), "The smallest amount is 1000. Enter 1000 to 500000.");
        let wire = serde_json::to_value(message.on_the_wire()).unwrap();
        let params = serde_json::json!({ "minimum": "1000", "maximum": "500000" });
        assert_eq!(wire, serde_json::json!({ "code": "amount_below_minimum_in_range", "params": params }));
    }

    #[test]
    fn what_is_filled_in_is_no_template() {
        assert_eq!(UserMessage::demo_owner("{name} {").english(), "{name} { (owner)");
        assert_eq!(UserMessage::text_too_long(300_usize).english(), "At most 300 characters.");
    }

    #[test]
    fn a_message_without_parameters_is_its_code_alone() {
        let wire = serde_json::to_value(UserMessage::link_gone().on_the_wire()).unwrap();
        assert_eq!(wire, serde_json::json!({ "code": "link_gone" }));
    }
}
