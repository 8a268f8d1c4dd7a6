//! Stripe's objects, read field by field: an unexpected value in a field that nobody needs must never lose a
//! "succeeded".

use std::str::FromStr;

use serde_json::Value;

use crate::provider::ProviderError;

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

    /// A reference of Stripe's, or nothing.
    pub(super) fn reference<T: FromStr>(&self, name: &str) -> Option<T> {
        self.text(name)?.parse().ok()
    }

    /// The reference of something that is named by its id or, if it was expanded, stands there whole.
    pub(super) fn reference_of<T: FromStr>(&self, name: &str) -> Option<T> {
        self.id_of(name)?.parse().ok()
    }

    /// Its own id, without which it is no answer.
    pub(super) fn own_reference<T: FromStr>(&self) -> Result<T, ProviderError> {
        self.reference("id").ok_or_else(|| {
            tracing::error!(id = self.id(), "the payment provider answered with an object without an id");
            ProviderError::NoAnswer
        })
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
