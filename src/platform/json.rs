//! Reads JSON into the contract's types.
//!
//! serde's own reader also takes structs out of lists, reads floating-point numbers and words its complaints; here a
//! struct is an object, a number is whole (amounts are texts), and what is not as promised is simply no answer. That is
//! a tenth of the program's weight.

mod reader;

use serde::de::DeserializeOwned;

use self::reader::JsonReader;

/// The value in this text; `None` when it is something else than promised.
/// See docs/decisions/0064-json-reader.md.
pub(crate) fn decode_json<T: DeserializeOwned>(text: &str) -> Option<T> {
    let mut reader = JsonReader::of(text);
    let value = T::deserialize(&mut reader).ok()?;
    // What follows a complete value is no JSON of ours.
    reader.end().ok()?;
    Some(value)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    /// Everything that an answer may be made of.
    #[derive(Clone, Debug, PartialEq, Deserialize)]
    #[serde(untagged)]
    enum Any {
        Nothing(()),
        Truth(bool),
        Whole(i64),
        Text(String),
        List(Vec<Any>),
        Object(BTreeMap<String, Any>),
    }

    impl Any {
        fn json(&self) -> String {
            match self {
                Self::Nothing(()) => "null".to_owned(),
                Self::Truth(truth) => truth.to_string(),
                Self::Whole(number) => number.to_string(),
                Self::Text(text) => serde_json::to_string(text).unwrap(),
                Self::List(items) => format!("[ {} ]", items.iter().map(Self::json).collect::<Vec<_>>().join(" ,\n")),
                Self::Object(entries) => {
                    let entry = |(name, value): (&String, &Self)| {
                        format!("{} :\t{}", serde_json::to_string(name).unwrap(), value.json())
                    };
                    format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(","))
                }
            }
        }
    }

    fn value() -> impl Strategy<Value = Any> {
        let leaf = prop_oneof![
            Just(Any::Nothing(())),
            any::<bool>().prop_map(Any::Truth),
            any::<i64>().prop_map(Any::Whole),
            any::<String>().prop_map(Any::Text),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Any::List),
                prop::collection::btree_map(any::<String>(), inner, 0..6).prop_map(Any::Object),
            ]
        })
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Known {
        kept: i64,
    }

    proptest! {
        #[test]
        fn every_value_is_read_as_it_was_written(value in value()) {
            prop_assert_eq!(decode_json::<Any>(&value.json()), Some(value));
        }

        #[test]
        fn what_nobody_knows_is_left_out(value in value(), kept: i64) {
            let text = format!(r#"{{"new":{},"kept":{kept},"newer":{}}}"#, value.json(), value.json());
            prop_assert_eq!(decode_json::<Known>(&text), Some(Known { kept }));
        }

        #[test]
        fn a_text_cut_or_changed_anywhere_is_judged_as_by_serde(value in value(), at: prop::sample::Index, with in "[ -~]") {
            let text = value.json();
            let places: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
            let at = places[at.index(places.len())];
            let cut = &text[..at];
            let rest = text[at..].chars().next().map_or("", |first| &text[at + first.len_utf8()..]);
            for text in [cut.to_owned(), format!("{cut}{with}{rest}"), format!("{cut}{with}{}", &text[at..])] {
                // Numbers that are not whole, or too large, are no answer of ours.
                let theirs: Option<serde_json::Value> = serde_json::from_str(&text).ok();
                let floats = theirs.as_ref().is_some_and(|value| text_of(value) != *value);
                if !floats {
                    prop_assert_eq!(decode_json::<Any>(&text).is_some(), theirs.is_some(), "{}", text);
                }
            }
        }

        #[test]
        fn arbitrary_text_never_panics(text: String) {
            let _ = decode_json::<Any>(&text);
            let _ = decode_json::<Known>(&text);
        }
    }

    /// The value without what is no whole number of 64 bits.
    fn text_of(value: &serde_json::Value) -> String {
        use serde_json::Value;
        match value {
            Value::Number(number) if number.as_i64().is_none() => String::new(),
            Value::Array(items) => format!("[{}]", items.iter().map(text_of).collect::<Vec<_>>().join(",")),
            Value::Object(entries) => {
                let entry = |(name, value): (&String, &Value)| {
                    format!("{}:{}", serde_json::to_string(name).unwrap(), text_of(value))
                };
                format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(","))
            }
            other => other.to_string(),
        }
    }
}
