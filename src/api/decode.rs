//! Reads JSON into the contract's types, structs out of objects only.
//!
//! What serde derives can also read a struct out of a list, which no answer of ours is, and which is half of the code.
//! Code that is never called is not compiled in: so every struct is asked for through a visitor that knows no list.

use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

/// The value in this text; `None` when it is something else than promised.
pub(crate) fn decode<T: DeserializeOwned>(text: &str) -> Option<T> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = T::deserialize(Lean(&mut json)).ok()?;
    json.end().ok()?;
    Some(value)
}

/// A deserializer whose structs are objects.
struct Lean<D>(D);

macro_rules! pass_on {
    ($($method:ident)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method(visitor)
        })+
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Lean<D> {
    type Error = D::Error;

    pass_on! {
        deserialize_any deserialize_bool deserialize_i64 deserialize_u64 deserialize_u32 deserialize_u16 deserialize_u8
        deserialize_str deserialize_string deserialize_unit deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_option(Inside(visitor))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_seq(List(visitor))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Object(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Object(visitor))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! { i8 i16 i32 i128 u128 f32 f64 char bytes byte_buf unit_struct tuple tuple_struct }
}

/// Hands an object on, its values through [`Lean`].
struct Object<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Object<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Entries(entries))
    }
}

struct Entries<A>(A);

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Entries<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Seed(seed))
    }
}

/// Hands a list on, its items through [`Lean`].
struct List<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for List<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Items(items))
    }
}

struct Items<A>(A);

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Items<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Seed(seed))
    }
}

/// Hands on what an option holds.
struct Inside<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Inside<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Lean(value))
    }
}

struct Seed<S>(S);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Seed<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Lean(value))
    }
}

#[cfg(test)]
mod tests {
    use billing_contract::auto_pay::AutoPay;
    use billing_contract::transaction::TransactionPage;

    use super::*;

    const LINE: &str = r#"{"seq":1,"id":"a","kind":"outbound_call","contra":"revenue:outbound_call","amount":"-0.114",
        "balance_after":"1.00","currency":"USD","occurred_at":"2026-11-24T10:00:00Z","posted_at":"2026-11-24T10:00:01Z",
        "description":"d","source":"s","quantity":"95","unit":"second","unit_price":null,"reference":"r","corrects":null,
        "details":{"a":"b"},"hash":"0000000000000000000000000000000000000000000000000000000000000000","new_field":[1,{}]}"#;

    #[test]
    fn what_serde_reads_is_read_the_same() {
        let page = format!(r#"{{"items":[{LINE},{LINE}],"next_cursor":"x"}}"#);
        assert_eq!(decode::<TransactionPage>(&page), serde_json::from_str(&page).ok());
        assert!(decode::<TransactionPage>(&page).is_some());
        let auto_pay = r#"{"enabled":true,"currency":"USD","threshold":"20.00","refill":{"kind":"target","balance":"100.00"},
            "monthly_cap":"500.00","card_id":null,"health":{"state":"armed","next_charge_at":null,"attempt":2,"reason":null},
            "month":{"spent":"0.00","in_flight":"0.00","left":"500.00","resets_at":"2026-12-01T05:00:00Z"},"etag":"e"}"#;
        assert_eq!(decode::<AutoPay>(auto_pay), serde_json::from_str(auto_pay).ok());
        assert!(decode::<AutoPay>(auto_pay).is_some());
    }

    #[test]
    fn what_was_not_promised_is_nothing() {
        for text in
            ["", "{}", "[]", "null", r#"{"items":[],"next_cursor":null} x"#, r#"{"items":[[]],"next_cursor":null}"#]
        {
            assert_eq!(decode::<TransactionPage>(text), None, "{text}");
        }
    }
}
