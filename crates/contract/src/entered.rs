//! Text that somebody entered where an amount belongs, taken as it is so that the rule can say what is wrong with it.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};

/// The text of a JSON string; `None` for a number, `true`, `null`, a list or an object, which are no decimal strings.
///
/// Reading never fails on the type: the field error is made where the field is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entered(pub Option<String>);

impl Entered {
    /// The text, or an empty one for what was no string: the strict parser refuses `"?"` as malformed.
    pub fn text(&self) -> &str {
        self.0.as_deref().unwrap_or("?")
    }
}

/// What was left out is nothing entered, which the parser calls `required`; `null` is something that is no text.
impl Default for Entered {
    fn default() -> Self {
        Self(Some(String::new()))
    }
}

impl From<String> for Entered {
    fn from(text: String) -> Self {
        Self(Some(text))
    }
}

impl Serialize for Entered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Entered {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Type};
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[0-9]+(\\.[0-9]+)?$"))
            .description(Some("Plain decimal: digits and one point, no sign, no exponent"));
        utoipa::openapi::RefOr::T(schema.build().into())
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Entered {
    fn name() -> std::borrow::Cow<'static, str> {
        std::borrow::Cow::Borrowed("EnteredDecimal")
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Entered;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decimal string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Entered, E> {
        Ok(Entered(Some(text.to_owned())))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Entered, E> {
        Ok(Entered(None))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Entered, E> {
        Ok(Entered(None))
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Entered, E> {
        Ok(Entered(None))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Entered, E> {
        Ok(Entered(None))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Entered, E> {
        Ok(Entered(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Entered, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Entered(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Entered, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Entered(None))
    }
}

impl<'de> Deserialize<'de> for Entered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_kept_and_everything_else_is_no_text() {
        assert_eq!(serde_json::from_str::<Entered>("\"1e3\"").unwrap().text(), "1e3");
        for json in ["1", "-1", "1.5", "1e400", "true", "null", "[1]", "{\"a\":1}"] {
            if let Ok(entered) = serde_json::from_str::<Entered>(json) {
                assert_eq!(entered, Entered(None), "{json}");
            }
        }
    }
}
