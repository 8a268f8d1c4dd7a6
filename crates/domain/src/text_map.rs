//! Texts by name as lines and messages carry them: a handful, so that a sorted list does what a map would.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Texts by unique names, in the order of the names' bytes. An object on the wire.
// A list and no `BTreeMap`, whose tree weighs in the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextMap(Vec<(String, String)>);

impl TextMap {
    /// The text of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, text)| text)
    }

    /// Adds a text; one of the same name is replaced.
    pub fn insert(&mut self, name: String, text: String) {
        let place = self.0.iter().position(|(known, _)| *known >= name).unwrap_or(self.0.len());
        match self.0.get_mut(place) {
            Some((known, value)) if *known == name => *value = text,
            _ => self.0.insert(place, (name, text)),
        }
    }

    /// Each name with its text, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// How many texts there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// There is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(String, String)> for TextMap {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(texts: I) -> Self {
        let mut map = Self::default();
        for (name, text) in texts {
            map.insert(name, text);
        }
        map
    }
}

impl<const N: usize> From<[(String, String); N]> for TextMap {
    fn from(texts: [(String, String); N]) -> Self {
        texts.into_iter().collect()
    }
}

impl Serialize for TextMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for TextMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TextMapVisitor)
    }
}

struct TextMapVisitor;

impl<'de> Visitor<'de> for TextMapVisitor {
    type Value = TextMap;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<TextMap, A::Error> {
        let mut map = TextMap::default();
        while let Some((name, text)) = entries.next_entry()? {
            map.insert(name, text);
        }
        Ok(map)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_an_object_of_texts_is_read() {
        for json in ["[]", r#"{"a":1}"#, r#"{"a":null}"#, r#""a""#] {
            assert!(serde_json::from_str::<TextMap>(json).is_err(), "{json}");
        }
        assert!(serde_json::from_str::<TextMap>("{}").unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn it_is_what_a_tree_of_the_same_texts_is(texts in prop::collection::vec(("[ab\u{e4}]{0,2}", "[xy]"), 0..12)) {
            let map: TextMap = texts.iter().cloned().collect();
            let tree: BTreeMap<String, String> = texts.into_iter().collect();
            let json = serde_json::to_string(&map).unwrap();
            prop_assert_eq!(&json, &serde_json::to_string(&tree).unwrap());
            prop_assert_eq!(serde_json::from_str::<TextMap>(&json).unwrap(), map.clone());
            prop_assert_eq!(map.len(), tree.len());
            for (name, text) in &tree {
                prop_assert_eq!(map.get(name), Some(text.as_str()));
            }
            prop_assert_eq!(map.get("c"), None);
        }
    }
}
