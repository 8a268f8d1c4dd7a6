//! Stripe's objects, read field by field: an unexpected value in a field that nobody needs must never lose a
//! "succeeded".

use serde_json::Value;

/// A JSON object of Stripe's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Object(pub(super) Value);

impl Object {
    /// A text, or nothing.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// A text that may be missing; then empty.
    pub(super) fn text_or_empty(&self, name: &str) -> &str {
        self.text(name).unwrap_or_default()
    }

    /// A whole number; `None` when absent, null or of another type.
    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        self.0.get(name)?.as_i64()
    }

    /// A boolean; `None` when absent, null or of another type.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.0.get(name)?.as_bool()
    }

    /// An object inside; `None` when it is absent or only named by its id.
    pub(super) fn object(&self, name: &str) -> Option<Self> {
        self.0.get(name).filter(|inner| inner.is_object()).cloned().map(Self)
    }

    /// The objects of a list inside.
    pub(super) fn list(&self, name: &str) -> Vec<Self> {
        self.0.get(name).and_then(Value::as_array).cloned().unwrap_or_default().into_iter().map(Self).collect()
    }

    /// The id of something that is named by its id or, if it was expanded, stands there whole.
    pub(super) fn id_of(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name)?;
        value.as_str().or_else(|| value.get("id")?.as_str())
    }

    /// Stripe's name for it; empty when it has none.
    pub(super) fn id(&self) -> &str {
        self.text_or_empty("id")
    }

    /// One of our own marks.
    pub(super) fn metadata(&self, name: &str) -> Option<&str> {
        self.0.get("metadata")?.get(name)?.as_str()
    }
}
